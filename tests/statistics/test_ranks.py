"""Groups that do not differ are rarely said to, whatever the law; one that lies elsewhere is named."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from axiom.statistics import ranks
from axiom.statistics.ranks import chi_squared_tail, scored

LAWS = {
    "normal": lambda rng, size: rng.normal(size=size),
    "cauchy": lambda rng, size: rng.standard_cauchy(size),
    "lognormal": lambda rng, size: rng.lognormal(size=size),
    "events": lambda rng, size: (rng.random(size) < 0.4).astype(float),
}


def apart(values, groups, strata):
    return ranks.apart(groups, ranks.scored(values, strata))


def test_the_tail_is_that_of_an_independent_implementation():
    for square, freedom in itertools.product((0.01, 1.0, 9.0, 300.0), (1, 2, 3, 40)):
        independent = special.chdtrc(freedom, square)
        assert chi_squared_tail(square, freedom) == pytest.approx(independent, rel=1e-9, abs=1e-300)
    for square, freedom in ((0.0, 3), (-1e-18, 3), (5.0, 0)):  # without any distance nothing is unlikely
        assert chi_squared_tail(square, freedom) == 1.0


@pytest.mark.parametrize("law", LAWS)
def test_groups_that_do_not_differ_are_said_to_as_seldom_as_promised(law):
    rng, streams = np.random.default_rng(3), 200
    together, each = [], []
    for _ in range(streams):
        groups, strata = rng.integers(0, 8, 120).tolist(), [place % 3 for place in range(120)]
        values = LAWS[law](rng, 120) + np.array(strata) * 5  # designs may differ as they like
        found = apart(values.tolist(), groups, strata)
        together.append(found.together)
        each.append(min(found.each.values()) * len(found.each))
    for chances in (together, each):
        for level in (0.05, 0.2):
            assert np.mean(np.array(chances) < level) <= level + 3 * math.sqrt(level * (1 - level) / streams)
    assert np.mean(np.array(together) < 0.2) > 0.08  # it is a test and not a constant


def test_of_rare_events_no_group_is_said_to_lie_apart_more_often_than_chance_has_it():
    """A group with three values, one of them an event: a normal tail would call that one in a hundred million."""
    rng, streams, level, chance = np.random.default_rng(6), 150, 0.01, 0.01
    found = [
        apart((rng.random(180) < chance).tolist(), [n % 60 for n in range(180)], [0] * 180) for _ in range(streams)
    ]
    most = level + 3 * math.sqrt(level * (1 - level) / streams)
    assert np.mean([min(one.each.values(), default=1.0) * 60 < level for one in found]) <= most
    assert np.mean([one.together < level for one in found]) <= most


@pytest.mark.parametrize(("mine", "whole", "events"), [(6, 200, 4), (60, 200, 10), (140, 200, 60)])
def test_where_values_agree_a_small_chance_is_the_exact_one(mine, whole, events):
    """Of which events a group has is known exactly how often it has so many: the hypergeometric law."""
    law = stats.hypergeom(whole, events, mine)
    for own in range(max(0, mine + events - whole), min(mine, events) + 1):
        values = [1.0] * own + [0.0] * (mine - own) + [1.0] * (events - own) + [0.0] * (whole - mine - events + own)
        found = apart(values, [0] * mine + [1] * (whole - mine), [0] * whole).each[0]
        if found < 0.01:
            assert found == pytest.approx(2 * (law.sf(own - 1) if own > law.mean() else law.cdf(own)), rel=1e-9)


@pytest.mark.parametrize("designs", [1, 2])
def test_of_three_values_or_of_several_designs_it_is_bounded_by_what_could_be_drawn(designs):
    """Counted out over all that could have been drawn instead: no chance is told smaller than it is."""
    rng = np.random.default_rng(designs)
    values = rng.choice([0.0, 0.0, 0.0, 1.0] if designs == 2 else [0.0, 0.0, 0.0, 1.0, 2.0], size=120)
    strata = [place % designs for place in range(120)]
    scores = np.zeros(120)
    for stratum in scored(values.tolist(), strata):
        scores[list(stratum.places)] = stratum.scores
    drawn = np.array(
        [
            sum(rng.permutation(scores[place::designs])[: 12 // designs].sum() for place in range(designs))
            for _ in range(20_000)
        ]
    )
    for rare in (0.001, 0.0002):
        far = np.quantile(np.abs(drawn), 1 - rare)
        group = int(np.argmin(np.abs(np.abs(drawn) - far)))
        tail = np.mean(np.abs(drawn) >= abs(drawn[group]) - 1e-9)
        parts = [(stratum, 12 // designs) for stratum in scored(values.tolist(), strata)]
        variance = sum(map(ranks._variance, parts))
        told = math.exp(ranks._log_chance(drawn[group] ** 2 / variance, drawn[group], parts))
        assert told >= tail - 3 * math.sqrt(tail / 20_000)


def test_one_of_forty_that_lies_three_deviations_away_is_named():
    rng, named = np.random.default_rng(4), 0
    for _ in range(40):
        values, groups = rng.normal(size=200), np.repeat(np.arange(40), 5)
        values[groups == 7] += 3
        found = apart(values.tolist(), groups.tolist(), [0] * 200)
        named += min(found.each, key=found.each.get) == 7 and found.each[7] * 40 < 1e-3
    assert named >= 32


ROWS = st.lists(
    st.tuples(st.floats(-5, 5).map(lambda one: round(one, 1)), st.integers(0, 3), st.integers(0, 1)), max_size=24
)


@settings(max_examples=40)
@given(rows=ROWS, order=st.randoms())
def test_neither_unit_nor_order_matters(rows, order):
    def found(rows):
        values, groups, strata = zip(*rows, strict=True) if rows else ((), (), ())
        return apart(values, groups, strata)

    shuffled = list(rows)
    order.shuffle(shuffled)
    before, after = found(rows), found([(math.exp(value), group, stratum) for value, group, stratum in shuffled])
    assert after.together == pytest.approx(before.together)
    assert after.each == pytest.approx(before.each)


def test_two_groups_are_as_far_apart_as_each_of_them_and_equal_values_tell_nothing():
    two = apart([1.0, 2.0, 3.0, 4.0, 9.0, 8.0], ["a", "a", "a", "b", "b", "b"], [0] * 6)
    assert two.together == pytest.approx(two.each["a"]) == pytest.approx(two.each["b"])
    equal = apart([1.0] * 6, [0, 1] * 3, [0] * 6)
    assert (equal.each, equal.together) == ({}, 1.0)
