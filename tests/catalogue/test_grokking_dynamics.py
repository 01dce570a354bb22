"""Liu et al. (2022): a sharp critical share of examples; Gromov (2023): what is understood is made of waves."""

import pytest
from wrong import wrong

from axiom.catalogue import grokking_dynamics
from axiom.domain.experiments import seed_of
from axiom.kit import arithmetic

SEEDS = [seed_of("grokking_dynamics", 1, replicate) for replicate in range(2)]
SIZES = (23, 64), (53, 128)  # about as many neurons for each residue


def cell(module, share, seed=SEEDS[0], *, modulus=23, hidden=64, steps=1_600, **changes):
    return module.run(module.Config(modulus=modulus, share=share, hidden=hidden, steps=steps, **changes), seed)


def threshold(module):
    """Of P = 23 and 64 neurons, 0.30 is too little and 0.45 enough; what is shown is always known by heart."""
    for seed in SEEDS:
        below = cell(module, 0.3, seed)
        assert (below.grokked, below.grokked_at) == (0, None)
        assert below.train_accuracy == 1.0
        assert below.test_accuracy < 0.15
        above = cell(module, 0.45, seed)
        assert above.grokked == 1
        assert above.memorised_at < 100 < 10 * above.memorised_at < above.grokked_at < 1_600
        assert above.test_accuracy >= arithmetic.MASTERED


def larger_needs_less(module):
    """Three tenths are enough for P = 53 and not for P = 23; only what is understood is waves, and no start is."""
    small, large = (cell(module, 0.3, modulus=modulus, hidden=hidden, steps=400) for modulus, hidden in SIZES)
    assert (small.grokked, large.grokked) == (0, 1)
    assert large.concentration > small.concentration + 0.1
    assert small.concentration_at_start == pytest.approx(4 / 24, rel=0.1)
    assert large.concentration_at_start == pytest.approx(4 / 54, rel=0.1)


def wider_is_sooner(module):
    """Near the threshold, at four tenths of P = 23, 128 neurons need at most half of the steps of 64."""
    narrow, wide = (cell(module, 0.4, hidden=hidden, steps=4_000) for hidden in (64, 128))
    assert wide.grokked == 1
    assert wide.steps < narrow.steps / 2


@pytest.mark.parametrize("truth", [threshold, larger_needs_less, wider_is_sooner])
def test_it_knows_the_critical_share(truth):
    truth(grokking_dynamics)


def test_sums_that_follow_no_rule_are_memorised_and_never_understood():
    measured = cell(grokking_dynamics, 0.45, steps=400, control="placebo")
    assert measured.train_accuracy > 0.9
    assert measured.test_accuracy < 0.15


def test_the_curve_has_ten_points_at_most_and_begins_ignorant():
    curve = cell(grokking_dynamics, 0.45).test_by_time
    assert 5 <= len(curve) <= 10
    assert curve[0] < 0.2


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (threshold, "test_accuracy=found.test[-1]", "test_accuracy=found.train[-1]"),  # train for test
        (threshold, "share=config.share,", "share=0.45,"),  # a share that is named and not used
        (threshold, "weight_decay=config.weight_decay)", "weight_decay=0.0)"),
        (threshold, 'config.control == "placebo"', 'config.control == "none"'),  # a table of noise
        (larger_needs_less, "int(found.grokked_at is not None)", "int(found.memorised_at is not None)"),
        (larger_needs_less, "concentration(start)", "concentration(found.net)"),
        (wider_is_sooner, "hidden=config.hidden)", "hidden=64)"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    with pytest.raises(AssertionError):
        truth(wrong("grokking_dynamics", right, mistake))
