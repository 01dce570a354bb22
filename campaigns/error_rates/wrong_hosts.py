"""A fleet with wrong hosts in it, through the laboratory's own decisions on checks: how soon are they found, for what?

Hosts take turns. Each takes the oldest check that it may have, or else a new task of one of the versions. Whether a
task is checked, who differs and who stands alone is decided as on a server; there is no clock and no wire.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from axiom.domain.work import Agreement, ComparedTask, Outcome, Result
from axiom.limits import tasks as limits
from axiom.rules.tasks.agreement import TaskVote, weigh_checks
from axiom.rules.tasks.recheck_rate import CheckRate, check_rate, is_checked

Rule = Callable[[int, Sequence[ComparedTask]], CheckRate]  # of a version and of what its host has shown

_TOLERANCE = 1e-9
_NOBODY = -1


def as_before(_version: int, _compared: Sequence[ComparedTask]) -> CheckRate:
    """One task in ten of everybody."""
    return CheckRate(one_in=limits.RECHECK_ONE_IN, reason="as of everybody")


def by_record(version: int, compared: Sequence[ComparedTask]) -> CheckRate:
    """As the server decides it of a host that was never outvoted."""
    return check_rate(version, compared, is_watched=False)


RULES: dict[str, Rule] = {"one task in ten": as_before, "by what a host has shown": by_record}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How hosts are wrong. Each has values of its own, so that no two of them agree."""

    name: str
    right_before: int = 0  # tasks that such a host computes well
    share: float = 1.0  # of those after that, which it computes wrongly
    version: int = _NOBODY  # the only one that it computes wrongly, if any


FAULTS = (
    Fault(name="wrong from its first task on"),
    Fault(name="one task in four is wrong from the first on", share=0.25),
    Fault(name="known for 200 tasks, then wrong", right_before=200),
    Fault(name="known for 200 tasks, then wrong in one of 4 versions", right_before=200, version=0),
)


@dataclass(kw_only=True)
class Computer:
    """A host, what it has shown, and how it went wrong, if it does."""

    number: int
    fault: Fault | None = None
    compared: dict[int, ComparedTask] = field(default_factory=dict)  # by task, the oldest first
    tasks: int = 0
    wrong: list[int] = field(default_factory=list)  # its wrong tasks
    checks: int = 0  # that its tasks have cost

    def record(self) -> list[ComparedTask]:
        """What is known of it, the newest first."""
        return list(self.compared.values())[: -limits.COMPARISONS_LOOKED_AT - 1 : -1]


@dataclass(kw_only=True)
class Checked:
    """A task that is being checked: what it and its checks say, and whose each is."""

    version: int
    opinions: list[TaskVote]
    owners: dict[int, Computer]


@dataclass(kw_only=True)
class Fleet:
    """Hosts that compute for a laboratory."""

    rule: Rule
    versions: int
    honest: int
    faults: Sequence[Fault] = ()  # of each one host at a time: who is found is replaced by a new one
    rng: random.Random
    hosts: list[Computer] = field(default_factory=list)
    waiting: list[Checked] = field(default_factory=list)
    gave_away: dict[str, list[int]] = field(
        default_factory=dict
    )  # of each fault, which wrong task of a host gave it away
    accused: int = 0  # honest hosts that were outvoted
    _tasks: int = 0
    _met: int = 0

    def __post_init__(self) -> None:
        """Let everybody in."""
        self._secret = self.rng.randbytes(32)
        self.hosts = [self._meet(None) for _ in range(self.honest)] + [self._meet(fault) for fault in self.faults]

    def play(self, rounds: int) -> None:
        """Everybody computes so many tasks."""
        for _ in range(rounds):
            for host in self.rng.sample(self.hosts, len(self.hosts)):
                self._turn(host)

    def _meet(self, fault: Fault | None) -> Computer:
        self._met += 1
        return Computer(number=self._met, fault=fault)

    def _turn(self, host: Computer) -> None:
        self._tasks += 1
        for place, checked in enumerate(self.waiting):
            if host not in checked.owners.values():
                del self.waiting[place]
                self._compute(host, checked)
                self._compare(checked)
                return
        host.tasks += 1
        task = Checked(version=self.rng.randrange(self.versions), opinions=[], owners={})
        rate = self.rule(task.version, host.record())
        self._compute(host, task)
        if is_checked(self._secret, self._tasks, rate.one_in):
            host.checks += 1
            host.compared[self._tasks] = ComparedTask(experiment_id=task.version, agreement=Agreement.WAITING)
            self.waiting.append(task)

    def _compute(self, host: Computer, task: Checked) -> None:
        fault = host.fault
        is_wrong = fault is not None and (
            host.tasks > fault.right_before
            and fault.version in (_NOBODY, task.version)
            and self.rng.random() < fault.share
        )
        if is_wrong:
            host.wrong.append(self._tasks)
        task.opinions.append(TaskVote(task_id=self._tasks, cells=(_cell(host.number if is_wrong else 0),)))
        task.owners[self._tasks] = host

    def _compare(self, checked: Checked) -> None:
        first, *others = checked.opinions
        decided = weigh_checks(first, others, early=_TOLERANCE)
        for task_id, agreement in decided.agreements.items():
            if agreement is not None:
                comparison = ComparedTask(experiment_id=checked.version, agreement=agreement)
                checked.owners[task_id].compared[task_id] = comparison
        if decided.needs_third:
            checked.owners[first.task_id].checks += 1
            self.waiting.append(checked)
        if decided.odd is not None:
            self._find(checked.owners[decided.odd], decided.odd)

    def _find(self, host: Computer, task_id: int) -> None:
        if host.fault is None:
            self.accused += 1
        elif host in self.hosts:
            self.gave_away.setdefault(host.fault.name, []).append(host.wrong.index(task_id) + 1)
            self.hosts[self.hosts.index(host)] = self._meet(host.fault)


def costs(rule: Rule, *, versions: int, seed: int, hosts: int = 83, first: int = 20, rounds: int = 400) -> list[float]:
    """Extra tasks for each hundred of honest hosts: of the first tasks of each host, and of those after."""
    fleet = Fleet(rule=rule, versions=versions, honest=hosts, rng=random.Random(seed))
    fleet.play(first)
    early = _spent(fleet)
    fleet.play(rounds)
    late = _spent(fleet)
    return [100.0 * early[0] / early[1], 100.0 * (late[0] - early[0]) / (late[1] - early[1])]


def detection(rule: Rule, *, seed: int, rounds: int, honest: int = 180, versions: int = 4) -> Fleet:
    """A fleet of which one host in ten is wrong at any time, in each way as many."""
    copies = max(1, honest // 9 // len(FAULTS))
    fleet = Fleet(rule=rule, versions=versions, honest=honest, faults=FAULTS * copies, rng=random.Random(seed))
    fleet.play(rounds)
    return fleet


def found_by(gave_away: Sequence[int], tasks: int) -> float:
    """Which share of hosts was given away by one of its first wrong tasks."""
    return sum(place <= tasks for place in gave_away) / len(gave_away)


def _spent(fleet: Fleet) -> tuple[int, int]:
    return sum(host.checks for host in fleet.hosts), sum(host.tasks for host in fleet.hosts)


def _cell(value: int) -> Result:
    return Result(
        task_id=0,
        experiment_id=0,
        replicate=0,
        config=0,
        seed=0,
        outcome=Outcome.OK,
        measures={"value": 1.0 + value},
        early=(1.0 + value,),
        cpu_seconds=1.0,
    )
