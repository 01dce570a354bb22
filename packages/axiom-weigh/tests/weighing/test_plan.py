"""`axiom_weigh.plan`: how many seeds an effect takes, as the weighing itself will then take them."""

import random
from statistics import median

import pytest

import axiom_weigh
from axiom_weigh.errors import WrongUse
from axiom_weigh.values import Verdict


def seeds_taken(effect: float, start: int) -> int:
    dice = random.Random(start)
    values = [dice.gauss(effect, 1.0) for _ in range(8)]
    while axiom_weigh.weigh(values, estimand="contrast").verdict is not Verdict.POSITIVE:
        values.append(dice.gauss(effect, 1.0))
    return len(values)


def test_what_is_planned_is_what_the_weighing_takes():
    taken = sorted(seeds_taken(1.0, start) for start in range(60))
    half, most = axiom_weigh.plan(1.0).verdict
    assert median(taken) == pytest.approx(half, rel=0.25)
    assert taken[53] == pytest.approx(most, rel=0.3)


def test_a_smaller_effect_a_smaller_chance_of_error_and_a_higher_grade_take_more():
    large, small, strict = axiom_weigh.plan(1.0), axiom_weigh.plan(-0.25), axiom_weigh.plan(0.25, alpha=0.01)
    for halves in ([large.verdict, small.verdict, strict.verdict], [small.verdict, small.strong]):
        assert halves == sorted(halves)
        assert len(set(halves)) == len(halves)
    assert axiom_weigh.plan(0.005).verdict == (None, None)
    assert "more than a million" in str(axiom_weigh.plan(0.005))
    assert axiom_weigh.plan(50).verdict == (12, 12)  # fewer seeds give no verdict, however large the effect


@pytest.mark.parametrize("effect", [0.0, 0.001, 1e6, float("nan"), float("inf")])
def test_no_number_of_seeds_is_told_for_what_is_no_effect(effect):
    with pytest.raises(WrongUse):
        axiom_weigh.plan(effect)
