"""Hosts as their clients describe them, and who a scheduler request comes from."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any

from axiom.domain.credit import Balance
from axiom.domain.fleet import Account, Capacity, Gpu, Host, Platform, Standing, Volunteer
from axiom.domain.value import value_class
from axiom.domain.work import TaskState, WorkunitState
from axiom.limits import hosts as limits
from axiom.store.accounts import accounts
from axiom.store.accounts.accounts import VolunteerPreferences
from axiom.store.engine.database import Database, Row, as_value, from_microseconds, to_microseconds

_HOST = "SELECT * FROM host WHERE id = :id"
_HOST_BY_NAME = "SELECT id FROM host WHERE volunteer_id = :volunteer_id AND name = :name"
_OF_VOLUNTEER = "SELECT * FROM host WHERE volunteer_id = :volunteer_id ORDER BY id DESC LIMIT :limit"
_VOLUNTEERS = "SELECT h.id, h.volunteer_id FROM json_each(:ids) j CROSS JOIN host h ON h.id = j.value"
_BY_CPID = """
SELECT id FROM host WHERE volunteer_id = :volunteer_id AND cpid IN (:cpid, :unheard) AND id <> :besides
ORDER BY id DESC LIMIT 1
"""
_MERGED_INTO = """
SELECT h.id FROM merged_host m JOIN host h ON h.id = m.host_id
WHERE m.number = :number AND h.volunteer_id = :volunteer_id
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
_SEEN = "UPDATE host SET seen_at = :now WHERE id = :id AND seen_at < :before"
_HOLD_DOWN = "UPDATE host SET quota = :quota WHERE id = :id AND (quota IS NULL OR quota > :quota)"
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
_VOLUNTEER_COLUMNS = """
    v.id, v.name, v.created_at, v.team_id, v.country, v.website, v.venue, v.is_ours, v.is_simulated, v.email,
    v.spelt_email, v.password, v.password_serial, v.key_serial, v.cross_id, v.is_exported, v.shows_hosts, v.preferences,
    v.preferences_at, v.project_preferences"""
_HOST_COLUMNS = """
    h.id, h.volunteer_id, h.name, h.system, h.processor, h.instructions, h.cores, h.memory_mb, h.disk_mb, h.gpus,
    h.created_at, h.seen_at, h.flops, h.speed, h.availability, h.venue, h.valid_in_row, h.quota, h.quota_day,
    h.sent_that_day, h.turnaround_seconds, h.why_no_work, h.is_simulated, h.outvoted, h.outvoted_at, h.rpc_seqno,
    h.facts_digest"""
# Nearly every contact needs all of it, so it is one question; the host's part is empty where the number is nobody's.
_CONTACT = f"""
SELECT {_VOLUNTEER_COLUMNS}, m.name AS team_name, b.total, b.recent, b.recent_at,
    EXISTS (SELECT 1 FROM notice n WHERE n.host_id = :host_id AND (n.told_at IS NULL OR n.told_at > :since)),
    {_HOST_COLUMNS}, c.total, c.recent, c.recent_at
FROM volunteer v LEFT JOIN team m ON m.id = v.team_id
    LEFT JOIN balance b ON b.holder = 'volunteer' AND b.holder_id = v.id
    LEFT JOIN host h ON h.id = :host_id LEFT JOIN balance c ON c.holder = 'host' AND c.holder_id = h.id
WHERE v.id = coalesce(
    (SELECT id FROM volunteer WHERE key_digest = :digest), (SELECT id FROM volunteer WHERE weak_digest = :digest),
    (SELECT volunteer_id FROM adopted_key WHERE digest = :digest))
"""
_NAME, _OF_BALANCE = re.compile(r"\.(\w+)"), ("total", "recent", "recent_at")
_OF_CALLER = (*_NAME.findall(_VOLUNTEER_COLUMNS), "team_name", *_OF_BALANCE)
_OF_HOST = (*_NAME.findall(_HOST_COLUMNS), *_OF_BALANCE)
_NOTICE, _HOST_ID = len(_OF_CALLER), len(_OF_CALLER) + 1  # their places in a row
_WITH_BALANCE = f"""
SELECT {_HOST_COLUMNS}, b.total, b.recent, b.recent_at
FROM host h LEFT JOIN balance b ON b.holder = 'host' AND b.holder_id = h.id WHERE h.id = :id
"""
_STANDS = """
SELECT t.id, t.host_id, t.state, w.state AS workunit
FROM json_each(:ids) j CROSS JOIN task t ON t.id = j.value JOIN workunit w ON w.id = t.workunit_id
"""


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


@value_class
class AccountHolder:
    volunteer: Volunteer
    account: Account
    preferred: VolunteerPreferences
    team_name: str  # empty for one who belongs to none
    balance: Balance | None


@value_class
class StoredHost:
    host: Host
    rpc_seqno: int
    facts_digest: str
    balance: Balance | None


@value_class
class Contact:
    """Who speaks, and which host its number means: whoever's that is."""

    caller: AccountHolder
    host: StoredHost | None
    has_notices: bool  # is there something to say to the owner of the host?


