import jax
import jax.numpy as jnp
import numpy as np
import pytest

from axiom.kit import chance, slopes


def drawn(*shape, purpose="rows"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


WEIGHTS, BIASES = drawn(4, 3, purpose="weights"), drawn(3, purpose="biases")
both_sizes = pytest.mark.parametrize("x", [drawn(7, 4), drawn(slopes._LARGE, 4)], ids=["few rows", "many rows"])


def plain(x, weights, biases):
    return jnp.sum(jnp.sin(x @ weights + biases))


def quick(x, weights, biases):
    return jnp.sum(jnp.sin(slopes.plus(slopes.times(x, weights), biases)))


@both_sizes
def test_values_are_those_of_product_and_sum_to_the_bit(x):
    assert np.array_equal(jax.jit(quick)(x, WEIGHTS, BIASES), jax.jit(plain)(x, WEIGHTS, BIASES))


@both_sizes
@pytest.mark.parametrize("argument", [0, 1, 2])
def test_slopes_are_those_that_jax_finds_by_itself(x, argument):
    found, expected = (jax.jit(jax.grad(loss, argument))(x, WEIGHTS, BIASES) for loss in (quick, plain))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@both_sizes
def test_slopes_can_be_differentiated_once_more_forwards(x):
    point, way = (x, WEIGHTS, BIASES), (0 * x, drawn(4, 3, purpose="way"), drawn(3, purpose="other way"))
    found, expected = (
        jax.jit(lambda at, along, loss=loss: jax.jvp(jax.grad(lambda arrays: loss(*arrays)), (at,), (along,))[1])(
            point, way
        )
        for loss in (quick, plain)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@both_sizes
def test_they_hold_for_many_networks_at_once(x):
    many = jnp.stack([WEIGHTS, 2 * WEIGHTS])
    found, expected = (
        jax.jit(jax.vmap(jax.grad(loss, 1), in_axes=(None, 0, None)))(x, many, BIASES) for loss in (quick, plain)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
