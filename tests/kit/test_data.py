import dataclasses

import numpy as np
import pytest

from axiom.kit import chance, data


def task(seed=5, **changes):
    sizes = {"inputs": 20, "classes": 5, "train": 400, "test": 100} | changes
    return data.teacher(chance.stream(seed, "data"), **sizes)


def test_a_task_has_the_shapes_and_types_that_were_asked_for():
    made = task()
    assert {name: (value.shape, value.dtype.name) for name, value in vars(made).items()} == {
        "x_train": ((400, 20), "float32"),
        "y_train": ((400,), "int32"),
        "x_test": ((100, 20), "float32"),
        "y_test": ((100,), "int32"),
    }


def test_the_same_seed_draws_the_same_task_and_another_seed_another():
    first, again, other = task(), task(), task(seed=6)
    assert all(np.array_equal(getattr(first, f.name), getattr(again, f.name)) for f in dataclasses.fields(first))
    assert not np.array_equal(first.x_train, other.x_train)
    assert not np.array_equal(first.y_train, other.y_train)


def test_a_task_is_the_same_wherever_it_is_split():
    few, many = task(train=100, test=400), task(train=400, test=100)
    assert np.array_equal(np.concatenate([few.x_train, few.x_test]), np.concatenate([many.x_train, many.x_test]))
    assert np.array_equal(np.concatenate([few.y_train, few.y_test]), np.concatenate([many.y_train, many.y_test]))


def test_inputs_are_standard_normal():
    x = task(train=5_000).x_train
    assert abs(x.mean()) < 0.015  # 100 000 draws: the standard error is 0.003
    assert x.std() == pytest.approx(1.0, abs=0.01)


def test_the_teacher_uses_its_classes_and_follows_its_inputs():
    made = task(train=2_000)
    counts = np.bincount(made.y_train, minlength=5)
    assert (counts > 0).sum() >= 4
    # A linear read-out fitted by least squares beats guessing the commonest class: the labels depend on the inputs.
    targets = np.eye(5)[made.y_train]
    fit = np.linalg.lstsq(np.c_[made.x_train, np.ones(2_000)], targets, rcond=None)[0]
    guessed = np.argmax(np.c_[made.x_test, np.ones(100)] @ fit, axis=1)
    assert np.mean(guessed == made.y_test) > counts.max() / 2_000 + 0.05


def test_a_label_does_not_depend_on_the_length_of_its_input():
    # Without biases the teacher is homogeneous, so its strongest output is the same along a ray; drawing the same
    # stream again gives the teacher away.
    rng = chance.stream(5, "data")
    first = rng.standard_normal((20, 32)) * np.sqrt(2 / 20)
    second = rng.standard_normal((32, 5)) * np.sqrt(2 / 32)
    made = task()
    outputs = np.maximum(3.0 * made.x_train @ first, 0) @ second
    assert np.array_equal(np.argmax(outputs, axis=1), made.y_train)


def mixture(seed=5, **changes):
    sizes = {"inputs": 20, "classes": 5, "train": 3_000, "test": 1_000} | changes
    return data.clusters(chance.stream(seed, "clusters"), **sizes)


def test_a_mixture_has_the_shapes_and_types_of_every_task():
    made, other = mixture(train=400, test=100), task()
    assert [(value.shape, value.dtype) for value in vars(made).values()] == [
        (value.shape, value.dtype) for value in vars(other).values()
    ]
    assert not np.array_equal(made.y_train, mixture(seed=6, train=400, test=100).y_train)


def test_each_cloud_is_standard_normal_around_its_own_centre():
    made = mixture()
    centres = np.stack([made.x_train[made.y_train == label].mean(axis=0) for label in range(5)])
    assert (made.x_train - centres[made.y_train]).std() == pytest.approx(1.0, abs=0.01)
    assert np.linalg.norm(centres, axis=1) == pytest.approx([0.55 * np.sqrt(20)] * 5, rel=0.6)


def test_the_nearest_centre_tells_the_class_better_the_farther_they_are_apart():
    right = []
    for separation in (0.0, 0.55, 2.0):
        made = mixture(separation=separation)
        centres = np.stack([made.x_train[made.y_train == label].mean(axis=0) for label in range(5)])
        guessed = np.argmin(((made.x_test[:, None] - centres) ** 2).sum(axis=2), axis=1)
        right.append(np.mean(guessed == made.y_test))
    assert right[0] < 0.3 < 0.6 < right[1] < 0.97 < right[2]


def by_least_squares(made, classes):
    """The test accuracy of a linear read-out with a bias."""
    x, x_test = (np.hstack([x, np.ones((len(x), 1))]) for x in (made.x_train, made.x_test))
    weights = np.linalg.lstsq(x, np.eye(classes)[made.y_train], rcond=None)[0]
    return np.mean(np.argmax(x_test @ weights, axis=1) == made.y_test)


def test_a_linear_teacher_is_learned_by_a_linear_read_out_and_a_network_is_not():
    made = data.linear_teacher(chance.stream(5, "data"), inputs=20, classes=5, train=4_000, test=1_000)
    assert by_least_squares(made, 5) > 0.85  # least squares does not aim at the largest output, and loses some
    assert by_least_squares(task(train=4_000, test=1_000), 5) < 0.75


def test_exclusive_or_is_learned_by_no_linear_read_out_and_follows_the_signs():
    made = data.exclusive_or(chance.stream(5, "data"), inputs=20, train=4_000, test=1_000)
    assert by_least_squares(made, 2) == pytest.approx(0.5, abs=0.06)
    assert np.array_equal(made.y_test, (made.x_test[:, 0] * made.x_test[:, 1] < 0).astype(np.int32))


def test_a_teacher_with_another_activation_labels_the_same_inputs_otherwise():
    relu, tanh = task(), task(activation="tanh")
    assert np.array_equal(relu.x_train, tanh.x_train)
    assert 0.2 < np.mean(relu.y_train == tanh.y_train) < 0.95


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_as_many_labels_are_corrupted_as_were_asked_for_and_none_keeps_its_class(share):
    y = task().y_train
    labels, is_corrupt = data.corrupted(chance.stream(5, "noise"), y, classes=5, share=share)
    assert is_corrupt.sum() == round(share * 400)
    assert np.array_equal(labels != y, is_corrupt)
    assert labels.dtype == np.int32
    assert labels.min() >= 0
    assert labels.max() <= 4


def test_what_is_corrupt_at_a_small_share_is_corrupt_in_the_same_way_at_a_larger_one():
    y = task().y_train
    (few, is_few), (many, is_many) = (
        data.corrupted(chance.stream(5, "noise"), y, classes=5, share=share) for share in (0.1, 0.4)
    )
    assert not (is_few & ~is_many).any()
    assert np.array_equal(few[is_few], many[is_few])


def test_a_smoothed_label_is_a_row_of_chances():
    rows = data.smoothed(np.array([2, 0], dtype=np.int32), classes=4, share=0.2)
    assert rows.tolist() == pytest.approx(np.array([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]))
    assert rows.dtype == np.float32


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_no_more_than_the_whole_label_can_be_smoothed(share):
    with pytest.raises(ValueError, match="take one from 0 to 1"):
        data.smoothed(np.array([0], dtype=np.int32), classes=4, share=share)
