"""A fall of rank that was planted stands out where it was planted; a course that only slows down does not."""

import functools
from dataclasses import asdict

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import rank_transitions as right
from axiom.kit import chance, data, models, training

EPOCHS = 120


@functools.cache
def cell(*, kept=1.0, depth=2, lr=0.1, epochs=EPOCHS, module=right):
    return module.run(module.Config(depth=depth, lr=lr, epochs=epochs, kept=kept), 5)


def by_svd(matrix):
    singular = np.linalg.svd(np.asarray(matrix, dtype=np.float64), compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


def truth_of_a_planted_fall(module):
    """Nine tenths of the directions go at half of the training, and that is where the course stands out."""
    plain, cut = cell(module=module), cell(kept=0.1, module=module)
    assert abs(plain.outstanding) < 0.15
    assert cut.outstanding > 0.4
    assert cut.outstanding_at == pytest.approx(EPOCHS / 2, abs=10)
    half = len(cut.compression_by_snapshot) // 2
    assert cut.compression_by_snapshot[:half] == plain.compression_by_snapshot[:half]
    assert cut.compression_by_snapshot[half + 1] > plain.compression_by_snapshot[half + 1] + 0.1


def truth_of_one_training(module):
    """Where nothing is cut, both halves are one training."""
    task = data.teacher(chance.stream(5, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(5, "start"), module.sizes(2))
    orders = chance.orders(5, items=2_000, epochs=EPOCHS)
    *_, end = training.sgd(start, task, orders, lr=0.1, batch=64)
    gone = np.mean([1 - by_svd(late.weights) / by_svd(early.weights) for early, late in zip(start, end, strict=True)])
    assert cell(module=module).compression == pytest.approx(gone, abs=1e-5)


def truth_of_ranks(module):
    """What is lost is lost of the ranks that an SVD tells."""
    net = models.mlp(chance.stream(2, "start"), module.sizes(3))
    assert module._ranks(net) == pytest.approx([by_svd(layer.weights) for layer in net], rel=2e-3)


def truth_of_courses(module):
    """All at once is 1, ever less is nothing, and what comes back as suddenly cancels what went."""
    steps = np.arange(81.0)
    assert module.outstanding(np.where(steps < 40, 0.0, 0.5))[0] == pytest.approx(1.0)
    assert module.outstanding(1 - np.exp(-steps / 10))[0] == pytest.approx(0.0, abs=0.02)
    assert module.outstanding(steps)[0] == pytest.approx(0.0, abs=1e-9)
    assert module.outstanding(np.where(steps < 40, 0.5, 0.0))[0] == pytest.approx(-1.0)
    assert module.outstanding(np.where((steps < 20) | (steps >= 60), 0.0, 0.5))[0] == pytest.approx(0.0)


def truth_of_cutting(module):
    """The strongest directions of each matrix stay, and no others."""
    net = models.mlp(chance.stream(2, "start"), module.sizes(2))
    for whole, less in zip(net, module.cut(net, 0.25), strict=True):
        singular = np.linalg.svd(whole.weights, compute_uv=False)
        kept = np.linalg.svd(less.weights, compute_uv=False)
        few = -(-len(singular) // 4)
        assert kept[:few] == pytest.approx(singular[:few], rel=1e-4)
        assert kept[few:] == pytest.approx(0.0, abs=1e-4)


TRUTHS = (truth_of_a_planted_fall, truth_of_one_training, truth_of_ranks, truth_of_courses, truth_of_cutting)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_a_planted_fall, "cut(net, config.kept) if number", "net if number"),
        (truth_of_a_planted_fall, "EVERY * middle_of_it", "middle_of_it"),
        (truth_of_one_training, "orders[half:] if", "orders[:half] if"),  # the same epochs twice
        (truth_of_ranks, "layer.weights) for", "layer.weights.T @ layer.weights) for"),
        (truth_of_courses, "falls.max() - rises.max()", "falls.max()"),
        (truth_of_courses, "np.maximum(each", "np.minimum(each"),
        (
            truth_of_cutting,
            "singular[math.ceil(kept * len(singular)) :]",
            "singular[: math.ceil(kept * len(singular))]",
        ),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("rank_transitions", old, new))


def test_a_network_that_diverges_says_that_alone():
    measured = asdict(cell(lr=1e30))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


def test_a_course_that_is_too_short_to_have_a_before_and_an_after_stands_out_by_nothing():
    measured = cell(epochs=20)
    assert (measured.outstanding, measured.outstanding_at) == (None, None)
    assert measured.compression == measured.compression_by_snapshot[-1]
    assert len(measured.compression_by_snapshot) == 1 + 20 // 5
