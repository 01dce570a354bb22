"""Lets volunteers lie to the real server, and prints what the best liar gains, and how soon wrong hosts are found.

Six honest volunteers, from three times slower to three times faster than a reference core, compute four experiments by
the protocol of their clients. Three cost what their files declare, the last a fifth of it, which honest hosts show by
and by. A seventh volunteer lies, in another way in each course; in one, three more do the same.

A gain is the pay of the liars for their tasks over the pay of an honest seventh volunteer for as many declared seconds
of the same experiments: for the first task of all, and for the last half of them. To pick the experiment that is
declared too dear is no lie; that gain is for as many seconds of computing.

Ends with 0 only if no lie gains more than a tenth, and picking no more than three quarters in the end: a price leaves
half as much again above what honest hosts show.

Then fleets with wrong hosts in them are simulated by the laboratory's own decisions on checks: which of its wrong tasks
gives a host away, and what that costs, by the rule of one task in ten and by what hosts have shown. It ends with 0 only
if checks cost a fleet of known hosts no more than one task in ten, nine in ten of hosts that are wrong from the start
are given away by seven tasks, and of hosts that become wrong all but one in fifty by ninety.

    scripts/campaign liars --rounds 32 --turns 12000
"""

import argparse
import functools
import logging
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from error_rates.wrong_hosts import FAULTS, RULES, costs, detection, found_by
from simulation import client_messages, fleet_drill
from simulation.dice import Dice
from simulation.fleet import Build, Nature
from simulation.laboratory import Simulated
from simulation.outputs import cells_of, output, written
from simulation.replies import Heard, HeardOrder, hear, status_of
from world.places import quick

import axiom
from axiom.autopilot import autopilot
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.settings import Settings
from axiom.signed.outputs import CellOutput
from axiom.store.connections import Connections

BEGIN = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
MOST_BY_LYING, MOST_BY_PICKING = 1.1, 1.75  # times what an honest volunteer gets
MOST_EXTRA = 10.5  # tasks of a hundred: one in ten, and as much as the draw may be off
SOON, LATER = 0.9, 0.98  # of wrong hosts, given away by seven tasks where they begin so, and by ninety where not
DEAR = "dear"
EXPERIMENTS = ("fair", "just", "square", DEAR)
TOO_DEAR = 5.0  # times what it costs
CELL_SECONDS = 20.0  # declared for the smaller config of each
SPEEDS = (1 / 3, 0.5, 0.8, 1.2, 2.0, 3.0)  # of the honest, in reference cores
_START = 0.5  # seconds that a task takes before it computes
_RAISED, _GIVEN_UP = 10, 203  # exit statuses
_BUILD = Build(name="H8", cores=8, memory_mb=16_000, amount=1)
_PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
_SETTINGS = Settings(name="Liars", url="http://simulated.example/", workers=0, queue_per_core=1)
_AWARDED = "SELECT task_id, sum(amount) AS amount FROM award GROUP BY task_id"


@dataclass(frozen=True, kw_only=True)
class Lie:
    """How volunteers lie. Without more, they do not."""

    name: str = "honest"
    times: float = 1.0  # as long as a task took, they say
    at_least: float = 0.0  # seconds that they say in any case
    kept: float = 0.0  # seconds for which they keep what is computed
    of_dear: bool = False  # they lie of the dear experiment alone
    benchmark: float = 1.0  # times as fast as they are
    volunteers: int = 1
    hosts: int = 1  # of each
    never: Outcome | None = None  # nothing is computed, and each cell is said to have ended so
    picks: bool = False  # what is declared too dear, and gives up the rest


