"""Losses, rules of descent and schedules by their formulas, and a training that goes on after an interruption."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cell_host import Notebook, Shelf
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import (
    chance,
    data,
    descent,
    fast_gradients,
    fisher,
    lazy_training,
    losses,
    models,
    network_pairs,
    optimizers,
    progress,
    samples,
    schedules,
    training,
)
from axiom.kit.data import LearningTask
from axiom.kit.descent import descended
from axiom.kit.losses import SquaredError
from axiom.kit.models import Architecture, Layer
from axiom.kit.optimizers import ADAMW, MOMENTUM, RMSPROP, SGD, Rates

# Losses.
TANH = Architecture(activation="tanh")
X = chance.stream(5, "data").standard_normal((9, 4)).astype(np.float32)
CLASSES = (np.arange(9) % 3).astype(np.int32)
ROWS = chance.stream(5, "targets").standard_normal((9, 3)).astype(np.float32)


def start():
    return models.mlp(chance.stream(5, "start"), (4, 6, 3))


def by_hand(objective, net, y):
    """The loss as the textbook writes it, row by row, in double precision."""
    outputs = np.asarray(objective.architecture.outputs(net, X), dtype=np.float64)
    if isinstance(objective, losses.CrossEntropy):
        return np.mean([np.log(np.exp(row).sum()) - row[label] for row, label in zip(outputs, y, strict=True)])
    targets = np.eye(3)[y] if y.ndim == 1 else y
    return np.mean([0.5 * ((row - target) ** 2).sum() for row, target in zip(outputs, targets, strict=True)])


OBJECTIVES = [
    (losses.CROSS_ENTROPY, CLASSES),
    (losses.CrossEntropy(architecture=TANH), CLASSES),
    (losses.SquaredError(architecture=TANH), CLASSES),
    (losses.SquaredError(), ROWS),
]


def test_an_objective_and_smoothed_labels_are_the_textbook_formulas():
    for objective, y in OBJECTIVES:
        assert float(objective(start(), X, y)) == pytest.approx(by_hand(objective, start(), y), rel=1e-5)
    # By hand: (1 - share) of the label's own loss, and share of the loss averaged over all classes.
    for share in [0.0, 0.1]:
        outputs = models.logits(start(), X)
        own = losses.softmax_loss(outputs, CLASSES)
        others = np.mean([losses.softmax_loss(outputs, np.full(9, label)) for label in range(3)])
        smoothed = losses.softmax_loss(outputs, data.smoothed(CLASSES, classes=3, share=share))
        assert float(smoothed) == pytest.approx((1 - share) * float(own) + share * others, rel=1e-5)


@pytest.mark.parametrize(("objective", "y"), OBJECTIVES)
def test_the_gradient_is_that_of_finite_differences(objective, y):
    net = jax.tree.map(lambda array: np.asarray(array, dtype=np.float64), start())
    gradient = jax.jit(jax.grad(objective))(start(), X, y)
    for layer, place in ((0, (1, 2)), (1, (3, 1))):
        weights, step = net[layer].weights, 1e-5
        weights[place] += step
        above = by_hand(objective, net, y)
        weights[place] -= 2 * step
        below = by_hand(objective, net, y)
        weights[place] += step
        assert float(gradient[layer].weights[place]) == pytest.approx((above - below) / (2 * step), abs=1e-5)


# Optimizers: rules of descent against the papers' formulas, by hand.
gradients = st.floats(-5, 5).filter(lambda slope: abs(slope) > 1e-3)


def walk(optimizer, slopes_of, *, start=1.0, **rates):
    """The weights after each gradient."""
    weight, memory = np.array([start]), (np.zeros(1),) * optimizer.memories
    found = []
    for count, gradient in enumerate(slopes_of, start=1):
        slope = gradient(weight) if callable(gradient) else np.array([gradient])
        weight, memory = optimizer.rule(weight, slope, memory, count, Rates(**rates))
        assert len(memory) == optimizer.memories
        found.append(float(weight[0]))
    return found


def test_the_heavy_ball_is_a_recurrence_and_adam_the_sum_by_hand():
    found = [1.0, 1.0, *walk(MOMENTUM, [lambda weight: 2 * weight] * 20, lr=0.05)]
    for before, now, after in zip(found, found[1:], found[2:], strict=False):
        assert after == pytest.approx(now - 0.05 * 2 * now + 0.9 * (now - before))
    mean = (0.9 * 0.1 * 1.0 + 0.1 * -2.0) / (1 - 0.9**2)
    square = (0.999 * 0.001 * 1.0 + 0.001 * 4.0) / (1 - 0.999**2)
    first = 1.0 - 0.1
    assert walk(ADAMW, [1.0, -2.0], lr=0.1) == pytest.approx([first, first - 0.1 * mean / math.sqrt(square)])
    found = walk(ADAMW, [0.0] * 3, lr=0.1, weight_decay=0.5)
    assert found == pytest.approx([0.95, 0.95**2, 0.95**3])
    for optimizer in [SGD, MOMENTUM, RMSPROP]:
        decayed = walk(optimizer, [lambda weight: 2 * weight] * 6, lr=0.02, weight_decay=0.5)
        assert decayed == pytest.approx(walk(optimizer, [lambda weight: 2.5 * weight] * 6, lr=0.02))


@settings(max_examples=20)
@given(slope=gradients, scale=st.floats(0.1, 100))
def test_under_a_constant_gradient_steps_go_by_the_rate_whatever_its_scale(slope, scale):
    weights = [0.0, *walk(RMSPROP, [slope] * 4, lr=0.01, start=0.0)]
    steps = [math.copysign(0.01, slope) / math.sqrt(1 - 0.9**count) for count in range(1, 5)]
    assert -np.diff(weights) == pytest.approx(steps, rel=1e-4)
    weights = [0.0, *walk(ADAMW, [scale * slope] * 5, lr=0.01, start=0.0)]
    assert np.diff(weights) == pytest.approx([-math.copysign(0.01, slope)] * 5, rel=1e-4)


# Schedules by their formulas, and a training that follows one step by step.
def test_schedules_pass_the_places_of_their_formulas():
    rates = schedules.cosine(0.2, steps=12)
    assert rates[[0, 4, 6, 8]].tolist() == pytest.approx([0.2, 0.15, 0.1, 0.05])
    assert rates[-1] == pytest.approx(0.1 * (1 - np.cos(np.pi / 12)), rel=1e-5)
    assert schedules.cosine(0.2, steps=1_000, end=0.05)[[0, 500]].tolist() == pytest.approx([0.2, 0.125])
    rates = schedules.stairs(1.0, steps=6, after=(4, 2))
    assert rates.tolist() == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert schedules.stairs(0.4, steps=3, after=(1,), factor=0.5).tolist() == pytest.approx([0.4, 0.2, 0.2])
    rates = schedules.warmed_up(schedules.constant(0.8, steps=6), steps=4)
    assert rates.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    cosine = schedules.cosine(0.1, steps=9)
    assert schedules.warmed_up(cosine, steps=3)[2:].tolist() == cosine[2:].tolist()
    assert schedules.warmed_up(cosine, steps=0).tolist() == cosine.tolist()


ONE = Layer(weights=np.ones((1, 1), np.float32), biases=np.zeros(1, np.float32))
SCHEDULES_X, Y = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)
LOSS = SquaredError(architecture=models.Architecture())


def test_batches_take_the_rate_of_each_step_and_a_short_schedule_is_refused():
    task = LearningTask(x_train=SCHEDULES_X, y_train=Y, x_test=SCHEDULES_X, y_test=Y)
    rates = schedules.warmed_up(schedules.cosine(0.2, steps=6), steps=3)
    orders = np.tile(np.arange(2, dtype=np.int32), (3, 1))
    nets = training.descend((ONE,), task, orders, optimizer=SGD, rates=Rates(lr=rates), batch=1, objective=LOSS)
    sums = [float((net[0].weights + net[0].biases).item()) for net in nets]
    assert sums == pytest.approx(np.cumprod(1 - 2 * rates)[1::2].tolist(), rel=1e-5)
    short = {"rates": Rates(lr=schedules.constant(0.1, steps=3)), "objective": LOSS}
    with pytest.raises(ValueError, match="3 rates"):
        descended((ONE,), SCHEDULES_X, Y, **short, steps=4, every=4, watch=lambda _, loss: loss)
    with pytest.raises(ValueError, match="3 rates"):
        next(training.descend((ONE,), task, np.zeros((2, 2), np.int32), optimizer=SGD, **short, batch=1))


# Descent.
DESCENT_X = chance.stream(5, "data").standard_normal((30, 4)).astype(np.float32)
DESCENT_Y = (DESCENT_X @ np.array([1.0, -2.0, 0.5, 0.0])).astype(np.float32)
START = (np.zeros(4, np.float32),)


def error(weights, x, y, *scales):
    """Half the mean squared error of a linear map; a scale in the context multiplies it."""
    return 0.5 * jnp.mean((x @ weights[0] - y) ** 2) * (scales[0] if scales else 1.0)


def watched_loss(weights, loss):
    return weights[0].copy(), loss


def fall(**changes):
    plain = {"objective": error, "rates": Rates(lr=0.1), "steps": 20, "every": 4, "watch": watched_loss}
    return descended(START, DESCENT_X, DESCENT_Y, **plain | changes)


def descent_by_hand(steps, lr=0.1):
    """The same descent in double precision."""
    weights, x, y = np.zeros(4), DESCENT_X.astype(np.float64), DESCENT_Y.astype(np.float64)
    for _ in range(steps):
        weights = weights - lr * x.T @ (x @ weights - y) / len(x)
    return weights


@pytest.mark.parametrize(("steps", "every", "looks"), [(1, 1, 1), (21, 4, 6), (7, 100, 1)])
def test_descent_is_that_of_the_closed_gradient(steps, every, looks):
    (weights,), seen = fall(steps=steps, every=every)
    assert len(seen) == looks
    assert np.allclose(weights, descent_by_hand(steps), atol=1e-5)
    assert np.array_equal(seen[-1][0], weights)
    before_last = descent_by_hand(steps - 1)
    assert seen[-1][1] == pytest.approx(0.5 * np.mean((DESCENT_X @ before_last - DESCENT_Y) ** 2), rel=1e-3)


def test_the_context_reaches_the_objective_and_after_its_end_nothing_is_computed():
    assert np.allclose(fall(context=(2.0,))[0][0], descent_by_hand(20, lr=0.2), atol=1e-5)
    _, seen = fall(is_over=lambda look: look[1] < 0.5, steps=400, every=2)
    over = [look[1] < 0.5 for look in seen]
    assert over == [False] * (len(seen) - 1) + [True]
    assert len(seen) < 100


def test_the_first_losses_are_the_fingerprint_and_all_of_it_is_said():
    progress.attach(heard := Notebook())
    fall()
    progress.attach(None)
    (fingerprint,) = heard.fingerprints
    assert fingerprint == pytest.approx(
        [0.5 * np.mean((DESCENT_X @ descent_by_hand(step) - DESCENT_Y) ** 2) for step in range(4)], rel=1e-4
    )
    assert heard.fractions[-1] == 1.0


@pytest.mark.parametrize("optimizer", [SGD, ADAMW])
def test_an_interrupted_descent_ends_in_the_same_bits(optimizer):
    progress.attach(Notebook(), shelf := Shelf())
    whole, seen = fall(optimizer=optimizer)
    for state in shelf.states[:-1]:
        progress.attach(Notebook(), Shelf(state))
        again, looks = fall(optimizer=optimizer)
        assert np.array_equal(again[0], whole[0])
        assert [look[1] for look in looks] == [look[1] for look in seen]
    progress.attach(None)


# Training.
TASK = data.teacher(chance.stream(5, "data"), inputs=6, classes=3, train=40, test=20)


def training_start(*sizes):
    return models.mlp(chance.stream(5, "start"), sizes or (6, 7, 3))


def trained(net, *, lr=0.1, epochs=3, batch=8, seed=5):
    return list(training.sgd(net, TASK, chance.orders(seed, items=40, epochs=epochs), lr=lr, batch=batch))


def loss_by_hand(net, x, y):
    outputs = models.logits(net, x)
    return float(np.mean(np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(y)), y]))


@pytest.mark.parametrize("optimizer", [SGD, MOMENTUM, RMSPROP, ADAMW])
def test_a_compiled_training_is_the_rule_applied_by_hand(optimizer):
    rates = Rates(lr=0.01, weight_decay=0.1)
    weights, shape = jax.tree.flatten(training_start())
    memories = [(np.zeros_like(weight),) * optimizer.memories for weight in weights]
    batches = chance.orders(5, items=40, epochs=1).reshape(5, 8)
    gradient = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    for count, items in enumerate(batches, start=1):
        net = jax.tree.unflatten(shape, weights)
        slopes = jax.tree.leaves(gradient(net, TASK.x_train[items], TASK.y_train[items]))
        new = [optimizer.rule(*parts, count, rates) for parts in zip(weights, slopes, memories, strict=True)]
        weights, memories = [weight for weight, _ in new], [memory for _, memory in new]
    orders = chance.orders(5, items=40, epochs=1)
    *_, end = training.descend(training_start(), TASK, orders, optimizer=optimizer, rates=rates, batch=8, every=1)
    for weight, compiled in zip(weights, jax.tree.leaves(end), strict=True):
        assert np.allclose(weight, compiled, atol=2e-5)


def watched(optimizer):
    net, orders, rates = training_start(), chance.orders(5, items=40, epochs=5), Rates(lr=0.01, weight_decay=0.1)
    options = {"rates": rates, "batch": 8, "optimizer": optimizer, "every": 2}
    return training.trained(
        net, TASK, orders, **options, watch=lambda net: (float(net[0].weights[0, 0]), net[-1].biases.copy())
    )


def bits(found):
    net, seen = found
    return [array.tobytes() for array in jax.tree.leaves((net, seen)) if isinstance(array, np.ndarray)], str(seen)


@pytest.mark.parametrize("optimizer", [SGD, ADAMW])
def test_an_interrupted_training_ends_with_the_same_bits(optimizer):
    progress.attach(first := Notebook(), shelf := Shelf())
    whole = watched(optimizer)
    assert len(shelf.states) == 3
    for state in shelf.states:
        progress.attach(again := Notebook(), Shelf(state))
        assert bits(watched(optimizer)) == bits(whole)
        assert again.fingerprints == first.fingerprints
    progress.attach(None)


def test_a_listener_hears_the_losses_of_the_first_steps_and_every_epoch():
    progress.attach(heard := Notebook())
    trained(training_start(), epochs=4, batch=4)
    progress.attach(None)
    assert heard.fractions == [0.25, 0.5, 0.75, 1.0]
    first = chance.orders(5, items=40, epochs=1)[0][:4]
    (fingerprint,) = heard.fingerprints
    assert len(fingerprint) == 8
    assert fingerprint[0] == pytest.approx(
        loss_by_hand(training_start(), TASK.x_train[first], TASK.y_train[first]), rel=1e-5
    )


def test_cross_entropy_is_that_which_is_descended_and_accuracy_counts_what_is_right():
    for size in (1.0, 300.0):  # where exp would overflow, too
        net, y = training_start(), TASK.y_test
        outputs = (size * models.logits(net, TASK.x_test)).astype(np.float32)
        assert training.cross_entropy(outputs, y) == pytest.approx(float(losses.softmax_loss(outputs, y)), rel=1e-6)
    identity = (Layer(weights=np.eye(3, dtype=np.float32), biases=np.zeros(3, dtype=np.float32)),)
    x = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    assert training.accuracy(identity, x, np.array([0, 1, 2, 0], dtype=np.int32)) == 0.75
    with pytest.raises(ValueError, match="fill"):
        trained(training_start(), batch=41)


# Samples.
SQUARE = losses.SquaredError()


@pytest.mark.parametrize(("items", "steps", "rows"), [(40, 10, 3), (7, 12, 3), (1_000, 8, 2)])
def test_every_item_of_a_sample_comes_once_before_one_comes_again(items, steps, rows):
    orders = samples.orders(5, items=items, distinct=items, steps=steps, shape=(4, 8))
    assert (orders.shape, orders.dtype) == ((rows, 32), np.int32)
    times = np.bincount(orders.ravel(), minlength=items)
    assert times.max() - times.min() <= 1
    assert len(times) == items


def test_stopping_early_chooses_by_one_half_and_tells_of_the_other():
    net, options = training_start(), {"batch": 8, "objective": losses.CROSS_ENTROPY}
    rows = samples.orders(5, items=40, distinct=40, steps=300, shape=(10, 8))
    best, last, look = samples.stopped_early(net, TASK, rows, lr=0.3, **options)
    _, nets = training.trained(net, TASK, rows, rates=Rates(lr=0.3), watch=lambda net: [*map(list, net)], **options)

    def loss(net, half):
        layers = tuple(models.Layer(*layer) for layer in net)
        return float(losses.CROSS_ENTROPY(layers, TASK.x_test[half], TASK.y_test[half]))

    chosen = min(range(len(nets)), key=lambda number: loss(nets[number], slice(10)))
    assert look == chosen < len(rows) - 1
    assert best == pytest.approx(loss(nets[chosen], slice(10, None)), rel=1e-5)
    assert last == pytest.approx(loss(nets[-1], slice(10, None)), rel=1e-5)


def test_each_of_two_students_learns_as_if_it_were_alone():
    rng = np.random.default_rng(5)
    net, x = training_start(6, 7, 1), rng.standard_normal((2, 30, 6)).astype(np.float32)
    y = rng.standard_normal((2, 30, 1)).astype(np.float32)
    pair = samples.two_students(net, x, y, objective=SQUARE, lr=0.1, steps=120)
    for student, rows, targets in zip(pair, x, y, strict=True):
        alone, _ = descent.descended(
            net, rows, targets, objective=SQUARE, rates=Rates(lr=0.1), steps=120, every=60, watch=lambda _, loss: loss
        )
        for one, other in zip(jax.tree.leaves(student), jax.tree.leaves(alone), strict=True):
            assert one == pytest.approx(other, rel=1e-4, abs=1e-6)


# Pairs.
ONE_NET, OTHER = (models.mlp(chance.stream(5, purpose), (6, 7, 3)) for purpose in ("one", "other"))


def test_two_networks_side_by_side_learn_as_each_alone():
    orders, rates = chance.orders(5, items=40, epochs=5), optimizers.Rates(lr=0.1)

    def learned(start, objective):
        steps = training.descend(
            start, TASK, orders, optimizer=optimizers.SGD, rates=rates, batch=8, objective=objective
        )
        return list(steps)[-1]

    together = network_pairs.halves(learned(ONE_NET + OTHER, network_pairs.cross_entropies))
    for start, beside in zip((ONE_NET, OTHER), together, strict=True):
        alone = learned(start, losses.CROSS_ENTROPY)
        for layer, again in zip(jax.tree.leaves(alone), jax.tree.leaves(beside), strict=True):
            assert np.allclose(layer, again, atol=1e-5)


# Slopes.
def drawn(*shape, purpose="rows"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


WEIGHTS, BIASES = drawn(4, 3, purpose="weights"), drawn(3, purpose="biases")
both_sizes = pytest.mark.parametrize("x", [drawn(7, 4), drawn(fast_gradients._LARGE, 4)], ids=["few rows", "many rows"])


def plain(x, weights, biases):
    return jnp.sum(jnp.sin(x @ weights + biases))


def quick(x, weights, biases):
    return jnp.sum(jnp.sin(fast_gradients.plus(fast_gradients.times(x, weights), biases)))


@both_sizes
def test_slopes_are_those_that_jax_finds_by_itself_and_for_many_networks_at_once(x):
    for argument in (0, 1, 2):
        slope, expected = (jax.jit(jax.grad(loss, argument))(x, WEIGHTS, BIASES) for loss in (quick, plain))
        assert slope.dtype == expected.dtype
        np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-3)
    many, axes = jnp.stack([WEIGHTS, 2 * WEIGHTS]), (None, 0, None)
    slope, expected = (jax.jit(jax.vmap(jax.grad(loss, 1), in_axes=axes))(x, many, BIASES) for loss in (quick, plain))
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-3)


# Chizat et al. (2019): alpha times the outputs, over its square.
PLAIN = {"cross_entropy": losses.CrossEntropy(), "squared_error": losses.SquaredError()}


def lazy_drawn():
    net = models.mlp(chance.stream(1, "net"), (4, 6, 6, 5))
    x = chance.stream(1, "x").standard_normal((30, 4)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 5, 30).astype(np.int32)


@pytest.mark.parametrize("loss", PLAIN)
def test_it_is_the_loss_of_a_louder_last_layer_over_the_square(loss):
    net, x, y = lazy_drawn()
    louder = (*net[:2], models.Layer(3 * net[2].weights, 3 * net[2].biases))
    found = float(lazy_training.Scaled(loss=loss)(net, x, y, np.float32(3.0)))
    assert found == pytest.approx(float(PLAIN[loss](louder, x, y)) / 9, rel=1e-5)
    assert float(lazy_training.Scaled(loss=loss)(net, x, y, np.float32(1.0))) == pytest.approx(
        float(PLAIN[loss](net, x, y))
    )


# Fisher information.
FISHER_TASK = data.clusters(chance.stream(5, "data"), inputs=4, classes=3, train=24, test=5)
FISHER_X, FISHER_Y = FISHER_TASK.x_train, FISHER_TASK.y_train
PLAIN_SLOPE, ANCHORED_SLOPE = jax.jit(jax.grad(losses.CROSS_ENTROPY)), jax.jit(jax.grad(fisher.Anchored()))


def fisher_start(*sizes):
    return models.mlp(chance.stream(5, "start"), sizes or (4, 6, 3))


def numbers(tree):
    return np.concatenate([np.asarray(leaf, dtype=np.float64).ravel() for leaf in jax.tree.leaves(tree)])


def test_fisher_information_is_squared_by_example_and_closed_for_a_softmax():
    found = fisher.diagonal(losses.CROSS_ENTROPY, fisher_start(), FISHER_X, FISHER_Y)
    slopes = [numbers(PLAIN_SLOPE(fisher_start(), FISHER_X[i : i + 1], FISHER_Y[i : i + 1])) for i in range(24)]
    assert numbers(found) == pytest.approx(np.mean(np.square(slopes), axis=0), rel=1e-4, abs=1e-9)
    squared_mean = np.mean(slopes, axis=0) ** 2  # the gradient of the batch, squared, which is not the same
    assert numbers(found).sum() > 3 * squared_mean.sum()
    found = fisher.diagonal(losses.CROSS_ENTROPY, fisher_start(), FISHER_X, FISHER_Y)
    equal = fisher.equalised(found)
    assert numbers(equal).sum() == pytest.approx(numbers(found).sum(), rel=1e-5)
    assert np.ptp(numbers(equal)) == 0.0
    assert jax.tree.map(np.shape, equal) == jax.tree.map(np.shape, found)
    (layer,) = linear = fisher_start(4, 3)
    outputs = np.asarray(models.logits(linear, FISHER_X), dtype=np.float64)
    error = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True) - np.eye(3)[FISHER_Y]
    ((weights, biases),) = fisher.diagonal(losses.CROSS_ENTROPY, linear, FISHER_X, FISHER_Y)
    assert weights.shape == layer.weights.shape
    assert np.asarray(weights) == pytest.approx((FISHER_X.astype(np.float64) ** 2).T @ error**2 / 24, rel=1e-4)
    assert np.asarray(biases) == pytest.approx((error**2).mean(axis=0), rel=1e-4)


def moved(net, by):
    return tuple(Layer(weights=layer.weights + by, biases=layer.biases - by) for layer in net)


def test_the_penalty_pulls_each_weight_home_as_strongly_as_it_matters():
    anchor, net = fisher_start(), moved(fisher_start(), np.float32(0.1))
    importance = fisher.diagonal(losses.CROSS_ENTROPY, anchor, FISHER_X, FISHER_Y)
    held, free = ANCHORED_SLOPE(net, FISHER_X, FISHER_Y, anchor, importance, 3.0), PLAIN_SLOPE(net, FISHER_X, FISHER_Y)
    way = numbers(net) - numbers(anchor)
    assert numbers(held) - numbers(free) == pytest.approx(3.0 * numbers(importance) * way, abs=1e-5)
