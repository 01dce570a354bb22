"""Credit: how it is computed, to whom it goes, and the bookings that add up to zero."""

from dataclasses import dataclass, replace
from enum import StrEnum

from axiom.domain.value import value_class


class Reason(StrEnum):
    """For what a task is paid. A task is paid for one of these, once; corrections are numbered."""

    COMPUTED = "computed"  # its results are proven
    FAILED = "failed"  # it ended otherwise, and that was not the laboratory's doing
    BROKEN = "broken"  # it ended otherwise by the laboratory's doing: code, server, or withdrawn
    CORRECTION = "correction"  # somebody sets right what was awarded before


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """A stretch of seconds, from `start` up to, but without, `end`, and the amount that a task in it gets."""

    start: int
    end: int | None  # None is without end
    amount: int  # thousandths of a credit

    @property
    def name(self) -> str:
        return f"{self.start} s and more" if self.end is None else f"{self.start} to {self.end} s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """How credit is computed, in thousandths, by core-seconds or by tiers. A change is a new version.

    A task is as long as its work takes on a reference core. `by_clock` tiers, those of the old tables, go by the
    elapsed time that a host reports instead.
    """

    name: str
    version: int
    per_core_second: int = 0  # for one second of a reference core; counts where there are no tiers
    tiers: tuple[Tier, ...] = ()
    by_clock: bool = False  # the tiers believe a host's clock
    gpu_bonus: int = 0  # on top, for a task that computed on a GPU
    failed: int | None = 0  # for a task that failed; None pays it as if it were valid
    broken: int | None = None  # for a task that failed by the laboratory's doing; None pays it as if it were valid
    session_cap: int | None = None  # the most that is awarded between two sessions


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedTime:
    """How long a task took by its host's word, and how long the host had it by the laboratory's own clock."""

    cpu_seconds: float
    elapsed_seconds: float
    out_seconds: float | None = None  # between dispatch and return

    def of_cores(self, cores: int) -> "ReportedTime":
        """Count the time of each of so many cores that it may have had; how many it had, their own time says."""
        busy = min(self.cpu_seconds, cores * self.elapsed_seconds)
        out = None if self.out_seconds is None else cores * self.out_seconds
        return replace(self, elapsed_seconds=max(self.elapsed_seconds, busy), out_seconds=out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Award:
    """Credit for one task and one reason, once. In whole thousandths."""

    task_id: int
    reason: str
    host_id: int
    volunteer_id: int
    amount: int
    because: str
    team_id: int | None = None  # the volunteer's at that moment
    tier: str = ""  # by which it was priced


@value_class
class Balance:
    """The credit of a volunteer, a host or a team: the total in thousandths, and a recent average in credits a day."""

    total: int
    recent: float  # as it was at `recent_at`; it halves every seven days
    recent_at: int  # microseconds since 1970
