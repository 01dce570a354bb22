"""Intervals: the textbook's numbers, the promised coverage, and seeds that count once."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtr

from axiom.domain.declaration import ValueType
from axiom.notebook.table import Table
from axiom.notebook.typical_values import order_rank, summarize_results, typical_values

numbers = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize("amount", [1, 5, 6, 7, 8, 9, 20, 41, 100, 1_001, 20_000])
def test_the_order_interval_is_the_narrowest_that_covers(amount):
    rank = order_rank(amount)
    missed = 2 * bdtr(rank - 1, amount, 0.5) if rank else 0.0
    assert missed <= 0.05 + 1e-9
    assert 2 * bdtr(rank, amount, 0.5) > 0.05


def test_fewer_than_six_values_have_no_order_interval():
    assert [order_rank(amount) for amount in range(8)] == [0, 0, 0, 0, 0, 0, 1, 1]


@given(st.lists(numbers, min_size=1, max_size=40))
def test_mean_and_median_lie_where_they_must(values):
    found = typical_values(values)
    slack = 1e-9 * (1 + max(map(abs, values)))
    assert found["n"] == len(values)
    assert found["mean"] == pytest.approx(statistics.fmean(values), abs=slack)
    assert found["median"] == pytest.approx(statistics.median(values), abs=slack)
    if len(values) >= 2:
        assert found["mean_t95_low"] <= found["mean"] + slack
        assert found["mean_t95_high"] >= found["mean"] - slack
    if len(values) >= 6:
        assert found["median_order95_low"] <= found["median"] <= found["median_order95_high"]


@given(st.floats(-1e6, 1e6), st.integers(2, 60))
def test_values_that_are_all_the_same_are_their_mean_and_lie_in_its_interval(value, amount):
    found = typical_values([value] * amount)
    assert (found["mean"], found["mean_t95_low"], found["mean_t95_high"]) == (value, value, value)


def test_the_t_interval_is_the_textbook_s():
    found = typical_values([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert (found["mean"], found["median"]) == (4.5, 4.5)
    assert found["mean_t95_low"] == pytest.approx(4.5 - 2.364624 * 2.449490 / math.sqrt(8), abs=1e-5)
    assert (found["median_order95_low"], found["median_order95_high"]) == (1.0, 8.0)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_too_few_values_have_no_interval_and_no_nan(values):
    found = typical_values(values)
    assert found["n"] == len(values)
    assert found["mean"] == (3.0 if values else None)
    assert {found[name] for name in found if name.endswith(("low", "high"))} == {None}


def test_the_largest_numbers_overflow_into_none():
    found = typical_values([1.7e308, 1.7e308, -1.7e308])
    assert found["mean"] == pytest.approx(1.7e308 / 3)
    assert found["median"] == 1.7e308
    assert all(value is None or math.isfinite(value) for value in found.values())


def table(**columns):
    types = {"seed": ValueType.INT, "size": ValueType.INT, "total": ValueType.FLOAT}
    return Table(columns, types, "tiny_sum@1")


def test_cells_of_one_seed_count_once_and_a_seed_that_lacks_one_not_at_all():
    results = table(seed=[7, 7, 8, 8], size=[1, 2, 1, 2], total=[1.0, 3.0, 5.0, 7.0])
    (row,) = summarize_results(results, by=[], measures=["total"], groups={(): 2})
    assert (row["n"], row["total_n"], row["total_mean"]) == (2, 2, 4.0)
    results = table(seed=[7, 7, 8, 8, 9], size=[1, 2, 1, 2, 1], total=[1.0, 3.0, None, 700.0, 5.0])
    (row,) = summarize_results(results, by=[], measures=["total"], groups={(): 2})
    assert (row["n"], row["total_n"], row["total_mean"]) == (3, 1, 2.0)


def test_a_config_without_any_result_has_no_row():
    results = table(seed=[7], size=[1], total=[1.0])
    found = summarize_results(results, by=["size"], measures=["total"], groups={(1,): 1, (2,): 1})
    assert found["size"] == (1,)
