"""Pruning: tickets, scores and parts of random networks, each found again by hand."""

from math import erf, exp, pi, sqrt

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, models
from axiom_catalogue import lottery_ticket
from axiom_catalogue import lottery_tickets_and_rank as tickets_and_rank
from axiom_catalogue import neural_network_pruning_lottery as pruning_lottery
from axiom_catalogue import pruning_at_initialization as at_initialization

# Frankle & Carbin (2019): what is large after training would have learned alone, if it begins where it began.
TICKET_SEED = seed_of("lottery_ticket", 1, 0)


def ticket_descended(net, mask, task, orders, lr=0.1):
    """Plain descent by hand: what the mask takes away is zero at the start and never moves."""
    weights = [np.asarray(layer.weights, np.float64) * part for layer, part in zip(net, mask, strict=True)]
    biases = [np.asarray(layer.biases, np.float64) for layer in net]
    for items in orders.reshape(-1, 50):
        active = [task.x_train[items].astype(np.float64)]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            active.append(np.maximum(active[-1] @ weight + bias, 0))
        outputs = active[-1] @ weights[-1] + biases[-1]
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        slope = (shares / shares.sum(axis=1, keepdims=True) - np.eye(5)[task.y_train[items]]) / len(items)
        for place in (2, 1, 0):
            below = (slope @ weights[place].T) * (active[place] > 0)
            weights[place] = weights[place] - lr * (active[place].T @ slope) * mask[place]
            biases[place], slope = biases[place] - lr * slope.sum(axis=0), below
    return weights, biases


def ticket_accuracy(weights, biases, task):
    x = task.x_test
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight + bias, 0)
    return np.mean(np.argmax(x @ weights[-1] + biases[-1], axis=1) == task.y_test)


def ticket_accuracies_by_hand():
    """Train, strike out the smallest fifth of what is left, wherever it is, and begin again: seven rounds."""
    task = data.clusters(chance.stream(TICKET_SEED, "data"), inputs=20, classes=5, train=1_000, test=2_000)
    start = models.mlp(chance.stream(TICKET_SEED, "start"), (20, 64, 64, 5))
    orders, accuracies = chance.orders(TICKET_SEED, items=1_000, epochs=10), []
    mask = [np.ones(layer.weights.shape) for layer in start]
    for _ in range(8):
        weights, biases = ticket_descended(start, mask, task, orders)
        accuracies.append(ticket_accuracy(weights, biases, task))
        left = np.concatenate([np.abs(weight[part > 0]) for weight, part in zip(weights, mask, strict=True)])
        least = np.quantile(left, 0.2)
        mask = [part * (np.abs(weight) > least) for weight, part in zip(weights, mask, strict=True)]
    return accuracies


def test_tickets_are_those_by_hand():
    measured = lottery_ticket.run(lottery_ticket.Config(task="clusters", rounds=7, epochs=10), TICKET_SEED)
    assert measured.accuracy_by_round == pytest.approx(ticket_accuracies_by_hand(), abs=0.015)
    assert measured.removed == pytest.approx(1 - 0.8**7, abs=1e-3)


def test_last_share_that_keeps_the_accuracy_is_critical():
    """Two per cent may be lost: of 0.80 that is half way from the third ticket to the fourth."""
    assert lottery_ticket.critical([0.80, 0.81, 0.70, 0.79, 0.77, 0.60]) == pytest.approx(1 - 0.8**3.5)
    assert lottery_ticket.critical([0.80, 0.81, 0.79]) == pytest.approx(1 - 0.8**2)
    assert lottery_ticket.critical([0.80, 0.60]) == pytest.approx(1 - 0.8**0.1)


# Eckart & Young (1936), and what thresholds do to Gaussian numbers: which directions a part keeps is known.
RANK_BOTH = ("places", "directions")


def rank_gaussian(purpose, width=128):
    return chance.stream(7, purpose).standard_normal((width, width))


