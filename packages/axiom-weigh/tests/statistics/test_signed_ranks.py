"""Sequential signed ranks: valid under any one law and whatever is missing; verdict and interval are one test."""

import itertools
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from axiom_weigh.statistics import group_differences
from axiom_weigh.statistics.group_differences import chi_squared_tail
from axiom_weigh.statistics.shares_and_medians import MOST
from axiom_weigh.statistics.signed_ranks import combine_sides, find_interval, log_es, make_stream, pseudo_median

BAR = math.log(40)  # on one side, of two that are asked
NUMBERS = st.floats(-1e3, 1e3).map(lambda number: round(number, 2))
ROWS = st.lists(st.none() | NUMBERS, max_size=25)


def sides(values, null=0.0):
    return log_es(make_stream(values), null, with_last=True)


def told(values):
    return math.exp(combine_sides(*sides(values)))


ONE_SIDED = math.sqrt(0.5)  # so often above, and far below else: the mean of two lies above as often as below
LAWS_ABOUT_NOTHING = {
    "even": {-2.0: 0.25, -1.0: 0.25, 1.0: 0.25, 2.0: 0.25},
    "mostly above": {-9.0: 1 - ONE_SIDED, 1.0: ONE_SIDED},
    "mostly below": {9.0: 1 - ONE_SIDED, -1.0: ONE_SIDED},
    "mostly nothing": {-1.0: 0.2, 0.0: 0.6, 3.0: 0.2},
    "two ways up": {-9.0: 1 - ONE_SIDED, 1.0: 0.4, 2.0: ONE_SIDED - 0.4},
}


@pytest.mark.parametrize("law", LAWS_ABOUT_NOTHING)
def test_whoever_stops_when_it_suits_is_told_at_most_one_on_average(law):
    """Every value is seen before the next, half pairs too, and the best moment to stop is found exactly."""
    chances = LAWS_ABOUT_NOTHING[law]

    def worth(values):
        now = told(values) if values else 1.0
        if len(values) == 8 or (len(values) == 6 and len(chances) > 2):
            return now
        return max(now, sum(chance * worth([*values, value]) for value, chance in chances.items()))

    assert worth([]) <= 1.0 + 1e-9


@pytest.mark.parametrize("rest", [1, 2, 3])
def test_what_was_sure_stays_so_while_a_group_is_open(rest):
    values = [1.0] * 12
    whole, more = make_stream(values), make_stream([*values, *[-5.0] * rest])
    assert log_es(more, 0.0) == log_es(whole, 0.0)
    assert find_interval(more) == find_interval(whole)
    assert told([*values, *[1.0] * rest]) < told(values)


@settings(max_examples=40)
@given(row=ROWS, filling=st.lists(NUMBERS, min_size=25, max_size=25), null=NUMBERS)
def test_whatever_a_missing_value_was_it_would_have_spoken_more(row, filling, null):
    filled = sides([value if value is not None else other for value, other in zip(row, filling, strict=False)], null)
    missing = sides(row, null)
    assert missing[0] <= filled[0] + 1e-9
    assert missing[1] <= filled[1] + 1e-9


@settings(max_examples=40)
@given(row=ROWS, nulls=st.tuples(NUMBERS, NUMBERS))
def test_a_larger_null_lies_above_less_and_below_more(row, nulls):
    low, high = sorted(nulls)
    (low_above, low_below), (high_above, high_below) = sides(row, low), sides(row, high)
    assert high_above <= low_above + 1e-9
    assert high_below >= low_below - 1e-9


REFERENCE = runpy.run_path(str(Path(__file__).parents[4] / "docs" / "explanation" / "signed-ranks" / "reference.py"))


