"""Simple features first: starvation of the weak, and slabs that are ignored beside a cut."""

import functools
import itertools
import math
from statistics import fmean

import jax
import make_golden
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, gradient_starvation, losses, models
from axiom.kit.optimizers import Rates
from axiom_catalogue import feature_competition_dynamics as competition
from axiom_catalogue import simplicity_bias
from axiom_catalogue import starvation_under_dropout as under_dropout
from axiom_catalogue import starvation_under_gradient_normalisation as under_normalisation

# Pezeshki et al. (2021): gradients begin at the ratio of the strengths, and a weak feature starves beside a strong.
RIVAL_SEEDS = [seed_of(competition.experiment.name, 1, replicate) for replicate in range(4)]


def rival_cells(*, strong, weak=0.5, width=32, decoupling=0.0, epochs=30, **factors):
    config = competition.Config(width=width, strong=strong, weak=weak, decoupling=decoupling, epochs=epochs, **factors)
    return [competition.run(config, seed) for seed in RIVAL_SEEDS]


def test_gradients_begin_at_the_ratio_of_the_strengths():
    for strong, weak in ((3.0, 1.0), (1.0, 1.0), (1.0, 3.0)):
        measured = rival_cells(strong=strong, weak=weak)
        assert fmean(np.log(cell.first_gradient_ratio) for cell in measured) == pytest.approx(
            np.log(strong / weak), abs=0.2
        )


def test_decoupling_adds_half_the_squared_length_of_the_outputs():
    rng = np.random.default_rng(5)
    net = competition.models.mlp(rng, (20, 8, 5))
    x, y = rng.standard_normal((10, 20)).astype(np.float32), rng.integers(0, 5, size=10).astype(np.int32)
    without, with_it = (float(competition.decoupled(net, x, y, factor)) for factor in (0.0, 0.3))
    assert with_it - without == pytest.approx(
        0.15 * np.mean((competition.models.logits(net, x) ** 2).sum(axis=1)), rel=1e-4
    )


# Who is silent by chance, by hand; and the weak feature starves beside a strong one (Pezeshki et al. 2021).
HUSHED_SEEDS = [seed_of(under_dropout.experiment.name, 1, replicate) for replicate in range(4)]


def test_the_first_losses_are_those_of_who_is_heard():
    """By hand: the losses that a cell tells of while it learns nothing."""
    config = under_dropout.Config(strong=2.0, hidden=0.5, inputs=0.2, noise=1.0, width=32, epochs=20, lr=0.0)
    seed = HUSHED_SEEDS[0]
    _, heard = make_golden.compute(under_dropout.experiment, config, seed)
    task = gradient_starvation.rivals(seed, strong=2.0, weak=0.5).task
    orders = chance.orders(seed, items=1_000, epochs=20)
    first, second = models.mlp(chance.stream(seed, "start"), (20, 32, 5))
    numbers = chance.stream(seed, "silence").integers(0, 1_024, size=(20_000, 2), dtype=np.int32)
    silent = chance.stream(seed, "silent inputs").random((1_024, 20)) < 0.2
    hushed = chance.stream(seed, "silent neurons").random((1_024, 32)) < 0.5
    for step, loss in enumerate(heard.early_values):
        rows = orders[0, 50 * step : 50 * (step + 1)]
        x = task.x_train[rows] * ~silent[numbers[rows, 0]] / 0.8
        hidden = np.maximum(x @ first.weights, 0) * ~hushed[numbers[rows, 1]] / 0.5
        outputs = hidden @ second.weights
        by_hand = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(50), task.y_train[rows]]
        assert loss == pytest.approx(by_hand.mean(), rel=1e-4)


# Gradients of one length for blocks and for examples, by hand; and the weak feature starves (Pezeshki et al. 2021).
def rule_drawn():
    net = models.mlp(chance.stream(1, "net"), (20, 7, 5))
    x = chance.stream(1, "x").standard_normal((6, 20)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 5, 6).astype(np.int32)


def rule_flat(slope):
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in jax.tree.leaves(slope)])


@functools.cache
def rule_one_by_one():
    """The gradient of each example, all weights and biases as one vector."""
    net, x, y = rule_drawn()
    slope = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    return np.stack([rule_flat(slope(net, x[[row]], y[[row]])) for row in range(len(x))])


