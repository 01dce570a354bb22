"""Series obey the equations that they are named after."""

import numpy as np
import pytest

from axiom.kit import chance, series


def by_the_book(inputs):
    """NARMA-10 as Atiya and Parlos write it, the long way round."""
    y = np.zeros(len(inputs) + 1)
    for t in range(len(inputs)):
        past = sum(y[t - i] for i in range(10) if t - i >= 0)
        product = inputs[t] * inputs[t - 9] if t >= 9 else 0.0
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * past + 1.5 * product + 0.1
    return y[1:]


def test_narma_follows_its_rule():
    inputs = chance.stream(5, "input").uniform(0.0, 0.4, 200)
    assert series.narma(inputs) == pytest.approx(by_the_book(inputs))


@pytest.mark.parametrize("level", [0.0, 0.1, 0.3])
def test_narma_under_a_constant_input_settles_where_its_rule_stands_still(level):
    constant = 1.5 * level**2 + 0.1
    fixed = (0.7 - np.sqrt(0.49 - 2 * constant)) / 1.0  # of y = 0.3 y + 0.5 y^2 + constant, the stable one
    assert series.narma(np.full(400, level))[-1] == pytest.approx(fixed, abs=1e-6)


def test_an_input_that_drives_narma_out_of_its_basin_meets_a_wall():
    driven = series.narma(np.full(400, 0.5))
    assert driven.max() == driven[-1] == 1.5


@pytest.mark.parametrize(("seed", "draws"), [(5, 1), (208, 2), (242, 2)])
def test_a_task_never_meets_it_for_such_an_input_is_drawn_again(seed, draws):
    drawn = chance.stream(seed, "narma").uniform(0.0, 0.5, (draws, 2_000))
    inputs, y = series.narma_task(chance.stream(seed, "narma"), length=2_000)
    assert [series.narma(each).max() < 1.5 for each in drawn] == [False] * (draws - 1) + [True]
    assert np.array_equal(inputs, drawn[-1])
    assert np.array_equal(y, series.narma(inputs))


def test_narma_hears_the_present_and_nine_steps_ago_and_nothing_to_come():
    inputs = chance.stream(5, "input").uniform(0.0, 0.4, 60)
    changed = inputs.copy()
    changed[30] += 0.1
    moved = np.flatnonzero(series.narma(changed) != series.narma(inputs))
    assert moved[0] == 30
    before = inputs.copy()
    before[21] = 0.0  # what input 30 is multiplied by
    assert series.narma(before)[30] == pytest.approx(0.3 * series.narma(before)[29] + rest(before, 30), abs=1e-12)


def rest(inputs, t):
    y = series.narma(inputs)
    return 0.05 * y[t - 1] * y[t - 10 : t].sum() + 0.1


def test_mackey_and_glass_stand_still_at_one():
    assert series.heun(1.0, 1.0, 1.0) == pytest.approx(1.0)
    assert series.heun(1.1, 1.0, 1.0) == pytest.approx(1.0 + 0.1 * np.exp(-0.01), abs=1e-7)  # decays at rate 0.1


def test_heuns_rule_is_of_second_order_in_the_delayed_values():
    """With a production that rises from p to r within the step, x moves by the mean of both."""
    before, after = 0.5, 0.6
    rise = (0.2 * before / (1 + before**10) + 0.2 * after / (1 + after**10)) / 2
    assert series.heun(0.0, before, after) == pytest.approx(0.1 * rise * (1 - 0.1 * 0.1 / 2), rel=1e-3)


def test_with_a_short_delay_it_settles_and_with_17_it_never_does():
    calm = series.mackey_glass(chance.stream(5, "series"), length=600, delay=3)
    wild = series.mackey_glass(chance.stream(5, "series"), length=600)
    assert np.ptp(calm[-100:]) < 1e-3
    assert calm[-1] == pytest.approx(1.0, abs=1e-3)
    assert 0.2 < wild.min() < 0.6
    assert 1.2 < wild.max() < 1.45
    assert wild[-300:].std() == pytest.approx(0.23, abs=0.04)  # as the literature draws it


def test_nearby_pasts_of_mackey_and_glass_part_but_its_statistics_stay():
    first, second = (series.mackey_glass(chance.stream(seed, "series"), length=1_500) for seed in (5, 6))
    assert len(first) == 1_500
    assert not np.allclose(first, second, atol=0.1)
    assert first.mean() == pytest.approx(second.mean(), abs=0.03)


def test_a_shorter_series_is_the_beginning_of_a_longer_one():
    few, many = (series.mackey_glass(chance.stream(5, "series"), length=length) for length in (50, 80))
    assert few == pytest.approx(many[:50])