@value_class
class TaskStanding:
    host_id: int | None
    state: TaskState
    workunit: WorkunitState


def upsert_host(
    db: Database, *, volunteer_id: int, name: str, platform: Platform, capacity: Capacity, now: datetime
) -> int:
    """The id of this volunteer's host of this name, with what it can do today. For engines of our own."""
    facts = {**asdict(platform), "cores": capacity.cores, "memory_mb": capacity.memory_mb}
    row = db.row(_HOST_BY_NAME, volunteer_id=volunteer_id, name=name)
    if row is None:
        return db.insert(_ADD_HOST, volunteer_id=volunteer_id, name=name, now=now, **facts)
    db.change("host", row["id"], **facts, seen_at=now)
    return int(row["id"])


def add_host(db: Database, volunteer_id: int, description: ClientDescription, now: datetime) -> int:
    made = db.insert(
        _ADD_HOST,
        volunteer_id=volunteer_id,
        name=_free_name(db, volunteer_id, description.name),
        **asdict(description.platform),
        cores=description.capacity.cores,
        memory_mb=description.capacity.memory_mb,
        now=now,
    )
    update_host_description(db, made, description)
    return made


def store_description(
    db: Database, volunteer_id: int, host_id: int | None, description: ClientDescription, now: datetime
) -> StoredHost:
    """The host as its client describes it now; one without a number is a new host of this volunteer."""
    if host_id is None:
        host_id = add_host(db, volunteer_id, description, now)
    else:
        update_host_description(db, host_id, description)
    stored = find_stored_host(db, host_id)
    if stored is None:
        raise LookupError(f"a host of volunteer {volunteer_id} was not stored")
    return stored


def find_host_creation_time(db: Database, volunteer_id: int, place: int) -> datetime | None:
    return db.scalar(from_microseconds, _NEWEST_OF_VOLUNTEER, volunteer_id=volunteer_id, skip=place - 1)


def update_host_description(db: Database, host_id: int, description: ClientDescription) -> None:
    before = db.row(_HOST, id=host_id)
    if before is None:
        return
    is_renamed = not (before["name"] == description.name or before["name"].startswith(f"{description.name} ("))
    name = _free_name(db, before["volunteer_id"], description.name) if is_renamed else before["name"]
    db.change(
        "host",
        host_id,
        name=name,
        cpid=description.cpid,
        **asdict(description.platform),
        cores=description.capacity.cores,
        memory_mb=description.capacity.memory_mb,
        disk_mb=description.capacity.disk_mb,
        flops=description.flops,
        availability=description.availability,
        gpus=json.dumps([[gpu.kind, gpu.count, gpu.memory_mb, gpu.model] for gpu in description.capacity.gpus]),
        facts=json.dumps(description.facts, sort_keys=True),
        facts_digest=description.digest,
    )


def record_contact(db: Database, host_id: int, rpc_seqno: int, now: datetime) -> None:
    db.change("host", host_id, rpc_seqno=rpc_seqno, seen_at=now)


def touch_host(db: Database, host_id: int, now: datetime, *, idle: bool = False) -> None:
    """Note that the host was heard from; of an idle one, at most once a minute."""
    db.execute(_SEEN, id=host_id, now=to_microseconds(now), before=to_microseconds(now - _SELDOM if idle else now))


def cap_host_quota(db: Database, host_id: int, quota: int) -> None:
    """Give this host no more tasks an hour and core than so many, until valid ones have doubled it often enough."""
    db.execute(_HOLD_DOWN, id=host_id, quota=quota)


def set_standing(db: Database, host_id: int, standing: Standing, *, speed: float | None = None) -> None:
    db.change(
        "host",
        host_id,
        valid_in_row=standing.valid_in_row,
        quota=standing.quota,
        quota_day=standing.quota_day,
        sent_that_day=standing.sent_that_day,
        turnaround_seconds=standing.turnaround_seconds,
        **({} if speed is None else {"speed": speed}),
    )


def set_outvoted(db: Database, host_id: int, standing: Standing) -> None:
    shown = {"outvoted": standing.outvoted, "outvoted_at": standing.outvoted_at}
    db.change("host", host_id, valid_in_row=standing.valid_in_row, **shown)


def list_outvoted_hosts(db: Database) -> list[Host]:
    return [parse_host(row) for row in db.select("SELECT * FROM host WHERE outvoted > 0 ORDER BY id")]


def record_sent_tasks(db: Database, host_id: int, *, day: int, sent: int) -> None:
    db.change("host", host_id, quota_day=day, sent_that_day=sent, why_no_work="")


def record_no_work_reason(db: Database, host_id: int, why: str) -> None:
    db.execute("UPDATE host SET why_no_work = :why WHERE id = :id AND why_no_work <> :why", id=host_id, why=why)


def set_venue(db: Database, host_id: int, venue: str) -> None:
    db.change("host", host_id, venue=venue)


