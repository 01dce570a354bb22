"""Kornblith et al. (2019), Lee et al. (2019): wide networks are alike, and were so before anything was learned."""

import functools
from dataclasses import asdict

import pytest
from wrong import wrong

from axiom.catalogue import representation_alignment as right

WIDTHS = (16, 128)


@functools.cache
def cells(module):
    return [module.run(module.Config(width=width, epochs=20), 6) for width in WIDTHS]


def truth_at_the_start(module):
    """Towards 1 with width, as the kernel concentrates; theory gives no number, ten seeds gave .38 and .81."""
    narrow, wide = cells(module)
    assert 0.2 < narrow.first_at_start < 0.5
    assert 0.7 < wide.first_at_start < 0.9
    assert all(cell.second_at_start < cell.first_at_start for cell in (narrow, wide))


def truth_of_training(module):
    """Training adds to the alignment, and most where the networks are narrow."""
    narrow, wide = cells(module)
    assert narrow.first_gain > 0.25
    assert 0.0 < wide.first_gain < 0.06
    for cell in (narrow, wide):
        assert cell.second_gain > cell.first_gain
        assert cell.first_alignment == pytest.approx(cell.first_at_start + cell.first_gain)
        assert cell.second_alignment == pytest.approx(cell.second_at_start + cell.second_gain)
        assert cell.test_accuracy > 0.75


def truth_of_the_floor(module):
    """What meets another input has hardly anything in common, and more where there are more directions to meet in."""
    narrow, wide = cells(module)
    assert 0.0 < narrow.floor < 0.1
    assert 0.0 < wide.floor < 0.1


TRUTHS = (truth_at_the_start, truth_of_training, truth_of_the_floor)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_at_the_start, 'f"second start{of}"', 'f"first start{of}"'),  # a network and itself
        (truth_at_the_start, "before, after = alignment(start", "before, after = alignment(end"),
        (truth_of_training, "first_gain=after[0] - before[0]", "first_gain=before[0] - after[0]"),
        (truth_of_the_floor, '[chance.stream(seed, "floor").permutation(len(strange))]', ""),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("representation_alignment", old, new))


def test_networks_that_diverge_say_that_alone():
    measured = asdict(right.run(right.Config(width=16, epochs=20, lr=1e30), 6))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


def test_the_curve_begins_at_the_start_and_ends_at_the_measure():
    cell = cells(right)[0]
    assert len(cell.first_by_snapshot) == 6
    assert cell.first_by_snapshot[0] == cell.first_at_start
    assert cell.first_by_snapshot[-1] == cell.first_alignment
