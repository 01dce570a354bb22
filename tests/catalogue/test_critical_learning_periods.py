"""Achille et al. (2019), Golatkar et al. (2019): what is disturbed, when, and whether it is undone afterwards."""

import functools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import critical_learning_periods
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, models

SEED = seed_of("critical_learning_periods", 1, 0)


@functools.cache
def cell(module, deficit="none", when="never", *, task="clusters", **changes):
    return module.run(module.Config(task=task, deficit=deficit, when=when, **changes), SEED)


def both(module, deficit):
    """The examples as they are and as they are while they are disturbed, and their labels and marks."""
    config = module.Config(task="clusters", deficit=deficit, when="early")
    task = data.clusters(chance.stream(SEED, "data"), inputs=24, classes=5, train=500, test=100)
    found = module.shown(config, SEED, task)
    assert np.array_equal(found.x_train[:500], task.x_train)
    assert np.array_equal(found.y_train[:500, 0], task.y_train)
    assert not found.y_train[:500, 1].any()
    return found.x_train[:500], found.x_train[500:], found.y_train[:500], found.y_train[500:]


def disturbance_is_what_it_says(module):
    """A blur makes four neighbours their mean; another order loses nothing; decay is a mark."""
    x, other, y, labels = both(module, "blur")
    for first in range(0, 24, 4):
        for each in range(first, first + 4):
            assert other[:, each] == pytest.approx(x[:, first : first + 4].mean(axis=1), abs=1e-6)
    assert np.array_equal(y, labels)
    x, other, y, labels = both(module, "order")
    assert np.array_equal(np.sort(x, axis=1), np.sort(other, axis=1))
    assert not np.array_equal(x, other)
    x, other, y, labels = both(module, "decay")
    assert np.array_equal(x, other)
    assert np.array_equal(y[:, 0], labels[:, 0])
    assert labels[:, 1].all()


def early_and_late_are_as_long(module):
    """A sixth each, with as many undisturbed epochs besides; the examples come in one order whenever it is."""
    rows = {
        when: module.orders(module.Config(task="clusters", deficit="blur", when=when), SEED) for when in module.WHEN
    }
    is_disturbed = {when: (each >= 500).all(axis=1) for when, each in rows.items()}
    assert np.flatnonzero(is_disturbed["early"]).tolist() == list(range(40))
    assert np.flatnonzero(is_disturbed["late"]).tolist() == list(range(80, 120))
    assert is_disturbed["always"].all()
    assert not (rows["never"] >= 500).any()
    assert all(np.array_equal(each % 500, rows["never"]) for each in rows.values())


def decay_pulls_at_marked_rows_alone(module):
    """By hand: the gradient of the cross-entropy, and the decay times the weights by the share of marked rows."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 3))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    plain = jax.jit(jax.grad(losses.CROSS_ENTROPY))(net, x, y)
    slope_of = jax.jit(jax.grad(module.OBJECTIVE))
    for marked in (0, 5, 20):
        found = slope_of(net, x, np.stack([y, np.arange(20) < marked], axis=1), 0.3)
        for layer, slope, mine in zip(net, plain, found, strict=True):
            expected = np.asarray(slope.weights) + 0.3 * marked / 20 * layer.weights
            assert np.asarray(mine.weights) == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert np.asarray(mine.biases) == pytest.approx(np.asarray(slope.biases), rel=1e-4, abs=1e-6)


def decayed_weights_are_smaller(module):
    """Weights that decayed at first are smaller at the end, too; a blur that never ends is never seen through."""
    plain, decayed, blurred = (
        cell(module, *what, task="teacher", epochs=30) for what in ((), ("decay", "early"), ("blur", "always"))
    )
    assert decayed.norm < 0.97 * plain.norm
    assert blurred.test_accuracy < plain.test_accuracy - 0.1
    assert blurred.train_accuracy < plain.train_accuracy - 0.2
    assert len(plain.test_by_epoch) == 30
    assert plain.best_accuracy == max(plain.test_by_epoch)
    assert plain.test_accuracy == plain.test_by_epoch[-1]


def controls_are_what_they_say(module):
    """In the placebo nothing is disturbed and the start is another; what is planted lasts to the end."""

    def shown(control):
        return module.orders(module.Config(task="teacher", deficit="order", when="early", control=control), SEED) >= 500

    assert not shown("placebo").any()
    assert shown("planted").all()
    assert shown("none").mean() == pytest.approx(1 / 6)
    short = {"task": "teacher", "epochs": 6, "control": "placebo"}
    assert cell(module, "order", "early", **short) != cell(module, "order", "never", **short)


TRUTHS = [
    disturbance_is_what_it_says,
    early_and_late_are_as_long,
    decay_pulls_at_marked_rows_alone,
    decayed_weights_are_smaller,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_was_disturbed_and_when(truth):
    truth(critical_learning_periods)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (disturbance_is_what_it_says, "mean(axis=2)", "max(axis=2)"),
        (disturbance_is_what_it_says, 'int(config.deficit == "decay")', "0"),
        (early_and_late_are_as_long, '"late": (2, 3)', '"late": (3, 6)'),
        (early_and_late_are_as_long, "rows[first:last] += EXAMPLES", "rows[first:last] = rows[0] + EXAMPLES"),
        (decay_pulls_at_marked_rows_alone, "0.5 * decay * marked", "decay * marked"),
        (decay_pulls_at_marked_rows_alone, "decay * marked * squares", "decay * squares"),
        (decayed_weights_are_smaller, "context=(config.decay,)", "context=(0.0,)"),
        (controls_are_what_they_say, 'last = first if config.control == "placebo" else', "last ="),
        (controls_are_what_they_say, 'own = f" {config.when}" if', 'own = "" if'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("critical_learning_periods", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
