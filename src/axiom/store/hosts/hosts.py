import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any

from axiom.domain.fleet import Capacity, Gpu, Host, Platform, Standing
from axiom.store.engine.database import Database, Row, at, maybe_moment, moment

_HOST = "SELECT * FROM host WHERE id = :id"
_HOST_BY_NAME = "SELECT id FROM host WHERE volunteer_id = :volunteer_id AND name = :name"
_OF_VOLUNTEER = "SELECT * FROM host WHERE volunteer_id = :volunteer_id ORDER BY id DESC LIMIT :limit"
_BY_CPID = """
SELECT id FROM host WHERE volunteer_id = :volunteer_id AND cpid = :cpid AND cpid <> '' AND id <> :besides
ORDER BY id DESC LIMIT 1
"""
_NEWEST_OF_VOLUNTEER = """
SELECT created_at FROM host WHERE volunteer_id = :volunteer_id ORDER BY id DESC LIMIT 1 OFFSET :skip
"""
_ADD_HOST = """
INSERT INTO host (volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at,
    is_simulated)
VALUES (:volunteer_id, :name, :system, :processor, :instructions, :cores, :memory_mb, :now, :now,
    (SELECT is_simulated FROM volunteer WHERE id = :volunteer_id))
"""
_UPDATE_HOST = """
UPDATE host SET system = :system, processor = :processor, instructions = :instructions, cores = :cores,
    memory_mb = :memory_mb, seen_at = :now
WHERE id = :id
"""
_DESCRIBE = """
UPDATE host SET name = :name, system = :system, processor = :processor, instructions = :instructions, cores = :cores,
    memory_mb = :memory_mb, disk_mb = :disk_mb, flops = :flops, availability = :availability, gpus = :gpus,
    cpid = :cpid, facts = :facts, facts_digest = :facts_digest
WHERE id = :id
"""
_HEARD = "UPDATE host SET rpc_seqno = :rpc_seqno, seen_at = :now WHERE id = :id"
_SEEN = "UPDATE host SET seen_at = :now WHERE id = :id AND seen_at < :before"
_STANDING = """
UPDATE host SET valid_in_row = :valid_in_row, quota = :quota, quota_day = :quota_day, sent_that_day = :sent_that_day,
    turnaround_seconds = :turnaround_seconds, speed = coalesce(:speed, speed)
WHERE id = :id
"""
_HOLD_DOWN = "UPDATE host SET quota = :quota WHERE id = :id AND (quota IS NULL OR quota > :quota)"
_OUTVOTED = """
UPDATE host SET valid_in_row = :valid_in_row, outvoted = :outvoted, outvoted_at = :outvoted_at WHERE id = :id
"""
_SERVED = "UPDATE host SET quota_day = :day, sent_that_day = :sent, why_no_work = '' WHERE id = :id"
_ERASE = """
UPDATE host SET name = 'erased host ' || id, cpid = '', facts = '{}', facts_digest = '', venue = '', why_no_work = ''
WHERE volunteer_id = :volunteer_id
"""
_OTHERS_LATELY = """
SELECT 1 FROM host WHERE volunteer_id <> :volunteer_id AND cores > 0 AND seen_at >= :since AND is_simulated = 0
LIMIT 1
"""

# A host that asks twice a second for work that is not there must not make the disk write twice a second.
_SELDOM = timedelta(minutes=1)
_FEW = 20  # hosts of one name that a volunteer may well have


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientDescription:
    """What a client says of its computer; all of it can be forged."""

    name: str
    cpid: str
    platform: Platform
    capacity: Capacity
    flops: float
    availability: float
    facts: Mapping[str, Any]  # what no decision looks at: vendor, model, system's version and so on
    digest: str  # changes when any of this does


def meet(db: Database, *, volunteer_id: int, name: str, platform: Platform, capacity: Capacity, now: datetime) -> int:
    """The id of this volunteer's host of this name, with what it can do today. For engines of our own."""
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


def add(db: Database, volunteer_id: int, description: ClientDescription, now: datetime) -> int:
    made = db.insert(
        _ADD_HOST,
        volunteer_id=volunteer_id,
        name=_free_name(db, volunteer_id, description.name),
        system=description.platform.system,
        processor=description.platform.processor,
        instructions=description.platform.instructions,
        cores=description.capacity.cores,
        memory_mb=description.capacity.memory_mb,
        now=at(now),
    )
    describe(db, made, description)
    return made


def added_at(db: Database, volunteer_id: int, place: int) -> datetime | None:
    """When the host at this place among the volunteer's newest was added; None when there are fewer."""
    row = db.one(_NEWEST_OF_VOLUNTEER, volunteer_id=volunteer_id, skip=place - 1)
    return moment(row["created_at"]) if row else None


def describe(db: Database, host_id: int, description: ClientDescription) -> None:
    before = db.one(_HOST, id=host_id)
    if before is None:
        return
    is_renamed = not (before["name"] == description.name or before["name"].startswith(f"{description.name} ("))
    name = _free_name(db, before["volunteer_id"], description.name) if is_renamed else before["name"]
    db.execute(
        _DESCRIBE,
        id=host_id,
        name=name,
        cpid=description.cpid,
        system=description.platform.system,
        processor=description.platform.processor,
        instructions=description.platform.instructions,
        cores=description.capacity.cores,
        memory_mb=description.capacity.memory_mb,
        disk_mb=description.capacity.disk_mb,
        flops=description.flops,
        availability=description.availability,
        gpus=json.dumps([[gpu.kind, gpu.count, gpu.memory_mb, gpu.model] for gpu in description.capacity.gpus]),
        facts=json.dumps(description.facts, sort_keys=True),
        facts_digest=description.digest,
    )


