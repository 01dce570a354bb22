"""A small network forgets below its edge and is chaotic above, and remembers most near a radius of 1."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import edge_of_chaos_by_radius as right
from axiom.kit import chance, reservoirs

SEED = 5


@functools.cache
def cell(drive=0.3, *, units=60, steps=400, module=right, **changes):
    return module.run(module.Config(units=units, drive=drive, steps=steps, **changes), SEED)


def truth_of_the_exponents(module):
    """Without input and below 1 the exponent is the logarithm of the radius; the largest radius is chaotic."""
    measured = cell(0.0, steps=1_000, module=module)
    assert measured.exponent_by_radius[5] == pytest.approx(np.log(right.RADII[5]), abs=0.02)
    assert measured.exponent_by_radius[-1] > 0.05
    assert 1.0 < measured.critical_radius < 2.2
    assert measured.has_critical == 1


def truth_of_the_memory(module):
    """No more than there are units, most near a radius of 1, and little in chaos, where it is said what is left."""
    measured = cell(module=module)
    at = [measured.memory_by_radius[place] for place in (0, 11, 29)]
    assert at[1] > 1.5 * max(at[0], at[2])
    assert measured.most_memory == max(measured.memory_by_radius) <= 60
    assert measured.best_radius == pytest.approx(1.0, abs=0.15)
    left = np.interp(measured.critical_radius, right.RADII, measured.memory_by_radius) / measured.most_memory
    assert measured.memory_at_critical == pytest.approx(left)


def truth_of_a_delay_line(module):
    """A chain of six units that hardly bends remembers its input six steps back exactly, and one for the present."""
    heard = chance.stream(SEED, "input").uniform(-1.0, 1.0, 1_000)
    weights = np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0])
    states = reservoirs.states(reservoirs.delay_line(units=6), weights, heard)
    targets = reservoirs.delayed(heard, delays=20)
    assert module.memory(states, targets, learned=500) == pytest.approx(6.0, abs=0.05)


TRUTHS = (truth_of_the_exponents, truth_of_the_memory, truth_of_a_delay_line)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_the_peak_is_the_top_of_a_parabola():
    bump = 5.0 - (right.RADII - 1.03) ** 2
    assert right.peak(bump) == pytest.approx(1.03)
    assert right.peak(right.RADII) is None
    assert right.peak(np.zeros(30)) is None


def test_what_hears_nothing_remembers_nothing():
    measured = cell(0.0, steps=1_000)
    assert (measured.best_radius, measured.most_memory, measured.memory_at_critical) == (None, None, None)
    assert set(measured.memory_by_radius) == {0.0}


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_exponents, "connections / reservoirs.spectral_radius(connections)", "connections * 1.3"),
        (truth_of_the_memory, "RADII[number] * recurrent", "RADII[0] * recurrent"),
        (truth_of_the_memory, "float(np.interp(critical, RADII, memories) / memories.max())", "1.0"),
        (truth_of_a_delay_line, "slice(WASHOUT + learned, None)", "slice(0, 30)"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("edge_of_chaos_by_radius", old, new))
