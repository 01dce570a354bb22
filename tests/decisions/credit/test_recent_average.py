"""The recent average: BOINC's rule, against an integral that is added up slowly."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.credit.recent_average import HALF_LIFE, Recent, faded, grown

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def integral(pieces: list[tuple[float, float, float]], until: float, steps: int = 1_000) -> float:
    """The average as its definition says: each moment's rate, faded by its age. `pieces` are (from, to, amount)."""
    fade = math.log(2) / 7
    total = 0.0
    for begin, end, amount in pieces:
        width = (end - begin) / steps
        for step in range(steps):
            middle = begin + (step + 0.5) * width
            total += amount / (end - begin) * fade * math.exp(-fade * (until - middle)) * width
    return total


def test_an_average_halves_in_a_week_of_rest():
    assert faded(Recent(value=80.0, at=NOW), NOW + HALF_LIFE) == pytest.approx(40.0)
    assert grown(Recent(value=80.0, at=NOW), 0.0, began=NOW, now=NOW + HALF_LIFE).value == pytest.approx(40.0)


def test_what_was_earned_counts_as_if_earned_evenly_since_the_last_time():
    recent = Recent(value=0.0, at=NOW)
    pieces = []
    for begin, end, amount in [(0.0, 0.5, 10.0), (0.5, 4.0, 100.0), (4.0, 4.1, 7.0), (4.1, 30.0, 3.0)]:
        recent = grown(recent, amount, began=at(begin), now=at(end))
        pieces.append((begin, end, amount))
        assert recent.value == pytest.approx(integral(pieces, end), rel=1e-6)
        assert recent.at == at(end)


@pytest.mark.parametrize(
    ("amount", "took", "value"),
    [
        (100.0, timedelta(days=2), 50.0),
        (100.0, timedelta(days=1), 100.0),
        (0.1, timedelta(seconds=22), 0.1),  # not 392 a day
        (0.1, timedelta(seconds=-5), 0.1),
    ],
)
def test_the_first_time_it_is_the_amount_by_the_time_it_took_but_a_day_at_least(amount, took, value):
    first = grown(None, amount, began=NOW - took, now=NOW)
    assert first.value == pytest.approx(value)
    assert first.at == NOW


@settings(max_examples=40)
@given(value=st.floats(0, 1e6), amount=st.floats(0, 1e6), days=st.floats(0, 3_650))
def test_what_is_added_counts_something_and_at_most_as_if_earned_this_moment(value, amount, days):
    before = Recent(value=value, at=NOW)
    rest, after = faded(before, at(days)), grown(before, amount, began=NOW, now=at(days))
    assert rest <= after.value <= rest + amount * math.log(2) / 7 * (1 + 1e-9)
    assert after.at == at(days)


def test_no_time_and_hardly_any_time_are_the_same():
    before = Recent(value=5.0, at=NOW)
    instantly = grown(before, 3.0, began=NOW, now=NOW)
    soon = grown(before, 3.0, began=NOW, now=NOW + timedelta(microseconds=1))
    assert instantly.value == pytest.approx(5.0 + 3.0 * math.log(2) / 7)
    assert soon.value == pytest.approx(instantly.value, rel=1e-9)
    # a clock that is set back neither fades nor grows the past
    assert grown(before, 0.0, began=NOW, now=at(-1)) == before
    assert faded(before, at(-1)) == 5.0
