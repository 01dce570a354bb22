"""Steps that look back: what was mended, what was tried, who is down, and a session from before."""

import json
from datetime import timedelta

import pytest

from axiom.commands.work import AbortTask
from axiom.domain.sessions import Step
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.steps.credit import _tiers
from axiom.lab.upkeep import invariants
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
    assert note.facts["reason"].startswith("most often the experiment's code raised in at least one cell")
    assert (note.facts["tasks"], note.facts["failed"]) == (1, 1)
    assert (note.facts["unsent"], note.facts["workunits"]) == (3, 3)
    rounds.hold()
    lab.later(seconds=1)
    rounds.hold()
    assert rounds.said("repair.nothing") == ["No bundle was mended since the last session."]


def test_a_bundle_that_no_task_failed_with_was_mended_for_no_reason_that_we_know(rounds):
    lab = rounds.lab
    lab.db.execute(
        "INSERT INTO bundle (experiment_id, serial, digest, seal, manifest, expires_at, created_at) "
        "SELECT experiment_id, 2, 'feedfacecafebeef', seal, manifest, expires_at, :now FROM bundle",
        now=int(lab.now.timestamp() * 1e6),
    )
    lab.later(seconds=1)
    (note,) = rounds.up_to(Step.REPAIR).notes
    assert note.facts["reason"] == "no task has failed with it, and nobody has said why it was changed"


def test_parts_that_are_not_well_and_a_new_start_are_told(rounds):
    lab, db = rounds.lab, rounds.lab.db
    rounds.hold()
    lab.later(days=2)
    jobs.started(db, "start", 0.0, lab.now)
    jobs.started(db, "sweep", 60.0, lab.now)
    jobs.failed(db, "draw", 60.0, "OSError: no room")
    lab.later(minutes=1)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.well", "health.started"]
    assert notes[0].sentence == "draw is not well: it failed: OSError: no room."
    assert notes[1].sentence == "Parts that are well: sweep, in number 1."
    assert notes[2].facts["hours"] == 48.0
    rounds.hold()
    lab.later(minutes=30)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.part", "health.nothing"]


def test_work_flows_where_a_host_has_fetched_in_the_last_hour(rounds):
    lab = rounds.lab
    lab.deploy(workunits=2)
    lab.order(1)
    assert rounds.up_to(Step.QUEUE).notes[-1].sentence == (
        "Work flows; heard from in the last hour: 1 host with 2 cores; fetched tasks since: 1."
    )
    rounds.hold()
    lab.later(hours=2)
    lab.ask(1, wanted=0)
    assert rounds.up_to(Step.QUEUE).notes[-1].kind == "queue.still"


def test_a_success_that_was_none_is_counted_by_its_reason(rounds):
    rounds.lab.deploy(workunits=4)
    rounds.compute(2, by=lambda _order: b"nonsense")
    rounds.compute(1)
    rounds.compute(1, by=lambda _order: None)  # it said itself that it had failed
    looked, refused = rounds.up_to(Step.INSPECT).notes
    assert (looked.facts["outputs"], looked.facts["refused"]) == (3, 2)
    assert refused.facts["tasks"] == 2
    assert refused.sentence.startswith("tiny_sum@1: reported as success, not what was ordered: 2, because ")


def test_shares_add_up_to_what_was_settled(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=6)
    rounds.compute(2)
    rounds.compute(3, host=2)
    rounds.hold()
    db = rounds.db
    notes = [note for step, note in sessions.notes(db, 1) if step is Step.CREDIT]
    whole = next(note.facts["credit"] for note in notes if note.kind == "credit.awarded")
    for kind in ("credit.tier", "credit.volunteer", "credit.host"):
        assert sum(note.facts["credit"] for note in notes if note.kind == kind) == pytest.approx(whole, abs=1e-9)
    assert [note.facts["number"] for note in notes if note.kind == "credit.host"] == [2, 1]


def test_a_list_is_cut_after_twenty_lines_and_says_how_many_more_there_are(rounds):
    lab = rounds.lab
    lab.deploy(workunits=30)
    for number in range(2, 27):
        assert lab.host(f"host {number}", volunteer=f"volunteer {number}") == number
        rounds.compute(1, host=number)
    rounds.hold()
    hosts = [note for _, note in sessions.notes(rounds.db, 1) if note.kind.startswith("review.host")]
    assert len(hosts) == 21
    assert hosts[-1].facts == {"what": "Hosts that returned something", "more": 5, "named": 20}


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


