"""Gilmer et al. (2021), Kalra & Barkeshli (2024): small steps at first, and what becomes of the curvature."""

import functools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import learning_rate_warmup_dynamics
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, models

SEED = seed_of("learning_rate_warmup_dynamics", 1, 0)


@functools.cache
def cell(module, lr=0.1, warmup=1, **changes):
    config = module.Config(
        **({"task": "clusters", "optimizer": "sgd", "epochs": 4, "lr": lr, "warmup": warmup} | changes)
    )
    return module.run(config, SEED)


def rates_of(module, **what):
    return module.schedule(module.Config(**({"task": "teacher", "optimizer": "sgd", "lr": 0.4, "epochs": 5} | what)))


def rates_grow_in_proportion(module):
    """A thousand examples are twenty steps: after two epochs of warm-up the fortieth step is the first full one."""
    rates = rates_of(module, warmup=2)
    assert rates.shape == (100,)
    assert rates[:40] == pytest.approx(0.01 * np.arange(1, 41))
    assert rates[40:] == pytest.approx(np.full(60, 0.4))
    assert rates_of(module, warmup=0) == pytest.approx(np.full(100, 0.4))


def steps_follow_the_rates(module):
    """By hand: eighty steps of plain descent, the first twenty at growing rates, end at the same loss."""
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=1_000, test=2_000)
    net = models.mlp(chance.stream(SEED, "start"), (20, 64, 64, 64, 64, 5))
    slope = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    for number, items in enumerate(chance.orders(SEED, items=1_000, epochs=4).reshape(80, 50)):
        lr = 0.1 * min(1.0, (number + 1) / 20)
        slopes = slope(net, task.x_train[items], task.y_train[items])
        net = jax.tree.map(lambda weight, part, lr=lr: weight - lr * part, net, slopes)
    by_hand = float(losses.CROSS_ENTROPY(net, task.x_train, task.y_train))
    assert cell(module).train_loss == pytest.approx(by_hand, rel=1e-3)


def adam_moves_each_weight_by_the_rate(module):
    """Its first step is the rate, whatever the gradient's size, and with a warm-up of 20 steps a twentieth of it."""
    adam = module.OPTIMIZERS["adam"]
    weight, slope, nothing = np.zeros(3, np.float32), np.array([1e-3, -2.0, 50.0], np.float32), np.zeros(3, np.float32)
    rates = module.Rates(lr=rates_of(module, lr=0.02, warmup=1))
    (moved,), _ = adam.step([weight], [slope], [(nothing, nothing)], 1.0, rates)
    assert moved == pytest.approx(-0.001 * np.sign(slope), rel=1e-3)
    (moved,), _ = adam.step([weight], [slope], [(nothing, nothing)], 5.0, rates)
    by_hand = 0.005 * 0.1 / (1 - 0.9**5) / (0.001 / (1 - 0.999**5)) ** 0.5
    assert moved == pytest.approx(-by_hand * np.sign(slope), rel=1e-3)


def small_steps_stay_where_it_is_sharp(module):
    """With a warm-up the sharpness stays near the start's; a rate of 0.3 leaves for where it is lower, at once."""
    slow, fast = cell(module, 0.3, 10, task="teacher"), cell(module, 0.3, 0, task="teacher")
    assert slow.start_sharpness == fast.start_sharpness
    assert slow.log_early_sharpness > fast.log_early_sharpness + 0.3
    assert fast.sharpness_by_epoch[0] < 0.6 * fast.start_sharpness
    for measured in (slow, fast):
        assert measured.log_early_sharpness == pytest.approx(np.log(np.abs(measured.sharpness_by_epoch)).mean())
        assert (measured.diverged, len(measured.sharpness_by_epoch)) == (0, 4)


def what_diverges_is_no_number(module):
    """A rate of 4 throws plain descent out for good: no loss, no sharpness, and one class for all."""
    measured = cell(module, 4.0, 0, task="teacher")
    assert measured.diverged == 1
    assert measured.train_loss is measured.highest_loss is measured.log_early_sharpness is None
    assert len(measured.sharpness_by_epoch) < 4
    assert measured.test_accuracy < 0.5


def controls_are_what_they_say(module):
    """In the placebo both warm up, from starts of their own; what is planted keeps the other arm where it began."""
    one, other = (rates_of(module, warmup=warmup, control="placebo") for warmup in (10, 0))
    assert np.array_equal(one, other)
    assert one[-1] == pytest.approx(0.2)
    assert cell(module, 1.0, 10, control="placebo") != cell(module, 1.0, 0, control="placebo")
    assert not rates_of(module, warmup=0, control="planted").any()
    assert np.array_equal(rates_of(module, warmup=2, control="planted"), rates_of(module, warmup=2))


TRUTHS = [
    rates_grow_in_proportion,
    steps_follow_the_rates,
    adam_moves_each_weight_by_the_rate,
    small_steps_stay_where_it_is_sharp,
    what_diverges_is_no_number,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_warms_up_as_it_says(truth):
    truth(learning_rate_warmup_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (rates_grow_in_proportion, "np.arange(1, config.epochs * each + 1)", "np.arange(config.epochs * each)"),
        (rates_grow_in_proportion, "np.minimum(1.0, ", "np.maximum(0.0, "),
        (adam_moves_each_weight_by_the_rate, '"adam": ADAMW', '"adam": SGD'),
        (small_steps_stay_where_it_is_sharp, "np.log(np.abs(early)).mean()", "np.abs(early).mean()"),
        (controls_are_what_they_say, "warmup = 10 if", "warmup = config.warmup if"),
        (controls_are_what_they_say, 'own = f" {config.warmup}" if', 'own = "" if'),
        (controls_are_what_they_say, "and not warmup", "and warmup"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("learning_rate_warmup_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
