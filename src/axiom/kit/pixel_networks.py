"""Many networks with one hidden layer side by side, one for each pixel of a map, trained as a single program.

What measures them has the weights of all in the last dimension of each array; `trainer` lays them as its steps want.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from axiom.kit.models import Array
from axiom.kit.optimizers import Memory, Optimizer, Rates

Layers: TypeAlias = "tuple[Any, Any]"  # inputs by hidden units by networks, and hidden units by networks
Bend: TypeAlias = "Callable[[Any], Any]"

LAST = 20  # losses that are averaged at the end
FAR = 1e6  # a loss that is as many times the first one is as good as infinite
CACHED = 2**17  # numbers of a step that stay in a processor's cache
ROOMY = 2**25  # and for which a GPU of 2 GB has room, with the few arrays of that size that a step makes of them
FEW, MANY = 8, 64  # examples of a step: below the one, and from the other on

# Each with the gain that keeps its values of order 1.
ACTIVATIONS: dict[str, Bend] = {
    "tanh": lambda fields: jnp.tanh(2.0**0.5 * fields),
    "relu": lambda fields: 2.0**0.5 * jax.nn.relu(fields),
    "linear": lambda fields: fields,
}


def _plain(weight: Array, slope: Array, memory: Memory, count: Array | float, rates: Rates) -> tuple[Array, Memory]:
    del count
    return weight - rates.lr * slope, memory


PLAIN = Optimizer(rule=_plain, memories=0)
"""Gradient descent as the maps know it: what has no decay costs nothing, and no bit of a pixel."""


def begun(start: Layers, networks: int) -> Layers:
    """As many networks with the same start: inputs by hidden units, and a number for each hidden unit."""
    first, last = start
    return (
        jnp.broadcast_to(first[:, :, None], (*first.shape, networks)),
        jnp.broadcast_to(last[:, None], (*last.shape, networks)),
    )


def fields(layers: Layers, seen: Any) -> Any:
    """What each hidden unit of each network receives from each of these rows, by row, unit and network."""
    inputs, width, networks = layers[0].shape
    flat = seen @ layers[0].reshape(inputs, width * networks)
    return flat.reshape(-1, width, networks) / inputs**0.5


def sums(bend: Bend, layers: Layers, seen: Any) -> Any:
    """The sum over the hidden units of each network, by row and network; whoever asks divides it as theory wants."""
    return jnp.einsum("enk,nk->ek", bend(fields(layers, seen)), layers[1])


def kernels(bend: Bend, layers: Layers, seen: Any) -> Any:
    """The tangent kernel of each network, by network, row and row, when it divides its sums by the root of its width.

    It says how far a step against the error on one row moves the output on another (Jacot et al. 2018,
    arXiv:1806.07572).
    """
    last = layers[1]
    received = fields(layers, seen)
    bent, slope = jax.jvp(bend, (received,), (jnp.ones_like(received),))
    through = slope * last
    alike = seen @ seen.T / seen.shape[1]
    of_last = jnp.einsum("enk,fnk->kef", bent, bent)
    of_first = jnp.einsum("enk,fnk->kef", through, through) * alike
    return (of_last + of_first) / last.shape[0]


def together(width: int, examples: int) -> int:
    """How many networks one program trains: as many as stay in a processor's cache with all that they hold."""
    numbers = width * examples
    return side_by_side(max(1, min(64, CACHED // numbers)), numbers)


def side_by_side(on_a_core: int, held: int) -> int:
    """How many networks one program trains that hold so many numbers each at a step: these on a core, on a GPU more.

    A core is busy with few of them. A GPU begins a step of one network as slowly as that of a thousand, so there they
    are as many as it has room for. How many lie side by side changes the last digits of a pixel and nothing else.
    """
    return max(on_a_core, ROOMY // held) if jax.default_backend() == "gpu" else on_a_core


@lru_cache(maxsize=8)
def trainer(
    activation: str,
    steps: int,
    seen: int,
    *,
    is_sampled: bool = False,
    is_pushed_once: bool = False,
    optimizer: Optimizer = PLAIN,
    goal: float = 1.0,
) -> Callable[..., Any]:
    """Train mean-field networks by such an optimiser, each step on so many examples, and say which learned.

    Its arguments: what is added to every weight of the first layer before each step, or before the first one alone,
    None where nothing is; the step sizes of the two layers, one of each for each network; the start and the data, which
    all share; and, where each step sees a sample, the rows of it. It returns for each network whether its last losses
    on all rows are on average below the goal, a part of the first one, the step by which half of that was gained or by
    which it ran away, and three losses of one network.

    It is compiled once for all tiles of an arm. What lies side by side decides how fast it is: many examples, else the
    hidden units, and where there is hardly an example, the networks.
    """
    bend, axis, is_long = ACTIVATIONS[activation], -1 if seen < FEW else 0, seen >= MANY

    def outputs(layers: Any, inputs: Any) -> Any:
        def of_one(first: Any, last: Any) -> Any:
            width, scale = len(last), inputs.shape[1] ** 0.5
            if is_long:
                return last @ bend(first @ inputs.T / scale) / width
            return bend(inputs @ first / scale) @ last / width

        return jax.vmap(of_one, axis, axis)(*layers)

    def loss(layers: Any, seen: Any, aims: Any) -> Any:
        losses = jnp.mean((outputs(layers, seen) - jnp.expand_dims(aims, axis)) ** 2, axis=1 + axis)
        return jnp.sum(losses), losses

    def trained(pushes: Any, first_rates: Any, last_rates: Any, start: Any, data: Any, chosen: Any) -> Any:
        (inputs, wanted), (first, last) = data, start
        starts = first.T if is_long else first, last
        layers = tuple(jnp.repeat(jnp.expand_dims(weights, axis), len(first_rates), axis) for weights in starts)
        if axis == 0:
            first_rates, last_rates = first_rates[:, None, None], last_rates[:, None]
            pushes = None if pushes is None else pushes[:, None, None]
        if pushes is not None and is_pushed_once:
            layers = layers[0] + pushes, layers[1]
        rates = Rates(lr=first_rates), Rates(lr=last_rates)
        memories = tuple((jnp.zeros_like(weights),) * optimizer.memories for weights in layers)

        def step(state: Any, places: Any) -> Any:
            layers, memories, count = state
            if pushes is not None and not is_pushed_once:
                layers = layers[0] + pushes, layers[1]
            seen, aims = (inputs[places], wanted[places]) if is_sampled else (inputs, wanted)
            slopes, losses = jax.grad(loss, has_aux=True)(layers, seen, aims)
            rows = zip(layers, slopes, memories, (count, count), rates, strict=True)
            layers, memories = zip(*(optimizer.rule(*row) for row in rows), strict=True)
            return (layers, memories, count + 1), losses

        def last_step(state: Any, places: Any) -> Any:
            moved, losses = step(state, places)
            return moved, loss(state[0], inputs, wanted)[1] if is_sampled else losses

        first_losses = loss(layers, inputs, wanted)[1]
        early, late = (chosen[:-LAST], chosen[-LAST:]) if is_sampled else (None, None)
        state, losses = jax.lax.scan(step, (layers, memories, 1.0), early, length=steps - LAST)
        _, end = jax.lax.scan(last_step, state, late, length=LAST)
        return (*fates(jnp.concatenate([losses, end]) / (goal * first_losses)), losses[:3, 0])

    return jax.jit(trained)


def fates(told: Any) -> tuple[Any, Any]:
    """Which networks learned, from their losses over the first one by step; and by which step half of it was done.

    That is half of the gain. Of one that did not learn, it is the step by which it ran away.
    """
    steps = told.shape[0]
    is_real = jnp.isfinite(told).all(axis=0)
    bounded = jnp.where(jnp.isfinite(told), jnp.minimum(told, FAR), FAR)
    end = bounded[-LAST:].mean(axis=0)
    learned = is_real & (end < 1.0)
    half_way = jnp.argmax(bounded <= (1.0 + end) / 2.0, axis=0)  # the first step with half of the gain
    held_out = jnp.argmax(bounded > 10.0, axis=0)  # the first step with ten times the first loss
    held_out = jnp.where((bounded > 10.0).any(axis=0), held_out, steps)
    return learned, jnp.where(learned, half_way, held_out)
