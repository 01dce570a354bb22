"""Each of three curves is found where it is there, half-lives lie between looks; what is kept is beyond a twin's."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import forgetting_over_time as right

SEED = 5
TIMES = 4.0 * 2.0 ** np.arange(11)


@functools.cache
def cell(tasks="clusters", lr=0.04, *, epochs=10, doublings=8, module=right, **changes):
    return module.run(module.Config(tasks=tasks, lr=lr, epochs=epochs, doublings=doublings, **changes), SEED)


def truth_of_the_curves(module):
    """Of an exact curve its own fit leaves nearly nothing, and another leaves more."""
    exact = {
        "power": (1 + TIMES / 32) ** -0.5,
        "floor": 0.3 + 0.7 * np.exp(-TIMES / 64),
        "stretched": np.exp(-((TIMES / 64) ** 0.7)),
    }
    for name, curve in exact.items():
        found = module.fitted(TIMES, curve)
        assert found[name] < 0.003
        assert all(found[other] > 0.01 for other in exact if other != name)
    assert module.fitted(TIMES, exact["power"])["exponent"] == pytest.approx(0.5, abs=0.03)


def truth_of_the_half_life(module):
    """It lies where the curve crosses a half, by logarithms of time; before the first look evenly; and may be none."""
    assert module.half(TIMES, (TIMES / 4) ** -0.3) == pytest.approx(4 * 2 ** (1 / 0.3), rel=0.03)
    assert module.half(TIMES, np.full(11, 0.25)) == pytest.approx(4 * 0.5 / 0.75)
    assert module.half(TIMES, np.full(11, 0.75)) is None


def truth_of_what_is_kept(module):
    """All is known at first, what a second task teaches of the first is not counted, and a teacher is forgotten."""
    slow, fast = cell(lr=0.005, module=module), cell(module=module)
    assert slow.kept_by_time[0] == pytest.approx(1.0, abs=0.05)
    assert fast.kept == fast.kept_by_time[-1] < 0.5
    assert slow.kept > fast.kept
    share = (fast.accuracy_by_time[-1] - fast.twin_accuracy) / (fast.first_accuracy - fast.twin_accuracy)
    assert fast.kept == pytest.approx(share)
    assert len(fast.kept_by_time) == 9
    assert fast.second_accuracy > 0.8
    taught = cell("teachers", module=module)
    assert abs(taught.kept) < 0.2
    assert taught.half_life < fast.half_life


TRUTHS = (truth_of_the_curves, truth_of_the_half_life, truth_of_what_is_kept)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_at_one_rate_for_all_nothing_depends_on_the_rate_but_the_start():
    one, other = (cell(lr=lr, control="placebo") for lr in (0.04, 0.01))
    assert one.half_life != other.half_life
    assert one.half_life == pytest.approx(other.half_life, rel=0.4)


def test_where_nothing_was_learned_nothing_can_be_forgotten():
    measured = cell(lr=1e-4, epochs=1, doublings=3)
    assert (measured.kept, measured.exponent, measured.half_life, measured.kept_by_time) == (None, None, None, None)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_curves, "power = (1 + times / scales) ** -shapes", "power = np.exp(-times / scales * shapes)"),
        (truth_of_the_curves, "floors + (1 - floors) * np.exp(-times / scales)", "floors * np.exp(-times / scales)"),
        (truth_of_the_half_life, "(times[place] / times[place - 1]) ** share", "(1 + share)"),
        (truth_of_the_half_life, "times[0] * 0.5 / (1 - kept[0])", "times[0]"),
        (truth_of_what_is_kept, "kept = (np.array(curve) - twins[-1]) / had", "kept = np.array(curve) / had"),
        (truth_of_what_is_kept, "if number == 1 else start", "if number == 2 else start"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("forgetting_over_time", old, new))
