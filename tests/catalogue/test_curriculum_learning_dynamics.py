"""Wu et al. (2021): an order of examples matters where labels are wrong or time is short, and hardly elsewhere."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import curriculum_learning_dynamics
from axiom.domain.experiments import seed_of

SEED = seed_of("curriculum_learning_dynamics", 1, 0)
LONG = 60


@functools.cache
def cell(module, order, wrong=0.3, epochs=LONG, **changes):
    return module.run(module.Config(order=order, wrong=wrong, epochs=epochs, **changes), SEED)


def shown(module, order, wrong=0.3, epochs=LONG, **changes):
    """The rows of example numbers, how hard each is, and which labels are wrong."""
    config = module.Config(order=order, wrong=wrong, epochs=epochs, **changes)
    _, hardness, is_wrong = module._shown(config, SEED)
    return module._orders(config, SEED, hardness, is_wrong), hardness, is_wrong


def pace_is_the_same(module):
    """A fifth at first, everything after half of the epochs, and always as many steps."""
    for order in ("easy_first", "hard_first", "random_first"):
        rows, _, _ = shown(module, order)
        assert rows.shape == (LONG, module.EXAMPLES)
        assert len(set(rows[0])) == 200
        assert len(set(rows[15])) == pytest.approx(600, abs=1)
        assert all(len(set(row)) == module.EXAMPLES for row in rows[30:])
    rows, _, _ = shown(module, "shuffled")
    assert all(len(set(row)) == module.EXAMPLES for row in rows)
    assert not np.array_equal(rows[0], rows[1])


def order_is_what_it_says(module):
    """Easy first begins with the least noise and no wrong label, hard first with wrong labels alone."""
    rows, hardness, is_wrong = shown(module, "easy_first")
    assert hardness[rows[0]].max() <= 1
    assert not is_wrong[rows[10]].any()
    rows, hardness, is_wrong = shown(module, "hard_first")
    assert is_wrong[rows[0]].all()
    assert hardness[rows[0]].min() > 5
    rows, hardness, is_wrong = shown(module, "random_first")
    assert is_wrong[rows[0]].mean() == pytest.approx(0.3, abs=0.1)


def wrong_labels_are_where_it_helps(module):
    easy, random, hard, plain = (
        cell(module, name) for name in ("easy_first", "random_first", "hard_first", "shuffled")
    )
    assert easy.best_accuracy > plain.best_accuracy + 0.03
    assert easy.best_accuracy > random.best_accuracy + 0.06
    assert hard.best_accuracy < random.best_accuracy - 0.03
    assert abs(easy.test_accuracy - plain.test_accuracy) < 0.07  # in the end all is learned by heart
    assert plain.wrong_fitted > 0.85


def true_labels_need_no_order(module):
    found = [cell(module, order, wrong=0.0).test_accuracy for order in module.ORDERS]
    assert max(found) - min(found) < 0.035
    assert min(found) > 0.65


def best_is_of_the_same_curve(module):
    measured = cell(module, "easy_first")
    assert len(measured.test_by_epoch) == LONG
    assert measured.best_accuracy == max(measured.test_by_epoch)
    assert measured.test_accuracy == measured.test_by_epoch[-1] < measured.best_accuracy


def controls_are_what_they_say(module):
    """Ranked by lot, easy first is a random ranking; without wrong labels it keeps what it had reached."""
    rows, hardness, _ = shown(module, "easy_first", control="placebo")
    assert hardness[rows[0]].mean() == pytest.approx(hardness.mean(), abs=0.5)
    other, _, _ = shown(module, "random_first", control="placebo")
    assert not np.array_equal(rows, other)
    rows, _, is_wrong = shown(module, "easy_first", control="planted")
    assert not is_wrong[rows].any()
    assert rows.shape == (LONG, module.EXAMPLES)


TRUTHS = [
    pace_is_the_same,
    order_is_what_it_says,
    wrong_labels_are_where_it_helps,
    true_labels_need_no_order,
    best_is_of_the_same_curve,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_where_an_order_helps(truth):
    truth(curriculum_learning_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (pace_is_the_same, "LEAST, FULL = 0.2, 0.5", "LEAST, FULL = 0.2, 1.0"),
        (order_is_what_it_says, "len(NOISE) * is_wrong", "0 * is_wrong"),
        (order_is_what_it_says, 'if config.order == "hard_first"', 'if config.order == "easy_first"'),
        (order_is_what_it_says, "ties if by_lot else hardness + ties", "hardness + ties"),
        (wrong_labels_are_where_it_helps, "share=config.wrong)", "share=0.0)"),
        (best_is_of_the_same_curve, "best_accuracy=max(seen)", "best_accuracy=seen[-1]"),
        (controls_are_what_they_say, "ranked[~is_wrong[ranked]]", "ranked[is_wrong[ranked]]"),
        (controls_are_what_they_say, 'own = f" {config.order}" if', 'own = "" if'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("curriculum_learning_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