def test_lengths_are_those_of_each_example_alone():
    assert np.asarray(jax.jit(under_normalisation.example_lengths)(*rule_drawn())) == pytest.approx(
        np.linalg.norm(rule_one_by_one(), axis=1), rel=1e-4
    )


def test_every_example_has_a_gradient_of_the_mean_length():
    lengths = np.linalg.norm(rule_one_by_one(), axis=1, keepdims=True)
    by_hand = lengths.mean() * (rule_one_by_one() / lengths).mean(axis=0)
    assert rule_flat(jax.jit(jax.grad(under_normalisation.alike))(*rule_drawn())) == pytest.approx(
        by_hand, rel=1e-3, abs=1e-6
    )


def test_both_blocks_get_as_much_and_nothing_else_changes():
    rng = np.random.default_rng(2)
    slope = (rng.standard_normal((20, 7)) * np.repeat([5.0, 1.0], 10)[:, None]).astype(np.float32)
    weight = rng.standard_normal((20, 7)).astype(np.float32)
    after, _ = under_normalisation.blockwise(weight, slope, (), 1, Rates(lr=0.5))
    step = (weight - np.asarray(after)) / 0.5
    lengths = [np.linalg.norm(step[part]) for part in (slice(10), slice(10, 20))]
    assert lengths == pytest.approx([np.linalg.norm(slope) / np.sqrt(2)] * 2, rel=1e-3)
    for part in (slice(10), slice(10, 20)):
        assert np.vdot(step[part], slope[part]) == pytest.approx(
            np.linalg.norm(step[part]) * np.linalg.norm(slope[part]), rel=1e-3
        )
    other = slope[:7]
    assert weight[:7] - np.asarray(
        under_normalisation.blockwise(weight[:7], other, (), 1, Rates(lr=0.5))[0]
    ) == pytest.approx(0.5 * other, rel=1e-3, abs=1e-5)


# Kalimeris et al. (2019) and Shah et al. (2020): what is told early is linear, and slabs are ignored beside a cut.


def entropy(table, *axes):
    """Of the marginal distribution of these axes, in bits, term by term."""
    sums = {}
    for place in itertools.product(range(2), repeat=3):
        key = tuple(place[axis] for axis in axes)
        sums[key] = sums.get(key, 0.0) + table[place]
    return -sum(share * math.log2(share) for share in sums.values() if share > 0)


def test_information_is_a_difference_of_entropies():
    """I(F; Y) = H(F) + H(Y) - H(F, Y) and I(F; Y | L) = H(F, L) + H(Y, L) - H(F, Y, L) - H(L)."""
    for seed in range(5):
        table = np.random.default_rng(seed).dirichlet(np.ones(8)).reshape(2, 2, 2)
        informs, beyond = simplicity_bias.informs(table)
        assert informs == pytest.approx(entropy(table, 0) + entropy(table, 1) - entropy(table, 0, 1))
        by_hand = entropy(table, 0, 2) + entropy(table, 1, 2) - entropy(table, 0, 1, 2)
        by_hand -= entropy(table, 2)
        assert beyond == pytest.approx(by_hand)


def test_a_task_of_one_class_has_no_early_network():
    for seed in (8679202081705687281, 631039522567474353):  # of whose fresh examples none and 1 in 200 are of the other
        measured = simplicity_bias.run(simplicity_bias.Config(task="teacher", epochs=2), seed)
        assert measured.linear_accuracy > 0.99
        assert measured.early_step is measured.early_explained is measured.linear_first is measured.kept is None


def test_rival_has_the_accuracy_and_no_order():
    """A coin that replaces answers leaves class and linear answer alone, and takes of accuracy what it should."""
    table = np.random.default_rng(3).dirichlet(np.ones(8)).reshape(2, 2, 2)  # of answers, classes and linear answers
    table[0, 0] += 1.0
    table[1, 1] += 1.5
    table /= table.sum()
    rival = simplicity_bias.diluted(table, 0.7)
    assert rival[0, 0].sum() + rival[1, 1].sum() == pytest.approx(0.7)
    assert rival.sum(axis=0) == pytest.approx(table.sum(axis=0))
    assert simplicity_bias.diluted(table, table[0, 0].sum() + table[1, 1].sum()) == pytest.approx(table)
    guessed = simplicity_bias.diluted(table, 0.5)
    assert guessed[0] == pytest.approx(guessed[1])
