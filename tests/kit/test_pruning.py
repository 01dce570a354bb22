import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import chance, data, losses, models, pruning, training
from axiom.kit.models import Layer
from axiom.kit.optimizers import Rates

SHARES = st.floats(0, 1)
SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def net(*matrices):
    return tuple(
        Layer(weights=np.asarray(m, dtype=np.float32), biases=np.ones(np.shape(m)[1], dtype=np.float32))
        for m in matrices
    )


def drawn(seed=5, *, factor=1.0):
    """Two layers, the second with weights so many times as large."""
    first, second = models.mlp(chance.stream(seed, "start"), (6, 10, 4))
    return (first, Layer(weights=second.weights * np.float32(factor), biases=second.biases))


def kept(mask):
    return [int(np.sum(layer.weights)) for layer in mask]


SMALL = net([[1.0, -4.0], [0.5, 3.0]], [[-2.0], [0.1]])


@pytest.mark.parametrize(
    ("keep", "layerwise", "first", "second"),
    [
        (1.0, False, [[1, 1], [1, 1]], [[1], [1]]),
        (0.5, False, [[0, 1], [0, 1]], [[1], [0]]),
        (0.5, True, [[0, 1], [0, 1]], [[1], [0]]),
        (1 / 3, False, [[0, 1], [0, 1]], [[0], [0]]),  # the last layer loses everything
        (1 / 4, True, [[0, 1], [0, 0]], [[0], [0]]),
        (3 / 4, True, [[1, 1], [0, 1]], [[1], [1]]),
        (0.0, False, [[0, 0], [0, 0]], [[0], [0]]),
    ],
)
def test_the_largest_weights_stay_whatever_their_sign(keep, layerwise, first, second):
    mask = pruning.magnitude(SMALL, keep=keep, layerwise=layerwise)
    assert [layer.weights.tolist() for layer in mask] == [first, second]


@given(seed=SEEDS, keep=SHARES)
def test_as_many_stay_as_were_asked_for(seed, keep):
    everywhere = pruning.magnitude(drawn(seed), keep=keep)
    assert sum(kept(everywhere)) == round(keep * 100)
    assert pruning.density(everywhere) == pytest.approx(round(keep * 100) / 100)
    assert kept(pruning.magnitude(drawn(seed), keep=keep, layerwise=True)) == [round(keep * 60), round(keep * 40)]


@given(seed=SEEDS, keep=st.floats(0.1, 0.9))
def test_nothing_that_goes_is_larger_than_what_stays(seed, keep):
    before, mask = drawn(seed), pruning.magnitude(drawn(seed), keep=keep)
    sizes = np.concatenate([np.abs(layer.weights).ravel() for layer in before])
    stays = np.concatenate([layer.weights.ravel() for layer in mask]) > 0
    assert sizes[stays].min() >= sizes[~stays].max()


def test_a_layer_of_larger_weights_loses_less_only_when_all_layers_are_ranked_together():
    assert kept(pruning.magnitude(drawn(factor=1e6), keep=0.4)) == [0, 40]
    assert kept(pruning.magnitude(drawn(factor=1e6), keep=0.4, layerwise=True)) == [24, 16]


def test_among_equals_the_earlier_stays():
    same = net([[1.0, -1.0], [1.0, 1.0]])
    assert pruning.magnitude(same, keep=0.5)[0].weights.tolist() == [[1, 1], [0, 0]]


@given(seed=SEEDS, layerwise=st.booleans())
def test_a_second_round_takes_from_what_the_first_has_left(seed, layerwise):
    first = pruning.magnitude(drawn(seed), keep=0.5, layerwise=layerwise)
    second = pruning.magnitude(drawn(seed + 1), keep=0.5, within=first, layerwise=layerwise)
    assert sum(kept(second)) == sum(round(0.5 * n) for n in (kept(first) if layerwise else [50]))
    for before, after in zip(first, second, strict=True):
        assert np.all(before.weights >= after.weights)


@pytest.mark.parametrize("keep", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(keep):
    with pytest.raises(ValueError, match="is no share of the weights"):
        pruning.magnitude(SMALL, keep=keep)


def test_what_is_pruned_is_zero_and_biases_stay():
    mask = pruning.magnitude(SMALL, keep=0.5)
    first, second = pruning.pruned(SMALL, mask)
    assert first.weights.tolist() == [[0, -4], [0, 3]]
    assert second.weights.tolist() == [[-2], [0]]
    assert first.biases.tolist() == [1, 1]
    assert pruning.density(mask) == 0.5


def pruned_loss(network, x, y, mask):
    return losses.CROSS_ENTROPY(pruning.pruned(network, mask), x, y)


def test_what_is_gone_has_no_gradient_and_stays_gone_in_training():
    task = data.clusters(chance.stream(5, "data"), inputs=6, classes=4, train=40, test=10)
    before, mask = drawn(), pruning.magnitude(drawn(), keep=0.3)
    slopes = jax.jit(jax.grad(pruned_loss))(before, task.x_train, task.y_train, mask)
    orders = chance.orders(5, items=40, epochs=3)
    end, _ = training.trained(
        before, task, orders, watch=lambda _: 0, rates=Rates(lr=0.1), batch=8, objective=pruned_loss, context=(mask,)
    )
    for old, new, slope, stays in zip(before, end, slopes, mask, strict=True):
        gone = stays.weights == 0
        assert np.all(np.asarray(slope.weights)[gone] == 0)
        assert np.array_equal(new.weights[gone], old.weights[gone])
        assert not np.array_equal(new.weights[~gone], old.weights[~gone])
        assert not np.array_equal(new.biases, old.biases)
