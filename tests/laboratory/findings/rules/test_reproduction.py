"""Bit for bit, within tolerance, another end, other first values: and only the last is anybody's lie."""

from dataclasses import replace

import pytest

from axiom.domain.work import Outcome, Reproduction, Result
from axiom.laboratory.findings.rules.reproduction import (
    ReproducedCell,
    classify_reproduction,
    count_agreements,
    find_confirming_task,
    recount_agreements,
    sum_agreements,
)
from axiom_weigh.values import Agreements

CELL = Result(
    task_id=1,
    experiment_id=1,
    replicate=4,
    config=0,
    seed=7,
    cpu_seconds=1.0,
    outcome=Outcome.OK,
    measures={"loss": 0.25, "curve": [1.0, 0.5]},
    early=(2.0, 1.0),
)
EXACT, CLOSE, CHAOTIC, DISPUTED = Reproduction


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, EXACT),
        ({"measures": {"loss": 0.2501, "curve": [1.0, 0.5]}}, CLOSE),
        ({"early": (2.0, 1.0005)}, CLOSE),
        ({"measures": {"loss": 0.7, "curve": [1.0, 0.5]}}, CHAOTIC),
        ({"outcome": Outcome.DIVERGED}, CHAOTIC),
        ({"early": (2.0, 1.1)}, DISPUTED),
        ({"outcome": Outcome.LATE, "measures": None}, None),
    ],
)
def test_a_trained_cell_is_compared_by_its_beginning_and_its_end(changes, found):
    other = replace(CELL, **changes)
    assert classify_reproduction(CELL, other, tolerance=1e-3) is found
    assert classify_reproduction(other, CELL, tolerance=1e-3) is found


def test_where_nothing_was_trained_the_end_has_to_be_the_same_within_the_tolerance():
    plain = replace(CELL, early=(), measures={"loss": 0.25})
    for loss, reproduction in ((0.25, EXACT), (0.2501, CLOSE), (0.3, DISPUTED)):
        assert classify_reproduction(plain, replace(plain, measures={"loss": loss}), tolerance=1e-3) is reproduction
    other = replace(CELL, measures={"loss": 0.26, "curve": [1.0, 0.5]})
    assert classify_reproduction(CELL, other, tolerance=0.1) is CLOSE
    assert classify_reproduction(CELL, other, tolerance=0.01) is CHAOTIC


def seen(replicate, reproduction, platforms=("linux", "windows"), opinion=5, confirms=0):
    return ReproducedCell(
        replicate=replicate, platforms=platforms, reproduction=reproduction, opinion=opinion, confirms=confirms
    )


def test_seeds_are_counted_for_each_pair_of_platforms_by_their_worst_cell():
    rows = [(1, EXACT), (2, EXACT), (3, CHAOTIC), (3, EXACT), (4, DISPUTED), (4, CHAOTIC)]
    others = [seen(1, CLOSE, ("windows", "linux")), seen(4, EXACT, ("linux", "linux"))]
    assert count_agreements([*(seen(*row) for row in rows), *others]) == (
        Agreements(platforms=("linux", "linux"), exact=1),
        Agreements(platforms=("linux", "windows"), exact=1, close=1, divergent=2, disputed=1),
    )
    assert count_agreements([]) == ()


PAIR = ("linux", "windows")


def test_a_seed_that_was_counted_before_is_counted_as_its_worst_from_then_on():
    counts = (Agreements(platforms=PAIR, exact=5, close=1),)
    assert recount_agreements(counts, [seen(1, EXACT)], [seen(1, DISPUTED)]) == (
        Agreements(platforms=PAIR, exact=4, close=1, divergent=1, disputed=1),
    )
    assert recount_agreements(counts, [seen(1, CLOSE)], [seen(1, EXACT)]) == ()
    assert recount_agreements(counts, [], [seen(7, EXACT), seen(8, CHAOTIC)]) == (
        Agreements(platforms=PAIR, exact=6, close=1, divergent=1),
    )
    assert recount_agreements((), [], [seen(7, EXACT)]) == (Agreements(platforms=PAIR, exact=1),)
    one, other = Agreements(platforms=PAIR, exact=1, divergent=2, disputed=1), Agreements(platforms=("a", "b"), close=3)
    assert sum_agreements([one, other, one]) == (other, Agreements(platforms=PAIR, exact=2, divergent=4, disputed=2))


ODD = Agreements(platforms=PAIR, divergent=1, disputed=1)


@pytest.mark.parametrize(
    ("comparisons", "counted"),
    [
        # two tasks repeated the seed, and one alone differs from the value in evidence: it is outvoted
        ([seen(1, DISPUTED, opinion=5), seen(1, EXACT, opinion=6)], Agreements(platforms=PAIR, exact=1)),
        ([seen(1, CHAOTIC, opinion=5), seen(1, DISPUTED, opinion=6)], Agreements(platforms=PAIR, divergent=1)),
        # both differ: then the value in evidence is the odd one
        ([seen(1, DISPUTED, opinion=5), seen(1, DISPUTED, opinion=6)], ODD),
        # a single one that differs is one word against another, also where another of its cells agrees
        ([seen(1, DISPUTED, opinion=5), seen(1, EXACT, opinion=5)], ODD),
        # a vote on another seed does not count
        ([seen(1, DISPUTED, opinion=5), seen(2, EXACT, opinion=6)], replace(ODD, exact=1)),
    ],
)
def test_a_value_that_two_agree_on_is_not_disputed_by_a_third(comparisons, counted):
    assert count_agreements(comparisons) == (counted,)


def test_a_dispute_that_was_counted_is_taken_back_when_a_third_task_settles_it():
    first = [seen(1, DISPUTED, opinion=5)]
    counts = recount_agreements((), [], first)
    assert counts[0].disputed == 1
    assert recount_agreements(counts, first, [seen(1, EXACT, opinion=6)]) == (Agreements(platforms=PAIR, exact=1),)
    found = [*first, seen(1, DISPUTED, opinion=6, confirms=5), seen(2, EXACT, opinion=5)]
    assert count_agreements(found) == (Agreements(platforms=PAIR, exact=1),)  # two compute otherwise and alike
    assert recount_agreements(counts, first, found[1:2]) == (Agreements(platforms=PAIR),)


@pytest.mark.parametrize(
    ("again", "others", "confirms"),
    [
        ((3.0, 1.0), [(3.0, 1.0)], 7),
        ((3.0, 1.0), [(9.0, 1.0), (3.0, 1.0)], 8),
        ((3.0, 1.0), [(9.0, 1.0)], 0),
        ((2.0, 1.0), [(2.0, 1.0)], 0),  # it disputes nothing
        ((3.0, 1.0), [(2.0, 1.0)], 0),  # who came before confirmed the value in evidence
    ],
)
def test_a_repetition_confirms_another_that_disputes_the_same_value(again, others, confirms):
    before = [replace(CELL, task_id=7 + place, early=early) for place, early in enumerate(others)]
    assert find_confirming_task(CELL, replace(CELL, task_id=20, early=again), before, tolerance=1e-3) == confirms
    # one that lies near to both sides confirms neither: each is within tolerance of its neighbour
    middle, far = replace(CELL, task_id=7, early=(2.0015, 1.0)), replace(CELL, task_id=8, early=(2.003, 1.0))
    assert find_confirming_task(CELL, far, [middle], tolerance=1e-3) == 0
