"""Steps to a goal, beside the same descent in NumPy; and the law of batch sizes, from numbers that obey it."""

import numpy as np
import pytest

from axiom.kit import goals

RATES = [2.0**-place for place in range(6)]


def way(batch, *, steps=400, seed=3, copies=1):
    start, x, y, objective = goals.problem(seed, "affine")
    batches = goals.draws(seed, items=len(x), batch=batch, steps=steps, copies=copies)
    return goals.Way(start=start, x=x, y=y, batches=batches, objective=objective)


def by_hand(asked, rate, steps):
    """The loss behind each look of a linear regression with a bias."""
    weights, biases = np.asarray(asked.start[0].weights, np.float64), np.zeros(5)
    found = []
    for look in asked.batches[:steps]:
        for items in look:
            x, missed = asked.x[items], asked.x[items] @ weights + biases - asked.y[items]
            weights, biases = weights - rate * x.T @ missed / len(items), biases - rate * missed.mean(axis=0)
        found.append(0.5 * np.mean(np.sum((asked.x @ weights + biases - asked.y) ** 2, axis=1)))
    return np.array(found)


@pytest.mark.parametrize("batch", [8, 128])
def test_the_fewest_steps_are_those_of_the_best_rate(batch):
    asked = way(batch)
    goal, between = 0.05 * by_hand(asked, 0.0, 1)[0], asked.batches.shape[1]
    counted = {}
    for rate in RATES:
        losses = np.concatenate([[goal / 0.05], by_hand(asked, rate, 20)])
        behind = np.flatnonzero(losses <= goal)
        if len(behind):
            last = int(behind[0])
            counted[rate] = between * (last - 1 + goals.share(losses[last - 1], losses[last], goal))
    found = goals.fewest(asked, RATES, goal=goal)
    best = min(counted, key=counted.get)
    assert found.rate == best
    assert found.steps == pytest.approx(counted[best], rel=1e-3)


def test_where_no_rate_arrives_there_is_no_number_of_steps():
    found = goals.fewest(way(8, steps=16), [1e-4, 1e-5], goal=0.01)
    assert found.steps == np.inf


def test_a_rate_that_diverges_is_passed_over_and_so_are_slow_ones_before_the_best():
    found = goals.fewest(way(8), [8.0, 0.001, 0.002, 0.003, 0.25, 0.004], goal=0.5)
    assert found.rate == 0.25


def test_copies_are_worth_one_row():
    single, copied = way(8), way(64, copies=8)
    assert (copied.batches[0, 0] == np.repeat(copied.batches[0, 0, ::8], 8)).all()
    rates = [0.25, 0.125, 0.0625]
    one, other = (goals.fewest(asked, rates, goal=0.5) for asked in (single, copied))
    assert one.steps == pytest.approx(other.steps, rel=0.25)
    assert one.rate == other.rate


def test_between_two_looks_the_loss_falls_evenly():
    assert goals.share(1.0, 0.25, 0.5) == pytest.approx(0.5)
    assert goals.share(0.4, 0.4, 0.4) == 1.0


def test_the_law_is_found_in_numbers_that_obey_it():
    sizes = np.array([4, 8, 16, 32, 64])
    assert goals.law(sizes, 7 + 300 / sizes) == pytest.approx((7, 300))


def test_problems_are_what_they_say():
    _, x, y, objective = goals.problem(5, "affine")
    exact, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert x @ exact == pytest.approx(y, abs=1e-4)
    assert np.sum(exact**2) == pytest.approx(5, rel=1e-4)
    _, x, noisy, _ = goals.problem(5, "noisy")
    assert np.var(noisy - x @ exact) == pytest.approx(1, rel=0.1)
    start, x, y, objective = goals.problem(5, "teacher")
    assert float(objective(start, x, y)) == pytest.approx(np.log(5), rel=0.5)
    assert goals.problem(5, "clusters")[1].shape == (1_024, 20)
