"""Hosts, volunteers and teams as pages show them: a part of a list at a time, how many, ranks, what was carried over.

Every question goes along an index and stops after so many rows: there may be a hundred thousand hosts.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from axiom.domain.credit import Balance
from axiom.store.engine.database import Database, as_value, from_microseconds, to_microseconds

_EXTENT = """
SELECT count(*) AS known, coalesce(sum(is_shown), 0) AS hosts, coalesce(sum(is_shown * cores), 0) AS cores
FROM (SELECT cores, valid_in_row > 0 OR volunteer_id IN (SELECT id FROM volunteer WHERE is_ours = 1) OR EXISTS (
    SELECT 1 FROM task t WHERE t.host_id = host.id AND t.sent_at IS NOT NULL AND t.state = 'valid') AS is_shown
    FROM host)
"""
_LATELY = "SELECT holder_id, total, recent, recent_at FROM balance WHERE holder = :holder AND recent_at >= :since"
_LARGER = "SELECT count(*) AS amount FROM balance WHERE holder = :holder AND total > :total"
_LARGER_PLAYED = {
    "volunteer": """
SELECT count(*) AS amount FROM balance b JOIN volunteer v ON v.id = b.holder_id
WHERE b.holder = 'volunteer' AND b.total > :total AND v.is_simulated = 1
""",
    "host": """
SELECT count(*) AS amount FROM balance b JOIN host h ON h.id = b.holder_id
WHERE b.holder = 'host' AND b.total > :total AND h.is_simulated = 1
""",
}
_SIMULATED = {
    "volunteer": "SELECT id FROM volunteer WHERE is_simulated = 1 AND id > 0",
    "host": "SELECT id FROM host WHERE is_simulated = 1 AND id > 0",
}
_CARRIED = """
SELECT source, amount, because, created_at FROM carried WHERE holder = 'volunteer' AND holder_id = :volunteer_id
ORDER BY source
"""


class PagedList(StrEnum):
    HOSTS = "hosts"
    HOSTS_OF = "hosts of a volunteer"
    VOLUNTEERS = "volunteers"
    MEMBERS = "volunteers of a team"
    TEAMS = "teams"  # to which somebody belongs


_ON = {
    PagedList.HOSTS: "SELECT id FROM host WHERE id > :mark ORDER BY id LIMIT :limit",
    PagedList.HOSTS_OF: "SELECT id FROM host WHERE volunteer_id = :whose AND id > :mark ORDER BY id LIMIT :limit",
    PagedList.VOLUNTEERS: "SELECT id FROM volunteer WHERE id > :mark ORDER BY id LIMIT :limit",
    PagedList.MEMBERS: "SELECT id FROM volunteer WHERE team_id = :whose AND id > :mark ORDER BY id LIMIT :limit",
    PagedList.TEAMS: """
SELECT id FROM team t WHERE id > :mark AND EXISTS (SELECT 1 FROM volunteer v WHERE v.team_id = t.id)
ORDER BY id LIMIT :limit
""",
}
_BACK = {
    PagedList.HOSTS: "SELECT id FROM host WHERE id < :mark ORDER BY id DESC LIMIT :limit",
    PagedList.HOSTS_OF: "SELECT id FROM host WHERE volunteer_id = :whose AND id < :mark ORDER BY id DESC LIMIT :limit",
    PagedList.VOLUNTEERS: "SELECT id FROM volunteer WHERE id < :mark ORDER BY id DESC LIMIT :limit",
    PagedList.MEMBERS: "SELECT id FROM volunteer WHERE team_id = :whose AND id < :mark ORDER BY id DESC LIMIT :limit",
    PagedList.TEAMS: """
SELECT id FROM team t WHERE id < :mark AND EXISTS (SELECT 1 FROM volunteer v WHERE v.team_id = t.id)
ORDER BY id DESC LIMIT :limit
""",
}
_AMOUNT = {
    PagedList.HOSTS: "SELECT count(*) AS amount FROM host",
    PagedList.HOSTS_OF: "SELECT count(*) AS amount FROM host WHERE volunteer_id = :whose",
    PagedList.VOLUNTEERS: "SELECT count(*) AS amount FROM volunteer",
    PagedList.MEMBERS: "SELECT count(*) AS amount FROM volunteer WHERE team_id = :whose",
    PagedList.TEAMS: "SELECT count(DISTINCT team_id) AS amount FROM volunteer WHERE team_id IS NOT NULL",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPart:
    ids: tuple[int, ...]
    is_more_before: bool
    is_more_after: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedCredit:
    source: str
    amount: int
    because: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetExtent:
    """How large the fleet is. A volunteer's host counts from its first valid task on: whatever it is, it computes."""

    hosts: int
    cores: int  # of these
    new: int  # hosts that had no valid task yet, of whose cores nothing is known but what they say


def read_list_part(
    db: Database, of: PagedList, *, limit: int, after: int = 0, before: int = 0, whose: int = 0
) -> ListPart:
    ids = sorted(_ids(db, _BACK[of] if before else _ON[of], before or after, limit, whose))
    return ListPart(
        ids=tuple(ids),
        is_more_before=bool(ids) and bool(_ids(db, _BACK[of], ids[0], 1, whose)),
        is_more_after=bool(ids) and bool(_ids(db, _ON[of], ids[-1], 1, whose)),
    )


def count_list_entries(db: Database, of: PagedList, whose: int = 0) -> int:
    return db.number(_AMOUNT[of], whose=whose)


def measure_fleet_extent(db: Database) -> FleetExtent:
    row = db.row(_EXTENT)
    if row is None:
        return FleetExtent(hosts=0, cores=0, new=0)
    return FleetExtent(hosts=row["hosts"], cores=row["cores"], new=row["known"] - row["hosts"])


def list_recent_balances(db: Database, holder: str, moment_: datetime) -> list[tuple[int, Balance]]:
    """What all volunteers, hosts or teams have whose recent average has changed since then, in no order.

    Whoever only plays a part is in no ranking.
    """
    played = {row["id"] for row in db.select(_SIMULATED[holder])} if holder in _SIMULATED else set()
    return [
        (row["holder_id"], as_value(Balance, row))
        for row in db.select(_LATELY, holder=holder, since=to_microseconds(moment_))
        if row["holder_id"] not in played
    ]


def find_credit_rank(db: Database, holder: str, total: int) -> int:
    larger = db.number(_LARGER, holder=holder, total=total)
    played = db.number(_LARGER_PLAYED[holder], total=total) if larger and holder in _LARGER_PLAYED else 0
    return 1 + larger - played


def list_carried_credit(db: Database, volunteer_id: int) -> list[CarriedCredit]:
    return [
        as_value(CarriedCredit, row, at=from_microseconds(row["created_at"]))
        for row in db.select(_CARRIED, volunteer_id=volunteer_id)
    ]


def _ids(db: Database, sql: str, mark: int, limit: int, whose: int) -> list[int]:
    return [row["id"] for row in db.select(sql, mark=mark, limit=limit, whose=whose)]
