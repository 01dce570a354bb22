import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cell_host import Notebook, Shelf

from axiom.kit import chance, courses, data, losses, models, optimizers, pace, training
from axiom.kit.models import Layer
from axiom.kit.optimizers import Rates

TASK = data.teacher(chance.stream(5, "data"), inputs=6, classes=3, train=40, test=20)
PLACES = [("weights", (0, 0)), ("weights", (2, 1)), ("biases", (1,)), ("biases", (2,))]


def start(*sizes):
    return models.mlp(chance.stream(5, "start"), sizes or (6, 7, 3))


def trained(net, *, lr=0.1, epochs=3, batch=8, seed=5):
    return list(training.sgd(net, TASK, chance.orders(seed, items=40, epochs=epochs), lr=lr, batch=batch))


def loss_by_hand(net, x, y):
    outputs = models.logits(net, x)
    return float(np.mean(np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(y)), y]))


def in_double(net):
    return tuple(Layer(*(np.asarray(array, dtype=np.float64) for array in layer)) for layer in net)


def test_cross_entropy_is_the_textbook_formula():
    expected = loss_by_hand(in_double(start()), TASK.x_train, TASK.y_train)
    assert float(losses.CROSS_ENTROPY(start(), TASK.x_train, TASK.y_train)) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_a_net_that_knows_nothing_is_the_log_of_the_classes():
    blank = jax.tree.map(np.zeros_like, start())
    assert float(losses.CROSS_ENTROPY(blank, TASK.x_train, TASK.y_train)) == pytest.approx(np.log(3), rel=1e-6)


def test_the_gradient_is_that_of_finite_differences():
    net, x, y = in_double(start()), TASK.x_train, TASK.y_train
    gradient = jax.jit(jax.grad(losses.CROSS_ENTROPY))(start(), x, y)
    for layer, (field, place) in itertools.product(range(2), PLACES):
        array, step = getattr(net[layer], field), 1e-5
        array[place] += step
        above = loss_by_hand(net, x, y)
        array[place] -= 2 * step
        below = loss_by_hand(net, x, y)
        array[place] += step
        slope = (above - below) / (2 * step)
        assert float(getattr(gradient[layer], field)[place]) == pytest.approx(slope, abs=1e-5)


def test_one_full_batch_step_on_a_linear_net_is_the_closed_form():
    (layer,) = linear = start(6, 3)
    (after,) = trained(linear, lr=0.3, epochs=1, batch=40)
    outputs = np.exp(models.logits(linear, TASK.x_train))
    blame = outputs / outputs.sum(axis=1, keepdims=True) - np.eye(3)[TASK.y_train]
    assert np.allclose(after[0].weights, layer.weights - 0.3 * TASK.x_train.T @ blame / 40, atol=1e-6)
    assert np.allclose(after[0].biases, -0.3 * blame.mean(axis=0), atol=1e-6)


def test_there_is_one_net_per_epoch_and_the_last_one_has_learned():
    nets = trained(start(), epochs=30)
    reached = [float(losses.CROSS_ENTROPY(net, TASK.x_train, TASK.y_train)) for net in nets]
    assert len(nets) == 30
    assert reached[-1] < 0.6 * reached[0]


def test_fewer_epochs_are_the_beginning_of_more():
    short, long = trained(start(), epochs=2), trained(start(), epochs=4)
    assert np.array_equal(short[-1][0].weights, long[1][0].weights)


def test_the_start_is_left_as_it_was():
    net = start()
    trained(net)
    assert np.array_equal(net[0].weights, start()[0].weights)


def test_nets_come_out_as_numpy_arrays():
    assert {type(array) for layer in trained(start(), epochs=1)[0] for array in layer} == {np.ndarray}


def test_no_learning_rate_and_no_seed_compiles_anew():
    trained(start(), lr=0.1, epochs=1)
    compiled = courses._block._cache_size()
    for lr, seed in ((0.2, 5), (0.3, 6)):
        trained(start(), lr=lr, seed=seed)
    assert courses._block._cache_size() == compiled


