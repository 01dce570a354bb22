"""Towers know nothing of each other's attribute, scattered wires are as many, and a small world grows by levels."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import compositional_architecture as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models, readouts

SEED = seed_of(right.experiment.name, 1, 0)
SIZES = (32, 16, 16, 16, 12)


@functools.cache
def cell(wiring="plain", order="at_once", *, readout="heads", width=32, epochs=20, module=right, **changes):
    config = module.Config(readout=readout, wiring=wiring, order=order, width=width, epochs=epochs, **changes)
    return module.run(config, SEED)


def masks_of(module, wiring):
    config = module.Config(readout="heads", wiring=wiring, order="at_once", width=16)
    return module.wires(config, SEED, SIZES)


def truth_of_the_towers(module):
    """What one tower makes of its attribute does not change with the other, and the layer that joins them does."""
    masks = masks_of(module, "towers")
    net = module.cut(models.mlp(chance.stream(3, "net"), SIZES), masks)
    x = chance.stream(3, "x").standard_normal((5, 32)).astype(np.float32)
    other = np.hstack([x[:, :16], x[::-1, 16:]])
    one, two = models.hidden(net, x), models.hidden(net, other)
    for layer in (0, 1):
        np.testing.assert_array_equal(one[layer][:, :8], two[layer][:, :8])
        assert not np.allclose(one[layer][:, 8:], two[layer][:, 8:])
    assert not np.allclose(one[2][:, :8], two[2][:, :8])


def truth_of_the_wires(module):
    """Of towers half of the wires of two layers are left, of scattered ones as many elsewhere, of a plain one all."""
    towers, scattered, plain = (masks_of(module, wiring) for wiring in ("towers", "scattered", "plain"))
    for layer in (0, 1):
        assert np.mean(towers[layer] > 0) == np.mean(scattered[layer] > 0) == 0.5
        assert not np.array_equal(towers[layer], scattered[layer])
        assert np.mean(towers[layer] ** 2) == pytest.approx(1.0)  # signals stay as large as those of a plain one
    for whole in (*plain, towers[2], towers[3], scattered[3]):
        assert (whole == 1).all()


def truth_of_the_order(module):
    """A growing world begins with few levels, one by lot with many; both grow at the same pace to all."""
    pairs = readouts.questions(SEED, "heads").task.y_train
    few = {}
    for order in ("growing", "by_lot", "at_once"):
        config = module.Config(readout="heads", wiring="plain", order=order, width=16, epochs=20)
        rows = module.orders(config, SEED)
        assert rows.shape == (20, len(pairs))
        assert set(rows[-1]) == set(range(len(pairs)))
        few[order] = len(set(rows[0])), {*pairs[rows[0]].ravel()}
    assert few["growing"][0] == few["by_lot"][0] == len(pairs) // 5 < few["at_once"][0] == len(pairs)
    assert len(few["growing"][1]) < len(few["by_lot"][1])
    assert {0, 3} <= few["growing"][1] <= {0, 3, 1, 4}


def truth_of_the_gain(module):
    """Towers know new combinations better, and are no better at those that were shown."""
    towers, plain = (cell(wiring, epochs=60, module=module) for wiring in ("towers", "plain"))
    assert towers.new_accuracy > plain.new_accuracy + 0.1
    assert min(towers.seen_accuracy, plain.seen_accuracy, plain.train_accuracy) > 0.95
    assert towers.gap == pytest.approx(towers.seen_accuracy - towers.new_accuracy)
    assert len(plain.new_by_look) == 3


TRUTHS = (truth_of_the_towers, truth_of_the_wires, truth_of_the_order, truth_of_the_gain)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_of_strange_codes_little_is_known_whatever_the_wiring():
    for wiring in ("towers", "plain"):
        assert cell(wiring, is_strange=True).new_accuracy < 0.15


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_towers, "= mask[before // 2 :, : after // 2] = 0", "= 0"),
        (truth_of_the_wires, "mask *= np.float32(np.sqrt(2))", "mask *= 1"),
        (truth_of_the_wires, "number < APART", "number < APART + 1"),
        (truth_of_the_order, "JOINS = np.array([0, 2, 4, 1, 3, 5])", "JOINS = np.array([0, 1, 2, 3, 4, 5])"),
        (truth_of_the_order, 'if config.order == "by_lot"', "if False"),
        (truth_of_the_gain, "models.logits(cut(net, masks), x), y)\n\n    end", "models.logits(net, x), y)\n\n    end"),
        (truth_of_the_gain, "gap=seen - looks[-1]", "gap=looks[-1] - seen"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("compositional_architecture", old, new))
