"""What a volunteer's computers have done, day by day, and who has earned how much with an experiment.

Both are counted from awards.

An award never changes, so each is counted once: a long history is read when its page is first asked for, and later
only what is new.
"""

import heapq
import json
import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from axiom.store.credit.ledger import HOST, TEAM, VOLUNTEER
from axiom.store.engine.database import Database, as_value, from_microseconds

HOLDERS = (VOLUNTEER, HOST, TEAM)

# A day has 86,400,000,000 microseconds.
_NEWER = """
SELECT a.created_at / 86400000000 AS day, sum(a.amount) AS amount, sum(a.reason = 'computed') AS computed,
    sum(CASE WHEN a.reason = 'computed' THEN coalesce(t.cpu_seconds, 0) ELSE 0 END) AS seconds,
    min(CASE WHEN a.reason = 'computed' THEN a.created_at END) AS first, max(a.id) AS last
FROM award a JOIN task t ON t.id = a.task_id WHERE a.volunteer_id = :volunteer_id AND a.id > :after
GROUP BY day ORDER BY day
"""
_OF_EXPERIMENT = """
SELECT a.volunteer_id, a.host_id, a.team_id, sum(a.amount) AS amount FROM award a JOIN task t ON t.id = a.task_id
WHERE t.experiment_id IN (SELECT value FROM json_each(:versions)) AND a.id > :after AND a.id <= :newest
GROUP BY a.volunteer_id, a.host_id, a.team_id
"""
_IN_HAND = """
SELECT t.experiment_id, w.registration_id, t.sent_at, t.deadline, w.replicates, w.configs, o.seen_at
FROM json_each(:hosts) h CROSS JOIN task t ON t.host_id = h.value AND t.state = 'sent'
    JOIN workunit w ON w.id = t.workunit_id JOIN host o ON o.id = t.host_id
ORDER BY t.id LIMIT :limit
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class VolunteerRecord:
    valid: int  # tasks whose results are proven
    cpu_seconds: float  # that these took, by their hosts' word
    first_at: datetime | None  # when the first of them was awarded
    credit: tuple[tuple[int, int], ...]  # by day since 1970, in thousandths; a day without any is left out
    worked: frozenset[int]  # days since 1970 on which a task was proven


@dataclass
class VolunteerTotals:
    """The running sums of one volunteer. Pages are made by several threads; they share one."""

    volunteer_id: int
    _last: int = 0
    _valid: int = 0
    _seconds: float = 0.0
    _first: int | None = None
    _days: Counter[int] = field(default_factory=Counter)
    _worked: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, db: Database) -> VolunteerRecord:
        with self._lock:
            for row in db.select(_NEWER, volunteer_id=self.volunteer_id, after=self._last):
                self._days[row["day"]] += row["amount"]
                self._valid += row["computed"]
                self._worked |= {row["day"]} if row["computed"] else set()
                self._seconds += row["seconds"]
                self._first = row["first"] if self._first is None else self._first
                self._last = max(self._last, row["last"])
            return VolunteerRecord(
                valid=self._valid,
                cpu_seconds=self._seconds,
                first_at=None if self._first is None else from_microseconds(self._first),
                credit=tuple(sorted(self._days.items())),
                worked=frozenset(self._worked),
            )


@dataclass
class ExperimentCredit:
    """Who has earned how much with these versions of an experiment. The threads that make pages share one."""

    versions: tuple[int, ...]
    _last: int = 0
    _sums: dict[str, Counter[int]] = field(default_factory=lambda: {holder: Counter() for holder in HOLDERS})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def most(self, db: Database, holder: str, amount: int) -> list[tuple[int, int]]:
        with self._lock:
            newest = db.number("SELECT max(id) FROM award")
            words = {"versions": json.dumps(self.versions), "after": self._last, "newest": newest}
            for row in db.select(_OF_EXPERIMENT, **words):
                for kind in HOLDERS:
                    if row[f"{kind}_id"] is not None:
                        self._sums[kind][row[f"{kind}_id"]] += row["amount"]
            self._last = max(self._last, newest)
            largest = heapq.nsmallest(amount, self._sums[holder].items(), key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in largest if pair[1] > 0]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskInHand:
    experiment_id: int
    registration_id: int
    replicates: int
    configs: tuple[int, ...]
    sent_at: datetime
    deadline: datetime
    heard_at: datetime  # when the host last asked


def list_unfinished_tasks(db: Database, host_ids: Collection[int], limit: int) -> list[TaskInHand]:
    return [
        as_value(
            TaskInHand, row, replicates=len(json.loads(row["replicates"])), heard_at=from_microseconds(row["seen_at"])
        )
        for row in db.select(_IN_HAND, hosts=json.dumps(sorted(host_ids)), limit=limit)
    ]


def sum_credit_by_week(credit: tuple[tuple[int, int], ...], now: datetime, most: int) -> list[tuple[datetime, int]]:
    if not credit:
        return []
    sums = Counter[int]()
    for day, amount in credit:
        sums[(day + 3) // 7] += amount  # 1 January 1970 was a Thursday
    this = (int(now.timestamp() // 86_400) + 3) // 7
    first = max(min(sums), this - most + 1)
    return [
        (from_microseconds(0) + timedelta(days=7 * week - 3), sums[week]) for week in range(first, max(this, first) + 1)
    ]
