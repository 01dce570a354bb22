"""Failures and watches: groups of failures and what they suggest, suspect hosts, conditions to be told of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from axiom.domain.failure_causes import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class RaisedError:
    """An exception in a program on a host and its place: names and numbers that we know, never the host's words."""

    kind: str  # of Python's exceptions, or "another exception"
    file: str  # within the bundle
    line: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.file}, line {self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndingCount:
    """How many tasks of a version ended in one way on one host."""

    experiment_id: int
    bundle_digest: str
    host_id: int
    platform: str
    cause: Cause
    raised: str
    amount: int
    first_at: datetime
    last_at: datetime
    last_task: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureGroup:
    """Tasks of one version that ended badly in the same way on one kind of host."""

    experiment_id: int
    cause: Cause
    raised: str  # a `RaisedError` in words; empty where nobody knows
    platform: str
    by_host: tuple[tuple[int, int], ...]  # how many tasks failed on which host
    first_at: datetime
    last_at: datetime
    last_task: int
    works_on: tuple[int, ...]  # hosts that have returned valid tasks of the same version
    works_here: int  # of these, how many are of the same platform
    last_tasks: tuple[int, ...] = ()  # one of each host, the newest first
    bundle: str = ""  # with which the newest ended

    @property
    def tasks(self) -> int:
        return sum(amount for _, amount in self.by_host)

    @property
    def hosts(self) -> tuple[int, ...]:
        return tuple(host for host, _ in self.by_host)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """Where to look first for the reason of a failure, and why."""

    look_at: str  # the experiment, the host, the platform, the laboratory, the volunteer
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedHost:
    """A host, with everything by which it may look suspect: silent, failing, copied or flooding."""

    host_id: int
    volunteer_id: int
    cpid: str  # its client's own name for it; a copied folder carries it along
    created_at: datetime
    seen_at: datetime
    out: int  # tasks that it has
    oldest_sent: datetime | None  # of these
    quota: int | None  # tasks a day and core; None is the laboratory's most
    valid_in_row: int
    contacts: int  # as its client counts them
    is_ours: bool = False


class Comparison(StrEnum):
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A condition that somebody watches for: they are told when a result first meets it. It is never evidence."""

    id: int
    experiment_id: int
    sentence: str  # as whoever registered it puts it
    measure: str
    comparison: Comparison
    threshold: float
    registered_at: datetime
    seen_result: int  # up to which result it was looked for
    ended_at: datetime | None = None
    hits: int = 0
    first_hit: int | None = None  # the result
    first_hit_at: datetime | None = None
    value: float | None = None  # of the measure in that result

    @property
    def predicate(self) -> str:
        """What is looked for, without anybody's words."""
        return f"{self.measure} {self.comparison} {self.threshold:g}"
