"""Two computations agree as far as honest ones do, and who stands alone is odd."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.tasks.duplicates import Opinion, compare, is_found_out, settle
from axiom.domain.work import Agreement, Outcome, Result

EARLY = 1e-3  # as far as early values may lie apart here
AGREES, DIFFERS = Agreement.AGREES, Agreement.DIFFERS
CELL = Result(
    task_id=1,
    experiment_id=1,
    replicate=0,
    config=0,
    seed=5,
    outcome=Outcome.OK,
    measures={"loss": 0.25, "steps": 40, "curve": [1.0, 0.5], "reached": None},
    early=(2.0, 1.5),
    cpu_seconds=1.0,
)
UNTRAINED = replace(CELL, early=(), measures={"total": 3.0, "count": 2, "even": True})


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [
        ({}, True),
        ({"early": (2.0 * (1 + EARLY / 2), 1.5)}, True),
        ({"early": (2.0 * (1 + EARLY * 2), 1.5)}, False),
        ({"early": (2.0, -1.5)}, False),
        ({"early": (2.0,)}, True),  # it was stopped before the second value
        ({"early": (2.0,), "outcome": Outcome.LATE, "measures": None}, True),
        ({"early": ()}, False),  # whoever trained it has early values
        ({"early": (), "outcome": Outcome.LATE, "measures": None}, None),  # it did not come so far
        ({"outcome": Outcome.DIVERGED}, True),  # the end of a chaotic training
        ({"measures": {"loss": 9.0, "steps": 400, "curve": [9.0, 9.0], "reached": 3}}, False),
    ],
)
def test_early_values_decide_where_something_was_trained(changes, agrees):
    found = compare([CELL], [replace(CELL, **changes)], early=EARLY)
    assert found.agrees is agrees
    assert found.reason


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [
        ({}, True),
        ({"replicate": 1}, None),  # only the same cells are compared
        ({"measures": {"total": 3.0 * (1 + 1e-12), "count": 2, "even": True}}, True),
        ({"measures": {"total": 3.0 * (1 + 1e-6), "count": 2, "even": True}}, False),
        ({"measures": {"total": 3.0, "count": 3, "even": True}}, False),
        ({"measures": {"total": 3.0, "count": None, "even": True}}, False),
        ({"outcome": Outcome.DIVERGED}, False),
        ({"outcome": Outcome.LATE, "measures": None}, None),  # how fast a host is says nothing about it
    ],
)
def test_where_nothing_was_trained_the_measures_must_be_the_same(changes, agrees):
    assert compare([UNTRAINED], [replace(UNTRAINED, **changes)], early=EARLY).agrees is agrees


def test_most_ends_far_apart_count_although_every_beginning_agrees():
    cells = [replace(CELL, config=config) for config in range(4)]
    far = {"loss": 9.0, "steps": 400, "curve": [9.0, 9.0], "reached": 3}
    for apart, agrees in ((0, True), (2, True), (3, False), (4, False)):
        others = [replace(cell, measures=far) if cell.config < apart else cell for cell in cells]
        assert compare(cells, others, early=EARLY).agrees is agrees


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(NUMBERS, NUMBERS)
def test_comparing_is_the_same_from_either_side_and_agrees_with_itself(one, two):
    first, second = replace(CELL, early=(one,)), replace(CELL, early=(two,))
    assert compare([first], [second], early=EARLY).agrees == compare([second], [first], early=EARLY).agrees
    assert compare([first], [first], early=EARLY).agrees is True


def opinion(task: int, early: float | None) -> Opinion:
    cell = replace(CELL, task_id=task, early=() if early is None else (early,))
    return Opinion(task_id=task, cells=(cell,))


@pytest.mark.parametrize(
    ("checked", "checks", "agreements", "odd", "third"),
    [
        (1.0, [1.0], [AGREES, AGREES], None, False),
        (1.0, [None], [DIFFERS, DIFFERS], None, True),  # one of them has no early values
        (1.0, [2.0, 2.0], [DIFFERS, AGREES, AGREES], 10, False),
        (1.0, [2.0, 1.0], [AGREES, DIFFERS, AGREES], 11, False),
        (1.0, [1.0, 2.0], [AGREES, AGREES, DIFFERS], 12, False),
        (1.0, [2.0, 3.0], [DIFFERS, DIFFERS, DIFFERS], None, False),
        (1.0, [1.0015, 1.0008], [AGREES, AGREES, AGREES], None, False),  # the third lies between the two
        (1.0, [2.0, None], [DIFFERS, DIFFERS, DIFFERS], None, False),
        (None, [1.0, 1.0], [DIFFERS, AGREES, AGREES], 10, False),
        (9.0, [1.0, 1.0, 1.0], [DIFFERS, AGREES, AGREES, AGREES], 10, False),
        (9.0, [1.0, 1.0, 9.0], [DIFFERS, DIFFERS, DIFFERS, DIFFERS], None, False),
        (9.0, [1.0, 1.0, 5.0], [DIFFERS, DIFFERS, DIFFERS, DIFFERS], None, False),
    ],
)
def test_all_others_against_one_settle_it(checked, checks, agreements, odd, third):
    opinions = [opinion(number, early) for number, early in enumerate(checks, start=11)]
    found = settle(opinion(10, checked), opinions, early=EARLY)
    assert list(found.agreements.values()) == agreements
    assert (found.odd, found.needs_third) == (odd, third)
    assert found.reason


@pytest.mark.parametrize(
    ("before", "is_anew"),
    [
        ({10: "waiting", 11: "differs"}, True),  # two that differ: the third decides
        ({10: "agrees", 11: "agrees"}, True),  # the odd one is the newest
        ({10: "differs", 11: "agrees", 12: "agrees"}, False),
    ],
)
def test_the_odd_one_is_found_out_once(before, is_anew):
    checks = [opinion(number, 1.0) for number in (11, 12, 13)]
    assert is_found_out(settle(opinion(10, 9.0), checks, early=EARLY), before) is is_anew
    assert not is_found_out(settle(opinion(10, 1.0), checks, early=EARLY), before)


TILE = replace(CELL, measures={"fate": "ab" * 32, "learned": 0.5, "border": 40}, early=(2.0, 1.5))


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [
        ({"fate": "cd" * 32}, True),  # some pixels at the border differ between processors
        ({"fate": None, "learned": 0.5}, True),
    ],
)
def test_two_tiles_are_compared_by_what_was_measured_of_them_and_not_by_their_pixels(changes, agrees):
    assert compare([TILE], [replace(TILE, measures=TILE.measures | changes)], early=EARLY).agrees is agrees
    untrained = replace(TILE, early=())
    assert compare([untrained], [untrained], early=EARLY).agrees
    other = replace(untrained, measures=TILE.measures | {"border": 41})
    assert compare([untrained], [other], early=EARLY).agrees is False
