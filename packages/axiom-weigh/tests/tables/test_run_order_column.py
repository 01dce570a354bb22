"""A column that says when seeds were run: neighbours that are alike hold the grade at Moderate."""

import datetime as dt
import time

import numpy as np
import pytest

import axiom_weigh
from axiom_weigh.values import Force, Grade, Verdict

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def drifting(seeds: int, share: float) -> list[float]:
    """Of each value so much is the one before it."""
    drawn = np.random.default_rng(1).normal(size=seeds)
    for place in range(1, seeds):
        drawn[place] += share * drawn[place - 1]
    return drawn.tolist()


def card(values, column="date", moments=None, **words):
    moments = [START + dt.timedelta(hours=place) for place in range(len(values))] if moments is None else moments
    table = {"seed": [f"s{place}" for place in range(len(values))], "value": values, column: moments}
    return axiom_weigh.weigh(table, **{"estimand": "contrast", **words})


def alarms(weighed):
    return [(alarm.kind, alarm.force) for alarm in weighed.evidence.alarms]


def told(weighed):
    return [text for text in weighed.reasons if "taken to be independent" in text]


ALARM = [("order", Force.HOLDS_BACK)]


@pytest.mark.parametrize(
    ("column", "moment"),
    [
        ("date", lambda place: (START + dt.timedelta(hours=place)).isoformat()),
        ("config.Start_time", lambda place: START + dt.timedelta(hours=place)),
        ("time", lambda place: 0.5 * place),
        ("issue", lambda place: place),
    ],
)
def test_neighbours_that_are_alike_are_named_and_hold_the_grade_back(column, moment):
    weighed = card(drifting(60, 0.7), column, [moment(place) for place in range(60)])
    assert alarms(weighed) == ALARM
    assert any(f"column {column}" in text for text in weighed.flags)
    assert not any("not looked at" in text for text in weighed.reasons)
    honest = card(drifting(60, 0.0), column, [moment(place) for place in range(60)])
    assert (alarms(honest), len(told(honest))) == ([], 1)


def test_rows_may_stand_in_any_order_where_dates_tell_theirs():
    values, moments = drifting(60, 0.7), [str(START + dt.timedelta(days=place)) for place in range(60)]
    mixed = np.random.default_rng(2).permutation(60)
    assert alarms(card([values[place] for place in mixed], "date", [moments[place] for place in mixed])) == ALARM


def test_what_a_run_took_is_no_order():
    """A better run takes longer, and nothing else is so."""
    values = drifting(60, 0.0)
    assert alarms(card(values, "time", [100.0 + value for value in values])) == []
    assert alarms(card(sorted(values), "time", range(60))) == ALARM


@pytest.mark.parametrize(
    "words", [{"moments": ["soon"] * 60}, {"moments": [1] * 60}, {"column": "colour"}, {"moments": [""] * 60}]
)
def test_without_a_column_that_tells_it_is_looked_at_in_the_order_of_the_table(words):
    weighed = card(drifting(60, 0.7), **words)
    assert alarms(weighed) == ALARM
    assert not any("column" in text for text in weighed.flags)


@pytest.mark.parametrize("by", [lambda value: value, lambda value: -value, lambda value: round(2 * value)])
def test_a_table_that_was_sorted_gets_no_verdict(by):
    ordered = sorted((value + 1.0 for value in drifting(60, 0.0)), key=by)
    for words in (
        {"column": "colour"},
        {"column": "issue", "moments": range(60)},
        {"moments": [*range(1, 60, 2), *range(0, 60, 2)]},
    ):
        weighed = card(ordered, **words)
        assert weighed.verdict == Verdict.UNDECIDED
        assert weighed.grade == Grade.AWAITING
        assert weighed.interval == (None, None)
        assert any("sorted" in text for text in weighed.reasons)


def test_a_pair_was_run_when_its_arms_were():
    values = drifting(60, 0.7)
    runs = [
        {
            "seed": seed,
            "arm": arm,
            "value": 5.0 + value / 2 * (1 if arm == "ours" else -1),
            "date": str(START.date().replace(year=2000 + seed)),
        }
        for seed, value in enumerate(values)
        for arm in ("base", "ours")
    ]
    assert alarms(axiom_weigh.weigh(runs, by="arm", of=("ours", "base"))) == ALARM


def test_a_time_without_a_zone_is_the_same_on_every_computer(monkeypatch):
    """Otherwise the hour that a zone leaves out in spring would mix the runs of one file on some computers."""
    values = drifting(60, 0.7)
    begun = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)
    moments = [f"{begun + dt.timedelta(minutes=3 * place):%Y-%m-%d %H:%M}" for place in range(60)]
    weighed = set()
    for zone in ("UTC", "Europe/Berlin"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        weighed.add(str(card(values, "date", moments).evidence))
    monkeypatch.undo()
    time.tzset()
    assert len(weighed) == 1
