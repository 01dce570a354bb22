"""What credit sites are told: who agreed to appear, what their computers are, and how much of everything there is.

Read a part at a time, along keys, by a connection of its own: it holds up nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.credit import Balance
from axiom.domain.fleet import Team, Volunteer
from axiom.domain.value import value_class
from axiom.store.engine.database import Database, Row, as_value

_VOLUNTEERS = """
SELECT v.*, coalesce(v.spelt_email, v.email) AS address, b.total, b.recent, b.recent_at FROM volunteer v
LEFT JOIN balance b ON b.holder = 'volunteer' AND b.holder_id = v.id
WHERE v.id > :after AND v.is_exported = 1 AND v.is_simulated = 0 AND v.email IS NOT NULL ORDER BY v.id LIMIT :limit
"""
_TEAMS = """
SELECT t.*, v.id AS founder, v.name AS founder_name, b.total, b.recent, b.recent_at, f.total AS founder_total,
    f.recent AS founder_recent, f.recent_at AS founder_recent_at FROM team t
LEFT JOIN volunteer v ON v.id = t.founder_id AND v.is_exported = 1 AND v.is_simulated = 0 AND v.email IS NOT NULL
LEFT JOIN balance b ON b.holder = 'team' AND b.holder_id = t.id
LEFT JOIN balance f ON f.holder = 'volunteer' AND f.holder_id = t.founder_id
WHERE t.id > :after AND (b.total > 0 OR EXISTS (SELECT 1 FROM volunteer m WHERE m.team_id = t.id))
ORDER BY t.id LIMIT :limit
"""
_HOSTS = """
SELECT h.*, b.total, b.recent, b.recent_at FROM json_each(:volunteers) j
CROSS JOIN host h ON h.volunteer_id = j.value
LEFT JOIN balance b ON b.holder = 'host' AND b.holder_id = h.id ORDER BY h.id
"""
_HOLDERS = """
SELECT count(*) AS everybody, coalesce(sum(recent_at > :since), 0) AS lately,
    coalesce(sum(CASE WHEN recent_at > :since THEN recent ELSE 0 END), 0) AS recent
FROM balance WHERE holder = :holder AND total > 0
    AND NOT (holder = 'volunteer' AND holder_id IN (SELECT id FROM volunteer WHERE is_simulated = 1))
    AND NOT (holder = 'host' AND holder_id IN (SELECT id FROM host WHERE is_simulated = 1))
"""
_NEW_VOLUNTEERS = "SELECT count(*) AS amount FROM volunteer WHERE created_at > :since AND is_simulated = 0"
_NEW_HOSTS = "SELECT count(*) AS amount FROM host WHERE created_at > :since AND is_simulated = 0"
_LATELY = """
SELECT t.experiment_id, avg(t.elapsed_seconds) AS mean_seconds, min(t.elapsed_seconds) AS least_seconds,
    max(t.elapsed_seconds) AS most_seconds, count(DISTINCT a.volunteer_id) AS volunteers
FROM (SELECT task_id, volunteer_id FROM award ORDER BY id DESC LIMIT 1000) a
JOIN task t ON t.id = a.task_id WHERE t.elapsed_seconds IS NOT NULL GROUP BY t.experiment_id
"""
_RECENTLY = timedelta(days=30)
_A_DAY = timedelta(days=1)


@value_class
class ExportedVolunteer(Volunteer):
    """One who agreed to appear, with what identifies them elsewhere."""

    address: str  # as its owner spelt it
    cross_id: str
    shows_hosts: bool
    balance: Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedTeam(Team):
    """A team; its founder is named only where they agreed to appear, and is 0 otherwise."""

    founder_name: str
    balance: Balance
    of_founder: Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedHost:
    id: int
    volunteer_id: int
    cpid: str
    cores: int
    flops: float
    created_at: datetime
    seen_at: datetime
    turnaround_seconds: float
    gpus: Sequence[Sequence[Any]]  # kind, count, megabytes, model
    facts: Mapping[str, Any]
    balance: Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class HolderCounts:
    everybody: int
    lately: int
    recent: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentTasks:
    mean_seconds: float
    least_seconds: float
    most_seconds: float
    volunteers: int


def list_exported_volunteers(db: Database, after: int, limit: int) -> list[ExportedVolunteer]:
    return [
        as_value(ExportedVolunteer, row, balance=_balance(row))
        for row in db.select(_VOLUNTEERS, after=after, limit=limit)
    ]


def list_exported_teams(db: Database, after: int, limit: int) -> list[ExportedTeam]:
    """The next teams, but for those to which nobody belongs and nobody ever earned anything."""
    return [
        as_value(
            ExportedTeam,
            row,
            founder_id=row["founder"] or 0,
            founder_name=row["founder_name"] or "",
            balance=_balance(row),
            of_founder=Balance(
                total=row["founder_total"] or 0,
                recent=row["founder_recent"] or 0.0,
                recent_at=row["founder_recent_at"] or row["created_at"],
            ),
        )
        for row in db.select(_TEAMS, after=after, limit=limit)
    ]


def list_exported_hosts(db: Database, volunteer_ids: Sequence[int]) -> list[ExportedHost]:
    return [
        as_value(ExportedHost, row, turnaround_seconds=row["turnaround_seconds"] or 0.0, balance=_balance(row))
        for row in db.select(_HOSTS, volunteers=json.dumps(list(volunteer_ids)))
    ]


def count_credit_holders(db: Database, holder: str, now: datetime) -> HolderCounts:
    (row,) = db.select(_HOLDERS, holder=holder, since=now - _RECENTLY)
    return as_value(HolderCounts, row)


def count_newcomers(db: Database, now: datetime) -> tuple[int, int]:
    return db.number(_NEW_VOLUNTEERS, since=now - _A_DAY), db.number(_NEW_HOSTS, since=now - _A_DAY)


def summarize_recent_tasks(db: Database) -> dict[int, RecentTasks]:
    return {row["experiment_id"]: as_value(RecentTasks, row) for row in db.select(_LATELY)}


def _balance(row: Row) -> Balance:
    return Balance(
        total=row["total"] or 0, recent=row["recent"] or 0.0, recent_at=row["recent_at"] or row["created_at"]
    )