def descended(optimizer, *, epochs=4, every=1, lr=0.1, weight_decay=0.0):
    orders, rates = chance.orders(5, items=40, epochs=epochs), Rates(lr=lr, weight_decay=weight_decay)
    return list(training.descend(start(), TASK, orders, optimizer=optimizer, rates=rates, batch=8, every=every))


@pytest.mark.parametrize(("every", "seen"), [(1, [0, 1, 2, 3]), (2, [1, 3]), (3, [2, 3]), (9, [3])])
def test_nets_come_after_so_many_epochs_and_are_the_same_nets(every, seen):
    single = descended(optimizers.ADAMW, lr=0.01)
    several = descended(optimizers.ADAMW, lr=0.01, every=every)
    assert len(several) == len(seen)
    for net, place in zip(several, seen, strict=True):
        assert np.allclose(net[0].weights, single[place][0].weights, atol=1e-6)


@pytest.mark.parametrize("name", ["SGD", "MOMENTUM", "RMSPROP", "ADAMW"])
def test_a_compiled_training_is_the_rule_applied_by_hand(name):
    optimizer, rates = getattr(optimizers, name), Rates(lr=0.01, weight_decay=0.1)
    weights, shape = jax.tree.flatten(start())
    memories = [(np.zeros_like(weight),) * optimizer.memories for weight in weights]
    batches = chance.orders(5, items=40, epochs=1).reshape(5, 8)
    gradient = jax.jit(jax.jit(jax.grad(losses.CROSS_ENTROPY)))
    for count, items in enumerate(batches, start=1):
        net = jax.tree.unflatten(shape, weights)
        slopes = jax.tree.leaves(gradient(net, TASK.x_train[items], TASK.y_train[items]))
        new = [optimizer.rule(*each, count, rates) for each in zip(weights, slopes, memories, strict=True)]
        weights, memories = [weight for weight, _ in new], [memory for _, memory in new]
    end = descended(optimizer, epochs=1, lr=0.01, weight_decay=0.1)[-1]
    for weight, compiled in zip(weights, jax.tree.leaves(end), strict=True):
        assert np.allclose(weight, compiled, atol=2e-5)


def test_decay_makes_the_weights_smaller():
    plain, decayed = (descended(optimizers.SGD, weight_decay=decay)[-1] for decay in (0.0, 0.5))
    assert np.linalg.norm(decayed[0].weights) < 0.9 * np.linalg.norm(plain[0].weights)


def test_a_batch_that_never_fills_is_refused():
    with pytest.raises(ValueError, match="never fills"):
        trained(start(), batch=41)


def watched(*, epochs=5, every=2, optimizer=optimizers.ADAMW):
    orders, rates = chance.orders(5, items=40, epochs=epochs), Rates(lr=0.01, weight_decay=0.1)
    return training.trained(
        start(),
        TASK,
        orders,
        rates=rates,
        batch=8,
        optimizer=optimizer,
        every=every,
        watch=lambda net: (float(net[0].weights[0, 0]), net[-1].biases.copy()),
    )


def bits(found):
    net, seen = found
    return [array.tobytes() for array in jax.tree.leaves((net, seen)) if isinstance(array, np.ndarray)], str(seen)


@pytest.mark.parametrize("every", [1, 2, 3, 9])
def test_a_watched_training_is_the_same_training(every):
    net, seen = watched(every=every)
    nets = descended(optimizers.ADAMW, epochs=5, every=every, lr=0.01, weight_decay=0.1)
    assert [first for first, _ in seen] == [float(each[0].weights[0, 0]) for each in nets]
    for one, other in zip(jax.tree.leaves(net), jax.tree.leaves(nets[-1]), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ["SGD", "MOMENTUM", "ADAMW"])
def test_an_interrupted_training_ends_with_the_same_bits(name):
    optimizer = getattr(optimizers, name)
    pace.attach(first := Notebook(), shelf := Shelf())
    whole = watched(optimizer=optimizer)
    assert len(shelf.states) == 3
    for state in shelf.states:
        pace.attach(again := Notebook(), Shelf(state))
        assert bits(watched(optimizer=optimizer)) == bits(whole)
        assert again.fingerprints == first.fingerprints
    pace.attach(None)


