"""Saxe et al. (2014): a mode of a linear network is half learned after ln(s / a - 1) / (2 s); a spectrum by hand."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import spectral_dynamics
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models, training

SEED = seed_of("spectral_dynamics", 1, 0)


@functools.cache
def cell(module, task="modes", lr=0.004, epochs=3_000, **changes):
    return module.run(module.Config(task=task, lr=lr, epochs=epochs, **changes), SEED)


def aligned_modes_are_learned_when_theory_says(module):
    """To a step: integrated by hand, mode by mode, da/dt = 2 a (s - a), which has a solution in closed form."""
    assert module.half_time(np.array([2.0]), np.array([0.5])) == pytest.approx([np.log(3) / 4])
    for size in (1e-2, 1e-3):
        measured = cell(module, control="aligned", size=size)
        assert measured.time_over_theory == pytest.approx(1.0, abs=0.02)
        assert len(measured.half_times) == 4
        for strength, time in zip((4.0, 2.0, 1.0, 0.5), measured.half_times, strict=True):
            mode, count = size, 0
            while mode < strength / 2:
                mode, count = mode * (1 + 0.004 * (strength - mode)) ** 2, count + 1
            assert time == pytest.approx(count * 0.004, abs=0.004)
        assert measured.time_exponent == pytest.approx(
            np.polyfit(np.log([4.0, 2.0, 1.0, 0.5]), np.log(measured.half_times), 1)[0]
        )
        assert -0.95 < measured.time_exponent < -0.7


def random_starts_are_learned_nearly_so(module):
    measured = cell(module, size=1e-4)
    assert measured.time_over_theory == pytest.approx(1.0, abs=0.06)
    assert list(measured.half_times) == sorted(measured.half_times)


def equal_modes_take_equal_times(module):
    measured = cell(module, control="placebo")
    assert abs(measured.time_exponent) < 0.2
    assert max(measured.half_times) < 1.5 * min(measured.half_times)
    assert cell(module, epochs=100).half_times is None  # too short


def spectrum_is_that_of_the_matrices(module):
    """Singular values are roots of the eigenvalues of the Gram matrix."""
    net = models.mlp(chance.stream(1, "net"), (7, 9, 4))
    grams = [np.linalg.eigvalsh(np.float64(layer.weights) @ layer.weights.T) for layer in net]
    values = [np.sqrt(np.maximum(gram, 0))[::-1][:count] for gram, count in zip(grams, (7, 4), strict=True)]
    ranks = [np.sum(np.square(layer.weights)) / value[0] ** 2 for layer, value in zip(net, values, strict=True)]
    expected = [values[0][0], values[1][0], values[0][3], values[1][1:3].mean(), *ranks]
    assert module.spectrum(net) == pytest.approx(expected, rel=1e-5)


def largest_values_grow(module):
    slow, fast = (cell(module, task="teacher", lr=lr, epochs=30) for lr in (0.01, 0.1))
    assert fast.top_growth > fast.top_beyond_middle > 0.02
    assert fast.top_growth > slow.top_growth > 0
    assert 0.9 > fast.rank_lost > slow.rank_lost > -0.1
    assert fast.test_accuracy > slow.test_accuracy > 0.4


def same_loss_is_earlier(module):
    """Less rank is lost than in the end. By hand, of the same descent with a look after every step."""
    assert 1 < cell(module, task="teacher", lr=0.1, epochs=30).epochs_to_loss < 10
    for lr, between in ((0.1, 2), (0.05, 4)):
        measured = cell(module, task="teacher", lr=lr, epochs=30)
        assert measured.rank_lost_at_loss < measured.rank_lost
        losses, lost = followed(lr)
        first = next(place for place, loss in enumerate(losses) if place % between == 0 and loss <= 0.5)
        ends = [first - between, first]
        share = (losses[ends[0]] - 0.5) / (losses[ends[0]] - losses[first])
        assert 0 < share <= 1
        line = np.dot([1 - share, share], [lost[end] for end in ends])
        assert measured.rank_lost_at_loss == pytest.approx(line, abs=1e-5)
        assert measured.epochs_to_loss == pytest.approx((first - between + share * between) / 40, abs=1e-4)
        short = int(measured.epochs_to_loss)
        assert cell(module, task="teacher", lr=lr, epochs=short).rank_lost_at_loss is None


@functools.cache
def followed(lr):
    """The loss, and the share of the stable rank that is gone, at the start and after every step of ten epochs."""
    task = data.teacher(chance.stream(SEED, "data"), inputs=20, classes=5, train=1_000, test=1_000)
    start = models.mlp(chance.stream(SEED, "start"), (20, 64, 64, 5))
    steps = chance.orders(SEED, items=1_000, epochs=15).reshape(-1, 25)
    nets = [start, *training.sgd(start, task, steps, lr=lr, batch=25)]
    losses = [training.cross_entropy(models.logits(net, task.x_train), task.y_train) for net in nets]
    ranks = [[np.sum(np.square(each.weights)) / np.linalg.norm(each.weights, 2) ** 2 for each in net] for net in nets]
    return losses, np.mean(1 - np.array(ranks) / ranks[0], axis=1)


TRUTHS = [
    aligned_modes_are_learned_when_theory_says,
    random_starts_are_learned_nearly_so,
    equal_modes_take_equal_times,
    spectrum_is_that_of_the_matrices,
    largest_values_grow,
    same_loss_is_earlier,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_grows_and_when(truth):
    truth(spectral_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (aligned_modes_are_learned_when_theory_says, "strengths / sizes - 1", "strengths / sizes"),
        (aligned_modes_are_learned_when_theory_says, "config.lr * np.array", "np.array"),
        (aligned_modes_are_learned_when_theory_says, "first + config.lr * second.T @ error", "first"),
        (random_starts_are_learned_nearly_so, "first @ right + second.T @ left", "2 * first @ right"),
        (equal_modes_take_equal_times, "np.full(4, np.mean(STRENGTHS))", "np.array(STRENGTHS)"),
        (spectrum_is_that_of_the_matrices, "np.median(each)", "np.mean(each)"),
        (spectrum_is_that_of_the_matrices, "(each**2).sum()", "each.sum()"),
        (largest_values_grow, "growth - other", "growth + other"),
        (same_loss_is_earlier, "in (last, there))", "in (last, here))"),
        (same_loss_is_earlier, "and lr * steps <= APART", ""),
        (same_loss_is_earlier, "held, seen if seen[1, 0] <= TARGET else np", "held, np"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("spectral_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
