"""Outputs that look as if they had been computed: what the ticket orders, with measures that follow from its seeds."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import axiom
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.signed.outputs import CellOutput, Header, cell_line, footer_line, header_line
from simulation.bulk import experiment as bulk
from simulation.replies import HeardOrder

_PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")


def output(order: HeardOrder, *, lie: str = "") -> bytes:
    """What a host uploads. Whoever lies has numbers of its own for each word of the lie."""
    is_bulky = order.ticket["experiment"] == bulk.name
    return written(order, _PLATFORM, (_cell(*ordered, lie, is_bulky) for ordered in cells_of(order)))


def cells_of(order: HeardOrder) -> Iterable[tuple[int, int, int, Mapping[str, Any]]]:
    """Every cell that is ordered: replicate, place, seed and config."""
    ticket = order.ticket
    for replicate, seed in zip(ticket["replicates"], ticket["seeds"], strict=True):
        for place, config in zip(ticket["places"], ticket["configs"], strict=True):
            yield replicate, place, seed, config


def written(order: HeardOrder, platform: Platform, cells: Iterable[CellOutput]) -> bytes:
    """An output that answers this order with these cells."""
    ticket = order.ticket
    header = Header(
        task=ticket["task"],
        host=ticket["host"],
        experiment=ticket["experiment"],
        version=ticket["version"],
        bundle=ticket["bundle"],
        ticket_text=order.text,
        runner=axiom.__version__,
        platform=platform,
    )
    lines = [cell_line(cell) for cell in cells]
    return b"".join((header_line(header), *lines, footer_line(len(lines))))


def _cell(replicate: int, place: int, seed: int, config: Mapping[str, Any], lie: str, is_bulky: bool) -> CellOutput:
    value = _share(f"{seed}|{place}|{lie}")
    record = [_share(f"{seed}|{number}|{lie}") for number in range(3_000 + seed % 4_000)] if is_bulky else None
    return CellOutput(
        replicate=replicate,
        config=place,
        seed=seed,
        outcome=Outcome.OK,
        measures={"value": config.get("size", 1) + value} | ({"record": record} if record else {}),
        early=(value, value / 2),
        cpu_seconds=round(1 + value, 6),
    )


def _share(words: str) -> float:
    """A number from 0 to 1 that follows from these words."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:6], "big") / 2**48
