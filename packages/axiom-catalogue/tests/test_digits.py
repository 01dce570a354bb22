"""What networks that read digits are shown: chances dealt out by lot, and how many images an accuracy is worth."""

import numpy as np
import pytest

from axiom.kit import chance
from axiom_catalogue import digit_never_shown as never_shown
from axiom_catalogue import dropout_by_examples, worth_of_shifted_copies

OUTPUTS = chance.stream(3, "outputs").standard_normal((200, 10)).astype(np.float32)


def chances(targets, temperature=2.0, **more):
    config = never_shown.Config(targets=targets, temperature=temperature, **more)
    return never_shown.targets(config, 5, OUTPUTS)


def test_lots_keep_the_answer_and_all_chances_but_not_whose_they_are():
    answers, lots = chances("answers"), chances("lots")
    wanted = np.exp(OUTPUTS / 2) / np.exp(OUTPUTS / 2).sum(axis=1, keepdims=True)
    assert answers == pytest.approx(wanted, rel=1e-5)
    assert np.array_equal(answers.argmax(axis=1), lots.argmax(axis=1))
    assert np.array_equal(np.sort(answers, axis=1), np.sort(lots, axis=1))
    others = [np.delete(answers[row], answers[row].argmax()) for row in range(200)]
    dealt = [np.delete(lots[row], lots[row].argmax()) for row in range(200)]
    assert abs(np.corrcoef(np.ravel(others), np.ravel(dealt))[0, 1]) < 0.6  # alike by the answer's own chance alone
    assert np.mean([np.argmax(one) == np.argmax(other) for one, other in zip(others, dealt, strict=True)]) < 0.25
    assert chances("answers", 50.0).max() < 0.2
    placebo = [chances(targets, control="placebo") for targets in ("answers", "lots")]
    assert not np.array_equal(*placebo)


def test_the_best_bias_is_the_least_that_names_every_image_of_the_digit_and_no_other():
    outputs = np.zeros((20, 10))
    outputs[:10, 3], outputs[10:, 4] = -5.0, 8.0  # threes that nobody names, and fours
    outputs[:10, 7] = 1.0
    y = np.repeat([3, 4], 10)
    assert 6.0 < never_shown.best_bias(outputs, y, 3) < 8.0
    assert never_shown.best_bias(outputs, np.repeat([7, 4], 10), 3) < 6.0


def test_an_accuracy_is_worth_as_many_images_as_lead_to_it():
    by_size = [0.5, 0.6, 0.7, 0.6, 0.8, 0.9, 0.95]
    worth = [worth_of_shifted_copies.images_for(right, by_size) for right in (0.1, 0.5, 0.6, 0.8, 0.9, 0.99)]
    assert worth == pytest.approx([25, 25, 50, 400, 800, 1_200])
    assert 50 < worth_of_shifted_copies.images_for(0.65, by_size) < 100
    errors = 0.2 * np.array(worth_of_shifted_copies.SIZES) ** -0.5  # a power law, which is a straight line
    exact = 1 + 0.5 / worth_of_shifted_copies.TEST - errors
    assert worth_of_shifted_copies.images_for(1 + 0.5 / 597 - 0.2 * 300**-0.5, exact.tolist()) == pytest.approx(300)


def test_copies_are_shifted_each_by_itself_or_as_much_spoilt_by_noise():
    images = chance.stream(1, "images").random((30, 64)).astype(np.float32)

    def copied(**more):
        config = worth_of_shifted_copies.Config(**{"off": 0, "shifted": 1} | more)
        return worth_of_shifted_copies.copied(config, chance.stream(2, "changes"), images, 20)

    shifted, noisy = copied(), copied(copies="noisy")
    assert np.array_equal(np.sort(shifted, axis=1), np.sort(np.tile(images, (20, 1)), axis=1))
    assert len(np.unique(shifted[::30], axis=0)) > 5  # of nine places, in twenty copies
    size = (shifted - np.tile(images, (20, 1))).std()
    assert (noisy - np.tile(images, (20, 1))).std() == pytest.approx(size, rel=0.05)
    for same in (copied(shifted=0), copied(control="placebo"), copied(control="placebo", copies="noisy")):
        assert np.array_equal(same, np.tile(images, (20, 1)))


def test_weight_decay_has_the_strength_that_errs_least_on_images_kept_back(monkeypatch):
    """With one strength alone it measures what that strength gives; the best of three is one of these."""
    config = dropout_by_examples.Config(way="decay", wrong=0.2, examples=50, width=16, steps=40)
    best = dropout_by_examples.run(config, 5)
    alone = {}
    for strength in dropout_by_examples.STRENGTHS:
        monkeypatch.setattr(dropout_by_examples, "STRENGTHS", (strength,))
        alone[strength] = dropout_by_examples.run(config, 5)
    assert best in alone.values()
    assert alone[best.strength] == best
