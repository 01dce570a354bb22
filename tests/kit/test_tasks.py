"""Tasks: what is shown and asked, drawn from a stream alone."""

import dataclasses
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import (
    arithmetic,
    attribute_readouts,
    attributes,
    chance,
    critical_batch_size,
    data,
    digits,
    gradient_starvation,
)
from axiom.kit.optimizers import Rates


# Data.
def task(seed=5, **changes):
    sizes = {"inputs": 20, "classes": 5, "train": 400, "test": 100} | changes
    return data.teacher(chance.stream(seed, "data"), **sizes)


def test_a_task_is_of_its_seed_alone_wherever_it_is_split():
    first, again, other = task(), task(), task(seed=6)
    assert all(np.array_equal(getattr(first, f.name), getattr(again, f.name)) for f in dataclasses.fields(first))
    assert not np.array_equal(first.x_train, other.x_train)
    assert not np.array_equal(first.y_train, other.y_train)
    few, many = task(train=100, test=400), task(train=400, test=100)
    assert np.array_equal(np.concatenate([few.x_train, few.x_test]), np.concatenate([many.x_train, many.x_test]))
    assert np.array_equal(np.concatenate([few.y_train, few.y_test]), np.concatenate([many.y_train, many.y_test]))


def test_a_label_depends_on_no_length_and_an_exclusive_or_on_signs_alone():
    # Without biases the teacher is homogeneous, so its strongest output is the same along a ray; drawing the same
    # stream again gives the teacher away.
    rng = chance.stream(5, "data")
    first = rng.standard_normal((20, 32)) * np.sqrt(2 / 20)
    second = rng.standard_normal((32, 5)) * np.sqrt(2 / 32)
    made = task()
    outputs = np.maximum(3.0 * made.x_train @ first, 0) @ second
    assert np.array_equal(np.argmax(outputs, axis=1), made.y_train)
    made = data.exclusive_or(chance.stream(5, "data"), inputs=20, train=4_000, test=1_000)
    assert by_least_squares(made, 2) == pytest.approx(0.5, abs=0.06)
    assert np.array_equal(made.y_test, (made.x_test[:, 0] * made.x_test[:, 1] < 0).astype(np.int32))


def by_least_squares(made, classes):
    """The test accuracy of a linear read-out with a bias."""
    x, x_test = (np.hstack([x, np.ones((len(x), 1))]) for x in (made.x_train, made.x_test))
    weights = np.linalg.lstsq(x, np.eye(classes)[made.y_train], rcond=None)[0]
    return np.mean(np.argmax(x_test @ weights, axis=1) == made.y_test)


def test_labels_are_corrupted_or_smoothed_by_their_share():
    for share in [0.0, 0.1, 1.0]:
        y = task().y_train
        labels, is_corrupt = data.corrupted(chance.stream(5, "noise"), y, classes=5, share=share)
        assert is_corrupt.sum() == round(share * 400)
        assert np.array_equal(labels != y, is_corrupt)
        assert labels.dtype == np.int32
        assert labels.min() >= 0
        assert labels.max() <= 4
    rows = data.smoothed(np.array([2, 0], dtype=np.int32), classes=4, share=0.2)
    assert rows.tolist() == pytest.approx(np.array([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]))
    assert rows.dtype == np.float32
    for share in [-0.1, 1.1]:
        with pytest.raises(ValueError, match="from 0 to 1"):
            data.smoothed(np.array([0], dtype=np.int32), classes=4, share=share)


# Digits. The images are UCI's, to the byte, and a split shows nobody what it asks.
FOLDER = Path(digits.__file__).parent


