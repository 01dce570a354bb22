"""What every measurement of a laboratory under load shares: figures in rounds, and requests with their CPU."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from axiom.domain.work import TaskState
from loadgen.hosts import Host, fleet
from loadgen.laboratory import MEASURES, Laboratory
from loadgen.lane import Mode, Plan
from loadgen.outputs import axiom_maker
from loadgen.play import Played, play
from loadgen.processes import cost

LANES = 16  # connections at once, the most with which BOINC's own server was measured
NO_LIMIT = float("inf")


@dataclass(kw_only=True)
class Figure:
    """One number in its rounds, and what it must be."""

    name: str
    unit: str
    limit: float
    at_least: bool = False
    rounds: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median round."""
        return statistics.median(self.rounds)

    @property
    def is_met(self) -> bool:
        """Does it hold?"""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        rounds = ", ".join(f"{figure:,.3g}" if figure < 100 else f"{figure:,.0f}" for figure in self.rounds)
        line = f"{self.name:<46} {self.value:10,.2f} {self.unit:<3}"
        if self.limit == NO_LIMIT:
            return f"       {line} {'':<7} (rounds: {rounds})"
        sign, verdict = "≥" if self.at_least else "≤", "met   " if self.is_met else "MISSED"
        return f"{verdict} {line} {sign} {self.limit:<5,g} (rounds: {rounds})"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What some requests cost the server."""

    cpu: float
    seconds: float
    requests: int

    def ms(self, *, rest: float = 0.0) -> float:
        """Milliseconds of CPU for each; `rest` is the share of a core that the server uses anyway."""
        return 1e3 * (self.cpu - rest * self.seconds) / self.requests


@dataclass(kw_only=True)
class Bench:
    """A laboratory that serves, its fleet, and what was found so far."""

    lab: Laboratory
    plan: Plan
    hosts: Sequence[Host]
    requests: int = 0
    figures: dict[str, Figure] = field(default_factory=dict)

    def note(self, name: str, value: float, unit: str, limit: float = NO_LIMIT, *, at_least: bool = False) -> None:
        """Add a round to a figure."""
        figure = self.figures.setdefault(name, Figure(name=name, unit=unit, limit=limit, at_least=at_least))
        figure.rounds.append(value)

    def play(self, mode: Mode, **changes: object) -> tuple[Played, float]:
        """Let the fleet do something; what it did, and the server's CPU seconds meanwhile."""
        plan = replace(self.plan, mode=mode, **changes)  # type: ignore[arg-type]
        before = cost(self.lab.pid).cpu
        played = play(plan, self.hosts, lanes=LANES)
        spent = cost(self.lab.pid).cpu - before
        self.take_in(plan, played)
        return played, spent

    def take_in(self, plan: Plan, played: Played) -> None:
        """Remember the hosts, and stop when something failed: a server that refuses looks fast."""
        self.hosts = played.hosts
        self.requests += played.score.requests
        if played.score.failures or played.score.refused:
            sys.exit(f"{plan.mode}: {played.score.failures} failures, {played.score.faults.most_common(5)}")

    def enough(self, tasks: int) -> None:
        """At least so many tasks wait to be sent."""
        short = tasks - self.lab.tasks()[TaskState.UNSENT]
        if short > 0:
            self.lab.deploy(short)


def begin(lab: Laboratory, *, hosts: int, accounts: int) -> Bench:
    """A bench on a laboratory that serves, whose hosts have their numbers."""
    plan = Plan(url=lab.scheduler(), mode=Mode.REGISTER, seconds=120.0, maker=axiom_maker(MEASURES, cpu_seconds=3.0))
    bench = Bench(lab=lab, plan=plan, hosts=fleet(hosts, lab.accounts(accounts)))
    bench.play(Mode.REGISTER)
    lab.calm()
    return bench


def rest(bench: Bench, *, seconds: float = 4.0) -> float:
    """How much of a core the server uses while nobody asks for anything."""
    before = cost(bench.lab.pid).cpu
    time.sleep(seconds)
    return (cost(bench.lab.pid).cpu - before) / seconds


def ping(bench: Bench, *, turns: int = 5) -> Spent:
    """What requests cost that ask nothing and report nothing."""
    played, spent = bench.play(Mode.EMPTY, turns=turns)
    return Spent(cpu=spent, seconds=played.seconds, requests=played.score.requests)


def turn(bench: Bench) -> tuple[Spent, Spent]:
    """What requests cost that report 8 and fetch 8: by themselves, and with uploads, judging and credit."""
    tasks, hosts = 8 * len(bench.hosts), len(bench.hosts)
    bench.play(Mode.REPORT)
    bench.play(Mode.FETCH, turns=1)
    bench.lab.settle()
    began, before = time.monotonic(), cost(bench.lab.pid).cpu
    with bench.lab.judging_paused():
        played, spent = bench.play(Mode.CYCLE, turns=1, uploads=False)
    if (len(played.score.acknowledged), played.score.tasks) != (tasks, tasks):
        sys.exit(
            f"{hosts} requests were to report and fetch {tasks} tasks: {len(played.score.acknowledged)} and "
            f"{played.score.tasks} were; {played.score.messages.most_common(3)}"
        )
    bench.play(Mode.UPLOAD)
    bench.lab.settle()
    alone = Spent(cpu=spent, seconds=played.seconds, requests=hosts)
    whole = cost(bench.lab.pid).cpu - before
    return alone, Spent(cpu=whole, seconds=time.monotonic() - began, requests=hosts)
