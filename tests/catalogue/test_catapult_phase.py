"""Lewkowycz et al. (2020): the two-variable recursion is exact, and has a phase below 2, one up to 4, and one above."""

import itertools

import pytest
from wrong import wrong

from axiom.catalogue import catapult_phase as right

RATES = (1.0, 1.9, 2.1, 2.5, 3.0, 3.5, 3.9, 4.2)


def by_recursion(config, seed, steps):
    """The kernel before each step, from the output and the kernel at the start alone, over the first one."""
    losses, kernels = right.descent(config, seed)
    f, k = (2 * losses[0]) ** 0.5, kernels[0]
    lr, first = config.rate / k, k
    for _ in range(steps):
        yield k / first
        f, k = f * (1 - lr * k + lr**2 * f**2 / config.width), k + lr * f**2 * (lr * k - 4) / config.width


def truth(module):
    for rate, seed in itertools.product((1.0, 2.5, 3.0, 3.9), (3, 4)):
        config = module.Config(rate=rate, steps=300)
        expected = list(by_recursion(right.Config(rate=rate, steps=300), seed, 32))
        assert module.run(config, seed).kernel_ratio_by_step == pytest.approx(expected, rel=1e-6)
    for rate, seed in itertools.product(RATES, range(4)):
        measured = module.run(module.Config(rate=rate, steps=1_000), seed)
        assert measured.is_as_predicted
        assert (measured.diverged, measured.catapulted) == (rate > 4, 2 < rate < 4)
        if rate < 4:
            assert measured.converged
            assert 0 < measured.end_rate < 2
            assert measured.kernel_ratio * rate == pytest.approx(measured.end_rate)


def test_the_phases_and_the_recursion_are_those_of_the_paper():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slope = lr * residual / root", "slope = lr * residual"),  # the gradient without the root of the width
        ("u, v = u - slope * v, v - slope * u", "u = u - slope * v; v = v - slope * u"),  # one layer after the other
        ("lr = config.rate * config.width /", "lr = 0.5 * config.rate * config.width /"),
        ("kernels[-1] / kernels[0],\n        end_rate", "kernels[0] / kernels[-1],\n        end_rate"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("catapult_phase", old, new))


def test_flatness_comes_from_catapults_alone():
    ratios = [right.run(right.Config(rate=rate), 3).kernel_ratio for rate in (1.0, 1.9, 2.1, 2.5, 3.0)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[1] > 0.95
    assert ratios[-1] < 0.1


def test_what_diverges_has_no_end():
    measured = right.run(right.Config(rate=5.0), 3)
    assert measured.diverged
    assert (measured.spike, measured.peak_step, measured.kernel_ratio, measured.end_rate) == (None,) * 4


@pytest.mark.parametrize("rate", [1.0, 3.0, 5.0])
def test_nothing_happens_where_nothing_is_to_be_learned(rate):
    measured = right.run(right.Config(rate=rate, error=0.0), 3)
    assert measured.kernel_ratio == 1.0
    assert measured.spike is None
    assert not measured.diverged
    assert not measured.catapulted


def test_a_small_error_needs_time_to_become_a_catapult():
    soon, late = (right.run(right.Config(rate=3.0, error=0.05, steps=steps), 3) for steps in (5, 2_000))
    assert 0 < abs(soon.kernel_ratio - 1) < 0.03
    assert not soon.converged
    assert type(soon.spike) is float  # and no NumPy number, which JSON does not know
    assert late.catapulted