def heard(db: Database, host_id: int, rpc_seqno: int, now: datetime) -> None:
    db.execute(_HEARD, id=host_id, rpc_seqno=rpc_seqno, now=at(now))


def seen(db: Database, host_id: int, now: datetime, *, idle: bool = False) -> None:
    """Note that the host was heard from; of an idle one, at most once a minute."""
    db.execute(_SEEN, id=host_id, now=at(now), before=at(now - _SELDOM if idle else now))


def hold_down(db: Database, host_id: int, quota: int) -> None:
    """Give this host no more tasks an hour and core than so many, until valid ones have doubled it often enough."""
    db.execute(_HOLD_DOWN, id=host_id, quota=quota)


def set_standing(db: Database, host_id: int, standing: Standing, *, speed: float | None = None) -> None:
    db.execute(
        _STANDING,
        id=host_id,
        valid_in_row=standing.valid_in_row,
        quota=standing.quota,
        quota_day=standing.quota_day,
        sent_that_day=standing.sent_that_day,
        turnaround_seconds=standing.turnaround_seconds,
        speed=speed,
    )


def set_outvoted(db: Database, host_id: int, standing: Standing) -> None:
    db.execute(
        _OUTVOTED,
        id=host_id,
        valid_in_row=standing.valid_in_row,
        outvoted=standing.outvoted,
        outvoted_at=at(standing.outvoted_at) if standing.outvoted_at else None,
    )


def outvoted(db: Database) -> list[Host]:
    return [host_of(row) for row in db.select("SELECT * FROM host WHERE outvoted > 0 ORDER BY id")]


def served(db: Database, host_id: int, *, day: int, sent: int) -> None:
    db.execute(_SERVED, id=host_id, day=day, sent=sent)


def told_why(db: Database, host_id: int, why: str) -> None:
    db.execute("UPDATE host SET why_no_work = :why WHERE id = :id AND why_no_work <> :why", id=host_id, why=why)


def set_venue(db: Database, host_id: int, venue: str) -> None:
    db.execute("UPDATE host SET venue = :venue WHERE id = :id", id=host_id, venue=venue)


def erase(db: Database, volunteer_id: int) -> None:
    """Of this volunteer's hosts nothing is known any more but what computed results depend on."""
    db.execute(_ERASE, volunteer_id=volunteer_id)


def host(db: Database, host_id: int) -> Host | None:
    row = db.one(_HOST, id=host_id)
    return host_of(row) if row else None


def facts(db: Database, host_id: int) -> dict[str, Any]:
    """What the host says of itself and no decision looks at."""
    row = db.one(_HOST, id=host_id)
    facts: dict[str, Any] = json.loads(row["facts"]) if row else {}
    return facts


def by_cpid(db: Database, volunteer_id: int, cpid: str, *, besides: int = 0) -> int | None:
    row = db.one(_BY_CPID, volunteer_id=volunteer_id, cpid=cpid, besides=besides)
    return int(row["id"]) if row else None


def of_volunteer(db: Database, volunteer_id: int, limit: int = 1_000) -> list[Host]:
    return [host_of(row) for row in db.select(_OF_VOLUNTEER, volunteer_id=volunteer_id, limit=limit)]


def hosts(db: Database) -> list[Host]:
    return [host_of(row) for row in db.select("SELECT * FROM host ORDER BY id")]


def others_since(db: Database, volunteer_id: int, since: datetime) -> bool:
    """Has a host of anybody but this volunteer been heard from since then? One that only plays a part is nobody's."""
    return db.one(_OTHERS_LATELY, volunteer_id=volunteer_id, since=at(since)) is not None


def host_of(row: Row) -> Host:
    return Host(
        id=row["id"],
        volunteer_id=row["volunteer_id"],
        name=row["name"],
        platform=Platform(system=row["system"], processor=row["processor"], instructions=row["instructions"]),
        capacity=Capacity(
            cores=row["cores"], memory_mb=row["memory_mb"], disk_mb=row["disk_mb"], gpus=_gpus(row["gpus"])
        ),
        created_at=moment(row["created_at"]),
        seen_at=moment(row["seen_at"]),
        flops=row["flops"],
        speed=row["speed"],
        availability=row["availability"],
        venue=row["venue"],
        standing=Standing(
            valid_in_row=row["valid_in_row"],
            quota=row["quota"],
            quota_day=row["quota_day"],
            sent_that_day=row["sent_that_day"],
            turnaround_seconds=row["turnaround_seconds"],
            outvoted=row["outvoted"],
            outvoted_at=maybe_moment(row["outvoted_at"]),
        ),
        why_no_work=row["why_no_work"],
        is_simulated=bool(row["is_simulated"]),
    )


def _free_name(db: Database, volunteer_id: int, name: str) -> str:
    newest = db.one("SELECT coalesce(max(id), 0) AS id FROM host")
    following = newest["id"] + 1 if newest else 1
    # Looking for the thousandth free name would take long: beyond a few, a host is called by its own number.
    tries = chain([name], (f"{name} ({number})" for number in range(2, _FEW)))
    beyond = (f"{name} (host {number})" for number in count(following))
    return next(
        candidate
        for candidate in chain(tries, beyond)
        if db.one(_HOST_BY_NAME, volunteer_id=volunteer_id, name=candidate) is None
    )


def _gpus(text: str) -> tuple[Gpu, ...]:
    if text == "[]":
        return ()
    rows: Sequence[Sequence[Any]] = json.loads(text)
    return tuple(Gpu(kind=kind, count=count, memory_mb=memory, model=model) for kind, count, memory, model in rows)
