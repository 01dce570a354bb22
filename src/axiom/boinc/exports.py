"""The statistics files that credit sites fetch, from plain values.

They are in ISO-8859-1 by old agreement; whatever that lacks is written as a character reference. Credit is written
with all its thousandths: the sums over these files are the ledger's, to the last digit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from axiom.boinc.xml import escaped, in_ascii

_DECLARATION = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
_TEAM_OF_NO_KIND = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedCredit:
    total: int  # thousandths
    recent: float  # credits a day, as it was at `recent_at`
    recent_at: float  # seconds since 1970


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedVolunteer:
    id: int
    name: str
    created_at: int
    credit: ExportedCredit
    cpid: str  # the external one
    country: str = ""
    website: str = ""
    team_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedTeam:
    id: int
    name: str
    founder_id: int
    founder_name: str
    created_at: int
    credit: ExportedCredit
    website: str = ""
    description: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedHost:
    """A host; its volunteer is named only where the volunteer shows hosts."""

    id: int
    volunteer_id: int | None
    credit: ExportedCredit
    vendor: str
    model: str
    os_name: str
    os_version: str
    created_at: int
    seen_at: int
    cores: int
    flops: float
    memory_bytes: float
    cpid: str  # hashed
    boinc_version: str = ""
    coprocessors: str = ""  # as BOINC writes them: [CUDA|name|count|memory MB|driver]
    timezone: int = 0
    iops: float = 0.0
    memory_bandwidth: float = 0.0
    cache_bytes: float = 0.0
    swap_bytes: float = 0.0
    disk_total: float = 0.0
    disk_free: float = 0.0
    upload_rate: float = 0.0
    download_rate: float = 0.0
    turnaround_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasedRecord:
    id: int
    cpid: str  # the one that was in them


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    updated_at: int
    volunteers: int
    teams: int
    hosts: int
    total_credit: int  # thousandths
    experiments: tuple[str, ...]


def tables_xml(tables: Tables) -> bytes:
    facts = _lines(
        {
            "update_time": tables.updated_at,
            "nusers_total": tables.volunteers,
            "nteams_total": tables.teams,
            "nhosts_total": tables.hosts,
            "total_credit": _credits(tables.total_credit),
        }
    )
    names = "".join(f"<application>\n<name>{escaped(name)}</name>\n</application>\n" for name in tables.experiments)
    return in_ascii(f"{_DECLARATION}<tables>\n{facts}<applications>\n{names}</applications>\n</tables>\n")


def volunteers_xml(volunteers: Iterable[ExportedVolunteer]) -> Iterator[bytes]:
    return _file("users", "user", map(_volunteer, volunteers))


def teams_xml(teams: Iterable[ExportedTeam]) -> Iterator[bytes]:
    return _file("teams", "team", map(_team, teams))


def hosts_xml(hosts: Iterable[ExportedHost]) -> Iterator[bytes]:
    return _file("hosts", "host", map(_host, hosts))


def erased_volunteers_xml(erased: Iterable[ErasedRecord]) -> Iterator[bytes]:
    return _file(
        "users_deleted", "user", (_lines({"id": record.id, "cpid": escaped(record.cpid)}) for record in erased)
    )


def erased_hosts_xml(erased: Iterable[ErasedRecord]) -> Iterator[bytes]:
    return _file(
        "hosts_deleted", "host", (_lines({"id": record.id, "host_cpid": escaped(record.cpid)}) for record in erased)
    )


def _file(root: str, tag: str, bodies: Iterable[str]) -> Iterator[bytes]:
    yield in_ascii(f"{_DECLARATION}<{root}>\n")
    for body in bodies:
        yield in_ascii(f"<{tag}>\n{body}</{tag}>\n")
    yield in_ascii(f"</{root}>\n")


def _volunteer(volunteer: ExportedVolunteer) -> str:
    facts = {
        "id": volunteer.id,
        "name": escaped(volunteer.name),
        "create_time": volunteer.created_at,
        **_credit(volunteer.credit),
        "cpid": escaped(volunteer.cpid),
    }
    optional = {"country": volunteer.country, "url": volunteer.website, "teamid": str(volunteer.team_id or "")}
    return _lines(facts) + _filled_lines(optional)


def _team(team: ExportedTeam) -> str:
    facts = {
        "id": team.id,
        "type": _TEAM_OF_NO_KIND,
        "name": escaped(team.name),
        "userid": team.founder_id,
        **_credit(team.credit),
        "founder_name": escaped(team.founder_name),
        "create_time": team.created_at,
    }
    optional = {"url": team.website, "description": team.description}
    return _lines(facts) + _filled_lines(optional) + _lines({"country": escaped(team.country)})


def _host(host: ExportedHost) -> str:
    ids = {"id": host.id} if host.volunteer_id is None else {"id": host.id, "userid": host.volunteer_id}
    kind = {
        "p_vendor": escaped(host.vendor),
        "p_model": escaped(host.model),
        "os_name": escaped(host.os_name),
        "os_version": escaped(host.os_version),
    }
    times = {
        "create_time": host.created_at,
        "rpc_time": host.seen_at,
        "timezone": host.timezone,
        "ncpus": host.cores,
    }
    numbers = {
        "p_fpops": host.flops,
        "p_iops": host.iops,
        "p_membw": host.memory_bandwidth,
        "m_nbytes": host.memory_bytes,
        "m_cache": host.cache_bytes,
        "m_swap": host.swap_bytes,
        "d_total": host.disk_total,
        "d_free": host.disk_free,
        "n_bwup": host.upload_rate,
        "n_bwdown": host.download_rate,
        "avg_turnaround": host.turnaround_seconds,
        "credit_per_cpu_sec": 0.0,
    }
    return (
        _lines({**ids, **_credit(host.credit), **kind})
        + _filled_lines({"boinc_version": host.boinc_version, "coprocs": host.coprocessors})
        + _lines({**times, **{tag: f"{number:.6f}" for tag, number in numbers.items()}})
        + _lines({"host_cpid": escaped(host.cpid)})
    )


def _credit(credit: ExportedCredit) -> dict[str, str]:
    return {
        "total_credit": _credits(credit.total),
        "expavg_credit": f"{credit.recent:.6f}",
        "expavg_time": f"{credit.recent_at:.6f}",
    }


def _credits(thousandths: int) -> str:
    """Thousandths as credits; a float would lose the last of them."""
    whole, rest = divmod(abs(thousandths), 1_000)
    return f"{'-' if thousandths < 0 else ''}{whole}.{rest:03d}"


def _lines(facts: Mapping[str, object]) -> str:
    return "".join(f" <{tag}>{value}</{tag}>\n" for tag, value in facts.items())


def _filled_lines(texts: Mapping[str, str]) -> str:
    return _lines({tag: escaped(text) for tag, text in texts.items() if text})
