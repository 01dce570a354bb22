"""Numbers that come again under other seeds: found where that says something, and nowhere else."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.equal_values import (
    equal_values,
    few_equal_values,
    find_clones,
    group_alike_seeds,
    is_fine,
    mark_row,
)

ONCE = 0.031_415_926_535_9


def test_each_group_of_alike_results_is_told_and_rows_have_to_agree_in_all_numbers():
    assert find_clones({7: ONCE}) == ()
    assert find_clones({7: ONCE, 3: ONCE}) == ((7, 3),)
    assert find_clones(dict.fromkeys(range(240), ONCE)) == (tuple(range(240)),)
    other = ONCE * (1 + 1e-14)
    same = math.nextafter(ONCE, 1.0)
    assert find_clones({1: ONCE, 2: same}) == ((1, 2),)
    assert find_clones({1: ONCE, 2: other, 3: ONCE, 4: -ONCE, 5: 2 * ONCE, 6: 2 * ONCE}) == ((1, 3), (5, 6))
    assert find_clones({1: (0.5, ONCE, None), 2: (0.5, ONCE, None)}) == ((1, 2),)
    assert find_clones({1: (0.5, ONCE), 2: (0.75, ONCE)}) == ()
    assert find_clones({1: (0.5, ONCE), 2: (0.5, ONCE, None)}) == ()
    assert find_clones({1: (0.5, 0.25), 2: (0.5, 0.25)}) == ()


@pytest.mark.parametrize("coarse", [0.0, -3.0, 0.03, 0.12 - 0.09, 2 / 3, 517 / 1000, 2.0**20, 0.7345, math.nan])
def test_numbers_with_few_values_to_choose_from_are_never_clones(coarse):
    assert find_clones(dict.fromkeys(range(400), coarse)) == ()
    assert not is_fine(coarse)
    for fine in (ONCE, -math.e * 1e-200, float(np.float32(0.734981237)), 1 / 3 + 1e-9):
        assert is_fine(fine)


def test_single_precision_meets_itself_by_chance_among_very_many_seeds():
    rng = np.random.default_rng(1)
    drawn = [float(number) for number in rng.normal(0.8, 0.01, 2_000).astype(np.float32)]
    assert len(set(drawn)) < len(drawn)  # it does
    assert find_clones(dict(enumerate(drawn))) == ()
    for number in drawn[:10]:  # one pair among 402 or 41 may be chance
        assert find_clones(dict(enumerate([number, number, *drawn[1_000:1_400]]))) == ()
        assert find_clones(dict(enumerate([number, number, *drawn[1_000:1_039]]))) == ()
    assert find_clones(dict(enumerate([drawn[0]] * 4 + drawn[1:400]))) == ((0, 1, 2, 3),)  # four are not
    assert find_clones(dict(enumerate([drawn[0]] * 2))) == ((0, 1),)


@settings(max_examples=40)
@given(rows=st.dictionaries(st.integers(0, 50), st.lists(st.sampled_from([0.5, ONCE, math.pi, None]), max_size=3)))
def test_marks_find_what_the_numbers_find(rows):
    kept = {seed: mark_row(row) for seed, row in rows.items()}
    assert all(len(text) <= 40 for text in kept.values())
    assert group_alike_seeds(kept) == find_clones(rows)


def test_marks_are_those_that_laboratories_have_stored():
    assert mark_row([ONCE, 1.0, -0.0, None, 2 / 3]) == "10.0:3ced7115c0efc751ea43a5e7796c8c1c"
    assert mark_row([ONCE, 1.0, 0.0, math.inf, 2 / 3]) == mark_row([ONCE, 1.0, -0.0, None, 2 / 3])


def digits_of(number):
    """The same in plain words: bits, decimal places, and the simplest fraction nearby."""
    numerator, _ = number.as_integer_ratio()
    bits = len(f"{numerator:b}".rstrip("0"))
    written = len(Decimal(repr(number)).normalize().as_tuple().digits)
    digits = min(15.0, bits * math.log10(2.0), float(written))
    simple = Fraction(number).limit_denominator(10_000)
    is_simple = abs(float(simple) - number) <= 1e-14 * number
    return min(digits, math.log10(simple.numerator)) if is_simple else digits


@settings(max_examples=60)
@given(
    st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False)
    | st.fractions(min_value=Fraction(1, 10_010), max_value=20_000, max_denominator=10_010).map(float)
    | st.decimals(min_value="0.001", max_value=1000, places=6).map(float)
)
@example(0.5 / 9_999)
@example(math.nextafter(1 / 9_973, 1))
@example(1.7976931348623157e308)
def test_how_many_digits_a_number_carries_is_counted_as_its_definition_says(number):
    telling = digits_of(number) - 2.0
    expected = f"{telling:.1f}:" if telling >= 4.0 else ""
    assert mark_row([number])[: len(expected) or None] == expected


def drawn(seed: int, draw) -> tuple[range, list[float]]:
    values = draw(np.random.default_rng(seed)).tolist()
    return range(len(values)), values


HONEST = {
    "accuracies of 1,000 cases in single precision": lambda chance: np.float32(chance.binomial(1000, 0.92, 40) / 1000),
    "accuracies of 1,797 cases": lambda chance: chance.integers(10, 17, 60) / 1797,
    "accuracies of 100 cases, of many seeds": lambda chance: chance.binomial(100, 0.92, 300) / 100,
    "accuracies of 1,000 cases, of many seeds": lambda chance: chance.binomial(1000, 0.92, 300) / 1000,
    "accuracies of 1,000 cases near 1": lambda chance: (1000 - chance.poisson(chance.choice([1, 1, 1, 20], 24))) / 1000,
    "losses in single precision": lambda chance: np.float32(chance.normal(size=40)),
    "successes and failures with three decimals": lambda chance: np.round(
        chance.choice([0.1, 0.95], 24) + chance.normal(0, 0.01, 24), 3
    ),
    "times of three digits": lambda chance: np.array([float(f"{time:.3g}") for time in chance.lognormal(0, 1.5, 300)]),
    "balanced accuracies": lambda chance: (
        (chance.binomial(370, 0.9, 24) / 370 + chance.binomial(630, 0.8, 24) / 630) / 2
    ),
    "F1 scores": lambda chance: (
        (hits := chance.binomial(300, 0.8, 24)) / (150 + hits / 2 + chance.binomial(700, 0.1, 24) / 2)
    ),
    "whole numbers": lambda chance: chance.integers(0, 5, 40).astype(float),
}
COPIED = {
    "eight numbers with four decimals, five times each": lambda chance: np.tile(np.round(chance.normal(size=8), 4), 5),
    "nine accuracies of 1,000 cases, four times each": lambda chance: np.repeat(
        chance.permutation(90)[:9] / 1000 + 0.86, 4
    ),
    "three numbers with three decimals, eight times each": lambda chance: chance.permutation(
        np.repeat([0.803, 0.816, 0.847], 8)
    ),
    "one value for every fourth seed": lambda chance: np.where(np.arange(40) % 4, chance.normal(size=40), 0.37812),
    "one loss in single precision, ten times": lambda chance: np.append(
        np.float32(chance.normal(size=30)), [np.float32(0.734981237)] * 10
    ),
}


@pytest.mark.parametrize("name", [*HONEST, *COPIED])
def test_equal_values_are_copies_where_chance_would_seldom_give_them(name):
    groups = [equal_values(*drawn(seed, {**HONEST, **COPIED}[name])) for seed in range(15)]
    assert all(groups) if name in COPIED else groups == [()] * 15


@pytest.mark.parametrize(
    ("alone", "are_copies"), [(0.912, True), (0.91, True), (0.9, False), (1.0, False), (0.912_345_678_9, True)]
)
def test_an_arm_in_which_nothing_varies_is_compared_with_how_the_other_arm_lies(alone, are_copies):
    chance = np.random.default_rng(1)
    assert bool(equal_values(range(24), [alone] * 24, (chance.binomial(1000, 0.92, 24) / 1000).tolist())) == are_copies
    assert equal_values(range(24), [42.0] * 24, chance.poisson(40, 24).tolist()) == ()
    assert equal_values(range(24), [0.7] * 24, chance.binomial(1, 0.7, 24).tolist()) == ()


def test_an_arm_near_its_limit_is_no_copy():
    chance = np.random.default_rng(1)
    for rare in (6, 20, 300):
        arms = ((1000 - chance.poisson(np.where(chance.random((30, 24)) < 0.8, 0.5, rare))) / 1000).tolist()
        other = (chance.binomial(1000, 0.9, 24) / 1000).tolist()
        assert [equal_values(range(24), arm, other) for arm in arms] == [()] * 30


def test_in_per_cent_a_whole_number_may_be_a_copy_and_a_limit_is_none():
    chance = np.random.default_rng(1)
    for draws in ([90.0, 91.3, 88.9], [90.0, 92.0, 88.9]):
        other = (chance.binomial(1000, 0.9, 24) / 10).tolist()
        assert sum(map(len, equal_values(range(24), draws * 8, other))) == 24
    assert equal_values(range(24), [100.0] * 20 + [99.9, 99.8, 99.5, 98.0], other) == ()


def test_numbers_that_both_arms_have_are_common_ones():
    """Balanced accuracies of 100 cases: a fine grid, of which few points are taken."""
    chance = np.random.default_rng(1)
    ours, other = ((chance.binomial([37, 63], 0.9, (100, 2)) / [37, 63]).mean(axis=1).tolist() for _ in range(2))
    assert equal_values(range(100), ours, other) == ()
    assert equal_values(range(100), ours) == ()


def test_few_equal_values_are_told_apart_from_many():
    values = np.random.default_rng(1).normal(size=24).tolist()
    values[3] = values[9]
    assert (equal_values(range(24), values), few_equal_values(range(24), values)) == ((), ((3, 9),))
    assert few_equal_values(range(24), [round(value, 2) for value in values]) == ()


_ODD = st.sampled_from([0.0, 2.75, 3e-308, 1.7e308]) | st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=40)
@given(st.dictionaries(st.integers(0, 30), _ODD, max_size=12))
@example({0: 0.37812, 1: 0.37812, 2: 0.51237})  # too few different ones to tell
@example(dict(enumerate([0.0, 0.0, 0.0, 0.0, 1.0, 2.75, 2.75, 3e-308])))
def test_groups_of_equal_values_differ_by_noise_alone(values):
    width = max(values.values(), default=0.0) / 2 - min(values.values(), default=0.0) / 2
    for group in equal_values([*values], [*values.values()]):
        assert max(values[seed] for seed in group) - min(values[seed] for seed in group) <= width / 100
