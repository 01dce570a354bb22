"""Every command passes one gate: allowed or refused, it is remembered; programs are held to their rights and limits."""

import json
import logging
import math
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
import stored_work
from real_parts import need
from tiny_experiment import tiny_source

from axiom.domain.callers import Capability
from axiom.domain.programs import USUAL_LIMITS
from axiom.errors import (
    ExperimentError,
    Fault,
    KeyReused,
    LimitReached,
    NotAllowed,
    NotFound,
    Refused,
    StoreError,
    TicketTooLong,
    UnknownName,
    Withdrawn,
    WrongUse,
)
from axiom.gate.registry import COMMANDS, read_command
from axiom.laboratory.experiments import published_files
from axiom.laboratory.experiments.catalogue_files import list_files
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.experiments.commands.experiments import PublishExperiment, RetireExperiment
from axiom.laboratory.experiments.commands.pause_and_approve import ApproveExperiment
from axiom.laboratory.findings.commands.links import LinkFindings
from axiom.laboratory.programs.commands import AddProgram, EndProgram, LimitProgram
from axiom.laboratory.proposals.commands.proposals import ApproveProposal, RefuseProposal
from axiom.laboratory.tasks.commands import CancelWorkunits
from axiom.limits import programs as program_limits
from axiom.limits import runner as runner_limits
from axiom.rules.accounts.command_permission import CommandCost, SpentToday, check_permission
from axiom.service import standard_callers as callers
from axiom.signed.program_tokens import digest_token, new_token

OWN_SUM = tiny_source(name="own_sum")
DEPLOY = DeployExperiment(experiment="tiny_sum", workunits=2)
# As if the sweep had been registered with a config of 130,000 characters.
LONGER = """UPDATE registration SET body = replace(body, '"configs":[', '"configs":["' || hex(zeroblob(65000)) || '",'),
    hash = hash || 'x'"""


def test_a_command_that_was_done_is_audited_with_its_answer(door):
    answer = door.submit(DEPLOY)
    assert answer == {
        "experiment": "tiny_sum",
        "version": 1,
        "workunits": 2,
        "first": 1,
        "last": 2,
        "copies": 1,
        "replicates_each": 4,  # 8 seconds a task, 2 seconds a replicate
        "preflight": "any host may have it",
        "most_core_hours": 0.267,  # 2 cells a replicate, each of which may take a minute
    }
    (entry,) = door.audited()
    assert entry["caller"] == "Ada"
    assert entry["command"] == "experiment.deploy"
    assert entry["outcome"] == "done"
    assert (entry["dry_run"], entry["key"], entry["workunits"], entry["aborts"]) == (0, None, 2, 0)
    assert json.loads(entry["arguments"]) == DEPLOY.words()
    assert json.loads(entry["answer"]) == answer
    assert door.broken() == {}


REFUSED = [
    (DeployExperiment(experiment="tiny_summ", workunits=1), UnknownName, "tiny_sum", 2),
    (DeployExperiment(experiment="tiny_sum", workunits=11), LimitReached, "10 of 10", 4),
    (CancelWorkunits(workunits=[7]), NotFound, "7", 3),
    (CancelWorkunits(workunits=[1, 2, 3, 4]), LimitReached, "4 aborts .* 3 of 3", 4),
    (RetireExperiment(experiment="missing"), UnknownName, "experiment", 2),
    (PublishExperiment(experiment="tiny_summ"), UnknownName, "tiny_sum", 2),
    (PublishExperiment(experiment="broken_sum"), ExperimentError, "Experimet", 1),
]


@pytest.mark.parametrize(("command", "error", "reason", "exit_code"), REFUSED)
def test_a_command_that_was_refused_is_audited_and_changed_nothing(door, command, error, reason, exit_code):
    before = door.stored()
    with pytest.raises(error, match=reason) as refused:
        door.submit(command, key="mine")
    assert refused.value.exit_code == exit_code
    assert door.stored() == before
    (entry,) = door.audited()
    assert (entry["command"], entry["outcome"], entry["key"]) == (command.name, "refused", None)
    assert json.loads(entry["answer"]) == {"error": str(refused.value)}
    assert door.broken() == {}