def test_the_pixels_are_those_of_the_data_set_as_it_is_written_down():
    x, y = digits.images()
    assert x.shape == (1_797, 64)
    assert x.dtype == np.float32
    assert y.dtype == np.int32
    raw = y.astype(np.uint8).tobytes() + (16 * x).astype(np.uint8).tobytes()
    assert hashlib.sha256(raw).hexdigest() == "e1d88a0854e29e01d16358d2cd026aa8fc20dfc4cdb3fce004300857ea82aa70"
    assert (16 * x[0, :8]).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]  # the first row of the first image, a zero
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (FOLDER / "VENDORED.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {path.name for path in FOLDER.glob("*.bin")}
    for name, digest in rows:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def split(seed=5, **sizes):
    return digits.task(chance.stream(seed, "data"), **({"train": 1_297, "test": 500} | sizes))


def test_a_split_has_every_image_once_and_asks_the_same_however_many_it_shows():
    whole, x = split(), digits.images()[0]
    dealt = np.concatenate([whole.x_train, whole.x_test])
    assert np.array_equal(dealt[np.lexsort(dealt.T)], x[np.lexsort(x.T)])
    few, many, other = split(train=100), split(), split(seed=6)
    assert np.array_equal(few.x_test, many.x_test)
    assert np.array_equal(few.x_train, many.x_train[:100])
    assert not np.array_equal(many.x_test, other.x_test)
    assert np.array_equal(split(test=100).x_test, many.x_test[-100:])
    for sizes in [{"train": 1_298}, {"train": 0}, {"test": 0}]:
        with pytest.raises(ValueError, match="1797"):
            split(**sizes)


def test_a_rolled_image_has_all_its_pixels_at_one_of_the_places():
    x = split(train=200).x_train
    rolled = digits.rolled(chance.stream(5, "places"), x, far=1).reshape(-1, 8, 8)
    places = [(down, along) for down in (-1, 0, 1) for along in (-1, 0, 1)]
    fits = [
        {place for place in places if np.array_equal(np.roll(image.reshape(8, 8), place, axis=(0, 1)), other)}
        for image, other in zip(x, rolled, strict=True)
    ]
    assert all(fits)
    assert set.union(*fits) == set(places)
    assert np.array_equal(digits.rolled(chance.stream(5, "places"), x, far=0), x)


# Attributes.
def attributes_split(seed=5, levels=6, share=0.4):
    return attributes.held_out(chance.stream(seed, "split"), levels=levels, share=share)


def as_set(pairs):
    return set(map(tuple, pairs.tolist()))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**62), levels=st.integers(2, 9), share=st.floats(0, 1))
def test_seen_and_new_combinations_are_all_there_are_and_no_level_is_new(seed, levels, share):
    seen, new = attributes_split(seed, levels, share)
    assert as_set(seen) | as_set(new) == {(first, second) for first in range(levels) for second in range(levels)}
    assert len(seen) + len(new) == levels**2
    for attribute in (0, 1):
        assert set(seen[:, attribute].tolist()) == set(range(levels))
    assert len(new) == min(round(share * levels**2), levels * (levels - 1))
    assert (seen.dtype, new.dtype) == (np.int32, np.int32)


def test_a_larger_share_holds_out_what_a_smaller_one_does_and_more():
    splits = [as_set(attributes_split(share=share)[1]) for share in (0.0, 0.2, 0.4, 0.8)]
    assert [len(new) for new in splits] == [0, 7, 14, 29]
    assert all(fewer < more for fewer, more in pairwise(splits))


def test_an_example_is_its_two_codes_and_each_combination_has_a_number():
    codes = attributes.codes(chance.stream(5, "codes"), levels=3, size=4)
    pairs = np.array([[0, 2], [1, 1]], dtype=np.int32)
    x, shown = attributes.examples(chance.stream(5, "noise"), codes, pairs, copies=2, noise=0.0)
    assert shown.tolist() == [[0, 2], [0, 2], [1, 1], [1, 1]]
    assert x.dtype == np.float32
    assert x[0] == pytest.approx(np.r_[codes[0, 0], codes[1, 2]], rel=1e-6)
    assert x[2] == pytest.approx(np.r_[codes[0, 1], codes[1, 1]], rel=1e-6)
    seen, new = attributes_split(levels=4, share=0.5)
    numbers = np.concatenate([attributes.number(pairs, levels=4) for pairs in (seen, new)])
    assert sorted(numbers.tolist()) == list(range(16))
    assert attributes.number(np.array([[2, 3]], dtype=np.int32), levels=4).tolist() == [11]
    every, _ = attributes_split(levels=6, share=0.0)
    said = attributes.exclusive_or(every, levels=6).reshape(6, 6)
    assert said.mean(axis=0).tolist() == said.mean(axis=1).tolist() == [0.5] * 6
    assert said.tolist() == [[int((first < 3) != (second < 3)) for second in range(6)] for first in range(6)]


