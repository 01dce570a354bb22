import numpy as np
import pytest

from axiom.kit import models, rivals


def test_centres_are_spread_by_their_strengths_and_noise_lies_around_them():
    within, between = [], []
    for seed in range(20):
        drawn = rivals.rivals(seed, strong=3.0, weak=1.0, noise=0.5).task
        rows = [drawn.x_test[drawn.y_test == label] for label in range(rivals.CLASSES)]
        within.append(np.mean([group.std(axis=0) for group in rows]))
        between.append(
            [np.mean([group.mean(axis=0)[part] ** 2 for group in rows]) for part in (slice(10), slice(10, 20))]
        )
    assert np.mean(within) == pytest.approx(0.5, abs=0.01)
    assert np.mean(between, axis=0) ** 0.5 == pytest.approx([3.0, 1.0], rel=0.1)


def test_another_strength_moves_the_same_centres_apart():
    one, other = (rivals.rivals(5, strong=strong, weak=1.0).task for strong in (1.0, 3.0))
    assert (one.y_train == other.y_train).all()
    assert (one.x_train[:, 10:] == other.x_train[:, 10:]).all()
    assert not (one.x_train[:, :10] == other.x_train[:, :10]).any()


def test_no_row_is_in_two_parts_and_there_are_as_many_as_said():
    drawn = rivals.rivals(5, strong=1.0, weak=1.0)
    parts = (drawn.task.x_train, drawn.x_kept_back, drawn.task.x_test)
    assert [len(part) for part in parts] == [1_000, 500, 2_000]
    assert len({row.tobytes() for part in parts for row in part}) == 3_500


def test_the_strong_block_is_silenced_and_the_weak_one_heard():
    x = np.arange(1.0, 21.0, dtype=np.float32)[None]
    assert rivals.silenced(x).tolist() == [[0.0] * 10 + list(range(11, 21))]


def test_whoever_reads_the_weak_block_alone_is_right_about_it():
    """The nearest centre as a linear network, of either block."""
    drawn = rivals.rivals(5, strong=1.0, weak=1.0, noise=0.1)
    task, found = drawn.task, []
    for part in (slice(10), slice(10, 20)):
        centres = np.stack([task.x_train[task.y_train == label].mean(axis=0) for label in range(rivals.CLASSES)])
        weights = np.zeros((20, 5), dtype=np.float32)
        weights[part] = centres[:, part].T
        net = (models.Layer(weights=weights, biases=-0.5 * (centres[:, part] ** 2).sum(axis=1)),)
        found.append(drawn.weak_accuracies(net))
    assert min(found[1]) > 0.99
    assert max(found[0]) < 0.4
