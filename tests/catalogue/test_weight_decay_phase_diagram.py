"""Decay shrinks weights as exp(-lr wd t), so the wait for understanding goes as 1 / (lr wd) (Liu et al. 2022)."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import weight_decay_phase_diagram
from axiom.domain.experiments import seed_of

SEEDS = [seed_of("weight_decay_phase_diagram", 1, replicate) for replicate in range(2)]
DECAYS = (0.3, 1.0, 3.0)


@functools.cache
def cell(module, weight_decay, seed=SEEDS[0], *, steps=2_500, lr=0.01):
    return module.run(module.Config(weight_decay=weight_decay, lr=lr, steps=steps), seed)


def wait_is_inverse(module):
    """On a decade of decay at the usual rate, the mean slope is near -1."""
    waits = np.log([[cell(module, decay, seed).wait for decay in DECAYS] for seed in SEEDS])
    slopes = np.polyfit(np.log(DECAYS), waits.T, 1)[0]
    assert -1.35 < np.mean(slopes) < -0.75


def rate_shortens_the_wait(module):
    """Ten times the rate: less than ten times sooner, and the weights end where decay alone puts them."""
    slow, fast = (cell(module, 1.0, lr=lr) for lr in (0.003, 0.03))
    assert 0.08 < fast.wait / slow.wait < 0.25
    assert fast.norm == pytest.approx(slow.norm, rel=0.1)


def four_phases(module):
    """Along rising decay: memorisation, grokking, comprehension, confusion."""
    cells = [cell(module, decay, steps=1_200) for decay in (0.0, 0.4, 3.0, 10.0)]
    named = module.MEMORISATION, module.GROKKING, module.COMPREHENSION, module.CONFUSION
    assert tuple(measured.phase for measured in cells) == named
    assert [measured.grokked for measured in cells] == [0, 1, 1, 0]
    assert [measured.grokked_at is None for measured in cells] == [True, False, False, True]
    assert all(measured.memorised_at is not None for measured in cells)  # the last one forgets again
    assert all(measured.wait == measured.steps - measured.memorised_at for measured in cells)
    assert cells[0].train_accuracy == 1.0
    assert cells[3].train_accuracy < 0.1
    assert cells[0].norm > cells[1].norm > cells[2].norm > cells[3].norm


@pytest.mark.parametrize("truth", [wait_is_inverse, rate_shortens_the_wait, four_phases])
def test_it_knows_the_phases_and_the_wait(truth):
    truth(weight_decay_phase_diagram)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (wait_is_inverse, "else config.weight_decay\n", "else config.weight_decay**0.5\n"),
        (wait_is_inverse, "wait=found.steps - known", "wait=known"),  # how long it takes to learn by heart
        (four_phases, "wait=found.steps - known", "wait=found.steps"),  # memorising counts as waiting
        (rate_shortens_the_wait, "lr=config.lr,", "lr=0.01,"),  # a rate that is named and not used
        (four_phases, "found.train[-1] >= arithmetic.MASTERED", "found.test[-1] >= arithmetic.MASTERED"),
        (four_phases, "grokked=int(found.grokked_at is not None)", "grokked=int(found.memorised_at is not None)"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    with pytest.raises(AssertionError):
        truth(wrong("weight_decay_phase_diagram", right, mistake))
