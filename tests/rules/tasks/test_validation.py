"""Is an output what its ticket ordered? One deviation at a time."""

import base64
import hashlib
import tracemalloc
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.declaration import Measure, ValueType, pack_pixels
from axiom.domain.experiments import seed_of
from axiom.domain.fleet import Platform
from axiom.domain.maps import Band, Knob, Map
from axiom.domain.work import Outcome, TaskState
from axiom.rules.tasks.validation import validate_output
from axiom.signed.manifests import Manifest
from axiom.signed.outputs import CellError, CellOutput, Header, Output
from axiom.signed.tickets import Ticket

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
TEXT = "the ticket's own text"
PLAIN = {"aliases": (), "question": "?", "reference": "", "ranges": {}, "estimands": (), "figure": None, "avx": False}
MANIFEST = Manifest(
    name="tiny_sum",
    version=1,
    configs=({"size": 1}, {"size": 2}),
    factors={"size": ValueType.INT},
    measures=(
        Measure("loss", ValueType.FLOAT, nullable=False),
        Measure("steps", ValueType.INT, nullable=False),
        Measure("learned", ValueType.BOOL, nullable=False),
        Measure("curve", ValueType.FLOATS, nullable=False),
        Measure("counts", ValueType.INTS, nullable=False),
        Measure("turn", ValueType.FLOAT, nullable=True),
    ),
    cell_seconds=(1.0, 1.0),
    memory_mb=100,
    **PLAIN,
)
ORDER = {"host": 3, "task": 7, "experiment": "tiny_sum", "version": 1, "bundle": "cd" * 32}
TICKET = Ticket(
    lab="ab" * 32,
    trust=1,
    serial=1,
    **ORDER,
    replicates=(4, 5),
    seeds=(seed_of("tiny_sum", 1, 4), seed_of("tiny_sum", 1, 5)),
    configs=MANIFEST.configs,
    places=(0, 1),
    cell_seconds=(60.0, 60.0),
    memory_mb=100,
    issued=NOW,
    deadline=NOW + timedelta(hours=48),
    expires=NOW + timedelta(days=32),
)
MEASURES = {"loss": 0.5, "steps": 3, "learned": True, "curve": [1.0, 2], "counts": [1, 2], "turn": 2.5}
PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
HEADER = Header(**ORDER, ticket_text=TEXT, runner="1", platform=PLATFORM)
CELLS = tuple(
    CellOutput(
        replicate=cell.replicate,
        config=cell.config,
        seed=cell.seed,
        outcome=Outcome.OK,
        measures=MEASURES,
        early=(1.0, 0.9),
        cpu_seconds=0.5,
    )
    for cell in sorted(TICKET.cells, key=lambda cell: (cell.replicate, cell.config))
)


def judged(cells: tuple[CellOutput, ...] = CELLS, *, ticket=TICKET, manifest=MANIFEST, **header: object):
    output = Output(header=replace(HEADER, **header), cells=cells)
    return validate_output(ticket=ticket, ticket_text=TEXT, experiment_id=11, manifest=manifest, output=output)


def with_first(**changes: object) -> tuple[CellOutput, ...]:
    return (replace(CELLS[0], **changes), *CELLS[1:])


def test_an_output_that_is_what_was_ordered_is_valid_and_every_cell_a_result():
    decided = judged()
    assert (decided.state, decided.reason) == (TaskState.VALID, "4 cells as ordered")
    assert [(result.replicate, result.config, result.seed) for result in decided.results] == [
        (cell.replicate, cell.config, cell.seed) for cell in CELLS
    ]
    assert judged(CELLS[::-1]).results == decided.results  # whatever the order in which they were computed
    first = decided.results[0]
    assert (first.task_id, first.experiment_id, first.outcome) == (7, 11, Outcome.OK)
    assert (first.measures, first.early, first.cpu_seconds) == (MEASURES, (1.0, 0.9), 0.5)


@pytest.mark.parametrize(
    ("header", "fact"), [({"task": 8}, "of task 8"), ({"ticket_text": "the text of another ticket"}, "of ticket")]
)
def test_an_output_of_another_order_is_invalid(header, fact):
    decided = judged(**header)
    assert (decided.state, decided.results) == (TaskState.INVALID, ())
    assert fact in decided.reason


@pytest.mark.parametrize(
    ("cells", "fact"),
    [
        (CELLS[1:], "1 ordered cells are missing and 0 were"),
        ((*CELLS, replace(CELLS[0], config=2)), "0 ordered cells are missing and 1 were"),
        (with_first(replicate=6), "1 ordered cells are missing and 1 were"),
        ((*CELLS, CELLS[0]), "twice"),
        (with_first(seed=TICKET.seeds[1]), "replicate 4, config 0"),
    ],
)
def test_the_cells_must_be_those_that_were_ordered(cells, fact):
    decided = judged(cells)
    assert (decided.state, decided.results) == (TaskState.INVALID, ())
    assert fact in decided.reason


@pytest.mark.parametrize(
    ("error", "cause"), [(CellError(kind="KeyError", where="tiny_sum.py:9"), "KeyError at tiny_sum.py:9"), (None, "no")]
)
def test_a_cell_whose_code_raised_fails_the_task(error, cause):
    decided = judged(with_first(outcome=Outcome.FAILED, measures=None, error=error))
    assert (decided.state, decided.results) == (TaskState.FAILED, ())
    assert f"raised {cause}" in decided.reason