@settings(max_examples=60, deadline=None)
@given(row=st.lists(st.none() | NUMBERS, min_size=2, max_size=40).filter(any), null=NUMBERS)
def test_it_is_what_the_lines_for_a_referee_compute(row, null):
    ranks = make_stream(row)
    expected = [REFERENCE[side](row, null) for side in ("e_above", "e_below")]
    assert [math.exp(side) for side in sides(row, null)] == pytest.approx(expected, rel=1e-9)
    assert math.exp(combine_sides(*sides(row, null))) == pytest.approx(REFERENCE["e_told"](row, null), rel=1e-9)
    assert find_interval(ranks) == REFERENCE["interval"](row)
    middle = pseudo_median([value for value in row if value is not None])
    assert middle == pytest.approx(REFERENCE["typical"](row))


def shifted(seed, *, seeds, effect):
    return (np.random.default_rng(seed).normal(size=seeds) + effect).tolist()


@pytest.mark.parametrize(("seeds", "missing"), [(8, 0), (12, 1), (15, 0), (128, 0), (700, 0)])
def test_the_interval_is_what_is_not_refuted(seeds, missing):
    values = [*shifted(seeds, seeds=seeds, effect=1.0), *[None] * missing]
    ranks = make_stream(values)
    low, high = find_interval(ranks)
    assert (low is None, high is None) == tuple(
        side < BAR for side in (log_es(ranks, -99.0)[0], log_es(ranks, 99.0)[1])
    )
    step = 1e-6
    for end, side, outwards in ((low, 0, -step), (high, 1, step)):
        if end is not None:
            assert log_es(ranks, end + outwards)[side] >= BAR
            assert log_es(ranks, end - outwards)[side] < BAR


def test_equal_values_have_no_width_and_ties_with_the_null_say_nothing():
    assert [find_interval(make_stream([value] * 12)) for value in (-1.0, 0.0)] == [(-1.0, -1.0), (0.0, 0.0)]
    better = [0.0, 0.01, 0.0, 0.02, 0.03, 0.0] * 16
    assert sides(better)[0] > BAR
    low, high = find_interval(make_stream(better))
    assert 0.0 <= low <= 0.01 <= high <= 0.025


@settings(max_examples=30)
@given(values=st.lists(st.floats(-1e3, 1e3).filter(lambda value: abs(value) > 1e-3), min_size=1, max_size=20))
def test_neither_the_unit_nor_which_way_is_up_is_known(values):
    above, below = sides(values)
    assert sides([-number for number in values]) == pytest.approx((below, above), abs=1e-9)
    assert sides([number * 1024.0 for number in values]) == pytest.approx((above, below), abs=1e-9)


def test_one_value_far_out_stops_nothing():
    values, place = shifted(3, seeds=160, effect=1.0), 9
    values[place] = -1e9
    assert sides(values)[0] > math.log(1e6)
    low, high = find_interval(make_stream(values))
    assert 0.5 < low < high < 1.5


@pytest.mark.parametrize("sizes", ["equal", "spread"])
def test_twelve_values_on_one_side_are_the_fewest_that_decide(sizes):
    """Of two modes one of 71 % comes eight times in a row in 6.3 % of streams, and twelve times in 1.6 %."""
    for seed in range(20):
        values = np.ones(14) if sizes == "equal" else np.random.default_rng(seed).random(14) + 1.0
        decided = [n for n in range(1, 15) if combine_sides(*log_es(make_stream(values[:n]), 0.0)) >= math.log(20)]
        assert decided == [12, 13, 14]


LOPSIDED = {  # the typical value of each is 0
    "success in 70 %": lambda chance, n: np.where(chance.random(n) < 0.7, 0.5, -0.5),
    "success in 70 %, with noise": lambda chance, n: (
        np.where(chance.random(n) < 0.7, 0.3, -0.7) + 0.1 * chance.normal(size=n) + 0.0609
    ),
    "exponential": lambda chance, n: chance.exponential(size=n) - 0.8392,
}


