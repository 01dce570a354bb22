"""Steps that look back: what was mended, what was tried, who is down, and a session from before."""

import json

from axiom.commands.work import AbortTask
from axiom.domain.sessions import Step
from axiom.store.sessions import sessions
from axiom.store.upkeep import jobs


def test_a_mended_bundle_is_told_with_what_was_wrong_and_what_it_touches(rounds):
    lab = rounds.lab
    rounds.in_stages()
    rounds.hold()
    rounds.compute(1, by=lambda _order: None)
    first = lab.db.one("SELECT digest FROM bundle")["digest"]
    lab.db.execute(
        "INSERT INTO bundle (experiment_id, serial, digest, seal, manifest, expires_at, created_at) "
        "SELECT experiment_id, 2, 'feedfacecafebeef', seal, manifest, expires_at, :now FROM bundle",
        now=int(lab.now.timestamp() * 1e6),
    )
    lab.later(seconds=1)
    (note,) = rounds.up_to(Step.REPAIR).notes
    assert note.kind == "repair.bundle"
    assert (note.facts["new"], note.facts["old"]) == ("feedfacecafe", first[:12])
    assert (note.facts["tasks"], note.facts["failed"]) == (1, 1)
    assert (note.facts["unsent"], note.facts["workunits"]) == (3, 3)
    rounds.hold()
    lab.later(seconds=1)
    rounds.hold()
    assert "repair.nothing" in rounds.kinds()


def test_parts_that_are_not_well_and_a_new_start_are_told(rounds):
    lab, db = rounds.lab, rounds.lab.db
    lab.deploy(workunits=2)
    lab.order(1)
    assert rounds.up_to(Step.QUEUE).notes[-1].kind == "queue.flows"
    rounds.hold()
    lab.later(days=2)
    jobs.started(db, "start", 0.0, lab.now)
    jobs.started(db, "sweep", 60.0, lab.now)
    jobs.failed(db, "draw", 60.0, "OSError: no room")
    lab.ask(1, wanted=0)
    lab.later(minutes=1)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.well", "health.started"]
    assert all(word in notes[0].sentence for word in ("draw", "OSError: no room"))
    assert notes[2].facts["hours"] == 48.0
    assert rounds.up_to(Step.QUEUE).notes[-1].kind == "queue.still"
    rounds.hold()
    lab.later(minutes=30)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.part", "health.nothing"]


def test_a_success_that_was_none_is_counted_by_its_reason_and_told_once(rounds):
    rounds.lab.deploy(workunits=4)
    rounds.compute(3)
    rounds.compute(1, by=lambda _order: None)  # it said itself that it had failed
    rounds.db.execute(
        "UPDATE task SET state = 'invalid', reason = 'replicate ' || id || ', config 0 raised KeyError at line 7' "
        "WHERE state = 'valid' AND id > 1"
    )
    kinds = [note.facts.get("amount") for note in rounds.up_to(Step.REVIEW).notes if note.kind == "task.invalid"]
    assert kinds == [2]
    looked, refused = rounds.up_to(Step.INSPECT).notes
    assert (looked.facts["outputs"], looked.facts["refused"], refused.facts["tasks"]) == (3, 2, 2)
    rounds.hold()
    assert any(said.endswith("(2).") for said in rounds.said("log.next"))


def test_a_session_of_before_goes_on_with_the_steps_that_it_had(rounds):
    """It was open when the laboratory was brought up to date."""
    db = rounds.db
    begun = sessions.begin(db, pi="autopilot", reason="a test", now=rounds.lab.now)
    old = ["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]
    db.execute("UPDATE session SET steps = :old, done = :done", old=json.dumps(old), done=json.dumps(old[:2]))
    sessions.write(db, begun.id, Step.REVIEW, [])
    rounds.lab.later(seconds=1)
    assert [one.step for one in rounds.hold()] == old[2:]
    assert rounds.hold()[0].step is Step.HEALTH
    assert rounds.broken() == {}


def test_what_an_operator_aborted_is_told_as_one_task_and_no_workunit(rounds):
    lab = rounds.lab
    lab.deploy(workunits=1)
    lab.order(1)
    lab.later(seconds=1)
    with lab.db.transaction():
        AbortTask(task=1, reason="it hangs").apply(lab.db, None, None, lab.now)
    lab.later(seconds=1)
    rounds.hold()
    (told,) = rounds.said("withdraw.taken_back")
    assert "0, with 1 task, of which out 1: it hangs" in told


def test_what_is_many_is_told_in_few_lines(rounds, variant, monkeypatch):
    monkeypatch.setattr("axiom.lab.steps.deploy.MOST", 1)
    for cores in (64, 16, 12):
        rounds.lab.host(f"{cores} cores", cores=cores)
    for name in ("first_sum", "second_sum"):
        rounds.lab.publish(variant(name, asks=False))
    rounds.hold()
    assert rounds.said("deploy.class")[0].startswith("Hosts with 64 cores: 1,")
    (rest,) = rounds.said("deploy.class.rest")
    assert "2 to 16 cores: 3" in rest
    (left,) = rounds.said("plan.skip")
    assert "first_sum, second_sum" in left
