"""Benford (1938): numbers of many sizes obey the law, numbers of one size do not, and by how much is known exactly."""

import functools
import math

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import benford_law
from axiom.domain.experiments import seed_of

SEED = seed_of("benford_law", 1, 0)


@functools.cache
def cell(module, width=128, **changes):
    return module.run(module.Config(**({"task": "teacher", "width": width, "epochs": 5} | changes)), SEED)


def normal_digits(deviation):
    """The first digits of a normal number of this size, summed over powers of ten."""

    def within(low, high):
        return math.erf(high / deviation / 2**0.5) - math.erf(low / deviation / 2**0.5)

    return np.array([sum(within(d * 10.0**k, (d + 1) * 10.0**k) for k in range(-12, 3)) for d in range(1, 10)])


def law_is_met(module):
    """Powers of two obey the law, and evenly many sizes do; then nothing is left but chance."""
    powers = 2.0 ** np.arange(-500, 500)
    assert module.digits(powers) == pytest.approx(module.LAW, abs=0.002)
    sizes = 10.0 ** np.random.default_rng(0).uniform(-4, 0, 400_000)
    assert abs(module.distance(sizes)) < 5e-4
    assert abs(cell(module, lr=1e-4, epochs=1, control="placebo").trained) < 0.002


def few_numbers_are_no_further(module):
    """What so few numbers show by chance is taken off, so that narrow and wide networks can be compared."""
    rng = np.random.default_rng(1)
    found = [module.distance(10.0 ** rng.uniform(-4, 0, 300)) for _ in range(300)]
    assert abs(np.mean(found)) < 0.001


def two_digits_are_far(module):
    """Weights of evenly many sizes from 1 to 2.5 hundredths begin with 1 or 2, and the law misses all other digits."""
    measured = cell(module, lr=1e-4, epochs=1, control="planted")
    ones = math.log10(2) / 0.4
    assert measured.ones == pytest.approx(ones, abs=0.01)
    off = ones - math.log10(2) + (1 - ones - math.log10(1.5)) + 1 - math.log10(3)
    assert measured.trained == pytest.approx(off / 9, abs=0.003)


def start_is_normal(module):
    """Before training each matrix is normal, of a size that its inputs say: the distance follows."""
    counts = np.array([20 * 128, 128 * 128, 128 * 5])
    mixed = sum(n * normal_digits(math.sqrt(2 / inputs)) for n, inputs in zip(counts, (20, 128, 128), strict=True))
    expected = np.abs(mixed / counts.sum() - module.LAW).mean()
    assert cell(module).start == pytest.approx(expected, abs=0.003)
    assert expected > 0.01


def differences_belong_together(module):
    measured = cell(module)
    assert measured.nearer == pytest.approx(measured.start - measured.trained)
    assert measured.added_nearer == pytest.approx(measured.trained - measured.added)
    assert sum(measured.frequencies) == pytest.approx(1.0)
    assert measured.ones == measured.frequencies[0]
    assert measured.test_accuracy > 0.6
    assert measured.added < measured.trained


TRUTHS = [law_is_met, few_numbers_are_no_further, two_digits_are_far, start_is_normal, differences_belong_together]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_the_law_and_who_breaks_it(truth):
    truth(benford_law)


def test_zeros_have_no_first_digit():
    assert benford_law.digits(np.array([0.0, 0.03, -3.9, 0.0])) == pytest.approx(np.eye(9)[2])


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (law_is_met, "1 + 1 / np.arange(1, 10)", "1 + 1 / np.arange(2, 11)"),
        (law_is_met, "10.0 ** np.floor(np.log10(sizes))", "10.0 ** np.ceil(np.log10(sizes))"),
        (few_numbers_are_no_further, "- by_chance", "+ by_chance"),
        (two_digits_are_far, "(-2.0, -1.6)", "(-2.0, -1.0)"),
        (start_is_normal, "distance(before), distance(after)", "distance(added), distance(after)"),
        (differences_belong_together, "nearer=start - trained", "nearer=trained - start"),
        (differences_belong_together, "added = after - before", "added = after"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("benford_law", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
