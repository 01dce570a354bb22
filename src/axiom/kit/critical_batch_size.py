"""How many steps small batches need to a training loss, at the best of many rates, and what law the steps obey.

For S steps of batches of B there is a simple law, S = least steps + least examples / B: below the critical batch, the
ratio of the two, twice the batch needs half the steps, and far above it as many (McCandlish et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import chance, data, models, progress
from axiom.kit.losses import CROSS_ENTROPY, Objective, SquaredError
from axiom.kit.models import Array, Net

HUGE = 1e4  # a loss from which nothing comes back
ROWS = 64  # that are drawn, or more, between two looks at the loss
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
Batches = npt.NDArray[np.int32]


class Fewest(NamedTuple):
    """The steps at the best rate, and which rate that is."""

    steps: float  # parts of a step count; infinite where no rate arrived
    rate: float


INPUTS, OUTPUTS, WIDTH, ITEMS = 20, 5, 32, 1_024


def problem(seed: int, name: str) -> tuple[Net, Array, Array, Objective]:
    """A start, inputs, targets and what is minimised: linear regression, or a small classifier of a task.

    In the regression everything is known: inputs are standard normal, the weights begin at zero, and each target has a
    variance of about one, to which `noisy` adds noise of as much, and `affine` adds none.
    """
    if name in {"affine", "noisy"}:
        rng = chance.stream(seed, "data")
        x, true = rng.standard_normal((ITEMS, INPUTS)), rng.standard_normal((INPUTS, OUTPUTS))
        y = x @ true * np.sqrt(OUTPUTS) / np.linalg.norm(true)
        if name == "noisy":
            y += rng.standard_normal(y.shape)
        (layer,) = models.mlp(chance.stream(seed, "start"), (INPUTS, OUTPUTS))
        still: Net = (layer._replace(weights=0 * layer.weights),)
        return still, x.astype(np.float32), y.astype(np.float32), SquaredError()
    task = TASKS[name](chance.stream(seed, "data"), inputs=INPUTS, classes=OUTPUTS, train=ITEMS, test=1)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, WIDTH, OUTPUTS))
    return start, task.x_train, task.y_train, CROSS_ENTROPY


@dataclass(frozen=True, kw_only=True)
class Way:
    """From this start, by these batches, to this loss of all rows."""

    start: Net
    x: Array
    y: Array
    batches: Batches  # looks, steps between two looks, rows of a step
    objective: Objective

    def at(self, rate: float, *, goal: float, first: int = 0, last: int, net: Net | None = None) -> Any:
        """The network, looks and the last two losses where it arrived, or behind the look that is the last."""
        return _descended(
            self.start if net is None else net,
            self.x,
            self.y,
            self.batches,
            np.float32(rate),
            np.float32(goal),
            np.int32(first),
            np.int32(last),
            objective=self.objective,
        )


def draws(seed: int, *, items: int, batch: int, steps: int, copies: int = 1) -> Batches:
    """Rows for so many steps, each drawn by itself; with copies, so many rows of a batch are one and the same."""
    between = max(1, ROWS // batch)
    shape = (-(-steps // between), between, batch // copies)
    drawn = chance.stream(seed, "batches").integers(0, items, size=shape, dtype=np.int32)
    return np.repeat(drawn, copies, axis=2)


def fewest(way: Way, rates: Sequence[float], *, goal: float) -> Fewest:
    """The fewest steps to the goal. No rate is followed for longer than the best before it needed.

    Between two looks the loss is taken to fall evenly.
    """
    looks, between, _ = way.batches.shape

    def step(state: tuple[float, float], number: int) -> tuple[float, float]:
        steps, _ = state
        last = int(np.ceil(steps / between)) if np.isfinite(steps) else looks
        _, done, before, loss = way.at(rates[number], goal=goal, last=last)
        needed = between * (int(done) - 1 + share(float(before), float(loss), goal)) if float(loss) <= goal else np.inf
        return (float(needed), rates[number]) if needed < steps else state

    _, _, *early = way.at(rates[-1], goal=-np.inf, last=1)
    progress.early(map(float, early))
    return Fewest(*progress.blocks((float("inf"), 0.0), step, len(rates)))


def fewest_of_each(ways: Sequence[Way], rates: Sequence[float], *, goal: float) -> list[Fewest]:
    """The fewest steps on each of these ways. An interrupted cell goes on behind the last way that was kept."""

    def step(pairs: list[tuple[float, float]], number: int) -> list[tuple[float, float]]:
        steps, rate = fewest(ways[number], rates, goal=goal)
        return [*pairs, (steps, rate)]

    nothing: list[tuple[float, float]] = []
    return [Fewest(*pair) for pair in progress.blocks(nothing, step, len(ways))]


def share(before: float, after: float, goal: float) -> float:
    """Where between two looks a loss passed the goal, if its logarithm fell evenly."""
    return float(np.log(before / goal) / np.log(before / after)) if after < before else 1.0


def law(batches: npt.ArrayLike, steps: npt.ArrayLike) -> tuple[float, float]:
    """The least steps and the least examples of the law that fits best; an error counts in proportion to the steps."""
    sizes, counts = np.asarray(batches, dtype=np.float64), np.asarray(steps, dtype=np.float64)
    rows = np.stack([1 / counts, 1 / (sizes * counts)], axis=1)
    least_steps, least_examples = np.linalg.lstsq(rows, np.ones(len(sizes)), rcond=None)[0]
    return float(least_steps), float(least_examples)


@partial(jax.jit, static_argnames="objective")
def _descended(
    net: Net,
    x: Array,
    y: Array,
    batches: Array,
    rate: Array,
    goal: Array,
    first: Array,
    last: Array,
    *,
    objective: Objective,
) -> tuple[Net, jax.Array, jax.Array, jax.Array]:
    """Blocks of steps with a look at the loss after each, from the first to the last, or until the loss is there."""
    batches = jnp.asarray(batches)

    def step(net: Net, items: Any) -> tuple[Net, None]:
        slopes = jax.grad(objective)(net, x[items], y[items])
        return jax.tree.map(lambda weight, slope: weight - rate * slope, net, slopes), None

    def is_on_the_way(state: Any) -> jax.Array:
        _, done, _, loss = state
        return jnp.asarray((done < last) & (loss > goal) & (loss < HUGE))

    def block(state: Any) -> Any:
        net, done, _, loss = state
        net, _ = jax.lax.scan(step, net, batches[done])
        return net, done + 1, loss, objective(net, x, y)

    at_first = objective(net, x, y)
    began: Any = (net, first, at_first, at_first)
    end: tuple[Net, jax.Array, jax.Array, jax.Array] = jax.lax.while_loop(is_on_the_way, block, began)
    return end
