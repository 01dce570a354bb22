from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import scaling

ITEMS, SIZES = (each.ravel() for each in np.meshgrid([64, 256, 1_024, 4_096, 16_384], [57, 109, 213, 421, 837, 3_333]))


def planted(floor=0.1, of_items=5.0, of_size=200.0, a=0.4, b=1.4):
    return scaling.Law(
        floor=floor, of_items=of_items, of_size=of_size, items_exponent=a, size_exponent=b, unexplained=0.0
    )


def found(law, *, noise=0.0, seed=5):
    losses = law.loss(ITEMS, SIZES) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(ITEMS)))
    return scaling.joint_law(ITEMS, SIZES, losses)


def test_a_law_says_what_its_formula_says():
    assert planted().loss(100, 1_000) == pytest.approx(0.1 + 5 * 100**-0.4 + 200 * 1_000**-1.4, rel=1e-12)
    assert planted().loss([100, 400], [1_000, 50]).shape == (2,)


@settings(max_examples=15)
@given(
    floor=st.sampled_from([0.0, 0.05, 0.5]),
    a=st.floats(0.2, 1.0),
    b=st.floats(0.3, 2.0),
    at_least=st.tuples(st.floats(0.5, 5.0), st.floats(0.5, 5.0)),
)
def test_a_planted_law_is_found(floor, a, b, at_least):
    """What data and size cost is given where there is least of either, so that each can be seen."""
    law = planted(floor=floor, a=a, b=b, of_items=at_least[0] * 64**a, of_size=at_least[1] * 57**b)
    fitted = found(law)
    assert fitted.items_exponent == pytest.approx(a, rel=0.01)
    assert fitted.size_exponent == pytest.approx(b, rel=0.01)
    assert fitted.floor == pytest.approx(floor, abs=0.01)
    assert fitted.unexplained < 1e-5
    assert fitted.loss(ITEMS, SIZES) == pytest.approx(law.loss(ITEMS, SIZES), rel=0.01)


def test_noise_moves_the_exponents_little_and_its_share_stays_unexplained():
    laws = [found(planted(), noise=0.1, seed=seed) for seed in range(10)]
    assert np.mean([law.items_exponent for law in laws]) == pytest.approx(0.4, abs=0.05)
    assert np.mean([law.size_exponent for law in laws]) == pytest.approx(1.4, abs=0.15)
    share = 0.1**2 / (0.1**2 + np.var(np.log(planted().loss(ITEMS, SIZES))))
    assert np.mean([law.unexplained for law in laws]) == pytest.approx(share * 25 / 30, rel=0.2)  # five constants of 30


def test_no_other_law_nearby_comes_closer():
    law = planted()
    losses = law.loss(ITEMS, SIZES) * np.exp(0.1 * np.random.default_rng(5).standard_normal(len(ITEMS)))
    fitted = scaling.joint_law(ITEMS, SIZES, losses)

    def error(one):
        return float(np.sum((one.loss(ITEMS, SIZES) / losses - 1) ** 2))

    for name in ("floor", "of_items", "of_size", "items_exponent", "size_exponent"):
        for factor in (0.999, 1.001):
            assert error(replace(fitted, **{name: getattr(fitted, name) * factor})) >= error(fitted)


def test_no_constant_is_below_zero():
    losses = 1.0 - 0.5 * (ITEMS / ITEMS.max()) ** -0.1 * 0.5  # it grows with data, which no law of this kind does
    law = scaling.joint_law(ITEMS, SIZES, losses)
    assert min(law.floor, law.of_items, law.of_size) >= 0
    assert law.unexplained == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("items", "losses"), [([1, 2, 3, 4], [1, 1, 1, 1]), ([0, 1, 2, 3, 4], [1] * 5), ([1, 2, 3, 4, 5], [1, 1, 1, 1, 0])]
)
def test_what_no_law_can_be_fitted_to_is_refused(items, losses):
    with pytest.raises(ValueError, match="at least five losses"):
        scaling.joint_law(items, items, losses)
