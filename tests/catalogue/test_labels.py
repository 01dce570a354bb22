"""Labels, orders and tasks: what is learned by heart, in which order, and what is forgotten."""

import functools

import jax
import numpy as np
import pytest

from axiom.catalogue import critical_learning_periods as critical_periods
from axiom.catalogue import curriculum_by_width_and_rate as by_width_and_rate
from axiom.catalogue import forgetting_over_time as over_time
from axiom.catalogue import memorization_dynamics as memorization
from axiom.catalogue import power_law_forgetting
from axiom.catalogue import random_label_memorization as random_labels
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, models

# Each of three curves is found where it is there, half-lives lie between looks; what is kept is beyond a twin's.
TIME_SEED = 5
TIME_TIMES = 4.0 * 2.0 ** np.arange(11)


@functools.cache
def time_cell(tasks="clusters", lr=0.04, *, epochs=10, doublings=8, **changes):
    return over_time.run(over_time.Config(tasks=tasks, lr=lr, epochs=epochs, doublings=doublings, **changes), TIME_SEED)


def test_of_an_exact_curve_its_own_fit_leaves_nothing():
    exact = {
        "power": (1 + TIME_TIMES / 32) ** -0.5,
        "floor": 0.3 + 0.7 * np.exp(-TIME_TIMES / 64),
        "stretched": np.exp(-((TIME_TIMES / 64) ** 0.7)),
    }
    for name, curve in exact.items():
        found = over_time.fitted(TIME_TIMES, curve)
        assert found[name] < 0.003
        assert all(found[other] > 0.01 for other in exact if other != name)
    assert over_time.fitted(TIME_TIMES, exact["power"])["exponent"] == pytest.approx(0.5, abs=0.03)


def test_a_half_life_lies_where_the_curve_crosses_a_half():
    assert over_time.half(TIME_TIMES, (TIME_TIMES / 4) ** -0.3) == pytest.approx(4 * 2 ** (1 / 0.3), rel=0.03)
    assert over_time.half(TIME_TIMES, np.full(11, 0.25)) == pytest.approx(4 * 0.5 / 0.75)
    assert over_time.half(TIME_TIMES, np.full(11, 0.75)) is None


def test_what_was_never_learned_is_not_forgotten():
    measured = time_cell(lr=1e-4, epochs=1, doublings=3)
    assert (measured.kept, measured.exponent, measured.half_life, measured.kept_by_time) == (None, None, None, None)


# Kirkpatrick et al. (2017): the more strongly the weights that matter are held, the less is forgotten.
@functools.cache
def kept_cell(importance, strength, seed, **given):
    config = power_law_forgetting.Config(tasks="clusters", importance=importance, strength=strength, **given)
    return power_law_forgetting.run(config, seed)


def test_where_nothing_matters_the_strength_has_no_effect():
    assert kept_cell("none", 1.0, 5) == kept_cell("none", 500.0, 5)


# Arpit et al. (2017): what shares a rule is fitted first, what has to be learned by heart comes later and costs.
HEART_SEED = seed_of("memorization_dynamics", 1, 0)


@functools.cache
def heart_cell(share, *, task="clusters", lr=0.1, epochs=30, **changes):
    return memorization.run(memorization.Config(task=task, share=share, lr=lr, epochs=epochs, **changes), HEART_SEED)


def test_clean_examples_are_fitted_first():
    """Half of the clean examples within three epochs, of the wrong ones not before ten, while a rule is left."""
    for task, share in (("clusters", 0.2), ("teacher", 0.4)):
        measured = heart_cell(share, task=task)
        assert measured.clean_first == 1
        assert measured.clean_epoch < 3 < 10 < measured.wrong_epoch
        assert measured.lead > 0.15


# Zhang et al. (2017): whatever the labels are, they are fitted; by heart it takes longer, and teaches nothing.
LOT_SEED = seed_of("random_label_memorization", 1, 0)


@functools.cache
def lot_cell(labels, examples=500, *, task="teacher", **changes):
    return random_labels.run(random_labels.Config(task=task, labels=labels, examples=examples, **changes), LOT_SEED)


def test_learning_by_heart_takes_longer():
    """One and a half to four times as long, and the weights travel further; on true labels there is a rule to find."""
    true, random = lot_cell("true"), lot_cell("random")
    assert 1.4 < random.epochs_to_fit / true.epochs_to_fit < 4
    assert random.log_epochs - true.log_epochs == pytest.approx(np.log(random.epochs_to_fit / true.epochs_to_fit))
    assert random.travelled > 1.2 * true.travelled


def test_a_small_network_has_no_room():
    """Four units hold a few hundred bits: labels drawn by lot are not fitted, and no time is told."""
    measured = lot_cell("random", width=4)
    assert measured.fitted == 0
    assert measured.epochs_to_fit is None
    assert measured.log_epochs is None
    assert measured.train_accuracy < 0.7


# Achille et al. (2019), Golatkar et al. (2019): what is disturbed, when, and whether it is undone afterwards.
PERIOD_SEED = seed_of("critical_learning_periods", 1, 0)


