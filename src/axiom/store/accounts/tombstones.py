"""Whom other sites are asked to forget: volunteers and hosts that were in the statistics files and are not any more."""

from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

VOLUNTEER, HOST = "volunteer", "host"
_SINCE = "SELECT number, cpid FROM tombstone WHERE noun = :noun AND created_at > :since ORDER BY number"

_OF_VOLUNTEER = """
DELETE FROM tombstone WHERE (noun = 'volunteer' AND number = :id)
    OR (noun = 'host' AND number IN (SELECT id FROM host WHERE volunteer_id = :id))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    number: int
    cpid: str


def add_tombstone(db: Database, noun: str, number: int, cpid: str, now: datetime) -> None:
    db.add("tombstone", noun=noun, number=number, cpid=cpid, created_at=now)


def list_tombstones(db: Database, noun: str, moment: datetime) -> list[Tombstone]:
    return db.values(Tombstone, _SINCE, noun=noun, since=moment)


def delete_volunteer_tombstones(db: Database, volunteer_id: int) -> None:
    """Who is in the files again, with their hosts, is to be forgotten by nobody."""
    db.execute(_OF_VOLUNTEER, id=volunteer_id)


def delete_old_tombstones(db: Database, before: datetime) -> int:
    return db.execute("DELETE FROM tombstone WHERE created_at <= :before", before=to_microseconds(before))
