"""What a task is worth, and that nothing which a host says can make it worth more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.credit import price
from axiom.domain.ledger import Tariff

TARIFF = Tariff(name="core-seconds", version=1, per_core_second=10)


@pytest.mark.parametrize(
    ("cpu", "elapsed", "typical", "amount", "because"),
    [
        (100.0, 101.0, None, 1_000, "100.0 core-seconds at 10 thousandths (core-seconds version 1)"),
        (100.0, 101.0, 200.0, 1_000, "100.0 core-seconds at 10"),
        (100.0, 60.0, None, 600, "100.0 were reported, and no more time passed"),
        (100.0, 101.0, 50.0, 500, "99 of 100 such tasks take no more"),
        (100.0, 60.0, 50.0, 500, "99 of 100 such tasks take no more"),
        (100.0, 40.0, 50.0, 400, "no more time passed"),
        (100.0, 101.0, 0.0, 1_000, "100.0 core-seconds"),
        (100.0, 101.0, math.nan, 1_000, "100.0 core-seconds"),
        (0.04, 1.0, None, 0, "0.0 core-seconds"),
        (0.05, 1.0, None, 1, "0.1 core-seconds"),
        (0.0, 0.0, None, 0, "0.0 core-seconds"),
        (-1.0, 10.0, None, 0, "the cpu time reported is -1.0, which no task takes"),
        (1.0, -10.0, None, 0, "the elapsed time reported is -10.0, which no task takes"),
        (math.nan, 10.0, None, 0, "the cpu time reported is nan"),
        (10.0, math.nan, None, 0, "the elapsed time reported is nan"),
        (math.inf, 10.0, None, 0, "the cpu time reported is inf"),
        (1e308, 1e308, None, 0, "the cpu time reported is 1e+308"),
    ],
)
def test_a_task_is_paid_by_the_tariff(cpu, elapsed, typical, amount, because):
    paid = price(TARIFF, cpu_seconds=cpu, elapsed_seconds=elapsed, typical_cpu_seconds=typical)
    assert paid.amount == amount
    assert because in paid.because


@pytest.mark.parametrize(
    ("out", "amount"),
    [(None, 1_000), (100.0, 1_000), (40.0, 1_000), (39.0, 990), (0.0, 600), (-5.0, 600)],
)
def test_nobody_is_paid_for_more_time_than_the_task_was_out_and_a_minute_for_clocks(out, amount):
    paid = price(TARIFF, cpu_seconds=100.0, elapsed_seconds=101.0, typical_cpu_seconds=None, out_seconds=out)
    assert paid.amount == amount
    assert ("the task was out for no longer" in paid.because) == (amount < 1_000)


@pytest.mark.parametrize(
    ("ordered", "typical", "amount"),
    [(None, None, 1_000), (200.0, None, 1_000), (60.0, None, 600), (60.0, 50.0, 500), (-1.0, None, 0)],
)
def test_nobody_is_paid_for_more_time_than_the_order_lets_the_runner_compute(ordered, typical, amount):
    paid = price(TARIFF, cpu_seconds=100.0, elapsed_seconds=101.0, typical_cpu_seconds=typical, ordered_seconds=ordered)
    assert paid.amount == amount
    assert ("the order allows no more" in paid.because) == (ordered in {60.0, -1.0} and typical is None)


@given(cpu=st.floats(), elapsed=st.floats(), typical=st.one_of(st.none(), st.floats()))
def test_nobody_is_paid_more_than_the_time_that_passed_or_less_than_nothing(cpu, elapsed, typical):
    amount = price(TARIFF, cpu_seconds=cpu, elapsed_seconds=elapsed, typical_cpu_seconds=typical).amount
    assert amount >= 0
    assert amount == 0 or amount <= TARIFF.per_core_second * min(cpu, elapsed) + 1