def period_both(deficit):
    """The examples as they are and as they are while they are disturbed, and their labels and marks."""
    config = critical_periods.Config(task="clusters", deficit=deficit, when="early")
    task = data.clusters(chance.stream(PERIOD_SEED, "data"), inputs=24, classes=5, train=500, test=100)
    found = critical_periods.shown(config, PERIOD_SEED, task)
    assert np.array_equal(found.x_train[:500], task.x_train)
    assert np.array_equal(found.y_train[:500, 0], task.y_train)
    assert not found.y_train[:500, 1].any()
    return found.x_train[:500], found.x_train[500:], found.y_train[:500], found.y_train[500:]


def test_disturbance_is_what_it_says():
    """A blur makes four neighbours their mean; another order loses nothing; decay is a mark."""
    x, other, y, labels = period_both("blur")
    for first in range(0, 24, 4):
        for each in range(first, first + 4):
            assert other[:, each] == pytest.approx(x[:, first : first + 4].mean(axis=1), abs=1e-6)
    assert np.array_equal(y, labels)
    x, other, y, labels = period_both("order")
    assert np.array_equal(np.sort(x, axis=1), np.sort(other, axis=1))
    assert not np.array_equal(x, other)
    x, other, y, labels = period_both("decay")
    assert np.array_equal(x, other)
    assert np.array_equal(y[:, 0], labels[:, 0])
    assert labels[:, 1].all()


def test_early_and_late_are_as_long():
    """A sixth each, with as many undisturbed epochs besides; the examples come in one order whenever it is."""
    rows = {
        when: critical_periods.orders(critical_periods.Config(task="clusters", deficit="blur", when=when), PERIOD_SEED)
        for when in critical_periods.WHEN
    }
    is_disturbed = {when: (each >= 500).all(axis=1) for when, each in rows.items()}
    assert np.flatnonzero(is_disturbed["early"]).tolist() == list(range(40))
    assert np.flatnonzero(is_disturbed["late"]).tolist() == list(range(80, 120))
    assert is_disturbed["always"].all()
    assert not (rows["never"] >= 500).any()
    assert all(np.array_equal(each % 500, rows["never"]) for each in rows.values())


def test_decay_pulls_at_marked_rows_alone():
    """By hand: the gradient of the cross-entropy, and the decay times the weights by the share of marked rows."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 3))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    plain = jax.jit(jax.grad(losses.CROSS_ENTROPY))(net, x, y)
    slope_of = jax.jit(jax.grad(critical_periods.OBJECTIVE))
    for marked in (0, 5, 20):
        found = slope_of(net, x, np.stack([y, np.arange(20) < marked], axis=1), 0.3)
        for layer, slope, mine in zip(net, plain, found, strict=True):
            expected = np.asarray(slope.weights) + 0.3 * marked / 20 * layer.weights
            assert np.asarray(mine.weights) == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert np.asarray(mine.biases) == pytest.approx(np.asarray(slope.biases), rel=1e-4, abs=1e-6)


# Wu et al. (2021): an order of examples matters where labels are wrong or time is short, and hardly elsewhere.


# An order is what it says, its twin's is by lot at the same pace, and knowing which labels are wrong is worth much.
ORDER_SEED = 5


@functools.cache
def order_cell(order="easy_first", *, width=32, lr=0.05, epochs=40, **changes):
    return by_width_and_rate.run(
        by_width_and_rate.Config(order=order, width=width, lr=lr, epochs=epochs, **changes), ORDER_SEED
    )


def order_rows(order, *, is_twin=False, **changes):
    """The example numbers of each epoch, and how hard and how wrong each example is."""
    config = by_width_and_rate.Config(order=order, width=32, lr=0.05, epochs=40, **changes)
    _, hardness, is_wrong = by_width_and_rate.shown(config, ORDER_SEED)
    return by_width_and_rate.orders(config, ORDER_SEED, hardness, is_wrong, is_twin=is_twin), hardness, is_wrong


def test_easy_first_begins_with_the_least_noise():
    found = {}
    for order in ("easy_first", "hard_first", "shuffled"):
        shown, hardness, _ = order_rows(order)
        found[order] = hardness[shown[0]].mean()
    shown, hardness, _ = order_rows("hard_first", is_twin=True)
    assert found["easy_first"] < 0.2
    assert found["hard_first"] > 3.8
    assert found["shuffled"] == pytest.approx(hardness.mean())
    assert hardness[shown[0]].mean() == pytest.approx(2.0, abs=0.3)


def test_orders_grow_at_one_pace():
    """A fifth at first, all after half of the epochs, and always as many steps; with no order, all at once."""
    for order, is_twin in (("easy_first", False), ("hard_first", False), ("shuffled", True)):
        shown, *_ = order_rows(order, is_twin=is_twin)
        assert shown.shape == (40, by_width_and_rate.EXAMPLES)
        assert [len(set(shown[epoch])) for epoch in (0, 10, 20, 39)] == [200, 600, 1_000, 1_000]
    shown, *_ = order_rows("shuffled")
    assert len(set(shown[0])) == by_width_and_rate.EXAMPLES


def test_the_twin_is_the_same_beside_every_order():
    assert order_cell(epochs=4).twin_by_look == order_cell("hard_first", epochs=4).twin_by_look
