"""Volunteers and their hosts."""

from datetime import datetime, timedelta

from axiom.domain.fleet import Capacity, Host, Platform, Volunteer
from axiom.store.database import Database, Row, at, moment

_VOLUNTEER = "SELECT * FROM volunteer WHERE name = :name"
_VOLUNTEERS = "SELECT * FROM volunteer ORDER BY id"
_ADD_VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES (:name, :created_at)"
_HOSTS = "SELECT * FROM host ORDER BY id"
_HOST = "SELECT * FROM host WHERE id = :id"
_HOST_BY_NAME = "SELECT * FROM host WHERE volunteer_id = :volunteer_id AND name = :name"
_ADD_HOST = """
INSERT INTO host (volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at)
VALUES (:volunteer_id, :name, :system, :processor, :instructions, :cores, :memory_mb, :now, :now)
"""
_UPDATE_HOST = """
UPDATE host SET system = :system, processor = :processor, instructions = :instructions, cores = :cores,
    memory_mb = :memory_mb, seen_at = :now
WHERE id = :id
"""
_SEEN = "UPDATE host SET seen_at = :now WHERE id = :id AND seen_at < :before"

# A host that asks twice a second for work that is not there must not make the disk write twice a second.
_SELDOM = timedelta(minutes=1)


def volunteer(db: Database, name: str, now: datetime) -> Volunteer:
    """The volunteer of this name, who exists from now on."""
    row = db.one(_VOLUNTEER, name=name)
    if row is None:
        db.insert(_ADD_VOLUNTEER, name=name, created_at=at(now))
        row = db.one(_VOLUNTEER, name=name)
    if row is None:
        raise LookupError(f"volunteer {name} was not stored")
    return Volunteer(id=row["id"], name=row["name"], created_at=moment(row["created_at"]))


def volunteers(db: Database) -> list[Volunteer]:
    """Everybody who owns hosts."""
    return [
        Volunteer(id=row["id"], name=row["name"], created_at=moment(row["created_at"]))
        for row in db.select(_VOLUNTEERS)
    ]


def meet(db: Database, *, volunteer_id: int, name: str, platform: Platform, capacity: Capacity, now: datetime) -> int:
    """The id of this volunteer's host of this name, with what it can do today."""
    facts = {
        "system": platform.system,
        "processor": platform.processor,
        "instructions": platform.instructions,
        "cores": capacity.cores,
        "memory_mb": capacity.memory_mb,
        "now": at(now),
    }
    row = db.one(_HOST_BY_NAME, volunteer_id=volunteer_id, name=name)
    if row is None:
        return db.insert(_ADD_HOST, volunteer_id=volunteer_id, name=name, **facts)
    db.execute(_UPDATE_HOST, id=row["id"], **facts)
    return int(row["id"])


def seen(db: Database, host_id: int, now: datetime, *, idle: bool = False) -> None:
    """Note that the host was heard from; of an idle one, at most once a minute."""
    db.execute(_SEEN, id=host_id, now=at(now), before=at(now - _SELDOM if idle else now))


def host(db: Database, host_id: int) -> Host | None:
    """The host with this id."""
    row = db.one(_HOST, id=host_id)
    return _host(row) if row else None


def hosts(db: Database) -> list[Host]:
    """Every host."""
    return [_host(row) for row in db.select(_HOSTS)]


def _host(row: Row) -> Host:
    return Host(
        id=row["id"],
        volunteer_id=row["volunteer_id"],
        name=row["name"],
        platform=Platform(system=row["system"], processor=row["processor"], instructions=row["instructions"]),
        capacity=Capacity(cores=row["cores"], memory_mb=row["memory_mb"]),
        created_at=moment(row["created_at"]),
        seen_at=moment(row["seen_at"]),
    )
