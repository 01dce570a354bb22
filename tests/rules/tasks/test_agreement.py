"""Copies of a task count once as many of them say the same as were wanted, and who says otherwise is odd."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.work import Agreement, ComparedTask, Outcome, Result
from axiom.limits import tasks as limits
from axiom.rules.tasks.agreement import (
    TaskVote,
    compare_cells,
    is_newly_odd,
    judge_quorum,
    weigh_checks,
)
from axiom.rules.tasks.recheck_rate import check_rate, is_checked

W, A, D = Agreement.WAITING, Agreement.AGREES, Agreement.DIFFERS
EARLY = 1e-3
PLACE = {"task_id": 0, "experiment_id": 1, "replicate": 0, "config": 0, "seed": 5}
CELL = Result(**PLACE, outcome=Outcome.OK, measures={"loss": 0.25}, early=(2.0, 1.5), cpu_seconds=1.0)
LATE = replace(CELL, outcome=Outcome.LATE, measures=None, early=())


def said(*values: float | Result) -> list[TaskVote]:
    """Copies 1, 2, … with these first values, or these cells."""
    cells = [one if isinstance(one, Result) else replace(CELL, early=(one, 1.5)) for one in values]
    return [TaskVote(task_id=number, cells=(cell,)) for number, cell in enumerate(cells, 1)]


@pytest.mark.parametrize(
    ("values", "wanted", "agreements", "agreeing", "odd"),
    [
        ([2.0], 2, [W], (), ()),
        ([2.0, 2.0], 2, [A, A], (1, 2), ()),
        ([2.0, 9.0], 2, [D, D], (), ()),
        ([2.0, 9.0, 9.0], 2, [D, A, A], (2, 3), (1,)),
        ([2.0, 9.0, 5.0, 5.0], 2, [D, D, A, A], (3, 4), (1, 2)),
        ([2.0, 9.0, 2.0, 9.0], 3, [W, D, W, D], (), ()),
        ([2.0, 9.0, 2.0, 2.0], 3, [A, D, A, A], (1, 3, 4), (2,)),
        ([LATE, LATE], 2, [A, A], (1, 2), ()),  # nothing can be compared, and both say so
        ([LATE, 2.0], 2, [D, D], (), ()),
    ],
)
def test_the_largest_group_that_agrees_counts_once_it_is_large_enough(values, wanted, agreements, agreeing, odd):
    decided = judge_quorum(said(*values), wanted, early=EARLY)
    assert list(decided.agreements.values()) == agreements
    assert (decided.agreeing, decided.odd) == (agreeing, odd)
    assert decided.reason


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=6), st.integers(2, 5))
def test_results_count_only_when_so_many_say_the_same(values, wanted):
    decided = judge_quorum(said(*values), wanted, early=EARLY)
    assert len({values[task_id - 1] for task_id in decided.agreeing}) <= 1
    assert bool(decided.agreeing) == (max(map(values.count, values)) >= wanted)
    assert set(decided.odd) & set(decided.agreeing) == set()


WAITING, AGREES, DIFFERS = W, A, D
TRAINED = replace(CELL, measures={"loss": 0.25, "steps": 40, "curve": [1.0, 0.5], "reached": None})
UNTRAINED = replace(TRAINED, early=(), measures={"total": 3.0, "count": 2, "even": True})


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
    found = compare_cells([TRAINED], [replace(TRAINED, **changes)], early=EARLY)
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
        ({"outcome": Outcome.DIVERGED}, False),
        ({"outcome": Outcome.LATE, "measures": None}, None),  # how fast a host is says nothing about it
    ],
)
def test_where_nothing_was_trained_the_measures_must_be_the_same(changes, agrees):
    assert compare_cells([UNTRAINED], [replace(UNTRAINED, **changes)], early=EARLY).agrees is agrees


def test_most_ends_far_apart_count_although_every_beginning_agrees():
    cells = [replace(TRAINED, config=config) for config in range(4)]
    far = {"loss": 9.0, "steps": 400, "curve": [9.0, 9.0], "reached": 3}
    for apart, agrees in ((0, True), (2, True), (3, False), (4, False)):
        others = [replace(cell, measures=far) if cell.config < apart else cell for cell in cells]
        assert compare_cells(cells, others, early=EARLY).agrees is agrees


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(NUMBERS, NUMBERS)
def test_comparing_is_the_same_from_either_side_and_agrees_with_itself(one, two):
    first, second = replace(TRAINED, early=(one,)), replace(TRAINED, early=(two,))
    assert compare_cells([first], [second], early=EARLY).agrees == compare_cells([second], [first], early=EARLY).agrees
    assert compare_cells([first], [first], early=EARLY).agrees is True


def opinion(task: int, early: float | None) -> TaskVote:
    cell = replace(TRAINED, task_id=task, early=() if early is None else (early,))
    return TaskVote(task_id=task, cells=(cell,))


@pytest.mark.parametrize(
    ("checked", "checks", "agreements", "odd", "third"),
    [
        (1.0, [1.0], [AGREES, AGREES], None, False),
        (1.0, [None], [DIFFERS, DIFFERS], None, True),  # one of them has no early values
        (1.0, [2.0, 2.0], [DIFFERS, AGREES, AGREES], 10, False),
        (1.0, [2.0, 1.0], [AGREES, DIFFERS, AGREES], 11, False),
        (1.0, [2.0, 3.0], [DIFFERS, DIFFERS, DIFFERS], None, False),
        (1.0, [1.0015, 1.0008], [AGREES, AGREES, AGREES], None, False),  # the third lies between the two
        (1.0, [2.0, None], [DIFFERS, DIFFERS, DIFFERS], None, False),
        (None, [1.0, 1.0], [DIFFERS, AGREES, AGREES], 10, False),
        (9.0, [1.0, 1.0, 1.0], [DIFFERS, AGREES, AGREES, AGREES], 10, False),
        (9.0, [1.0, 1.0, 9.0], [DIFFERS, DIFFERS, DIFFERS, DIFFERS], None, False),
    ],
)
def test_all_others_against_one_settle_it(checked, checks, agreements, odd, third):
    opinions = [opinion(number, early) for number, early in enumerate(checks, start=11)]
    found = weigh_checks(opinion(10, checked), opinions, early=EARLY)
    assert list(found.agreements.values()) == agreements
    assert (found.odd, found.needs_third) == (odd, third)
    assert found.reason


def test_the_odd_one_is_found_out_once():
    checks = [opinion(number, 1.0) for number in (11, 12, 13)]
    anew = [
        {10: "waiting", 11: "differs"},
        {10: "agrees", 11: "agrees"},
    ]  # the third decides; the newest is the odd one
    for before in (*anew, {10: "differs", 11: "agrees", 12: "agrees"}):
        assert is_newly_odd(weigh_checks(opinion(10, 9.0), checks, early=EARLY), before) is (before in anew)
        assert not is_newly_odd(weigh_checks(opinion(10, 1.0), checks, early=EARLY), before)


TILE = replace(TRAINED, measures={"fate": "ab" * 32, "learned": 0.5, "border": 40}, early=(2.0, 1.5))


def test_two_tiles_are_compared_by_what_was_measured_of_them_and_not_by_their_pixels():
    for fate in ("cd" * 32, None):  # some pixels at the border differ between processors
        assert compare_cells([TILE], [replace(TILE, measures=TILE.measures | {"fate": fate})], early=EARLY).agrees
    untrained = replace(TILE, early=())
    other = replace(untrained, measures=TILE.measures | {"border": 41})
    assert [compare_cells([untrained], [tile], early=EARLY).agrees for tile in (untrained, other)] == [True, False]


RATES = (limits.RECHECK_ONE_IN_OF_NEW_HOST, limits.RECHECK_ONE_IN, limits.RECHECK_ONE_IN_OF_KNOWN_HOST)


def compared(*said: Agreement, version: int = 1) -> list[ComparedTask]:
    """Comparisons of a host, the newest first."""
    return [ComparedTask(experiment_id=version, agreement=one) for one in said]


@pytest.mark.parametrize(
    ("comparisons", "one_in"),
    [
        (compared(AGREES, AGREES), limits.RECHECK_ONE_IN_OF_NEW_HOST),
        (compared(*[AGREES] * 4), limits.RECHECK_ONE_IN),
        (compared(WAITING, WAITING, WAITING), limits.RECHECK_ONE_IN),  # no more are ordered before the first are back
        (compared(*[AGREES] * 5), limits.RECHECK_ONE_IN_OF_KNOWN_HOST),
        (compared(*[AGREES] * 9, version=2), limits.RECHECK_ONE_IN),  # a version that it never computed
        (compared(*[AGREES] * 9, version=2) + compared(*[AGREES] * 5), limits.RECHECK_ONE_IN_OF_KNOWN_HOST),
        (compared(*[AGREES] * 4, DIFFERS, *[AGREES] * 9), limits.RECHECK_ONE_IN),
        (compared(DIFFERS, version=2) + compared(*[AGREES] * 5), limits.RECHECK_ONE_IN_OF_KNOWN_HOST),
    ],
)
def test_who_is_new_is_checked_more_often_and_who_is_known_less_often(comparisons, one_in):
    decided = check_rate(1, comparisons, is_watched=False)
    assert decided.one_in == one_in
    assert decided.reason


def test_every_task_of_a_host_that_was_outvoted_lately_is_checked():
    for comparisons in ([], compared(*[AGREES] * 60)):
        assert check_rate(1, comparisons, is_watched=True).one_in == 1
    assert [number for number in range(40) if is_checked(b"a secret", number, limits.RECHECK_ONE_IN)] == [8, 9, 23]


@given(st.lists(st.builds(ComparedTask, experiment_id=st.integers(1, 3), agreement=st.sampled_from(Agreement))))
def test_no_record_however_good_ends_the_checks(comparisons):
    assert 1 < check_rate(1, comparisons, is_watched=False).one_in <= limits.RECHECK_ONE_IN_OF_KNOWN_HOST


def test_a_fleet_of_known_hosts_never_spends_more_than_one_task_in_ten():
    """Whatever versions it computes, few tasks of each or many."""
    rng = random.Random(1)
    for versions in (1, 5, 400):
        newest = compared(AGREES, AGREES, AGREES, version=0)
        checks = 0
        for task in range(1_000):
            version = rng.randrange(versions)
            if is_checked(b"a secret", task, check_rate(version, newest[:60], is_watched=False).one_in):
                checks += 1
                newest.insert(0, ComparedTask(experiment_id=version, agreement=AGREES))
        assert checks <= 1_000 / limits.RECHECK_ONE_IN + 40


@settings(max_examples=10)
@given(st.binary(min_size=16, max_size=32))
def test_about_one_task_in_so_many_is_checked_under_any_key(secret):
    for one_in in RATES:
        drawn = sum(is_checked(secret, number, one_in) for number in range(1_000))
        assert drawn == pytest.approx(1_000 / one_in, abs=5 * (1_000 / one_in) ** 0.5)


@given(st.binary(min_size=16, max_size=32), st.integers(1, 10**9))
def test_better_known_hosts_lose_checks_and_get_no_others(secret, task):
    drawn = [is_checked(secret, task, one_in) for one_in in RATES]
    assert drawn == sorted(drawn, reverse=True)
