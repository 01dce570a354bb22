"""Pezeshki et al. (2021): gradients begin at the ratio of the strengths, and a weak feature starves beside a strong."""

from statistics import fmean

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import feature_competition_dynamics as right
from axiom.domain.experiments import seed_of

SEEDS = [seed_of(right.experiment.name, 1, replicate) for replicate in range(4)]


def cells(module, *, strong, weak=0.5, width=32, decoupling=0.0, epochs=30, **factors):
    config = module.Config(width=width, strong=strong, weak=weak, decoupling=decoupling, epochs=epochs, **factors)
    return [module.run(config, seed) for seed in SEEDS]


def gradients_begin_at_the_ratio_of_the_strengths(module):
    for strong, weak in ((3.0, 1.0), (1.0, 1.0), (1.0, 3.0)):
        measured = cells(module, strong=strong, weak=weak)
        assert fmean(np.log(one.first_gradient_ratio) for one in measured) == pytest.approx(
            np.log(strong / weak), abs=0.2
        )


def the_weak_block_starves_the_more_the_stronger_its_rival(module):
    alone, beside, far_behind = (
        fmean(one.weak_accuracy for one in cells(module, strong=strong)) for strong in (0.0, 1.0, 2.0)
    )
    assert alone > beside + 0.03
    assert beside > far_behind + 0.03
    assert far_behind > 0.2  # of five classes


def without_the_weak_block_only_guessing_is_left(module):
    measured = cells(module, strong=2.0, weak=0.0)
    assert fmean(one.weak_accuracy for one in measured) == pytest.approx(0.2, abs=0.02)
    assert min(one.test_accuracy for one in measured) > 0.95


def stopping_is_decided_on_other_data(module):
    """Of a block that tells nothing, the best of ten looks at 500 examples would be above the guessing of 0.2."""
    config = {"strong": 0.0, "weak": 0.0, "epochs": 10, "width": 32, "decoupling": 0.0}
    measured = [module.run(module.Config(**config), seed) for seed in range(30)]
    assert fmean(one.stopped_weak_accuracy for one in measured) == pytest.approx(0.2, abs=0.005)


TRUTHS = [
    gradients_begin_at_the_ratio_of_the_strengths,
    the_weak_block_starves_the_more_the_stronger_its_rival,
    without_the_weak_block_only_guessing_is_left,
    stopping_is_decided_on_other_data,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (
            TRUTHS[0],
            "norm(slopes[:BLOCK]), jnp.linalg.norm(slopes[BLOCK:])",
            "norm(slopes[BLOCK:]), jnp.linalg.norm(slopes[:BLOCK])",
        ),
        (TRUTHS[0], "jnp.linalg.norm(slopes[:BLOCK]),", "jnp.sum(slopes[:BLOCK] ** 2),"),
        (TRUTHS[1], "np.arange(2 * BLOCK) >= BLOCK", "np.arange(2 * BLOCK) < BLOCK"),
        (TRUTHS[2], "task.x_test * (np.arange(2 * BLOCK) >= BLOCK)", "task.x_test"),
        (stopping_is_decided_on_other_data, "weak[1:][kept[1:].argmax()]", "weak[1:].max()"),
    ],
    ids=[
        "weak over strong",
        "a square for a length",
        "the wrong block silenced",
        "nothing silenced",
        "best for stopped",
    ],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("feature_competition_dynamics", old, new))


def test_the_ratio_of_gradients_falls_towards_one_while_the_network_learns():
    for measured in cells(right, strong=2.0):
        curve = measured.gradient_ratio_by_snapshot
        assert len(curve) == 11
        assert curve[0] == measured.first_gradient_ratio
        assert 1 < measured.gradient_ratio == pytest.approx(fmean(curve[1:]))
        assert measured.gradient_ratio < curve[0]


def test_a_cell_that_diverges_says_so_and_has_neither_a_mean_ratio_nor_an_accuracy():
    for measured in cells(right, strong=4.0, lr=20.0, decoupling=0.5):
        assert measured.diverged == 1
        assert measured.gradient_ratio is None
        assert measured.weak_accuracy is measured.stopped_weak_accuracy is None
        assert measured.test_accuracy is measured.train_accuracy is None
        assert np.isfinite(measured.gradient_ratio_by_snapshot).all()


def test_decoupling_adds_half_the_squared_length_of_the_outputs():
    rng = np.random.default_rng(5)
    net = right.models.mlp(rng, (20, 8, 5))
    x, y = rng.standard_normal((10, 20)).astype(np.float32), rng.integers(0, 5, size=10).astype(np.int32)
    without, with_it = (float(right.decoupled(net, x, y, factor)) for factor in (0.0, 0.3))
    assert with_it - without == pytest.approx(0.15 * np.mean((right.models.logits(net, x) ** 2).sum(axis=1)), rel=1e-4)