def test_a_step_that_was_passed_over_breaks_a_promise(rounds):
    rounds.hold()
    done = [step for step in Step if step is not Step.CREDIT]
    rounds.db.execute("UPDATE session SET done = :done", done=json.dumps(done))
    found = invariants.broken(rounds.db, rounds.lab.folder, rounds.lab.keys.trust, rounds.lab.now)["I13"]
    assert found[0].endswith("did not do its steps in order and once each")


def test_a_session_tells_of_all_the_time_since_the_one_before(rounds):
    """A week without any is one session's."""
    rounds.lab.deploy(workunits=6)
    rounds.hold()
    for _ in range(3):
        rounds.compute(2)
        rounds.lab.later(days=2)
    (note, *_) = rounds.up_to(Step.REVIEW).notes
    assert note.facts["amount"] == 6
    window = sessions.window(rounds.db, sessions.last(rounds.db))
    assert window.until - window.since == timedelta(days=6, seconds=3)


def test_what_happened_in_many_cells_is_told_once_and_counted(rounds):
    rounds.lab.deploy(workunits=3)
    rounds.compute(3)
    rounds.db.execute(
        "UPDATE task SET state = 'invalid', reason = 'replicate ' || id || ', config 0 raised KeyError at line 7'"
    )
    note, *_ = rounds.up_to(Step.REVIEW).notes
    assert note.sentence == (
        "tiny_sum@1: tasks now invalid: 3, because replicate …, config … raised KeyError at line 7"
    )
    (whole, refused) = rounds.up_to(Step.INSPECT).notes
    assert (whole.facts["refused"], refused.facts["tasks"]) == (3, 3)
    rounds.hold()
    assert "Next, medium: read why reported successes were none (3)." in rounds.said("log.next")


def test_what_people_ordered_and_took_back_is_told_once_with_its_reason(rounds):
    lab = rounds.lab
    rounds.in_stages()
    rounds.hold()
    lab.deploy(workunits=5)
    lab.order(1)
    lab.later(seconds=1)
    with lab.db.transaction():
        withdraw(lab.db, 1, "nobody wants it", lab.now)
    lab.later(days=1)
    rounds.hold()
    (ordered,) = rounds.said("deploy.new")
    assert ordered.startswith("tiny_sum@1: workunits ordered since the session before, by whomever: 5;")
    (note,) = [note for _, note in sessions.notes(rounds.db, 2) if note.kind == "withdraw.taken_back"]
    assert (note.facts["workunits"], note.facts["reason"]) == (7, "nobody wants it")  # one is out and may come back
    assert "ordered, by whomever: 5; taken back: 7." in rounds.said("log.summary")[0]
    lab.later(seconds=1)
    rounds.hold()
    assert rounds.said("deploy.new") == rounds.said("withdraw.taken_back") == []
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
    assert rounds.said("withdraw.taken_back") == [
        "tiny_sum@1: workunits taken back 0, with 1 task, of which out 1: it hangs"
    ]


def test_hosts_of_more_sizes_than_are_named_are_told_as_a_range(rounds, monkeypatch):
    monkeypatch.setattr("axiom.lab.steps.deploy.MOST", 1)
    for cores in (64, 16, 12):
        rounds.lab.host(f"{cores} cores", cores=cores)
    rounds.hold()
    assert rounds.said("deploy.class")[0].startswith("Hosts with 64 cores: 1,")
    (rest,) = rounds.said("deploy.class.rest")
    assert rest.startswith("Other hosts, with 2 to 16 cores: 3, with ")


def test_what_is_left_alone_for_the_same_reason_is_one_line(rounds, variant):
    for name in ("first_sum", "second_sum"):
        rounds.lab.publish(variant(name, asks=False))
    rounds.hold()
    assert rounds.said("plan.skip") == [
        "2 are left alone, as first_sum, second_sum: nothing is concluded from it",
    ]


def test_tiers_are_told_in_the_order_of_what_they_pay():
    tiers = {"1000 to 2000 s": 1, "20 to 100 s": 1, "0 to 20 s": 1, "GPU": 1, "1,000,000 s and more": 1}
    told = [note.facts["tier"] for note in _tiers(tiers, tiers, "/ledger")]
    assert told == ["GPU", "0 to 20 s", "20 to 100 s", "1000 to 2000 s", "1,000,000 s and more"]
