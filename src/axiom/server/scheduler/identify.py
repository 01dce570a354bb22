"""Which account and which host is this? A client says, and can be wrong: folders are cloned, keys are mistyped."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.boinc.account_keys import (
    exported_host_cpid,
    key_digest,
    placeholder_host_cpid,
)
from axiom.boinc.requests import (
    HostInfo,
    Preferences,
    SchedulerRequest,
    read_host_info,
)
from axiom.domain.credit import Balance
from axiom.domain.fleet import NO_AVX, UNKNOWN_PROCESSOR, Capacity, Gpu, Host, Platform, name_instructions
from axiom.domain.value import value_class
from axiom.rules.accounts.new_hosts import MOST_NEW, why_host_waits
from axiom.server.scheduler.host_programs import APP, PLATFORMS
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.hosts.hosts import AccountHolder, ClientDescription, Contact, StoredHost

_MEGABYTE = 2**20
_MOST_FLOPS = 1e12  # a second, of one core: what is said beyond is a mistake or a boast
_MOST_CORES = 4_096  # the same


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
    digest = _digest(request)
    contact = hosts.read_contact(db, key_digest(request.authenticator), request.host_id, now)
    if contact is None:
        return None
    caller, record = contact.caller, _find_host(db, request, contact)
    if record is None and (
        why := why_host_waits(hosts.find_host_creation_time(db, caller.volunteer.id, MOST_NEW), now)
    ):
        return RefusedHost(reason=why)
    if record is None or record.facts_digest != digest:
        number = record.host.id if record else None
        record = hosts.store_description(db, caller.volunteer.id, number, describe_client(request, digest), now)
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


def _find_host(db: Database, request: SchedulerRequest, contact: Contact) -> StoredHost | None:
    """The host's record. A sequence number that went back is a copy of a client's folder: a second computer."""
    volunteer, record = contact.caller.volunteer, contact.host
    if record is None and (merged := hosts.find_merged_host(db, volunteer.id, request.host_id)):
        return merged
    if record is not None and record.host.volunteer_id == volunteer.id and request.rpc_seqno >= record.rpc_seqno:
        return record
    cpid = read_host_info(request.host_info).cpid
    unheard = placeholder_host_cpid(exported_host_cpid(cpid, contact.caller.account.address))
    return hosts.find_host_by_cpid(db, volunteer.id, cpid, unheard=unheard, besides=request.host_id) if cpid else None


def _digest(request: SchedulerRequest) -> str:
    """Changes when anything does that `describe_client` says, free space and free memory apart."""
    hashed = hashlib.sha256(request.host_digest)
    rough = (
        _platforms(request),
        request.version,
        _shares(request.working_preferences),
        round(request.time_stats.availability, 1),
        round(request.disk_share / 1e9),
        [(gpu.kind, gpu.model, gpu.present, gpu.memory_bytes) for gpu in request.coprocessors],
    )
    hashed.update(repr(rough).encode())
    return hashed.hexdigest()


def describe_client(request: SchedulerRequest, digest: str) -> ClientDescription:
    info = read_host_info(request.host_info)
    return ClientDescription(
        name=info.domain_name or "unnamed",
        cpid=info.cpid,
        platform=platform_of(_platforms(request), info.features),
        capacity=_capacity(request, info),
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


def _shares(allowed: Preferences) -> tuple[float, float]:
    """The percentages of its cores and of its memory that it may use when nobody works at it."""
    cores = max(allowed.cores_percent or 100.0, allowed.idle_cores_percent or 100.0)
    return cores, max(allowed.memory_busy_percent, allowed.memory_idle_percent)


def _capacity(request: SchedulerRequest, info: HostInfo) -> Capacity:
    part, percent = _shares(request.working_preferences)
    cores = max(1, int(min(info.cores, _MOST_CORES) * part / 100))
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


def reread_identity(db: Database, identity: Identity, *, is_paid: bool) -> Identity:
    """The host as the reports have left it: the standing by which it gets work, the credit, perhaps notices."""
    caller, stored = identity.caller, hosts.find_stored_host(db, identity.host.id)
    if is_paid:
        caller = replace(caller, balance=ledger.find_balance(db, "volunteer", caller.volunteer.id))
    if stored is None:
        raise LookupError(f"host {identity.host.id} is gone while it reports")
    return replace(identity, caller=caller, host=stored.host, balance=stored.balance, has_notices=True)


def platform_of(names: tuple[str, ...], features: str) -> Platform:
    """Our word for a platform; one that BOINC knows and we do not keeps its name and gets no work."""
    named = next((PLATFORMS[name] for name in names if name in PLATFORMS), None)
    if named is None:
        first = names[0] if names else "unknown"
        return Platform(system=first[:60], processor=UNKNOWN_PROCESSOR, instructions=NO_AVX)
    system, processor = named
    return Platform(system=system, processor=processor, instructions=_instructions(processor, features))


def _instructions(processor: str, features: str) -> str:
    if processor == "arm64":
        return "neon"
    return name_instructions(frozenset(features.lower().replace(".", "_").split()))
