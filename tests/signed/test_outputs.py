from dataclasses import replace

import pytest

from axiom.domain.declaration import pack_pixels
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.errors import OutputError
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.outputs import (
    CellError,
    CellOutput,
    Header,
    cell_line,
    footer_line,
    header_line,
    read_answer,
    read_output,
    ticket_digest,
)

IDS = {"task": 5, "host": 1, "experiment": "probe", "version": 1, "bundle": "ab" * 32}
AVX2 = Platform(system="linux", processor="x86_64", instructions="avx2")
HEADER = Header(**IDS, ticket_text="TICKET", runner="26.12.0", platform=AVX2)
RAISED = CellError(kind="ValueError", where="axiom/catalogue/probe.py:12")
MEASURED = {"y": 1.5, "n": 3, "is": True, "curve": [1.0, 2.0], "none": None}
CELLS = tuple(
    CellOutput(replicate=replicate, config=config, seed=seed, outcome=outcome, measures=measures, **rest)
    for (replicate, config, seed), outcome, measures, rest in [
        ((1, 0, 2**62), Outcome.OK, MEASURED, {"early": (0.5, 0.25), "cpu_seconds": 0.5}),
        ((1, 1, 2), Outcome.LATE, None, {"early": (), "cpu_seconds": 3.0}),
        ((2, 0, 3), Outcome.DIVERGED, {"y": None}, {"early": (0.5,) * 8, "cpu_seconds": 0.0}),
        ((2, 1, 3), Outcome.FAILED, None, {"early": (), "cpu_seconds": 0.0, "error": RAISED}),
    ]
)
WHOLE = header_line(HEADER) + b"".join(cell_line(cell) for cell in CELLS) + footer_line(4)


def read(raw: bytes):
    return read_output(raw, limit=100_000)


def test_an_output_is_read_as_written_and_one_that_was_cut_or_is_off_is_refused():
    output = read(WHOLE)
    assert (output.header, output.cells) == (HEADER, CELLS)
    assert (output.header.ticket_text, output.header.ticket) == ("TICKET", ticket_digest("TICKET"))
    for kept in range(len(WHOLE)):
        with pytest.raises(OutputError):
            read(WHOLE[:kept])
    assert read_output(WHOLE, limit=len(WHOLE), most_cells=4) == output
    for limits in ({"limit": len(WHOLE) - 1}, {"limit": len(WHOLE), "most_cells": 3}):
        with pytest.raises(OutputError):
            read_output(WHOLE, **limits)
    for raw, fact in [
        (WHOLE.replace(b"axiom-output-2", b"axiom-output-3"), "Line 1.*format"),
        (WHOLE.replace(b'"avx2"', b'"<b>"'), "Line 1.*instructions"),
        (WHOLE.replace(b'{"cells":4}', b'{"cells":5}'), "5 cells, and there are 4"),
        (WHOLE + b"{}\n", "Line 6"),
        (WHOLE[: -len(footer_line(4))], "the footer"),
        (header_line(HEADER), "is cut"),
    ]:
        with pytest.raises(OutputError, match=fact):
            read(raw)


def test_a_header_carries_a_ticket_and_a_cell_a_grid_in_its_form():
    header = replace(HEADER, task=1, host=1, version=1, ticket_text="T" * 60_000)
    empty = read(header_line(header) + footer_line(0))
    assert (empty.header, empty.cells) == (header, ())
    for text in ("", "two words", "line\nbreak", "T" * 60_001):
        with pytest.raises(OutputError, match="ticket_text"):
            read(header_line(replace(HEADER, ticket_text=text)) + footer_line(0))
    cell = replace(CELLS[0], measures={"fate": pack_pixels(bytes(64)), "border": 3})
    whole = header_line(HEADER) + cell_line(cell) + footer_line(1)
    assert read_output(whole, limit=2**20).cells == (cell,)
    for text in ("", "abc", "ab cd", "abcd===", "ü" * 8, "A" * 400_001, "abcd\n"):
        of_text = cell_line(replace(cell, measures={"fate": text}))
        with pytest.raises(OutputError, match="'fate'"):
            read_output(header_line(HEADER) + of_text + footer_line(1), limit=2**21)
    answer = read_answer({"cpu_seconds": 1, "early": [], "error": None, "measures": {"y": 2}, "outcome": "ok"})
    assert (answer.outcome, answer.measures) == (Outcome.OK, {"y": 2})
    with pytest.raises(ValueError, match="the answer"):
        read_answer({})


@pytest.mark.parametrize("bit", [0, 4])
def test_a_flipped_bit_is_refused_or_changes_one_value_only(bit):
    for place in range(len(WHOLE)):
        changes_one_value_at_most(place, bit)


def changes_one_value_at_most(place, bit):
    raw = bytearray(WHOLE)
    raw[place] ^= 1 << bit
    try:
        output = read(bytes(raw))
    except OutputError:
        return
    assert (output.header != HEADER) + sum(a != b for a, b in zip(output.cells, CELLS, strict=True)) <= 1


def line(**changes) -> bytes:
    plain = {"config": 0, "cpu_seconds": 0.5, "early": [], "error": None, "measures": {"y": 1.0}}
    data = plain | {"outcome": "ok", "replicate": 1, "seed": 2} | changes
    return canonical_bytes({name: value for name, value in data.items() if value != "leave out"}) + b"\n"


FAILED = {"outcome": "failed", "measures": None}


def test_a_line_that_is_off_is_refused_with_its_number():
    for middle, fact in [
        (b"\n", "Line 2.*JSON"),
        (line(seed="leave out"), "Line 2.*'seed'"),
        (line(note="hello"), "'note'"),
        (line(seed="2"), "seed"),
        (line(replicate=-1), "replicate"),
        (line(outcome="fine"), "'fine'"),
        (line(measures=None), "ok and its measures"),
        (line(outcome="late"), "late and its measures"),
        (line(**FAILED), "failed and its error"),
        (line(error={"kind": "A", "where": "b"}), "ok and its error"),
        (line(**FAILED, error=5), "error"),
        (line(**FAILED, error={"kind": "A\n", "where": "b"}), "kind"),
        (line(measures=[1.0]), "measures is not"),
        (line(measures={"y": "1"}), "'y' .*letters"),
        (line(measures={"y": {}}), "'y' .*finite"),
        (line(measures={"y": [1.0, None]}), "'y' .*no number"),
        (line(measures={"y": [True]}), "'y' .*no number"),
        (line(early={}), "early is not a list"),
        (line(early=[0.5] * 9), "than 8"),
        (line(early=["x"]), r"early\[0\]"),
        (line(cpu_seconds=-1.0), "cpu_seconds"),
        (line().replace(b"1.0", b"1e5"), "canonical"),
    ]:
        with pytest.raises(OutputError, match=fact):
            read(header_line(HEADER) + middle + footer_line(1))
