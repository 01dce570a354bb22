"""From measured lists to a curve: which measure, which configs, and of how many repetitions each median is."""

import pytest

from axiom.domain.declaration import Measure, ValueType
from axiom.figures.curve_rows import curve_measure, curve_of

CONFIGS = [{"lr": lr, "task": "xor"} for lr in range(1, 21)]


def measure(name: str, kind: ValueType = ValueType.FLOATS) -> Measure:
    return Measure(name=name, type=kind, nullable=False)


def curve(lists, configs=CONFIGS):
    return curve_of("curve", "test_accuracy_by_epoch", configs, lists)


@pytest.mark.parametrize(
    ("measures", "found"),
    [
        ([], None),
        ([measure("accuracy", ValueType.FLOAT), measure("gaps")], None),
        ([measure("loss_by_block", ValueType.FLOAT)], None),
        ([measure("_by_epoch")], None),
        ([measure("gaps"), measure("loss_by_block"), measure("hits_by_epoch", ValueType.INTS)], "loss_by_block"),
        ([measure("hits_by_epoch", ValueType.INTS)], "hits_by_epoch"),
    ],
)
def test_a_curve_is_a_list_whose_name_says_along_what(measures, found):
    assert curve_measure(measures) == found


def test_a_curve_is_of_medians_and_ends_where_half_of_the_repetitions_end():
    found = curve({3: [[1.0, 5.0, 2.0], [2.0, 6.0, 3.0, 9.0], [3.0, 1.0], [9.0]]})
    (series,) = found.series
    assert (found.x, found.y, found.by, found.title) == ("epoch", "test_accuracy", "", "test accuracy by epoch")
    assert (series.name, series.repetitions, series.places, series.medians) == ("", 4, (1, 2, 3), (2.5, 5.0, 2.5))


@pytest.mark.parametrize("lists", [{}, {0: []}, {0: [[]]}, {0: [[1.0], [1.0]]}, {20: [[1.0, 2.0]]}])
def test_there_is_no_curve_of_less_than_two_places(lists):
    assert curve(lists) is None


def test_of_many_configs_six_are_drawn_with_both_ends_and_named_by_what_varies():
    found = curve({place: [[0.0, float(place)]] for place in range(20)})
    assert [each.name for each in found.series] == ["1", "5", "9", "12", "16", "20"]
    assert (found.by, found.configs) == ("lr", 20)
    assert [each.medians[-1] for each in found.series] == [0.0, 4.0, 8.0, 11.0, 15.0, 19.0]


def test_of_a_long_list_both_ends_are_drawn_and_no_more_than_24_places():
    (series,) = curve({0: [[float(place) for place in range(1_000)]]}).series
    assert (len(series.places), series.places[0], series.places[-1]) == (24, 1, 1_000)
    assert series.medians == tuple(place - 1.0 for place in series.places)