def test_a_caller_without_the_capability_is_refused_before_anything_is_prepared(door, caller):
    reader = replace(caller, name="Eve", capabilities=frozenset({Capability.READ, Capability.DEPLOY}))
    with pytest.raises(NotAllowed, match=r"Eve .* operate"):
        door.submit(PublishExperiment(experiment="broken_sum"), caller=reader)
    assert [entry["outcome"] for entry in door.audited()] == ["refused"]
    assert door.submit(DEPLOY, caller=reader)["workunits"] == 2


def test_a_dry_run_says_what_would_happen_and_changes_nothing_but_the_audit(door, caplog):
    caplog.set_level("INFO")
    door.submit(DEPLOY)
    for command in (DEPLOY, CancelWorkunits(workunits=[1, 2]), RetireExperiment(experiment="tiny_sum")):
        before = door.stored()
        caplog.clear()
        would = door.submit(command, dry_run=True, key=command.name)
        assert caplog.messages == []
        assert would.pop("dry_run") is True
        assert door.stored() == before
        entry = door.audited()[-1]
        assert (entry["dry_run"], entry["key"], entry["outcome"]) == (1, None, "done")
        assert door.submit(command, key=command.name) == would
        assert door.stored() != before
        assert door.broken() == {}


def test_a_limit_is_of_a_day_and_a_dry_run_costs_nothing_yet_is_refused_likewise(door):
    for _ in range(3):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=10), dry_run=True)
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), dry_run=True)
    with pytest.raises(LimitReached):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=11), key="once")
    # the key of what was refused is free
    assert door.submit(DeployExperiment(experiment="tiny_sum", workunits=8), key="once")["workunits"] == 8
    door.lab.later(hours=5)
    door.submit(DEPLOY)
    with pytest.raises(LimitReached, match="0 of 10"):
        door.submit(DEPLOY)
    door.lab.later(hours=19, minutes=1)  # the first of them was a day ago
    assert door.submit(DEPLOY)["first"] == 11


def test_the_same_key_gives_the_first_answer_and_no_other_command(door, caller):
    first = door.submit(DEPLOY, key="once")
    before, audited = door.stored(), door.audited()
    door.lab.later(hours=3)
    assert door.submit(DEPLOY, key="once") == {**first, "repeated": True}
    assert (door.stored(), door.audited()) == (before, audited)
    for other in (DeployExperiment(experiment="tiny_sum", workunits=3), RetireExperiment(experiment="tiny_sum")):
        with pytest.raises(KeyReused, match=r"once.*experiment\.deploy") as refused:
            door.submit(other, key="once")
        assert refused.value.exit_code == 4
        entry = door.audited()[-1]
        assert (entry["command"], entry["outcome"], entry["key"]) == (other.name, "refused", None)
    assert door.stored() == before
    assert "repeated" not in door.submit(DEPLOY, key="once", caller=replace(caller, name="Bob"))


def test_aborts_count_against_the_day_and_an_unknown_one_stops_them_all(door):
    def states():
        return door.look(lambda db: [workunit.state for workunit in stored_work.workunits(db)])

    door.submit(DeployExperiment(experiment="tiny_sum", workunits=4))
    with pytest.raises(NotFound):
        door.submit(CancelWorkunits(workunits=[1, 9]))
    assert states() == ["open"] * 4
    assert door.submit(CancelWorkunits(workunits=[1, 2])) == {"cancelled": [1, 2], "closed_before": []}
    assert door.submit(CancelWorkunits(workunits=[1])) == {"cancelled": [], "closed_before": [1]}
    with pytest.raises(LimitReached, match="aborts"):
        door.submit(CancelWorkunits(workunits=[3]))
    assert states() == ["open", "open", "cancelled", "cancelled"]


