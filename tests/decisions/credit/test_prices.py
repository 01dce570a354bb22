"""What a task is worth, and that nothing which a host says can make it worth more."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.credit.prices import Counted, price
from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.ledger import Tariff, TimeSaid

TARIFF = Tariff(name="core-seconds", version=1, per_core_second=10)
NUMBERS = st.floats()


def worth(work: float, cpu: float, elapsed: float, out: float | None = None, *, tariff: Tariff = TARIFF, **how: bool):
    return price(
        tariff, Counted(seconds=work), TimeSaid(cpu_seconds=cpu, elapsed_seconds=elapsed, out_seconds=out), **how
    )


@settings(max_examples=30)
@given(cpu=NUMBERS, elapsed=NUMBERS, out=st.one_of(st.none(), st.floats(0, 1e9)))
def test_nothing_that_a_host_says_of_its_time_changes_what_proven_work_is_worth(cpu, elapsed, out):
    assert [worth(work, 100.0, 101.0).amount for work in (100.0, 0.04, 0.05)] == [1_000, 0, 1]
    assert worth(100.0, cpu, elapsed, out) == worth(100.0, 100.0, 100.0)


@pytest.mark.parametrize(
    ("cpu", "elapsed", "out", "amount", "because"),
    [
        (40.0, 41.0, None, 400, "40.0 core-seconds at 10 "),
        (500.0, 501.0, None, 1_000, "500.0 "),
        (90.0, 60.0, None, 600, "90.0 "),
        (100.0, 101.0, 40.0, 1_000, ""),
        (100.0, 101.0, 39.0, 990, ""),
        (100.0, 101.0, -5.0, 600, ""),
        (0.0, 0.0, None, 0, "0.0 core-seconds"),
        (-1.0, 10.0, None, 0, "-1.0"),
        (1.0, -10.0, None, 0, "-10.0"),
        (10.0, math.nan, None, 0, "nan"),
        (1e308, 1e308, None, 0, "1e+308"),
    ],
)
def test_work_without_proof_is_paid_for_as_long_as_it_was_computed_and_no_longer_than_it_takes(
    cpu, elapsed, out, amount, because
):
    paid = worth(100.0, cpu, elapsed, out, is_proven=False)
    assert paid.amount == amount
    assert because in paid.because


@settings(max_examples=40)
@given(cpu=NUMBERS, elapsed=NUMBERS)
def test_without_proof_nobody_is_paid_more_than_the_work_or_the_time_or_less_than_nothing(cpu, elapsed):
    amount = worth(100.0, cpu, elapsed, is_proven=False).amount
    assert 0 <= amount <= 1_000
    assert amount == 0 or amount <= TARIFF.per_core_second * min(cpu, elapsed) + 1


def test_a_tier_is_of_the_work_unless_the_tariff_goes_by_the_clock():
    said = {"work": 20.0, "cpu": 5_000.0, "elapsed": 5_000.0, "out": 6_000.0}
    assert worth(**said, tariff=replace(PRESETS["S4"], by_clock=False)).amount == 15_000
    assert worth(**said, tariff=PRESETS["S4"]).amount == 100_000


def test_a_price_says_why_it_is_not_for_all_that_is_declared():
    work = Counted(seconds=30.0, limit="; 100.0 are declared, and volunteers say otherwise")
    paid = price(TARIFF, work, TimeSaid(cpu_seconds=100.0, elapsed_seconds=100.0))
    assert paid.amount == 300
    assert paid.because.endswith("100.0 are declared, and volunteers say otherwise")