@pytest.mark.parametrize("law", LOPSIDED)
def test_of_lopsided_laws_the_interval_seldom_leaves_the_typical_value_out(law):
    """A mode of 70 % against a steady arm refuted its own typical value in 14 streams of 100."""
    streams, missed = 200, 0
    for number in range(streams):
        values = LOPSIDED[law](np.random.default_rng(number), 64).tolist()
        at_looks = [make_stream(values[:seeds]) for seeds in range(8, 65, 4)]
        missed += any(log_es(ranks, 1e-6)[0] >= BAR or log_es(ranks, -1e-6)[1] >= BAR for ranks in at_looks)
    assert missed <= streams * 0.05 + 2 * math.sqrt(streams * 0.05 * 0.95)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 30.0], [0.0, 0.0, 1.0], shifted(1, seeds=199, effect=0)])
def test_the_pseudo_median_is_the_middle_of_all_means_of_two(values):
    means = [(values[at] + other) / 2 for at in range(len(values)) for other in values[at:]]
    assert pseudo_median(values) == pytest.approx(np.median(means), abs=1e-12)


def test_of_many_values_the_pseudo_median_is_found_without_all_means():
    values = np.array(shifted(2, seeds=1_000, effect=0.5))
    first, second = np.triu_indices(1_000)
    assert pseudo_median(values) == pytest.approx(np.median(values[first] / 2 + values[second] / 2), abs=1e-4)


@settings(max_examples=50)
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_numbers_of_any_size_give_numbers(values):
    ranks = make_stream(values)
    assert all(-MOST <= side <= MOST for side in log_es(ranks, 0.0))
    assert all(end is None or math.isfinite(end) for end in find_interval(ranks))
    if values:
        assert min(values) <= pseudo_median(values) <= max(values)


LAWS = {
    "cauchy": lambda chance, n: chance.standard_cauchy(n),
    "mostly nothing": lambda chance, n: chance.choice([-1.0, 0.0, 1.0], p=[0.05, 0.9, 0.05], size=n),
    "growing": lambda chance, n: chance.normal(size=n) * np.arange(1, n + 1),
}


@pytest.mark.parametrize("law", LAWS)
def test_looking_again_and_again_an_effect_is_rarely_made_of_nothing(law):
    streams, wrong = 50, 0
    for number in range(streams):
        values = LAWS[law](np.random.default_rng(number), 96).tolist()
        wrong += any(
            combine_sides(*log_es(make_stream(values[:seeds]), 0.0)) >= math.log(20) for seeds in range(8, 97, 4)
        )
    assert wrong <= streams * 0.05 + 3 * math.sqrt(streams * 0.05 * 0.95)


@pytest.mark.parametrize(("effect", "seeds"), [(2.0, 12), (1.0, 16)])
def test_an_effect_is_found_after_as_many_seeds_as_were_measured(effect, seeds):
    times = []
    for number in range(60):
        values = shifted(number, seeds=200, effect=effect)
        times.append(next(n for n in range(4, 201, 4) if combine_sides(*sides(values[:n])) >= math.log(20)))
    assert np.median(times) == pytest.approx(seeds, abs=2)


GROUP_LAWS = {
    "cauchy": lambda rng, size: rng.standard_cauchy(size),
    "lognormal": lambda rng, size: rng.lognormal(size=size),
    "events": lambda rng, size: (rng.random(size) < 0.4).astype(float),
}


def apart(values, groups, strata):
    return group_differences.compare_groups(groups, group_differences.compute_normal_scores(values, strata))


def test_the_tail_is_that_of_an_independent_implementation():
    for square, freedom in itertools.product((0.01, 1.0, 9.0, 300.0), (1, 2, 3, 40)):
        independent = special.chdtrc(freedom, square)
        assert chi_squared_tail(square, freedom) == pytest.approx(independent, rel=1e-9, abs=1e-300)
    for square, freedom in ((0.0, 3), (-1e-18, 3), (5.0, 0)):  # without any distance nothing is unlikely
        assert chi_squared_tail(square, freedom) == 1.0