def erase_hosts(db: Database, volunteer_id: int) -> None:
    """Forget all of this volunteer's hosts but what computed results depend on."""
    db.execute(_ERASE, volunteer_id=volunteer_id)


def find_host(db: Database, host_id: int) -> Host | None:
    return db.read_row(parse_host, _HOST, id=host_id)


def read_host_facts(db: Database, host_id: int) -> dict[str, Any]:
    row = db.row(_HOST, id=host_id)
    description: dict[str, Any] = json.loads(row["facts"]) if row else {}
    return description


def find_host_by_cpid(db: Database, volunteer_id: int, cpid: str, *, unheard: str, besides: int) -> StoredHost | None:
    """The newest host of this id, or of the one under which a host is known that was taken over and never heard of."""
    again = db.scalar(int, _BY_CPID, volunteer_id=volunteer_id, cpid=cpid, unheard=unheard, besides=besides)
    return None if again is None else find_stored_host(db, again)


def add_merged_hosts(db: Database, numbers: Mapping[int, int]) -> None:
    """Computers that come with these numbers are the hosts of those."""
    db.add_all("merged_host", [{"number": number, "host_id": host_id} for number, host_id in numbers.items()])


def find_merged_host(db: Database, volunteer_id: int, number: int) -> StoredHost | None:
    merged = db.scalar(int, _MERGED_INTO, volunteer_id=volunteer_id, number=number)
    return None if merged is None else find_stored_host(db, merged)


def list_volunteer_hosts(db: Database, volunteer_id: int, limit: int = 1_000) -> list[Host]:
    return [parse_host(row) for row in db.select(_OF_VOLUNTEER, volunteer_id=volunteer_id, limit=limit)]


def map_hosts_to_volunteers(db: Database, host_ids: Sequence[int]) -> dict[int, int]:
    return {row["id"]: row["volunteer_id"] for row in db.select(_VOLUNTEERS, ids=json.dumps(list(host_ids)))}


def list_all_hosts(db: Database) -> list[Host]:
    return [parse_host(row) for row in db.select("SELECT * FROM host ORDER BY id")]


def has_other_hosts_since(db: Database, volunteer_id: int, since: datetime) -> bool:
    """Has a host of anybody but this volunteer been heard from since then? One that only plays a part is nobody's."""
    return db.row(_OTHERS_LATELY, volunteer_id=volunteer_id, since=to_microseconds(since)) is not None


def parse_host(row: Row) -> Host:
    return as_value(Host, row, capacity=as_value(Capacity, row, gpus=_gpus(row["gpus"])))


def _free_name(db: Database, volunteer_id: int, name: str) -> str:
    following = db.number("SELECT max(id) FROM host") + 1
    # Looking for the thousandth free name would take long: beyond a few, a host is called by its own number.
    tries = chain([name], (f"{name} ({number})" for number in range(2, _FEW)))
    beyond = (f"{name} (host {number})" for number in count(following))
    return next(
        candidate
        for candidate in chain(tries, beyond)
        if db.row(_HOST_BY_NAME, volunteer_id=volunteer_id, name=candidate) is None
    )


def _gpus(text: str) -> tuple[Gpu, ...]:
    if text == "[]":
        return ()
    rows: Sequence[Sequence[Any]] = json.loads(text)
    return tuple(Gpu(kind=kind, count=count, memory_mb=memory, model=model) for kind, count, memory, model in rows)


def read_contact(db: Database, key_digest: str, host_id: int, now: datetime) -> Contact | None:
    rows = db.fetch_tuples(
        _CONTACT, digest=key_digest, host_id=host_id, since=to_microseconds(now - limits.NOTICE_SHOWN_FOR)
    )
    if not rows:
        return None
    (row,) = rows
    host = None if row[_HOST_ID] is None else _stored_host(dict(zip(_OF_HOST, row[_HOST_ID:], strict=True)))
    return Contact(caller=_holder(dict(zip(_OF_CALLER, row, strict=False))), host=host, has_notices=bool(row[_NOTICE]))


def find_stored_host(db: Database, host_id: int) -> StoredHost | None:
    return db.read_row(_stored_host, _WITH_BALANCE, id=host_id)


def _holder(row: Row) -> AccountHolder:
    return AccountHolder(
        volunteer=as_value(Volunteer, row),
        account=as_value(Account, row),
        preferred=accounts.parse_preferences(row),
        team_name=row["team_name"] or "",
        balance=_balance(row),
    )


def _stored_host(row: Row) -> StoredHost:
    return StoredHost(
        host=parse_host(row), rpc_seqno=row["rpc_seqno"], facts_digest=row["facts_digest"], balance=_balance(row)
    )


def list_task_standings(db: Database, task_ids: Sequence[int]) -> dict[int, TaskStanding]:
    rows = db.select(_STANDS, ids=json.dumps(list(task_ids)))
    return {row["id"]: as_value(TaskStanding, row) for row in rows}


def _balance(row: Row) -> Balance | None:
    if row["total"] is None:
        return None
    return as_value(Balance, row)
