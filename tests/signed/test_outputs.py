from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.declaration import pack
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.errors import OutputError
from axiom.signed.canonical_json import canonical
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

HEADER = Header(
    task=5,
    host=1,
    experiment="probe",
    version=1,
    bundle="ab" * 32,
    ticket_text="TICKET",
    runner="26.12.0",
    platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
)
CELLS = (
    CellOutput(
        replicate=1,
        config=0,
        seed=2**62,
        outcome=Outcome.OK,
        measures={"y": 1.5, "n": 3, "is": True, "curve": [1.0, 2.0], "none": None},
        early=(0.5, 0.25),
        cpu_seconds=0.5,
    ),
    CellOutput(replicate=1, config=1, seed=2, outcome=Outcome.LATE, measures=None, early=(), cpu_seconds=3.0),
    CellOutput(
        replicate=2, config=0, seed=3, outcome=Outcome.DIVERGED, measures={"y": None}, early=(), cpu_seconds=1.0
    ),
    CellOutput(
        replicate=2,
        config=1,
        seed=3,
        outcome=Outcome.FAILED,
        measures=None,
        early=(),
        cpu_seconds=0.0,
        error=CellError(kind="ValueError", where="axiom/catalogue/probe.py:12"),
    ),
)
WHOLE = header_line(HEADER) + b"".join(cell_line(cell) for cell in CELLS) + footer_line(4)


def read(raw: bytes):
    return read_output(raw, limit=100_000)


def test_an_output_is_read_as_written():
    output = read(WHOLE)
    assert output.header == HEADER
    assert output.cells == CELLS


def test_an_output_carries_its_ticket_and_is_named_by_its_digest():
    header = read(WHOLE).header
    assert (header.ticket_text, header.ticket) == ("TICKET", ticket_digest("TICKET"))


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "T" * 60_001])
def test_a_header_without_a_ticket_in_its_form_is_refused(text):
    with pytest.raises(OutputError, match="ticket_text"):
        read(header_line(replace(HEADER, ticket_text=text)) + footer_line(0))


def test_the_longest_ticket_fits_a_header():
    header = replace(HEADER, ticket_text="T" * 60_000)
    assert read(header_line(header) + footer_line(0)).header == header


def test_an_empty_output_is_called_empty():
    with pytest.raises(OutputError, match="empty"):
        read(b"")


@given(kept=st.integers(1, len(WHOLE) - 1))
def test_a_cut_output_is_refused(kept):
    with pytest.raises(OutputError):
        read(WHOLE[:kept])


@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_one_value_only(place, bit):
    raw = bytearray(WHOLE)
    raw[place] ^= 1 << bit
    try:
        output = read(bytes(raw))
    except OutputError:
        return
    assert (output.header != HEADER) + sum(a != b for a, b in zip(output.cells, CELLS, strict=True)) <= 1


def line(**changes) -> bytes:
    data = {
        "config": 0,
        "cpu_seconds": 0.5,
        "early": [],
        "error": None,
        "measures": {"y": 1.0},
        "outcome": "ok",
        "replicate": 1,
        "seed": 2,
    }
    return canonical({name: value for name, value in (data | changes).items() if value != "leave out"}) + b"\n"


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        (b"{}\n", "Line 2 of the output is refused: the cell lacks"),
        (b"\n", "Line 2.*not JSON"),
        (line(seed="leave out"), "lacks the field 'seed'"),
        (line(note="hello"), "unknown field 'note'"),
        (line(seed="2"), "seed is not a whole number"),
        (line(replicate=-1), "replicate is not a whole number"),
        (line(outcome="fine"), "outcome 'fine' has not the form"),
        (line(measures=None), "the outcome ok and its measures"),
        (line(outcome="late"), "the outcome late and its measures"),
        (line(outcome="failed", measures=None), "the outcome failed and its error"),
        (line(error={"kind": "A", "where": "b"}), "the outcome ok and its error"),
        (line(error=5, outcome="failed", measures=None), "error is not an object"),
        (line(error={"kind": "A\n", "where": "b"}, outcome="failed", measures=None), "kind .* has not the form"),
        (line(measures=[1.0]), "measures is not an object"),
        (line(measures={"y": "1"}), "'y' holds letters that are no grid"),
        (line(measures={"y": {}}), "'y' is not a finite number"),
        (line(measures={"y": [1.0, None]}), "'y' holds something that is no number"),
        (line(measures={"y": [True]}), "'y' holds something that is no number"),
        (line(early=[0.5] * 9), "more than 8"),
        (line(early=["x"]), r"early\[0\] is not a finite number"),
        (line(cpu_seconds=-1.0), "cpu_seconds is not a finite number of at least 0"),
        (b'{"config":0,"cpu_seconds":NaN}\n', "NaN"),
        (line().replace(b"1.0", b"1e5"), "canonical"),
    ],
)
def test_a_line_that_is_off_is_refused_with_its_number(middle, words):
    with pytest.raises(OutputError, match=words):
        read(header_line(HEADER) + middle + footer_line(1))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (WHOLE.replace(b"axiom-output-2", b"axiom-output-3"), "Line 1.*format"),
        (WHOLE.replace(b'"avx2"', b'"<b>"'), "Line 1.*instructions"),
        (WHOLE.replace(b'{"cells":4}', b'{"cells":5}'), "footer counts 5 cells, and there are 4"),
        (WHOLE + b"{}\n", "Line 6 of the output"),
        (WHOLE[: -len(footer_line(4))], "the footer"),
        (header_line(HEADER), "it is cut"),
        (b" " * 100_001, "100001 bytes"),
    ],
)
def test_an_output_that_is_off_is_refused(raw, words):
    with pytest.raises(OutputError, match=words):
        read(raw)


def test_an_output_without_cells_is_whole_but_empty():
    assert read(header_line(HEADER) + footer_line(0)).cells == ()


def test_an_answer_is_read_like_a_cell():
    answer = read_answer({"cpu_seconds": 1, "early": [], "error": None, "measures": {"y": 2}, "outcome": "ok"})
    assert (answer.outcome, answer.measures) == (Outcome.OK, {"y": 2})
    with pytest.raises(ValueError, match="the answer lacks"):
        read_answer({})


GRID = pack(bytes(64))


def test_a_grid_travels_as_letters():
    cell = replace(CELLS[0], measures={"fate": GRID, "border": 3})
    whole = header_line(HEADER) + cell_line(cell) + footer_line(1)
    assert read_output(whole, limit=2**20).cells == (cell,)


@pytest.mark.parametrize("text", ["", "abc", "ab cd", "abcd===", "<b>", "ü" * 8, "A" * 400_001, "abcd\n"])
def test_letters_that_are_no_grid_are_refused(text):
    line = cell_line(replace(CELLS[0], measures={"fate": text}))
    with pytest.raises(OutputError, match="'fate' holds letters that are no grid"):
        read_output(header_line(HEADER) + line + footer_line(1), limit=2**21)
