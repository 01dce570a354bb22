"""Programs at the gate: let in with rights and limits, held to them, told when they go in circles, and out at once."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from real_parts import need

from axiom.commands import gate
from axiom.commands.experiments import DeployExperiment, PublishExperiment, RetireExperiment
from axiom.commands.links import LinkFindings
from axiom.commands.programs import AddProgram, EndProgram, LimitProgram
from axiom.commands.proposals import ApproveProposal, RefuseProposal
from axiom.commands.registry import COMMANDS, read_command
from axiom.commands.releases import ApproveExperiment
from axiom.decisions.accounts.command_limits import CommandCost, SpentToday, may
from axiom.domain.callers import Capability
from axiom.domain.programs import NOT_FOR_PROGRAMS, USUAL_LIMITS
from axiom.errors import ExperimentError, Fault, LimitReached, NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.runner import direct
from axiom.service import callers
from axiom.signed.bundles import contents
from axiom.signed.program_tokens import digest, new_token

DEPLOY = DeployExperiment(experiment="tiny_sum", workunits=2)  # 16 cells, each of which may take a minute
LINK = LinkFindings(source="7", target="8", kind="tests", why="it is so", by="x")  # of findings that are not there


def own_text(prepared) -> str:
    return contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode().replace("tiny_sum", "own_sum")


def test_a_program_acts_in_its_own_name_with_its_model_and_instructions(door):
    program = door.let_in(key=(token := new_token()), model="some-model-1", prompt="a" * 64)
    door.submit(DEPLOY, caller=program)
    added, deployed = door.audited()
    assert (added["caller"], added["model"]) == ("operator", None)
    assert (deployed["caller"], deployed["model"], deployed["prompt"]) == ("program:ada", "some-model-1", "a" * 64)
    assert deployed["core_seconds"] == 960.0
    assert token not in str(door.stored()) + str(door.audited())
    assert door.broken() == {}


@pytest.mark.parametrize("may", ["read", "propose", "operate"])
def test_a_program_does_nothing_beyond_its_rights_and_gives_itself_none(door, may):
    program, before = door.let_in(may), door.stored()
    beyond = [
        ApproveProposal(proposal=1, why="I like it"),
        RefuseProposal(proposal=1, why="I do not like it"),
        ApproveExperiment(experiment="tiny_sum"),
        AddProgram(program="eve", may="operate", token=digest("other")),
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
    door.submit(EndProgram(program="ada"), caller=callers.operator())
    with pytest.raises(NotAllowed):
        door.program()
    with pytest.raises(Refused):
        door.submit(EndProgram(program="ada"), caller=callers.operator())
    with pytest.raises(Refused):  # the audit knows it by its name
        door.let_in()


def test_its_core_hours_are_counted_before_anything_is_ordered(door):
    program = door.let_in(limits={"core_hours_per_day": 2_400 / 3_600})
    assert door.submit(DEPLOY, caller=program)["core_seconds"] == 960.0
    before = door.stored()
    with pytest.raises(LimitReached, match="core-hours"):
        door.submit(replace(DEPLOY, workunits=4), caller=program)
    assert door.stored() == before
    door.submit(LimitProgram(program="ada", limits={"core_hours_per_day": 1}), caller=callers.operator())
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


def test_a_program_that_says_the_same_again_and_again_is_told_so_with_the_answer_it_had(door):
    program, missing = door.let_in(), DeployExperiment(experiment="no_such", workunits=1)
    for _ in range(3):
        with pytest.raises(UnknownName):
            door.submit(missing, caller=program)
    with pytest.raises(LimitReached, match=r"3 .*no_such"):
        door.submit(missing, caller=program)
    assert door.submit(DEPLOY, caller=program)["workunits"] == 2  # something else is done


def test_it_cannot_say_in_whose_name_it_speaks(door):
    program = door.let_in("propose")
    words = {"source": "1", "target": "2", "kind": "tests", "why": "it is so"}
    assert read_command("finding.link", words, program).by == "program:ada"
    with pytest.raises(UnknownName):
        read_command("finding.link", {**words, "by": "operator"}, program)
    with pytest.raises(WrongUse):
        read_command("finding.link", words, callers.operator())  # a person says it


def test_refusals_are_remembered_and_cannot_fill_the_disk(door, monkeypatch):
    monkeypatch.setattr(gate, "_MOST_REFUSED", 4)
    program = door.let_in("read")
    door.gate.refuse("no.such", '{"x": "' + "y" * 5_000, program, WrongUse("There is no command no.such."))
    entry = door.audited()[-1]
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("program:ada", "no.such", "refused")
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


def test_what_no_limit_counts_or_others_made_is_not_a_program_s(door):
    program = door.let_in()
    for name in NOT_FOR_PROGRAMS:
        cost = CommandCost(command=name, capability=Capability.OPERATE)
        assert name in COMMANDS
        assert not may(program, cost, SpentToday()).allowed
        assert may(callers.operator(), cost, SpentToday()).allowed


def test_a_key_that_comes_back_late_puts_nothing_old_in_the_place_of_what_is_newer(door, monkeypatch):
    program, finished = door.let_in(), []
    monkeypatch.setattr(DeployExperiment, "finish", lambda self, _laboratory, _answer: finished.append(self.workunits))
    door.submit(DEPLOY, caller=program, key="one")
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
        door.submit(LINK, caller=callers.operator())
    monkeypatch.undo()
    assert door.stored() == before
    entry = door.audited()[-1]
    assert (entry["caller"], entry["command"]) == ("program:ada", "finding.link")
    assert (entry["outcome"], entry["key"]) == ("refused", None)
    with pytest.raises(LimitReached):
        door.submit(LINK, caller=program)
    assert door.broken() == {}


@need("bwrap")
def test_a_program_s_file_says_what_it_declares_in_the_sandbox_and_soon(door, prepared, monkeypatch):
    program, text = door.let_in(), own_text(prepared)
    asks_where = text + "\nimport os\n\nraise RuntimeError(os.uname().nodename)\n"
    with pytest.raises(ExperimentError, match="sandbox"):
        door.submit(PublishExperiment(experiment="own_sum", text=asks_where), caller=program)
    monkeypatch.setattr(direct, "_SOON", 0.5)
    with pytest.raises(ExperimentError):
        door.submit(
            PublishExperiment(experiment="own_sum", text=text + "\nimport time\n\ntime.sleep(60)\n"), caller=program
        )
    assert [row["outcome"] for row in door.audited()[1:]] == ["refused", "refused"]


def test_the_sweep_of_a_file_counts_when_it_is_published_and_again_as_far_as_it_becomes_dearer(door, prepared):
    program, source = door.let_in(limits={"core_hours_per_day": 9}), own_text(prepared)
    publish = PublishExperiment(experiment="own_sum", text=source)
    assert door.submit(publish, caller=program)["core_seconds"] == 256 * 2 * 60.0  # 8.5 hours
    assert door.audited()[-1]["core_seconds"] == 256 * 2 * 60.0
    assert door.submit(replace(publish, text=source + "# said better\n"), caller=program)["core_seconds"] == 0.0
    dearer = replace(publish, text=source.replace("seconds=lambda config: 1.0", "seconds=lambda config: 20.0"))
    assert dearer != publish
    before = door.stored()
    with pytest.raises(LimitReached, match="core-hours"):
        door.submit(dearer, caller=program)
    assert door.stored()["bundle"] == before["bundle"]


def test_who_first_published_a_name_keeps_it_and_a_person_may_take_it(door, prepared):
    ada = door.let_in()
    eve, text = door.let_in(name="eve", key="u"), own_text(prepared)
    first = PublishExperiment(experiment="own_sum", text=text)
    assert door.submit(first, caller=ada)["change"] == "new experiment"
    for publish in (first, replace(first, text=text + "# mine now\n")):
        with pytest.raises(NotAllowed, match="program:ada"):
            door.submit(publish, caller=eve)
    assert (door.lab.folder.catalogue / "own_sum.py").read_text() == text
    assert door.submit(replace(first, text=text + "# better\n"), caller=ada)["change"] == "new bundle"
    assert door.submit(replace(first, text=text + "# best\n"), caller=callers.operator())["change"] == "new bundle"
    persons = PublishExperiment(experiment="persons_sum", text=text.replace("own_sum", "persons_sum"))
    door.submit(persons, caller=callers.operator())
    with pytest.raises(NotAllowed):  # what a person began is no program's either
        door.submit(persons, caller=eve)
