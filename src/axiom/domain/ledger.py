"""Credit: how it is computed, to whom it goes, and the bookings that add up to zero."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """How credit is computed. A new version is a new row, announced ahead."""

    name: str
    version: int
    per_core_second: int  # thousandths of a credit for one second of a reference core


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What a volunteer, a host or a team has in all, in thousandths, and a recent average in credits a day."""

    total: int
    recent: float  # as it was at `recent_at`; it halves every seven days
    recent_at: int  # microseconds since 1970
