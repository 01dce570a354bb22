"""From measured lists to a curve, and from a card to the rows of a forest."""

from evidence_lines import evidence_line

from axiom.domain.declaration import Measure, ValueType
from axiom.laboratory.experiments.rules.curve_rows import choose_curve_measure, compose_median_curve
from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.figures.forest_rows import parts_of
from axiom_weigh.values import Grade

CONFIGS = [{"lr": lr, "task": "xor"} for lr in range(1, 21)]


def measure(name: str, kind: ValueType = ValueType.FLOATS) -> Measure:
    return Measure(name=name, type=kind, nullable=False)


def curve(lists, configs=CONFIGS):
    return compose_median_curve("curve", "test_accuracy_by_epoch", configs, lists)


def test_a_curve_is_a_list_whose_name_says_along_what():
    by_block, by_epoch = measure("loss_by_block"), measure("hits_by_epoch", ValueType.INTS)
    for measures, found in (
        *(([], None), ([measure("accuracy", ValueType.FLOAT), measure("gaps")], None)),
        *(([measure("loss_by_block", ValueType.FLOAT)], None), ([measure("_by_epoch")], None)),
        *(([measure("gaps"), by_block, by_epoch], "loss_by_block"), ([by_epoch], "hits_by_epoch")),
    ):
        assert choose_curve_measure(measures) == found


def test_a_curve_is_of_medians_and_ends_where_half_of_the_repetitions_end():
    found = curve({3: [[1.0, 5.0, 2.0], [2.0, 6.0, 3.0, 9.0], [3.0, 1.0], [9.0]]})
    (series,) = found.series
    assert found.x == "epoch"
    assert found.y == "test_accuracy"
    assert found.by == ""
    assert found.title == "test accuracy by epoch"
    assert series.name == ""
    assert series.repetitions == 4
    assert series.places == (1, 2, 3)
    assert series.medians == (2.5, 5.0, 2.5)


def test_there_is_no_curve_of_less_than_two_places_and_none_of_more_than_24():
    for lists in ({}, {0: []}, {0: [[]]}, {0: [[1.0], [1.0]]}, {20: [[1.0, 2.0]]}):
        assert curve(lists) is None
    (series,) = curve({0: [[float(place) for place in range(1_000)]]}).series
    assert len(series.places) == 24
    assert series.places[0] == 1
    assert series.places[-1] == 1_000
    assert series.medians == tuple(place - 1.0 for place in series.places)


def test_of_many_configs_six_are_drawn_with_both_ends_and_named_by_what_varies():
    found = curve({place: [[0.0, float(place)]] for place in range(20)})
    assert [series.name for series in found.series] == ["1", "5", "9", "12", "16", "20"]
    assert (found.by, found.configs) == ("lr", 20)
    assert [series.medians[-1] for series in found.series] == [0.0, 4.0, 8.0, 11.0, 15.0, 19.0]


def part(by: str, name: str, seeds: int = 8) -> Stratum:
    return Stratum(by=by, name=name, seeds=seeds, missing=1, estimate=0.5, low=None, high=0.9, mean=0.4, error=0.1)


def card(*strata: Stratum) -> Card:
    return Card(
        evidence=evidence_line(), strata=strata, pooled=None, without=(), exploratory=None, next_grade=Grade.MODERATE
    )


def test_platforms_come_first_then_designs_then_the_hosts_with_most_replicates():
    found = parts_of(card(part("host", "7"), part("volunteer", "3"), part("design", "declared"), part("platform", "a")))
    groups = [("Platform", "a"), ("Design", "declared"), ("Host", "host 7")]
    assert [(drawn.group, drawn.name) for drawn in found] == groups
    assert (found[0].seeds, found[0].estimate, found[0].low, found[0].high) == (8, 0.5, None, 0.9)
    found = parts_of(card(*(part("host", str(number), seeds=number % 20) for number in range(40))))
    assert {drawn.group.partition(",")[0] for drawn in found} == {"Host: 12 of 40"}
    assert sorted(drawn.seeds for drawn in found) == [14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 19]
