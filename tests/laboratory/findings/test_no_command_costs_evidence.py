"""A finding is decided, more of it is ordered, and somebody gives a command: what was concluded stays as it was."""

import json
from datetime import timedelta

import pytest
from planted_effects import block, further, order_of, values

from axiom.domain.rounds import Allotment
from axiom.domain.work import TaskState, WorkunitState
from axiom.errors import Refused
from axiom.gate.laboratory import Laboratory
from axiom.gate.registry import COMMANDS, read_command
from axiom.laboratory.keys.seal_bundles import renew_seals
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.settings import Settings
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations
from axiom_weigh.values import Grade

NOUNS = ("workunit", "task", "experiment", "finding")
TINY = {"experiment": "tiny_sum"}
WHY = {"why": "a test of what it costs"}


class DecidedLab:
    """Finding 1 is Moderate after three blocks. Of a fourth a part is back, one task is out, and 12 wait."""

    def __init__(self, shifting, prepared):
        self.rounds, self.prepared, self.db = shifting, prepared, shifting.db
        for _ in range(3):
            block(shifting)
        shifting.hold()
        order_of(shifting, 1, workunits=16)
        self.compute(3)
        self.out = shifting.lab.order(1)

    def compute(self, amount: int) -> list[int]:
        done = self.rounds.compute(amount, by=values(self.rounds, 1.0))
        return [number for order in done for number in {cell.replicate for cell in self.rounds.lab.cells(order)}]

    def do(self, name: str, **words) -> None:
        lab = self.rounds.lab
        command = read_command(name, words)
        folders = {"package": lab.folder.path, "catalogue": lab.folder.path}
        laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), **folders)
        with self.db.transaction():
            command.apply(self.db, laboratory, None, lab.now)
        lab.later(seconds=1)

    def renew_seals(self) -> None:
        lab = self.rounds.lab
        with self.db.transaction():
            renew_seals(self.db, lab.folder, lab.keys, timedelta(days=90), lab.now)

    def concluded(self) -> tuple:
        line = evidence.list_newest_evidence(self.db)[1]
        return line.line, line.verdict, line.grade, line.seeds, line.missing, line.estimate, line.low, line.high

    def status(self) -> str:
        return registrations.list_finding_statuses(self.db, 1)[1][0]

    def open_workunits(self) -> list[int]:
        rows = self.db.select("SELECT id FROM workunit WHERE state = :state", state=WorkunitState.OPEN)
        return [row["id"] for row in rows]


@pytest.fixture
def decided(shifting, prepared) -> DecidedLab:
    return DecidedLab(shifting, prepared)


def refused(decided, name: str, **words) -> None:
    with pytest.raises(Refused):
        decided.do(name, **words)


def set_status(status: str):
    return lambda decided: registrations.set_finding_status(decided.db, 1, status, "a test")


def in_turn(*steps):
    return lambda decided: [step(decided) for step in steps]


def command(name: str, **words):
    return lambda decided: decided.do(name, **words)


RETIRE, CANCEL = (
    command("experiment.retire", **TINY),
    lambda decided: decided.do("workunit.cancel", workunits=decided.open_workunits()),
)
PAUSE, REOPEN_FINDING = command("experiment.pause", **TINY, **WHY), command("finding.reopen", finding=1, **WHY)
ABORT = {
    again: lambda decided, again=again: decided.do("task.abort", task=decided.out.task, again=again)
    for again in (False, True)
}
REPAIR = lambda decided: decided.rounds.lab.publish(decided.prepared(has_shift=True, top="# repaired"))  # noqa: E731
# Each command of these nouns by its name: what somebody does who gives it to a finding that is decided.
GIVEN = {
    "workunit.cancel": CANCEL,
    "task.abort": ABORT[True],
    "experiment.retire": RETIRE,
    "experiment.reopen": in_turn(RETIRE, command("experiment.reopen", **TINY, **WHY)),
    "experiment.pause": PAUSE,
    "experiment.resume": in_turn(PAUSE, command("experiment.resume", **TINY)),
    "experiment.approve": command("experiment.approve", **TINY),
    "experiment.rollback": in_turn(REPAIR, command("experiment.rollback", **TINY, **WHY)),
    "experiment.require": command("experiment.require", **TINY, **WHY, least_cores=2),
    "experiment.deploy": command("experiment.deploy", **TINY, workunits=3),
    "experiment.chart": lambda decided: refused(decided, "experiment.chart", **TINY, workunits=3),
    "experiment.preflight": REPAIR,  # whose preflight is stored with it
    "experiment.publish": lambda decided: decided.rounds.lab.publish(decided.prepared(has_shift=True, version=2)),
    "experiment.seal": lambda decided: decided.renew_seals(),
    "experiment.load-former": command(
        "experiment.load-former", **TINY, source="old", rows=[{"task": "1", "measures": {"total": 9.0}}]
    ),
    "experiment.recall": command("experiment.recall", **TINY, **WHY),
    "finding.reopen": in_turn(set_status("suspended"), REOPEN_FINDING),
    "finding.note": command("finding.note", finding=1, text="It is so.", by="Ada"),
    "finding.link": lambda decided: refused(
        decided, "finding.link", source="1", kind="tests", target="1", by="Ada", **WHY
    ),
}
BESIDES = {
    "task.abort, given up": ABORT[False],
    "finding retired": set_status("retired"),
    "finding retired and opened": in_turn(set_status("retired"), REOPEN_FINDING),
    "all of it": in_turn(ABORT[False], CANCEL, RETIRE, command("experiment.reopen", **TINY, **WHY)),
}


