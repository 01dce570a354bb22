"""The peak is where a network can just fit its data, wrong labels included, and a wider one is past it."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import double_descent_in_networks as right


@functools.cache
def cell(width, *, loss="mse", wrong=0.2, samples=60, steps=2_000, module=right, **changes):
    config = module.Config(loss=loss, wrong=wrong, width=width, samples=samples, steps=steps, **changes)
    return module.run(config, 5)


def truth_of_the_peak(module):
    """Of 60 examples ten units can just fit all; three cannot, and of 256 none is lost."""
    narrow, peak, wide = (cell(width, module=module) for width in (3, 10, 256))
    assert narrow.train_error > 0.05 > wide.train_error
    assert peak.test_loss > 1.3 * max(narrow.test_loss, wide.test_loss)
    assert wide.parameters == 256 * 26 + 5


def truth_of_the_errors(module):
    """Errors on test data count true labels; those on what was shown count the wrong ones that a wide network fits."""
    measured = cell(256, module=module)
    assert measured.train_error == 0.0
    assert measured.train_loss < 1e-3
    assert measured.error_by_time[-1] == measured.test_error >= measured.best_error == min(measured.error_by_time)
    assert measured.test_error > cell(256, wrong=0.0, module=module).test_error


TRUTHS = (truth_of_the_peak, truth_of_the_errors)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_the_placebo_has_one_width_and_two_starts():
    first, second = (cell(width, control="alike") for width in (3, 10))
    assert first.parameters == second.parameters == 16 * 26 + 5
    assert first.error_by_time != second.error_by_time


def test_it_is_looked_at_every_so_many_steps_and_at_the_end():
    assert len(cell(3).error_by_time) == -(-2_000 // right.EVERY)
    assert np.isfinite(cell(3, loss="ce").test_loss)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_peak, '"start", config.width)', '"start", 64)'),
        (truth_of_the_errors, "share=config.wrong", "share=0.0"),
        (truth_of_the_errors, "best_error=min(seen)", "best_error=max(seen) + 1e-9"),
        (truth_of_the_errors, "train_error=_error(end, task.x_train, labels)", "train_error=seen[-1]"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("double_descent_in_networks", old, new))
