"""Lee et al. (2019), Wang et al. (2020): scores are derivatives, so differences say what they must be."""

import functools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import pruning_at_initialization
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, losses, masked, models, pruning, training
from axiom.kit.optimizers import Rates

SEED = seed_of("pruning_at_initialization", 1, 0)
PLACES = ((0, 2, 1), (0, 3, 4), (1, 0, 2), (1, 5, 0))  # layer, row, column
SLOPES = jax.jit(jax.grad(losses.CROSS_ENTROPY))


@functools.cache
def cell(module, method, removed=0.9, *, task="clusters", **changes):
    return module.run(module.Config(task=task, method=method, removed=removed, **changes), SEED)


def small():
    task = data.clusters(chance.stream(1, "data"), inputs=4, classes=3, train=60, test=10)
    return models.mlp(chance.stream(1, "net"), (4, 6, 3)), task


def scaled(net, place, factor):
    """The network with one of its weights this many times as large."""
    layer, row, column = place
    weights = np.array(net[layer].weights, dtype=np.float64)
    weights[row, column] *= factor
    return (*net[:layer], net[layer]._replace(weights=weights), *net[layer + 1 :])


def loss(net, task):
    outputs = np.asarray(models.logits(net, task.x_train.astype(np.float64)))
    below = outputs - outputs.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(outputs)), task.y_train])


def snip_is_what_the_loss_would_change(module):
    """By differences: the loss when one weight is a little larger and a little smaller."""
    net, task = small()
    scores = module.scores_of("snip", net, task)
    for place in PLACES:
        change = (loss(scaled(net, place, 1.001), task) - loss(scaled(net, place, 0.999), task)) / 0.002
        layer, row, column = place
        assert scores[layer][row, column] == pytest.approx(abs(change), rel=1e-3, abs=1e-6)


def grasp_is_what_the_gradient_would_change(module):
    """By differences: half the squared length of the gradient when one weight is a little larger and smaller."""
    net, task = small()

    def length(place, factor):
        slopes = SLOPES(jax.tree.map(np.float32, scaled(net, place, factor)), task.x_train, task.y_train)
        return sum(float((np.asarray(part, np.float64) ** 2).sum()) for part in jax.tree.leaves(slopes))

    scores = module.scores_of("grasp", net, task)
    for place in PLACES:
        change = (length(place, 1.02) - length(place, 0.98)) / 0.08
        layer, row, column = place
        assert scores[layer][row, column] == pytest.approx(change, rel=0.02, abs=2e-4)


def pruned(module, method, removed=0.95, **changes):
    """The task, the start, and which of its weights stay."""
    config = module.Config(task="clusters", method=method, removed=removed, **changes)
    task = module._task(config, SEED)
    start = models.mlp(chance.stream(SEED, "start"), (20 + config.silent, 64, 64, 5))
    return task, start, module._mask(config, SEED, start, task)


def flat(parts):
    return np.concatenate([np.ravel(part) for part in parts])


def highest_scores_stay(module):
    """Over all layers together, as many as were asked for, and even where scores lie below 0."""
    for method in ("magnitude", "snip", "grasp"):
        task, start, mask = pruned(module, method)
        scores = flat(module.scores_of(method, start, task))
        stays = flat(layer.weights for layer in mask) == 1
        assert stays.mean() == pytest.approx(0.05, abs=1e-3)
        assert scores[stays].min() >= scores[~stays].max()
    assert scores.min() < 0  # GraSP's


def shuffling_keeps_how_many(module):
    """Each layer has as many weights, and other ones."""
    _, _, mask = pruned(module, "snip")
    _, _, other = pruned(module, "snip", is_shuffled=True)
    for one, two in zip(mask, other, strict=True):
        assert one.weights.sum() == two.weights.sum()
        assert not np.array_equal(one.weights, two.weights)
    _, _, lot = pruned(module, "random")
    assert [layer.weights.mean() for layer in lot] == pytest.approx([0.05] * 3, abs=0.03)