def test_a_cell_that_was_late_is_an_outcome():
    decided = judged(with_first(outcome=Outcome.LATE, measures=None, early=()))
    assert decided.state is TaskState.VALID
    assert (decided.results[0].outcome, decided.results[0].measures) == (Outcome.LATE, None)

    name = "loss"
    decided = judged(with_first(outcome=Outcome.DIVERGED, measures=MEASURES | {name: None}))  # may lack any measure
    assert (decided.state, decided.results[0].outcome) == (TaskState.VALID, Outcome.DIVERGED)
    for more in ({"turn": None}, {"turn": 2.0}, {"loss": 1}, {"steps": 2**63 - 1}):  # a whole number is a real one
        assert judged(with_first(measures=MEASURES | more)).state is TaskState.VALID


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", None),
        ("loss", "0.5"),
        ("loss", True),
        ("steps", 3.0),
        ("learned", 1),
        ("curve", [1.0, None]),
        ("curve", [True]),
        ("counts", [1.5]),
        ("turn", "late"),
    ],
)
def test_a_measure_of_another_type_is_invalid(name, value):
    decided = judged(with_first(measures=MEASURES | {name: value}))
    assert (decided.state, decided.results) == (TaskState.INVALID, ())
    assert f"{name} is {type(value).__name__}, and " in decided.reason


@pytest.mark.parametrize(("name", "value"), [("steps", 2**63), ("counts", [1, 10**30])])
def test_a_whole_number_that_no_table_holds_is_invalid(name, value):
    decided = judged(with_first(measures=MEASURES | {name: value}))
    assert (decided.state, decided.results) == (TaskState.INVALID, ())
    assert "beyond 64 bits" in decided.reason


def test_measures_of_other_names_and_one_that_could_never_travel_are_invalid():
    decided = judged(with_first(measures=MEASURES | {"accuracy": 0.9}))
    assert decided.state == TaskState.INVALID
    assert "accuracy" not in decided.reason  # a stranger's word
    for name in MEASURES:
        decided = judged(with_first(measures={other: MEASURES[other] for other in MEASURES if other != name}))
        assert decided.state == TaskState.INVALID
        assert f": {name}" in decided.reason
    manifest = replace(MANIFEST, measures=(Measure("word", ValueType.TEXT, nullable=False),))
    cells = tuple(replace(cell, measures={"word": "x"}) for cell in CELLS)
    assert judged(cells, manifest=manifest).state is TaskState.INVALID


KNOB, BANDS = Knob(name="a knob", low=1.0, high=2.0), (Band(name="so", shades=2), Band(name="not so", shades=3))
MAP = Map(title="A plane", x=KNOB, y=replace(KNOB, name="another"), measure="fate", bands=BANDS, pixels=8)
TILES = tuple({"level": 0, "column": 0, "row": 0, "size": size} for size in (1, 2))
CHARTED = replace(
    MANIFEST,
    configs=TILES,
    factors=dict.fromkeys(TILES[0], ValueType.INT),
    measures=(Measure("fate", ValueType.GRID, nullable=False), Measure("border", ValueType.INT, nullable=False)),
    map=MAP,
)
PIXELS = bytes([0, 1, 2, 4] * 16)


def drawn(fate: object, outcome: Outcome = Outcome.OK):
    """The first tile of an output, as its host brings it, and the others as they should be."""
    good = {"fate": pack_pixels(PIXELS), "border": 3}
    cells = [replace(cell, measures=good) for cell in CELLS]
    cells[0] = replace(cells[0], measures={"fate": fate, "border": 3}, outcome=outcome)
    return judged(tuple(cells), ticket=replace(TICKET, configs=TILES), manifest=CHARTED)


def test_the_pixels_of_a_tile_are_kept_beside_its_measures():
    first = drawn(pack_pixels(PIXELS)).results[0]
    assert first.pixels == PIXELS
    assert first.measures == {"fate": hashlib.sha256(PIXELS).hexdigest(), "border": 3}


BOMB = base64.b64encode(zlib.compress(bytes(2**27), 9)).decode()  # 170 kB that would become 128 MB


@pytest.mark.parametrize(
    ("fate", "fact"),
    [
        (pack_pixels(bytes(63)), "64 pixels"),
        (pack_pixels(bytes(256)), "64 pixels"),
        ("AAAA", "unpacked"),
        ("no base64", "unpacked"),
        (pack_pixels(bytes([5] * 64)), "a pixel of 5"),
        (3, "int"),
        (None, "NoneType"),
    ],
)
def test_a_grid_that_is_none_of_this_map_is_refused(fate, fact):
    decided = drawn(fate)
    assert (decided.state, decided.results) == (TaskState.INVALID, ())
    assert fact in decided.reason
    assert len(decided.reason) < 300


def test_a_bomb_is_refused_without_being_unpacked():
    tracemalloc.start()
    try:
        assert drawn(BOMB).state is TaskState.INVALID
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    first = drawn(None, Outcome.DIVERGED).results[0]  # it left the numbers
    assert (first.pixels, first.measures) == (None, {"fate": None, "border": 3})
    assert judged(with_first(measures=MEASURES | {"loss": "AAAA"})).state is TaskState.INVALID  # where a number is due