def rank_kept_by_size(share):
    """Of the squares of normal numbers, by the largest of this share: q + 2 t phi(t), where q = 2 (1 - Phi(t))."""
    low, high = 0.0, 10.0
    for _ in range(60):
        t = (low + high) / 2
        low, high = (t, high) if 1 - erf(t / sqrt(2)) > share else (low, t)
    return share + 2 * low * exp(-(low**2) / 2) / sqrt(2 * pi)


def test_a_lot_keeps_its_share_of_every_direction():
    """Of any matrix, here of one with four directions that are far stronger than the others."""
    matrix = rank_gaussian("noise") + sum(np.outer(*rank_gaussian("spikes")[[n, n + 4]]) for n in range(4))
    keep = tickets_and_rank.keeper(rank_gaussian("lot"), "places", 16)
    assert keep(np.ones(matrix.shape)).mean() == pytest.approx(0.25, abs=1e-12)
    assert tickets_and_rank.kept(matrix, keep(matrix)) == pytest.approx((0.25, 0.25), abs=0.03)


def test_size_keeps_as_much_of_all_directions_of_noise():
    """A threshold is a function of each number alone, so it has no eye for what is strong in noise."""
    for rank in (4, 16):
        matrix = rank_gaussian("noise", 256)
        strong, weak = tickets_and_rank.kept(matrix, tickets_and_rank.keeper(matrix, "places", rank)(matrix))
        assert strong == pytest.approx(rank_kept_by_size(2 * rank / 256), abs=0.03)
        assert weak == pytest.approx(rank_kept_by_size(2 * rank / 256), abs=0.005)


def test_shares_add_up_to_the_squares_that_are_kept():
    """Weighed by the squared singular values, and for whatever is chosen."""
    matrix, other = rank_gaussian("noise", 32), rank_gaussian("other", 32)
    squares = np.linalg.svd(matrix, compute_uv=False) ** 2
    for kind in RANK_BOTH:
        for chosen in (matrix, other):
            part = tickets_and_rank.keeper(chosen, kind, 6)(matrix)
            strong, weak = tickets_and_rank.kept(matrix, part)
            total = strong * squares[:4].sum() + weak * squares[4:].sum()
            assert total == pytest.approx(np.vdot(part, part))
    with_numbers = tickets_and_rank.keeper(matrix, "places", 6)(np.ones((32, 32)))
    assert with_numbers.sum() == 2 * 6 * 32


def test_nothing_of_a_rank_is_nearer_than_the_strongest_directions():
    matrix = rank_gaussian("noise", 32)
    squares = np.linalg.svd(matrix, compute_uv=False) ** 2
    part = tickets_and_rank.keeper(matrix, "directions", 6)(matrix)
    assert np.linalg.norm(matrix - part) ** 2 == pytest.approx(squares[6:].sum())
    assert np.linalg.matrix_rank(part) == 6
    assert tickets_and_rank.kept(matrix, part) == pytest.approx((1.0, squares[4:6].sum() / squares[4:].sum()))
    by_lot = tickets_and_rank.keeper(rank_gaussian("other", 32), "directions", 6)(matrix)
    assert np.linalg.matrix_rank(by_lot) == 6
    assert np.vdot(by_lot, by_lot) == pytest.approx((6 / 32) ** 2 * squares.sum(), rel=0.5)


# Lee et al. (2019), Wang et al. (2020): scores are derivatives, so differences say what they must be.
SCORE_PLACES = ((0, 2, 1), (0, 3, 4), (1, 0, 2), (1, 5, 0))  # layer, row, column
SCORE_SLOPES = jax.jit(jax.grad(losses.CROSS_ENTROPY))


def score_small():
    task = data.clusters(chance.stream(1, "data"), inputs=4, classes=3, train=60, test=10)
    return models.mlp(chance.stream(1, "net"), (4, 6, 3)), task


def score_scaled(net, place, factor):
    """The network with one of its weights this many times as large."""
    layer, row, column = place
    weights = np.array(net[layer].weights, dtype=np.float64)
    weights[row, column] *= factor
    return (*net[:layer], net[layer]._replace(weights=weights), *net[layer + 1 :])