def test_what_is_published_already_is_unchanged_or_mended_until_it_is_retired(door):
    publish = PublishExperiment(experiment="tiny_sum")
    answer = door.submit(publish)
    named = ("experiment", "version", "serial", "change")
    assert [answer[name] for name in named] == ["tiny_sum", 1, 1, "unchanged"]
    door.gate.writer.run(lambda db: db.execute("UPDATE blob SET body = x'00' WHERE body IS NOT NULL"))
    for stored in door.lab.folder.blobs.glob("??/*"):
        stored.unlink()
    assert door.submit(publish)["change"] == "mended"
    assert door.broken() == {}
    door.submit(DEPLOY)
    retired = door.submit(RetireExperiment(experiment="tiny_sum", reason="enough"))
    assert retired == {"experiment": "tiny_sum", "version": 1, "cancelled": 2}
    for command in (DEPLOY, RetireExperiment(experiment="tiny_sum"), publish):
        with pytest.raises(Withdrawn):
            door.submit(command)
    assert door.look(lambda db: {workunit.reason for workunit in stored_work.workunits(db)}) == {"enough"}
    assert door.broken() == {}


def _find_no_room(path, _body):
    raise StoreError(f"The file {path} could not be written: no space left.")


def test_a_file_of_ones_own_is_published_and_kept_and_its_alias_is_known(door, caplog, monkeypatch):
    text = OWN_SUM.replace('name="own_sum"', 'name="own_sum", aliases=("mine",)')
    for name, error in (("tiny_sum", Refused), ("other_sum", ExperimentError)):  # a shipped name, and not its own
        with pytest.raises(error):
            door.submit(PublishExperiment(experiment=name, text=text))
    command = PublishExperiment(experiment="own_sum", text=text)
    caplog.set_level(logging.INFO)
    assert door.submit(command, dry_run=True)["change"] == "new experiment"
    assert not door.lab.folder.catalogue.exists()
    assert caplog.records == []
    with monkeypatch.context() as patched:
        patched.setattr(published_files, "write_file_atomically", _find_no_room)
        assert door.submit(command)["change"] == "new experiment"  # which it is, though its file could not be kept
    assert "bundle.published experiment=own_sum" in caplog.text
    assert door.look(lambda db: published_files.write_published_files(db, door.lab.folder, ["tiny_sum"])) == ["own_sum"]
    assert (door.lab.folder.catalogue / "own_sum.py").read_text() == text
    laboratory = door.gate.laboratory
    assert [file.stem for file in list_files(laboratory)] == ["broken_sum", "large_sum", "own_sum", "tiny_sum"]
    for name in ("own_sum", "mine"):
        assert door.submit(PublishExperiment(experiment=name))["change"] == "unchanged"
        assert door.submit(DeployExperiment(experiment=name, workunits=1))["experiment"] == "own_sum"
    assert text not in json.dumps(door.audited())
    assert door.submit(RetireExperiment(experiment="mine"))["experiment"] == "own_sum"
    assert door.broken() == {}


def test_when_the_store_fails_nothing_is_audited_and_a_too_long_ticket_is_refused(door):
    shutil.rmtree(door.lab.folder.blobs)
    door.lab.folder.blobs.touch()  # where the folder should be, so that no file can be stored
    with pytest.raises(StoreError):
        door.submit(PublishExperiment(experiment="large_sum"))
    assert door.audited() == []
    assert door.submit(DEPLOY)["workunits"] == 2  # the gate still stands
    door.gate.writer.run(lambda db: db.execute(LONGER))
    with pytest.raises(TicketTooLong):
        door.submit(DEPLOY)
    assert len(door.look(stored_work.workunits)) == 2


LINK = LinkFindings(source="7", target="8", kind="tests", why="it is so", by="x")  # of findings that are not there


