"""What a laboratory stores of people, computers and teams of an official server: the rows of its tables, by column."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from axiom.boinc import account_keys
from axiom.boinc.requests import read_preferences, valid_preferences
from axiom.domain.credit import Balance
from axiom.domain.fleet import VENUES, write_project_preferences
from axiom.server.accounts.stored_passwords import seal_password
from axiom.store.accounts.accounts import KeyHolder
from axiom.store.accounts.names import fold_name
from axiom.store.engine.database import to_microseconds
from axiom_adopt.old_preferences import read_old_preferences
from axiom_adopt.old_server_records import Host, Team, User

_MD5 = re.compile(r"[0-9a-f]{32}")
_BCRYPT = re.compile(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}")
_GPU = re.compile(r"\[(CUDA|CAL|INTEL|[A-Za-z_]{1,20})\|([^|\[\]]{0,100})\|([0-9]{1,4})\|([0-9]{1,9})MB")
_CLIENT = re.compile(r"\[BOINC\|([0-9.]{1,20})")
_GPU_KINDS = {"CUDA": "NVIDIA", "CAL": "ATI", "INTEL": "intel_gpu"}
_SYSTEMS = {"linux": "linux", "microsoft windows": "windows", "darwin": "macos"}
_MEGABYTE = 2**20
# What lies beyond is a mistake or a boast, and the database has no place for it.
_MOST_BYTES, _MOST_CREDIT, _LATEST = 1e18, 1e14, 4e9
_WHOLE = re.compile(rb"\s*<global_preferences>(.*)</global_preferences>\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class VolunteerRows:
    """What is stored of one person, each part in a table of its own."""

    volunteer: Mapping[str, Any]
    keys: tuple[tuple[KeyHolder, str], ...]  # with their digests
    balance: Balance


@dataclass(kw_only=True)
class Names:
    """Names that nobody else has: the second of one gets a number behind it, as at the site's form."""

    taken: Counter[int] = field(default_factory=Counter)  # by a hash of the name: a million of them have to fit

    def free(self, name: str, within: int = 0) -> str:
        key = hash((within, name))
        self.taken[key] += 1
        if self.taken[key] == 1:
            return name
        return self.free(f"{name} ({self.taken[key]})", within)


def volunteer_rows(user: User, *, name: str, email: str | None, is_exported: bool, secret: bytes) -> VolunteerRows:
    """`email` is the address by which they sign in; none where another person has it as well."""
    spelt = user.email_addr
    preferences, modified_at = _computing_preferences(user.global_prefs)
    weak_key = f"{user.id}_{_md5(user.authenticator + user.passwd_hash)}"
    keys = (user.authenticator, weak_key) if account_keys.is_key(user.authenticator) else ()
    return VolunteerRows(
        volunteer={
            "id": user.id,
            "name": name,
            "look": fold_name(name),
            "created_at": _stamp(user.create_time),
            "email": email,
            "spelt_email": spelt if spelt != email else None,
            "password": _password(user.passwd_hash, secret),
            "password_serial": 1,
            "key_serial": 1,
            "key_digest": account_keys.key_digest(account_keys.account_key(secret, user.id, 1)),
            "weak_digest": account_keys.key_digest(account_keys.weak_key(secret, user.id, 1)),
            "cross_id": user.cross_project_id,
            "country": _country(user.country),
            "website": user.url,
            "venue": _venue(user.venue),
            "preferences": preferences,
            "preferences_at": modified_at,
            "project_preferences": write_project_preferences(
                read_old_preferences(user.project_prefs.decode("utf-8", "replace")).sets
            ),
            "is_exported": int(is_exported),
            "shows_hosts": int(user.show_hosts),
            "confirmed_at": _stamp(user.create_time) if user.email_validated and email else None,
        },
        keys=tuple(
            (KeyHolder(volunteer_id=user.id, is_weak=account_keys.is_weak(key)), account_keys.key_digest(key))
            for key in keys
        ),
        balance=balance_of(user),
    )


