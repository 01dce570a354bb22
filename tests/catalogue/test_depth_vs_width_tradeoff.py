"""With as many parameters, deep plain networks do worse: the deepest cannot be trained, and residual ones can."""

import functools
from dataclasses import replace

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import depth_vs_width_tradeoff as file


@functools.cache
def cell(module, arm, depth, seed=5, **given):
    return module.run(module.Config(task="teacher", arm=arm, depth=depth, **given), seed)


def budget_truth(module):
    for depth, width in ((1, 192), (2, 58), (4, 36), (8, 24), (16, 16)):
        assert module.widest(depth) == width
        net = module.started(module.Config(task="teacher", arm="plain", depth=depth), 5)
        assert len(net) == depth + 1
        assert sum(leaf.size for leaf in jax.tree.leaves(net)) == module.parameters(depth, width)
        assert module.parameters(depth, width) <= 5_000 < module.parameters(depth, width + 1)


def depth_truth(module):
    for seed in (5, 6):
        shallow, deep, residual = (
            cell(module, arm, depth, seed) for arm, depth in (("plain", 1), ("plain", 16), ("residual", 16))
        )
        assert shallow.test_accuracy > deep.test_accuracy + 0.05
        assert shallow.train_accuracy > deep.train_accuracy + 0.05  # so it is not that the deep one learns by heart
        assert residual.train_accuracy > deep.train_accuracy + 0.05
        assert shallow.train_accuracy > shallow.test_accuracy
        assert shallow.test_accuracy > residual.test_accuracy


def kept_back_truth(module):
    """Where what is kept back has no right answer, all rates and looks are alike, and the first counts."""

    def unanswerable(config, seed, known=module._given):
        task = known(config, seed)
        return replace(task, y_test=np.where(np.arange(len(task.y_test)) < module.HELD_BACK, -1, task.y_test))

    shorter = cell(module, "plain", 1, lr=0.01, epochs=5).test_accuracy
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RATES", (0.01, 0.05))
        patch.setattr(module, "_given", unanswerable)
        measured = module.run(module.Config(task="teacher", arm="tuned", depth=1, epochs=20), 5)
    assert measured.rate == 0.01
    assert measured.stopped_accuracy == shorter != measured.test_accuracy


def test_each_depth_has_the_widest_layers_that_five_thousand_parameters_pay_for():
    budget_truth(file)


def test_rates_and_ends_are_chosen_by_what_was_kept_back_alone():
    kept_back_truth(file)


def test_the_deepest_plain_network_is_short_of_training_and_the_residual_one_is_not():
    depth_truth(file)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (budget_truth, "(above + 1) * below", "above * below"),
        (depth_truth, 'residual=config.arm == "residual"', "residual=False"),
        (depth_truth, "config.depth**-0.5", "1.0"),
        (depth_truth, "train_accuracy, _, test, is_finite", "test, _, train_accuracy, is_finite"),
        (kept_back_truth, "key=lambda course: course[-1][1]", "key=lambda course: course[-1][2]"),
        (kept_back_truth, "key=lambda look: look[1]", "key=lambda look: look[2]"),
    ],
    ids=[
        "biases cost nothing",
        "nothing is added",
        "sums grow with every layer",
        "train for test",
        "a rate by the test data",
        "stopped by the test data",
    ],
)
def test_a_wrong_version_is_found_out(truth, old, new):
    module = wrong("depth_vs_width_tradeoff", old, new)
    with pytest.raises(AssertionError):
        truth(module)


def test_the_tuned_arm_takes_the_rate_that_does_best_on_what_was_kept_back(monkeypatch):
    monkeypatch.setattr(file, "RATES", (1e-6, 0.05, 10.0))
    measured = cell(file, "tuned", 1, epochs=10)
    assert measured.rate == 0.05
    assert measured.test_accuracy == cell(file, "plain", 1, lr=0.05, epochs=10).test_accuracy


def test_where_layers_add_to_what_they_got_each_begins_with_its_share():
    plain, residual = (file.started(file.Config(task="teacher", arm=arm, depth=4), 5) for arm in ("plain", "residual"))
    shares = [
        np.linalg.norm(after.weights) / np.linalg.norm(before.weights)
        for before, after in zip(plain, residual, strict=True)
    ]
    assert shares == pytest.approx([1, 0.5, 0.5, 0.5, 1])


def test_labels_that_say_nothing_teach_nothing():
    config = file.Config(task="clusters", arm="plain", depth=1, noise=0.8, epochs=10)
    assert file.run(config, 5).test_accuracy == pytest.approx(0.2, abs=0.1)


def test_a_rate_that_is_far_too_high_is_an_outcome():
    assert cell(file, "plain", 1, lr=1e4, epochs=10).diverged == 1
