"""Outputs for played tasks: what the ticket orders, with measures of the right types that nobody computed.

The ticket is read without asking who signed it, since a load generator holds no trust file. Every line is written by
the laboratory's own writer, which is what its validator reads: once for each bundle, with marks in place of what
differs from task to task, so that a task costs microseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.replies import HeardOrder

import axiom
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.signed.outputs import CellOutput, Header, cell_line, footer_line, header_line

Maker = Callable[[HeardOrder], bytes]  # to the output

_PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
_FIRST, _SECOND, _THIRD = 7_100_000_000_000_000_001, 7_100_000_000_000_000_002, 7_100_000_000_000_000_003
_TEXT = "mark-of-a-ticket"


@dataclass(frozen=True, kw_only=True)
class Template:
    """The lines of a bundle's outputs, with marks."""

    header: bytes
    cell: bytes

    def head(self, ticket: Mapping[str, Any], text: str) -> bytes:
        """The first line of a task's output."""
        return _filled(self.header, {_FIRST: ticket["task"], _SECOND: ticket["host"], _TEXT: text})

    def line(self, *, replicate: int, config: int, seed: int) -> bytes:
        """The line of one cell."""
        return _filled(self.cell, {_FIRST: replicate, _SECOND: config, _THIRD: seed})


def axiom_maker(measures: Mapping[str, Any], *, cpu_seconds: float) -> Maker:
    """Outputs as a runner of ours would send them, every cell with these measures."""
    templates: dict[tuple[str, int], Template] = {}

    def made(order: HeardOrder) -> bytes:
        ticket = order.ticket
        places, replicates = ticket["places"], ticket["replicates"]
        amount = len(places) * len(replicates)
        key = (ticket["bundle"], amount)
        template = templates.get(key)
        if template is None:
            template = templates[key] = _template(ticket, measures, cpu_seconds / amount)
        cells = [
            template.line(replicate=replicate, config=place, seed=seed)
            for replicate, seed in zip(replicates, ticket["seeds"], strict=True)
            for place in places
        ]
        return b"".join((template.head(ticket, order.text), *cells, footer_line(amount)))

    return made


def _template(ticket: Mapping[str, Any], measures: Mapping[str, Any], cpu_seconds: float) -> Template:
    header = Header(
        task=_FIRST,
        host=_SECOND,
        experiment=ticket["experiment"],
        version=ticket["version"],
        bundle=ticket["bundle"],
        ticket_text=_TEXT,
        runner=axiom.__version__,
        platform=_PLATFORM,
    )
    cell = CellOutput(
        replicate=_FIRST,
        config=_SECOND,
        seed=_THIRD,
        outcome=Outcome.OK,
        measures=measures,
        early=(),
        cpu_seconds=cpu_seconds,
    )
    return Template(header=header_line(header), cell=cell_line(cell))


def _filled(line: bytes, marks: Mapping[int | str, int | str]) -> bytes:
    for mark, value in marks.items():
        line = line.replace(str(mark).encode(), str(value).encode(), 1)
    return line