HONEST = Lie()
PICKS = Lie(name="picks what is declared too dear", picks=True)
LIES = (
    Lie(name="says a hundred times the time", times=100.0),
    Lie(name="says more time than there is", at_least=1e12),
    Lie(name="says no time at all", times=0.0),
    Lie(name="keeps each task for ten minutes and says so", kept=600.0, at_least=650.0),
    Lie(name="keeps each task for a day and says so", kept=86_400.0, at_least=86_400.0),
    Lie(name="the same, with a benchmark 100 times too fast", kept=600.0, at_least=650.0, benchmark=100.0),
    Lie(name="the same, with a benchmark 100 times too slow", kept=600.0, at_least=650.0, benchmark=0.01),
    Lie(name="the same, on eight hosts", kept=600.0, at_least=650.0, hosts=8),
    Lie(name="teaches that the dear one costs as declared", times=TOO_DEAR, kept=600.0, of_dear=True),
    Lie(name="the same, on eight hosts", times=TOO_DEAR, kept=600.0, of_dear=True, hosts=8),
    Lie(name="the same, four volunteers together", times=TOO_DEAR, kept=600.0, of_dear=True, volunteers=4),
    Lie(name="computes nothing, says that all was late", kept=600.0, at_least=650.0, never=Outcome.LATE),
    Lie(name="computes nothing, says that our code raised", kept=600.0, at_least=650.0, never=Outcome.FAILED),
)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A task that somebody was given: seconds of a reference core, as declared and as it takes."""

    task: int
    experiment: str
    declared: float
    computed: float


@dataclass(kw_only=True)
class Player:
    """A host with its client."""

    nature: Nature
    key: str
    lie: Lie = HONEST
    host: int = 0
    seqno: int = 0
    done: list[Done] = field(default_factory=list)

    def play(self, lab: Simulated, dice: Dice) -> None:
        """Fetch a task, compute it or not, and say of it what the lie wants."""
        for order in self._ask(lab, wants=1.0).orders:
            done = _done(order)
            if self.lie.picks and done.experiment != DEAR:
                self._report(
                    lab, client_messages.failure(order.name, status=_GIVEN_UP, state=6, elapsed=0.0, message="")
                )
                continue
            self.done.append(done)
            took = 0.0 if self.lie.never else _START + done.computed / self.nature.speed * dice.between(0.9, 1.1)
            lab.clock.now += timedelta(seconds=took + self.lie.kept)
            is_lied = done.experiment == DEAR or not self.lie.of_dear
            self._bring(lab, order, max(took * self.lie.times, self.lie.at_least) if is_lied else took)

    def _bring(self, lab: Simulated, order: HeardOrder, seconds: float) -> None:
        if self.lie.never is Outcome.FAILED:
            self._report(lab, client_messages.failure(order.name, status=_RAISED, state=3, elapsed=seconds, message=""))
            return
        body = _late(order) if self.lie.never else output(order)
        size, md5 = len(body), client_messages.md5(body)
        head = client_messages.upload(order.slot, size=size, md5=md5, offset=0)
        arrival = lab.up.transfers.arrive(len(head) + size)
        arrival.take(head + body)
        if status_of(arrival.finish().result()) != 0:
            raise RuntimeError("an upload was refused, so this campaign would prove nothing")
        self._report(lab, client_messages.success(order.name, order.slot, size=size, md5=md5, elapsed=seconds))

    def _report(self, lab: Simulated, report: str) -> None:
        lab.clock.now += timedelta(minutes=2)  # a client does not call at once again
        if len(self._ask(lab, [report]).acknowledged) != 1:
            raise RuntimeError("a report was not taken, so this campaign would prove nothing")

    def _ask(self, lab: Simulated, reports: Sequence[str] = (), *, wants: float = 0.0) -> Heard:
        self.seqno += 1
        boasted = replace(self.nature, speed=self.nature.speed * self.lie.benchmark)
        body = client_messages.request(
            key=self.key,
            host=self.host,
            seqno=self.seqno,
            about=client_messages.computer(boasted, "liars", lab.clock.now.timestamp()),
            reports=reports,
            in_hand=[],
            seconds=wants,
            idle=0,
        )
        heard = hear(bytes(lab.up.scheduler.answer_request(body).result()))
        if heard.host is not None:
            self.host, self.seqno = heard.host, 0
        return heard


@dataclass(frozen=True, kw_only=True)
class Course:
    """The tasks of the seventh volunteer, and of those who lie with it, in turns, and the pay of each."""

    done: Sequence[Done]
    paid: Mapping[int, int]  # thousandths, by task

    def paid_for(self, tasks: Sequence[Done]) -> int:
        """Thousandths for all of these."""
        return sum(self.paid.get(done.task, 0) for done in tasks)


def play(lie: Lie, place: Path, *, rounds: int) -> Course:
    """One laboratory in which somebody lies so."""
    lab = Simulated.make(place, 1, BEGIN, _SETTINGS, journalled=False, published=published())
    lab.start()
    dice = Dice(1, "liars")
    honest = [_player(lab.join(f"V-{number}"), number, speed) for number, speed in enumerate(SPEEDS)]
    liars = []
    for volunteer in range(lie.volunteers):
        key, first = lab.join(f"L-{volunteer}"), 100 * (volunteer + 1)
        liars += [_player(key, first + host, 1.0, lie) for host in range(lie.hosts)]
    for name in EXPERIMENTS:
        lab.order(rounds * (len(honest) + len(liars)), replicates_each=2, experiment=name)
    for _ in range(rounds):
        for player in sorted((*honest, *liars), key=lambda _: dice.share()):
            player.play(lab, dice)
        lab.work()
    autopilot.hold_session(lab, "what failed is looked at for credit")
    with Connections(folder=lab.folder).reader() as db:
        paid = {row["task_id"]: row["amount"] for row in db.select(_AWARDED)}
    lab.end()
    turns = max(len(player.done) for player in liars)
    done = [player.done[turn] for turn in range(turns) for player in liars if turn < len(player.done)]
    return Course(done=done, paid=paid)


@functools.cache
def published() -> tuple[PackedBundle, ...]:
    """The four experiments: the drill under other names, and with other costs."""
    package = Path(axiom.__file__).parent
    drill = Path(fleet_drill.__file__).read_text(encoding="utf-8")
    made = []
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        for name in EXPERIMENTS:
            file = Path(folder) / f"{name}.py"
            file.write_text(drill.replace('"fleet_drill"', f'"{name}"').replace("300.0", str(CELL_SECONDS)))
            made.append(pack_experiment(package, file))
    return tuple(made)


def gains(honest: Course, course: Course) -> tuple[float, float]:
    """Compare the pay of liars with that of an honest volunteer: for their first task, and for the last half."""
    by_experiment = {name: [done for done in honest.done if done.experiment == name] for name in EXPERIMENTS}
    first = {name: _rate(honest, tasks[:1]) for name, tasks in by_experiment.items() if tasks}
    later = {name: _rate(honest, _last_half(tasks)) for name, tasks in by_experiment.items() if tasks}
    return _gain(course, course.done[:1], first), _gain(course, _last_half(course.done), later)


def gain_by_picking(honest: Course, course: Course) -> tuple[float, float]:
    """Compare the pay for as many seconds of computing, whatever is computed."""
    compared = []
    for mine, theirs in ((course.done[:1], honest.done), (_last_half(course.done), _last_half(honest.done))):
        rate = honest.paid_for(theirs) / sum(done.computed for done in theirs)
        compared.append(course.paid_for(mine) / sum(done.computed for done in mine) / rate)
    return compared[0], compared[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, compare, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=32, help="tasks of each host, sixteen at least")
    parser.add_argument("--turns", type=int, default=12_000, help="tasks of each host in a fleet with wrong ones")
    wanted = parser.parse_args(arguments)
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="axiom-liars-", dir=quick()) as place:
        courses = {
            lie: play(lie, Path(place) / str(number), rounds=wanted.rounds)
            for number, lie in enumerate((HONEST, PICKS, *LIES))
        }
    honest = courses[HONEST]
    gained = {lie: gains(honest, courses[lie]) for lie in LIES} | {PICKS: gain_by_picking(honest, courses[PICKS])}
    print(f"{'gain, times':<50}{'first task':>12}{'last half':>12}")
    for lie, (first, later) in gained.items():
        print(f"{lie.name:<50}{first:>12.2f}{later:>12.2f}")
    lying = max(max(gained[lie]) for lie in LIES)
    picking = gained[PICKS][1]
    print(f"the best liar gains {lying:.2f} times (at most {MOST_BY_LYING})")
    print(f"picking gains {picking:.2f} times in the end (at most {MOST_BY_PICKING})")
    is_found = find(wanted.turns)
    return 0 if lying <= MOST_BY_LYING and picking <= MOST_BY_PICKING and is_found else 1


def find(turns: int) -> bool:
    """Print what checks cost and how soon they find wrong hosts, by each rule; is the newer one as good as promised?"""
    print(f"\n{'extra tasks for amounts hundred of 83 right hosts':<60}" + "".join(f"{name:>26}" for name in RULES))
    spent: list[float] = []
    for versions in (57, 4):
        by_rule = [costs(rule, versions=versions, seed=1) for rule in RULES.values()]
        headings = f"of {versions} versions, the first 20 tasks of each", "  and the 400 after that"
        for place, what in enumerate(headings):
            print(f"{what:<60}" + "".join(f"{amounts[place]:>26.1f}" for amounts in by_rule))
        spent.append(by_rule[-1][1])
    places = (1, 3, 7, 14, 30, 44, 90)
    print(f"\n{'of a hundred wrong hosts, given away by the k-th wrong task':<86}" + "".join(f"{k:>6}" for k in places))
    shares: dict[str, dict[int, float]] = {}
    accused = 0
    for rule_name, rule in RULES.items():
        fleet = detection(rule, seed=1, rounds=turns)
        accused += fleet.accused
        for fault in FAULTS:
            gave_away = fleet.gave_away[fault.name]
            shares[fault.name] = {k: found_by(gave_away, k) for k in places}  # the newer rule comes last
            row = "".join(f"{100 * share:>6.0f}" for share in shares[fault.name].values())
            print(f"{f'{fault.name}; {rule_name}':<86}{row}   ({len(gave_away)} hosts)")
    print(f"right hosts that were outvoted: {accused} (none may be)")
    begins, *_, becomes, in_one = (shares[fault.name] for fault in FAULTS)
    print(f"known hosts cost {max(spent):.1f} extra tasks of a hundred (at most {MOST_EXTRA})")
    is_soon = begins[7] >= SOON and min(becomes[90], in_one[90]) >= LATER
    return max(spent) <= MOST_EXTRA and is_soon and not accused


def _player(key: str, number: int, speed: float, lie: Lie = HONEST) -> Player:
    return Player(nature=Nature(number=number, build=_BUILD, volunteer="", speed=speed), key=key, lie=lie)


def _done(order: HeardOrder) -> Done:
    experiment = str(order.ticket["experiment"])
    declared = math.fsum(CELL_SECONDS * config["size"] for *_, config in cells_of(order))
    computed = declared / TOO_DEAR if experiment == DEAR else declared
    return Done(task=order.task, experiment=experiment, declared=declared, computed=computed)


def _late(order: HeardOrder) -> bytes:
    """An output of which nothing can be compared with anybody else's."""
    cells = (
        CellOutput(
            replicate=replicate,
            config=place,
            seed=seed,
            outcome=Outcome.LATE,
            measures=None,
            early=(),
            cpu_seconds=1e6,
        )
        for replicate, place, seed, _ in cells_of(order)
    )
    return written(order, _PLATFORM, cells)


def _last_half(tasks: Sequence[Done]) -> Sequence[Done]:
    return tasks[len(tasks) // 2 :]


def _rate(course: Course, tasks: Sequence[Done]) -> float:
    """Thousandths for a declared second."""
    return course.paid_for(tasks) / sum(done.declared for done in tasks)


def _gain(course: Course, tasks: Sequence[Done], rates: Mapping[str, float]) -> float:
    return course.paid_for(tasks) / sum(done.declared * rates[done.experiment] for done in tasks)


if __name__ == "__main__":
    sys.exit(main())