def test_a_listener_hears_the_losses_of_the_first_steps_and_every_epoch():
    pace.attach(heard := Notebook())
    trained(start(), epochs=4, batch=4)
    pace.attach(None)
    assert heard.fractions == [0.25, 0.5, 0.75, 1.0]
    first = chance.orders(5, items=40, epochs=1)[0][:4]
    (fingerprint,) = heard.fingerprints
    assert len(fingerprint) == 8
    assert fingerprint[0] == pytest.approx(loss_by_hand(start(), TASK.x_train[first], TASK.y_train[first]), rel=1e-5)


@pytest.mark.parametrize("size", [1.0, 300.0])  # where exp would overflow, too
def test_cross_entropy_of_outputs_is_that_which_is_descended(size):
    net, y = start(), TASK.y_test
    outputs = (size * models.logits(net, TASK.x_test)).astype(np.float32)
    assert training.cross_entropy(outputs, y) == pytest.approx(float(losses.softmax_loss(outputs, y)), rel=1e-6)


def test_accuracy_counts_the_rows_that_are_right():
    identity = (Layer(weights=np.eye(3, dtype=np.float32), biases=np.zeros(3, dtype=np.float32)),)
    x = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    assert training.accuracy(identity, x, np.array([0, 1, 2, 0], dtype=np.int32)) == 0.75


def test_another_objective_and_its_context_are_what_is_descended():
    def pulled(net, x, y, anchor, strength):
        return losses.CROSS_ENTROPY(net, x, y) + strength * jnp.sum((net[0].weights - anchor) ** 2)

    anchor = np.full((6, 7), 0.3, np.float32)
    orders = chance.orders(5, items=40, epochs=40)
    end, _ = training.trained(
        start(),
        TASK,
        orders,
        rates=Rates(lr=0.05),
        batch=8,
        objective=pulled,
        context=(anchor, 5.0),
        watch=lambda _net: 0.0,
    )
    assert np.abs(end[0].weights - anchor).max() < 0.1


def test_an_architecture_is_trained_and_scored_by_its_own_function():
    tanh = models.Architecture(activation="tanh")
    orders = chance.orders(5, items=40, epochs=60)
    end, _ = training.trained(
        start(),
        TASK,
        orders,
        rates=Rates(lr=0.3),
        batch=8,
        objective=losses.CrossEntropy(architecture=tanh),
        watch=lambda _net: 0.0,
    )
    expected = np.mean(np.argmax(tanh.outputs(end, TASK.x_train), axis=1) == TASK.y_train)
    assert training.accuracy(end, TASK.x_train, TASK.y_train, tanh) == expected > 0.9


@pytest.mark.parametrize("size", [1, 2, 8])
def test_mapped_over_seeds_every_bit_is_as_alone(size):
    """What `lax.map` computes one after the other on a core is what each would be alone."""
    nets = [models.mlp(chance.stream(seed, "start"), (6, 7, 3)) for seed in range(size)]
    order = chance.orders(5, items=40, epochs=5).reshape(-1, 8)
    x, y = jnp.asarray(TASK.x_train), jnp.asarray(TASK.y_train)

    def alone(net):
        return courses._block(
            net,
            ((),) * 4,
            x,
            y,
            order,
            jnp.float32(1),
            Rates(lr=0.1),
            (),
            optimizer=optimizers.SGD,
            objective=losses.CROSS_ENTROPY,
        )[0]

    mapped = jax.lax.map(alone, jax.tree.map(lambda *leaves: jnp.stack(leaves), *nets))
    for place, net in enumerate(nets):
        one = jax.tree.map(lambda leaf, place=place: leaf[place], mapped)
        assert all(
            np.array_equal(*pair) for pair in zip(jax.tree.leaves(one), jax.tree.leaves(alone(net)), strict=True)
        )


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_compiled_answers_are_those_of_numpy(activation):
    architecture = models.Architecture(activation=activation)
    expected = np.argmax(architecture.outputs(start(), TASK.x_test), axis=1)
    assert training.answers(start(), TASK.x_test, architecture).tolist() == expected.tolist()
