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


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One side of a booking; the two sides of an award add up to zero."""

    account: str  # laboratory, or volunteer:7
    amount: int