def after_is_large_after_training(module):
    """By training the whole once: what is kept of each layer, and that descent begins at the start again."""
    config = module.Config(task="clusters", method="after", removed=0.9, epochs=10)
    task = module._task(config, SEED)
    start = models.mlp(chance.stream(SEED, "start"), (20, 64, 64, 5))
    orders = chance.orders(SEED, items=1_000, epochs=10)
    whole = pruning.magnitude(start, keep=1.0)
    end, _ = masked.learned(start, whole, task, orders, rates=Rates(lr=0.1), batch=50, every=10, watch=lambda _: 0)
    sizes = flat(np.abs(layer.weights) for layer in end)
    least = np.quantile(sizes, 0.9)
    measured = cell(module, "after", epochs=10)
    assert measured.kept == pytest.approx([np.mean(np.abs(layer.weights) > least) for layer in end], abs=2e-3)
    mask = module._mask(config, SEED, end, task)
    again, _ = masked.learned(start, mask, task, orders, rates=Rates(lr=0.1), batch=50, every=10, watch=lambda _: 0)
    assert measured.test_accuracy == pytest.approx(training.accuracy(again, task.x_test, task.y_test), abs=2e-3)


def snip_knows_which_inputs_are_noise(module):
    """Of three in four it keeps hardly a weight; magnitude cannot know."""
    share = {
        method: pruned(module, method, silent=60)[2][0].weights[20:].sum()
        / pruned(module, method, silent=60)[2][0].weights.sum()
        for method in ("snip", "magnitude")
    }
    assert share["snip"] < 0.3
    assert share["magnitude"] == pytest.approx(0.75, abs=0.1)
    task, _, _ = pruned(module, "snip", silent=60)
    plain, _, _ = pruned(module, "snip")
    assert task.x_train.shape[1] == 80
    assert np.array_equal(task.x_test[:, :20], plain.x_test)
    assert np.std(task.x_test[:, 20:]) == pytest.approx(1.0, abs=0.02)


def measures_and_controls_are_what_they_say(module):
    measured = cell(module, "snip", removed=0.5, epochs=100)
    assert measured.best_accuracy > measured.test_accuracy > 0.4
    assert measured.train_loss < 0.5
    assert cell(module, "random", removed=0.0, epochs=1).kept == (1.0, 1.0, 1.0)
    _, _, lot = pruned(module, "snip", silent=60, control="placebo")
    _, _, other = pruned(module, "snip", silent=60, control="placebo", is_shuffled=True)
    assert lot[0].weights[20:].sum() / lot[0].weights.sum() == pytest.approx(0.75, abs=0.1)
    assert lot[0].weights.sum() != other[0].weights.sum()


TRUTHS = [
    snip_is_what_the_loss_would_change,
    grasp_is_what_the_gradient_would_change,
    highest_scores_stay,
    shuffling_keeps_how_many,
    after_is_large_after_training,
    snip_knows_which_inputs_are_noise,
    measures_and_controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_score_says(truth):
    truth(pruning_at_initialization)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (snip_is_what_the_loss_would_change, "np.abs(weight * slope.weights)", "np.abs(slope.weights)"),
        (grasp_is_what_the_gradient_would_change, "net, slopes, task.x_train", "net, net, task.x_train"),
        (grasp_is_what_the_gradient_would_change, "[weight * np.asarray(layer", "[-weight * np.asarray(layer"),
        (highest_scores_stay, "score - least", "score"),
        (highest_scores_stay, "keep=1.0 - config.removed)", "keep=1.0 - config.removed, layerwise=True)"),
        (shuffling_keeps_how_many, "mask) if config.is_shuffled else mask", "mask) if config.removed < 0 else mask"),
        (after_is_large_after_training, 'if config.method == "after" else start', 'if config.method == "a" else start'),
        (snip_knows_which_inputs_are_noise, "noise[EXAMPLES:]", "0 * noise[EXAMPLES:]"),
        (measures_and_controls_are_what_they_say, "best_accuracy=max(seen)", "best_accuracy=min(seen)"),
        (measures_and_controls_are_what_they_say, 'if config.control == "placebo" or', "if"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("pruning_at_initialization", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