def test_a_program_acts_in_its_own_name_with_its_model_and_instructions_alone(door):
    program = door.let_in(key=(token := new_token()), model="some-model-1", prompt="a" * 64)
    door.submit(DEPLOY, caller=program)
    added, deployed = door.audited()
    assert (added["caller"], added["model"]) == ("operator", None)
    assert deployed["caller"] == "program:ada"
    assert deployed["model"] == "some-model-1"
    assert deployed["prompt"] == "a" * 64
    assert deployed["core_seconds"] == pytest.approx(0.267 * 3_600)
    assert token not in str(door.stored()) + str(door.audited())
    assert door.broken() == {}
    words = {"source": "1", "target": "2", "kind": "tests", "why": "it is so"}
    assert read_command("finding.link", words, program).by == "program:ada"
    with pytest.raises(UnknownName):
        read_command("finding.link", {**words, "by": "operator"}, program)
    with pytest.raises(WrongUse):
        read_command("finding.link", words, callers.operator_caller())  # a person says it


@pytest.mark.parametrize("may", ["read", "propose", "operate"])
def test_a_program_does_nothing_beyond_its_rights_and_gives_itself_none(door, may):
    program, before = door.let_in(may), door.stored()
    beyond = [
        ApproveProposal(proposal=1, why="I like it"),
        RefuseProposal(proposal=1, why="I do not like it"),
        ApproveExperiment(experiment="tiny_sum"),
        AddProgram(program="eve", may="operate", token=digest_token("other")),
        LimitProgram(program="ada", limits={"core_hours_per_day": 1e6}),
        EndProgram(program="ada"),
        *([] if may == "operate" else [DEPLOY, RetireExperiment(experiment="tiny_sum")]),
        *([replace(LINK, source="1", target="2")] if may == "read" else []),
    ]
    for command in beyond:
        with pytest.raises(NotAllowed):
            door.submit(command, caller=program)
        assert door.audited()[-1]["outcome"] == "refused"
    assert door.stored() == before


def test_a_program_that_ended_or_expired_or_was_never_let_in_is_out_at_once(door):
    door.let_in(days=1)
    for late in ({"later": timedelta(days=1)}, {"key": new_token()}):
        with pytest.raises(NotAllowed):
            door.program(**late)
    door.submit(EndProgram(program="ada"), caller=callers.operator_caller())
    with pytest.raises(NotAllowed):
        door.program()
    with pytest.raises(Refused):
        door.submit(EndProgram(program="ada"), caller=callers.operator_caller())
    with pytest.raises(Refused):  # the audit knows it by its name
        door.let_in()


def test_its_core_hours_are_counted_before_anything_is_ordered(door):
    program = door.let_in(limits={"core_hours_per_day": 2_400 / 3_600})
    assert door.submit(DEPLOY, caller=program)["most_core_hours"] == 0.267
    before = door.stored()
    with pytest.raises(LimitReached, match="core-hours"):
        door.submit(replace(DEPLOY, workunits=4), caller=program)
    assert door.stored() == before
    door.submit(LimitProgram(program="ada", limits={"core_hours_per_day": 1}), caller=callers.operator_caller())
    assert door.submit(replace(DEPLOY, workunits=4), caller=door.program())["workunits"] == 4


def test_its_commands_are_counted_refused_ones_too_and_dry_ones_five_times_as_many(door):
    program = door.let_in(limits={"finding.link": 2})
    for target in ("8", "9"):
        with pytest.raises(NotFound):
            door.submit(replace(LINK, target=target), caller=program)
        door.lab.later(hours=1)
    with pytest.raises(LimitReached, match=f"{door.gate.now() - timedelta(minutes=59):%H:%M} UTC"):
        door.submit(replace(LINK, target="99"), caller=program)
    door.lab.later(hours=23, minutes=1)
    for target in range(80, 90):
        with pytest.raises(NotFound):
            door.submit(replace(LINK, target=str(target)), caller=program, dry_run=True)
        door.lab.later(minutes=1)
    with pytest.raises(LimitReached, match=f"{door.gate.now() - timedelta(minutes=8):%H:%M} UTC"):  # after the second
        door.submit(replace(LINK, target="90"), caller=program, dry_run=True)
    with pytest.raises(NotFound):
        door.submit(replace(LINK, target="98"), caller=program)
    missing = DeployExperiment(experiment="no_such", workunits=1)
    for _ in range(3):  # who says the same again and again is told so with the answer it had
        with pytest.raises(UnknownName):
            door.submit(missing, caller=program)
    with pytest.raises(LimitReached, match=r"3 .*no_such"):
        door.submit(missing, caller=program)
    assert door.submit(DEPLOY, caller=program)["workunits"] == 2  # something else is done


