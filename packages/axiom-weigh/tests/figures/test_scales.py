import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.figures.scales import (
    at_levels,
    format_value,
    make_linear_scale,
    make_log_scale,
    of_intervals,
    pick_evenly,
)

POSITIVE = st.floats(1e-6, 1e6)
ANY = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)

NUMBERS = (
    None,
    "adam",
    65_536,
    -12,
    0.1,
    0.061234,
    -0.5,
    314.159,
    12_345.678,
    0.00012345,
    1e-6,
    2.5e12,
    100.4,
    0.0,
    True,
)
WRITTEN = "– adam 65,536 −12 0.1 0.0612 −0.5 314 12,346 0.000123 1e−6 2.5e12 100 0 true"


def test_a_number_is_written_for_people():
    assert [format_value(number) for number in NUMBERS] == WRITTEN.split()


@settings(max_examples=30)
@given(st.lists(ANY, min_size=1, max_size=20), st.integers(2, 9))
def test_of_many_some_are_chosen_evenly_with_both_ends(things, most):
    chosen = pick_evenly(things, most)
    assert len(chosen) == min(most, len(things))
    assert (chosen[0], chosen[-1]) == (things[0], things[-1])
    assert pick_evenly(chosen, most) == chosen


@settings(max_examples=30)
@given(st.lists(ANY, min_size=1, max_size=8), st.booleans())
def test_a_linear_axis_holds_its_values_and_has_few_ticks(values, signed):
    scale = make_linear_scale(values, signed=signed)
    slack = 1e-6 * max(1.0, *(abs(value) for value in values))
    assert scale.low - slack <= min(values)
    assert max(values) <= scale.high + slack
    assert 2 <= len(scale.ticks) == len(scale.labels) <= 9
    assert all(0 <= make_linear_scale(values[:1]).place(value) <= 1 for value in values)


@settings(max_examples=30)
@given(st.lists(POSITIVE, min_size=1, max_size=8), st.floats(0, 1))
def test_a_logarithmic_axis_holds_its_values_has_few_ticks_and_tells_value_of_place(values, share):
    scale = make_log_scale(values)
    assert 0 < scale.low < min(values)
    assert max(values) < scale.high
    assert 2 <= len(scale.ticks) == len(scale.labels) <= 10
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)
    for axis in (make_linear_scale(values), scale):
        assert axis.place(axis.at(share)) == pytest.approx(share, abs=1e-6)
        assert (axis.place(axis.low), axis.place(axis.high)) == (0, pytest.approx(1))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((1.2, 9.0), ("2", "5")),
        ((0.15, 20.0), ("0.2", "0.5", "1", "2", "5", "10", "20")),
        ((6.2, 14.0), ("8", "10", "12", "14")),
        ((0.9, 1.1), ("0.9", "1", "1.1")),
    ],
)
def test_a_short_logarithmic_axis_has_at_least_two_labels(values, labels):
    assert make_log_scale(values).labels == labels


def test_the_labels_of_a_linear_axis():
    labels = {
        (0, 1): ("0", "0.2", "0.4", "0.6", "0.8", "1.0"),
        (-0.06, 0.16): ("−0.10", "−0.05", "0", "0.05", "0.10", "0.15", "0.20"),
        (0, 20_000): ("0", "5,000", "10,000", "15,000", "20,000"),
        (5,): ("4.4", "4.6", "4.8", "5.0", "5.2", "5.4", "5.6"),
    }
    assert {values: make_linear_scale(values).labels for values in labels} == labels
    assert make_linear_scale((-1, 1), about=2, signed=True).labels == ("−1", "0", "+1")
    scale = make_linear_scale((1, 2), tight=True).whole()
    assert (scale.low, scale.high, scale.ticks, scale.labels) == (1, 2, (1.0, 2.0), ("1", "2"))


def test_an_axis_is_marked_at_its_levels_thinned_where_there_are_many():
    scale = make_log_scale((8, 512))
    levels = (512, 8, 16, 32, 64, 128, 256)
    assert at_levels(scale, levels, most=12).labels == ("8", "16", "32", "64", "128", "256", "512")
    assert at_levels(scale, levels, most=6).labels == ("8", "32", "128", "512")
    even = make_linear_scale(range(100))
    assert at_levels(even, range(100), most=12) == even
    crowded = [0.001, 0.004, 0.005, 0.05, 0.5]
    assert at_levels(make_log_scale(crowded), crowded, most=12).labels == ("0.001", "0.004", "0.05", "0.5")


def test_an_axis_is_logarithmic_where_it_can_be():
    for medians, ends, may_be_log, is_log in (
        ((1.0, 10.0), (0.5,), True, True),
        ((1.0, 10.0), (0.5,), False, False),
        ((0.0, 10.0), (), True, False),  # nothing on a logarithmic axis is zero
        ((-1.0,), (), True, False),
        ((5e-324, 1.0), (), True, False),
    ):
        assert of_intervals(medians, ends, is_log=may_be_log).is_log == is_log
    scale = of_intervals((1.0, 10.0), (0.0, 20.0), is_log=True)  # an interval that reaches zero ends at its edge
    assert 0.05 < scale.low < 0.1
    assert scale.high > 20
    assert scale.place(0.0) == 0
    assert of_intervals((0.5,), (0.0, 1.0), is_log=False).low == 0  # as of what is never negative
