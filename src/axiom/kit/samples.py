"""What students learn from samples of one population, whatever their size, in one compiled program.

How a loss falls with the size of a sample, and by what two samples differ, are the questions of Bahri et al. 2021,
arXiv:2102.06701.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import chance, descent, training
from axiom.kit.data import LearningTask
from axiom.kit.losses import Objective
from axiom.kit.models import Array, Net
from axiom.kit.optimizers import Rates

BLOCK = 100  # steps of two students between two words to the host


def orders(seed: int, *, items: int, distinct: int, steps: int, shape: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Rows of so many batches of so many of the first `items` of a population, `shape` being the two, for these steps.

    A row is no epoch, so that a sample of any size has the same program; but every item comes once before one comes
    again. Items beyond those that are distinct stand for these, in turn. The last row is whole, too.
    """
    batches, size = shape
    rows = -(-steps // batches)
    count = rows * batches * size
    drawn = chance.orders(seed, items=items, epochs=-(-count // items)).ravel()
    return (drawn[:count] % distinct).reshape(rows, batches * size)


def stopped_early(
    start: Net, task: LearningTask, rows: npt.NDArray[np.int32], *, lr: float, batch: int, objective: Objective
) -> tuple[float, float, int]:
    """Train, looking after each row: the loss where it was best on other data, after the last row, and the best row.

    Half of the test data choose where to stop, and both losses are of the other half.
    """
    _, seen = training.trained(
        start,
        task,
        rows,
        rates=Rates(lr=lr),
        batch=batch,
        objective=objective,
        watch=lambda net: np.asarray(_halves(net, task.x_test, task.y_test, objective)).tolist(),
    )
    validation, test = zip(*seen, strict=True)
    best = int(np.argmin(validation))
    return test[best], test[-1], best


@partial(jax.jit, static_argnames="objective")  # in NumPy, looking would take as long as learning
def _halves(net: Net, x: Array, y: Array, objective: Objective) -> jax.Array:
    half = len(y) // 2
    return jnp.stack([objective(net, x[:half], y[:half]), objective(net, x[half:], y[half:])])


def two_students(start: Net, x: Array, y: Array, *, objective: Objective, lr: float, steps: int) -> tuple[Net, Net]:
    """Two networks of one start after so many steps, each on all of its own rows: the first axis of `x` and of `y`."""
    students, _ = descent.descended(
        (start, start),
        x,
        y,
        objective=Both(objective=objective),
        rates=Rates(lr=lr),
        steps=steps,
        every=BLOCK,
        watch=lambda _students, loss: loss,
    )
    return students


@dataclass(frozen=True, kw_only=True)
class Both:
    """The sum of two networks' losses, each of its own rows: neither's gradient knows of the other."""

    objective: Objective

    def __call__(self, nets: tuple[Net, Net], x: Array, y: Array) -> jax.Array:
        """The sum."""
        return self.objective(nets[0], x[0], y[0]) + self.objective(nets[1], x[1], y[1])
