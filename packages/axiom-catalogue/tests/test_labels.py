"""Labels, orders and tasks: what is learned by heart, in which order, and what is forgotten."""

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, models
from axiom_catalogue import critical_learning_periods as critical_periods
from axiom_catalogue import curriculum_by_width_and_rate as by_width_and_rate
from axiom_catalogue import forgetting_over_time as over_time
from axiom_catalogue import power_law_forgetting

# Each of three curves is found where it is there, half-lives lie between looks; what is kept is beyond a twin's.
TIME_TIMES = 4.0 * 2.0 ** np.arange(11)


def test_of_an_exact_curve_its_own_fit_leaves_nothing():
    exact = {
        "power": (1 + TIME_TIMES / 32) ** -0.5,
        "floor": 0.3 + 0.7 * np.exp(-TIME_TIMES / 64),
        "stretched": np.exp(-((TIME_TIMES / 64) ** 0.7)),
    }
    for name, curve in exact.items():
        fit = over_time.fitted(TIME_TIMES, curve)
        assert fit[name] < 0.003
        assert all(fit[other] > 0.01 for other in exact if other != name)
    assert over_time.fitted(TIME_TIMES, exact["power"])["exponent"] == pytest.approx(0.5, abs=0.03)


def test_a_half_life_lies_where_the_curve_crosses_a_half():
    assert over_time.half(TIME_TIMES, (TIME_TIMES / 4) ** -0.3) == pytest.approx(4 * 2 ** (1 / 0.3), rel=0.03)
    assert over_time.half(TIME_TIMES, np.full(11, 0.25)) == pytest.approx(4 * 0.5 / 0.75)
    assert over_time.half(TIME_TIMES, np.full(11, 0.75)) is None


# Kirkpatrick et al. (2017): the more strongly the weights that matter are held, the less is forgotten.
def test_where_nothing_matters_the_strength_has_no_effect():
    weak, strong = (
        power_law_forgetting.run(power_law_forgetting.Config(tasks="clusters", importance="none", strength=strength), 5)
        for strength in (1.0, 500.0)
    )
    assert weak == strong


# Arpit et al. (2017): what shares a rule is fitted first, what has to be learned by heart comes later and costs.
# Zhang et al. (2017): whatever the labels are, they are fitted; by heart it takes longer, and teaches nothing.
# Achille et al. (2019), Golatkar et al. (2019): what is disturbed, when, and whether it is undone afterwards.
PERIOD_SEED = seed_of("critical_learning_periods", 1, 0)


def period_both(deficit):
    """The examples as they are and as they are while they are disturbed, and their labels and marks."""
    config = critical_periods.Config(task="clusters", deficit=deficit, when="early")
    task = data.clusters(chance.stream(PERIOD_SEED, "data"), inputs=24, classes=5, train=500, test=100)
    task_shown = critical_periods.shown(config, PERIOD_SEED, task)
    assert np.array_equal(task_shown.x_train[:500], task.x_train)
    assert np.array_equal(task_shown.y_train[:500, 0], task.y_train)
    assert not task_shown.y_train[:500, 1].any()
    return task_shown.x_train[:500], task_shown.x_train[500:], task_shown.y_train[:500], task_shown.y_train[500:]


def test_disturbance_is_what_it_says():
    """A blur makes four neighbours their mean; another order loses nothing; decay is a mark."""
    x, other, y, labels = period_both("blur")
    for first in range(0, 24, 4):
        for column in range(first, first + 4):
            assert other[:, column] == pytest.approx(x[:, first : first + 4].mean(axis=1), abs=1e-6)
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
    is_disturbed = {when: (of_epoch >= 500).all(axis=1) for when, of_epoch in rows.items()}
    assert np.flatnonzero(is_disturbed["early"]).tolist() == list(range(40))
    assert np.flatnonzero(is_disturbed["late"]).tolist() == list(range(80, 120))
    assert is_disturbed["always"].all()
    assert not (rows["never"] >= 500).any()
    assert all(np.array_equal(of_epoch % 500, rows["never"]) for of_epoch in rows.values())


def test_decay_pulls_at_marked_rows_alone():
    """By hand: the gradient of the cross-entropy, and the decay times the weights by the share of marked rows."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 3))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    plain = jax.jit(jax.grad(losses.CROSS_ENTROPY))(net, x, y)
    slope_of = jax.jit(jax.grad(critical_periods.OBJECTIVE))
    for marked in (0, 5, 20):
        slopes = slope_of(net, x, np.stack([y, np.arange(20) < marked], axis=1), 0.3)
        for layer, slope, mine in zip(net, plain, slopes, strict=True):
            expected = np.asarray(slope.weights) + 0.3 * marked / 20 * layer.weights
            assert np.asarray(mine.weights) == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert np.asarray(mine.biases) == pytest.approx(np.asarray(slope.biases), rel=1e-4, abs=1e-6)


# An order is what it says, its twin's is by lot at the same pace, and knowing which labels are wrong is worth much.
ORDER_SEED = 5


def order_rows(order, *, is_twin=False, **changes):
    """The example numbers of each epoch, and how hard and how wrong each example is."""
    config = by_width_and_rate.Config(order=order, width=32, lr=0.05, epochs=40, **changes)
    _, hardness, is_wrong = by_width_and_rate.shown(config, ORDER_SEED)
    return by_width_and_rate.orders(config, ORDER_SEED, hardness, is_wrong, is_twin=is_twin), hardness, is_wrong


def test_easy_first_begins_with_the_least_noise():
    first_hardness = {}
    for order in ("easy_first", "hard_first", "shuffled"):
        shown, hardness, _ = order_rows(order)
        first_hardness[order] = hardness[shown[0]].mean()
    shown, hardness, _ = order_rows("hard_first", is_twin=True)
    assert first_hardness["easy_first"] < 0.2
    assert first_hardness["hard_first"] > 3.8
    assert first_hardness["shuffled"] == pytest.approx(hardness.mean())
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
    easy, hard = (
        by_width_and_rate.run(by_width_and_rate.Config(order=order, width=32, lr=0.05, epochs=4), ORDER_SEED)
        for order in ("easy_first", "hard_first")
    )
    assert easy.twin_by_look == hard.twin_by_look