@pytest.mark.parametrize("law", GROUP_LAWS)
def test_groups_that_do_not_differ_are_said_to_as_seldom_as_promised(law):
    rng, streams = np.random.default_rng(3), 200
    together, single = [], []
    for _ in range(streams):
        groups, strata = rng.integers(0, 8, 120).tolist(), [place % 3 for place in range(120)]
        values = GROUP_LAWS[law](rng, 120) + np.array(strata) * 5  # designs may differ as they like
        groups_apart = apart(values.tolist(), groups, strata)
        together.append(groups_apart.together)
        single.append(min(groups_apart.chances.values()) * len(groups_apart.chances))
    for chances in (together, single):
        for level in (0.05, 0.2):
            assert np.mean(np.array(chances) < level) <= level + 3 * math.sqrt(level * (1 - level) / streams)
    assert np.mean(np.array(together) < 0.2) > 0.08  # it is a test and not a constant


def test_of_rare_events_no_group_is_said_to_lie_apart_more_often_than_chance_has_it():
    """A group with three values, one of them an event: a normal tail would call that one in a hundred million."""
    rng, streams, level, chance = np.random.default_rng(6), 150, 0.01, 0.01
    results = [
        apart((rng.random(180) < chance).tolist(), [n % 60 for n in range(180)], [0] * 180) for _ in range(streams)
    ]
    most = level + 3 * math.sqrt(level * (1 - level) / streams)
    assert np.mean([min(result.chances.values(), default=1.0) * 60 < level for result in results]) <= most
    assert np.mean([result.together < level for result in results]) <= most


@pytest.mark.parametrize(("mine", "whole", "events"), [(6, 200, 4), (60, 200, 10), (140, 200, 60)])
def test_where_values_agree_a_small_chance_is_the_exact_one(mine, whole, events):
    """Of which events a group has is known exactly how often it has so many: the hypergeometric law."""
    law = stats.hypergeom(whole, events, mine)
    for own in range(max(0, mine + events - whole), min(mine, events) + 1):
        values = [1.0] * own + [0.0] * (mine - own) + [1.0] * (events - own) + [0.0] * (whole - mine - events + own)
        chance = apart(values, [0] * mine + [1] * (whole - mine), [0] * whole).chances[0]
        if chance < 0.01:
            assert chance == pytest.approx(2 * (law.sf(own - 1) if own > law.mean() else law.cdf(own)), rel=1e-9)


GROUPED_ROWS = st.lists(
    st.tuples(st.floats(-5, 5).map(lambda number: round(number, 1)), st.integers(0, 3), st.integers(0, 1)), max_size=24
)


@settings(max_examples=40)
@given(rows=GROUPED_ROWS, order=st.randoms())
def test_neither_unit_nor_order_matters(rows, order):
    def found(rows):
        values, groups, strata = zip(*rows, strict=True) if rows else ((), (), ())
        return apart(values, groups, strata)

    shuffled = list(rows)
    order.shuffle(shuffled)
    before, after = found(rows), found([(math.exp(value), group, stratum) for value, group, stratum in shuffled])
    assert after.together == pytest.approx(before.together)
    assert after.chances == pytest.approx(before.chances)


def test_two_groups_are_as_far_apart_as_each_of_them_and_equal_values_tell_nothing():
    two = apart([1.0, 2.0, 3.0, 4.0, 9.0, 8.0], ["a", "a", "a", "b", "b", "b"], [0] * 6)
    assert two.together == pytest.approx(two.chances["a"]) == pytest.approx(two.chances["b"])
    equal = apart([1.0] * 6, [0, 1] * 3, [0] * 6)
    assert (equal.chances, equal.together) == ({}, 1.0)


def test_a_middle_that_many_values_share_is_found_as_soon_as_any_other(monkeypatch):
    noise = np.random.default_rng(1).normal(size=20_000)
    steps = []
    search = np.searchsorted
    monkeypatch.setattr(np, "searchsorted", lambda *words: steps.append(1) or search(*words))
    assert pseudo_median(np.where(np.arange(20_000) % 5 < 3, 0.0, noise)) == 0.0
    assert len(steps) < 300
