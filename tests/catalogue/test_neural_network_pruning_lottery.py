"""Ramanujan et al. (2020): a random network holds a part that works, and descent on scores finds it."""

import functools
import itertools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import neural_network_pruning_lottery
from axiom.domain.experiments import seed_of
from axiom.kit import chance, losses, models, training
from axiom.kit.optimizers import Rates

SEED = seed_of("neural_network_pruning_lottery", 1, 0)
SIZES = (20, 16, 16, 5)


@functools.cache
def cell(module, *, task="clusters", width=16, keep=0.5, epochs=10, **changes):
    return module.run(module.Config(task=task, width=width, keep=keep, epochs=epochs, **changes), SEED)


def drawn(purpose, sizes=(4, 6, 3)):
    return models.mlp(chance.stream(1, purpose), sizes)


def highest_scores_work(module):
    """As many as were asked for, the highest, and to who differentiates each works as much as its score."""
    scores = chance.stream(1, "scores").standard_normal((8, 5)).astype(np.float32)
    working_at = jax.jit(module.works)
    for keep in (0.1, 0.25, 0.5, 1.0):
        working = np.asarray(working_at(scores, keep))
        assert working.sum() == round(40 * keep)
        assert keep == 1.0 or scores[working == 1].min() > scores[working == 0].max()
    weights = chance.stream(1, "weights").standard_normal((8, 5)).astype(np.float32)
    slope = jax.jit(jax.grad(lambda s: (weights * module.works(s, 0.5)).sum()))(scores)
    assert np.asarray(slope) == pytest.approx(weights)


