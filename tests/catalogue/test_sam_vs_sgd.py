"""Foret et al. (2021): the gradient of a place uphill; it leads to flatter minima, and helps where labels are wrong."""

import functools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import sam_vs_sgd
from axiom.domain.experiments import seed_of
from axiom.kit import chance, losses, models

SEED = seed_of("sam_vs_sgd", 1, 0)


@functools.cache
def cell(module, radius, *, task="clusters", wrong=0.0, **changes):
    return module.run(module.Config(task=task, wrong=wrong, radius=radius, **changes), SEED)


def gradient_is_that_of_a_place_uphill(module):
    """By hand: the plain gradient at the weights plus the radius along the plain gradient of length one."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 3))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    plain = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    slope = plain(net, x, y)
    length = np.sqrt(sum(float((np.asarray(part) ** 2).sum()) for part in jax.tree.leaves(slope)))
    there = jax.tree.map(lambda weight, part: weight + 0.3 * part / length, net, slope)
    uphill = jax.jit(jax.grad(module.UPHILL))
    found = uphill(net, x, y, 0.3)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(plain(there, x, y)), strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-6)
    for one, other in zip(jax.tree.leaves(uphill(net, x, y, 0.0)), jax.tree.leaves(slope), strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-6)


def minimum_is_flatter(module):
    """Twice and more, after the same epochs and after the same cost."""
    plain, twice, sharp = cell(module, 0.0), cell(module, 0.0, epochs=120), cell(module, 0.1)
    assert plain.sharpness > 2 * sharp.sharpness
    assert twice.sharpness > 1.2 * sharp.sharpness
    assert min(plain.train_accuracy, sharp.train_accuracy) == 1.0
    assert sharp.log_sharpness == pytest.approx(np.log(sharp.sharpness))


def wrong_labels_are_where_it_helps(module):
    """By several per cent there, and by next to nothing on true labels."""
    gain = [
        cell(module, 0.5, wrong=share).test_accuracy - cell(module, 0.0, wrong=share, epochs=120).test_accuracy
        for share in (0.0, 0.2)
    ]
    assert gain[1] > 0.03 > abs(gain[0])
    assert cell(module, 0.5, wrong=0.2).train_accuracy < 0.99  # not everything is learned by heart
    assert cell(module, 0.0, wrong=0.2, epochs=120).test_accuracy < 0.75


def best_is_of_the_same_curve(module):
    measured = cell(module, 0.0, wrong=0.2)
    assert len(measured.test_by_epoch) == 60
    assert measured.best_accuracy == max(measured.test_by_epoch) > measured.test_accuracy + 0.03
    assert measured.test_accuracy == measured.test_by_epoch[-1]


def controls_are_what_they_say(module):
    """Without a radius it is plain descent from another start; with none of the labels wrong it gains a lot."""
    placebo = cell(module, 0.5, wrong=0.2, control="placebo")
    assert placebo.train_accuracy == 1.0
    assert placebo != cell(module, 0.0, wrong=0.2, control="placebo")
    planted = cell(module, 0.5, wrong=0.2, control="planted")
    assert planted.test_accuracy > cell(module, 0.0, wrong=0.2, control="planted").test_accuracy + 0.08


TRUTHS = [
    gradient_is_that_of_a_place_uphill,
    minimum_is_flatter,
    wrong_labels_are_where_it_helps,
    best_is_of_the_same_curve,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_where_flatness_helps(truth):
    truth(sam_vs_sgd)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (gradient_is_that_of_a_place_uphill, "weight + jax.lax", "weight - jax.lax"),
        (gradient_is_that_of_a_place_uphill, "radius / length", "radius"),
        (gradient_is_that_of_a_place_uphill, "jax.lax.stop_gradient(step(part))", "step(part)"),
        (minimum_is_flatter, "context=(radius,)", "context=(0.0,)"),
        (best_is_of_the_same_curve, "best_accuracy=max(seen)", "best_accuracy=seen[-1]"),
        (controls_are_what_they_say, "purpose, radius = f", "purpose, _ = f"),
        (controls_are_what_they_say, "share = 0.0 if is_helped else config.wrong", "share = config.wrong"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("sam_vs_sgd", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
