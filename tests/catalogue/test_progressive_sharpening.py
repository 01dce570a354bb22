"""Cohen et al. (2021): sharpness * lr / 2 ends at 1, from below and from above; a quadratic never sharpens."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import progressive_sharpening as right
from axiom.kit import chance


def cell(module, lr, *, depth=2, steps=800, seed=3):
    return module.run(module.Config(lr=lr, depth=depth, width=32, rows=64, steps=steps), seed)


def truth(module):
    flat, beyond = (cell(module, lr) for lr in (0.4, 0.8))
    for measured in (flat, beyond):
        assert 0.97 < measured.edge_ratio < 1.02
        assert measured.is_at_edge
        assert measured.edge_step is not None
    assert flat.start_sharpness == beyond.start_sharpness  # the start is paired
    assert flat.sharpening > 1 > beyond.sharpening
    assert flat.end_sharpness / beyond.end_sharpness == pytest.approx(2, rel=0.05)
    affine = cell(module, 0.4, depth=0)
    assert affine.start_sharpness == pytest.approx(of_inputs(seed=3, rows=64), rel=1e-3)
    assert affine.sharpening == pytest.approx(1.0)
    assert affine.edge_ratio == pytest.approx(affine.end_sharpness * 0.2)


def of_inputs(seed, rows):
    """The largest eigenvalue of the second moment of inputs and bias: the sharpness of an affine model."""
    x = chance.stream(seed, "data").standard_normal((rows, right.INPUTS))
    inputs = np.column_stack([x, np.ones(rows)])
    return np.linalg.eigvalsh(inputs.T @ inputs / rows)[-1]


def test_the_sharpness_ends_at_the_edge_of_stability():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("else last * config.lr / 2", "else last * config.lr"),
        ("lanczos(LOSS, net, probe, x, y)[-1]", "lanczos(LOSS, net, probe, x, y)[0]"),
        ("optimizers.Rates(lr=config.lr)", "optimizers.Rates(lr=config.lr / 2)"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("progressive_sharpening", old, new))


@functools.cache
def slow():
    return cell(right, 0.1)


def test_below_the_edge_the_sharpness_only_rises_and_no_step_raises_the_loss():
    measured = slow()
    assert measured.edge_step is None
    assert not measured.is_at_edge
    assert measured.rising == 0.0
    assert measured.sharpening > 1.05


def test_the_curve_begins_at_the_start_and_has_a_point_for_each_snapshot():
    curve = slow().edge_ratio_by_snapshot
    assert len(curve) == 1 + right.SNAPSHOTS
    assert curve[0] == pytest.approx(slow().start_sharpness * 0.1 / 2)
    assert np.mean(curve[-10:]) == pytest.approx(slow().edge_ratio)


@pytest.mark.parametrize("others", [{"depth": 0, "lr": 1.5, "steps": 4_000}, {"depth": 2, "lr": 2.0}])
def test_what_diverges_has_no_end_but_the_curve_until_then(others):
    measured = cell(right, **others)
    assert measured.diverged
    assert not measured.is_at_edge
    assert len(measured.edge_ratio_by_snapshot) < right.SNAPSHOTS
    assert measured.edge_ratio_by_snapshot[0] == pytest.approx(measured.start_sharpness * others["lr"] / 2)
    names = ("end_sharpness", "sharpening", "edge_ratio", "rising", "final_loss")
    assert all(getattr(measured, name) is None for name in names)


def test_the_last_step_is_always_seen():
    assert len(cell(right, 0.1, depth=0, steps=41).edge_ratio_by_snapshot) == 1 + 21  # twenty times two, and one