def scores_follow_the_slope_of_what_works(module):
    """By hand: the slope of a score is that of the effective weight, times the weight."""
    net, scores = drawn("net"), drawn("scores")
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    part = []
    for layer, score in zip(net, scores, strict=True):
        least = np.sort(np.ravel(score.weights))[score.weights.size // 2]
        part.append(models.Layer(layer.weights * (score.weights >= least), layer.biases))
    slopes = jax.jit(jax.grad(losses.CROSS_ENTROPY))(tuple(part), x, y)
    found = jax.jit(jax.grad(module.loss_of_part))(scores, x, y, net, 0.5)
    for one, slope, layer in zip(found, slopes, net, strict=True):
        assert np.asarray(one.weights) == pytest.approx(np.asarray(slope.weights * layer.weights), rel=1e-4, abs=1e-6)


def lot_is_the_best_of_twenty(module):
    """By hand, from the same draws: whichever is best in training, and not the best in the test."""
    config = module.Config(task="clusters", width=16, keep=0.5)
    task = module._task(config, SEED)
    net = models.mlp(chance.stream(SEED, "weights"), SIZES, gain=4.0)
    rng, found = chance.stream(SEED, "lots"), []
    for _ in range(20):
        part = []
        for layer in net:
            drawn_scores = rng.random(layer.weights.shape, dtype=np.float32)
            least = np.sort(np.ravel(drawn_scores))[drawn_scores.size // 2]
            part.append(layer._replace(weights=layer.weights * (drawn_scores >= least)))
        found.append(
            [
                np.mean(np.argmax(models.logits(tuple(part), x), axis=1) == y)
                for x, y in ((task.x_train, task.y_train), (task.x_test, task.y_test))
            ]
        )
    assert module._best_by_lot(config, SEED, net, task) == pytest.approx(
        max(found, key=lambda pair: pair[0])[1], abs=1e-6
    )


def measures_are_those_by_hand(module):
    """By the same descents once more, the weights of the part as large as lets half of them pass a signal on."""
    measured = cell(module)
    task = module._task(module.Config(task="clusters", width=16, keep=0.5), SEED)
    start, begins = (models.mlp(chance.stream(SEED, purpose), SIZES) for purpose in ("weights", "scores"))
    net = tuple(layer._replace(weights=2**0.5 * layer.weights) for layer in start)
    descend = functools.partial(
        training.trained, task=task, orders=chance.orders(SEED, items=1_000, epochs=10), batch=50
    )
    scores, _ = descend(
        begins,
        watch=lambda _: 0,
        rates=Rates(lr=module.Config(task="clusters", width=16, keep=0.5).score_lr),
        objective=neural_network_pruning_lottery.loss_of_part,
        context=(net, 0.5),
        every=2,
    )
    part = tuple(
        layer._replace(
            weights=layer.weights * (score.weights >= np.sort(np.ravel(score.weights))[score.weights.size // 2])
        )
        for layer, score in zip(net, scores, strict=True)
    )
    assert measured.part_accuracy == pytest.approx(training.accuracy(part, task.x_test, task.y_test), abs=2e-3)

    def look(net):
        outputs = models.logits(net, task.x_train)
        return training.cross_entropy(outputs, task.y_train), training.accuracy(net, task.x_test, task.y_test)

    near = chance.orders(SEED, items=1_000, epochs=10).reshape(-1, 200)  # five looks in an epoch
    _, later = descend(start, orders=near, watch=look, rates=Rates(lr=0.1))
    seen = [look(start), *later]
    assert measured.trained_accuracy == pytest.approx(seen[-1][1], abs=2e-3)
    assert measured.part_minus_trained == pytest.approx(measured.part_accuracy - measured.trained_accuracy)
    loss, _ = look(part)
    (above, before), (below, after) = next(pair for pair in itertools.pairwise(seen) if pair[1][0] <= loss)
    matched = before + (above - loss) / (above - below) * (after - before)
    assert abs(matched - seen[-1][1]) > 0.01
    assert measured.part_minus_matched == pytest.approx(measured.part_accuracy - matched, abs=4e-3)


def accuracy_is_that_of_the_same_loss(module):
    """By hand: half way between two losses half way between what was right, at the first that is low enough."""
    seen = [[2.0, 0.2], [1.0, 0.6], [0.6, 0.7], [0.8, 0.9], [0.4, 0.8]]
    assert module.matched(seen, 1.5) == pytest.approx(0.4)
    assert module.matched(seen, 0.7) == pytest.approx(0.675)
    assert module.matched(seen, 0.5) == pytest.approx(0.825)
    assert module.matched(seen, 2.5) == 0.2  # a part that is worse than a network that nobody trained
    assert module.matched(seen, 0.1) == 0.8  # never as good


def separation_is_how_far_classes_lie_apart(module):
    """At 0 their centres are one, so a placebo can know nothing; at 2 hardly an example is doubtful."""
    spread = []
    for separation in (0.0, 0.55, 2.0):
        task = module._task(module.Config(task="clusters", width=16, keep=0.5, separation=separation), SEED)
        centres = np.array([task.x_test[task.y_test == one].mean(axis=0) for one in range(5)])
        spread.append(np.std(centres - centres.mean(axis=0)))
    assert spread == pytest.approx([0.0, 0.5, 1.8], abs=0.3)


TRUTHS = [
    highest_scores_work,
    scores_follow_the_slope_of_what_works,
    lot_is_the_best_of_twenty,
    measures_are_those_by_hand,
    accuracy_is_that_of_the_same_loss,
    separation_is_how_far_classes_lie_apart,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_part_is(truth):
    truth(neural_network_pruning_lottery)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (highest_scores_work, "scores >= least", "scores <= least"),
        (highest_scores_work, "jax.lax.stop_gradient(scores)", "scores"),
        (scores_follow_the_slope_of_what_works, "layer.weights * works(score", "works(score"),
        (lot_is_the_best_of_twenty, "key=lambda part: float", "key=lambda part: -float"),
        (lot_is_the_best_of_twenty, "BATCH = 20, 50", "BATCH = 2, 50"),
        (measures_are_those_by_hand, "EVERY = 200", "EVERY = 50"),
        (accuracy_is_that_of_the_same_loss, "if lower <= loss", "if lower >= loss"),
        (accuracy_is_that_of_the_same_loss, "if place < 1", "if place"),
        (separation_is_how_far_classes_lie_apart, "separation=config.separation", "separation=0.55"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("neural_network_pruning_lottery", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
