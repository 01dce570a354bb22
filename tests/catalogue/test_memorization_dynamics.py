"""Arpit et al. (2017): what shares a rule is fitted first, what has to be learned by heart comes later and costs."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import memorization_dynamics
from axiom.catalogue.memorization_dynamics import _reached
from axiom.domain.experiments import seed_of

SEED = seed_of("memorization_dynamics", 1, 0)


@functools.cache
def cell(module, share, *, task="clusters", lr=0.1, epochs=30, **changes):
    return module.run(module.Config(task=task, share=share, lr=lr, epochs=epochs, **changes), SEED)


def clean_first(module):
    """Half of the clean examples within three epochs, of the wrong ones not before ten, while a rule is left."""
    for task in ("clusters", "teacher"):
        for share in (0.2, 0.4):
            measured = cell(module, share, task=task)
            assert measured.clean_first == 1
            assert measured.wrong_epoch is not None
            assert measured.clean_epoch < 3 < 10 < measured.wrong_epoch
            assert measured.lead > 0.15


def squared_error_hardly_memorises(module):
    """A rule comes first by squared error as well; what follows none is not fitted at a rate at which entropy is."""
    measured = cell(module, 0.4, lr=0.05, epochs=60, loss="squared_error")
    assert measured.clean_first == 1
    assert measured.lead > 0.25
    assert 0.2 < measured.wrong_fitted < 0.6


def nothing_to_lead(module):
    """At four fifths of five classes all labels are equally frequent: neither kind leads, and nothing generalises."""
    measured = cell(module, 0.8)
    assert abs(measured.lead) < 0.1
    assert measured.final_test < 0.3
    assert measured.wrong_fitted > 0.9


def memorising_costs(module):
    """Accuracy on test data rises and falls again, ends lower along a line, and where nothing is wrong loses little."""
    none, some, many = (cell(module, share) for share in (0.0, 0.2, 0.4))
    assert none.lost < 0.05 < some.lost < many.lost
    assert none.final_test > 0.7
    assert many.final_test < some.final_test < none.final_test
    assert some.final_test == pytest.approx((none.final_test + many.final_test) / 2, abs=0.06)
    assert many.stopped_test > 0.6


@pytest.mark.parametrize("truth", [clean_first, squared_error_hardly_memorises, nothing_to_lead, memorising_costs])
def test_it_knows_what_comes_first_and_what_it_costs(truth):
    truth(memorization_dynamics)


def test_what_is_called_wrong_and_is_right_is_fitted_with_the_rest():
    measured = cell(memorization_dynamics, 0.4, epochs=5, control="placebo")
    assert abs(measured.lead) < 0.06
    assert abs(measured.clean_epoch - measured.wrong_epoch) < 0.3


def test_where_nothing_is_wrong_there_is_no_lead_and_no_time():
    measured = cell(memorization_dynamics, 0.0)
    assert measured.lead is None
    assert measured.wrong_epoch is None
    assert measured.clean_first == 1


def test_best_final_and_lost_belong_to_one_curve():
    measured = cell(memorization_dynamics, 0.4)
    assert len(measured.test_by_epoch) == 30
    assert measured.stopped_test in measured.test_by_epoch
    assert measured.stopped_test > max(measured.test_by_epoch) - 0.05
    assert measured.final_test == measured.test_by_epoch[-1]
    assert measured.lost == pytest.approx(measured.stopped_test - measured.final_test)


@pytest.mark.parametrize(
    ("fitted", "epoch"),
    [
        ([0.2, 0.4, 0.6, 0.9], 1.5),
        ([0.2, 0.5, 0.4], 1.0),
        ([0.5, 0.9], 0.0),
        ([0.0, 0.6, 0.1, 0.9], 5 / 6),  # the first time counts
        ([0.2, 0.4], None),
    ],
)
def test_a_time_is_interpolated_or_none(fitted, epoch):
    assert _reached(np.array(fitted)) == (epoch if epoch is None else pytest.approx(epoch))


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (
            clean_first,
            "(shown[~is_wrong], shown[is_wrong], kept, asked)",
            "(shown[is_wrong], shown[~is_wrong], kept, asked)",
        ),
        (clean_first, "clean_epoch < wrong_epoch", "clean_epoch > wrong_epoch"),
        (clean_first, "np.mean(clean[1:] - wrong[1:])", "np.mean(wrong[1:] - clean[1:])"),
        (nothing_to_lead, "share=config.share)", "share=config.share / 2)"),
        (memorising_costs, "shown[is_wrong], kept, asked)", "shown[is_wrong], kept, shown)"),
        (memorising_costs, "kept[1:].argmax()", "kept[1:].argmin()"),  # where stopping would be worst
        # a loss that is named and not used
        (squared_error_hardly_memorises, "LOSSES[config.loss]", "losses.CROSS_ENTROPY"),
        (memorising_costs, "replace(true, y_train=labels), is_wrong", "true, is_wrong"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("memorization_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