def test_refusals_are_remembered_and_cannot_fill_the_disk(door, monkeypatch):
    monkeypatch.setattr(program_limits, "REFUSALS_A_DAY", 4)
    program = door.let_in("read")
    door.gate.refuse("no.such", '{"x": "' + "y" * 5_000, program, WrongUse("There is no command no.such."))
    entry = door.audited()[-1]
    assert entry["caller"] == "program:ada"
    assert entry["command"] == "no.such"
    assert entry["outcome"] == "refused"
    for place in range(5):
        with pytest.raises(NotAllowed):
            door.submit(replace(LINK, target=str(place), why="x" * 2_000), caller=program)
    rows = door.audited()[1:]
    assert len(rows) == 4
    assert all(len(row["arguments"]) < 2_300 for row in rows)
    assert all("sha256" in row["arguments"] for row in rows[1:])
    assert door.broken() == {}


def test_a_limit_that_is_none_is_refused_and_without_one_the_usual_ones_hold(door):
    for limits, error in (
        ({"core_hours": 1}, UnknownName),
        ({"core_hours_per_day": -1}, WrongUse),
        ({"core_hours_per_day": math.inf}, WrongUse),
        ({"core_hours_per_day": math.nan}, WrongUse),
    ):
        with pytest.raises(error):
            door.let_in(limits=limits)
    limits = door.let_in().limits
    assert limits.core_hours_per_day == USUAL_LIMITS["core_hours_per_day"]
    assert limits.commands_per_day["finding.link"] == USUAL_LIMITS["finding.link"]
    counted_by_no_limit = {name for name, kind in COMMANDS.items() if kind.capability is Capability.RUN}
    assert {"draft.report", "experiment.recall", "host.trust", "ledger.correct", "session.step"} <= counted_by_no_limit
    for name in counted_by_no_limit:
        cost = CommandCost(command=name, capability=Capability.RUN)
        assert not check_permission(door.program(), cost, SpentToday()).allowed
        assert check_permission(callers.operator_caller(), cost, SpentToday()).allowed


def test_what_is_refused_anyway_is_not_prepared(door, monkeypatch):
    """Preparing may run code for seconds, so whoever is at their limit must not set it going."""
    program, prepared = door.let_in(limits={"experiment.publish": 1}), []

    def prepare(self, _laboratory):
        prepared.append(self.experiment)
        raise Refused("It cannot be prepared. Nothing was done.")

    monkeypatch.setattr(PublishExperiment, "prepare", prepare)
    with pytest.raises(Refused):
        door.submit(PublishExperiment(experiment="one"), caller=program)
    with pytest.raises(LimitReached):
        door.submit(PublishExperiment(experiment="two"), caller=program)
    with pytest.raises(LimitReached):
        door.submit(PublishExperiment(experiment="two"), caller=program, dry_run=True)
    assert prepared == ["one"]


def test_a_key_that_comes_back_late_puts_nothing_old_in_the_place_of_what_is_newer(door, monkeypatch):
    program, finished = door.let_in(), []
    monkeypatch.setattr(DeployExperiment, "finish", lambda self, _laboratory, _answer: finished.append(self.workunits))
    door.submit(DEPLOY, caller=program, key="one")
    door.submit(DEPLOY, caller=program, dry_run=True)
    with pytest.raises(UnknownName):
        door.submit(replace(DEPLOY, experiment="nothing"), caller=program)
    door.submit(DEPLOY, caller=program, key="one")  # as after a crash: what is left to do outside is done again
    door.submit(replace(DEPLOY, workunits=1), caller=program, key="two")
    assert door.submit(DEPLOY, caller=program, key="one")["repeated"] is True
    assert finished == [2, 2, 1]


