"""Which account and which host is this? A client says, and can be wrong: folders are cloned, keys are mistyped."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.boinc.account_keys import (
    email_hash,
    exported_host_cpid,
    is_key,
    is_weak,
    key_digest,
    placeholder_host_cpid,
)
from axiom.boinc.replies import Message, Priority
from axiom.boinc.requests import (
    HostInfo,
    Preferences,
    SchedulerRequest,
    peek_authenticator,
    read_host_info,
    read_preferences,
    valid_preferences,
)
from axiom.domain.credit import Balance
from axiom.domain.fleet import Capacity, Gpu, Host
from axiom.domain.value import value_class
from axiom.errors import AxiomError
from axiom.limits import tasks as limits
from axiom.rules.accounts.new_hosts import MOST_NEW, are_own_preferences, why_host_waits
from axiom.server.scheduler.programs import APP, platform_of
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.hosts.hosts import AccountHolder, ClientDescription, Contact, StoredHost

_MEGABYTE = 2**20
_MOST_FLOPS = 1e12  # a second, of one core: the same
_MOST_CORES = 4_096  # what is said beyond is a mistake or a boast
_HEAD = 4096  # bytes, within which every client says what its message is and whose
_SHORT = 64 * 1024  # bytes that are read sooner than a key is looked up; most requests have fewer


@value_class
class Identity:
    """Who speaks. `is_new` says that the host does not know its number yet, or had a wrong one."""

    caller: AccountHolder
    host: Host
    balance: Balance | None  # the host's
    is_new: bool
    has_notices: bool  # is there something to say to its owner?

    @property
    def venue(self) -> str:
        return self.host.venue or self.caller.volunteer.venue


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedHost:
    reason: str


def identify_host(db: Database, request: SchedulerRequest, now: datetime) -> Identity | RefusedHost | None:
    contact = hosts.read_contact(db, key_digest(request.authenticator), request.host_id, now)
    if contact is None:
        return None
    caller, record, digest = contact.caller, _host_record(db, request, contact), _digest(request)
    if record is None:
        if why := why_host_waits(hosts.find_host_creation_time(db, caller.volunteer.id, MOST_NEW), now):
            return RefusedHost(reason=why)
        host_id = hosts.add_host(db, caller.volunteer.id, describe_client(request, digest), now)
        record = hosts.find_stored_host(db, host_id)
    elif record.facts_digest != digest:
        host_id = record.host.id
        hosts.update_host_description(db, host_id, describe_client(request, digest))
        record = hosts.find_stored_host(db, host_id)
    if record is None:
        raise LookupError(f"a host of volunteer {caller.volunteer.id} was not stored")
    is_new = request.host_id != record.host.id
    # A client counts anew with its number.
    hosts.record_contact(db, record.host.id, 0 if is_new else request.rpc_seqno, now)
    return Identity(
        caller=caller,
        host=record.host,
        balance=record.balance,
        is_new=is_new,
        has_notices=is_new or contact.has_notices,  # of another number than it gave, nobody has looked yet
    )


def _host_record(db: Database, request: SchedulerRequest, contact: Contact) -> StoredHost | None:
    """The host's record. A sequence number that went back is a copy of a client's folder: a second computer."""
    volunteer, record, email = contact.caller.volunteer, contact.host, contact.caller.account.address
    if record is None and (merged := hosts.find_merged_host(db, volunteer.id, request.host_id)):
        return hosts.find_stored_host(db, merged)
    if record is not None and record.host.volunteer_id == volunteer.id and request.rpc_seqno >= record.rpc_seqno:
        return record
    cpid = read_host_info(request.host_info).cpid
    unheard = placeholder_host_cpid(exported_host_cpid(cpid, email))
    again = hosts.find_host_by_cpid(db, volunteer.id, cpid, unheard=unheard, besides=request.host_id) if cpid else None
    return hosts.find_stored_host(db, again) if again is not None else None


def _digest(request: SchedulerRequest) -> str:
    """Changes when anything does that `describe_client` says, free space and free memory apart."""
    hashed = hashlib.sha256(request.host_digest)
    hashed.update(request.working_preferences)
    rough = (
        _platforms(request),
        request.version,
        round(request.time_stats.availability, 1),
        round(request.disk_share / 1e9),
        [(gpu.kind, gpu.model, gpu.present, gpu.memory_bytes) for gpu in request.coprocessors],
    )
    hashed.update(repr(rough).encode())
    return hashed.hexdigest()


def describe_client(request: SchedulerRequest, digest: str) -> ClientDescription:
    info, allowed = read_host_info(request.host_info), read_preferences(request.working_preferences)
    return ClientDescription(
        name=info.domain_name or "unnamed",
        cpid=info.cpid,
        platform=platform_of(_platforms(request), info.features),
        capacity=_capacity(request, info, allowed),
        flops=min(info.flops, _MOST_FLOPS),
        availability=min(1.0, max(0.01, request.time_stats.availability)),
        facts={
            "vendor": info.vendor,
            "model": info.model,
            "system": info.os_name,
            "system_version": info.os_version,
            "boinc": ".".join(str(number) for number in request.version),
            "brand": request.brand,
            "boinc_platform": request.platforms[0] if request.platforms else "",
            "cores_all": info.cores,
            "memory_bytes_all": info.memory_bytes,
            "swap_bytes": info.swap_bytes,
            "cache_bytes": info.cache_bytes,
            "disk_bytes_all": info.disk_total,
            "disk_bytes_free": info.disk_free,
            "iops": info.iops,
            "memory_bandwidth": info.memory_bandwidth,
            "timezone": info.timezone,
            "on": request.time_stats.on,
            "active": request.time_stats.active,
            "connected": request.time_stats.cpu_and_network,
            "bytes_up": request.net_stats.up,
            "bytes_down": request.net_stats.down,
        },
        digest=digest,
    )


def _platforms(request: SchedulerRequest) -> tuple[str, ...]:
    if not request.anonymous:
        return request.platforms
    return (
        *(app_version.platform for app_version in request.app_versions if app_version.app == APP),
        *request.platforms,
    )


def _capacity(request: SchedulerRequest, info: HostInfo, allowed: Preferences) -> Capacity:
    part = max(share or 100.0 for share in (allowed.cores_percent, allowed.idle_cores_percent))
    cores = max(1, int(min(info.cores, _MOST_CORES) * min(100.0, part) / 100))
    percent = min(100.0, max(allowed.memory_busy_percent, allowed.memory_idle_percent))
    share = request.disk_share
    return Capacity(
        cores=cores,
        memory_mb=int(info.memory_bytes / _MEGABYTE * percent / 100),
        disk_mb=int(share / _MEGABYTE) if share > 0 else None,
        gpus=tuple(
            Gpu(kind=gpu.kind, count=gpu.present, memory_mb=int(gpu.memory_bytes / _MEGABYTE), model=gpu.model)
            for gpu in request.coprocessors
            if gpu.present > 0
        ),
    )


def is_long(body: bytes) -> bool:
    """Is it read later than its key is looked up?"""
    return len(body) > _SHORT


def is_stranger(body: bytes, connections: Connections) -> bool:
    """Does this request come with a key that no account can have, or is it long and comes with one that none has?

    Of any other request it is no promise: its key is looked up when it is answered.
    """
    if body.find(b"<scheduler_request>", 0, _HEAD) < 0:
        return False
    key = peek_authenticator(body)
    if key and not is_key(key):
        return True
    if not is_long(body):
        return False
    try:
        with connections.reader() as db:
            return accounts.find_key_holder(db, key_digest(key)) is None
    except AxiomError:
        return False  # whoever answers it will find out, and say so


def reread_identity(db: Database, identity: Identity, *, is_paid: bool) -> Identity:
    """The host as the reports have left it: the standing by which it gets work, the credit, perhaps notices."""
    caller, stored = identity.caller, hosts.find_stored_host(db, identity.host.id)
    if is_paid:
        caller = replace(caller, balance=ledger.find_balance(db, "volunteer", caller.volunteer.id))
    if stored is None:
        raise LookupError(f"host {identity.host.id} is gone while it reports")
    return replace(identity, caller=caller, host=stored.host, balance=stored.balance, has_notices=True)


def keep_preferences(db: Database, caller: AccountHolder, request: SchedulerRequest, now: datetime) -> tuple[str, bool]:
    """Keep what the client brings: newer preferences, and the cross-project id that its projects have agreed on.

    Newer ones of another account stay on that computer: they are none of this volunteer's other computers' business.
    So do those that come with a weak key, which computes and does nothing else: others know it than the volunteer.
    Returns the id, which the client must hear again or it would go back to the one before; and whether the preferences
    here are the newer ones.
    """
    cross_id, known_at = caller.account.cross_id, caller.preferred.modified_at
    is_theirs = not is_weak(request.authenticator)
    if is_theirs and len(request.cross_project_id) == 32 and request.cross_project_id != cross_id:
        cross_id = request.cross_project_id
        accounts.set_cross_id(db, caller.volunteer.id, cross_id)
    brought_at = request.preferences_modified_at
    is_own = is_theirs and are_own_preferences(request.preferences_source, email_hash(caller.account.address))
    if is_own and brought_at > known_at:  # nearly never, and only then is it worth seeing whether they are sound
        preferences = valid_preferences(request.global_preferences)
        is_dated = brought_at <= now.timestamp() + limits.CLOCK_AHEAD_SECONDS  # else no later change would count
        if preferences and is_dated:
            accounts.keep_preferences(db, caller.volunteer.id, preferences, int(brought_at))
        brought_at = brought_at if preferences else 0.0
    return cross_id, known_at > brought_at


def tell_notices(db: Database, identity: Identity, now: datetime) -> tuple[Message, ...]:
    if not identity.has_notices:
        return ()
    shown = notices.list_host_notices(db, identity.host.id, now)
    if untold := [notice.id for notice in shown if not notice.is_told]:
        notices.mark_notices_told(db, untold, now)
    return tuple(Message(text=notice.text, priority=Priority.NOTICE) for notice in shown)