# Arithmetic. Gromov (2023): a hidden layer of squares adds modulo P when its neurons are waves with fitting phases.
def gromov(modulus):
    """The closed form, with every frequency at seven pairs of phases, for which all but the wanted terms cancel."""
    frequency, turn = np.meshgrid(np.arange(1, (modulus + 1) // 2), 2 * np.pi * np.arange(7) / 7)
    frequency, first, second = frequency.ravel(), turn.ravel(), 3 * turn.ravel()
    angle = 2 * np.pi * np.outer(np.arange(modulus), frequency) / modulus
    inner = np.concatenate([np.cos(angle + first), np.cos(angle + second)])
    return arithmetic.Quadratic(inner=inner, outer=np.cos(angle + first + second).T)


def table(modulus, share=1.0, **changes):
    return arithmetic.modular_addition(chance.stream(3, "pairs"), modulus=modulus, share=share, **changes)


def test_the_gradient_is_that_of_the_formula_and_the_closed_form_answers_every_sum():
    task = table(7, 0.6)
    net = arithmetic.quadratic(chance.stream(3, "start"), modulus=7, hidden=9)
    x, inner, outer = (np.asarray(each, dtype=np.float64) for each in (task.x_train, *net))
    heard = x @ inner
    residual = (heard**2 @ outer - np.eye(7)[task.y_train]) / len(x)
    found = jax.jit(jax.grad(arithmetic.squared_error))(net, task.x_train, task.y_train)
    assert np.asarray(found.outer) == pytest.approx((heard**2).T @ residual, abs=1e-6)
    assert np.asarray(found.inner) == pytest.approx(x.T @ (2 * heard * (residual @ outer.T)), abs=1e-6)
    modulus = 11
    task, net = table(modulus), gromov(modulus)
    answers = arithmetic.outputs(net, task.x_train.astype(np.float64))
    wave = 7 / 4 * (modulus * np.eye(modulus)[task.y_train] - 1)  # of each frequency, 7 / 2 times a cosine
    assert answers == pytest.approx(wave, abs=1e-9)
    assert arithmetic.accuracy(net, task.x_train, task.y_train) == 1.0
    assert arithmetic.concentration(net) == pytest.approx(1.0)
    true, scrambled = table(23), table(23, is_scrambled=True)
    assert (true.x_train == scrambled.x_train).all()
    assert np.mean(true.y_train == scrambled.y_train) < 0.1


@settings(max_examples=30)
@given(modulus=st.integers(2, 17), share=st.floats(0, 1), is_scrambled=st.booleans())
def test_every_pair_is_shown_or_asked_once(modulus, share, is_scrambled):
    task = table(modulus, share, is_scrambled=is_scrambled)
    x, y = (np.concatenate(parts) for parts in ((task.x_train, task.x_test), (task.y_train, task.y_test)))
    pairs = np.stack([x[:, :modulus].argmax(axis=1), x[:, modulus:].argmax(axis=1)], axis=1)
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(x) == modulus**2
    assert (x.sum(axis=1) == 2).all()
    assert len(task.y_train) == round(share * modulus**2)
    assert np.bincount(y).tolist() == [modulus] * modulus
    assert is_scrambled or (y == pairs.sum(axis=1) % modulus).all()


def test_learning_ends_when_the_rest_is_known_or_the_budget_is_spent():
    task = table(23, 0.7)
    start = arithmetic.quadratic(chance.stream(3, "start"), modulus=23, hidden=64)
    found = arithmetic.learned(start, task, rates=Rates(lr=0.01, weight_decay=1.0), steps=300, every=20)
    assert found.steps == found.grokked_at == 20 * len(found.test) < 300
    assert found.test[-1] >= arithmetic.MASTERED > max(found.test[:-1])
    known = found.memorised_at // 20 - 1
    assert found.train[known] >= arithmetic.MASTERED > max(found.train[:known])
    assert found.test[-1] == arithmetic.accuracy(found.net, task.x_test, task.y_test)
    start = arithmetic.quadratic(chance.stream(3, "start"), modulus=23, hidden=64)
    found = arithmetic.learned(start, table(23, 0.7), rates=Rates(lr=1e-6, weight_decay=1.0), steps=40, every=20)
    assert (found.memorised_at, found.grokked_at) == (None, None)
    assert found.steps == 40
    assert len(found.test) == len(found.train) == 2


# Readouts.
def test_each_read_out_asks_its_own_about_the_same_rows_and_no_new_one_was_shown():
    for readout, outputs, columns in [("number", 36, 1), ("xor", 2, 1), ("heads", 12, 2)]:
        asked, levels = attribute_readouts.questions(7, readout), attribute_readouts.questions(7, "heads")
        assert asked.outputs == outputs
        assert asked.heads.count == asked.task.y_train.shape[1] == columns
        assert (asked.task.x_train == levels.task.x_train).all()
        first, second = levels.y_new.T
        by_hand = {"number": 6 * first + second, "xor": (first >= 3) != (second >= 3), "heads": levels.y_new}[readout]
        assert (asked.y_new == by_hand.reshape(-1, columns)).all()
    asked = attribute_readouts.questions(7, "number")
    shown, tested, new = (set(y.ravel().tolist()) for y in (asked.task.y_train, asked.task.y_test, asked.y_new))
    assert shown == tested
    assert not shown & new
    assert len(shown) == 22
    assert len(new) == 14
    assert len(asked.task.x_train) == 440
    assert len(asked.x_new) == 350
    plain, strange = attribute_readouts.questions(7, "xor"), attribute_readouts.questions(7, "xor", is_strange=True)
    assert (plain.task.x_test == strange.task.x_test).all()
    assert not np.isclose(plain.x_new, strange.x_new).any(axis=0).all()
    assert (plain.y_new == strange.y_new).all()


# Rivals.
def test_centres_are_spread_by_their_strengths_and_no_row_is_in_two_parts():
    within, between = [], []
    for seed in range(12):
        drawn = gradient_starvation.rivals(seed, strong=3.0, weak=1.0, noise=0.5).task
        rows = [drawn.x_test[drawn.y_test == label] for label in range(gradient_starvation.CLASSES)]
        within.append(np.mean([group.std(axis=0) for group in rows]))
        between.append(
            [np.mean([group.mean(axis=0)[part] ** 2 for group in rows]) for part in (slice(10), slice(10, 20))]
        )
    assert np.mean(within) == pytest.approx(0.5, abs=0.01)
    assert np.mean(between, axis=0) ** 0.5 == pytest.approx([3.0, 1.0], rel=0.1)
    drawn = gradient_starvation.rivals(5, strong=1.0, weak=1.0)
    parts = (drawn.task.x_train, drawn.x_kept_back, drawn.task.x_test)
    assert [len(part) for part in parts] == [1_000, 500, 2_000]
    assert len({row.tobytes() for part in parts for row in part}) == 3_500


# Goals. Steps to a goal, beside the same descent in NumPy; and the law of batch sizes, from numbers that obey it.
RATES = [2.0**-place for place in range(6)]


def way(batch, *, steps=400, seed=3, copies=1):
    start, x, y, objective = critical_batch_size.problem(seed, "affine")
    batches = critical_batch_size.draws(seed, items=len(x), batch=batch, steps=steps, copies=copies)
    return critical_batch_size.Way(start=start, x=x, y=y, batches=batches, objective=objective)


def by_hand(asked, rate, steps):
    """The loss behind each look of a linear regression with a bias."""
    weights, biases = np.asarray(asked.start[0].weights, np.float64), np.zeros(5)
    found = []
    for look in asked.batches[:steps]:
        for items in look:
            x, missed = asked.x[items], asked.x[items] @ weights + biases - asked.y[items]
            weights, biases = weights - rate * x.T @ missed / len(items), biases - rate * missed.mean(axis=0)
        found.append(0.5 * np.mean(np.sum((asked.x @ weights + biases - asked.y) ** 2, axis=1)))
    return np.array(found)


@pytest.mark.parametrize("batch", [8, 128])
def test_the_fewest_steps_are_those_of_the_best_rate(batch):
    asked = way(batch)
    goal, between = 0.05 * by_hand(asked, 0.0, 1)[0], asked.batches.shape[1]
    counted = {}
    for rate in RATES:
        losses = np.concatenate([[goal / 0.05], by_hand(asked, rate, 20)])
        behind = np.flatnonzero(losses <= goal)
        if len(behind):
            last = int(behind[0])
            counted[rate] = between * (last - 1 + critical_batch_size.share(losses[last - 1], losses[last], goal))
    found = critical_batch_size.fewest(asked, RATES, goal=goal)
    best = min(counted, key=counted.get)
    assert found.rate == best
    assert found.steps == pytest.approx(counted[best], rel=1e-3)


def test_a_rate_that_diverges_or_is_slow_is_passed_over():
    found = critical_batch_size.fewest(way(8), [8.0, 0.001, 0.002, 0.003, 0.25, 0.004], goal=0.5)
    assert found.rate == 0.25
    found = critical_batch_size.fewest(way(8, steps=16), [1e-4, 1e-5], goal=0.01)
    assert found.steps == np.inf


def test_problems_are_what_they_say():
    _, x, y, objective = critical_batch_size.problem(5, "affine")
    exact, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert x @ exact == pytest.approx(y, abs=1e-4)
    assert np.sum(exact**2) == pytest.approx(5, rel=1e-4)
    _, x, noisy, _ = critical_batch_size.problem(5, "noisy")
    assert np.var(noisy - x @ exact) == pytest.approx(1, rel=0.1)
    start, x, y, objective = critical_batch_size.problem(5, "teacher")
    assert float(objective(start, x, y)) == pytest.approx(np.log(5), rel=0.5)
    assert critical_batch_size.problem(5, "clusters")[1].shape == (1_024, 20)
