"""An order is what it says, its twin's is by lot at the same pace, and knowing which labels are wrong is worth much."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import curriculum_by_width_and_rate as right

SEED = 5


@functools.cache
def cell(order="easy_first", *, width=32, lr=0.05, epochs=40, module=right, **changes):
    return module.run(module.Config(order=order, width=width, lr=lr, epochs=epochs, **changes), SEED)


def rows(module, order, *, is_twin=False, **changes):
    """The example numbers of each epoch, and how hard and how wrong each example is."""
    config = module.Config(order=order, width=32, lr=0.05, epochs=40, **changes)
    _, hardness, is_wrong = module.shown(config, SEED)
    return module.orders(config, SEED, hardness, is_wrong, is_twin=is_twin), hardness, is_wrong


def truth_of_the_order(module):
    """Easy first begins with the least noise, hard first with the most, a twin with whatever comes."""
    found = {}
    for order in ("easy_first", "hard_first", "shuffled"):
        shown, hardness, _ = rows(module, order)
        found[order] = hardness[shown[0]].mean()
    shown, hardness, _ = rows(module, "hard_first", is_twin=True)
    assert found["easy_first"] < 0.2
    assert found["hard_first"] > 3.8
    assert found["shuffled"] == pytest.approx(hardness.mean())
    assert hardness[shown[0]].mean() == pytest.approx(2.0, abs=0.3)


def truth_of_the_pace(module):
    """A fifth at first, all after half of the epochs, and always as many steps; with no order, all at once."""
    for order, is_twin in (("easy_first", False), ("hard_first", False), ("shuffled", True)):
        shown, *_ = rows(module, order, is_twin=is_twin)
        assert shown.shape == (40, module.EXAMPLES)
        assert [len(set(shown[epoch])) for epoch in (0, 10, 20, 39)] == [200, 600, 1_000, 1_000]
    shown, *_ = rows(module, "shuffled")
    assert len(set(shown[0])) == module.EXAMPLES


def truth_of_the_gain(module):
    """Whoever never sees a wrong label gains much over a twin that sees them all; by lot nobody gains much."""
    told = cell(module=module, control="planted", wrong=0.4)
    assert told.gain > 0.1
    assert told.gain == pytest.approx(told.test_accuracy - told.twin_accuracy)
    assert told.best_gain == pytest.approx(max(told.test_by_look) - max(told.twin_by_look))
    assert (told.test_by_look[-1], told.twin_by_look[-1]) == (told.test_accuracy, told.twin_accuracy)
    assert abs(cell(module=module, control="placebo", wrong=0.4).gain) < 0.05


TRUTHS = (truth_of_the_order, truth_of_the_pace, truth_of_the_gain)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_an_order_by_lot_is_another_than_that_of_the_twin():
    ordered, hardness, _ = rows(right, "easy_first", control="placebo")
    twin, *_ = rows(right, "easy_first", control="placebo", is_twin=True)
    assert not np.array_equal(ordered, twin)
    assert hardness[ordered[0]].mean() == pytest.approx(2.0, abs=0.3)


def test_the_twin_is_the_same_beside_every_order():
    assert cell(epochs=4).twin_by_look == cell("hard_first", epochs=4).twin_by_look


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_order, 'if config.order == "hard_first"', 'if config.order == "easy_first"'),
        (truth_of_the_order, "ties if is_twin or", "ties if"),
        (truth_of_the_pace, "LEAST, FULL = 0.2, 0.5", "LEAST, FULL = 0.2, 1.0"),
        (truth_of_the_pace, 'if config.order == "shuffled" and not is_twin', "if False"),
        (truth_of_the_gain, "ranked[~is_wrong[ranked]]", "ranked"),
        (truth_of_the_gain, "best_gain=max(ordered) - max(twin)", "best_gain=ordered[-1] - twin[-1]"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("curriculum_by_width_and_rate", old, new))
