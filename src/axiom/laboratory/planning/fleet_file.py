"""A fleet that somebody writes down, to see what would be ordered for it: read strictly, refused with a sentence."""

from collections.abc import Sequence
from typing import Any, TypeVar

from axiom.domain.fleet import OUR_GPUS, Gpu
from axiom.domain.planning import Supply
from axiom.errors import WrongUse
from axiom.limits import planning as limits
from axiom.signed import canonical_json

MOST_CORES = 4_096  # of one computer
MOST_GB = 65_536
MOST_GPUS = 64
_FIELDS = ("name", "cores", "ram_gb", "gpus", "volunteer")
_UNSAID = {"gpus": 0, "volunteer": ""}
N = TypeVar("N", int, float)
_NAME = r"[^\x00-\x1f]{1,80}"


def read_fleet(raw: bytes, file: str) -> list[Supply]:
    """The hosts of such a file, all idle, numbered from 1; `file` is what it is called in a refusal."""
    try:
        return _fleet(raw)
    except ValueError as fault:
        raise _wrong_use(file, str(fault)) from None


def _wrong_use(file: str, fault: str) -> WrongUse:
    return WrongUse(
        f"The fleet {file} cannot be planned for: {fault}. It must read like "
        '{"hosts": [{"name": "desk", "cores": 8, "ram_gb": 16, "gpus": 0, "volunteer": "ada"}]}. Nothing was planned.'
    )


def _fleet(raw: bytes) -> list[Supply]:
    if len(raw) > limits.FLEET_FILE_BYTES:
        raise ValueError(f"it has {len(raw)} bytes, and {limits.FLEET_FILE_BYTES} are enough for any fleet")
    data = canonical_json.read_json(raw)
    hosts = canonical_json.Fields(data, "the fleet", {"hosts"}).array("hosts", lambda host, _what: host)
    if not hosts:
        raise ValueError("it names no host")
    if len(hosts) > limits.FLEET_FILE_HOSTS:
        raise ValueError(f"it names {len(hosts)} hosts, and {limits.FLEET_FILE_HOSTS} are as many as one plan takes")
    return _demand_distinct([_host(host, place) for place, host in enumerate(hosts, start=1)])


def _host(entry: Any, place: int) -> Supply:
    what = f"host {place}"
    fields = canonical_json.Fields(_UNSAID | entry if isinstance(entry, dict) else entry, what, _FIELDS)
    name = fields.text("name", _NAME)
    gpus = _demand_bounded(fields.whole("gpus"), MOST_GPUS, f"{what} ({name})", "GPUs")
    gigabytes = _demand_bounded(fields.real("ram_gb", least=0), MOST_GB, f"{what} ({name})", "GB of memory")
    return Supply(
        host_id=place,
        name=name,
        volunteer=fields.text("volunteer", rf"(?:{_NAME})?"),
        cores=_demand_bounded(fields.whole("cores", least=1), MOST_CORES, f"{what} ({name})", "cores"),
        memory_mb=int(gigabytes * 1_024),
        gpus=(Gpu(kind=OUR_GPUS, count=gpus, memory_mb=0),) if gpus else (),
    )


def _demand_bounded(value: N, most: int, what: str, unit: str) -> N:
    if value > most:
        raise ValueError(f"{what} has {value:,.10g} {unit}, and no computer has more than {most:,}")
    return value


def _demand_distinct(hosts: Sequence[Supply]) -> list[Supply]:
    """Refuse two hosts of one volunteer with one name: nobody could say which of them is meant."""
    seen: set[tuple[str, str]] = set()
    for host in hosts:
        if (host.volunteer, host.name) in seen:
            whose = f" of {host.volunteer}" if host.volunteer else ""
            raise ValueError(f"it names the host {host.name}{whose} twice")
        seen.add((host.volunteer, host.name))
    return list(hosts)
