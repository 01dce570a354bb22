"""Kalimeris et al. (2019) and Shah et al. (2020): what is told early is linear, and slabs are ignored beside a cut."""

import functools
import itertools
import math

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import simplicity_bias
from axiom.domain.experiments import seed_of

SEED = seed_of("simplicity_bias", 1, 0)


@functools.cache
def cell(module, task="slabs", **changes):
    return module.run(module.Config(**({"task": task, "epochs": 4} | changes)), SEED)


def drawn(module, **given):
    return module._drawn(module.Config(task="slabs", **given), SEED)


def entropy(table, *kept):
    """Of the marginal distribution of these axes, in bits, term by term."""
    sums = {}
    for place in itertools.product(range(2), repeat=3):
        key = tuple(place[axis] for axis in kept)
        sums[key] = sums.get(key, 0.0) + table[place]
    return -sum(share * math.log2(share) for share in sums.values() if share > 0)


def information_is_a_difference_of_entropies(module):
    """I(F; Y) = H(F) + H(Y) - H(F, Y) and I(F; Y | L) = H(F, L) + H(Y, L) - H(F, Y, L) - H(L)."""
    for seed in range(5):
        table = np.random.default_rng(seed).dirichlet(np.ones(8)).reshape(2, 2, 2)
        told, beyond = module.informs(table)
        assert told == pytest.approx(entropy(table, 0) + entropy(table, 1) - entropy(table, 0, 1))
        by_hand = entropy(table, 0, 2) + entropy(table, 1, 2) - entropy(table, 0, 1, 2) - entropy(table, 2)
        assert beyond == pytest.approx(by_hand)
    answers, y, line = np.random.default_rng(9).integers(0, 2, (3, 400))
    table = module._shares(answers, y, line)
    assert table[1, 0, 1] == pytest.approx(((answers == 1) & (y == 0) & (line == 1)).mean())
    assert module._right(table) == pytest.approx((answers == y).mean())
    assert module.informs(module._shares(line, y, line))[1] == pytest.approx(0.0, abs=1e-12)
    assert module.informs(module._shares(y, y, line))[0] == pytest.approx(entropy(table, 1))


def rival_has_the_accuracy_and_no_order(module):
    """A coin that replaces answers leaves class and linear answer alone, and takes of accuracy what it should."""
    table = module._shares(*np.random.default_rng(3).integers(0, 2, (3, 50)))
    table[0, 0] += 1.0
    table[1, 1] += 1.5
    table /= table.sum()
    rival = module.diluted(table, 0.7)
    assert module._right(rival) == pytest.approx(0.7)
    assert rival.sum(axis=0) == pytest.approx(table.sum(axis=0))
    assert module.diluted(table, module._right(table)) == pytest.approx(table)
    guessed = module.diluted(table, 0.5)
    assert guessed[0] == pytest.approx(guessed[1])


def slabs_tell_everything_and_nothing_straight(module):
    for count in (2, 3, 5, 7):
        task = drawn(module, slabs=count)
        place = (task.x_train[:, 1] / 3 + 1) / 2 * count
        assert (np.floor(place).astype(int) % 2 == 1 - task.y_train).all()  # the first slab is of class 1
        assert set(np.floor(place).astype(int)) == set(range(count))
        assert np.abs(place - np.floor(place) - 0.5).max() == pytest.approx(0.4, abs=0.01)
    straight = (module.linear_answers(drawn(module, slabs=5)) == drawn(module, slabs=5).y_test).mean()
    assert straight == pytest.approx(0.5, abs=0.04)


def cut_tells_its_share(module):
    """Inputs that tell nothing lie near the cut, on the right side of it by chance."""
    for share in (0.0, 0.6, 1.0):
        task = drawn(module, slabs=5, cut=share)
        right = ((task.x_test[:, 0] > 0) == task.y_test).mean()
        assert right == pytest.approx(0.5 + 0.5 * share, abs=0.03)
        told = np.abs(task.x_test[:, 0]) > 0.3
        assert told.mean() == pytest.approx(share, abs=0.02)
        assert np.abs(task.x_test[:, 0]).max() <= 3
    task = drawn(module, slabs=5, cut=1.0)
    assert (module.linear_answers(task) == task.y_test).mean() > 0.98


def slabs_are_ignored_beside_a_cut(module):
    alone, beside = (cell(module, slabs=3, cut=share) for share in (0.0, 1.0))
    assert alone.slab_accuracy > 0.9
    assert beside.slab_accuracy < 0.65
    assert beside.test_accuracy > 0.98
    assert alone.early_step is alone.linear_first is None  # nothing is linear


def early_network_is_linear(module):
    measured = cell(module, slabs=3, cut=0.6)
    assert measured.early_explained > 0.6
    assert measured.early_step < 25
    assert len(measured.told_by_look) == len(measured.beyond_by_look) == 40
    placebo = cell(module, slabs=3, cut=0.6, activation="linear")
    assert abs(placebo.linear_first) < 0.15 < measured.linear_first
    assert placebo.beyond_by_look[-1] < 0.1 < measured.beyond_by_look[-1]
    assert placebo.test_accuracy < 0.97


TRUTHS = [
    information_is_a_difference_of_entropies,
    rival_has_the_accuracy_and_no_order,
    slabs_tell_everything_and_nothing_straight,
    cut_tells_its_share,
    slabs_are_ignored_beside_a_cut,
    early_network_is_linear,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_is_simple(truth):
    truth(simplicity_bias)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (information_is_a_difference_of_entropies, "joint[there] * joint.sum()", "joint[there]"),
        (information_is_a_difference_of_entropies, "4 * answers + 2 * y + line", "4 * y + 2 * answers + line"),
        (rival_has_the_accuracy_and_no_order, "(_right(table) - 0.5)", "_right(table)"),
        (rival_has_the_accuracy_and_no_order, "0.5 * table.sum(axis=0)", "0.25"),
        (slabs_tell_everything_and_nothing_straight, "(config.slabs + y) // 2", "(config.slabs + 1) // 2"),
        (cut_tells_its_share, "telling < config.cut", "telling > config.cut"),
        (slabs_are_ignored_beside_a_cut, "permutation(task.x_test[:, 0])", "permutation(1) + task.x_test[:, 0]"),
        (early_network_is_linear, "tables[int(np.argmax(rights))]", "tables[number]"),
        (early_network_is_linear, "activation=config.activation", 'activation="relu"'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("simplicity_bias", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