def test_a_new_command_says_here_what_it_does_to_a_finding():
    assert {name for name in COMMANDS if name.split(".")[0] in NOUNS} == GIVEN.keys()


@pytest.mark.parametrize("name", [*GIVEN, *BESIDES])
def test_what_was_concluded_stays_and_what_was_taken_back_is_computed_first(name, decided):
    before = decided.concluded()
    assert before[2:5] == (Grade.MODERATE, 24, 0)
    {**GIVEN, **BESIDES}[name](decided)
    for _ in range(2):
        decided.rounds.hold()
        decided.rounds.lab.later(hours=49)  # what is out is given up
        decided.rounds.lab.sweep()
    assert decided.concluded() == before
    if name == "experiment.recall":
        assert decided.status() == "recalled"
        return
    assert decided.status() in {"open", "retired"}
    if experiments.find_experiment(decided.db, 1).status != "open" or "pause" in name:
        assert decided.rounds.broken() == {}
        return
    decided.rounds.lab.ask(1, wanted=0)
    order_of(decided.rounds, 1, workunits=16)
    waiting = decided.db.number("SELECT count(*) FROM task WHERE state = :state", state=TaskState.UNSENT)
    done = decided.compute(waiting)
    assert sorted(done)[: len(range(27, 40))] == list(range(27, 40))  # nothing is left out, and nothing comes twice
    decided.rounds.hold()
    line = evidence.list_newest_evidence(decided.db)[1]
    assert (line.seeds, line.missing, line.verdict) == (24 + (len(done) + 3) // 8 * 8, 0, before[1])
    assert decided.rounds.broken() == {}


def cancel(rounds) -> None:
    ids = [row["id"] for row in rounds.db.select("SELECT id FROM workunit WHERE state = 'open'")]
    with rounds.db.transaction():
        read_command("workunit.cancel", {"workunits": ids}).apply(rounds.db, None, None, rounds.lab.now)
    rounds.lab.later(seconds=1)


def numbers_that_wait(rounds) -> list[list[int]]:
    rows = rounds.db.select("SELECT replicates FROM workunit WHERE state = 'open' ORDER BY id")
    return [json.loads(row["replicates"]) for row in rows]


def test_of_a_replicate_in_parts_what_lacks_is_computed_and_nothing_twice(shifting):
    eight = Allotment(experiment_id=1, workunits=8, replicates_each=1, registration_id=1, reason="a test")
    with shifting.db.transaction():
        order_replicates(shifting.db, eight, max_failures=3, now=shifting.lab.now, singly=1)
    shifting.compute(1, by=values(shifting, 1.0))  # one cell of the first
    cancel(shifting)
    shifting.hold()
    assert evidence.list_newest_evidence(shifting.db) == {}
    shifting.compute(len(numbers_that_wait(shifting)), by=values(shifting, 1.0))  # the session ordered what lacks
    shifting.hold()
    line = evidence.list_newest_evidence(shifting.db)[1]
    assert (line.seeds, line.missing) == (8, 0)
    assert [shifting.db.number(f"SELECT count(*) FROM {kept}") for kept in ("result", "duplicate")] == [16, 0]  # noqa: S608
    assert shifting.broken() == {}


def test_what_was_taken_back_of_another_design_comes_before_anything_new(shifting):
    block(shifting)
    second = further(shifting)
    order_of(shifting, 1)
    cancel(shifting)
    order_of(shifting, second, workunits=12)
    assert numbers_that_wait(shifting) == [[number] for number in range(8, 20)]
    issued = experiments.count_issued_replicates(shifting.db, 1)
    assert issued == {1: 16, second: 4}


def test_the_planner_takes_what_was_taken_back_for_never_ordered(rounds):
    rounds.lab.deploy(workunits=8)
    rounds.compute(3)
    cancel(rounds)
    rounds.hold()
    waiting = [number for numbers in numbers_that_wait(rounds) for number in numbers]
    assert waiting[:5] == [3, 4, 5, 6, 7]
    assert len(set(waiting)) == len(waiting)
    assert rounds.broken() == {}
