"""Binder's cumulant of known order parameters, where curves break and cross, and what a high rate does to a network."""

import functools
import math

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import binder_crossing as right


@functools.cache
def cell(order="answers", *, loss="mse", wide=64, epochs=6, module=right, **changes):
    return module.run(module.Config(order=order, loss=loss, wide=wide, epochs=epochs, **changes), 5)


def truth_of_the_cumulant(module):
    """2 / 3 where it keeps its size, whatever the size and sign; 0 where it is normal about 0; none without numbers."""
    normal = np.random.default_rng(5).standard_normal(200_000)
    assert module.cumulant(np.full(9, -3.0)) == pytest.approx(2 / 3)
    assert module.cumulant(5 * normal) == pytest.approx(0.0, abs=0.02)
    assert module.cumulant(5 + normal) > 0.5
    assert module.cumulant(np.array([1.0, np.nan])) == module.cumulant(np.zeros(4)) == 0.0


def truth_of_the_ends(module):
    """At low rates answers are in order and weights stay near their start; at the highest nothing is in order."""
    answers, weights = cell(module=module), cell("weights", module=module)
    assert answers.wide_by_rate[10] > 0.6 > 0.3 > answers.wide_by_rate[-1]
    assert weights.wide_by_rate[0] == pytest.approx(2 / 3, abs=1e-3)
    assert weights.wide_by_rate[-1] == 0.0
    assert cell("steps", module=module).wide_by_rate[0] < 0.6


def truth_of_the_widths(module):
    """With squared error a wide network's order breaks at a lower rate, and so its curve crosses a narrow one's."""
    wide, wider = cell(wide=32, module=module), cell(wide=128, module=module)
    assert wider.critical < wide.critical / 1.3
    assert wider.crossing == pytest.approx(wider.critical, rel=0.2)
    assert (wider.has_critical, wider.has_crossing) == (1, 1)


TRUTHS = (truth_of_the_cumulant, truth_of_the_ends, truth_of_the_widths)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_a_curve_breaks_between_the_last_in_order_and_the_first_that_is_not():
    between = math.sqrt(right.RATES[1] * right.RATES[2])
    assert right.broken([0.66, 0.5, 0.2, 0.6]) == between
    assert right.broken([0.66, 0.5, 0.4]) is None
    assert right.broken([0.1, 0.6]) is None  # it had none to lose


def test_curves_cross_where_the_wide_network_has_less_and_the_narrow_one_has_some():
    between = math.sqrt(right.RATES[1] * right.RATES[2])
    assert right.crossed([0.6, 0.6, 0.6], [0.66, 0.55, 0.4]) == between
    assert right.crossed([0.6, 0.6, 0.1], [0.66, 0.6, -0.3]) is None
    assert right.crossed([0.6, 0.6, 0.6], [0.66, 0.66, 0.7]) is None


def test_networks_that_are_alike_break_at_about_the_same_rate():
    first, second = (cell(wide=wide, control="alike").critical for wide in (32, 128))
    assert first == pytest.approx(second, rel=0.5)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_cumulant, "(3 * np.mean(values**2) ** 2)", "(2 * np.mean(values**2) ** 2)"),
        (truth_of_the_cumulant, "if not np.isfinite(values).all() or", "if"),
        (truth_of_the_ends, "- 1 / CLASSES) / (1 - 1 / CLASSES)", ") * 0.0"),
        (truth_of_the_ends, '"weights": _cosine(weights, begun)', '"weights": _cosine(slope, begun)'),
        (truth_of_the_widths, "for width in (config.narrow, config.wide)", "for width in (64, 64)"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("binder_crossing", old, new))