def score_loss(net, task):
    outputs = np.asarray(models.logits(net, task.x_train.astype(np.float64)))
    below = outputs - outputs.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(outputs)), task.y_train])


def test_snip_is_what_the_loss_would_change():
    """By differences: the loss when one weight is a little larger and a little smaller."""
    net, task = score_small()
    scores = at_initialization.scores_of("snip", net, task)
    for place in SCORE_PLACES:
        change = (
            score_loss(score_scaled(net, place, 1.001), task) - score_loss(score_scaled(net, place, 0.999), task)
        ) / 0.002
        layer, row, column = place
        assert scores[layer][row, column] == pytest.approx(abs(change), rel=1e-3, abs=1e-6)


def test_grasp_is_what_the_gradient_would_change():
    """By differences: half the squared length of the gradient when one weight is a little larger and smaller."""
    net, task = score_small()

    def length(place, factor):
        slopes = SCORE_SLOPES(jax.tree.map(np.float32, score_scaled(net, place, factor)), task.x_train, task.y_train)
        return sum(float((np.asarray(part, np.float64) ** 2).sum()) for part in jax.tree.leaves(slopes))

    scores = at_initialization.scores_of("grasp", net, task)
    for place in SCORE_PLACES:
        change = (length(place, 1.02) - length(place, 0.98)) / 0.08
        layer, row, column = place
        assert scores[layer][row, column] == pytest.approx(change, rel=0.02, abs=2e-4)


# Ramanujan et al. (2020): a random network holds a part that works, and descent on scores finds it.


def part_drawn(purpose, sizes=(4, 6, 3)):
    return models.mlp(chance.stream(1, purpose), sizes)


def test_highest_scores_work():
    """As many as were asked for, the highest, and to who differentiates each works as much as its score."""
    scores = chance.stream(1, "scores").standard_normal((8, 5)).astype(np.float32)
    working_at = jax.jit(pruning_lottery.works)
    for keep in (0.1, 0.25, 0.5, 1.0):
        working = np.asarray(working_at(scores, keep))
        assert working.sum() == round(40 * keep)
        assert keep == 1.0 or scores[working == 1].min() > scores[working == 0].max()
    weights = chance.stream(1, "weights").standard_normal((8, 5)).astype(np.float32)
    slope = jax.jit(jax.grad(lambda s: (weights * pruning_lottery.works(s, 0.5)).sum()))(scores)
    assert np.asarray(slope) == pytest.approx(weights)


def test_scores_follow_the_slope_of_what_works():
    """By hand: the slope of a score is that of the effective weight, times the weight."""
    net, scores = part_drawn("net"), part_drawn("scores")
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    part = []
    for layer, score in zip(net, scores, strict=True):
        least = np.sort(np.ravel(score.weights))[score.weights.size // 2]
        part.append(models.Layer(layer.weights * (score.weights >= least), layer.biases))
    slopes = jax.jit(jax.grad(losses.CROSS_ENTROPY))(tuple(part), x, y)
    score_slopes = jax.jit(jax.grad(pruning_lottery.loss_of_part))(scores, x, y, net, 0.5)
    for score_slope, slope, layer in zip(score_slopes, slopes, net, strict=True):
        assert np.asarray(score_slope.weights) == pytest.approx(
            np.asarray(slope.weights * layer.weights), rel=1e-4, abs=1e-6
        )


def test_accuracy_is_that_of_the_same_loss():
    """By hand: half way between two losses half way between what was right, at the first that is low enough."""
    seen = [[2.0, 0.2], [1.0, 0.6], [0.6, 0.7], [0.8, 0.9], [0.4, 0.8]]
    assert pruning_lottery.matched(seen, 1.5) == pytest.approx(0.4)
    assert pruning_lottery.matched(seen, 0.7) == pytest.approx(0.675)
    assert pruning_lottery.matched(seen, 0.5) == pytest.approx(0.825)
    assert pruning_lottery.matched(seen, 2.5) == 0.2  # a part that is worse than a network that nobody trained
    assert pruning_lottery.matched(seen, 0.1) == 0.8  # never as good
