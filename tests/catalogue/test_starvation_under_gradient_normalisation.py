"""Gradients of one length for blocks and for examples, by hand; and the weak feature starves (Pezeshki et al. 2021)."""

import functools
from statistics import fmean

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import starvation_under_gradient_normalisation as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, losses, models
from axiom.kit.optimizers import Rates

SEEDS = [seed_of(right.experiment.name, 1, replicate) for replicate in range(4)]


@functools.cache
def cells(module, rule="plain", *, strong=2.0, noise=1.0, width=32, epochs=20, **factors):
    config = module.Config(rule=rule, strong=strong, noise=noise, width=width, epochs=epochs, **factors)
    return [module.run(config, seed) for seed in SEEDS]


def drawn():
    net = models.mlp(chance.stream(1, "net"), (20, 7, 5))
    x = chance.stream(1, "x").standard_normal((6, 20)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 5, 6).astype(np.int32)


def flat(slope):
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in jax.tree.leaves(slope)])


@functools.cache
def one_by_one():
    """The gradient of each example, all weights and biases as one vector."""
    net, x, y = drawn()
    slope = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    return np.stack([flat(slope(net, x[[row]], y[[row]])) for row in range(len(x))])


def lengths_are_those_of_each_example_alone(module):
    assert np.asarray(jax.jit(module.example_lengths)(*drawn())) == pytest.approx(
        np.linalg.norm(one_by_one(), axis=1), rel=1e-4
    )


def every_example_has_a_gradient_of_the_mean_length(module):
    lengths = np.linalg.norm(one_by_one(), axis=1, keepdims=True)
    by_hand = lengths.mean() * (one_by_one() / lengths).mean(axis=0)
    assert flat(jax.jit(jax.grad(module.alike))(*drawn())) == pytest.approx(by_hand, rel=1e-3, abs=1e-6)


def both_blocks_get_as_much_and_nothing_else_changes(module):
    rng = np.random.default_rng(2)
    slope = (rng.standard_normal((20, 7)) * np.repeat([5.0, 1.0], 10)[:, None]).astype(np.float32)
    weight = rng.standard_normal((20, 7)).astype(np.float32)
    after, _ = module.blockwise(weight, slope, (), 1, Rates(lr=0.5))
    step = (weight - np.asarray(after)) / 0.5
    lengths = [np.linalg.norm(step[part]) for part in (slice(10), slice(10, 20))]
    assert lengths == pytest.approx([np.linalg.norm(slope) / np.sqrt(2)] * 2, rel=1e-3)
    for part in (slice(10), slice(10, 20)):
        assert np.vdot(step[part], slope[part]) == pytest.approx(
            np.linalg.norm(step[part]) * np.linalg.norm(slope[part]), rel=1e-3
        )
    other = slope[:7]
    assert weight[:7] - np.asarray(module.blockwise(weight[:7], other, (), 1, Rates(lr=0.5))[0]) == pytest.approx(
        0.5 * other, rel=1e-3, abs=1e-5
    )


def decoupling_adds_half_the_squared_length_of_the_outputs(module):
    net, x, y = drawn()
    without, with_it = (float(module.decoupled(net, x, y, factor)) for factor in (0.0, 0.3))
    assert without == pytest.approx(float(losses.CROSS_ENTROPY(net, x, y)), rel=1e-5)
    assert with_it - without == pytest.approx(0.15 * np.mean((models.logits(net, x) ** 2).sum(axis=1)), rel=1e-4)


def each_rule_is_another_descent(module):
    curves = [cells(module, rule)[0].weak_by_snapshot for rule in module.RULES]
    assert len(set(curves)) == len(module.RULES) == 4


def the_weak_block_starves_beside_a_strong_one(module):
    for noise in (0.1, 1.0):
        alone, beside = (
            fmean(one.weak_accuracy for one in cells(module, strong=strong, noise=noise)) for strong in (0.0, 2.0)
        )
        assert alone > beside + 0.1
        assert beside > 0.2  # of five classes


def what_starves_is_what_the_twin_knows_more(module):
    """Which learns by the same rule, and for which the strong block is noise."""
    for rule in ("plain", "blocks"):
        for beside, alone in zip(cells(module, rule), cells(module, rule, strong=0.0), strict=True):
            assert beside.beside_minus_alone == beside.weak_accuracy - alone.weak_accuracy
            stopped = beside.stopped_weak_accuracy - alone.stopped_weak_accuracy
            assert beside.stopped_beside_minus_alone == stopped
            assert alone.beside_minus_alone == 0


def without_the_weak_block_only_guessing_is_left(module):
    measured = cells(module, weak=0.0)
    assert fmean(one.weak_accuracy for one in measured) == pytest.approx(0.2, abs=0.02)
    assert min(one.test_accuracy for one in measured) > 0.95


TRUTHS = [
    lengths_are_those_of_each_example_alone,
    every_example_has_a_gradient_of_the_mean_length,
    both_blocks_get_as_much_and_nothing_else_changes,
    decoupling_adds_half_the_squared_length_of_the_outputs,
    each_rule_is_another_descent,
    the_weak_block_starves_beside_a_strong_one,
    what_starves_is_what_the_twin_knows_more,
    without_the_weak_block_only_guessing_is_left,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (lengths_are_those_of_each_example_alone, " * (heard > 0)", ""),
        (lengths_are_those_of_each_example_alone, "(1 + heard)", "heard"),
        (every_example_has_a_gradient_of_the_mean_length, "* lengths.mean() / lengths", "/ lengths"),
        (every_example_has_a_gradient_of_the_mean_length, "jax.lax.stop_gradient(jnp.maximum", "(jnp.maximum"),
        (both_blocks_get_as_much_and_nothing_else_changes, " * 0.5**0.5", ""),
        (both_blocks_get_as_much_and_nothing_else_changes, "if slope.shape[:1] == (rivals.INPUTS,):", "if False:"),
        (decoupling_adds_half_the_squared_length_of_the_outputs, "0.5 * decoupling", "decoupling"),
        (each_rule_is_another_descent, 'if config.rule == "blocks"', 'if config.rule == "block"'),
        (the_weak_block_starves_beside_a_strong_one, "strong=config.strong, weak", "strong=0.0, weak"),
        (what_starves_is_what_the_twin_knows_more, "own[each] - twin[each]", "twin[each] - own[each]"),
        (what_starves_is_what_the_twin_knows_more, "[config.strong, 0.0]", "[config.strong, 1.0]"),
        (
            what_starves_is_what_the_twin_knows_more,
            "return [*seen, _learned(replace(config,",
            'return [*seen, _learned(replace(config, rule=config.rule if number == 0 else "plain",',
        ),
        (without_the_weak_block_only_guessing_is_left, "weak=config.weak", "weak=0.5"),
    ],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("starvation_under_gradient_normalisation", old, new))


def test_of_a_network_that_diverges_nothing_else_is_said():
    (first, *_) = cells(right, lr=1_000.0, epochs=10)
    assert first == right.Measures(diverged=1)
