"""What the teams earned within a month, counted award by award: a page reads only what is new since the one before."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from axiom.store.engine.database import Database, to_microseconds

_EARNED = """
SELECT team_id, sum(amount) AS amount FROM award
WHERE id > :after AND id <= :newest AND created_at >= :since AND created_at < :until AND team_id IS NOT NULL
GROUP BY team_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    year: int
    month: int

    @property
    def begins(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def after(self) -> "Month":
        return Month(year=self.year + self.month // 12, month=self.month % 12 + 1)

    @property
    def before(self) -> "Month":
        return Month(year=self.year - (self.month == 1), month=(self.month - 2) % 12 + 1)


@dataclass
class TeamRace:
    """The running sums of one month. Pages are made by several threads; they share one."""

    month: Month
    _last: int | None = None  # the newest award that was looked at; None before the first look
    _sums: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ranking(self, db: Database) -> list[tuple[int, int]]:
        with self._lock:
            since, until = to_microseconds(self.month.begins), to_microseconds(self.month.after.begins)
            after = _last_award_before(db, since) if self._last is None else self._last
            newest = _newest_award(db)
            for row in db.select(_EARNED, after=after, newest=newest, since=since, until=until):
                self._sums[row["team_id"]] += row["amount"]
            self._last = max(after, newest)
            return sorted(self._sums.items(), key=lambda pair: (-pair[1], pair[0]))


def _last_award_before(db: Database, stamp: int) -> int:
    """The last award before this moment, found by halving: awards are booked one after the other."""
    low, high = 0, _newest_award(db)  # what is sought lies in this range
    while low < high:
        middle = (low + high + 1) // 2
        row = db.row("SELECT id, created_at FROM award WHERE id >= :id ORDER BY id LIMIT 1", id=middle)
        if row is None or row["created_at"] >= stamp:
            high = middle - 1
        else:
            low = int(row["id"])
    return low


def _newest_award(db: Database) -> int:
    return db.number("SELECT coalesce(max(id), 0) AS id FROM award")
