"""A soft committee machine: erf units whose plain sum is learned from another such machine (Saad & Solla 1995).

Student and teacher are matrices, one column a unit, and a unit says erf(w x / sqrt(2 N)) of an input of N standard
normal numbers. The overlaps of the columns say all there is to know: how far each unit of the student has become one of
the teacher's, and, exactly, how large the error is on fresh inputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import data, losses, training
from axiom.kit.models import Array, Layer, Net
from axiom.kit.optimizers import Rates

Doubles = npt.NDArray[np.float64]


class Overlaps(NamedTuple):
    """Products of columns over the number of inputs: student and student, student and teacher, teacher and teacher."""

    within: Doubles
    across: Doubles
    taught: Doubles


def orthogonal(rng: np.random.Generator, *, inputs: int, units: int) -> Doubles:
    """A teacher whose columns are at right angles, in even directions, each with as much length as has no scale."""
    columns: Doubles = np.linalg.qr(rng.standard_normal((inputs, units)))[0]
    return columns * float(np.sqrt(inputs))


def outputs(weights: Array, x: Array) -> jax.Array:
    """The sum of all units, one column."""
    field = jnp.asarray(x) @ weights / np.sqrt(2 * weights.shape[0])
    return jax.lax.erf(field).sum(axis=1, keepdims=True)


def squared_error(net: Net, x: Array, y: Array) -> jax.Array:
    """Half the squared distance from the targets, of the machine in the first layer's weights; biases say nothing."""
    return losses.squared_loss(outputs(net[0].weights, x), y)


def overlaps(student: Array, teacher: Array) -> Overlaps:
    """All products that matter."""
    own, other = (np.asarray(weights, dtype=np.float64) / np.sqrt(weights.shape[0]) for weights in (student, teacher))
    return Overlaps(within=own.T @ own, across=own.T @ other, taught=other.T @ other)


def risk(known: Overlaps) -> float:
    """Half the expected squared distance of student and teacher on fresh inputs (Saad & Solla 1995)."""
    student, teacher = np.diag(known.within), np.diag(known.taught)

    def mean(products: Doubles, rows: Any, columns: Any) -> float:
        """Of the products of two units' outputs, added up over all pairs."""
        return float(np.arcsin(products / np.sqrt(np.outer(1 + rows, 1 + columns))).sum() * 2 / np.pi)

    both = mean(known.across, student, teacher)
    return 0.5 * (mean(known.within, student, student) + mean(known.taught, teacher, teacher)) - both


def specialised(known: Overlaps) -> float:
    """How far each unit of the student is one unit of the teacher: 1 where it is, 0 where it has as much of each.

    The squared cosine with the unit of the teacher that it is nearest to, less the mean of those with all others; a
    mean over the student's units, in which each counts by its squared length.
    """
    lengths = np.diag(known.within)
    squares = np.sort(known.across**2 / np.outer(np.maximum(lengths, 1e-300), np.diag(known.taught)), axis=1)
    return float(np.average(squares[:, -1] - squares[:, :-1].mean(axis=1), weights=lengths))


def learned(
    start: Doubles, taught: Doubles, x: npt.NDArray[np.float32], *, lr: float, every: int
) -> tuple[list[float], list[float]]:
    """How specialised a student is, and its risk: at the start, and each time it has learned from so many more rows.

    Every row is a step of its own, with the teacher's answer, and comes once.
    """
    answers: Any = np.asarray(outputs(taught.astype(np.float32), x))
    net: Net = (Layer(weights=start.astype(np.float32), biases=np.zeros(start.shape[1], dtype=np.float32)),)

    def look(net: Net) -> tuple[float, float]:
        products = overlaps(net[0].weights, taught)
        return specialised(products), risk(products)

    _, seen = training.trained(
        net,
        data.LearningTask(x_train=x, y_train=answers, x_test=x[:1], y_test=answers[:1]),
        np.arange(len(x), dtype=np.int32).reshape(-1, every),
        watch=look,
        rates=Rates(lr=lr),
        batch=1,
        objective=squared_error,
    )
    degrees, risks = zip(look(net), *seen, strict=True)
    return list(degrees), list(risks)
