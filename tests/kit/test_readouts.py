import numpy as np
import pytest

from axiom.kit import readouts


def softmax_loss(outputs, y):
    return np.mean(np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(y)), y])


def test_the_loss_of_two_heads_is_the_sum_of_what_each_would_have_alone():
    rng = np.random.default_rng(5)
    outputs, y = rng.standard_normal((10, 6)).astype(np.float32), rng.integers(0, 3, size=(10, 2)).astype(np.int32)
    alone = softmax_loss(outputs[:, :3], y[:, 0]) + softmax_loss(outputs[:, 3:], y[:, 1])
    assert float(readouts.Heads(count=2)(outputs, y)) == pytest.approx(alone, rel=1e-5)


def test_two_heads_must_both_be_right():
    outputs = np.array([[2, 1, 0, 5], [2, 1, 5, 0], [0, 3, 0, 1], [1, 0, 0, 1]], dtype=np.float32)
    y = np.array([[0, 1], [0, 1], [0, 1], [1, 0]])
    assert readouts.Heads(count=2).accuracy(outputs, y) == 0.25


@pytest.mark.parametrize(("readout", "outputs", "columns"), [("number", 36, 1), ("xor", 2, 1), ("heads", 12, 2)])
def test_each_read_out_asks_its_own_about_the_same_rows(readout, outputs, columns):
    asked, levels = readouts.questions(7, readout), readouts.questions(7, "heads")
    assert asked.outputs == outputs
    assert asked.heads.count == asked.task.y_train.shape[1] == columns
    assert (asked.task.x_train == levels.task.x_train).all()
    first, second = levels.y_new.T
    by_hand = {"number": 6 * first + second, "xor": (first >= 3) != (second >= 3), "heads": levels.y_new}[readout]
    assert (asked.y_new == by_hand.reshape(-1, columns)).all()


def test_no_new_combination_is_in_training_and_each_is_as_often():
    asked = readouts.questions(7, "number")
    shown, tested, new = (set(y.ravel().tolist()) for y in (asked.task.y_train, asked.task.y_test, asked.y_new))
    assert shown == tested
    assert not shown & new
    assert (len(shown), len(new), len(asked.task.x_train), len(asked.x_new)) == (22, 14, 440, 350)


def test_of_strange_codes_only_the_new_rows_differ():
    plain, strange = readouts.questions(7, "xor"), readouts.questions(7, "xor", is_strange=True)
    assert (plain.task.x_test == strange.task.x_test).all()
    assert not np.isclose(plain.x_new, strange.x_new).any(axis=0).all()
    assert (plain.y_new == strange.y_new).all()
