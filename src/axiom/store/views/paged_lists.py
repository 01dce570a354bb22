"""Hosts, volunteers and teams, a part of a list at a time, and how many there are.

Every question goes along an index and stops after so many rows: there may be a hundred thousand hosts.
"""

from dataclasses import dataclass
from enum import StrEnum

from axiom.store.engine.database import Database


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


def _ids(db: Database, sql: str, mark: int, limit: int, whose: int) -> list[int]:
    return [row["id"] for row in db.select(sql, mark=mark, limit=limit, whose=whose)]