def host_row(host: Host, *, name: str, now: datetime) -> dict[str, Any]:
    """The sequence number is kept: with a lower one its client would be taken for a copy.

    Nobody was heard of later than now, or the laboratory's clock would stand before what is written there.
    """
    system = next((ours for theirs, ours in _SYSTEMS.items() if host.os_name.lower().startswith(theirs)), "unknown")
    client = _CLIENT.search(host.serialnum)
    facts = {
        "vendor": host.p_vendor,
        "model": host.p_model,
        "system": host.os_name,
        "system_version": host.os_version,
        "boinc": client[1] if client else "",
        "cores_all": host.p_ncpus,
        "memory_bytes_all": host.m_nbytes,
        "swap_bytes": host.m_swap,
        "cache_bytes": host.m_cache,
        "disk_bytes_all": host.d_total,
        "disk_bytes_free": host.d_free,
        "iops": host.p_iops,
        "memory_bandwidth": host.p_membw,
        "timezone": host.timezone,
        "on": host.on_frac,
        "active": host.active_frac,
        "connected": host.connected_frac,
        "bytes_up": host.n_bwup,
        "bytes_down": host.n_bwdown,
    }
    return {
        "id": host.id,
        "volunteer_id": host.userid,
        "name": name,
        "system": system,
        "processor": "unknown",  # its client says so when it comes
        "instructions": "none",
        "cores": max(1, host.p_ncpus),
        "memory_mb": int(min(max(0.0, host.m_nbytes), _MOST_BYTES) / _MEGABYTE),
        "created_at": _stamp(host.create_time),
        "seen_at": min(_stamp(host.rpc_time or host.create_time), to_microseconds(now)),
        "cpid": account_keys.placeholder_host_cpid(host.host_cpid) if host.host_cpid else "",
        "rpc_seqno": max(0, host.rpc_seqno),
        "flops": max(0.0, host.p_fpops),
        "availability": min(1.0, max(0.01, host.on_frac * host.active_frac or 1.0)),
        "gpus": json.dumps(_gpus(host.serialnum)),
        "facts": json.dumps(facts, sort_keys=True),
        "venue": _venue(host.venue),
        "turnaround_seconds": host.avg_turnaround or None,
    }


def team_row(team: Team, *, name: str) -> dict[str, Any]:
    return {
        "id": team.id,
        "name": name,
        "look": fold_name(name),
        "founder_id": team.userid,
        "country": _country(team.country),
        "website": team.url,
        "about": team.description,
        "created_at": _stamp(team.create_time),
    }


def balance_of(holder: User | Host | Team) -> Balance:
    """Credit to the thousandth. The recent part is as it was at its time, from which it fades on."""
    return Balance(
        total=count_thousandths(holder.total_credit),
        recent=max(0.0, holder.expavg_credit),
        recent_at=_stamp(holder.expavg_time),
    )


def count_thousandths(credit: float) -> int:
    return round(min(max(credit, 0.0), _MOST_CREDIT) * 1_000)


def is_cut_off(global_prefs: bytes) -> bool:
    """Are these preferences no whole element? A column of the official server has room for 64 KB of them."""
    return bool(global_prefs.strip()) and not _WHOLE.fullmatch(global_prefs)


def moment_of(seconds: float) -> datetime:
    """A time as the official server stores it; one that no calendar has is the nearest."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), _LATEST), UTC)


def _stamp(seconds: float) -> int:
    return to_microseconds(moment_of(seconds))


def _password(passwd_hash: str, secret: bytes) -> str | None:
    if is_md5(passwd_hash):
        return seal_password(passwd_hash, secret)
    return passwd_hash if is_bcrypt(passwd_hash) else None


def is_bcrypt(passwd_hash: str) -> bool:
    return _BCRYPT.fullmatch(passwd_hash) is not None


def is_md5(passwd_hash: str) -> bool:
    return _MD5.fullmatch(passwd_hash) is not None


def _computing_preferences(stored: bytes) -> tuple[str, int]:
    whole = _WHOLE.fullmatch(stored)
    text = valid_preferences(whole[1]) if whole else ""
    return text, int(read_preferences(text.encode()).modified_at) if text else 0


def _gpus(serial: str) -> list[list[object]]:
    return [
        [_GPU_KINDS.get(kind, kind), int(count), int(megabytes), model]
        for kind, model, count, megabytes in _GPU.findall(serial)
        if kind not in {"BOINC", "vbox"}
    ]


def _country(text: str) -> str:
    return "" if text in {"None", "International"} else text


def _venue(text: str) -> str:
    return text if text in VENUES else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