@pytest.mark.parametrize("where", ["prepare", "request", "apply"])
def test_what_nobody_foresaw_is_a_refusal_that_is_audited_counted_and_leaves_nothing(door, monkeypatch, where):
    program = door.let_in(limits={"finding.link": 1})

    def fail(_self, db, *_more):
        if where == "apply":
            db.execute("DELETE FROM finding")
        raise IndexError("nobody foresaw it")

    before = door.stored()
    monkeypatch.setattr(LinkFindings, where, fail)
    with pytest.raises(Fault):
        door.submit(LINK, caller=program, key="once")
    with pytest.raises(IndexError):  # a person sees it as it is
        door.submit(LINK, caller=callers.operator_caller())
    monkeypatch.undo()
    assert door.stored() == before
    entry = door.audited()[-1]
    assert (entry["caller"], entry["command"]) == ("program:ada", "finding.link")
    assert (entry["outcome"], entry["key"]) == ("refused", None)
    with pytest.raises(LimitReached):
        door.submit(LINK, caller=program)
    assert door.broken() == {}


@need("bwrap")
def test_a_program_s_file_says_what_it_declares_in_the_sandbox_and_soon(door, monkeypatch):
    program = door.let_in()
    asks_where = OWN_SUM + "\nimport os\n\nraise RuntimeError(os.uname().nodename)\n"
    with pytest.raises(ExperimentError, match="sandbox"):
        door.submit(PublishExperiment(experiment="own_sum", text=asks_where), caller=program)
    monkeypatch.setattr(runner_limits, "DESCRIBE_SECONDS", 0.5)
    with pytest.raises(ExperimentError):
        door.submit(
            PublishExperiment(experiment="own_sum", text=OWN_SUM + "\nimport time\n\ntime.sleep(60)\n"), caller=program
        )
    assert [row["outcome"] for row in door.audited()[1:]] == ["refused", "refused"]


def test_the_sweep_of_a_file_counts_when_published_and_again_when_it_becomes_dearer(door):
    program = door.let_in(limits={"core_hours_per_day": 9})
    publish = PublishExperiment(experiment="own_sum", text=OWN_SUM)
    assert door.submit(publish, caller=program)["most_core_hours"] == 8.53  # 256 * 2 * 60 seconds
    assert door.audited()[-1]["core_seconds"] == 8.53 * 3_600
    assert door.submit(replace(publish, text=OWN_SUM + "# said better\n"), caller=program)["most_core_hours"] == 0.0
    dearer = replace(publish, text=OWN_SUM.replace("seconds=lambda config: 1.0", "seconds=lambda config: 20.0"))
    assert dearer != publish
    before = door.stored()
    with pytest.raises(LimitReached, match="core-hours"):
        door.submit(dearer, caller=program)
    assert door.stored()["bundle"] == before["bundle"]


def test_who_first_published_a_name_keeps_it_and_a_person_may_take_it(door):
    ada, eve = door.let_in(), door.let_in(name="eve", key="u")
    first = PublishExperiment(experiment="own_sum", text=OWN_SUM)
    assert door.submit(first, caller=ada)["change"] == "new experiment"
    for publish in (first, replace(first, text=OWN_SUM + "# mine now\n")):
        with pytest.raises(NotAllowed, match="program:ada"):
            door.submit(publish, caller=eve)
    assert (door.lab.folder.catalogue / "own_sum.py").read_text() == OWN_SUM
    assert door.submit(replace(first, text=OWN_SUM + "# better\n"), caller=ada)["change"] == "new bundle"
    assert (
        door.submit(replace(first, text=OWN_SUM + "# best\n"), caller=callers.operator_caller())["change"]
        == "new bundle"
    )
    persons = PublishExperiment(experiment="persons_sum", text=OWN_SUM.replace("own_sum", "persons_sum"))
    door.submit(persons, caller=callers.operator_caller())
    with pytest.raises(NotAllowed):  # what a person began is no program's either
        door.submit(persons, caller=eve)
