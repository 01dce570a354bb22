"""How an array of weights follows its gradient. Operators alone, which NumPy and JAX share.

A rule sees one array at a time: the weights, the gradient, what it remembers, which step this is (the first is 1), and
its rates. It returns the new weights and the new memory. Constants are those of the papers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from axiom.kit.models import Array

Memory: TypeAlias = tuple[Array, ...]
Rule: TypeAlias = "Callable[[Array, Array, Memory, Array | float, Rates], tuple[Array, Memory]]"

_MOMENTUM = 0.9
_FORGETTING = 0.9  # of RMSprop's squares
_FIRST, _SECOND = 0.9, 0.999  # Adam's two moments
_TINY = 1e-8


class Rates(NamedTuple):
    """What may differ from one training to the next without another compilation."""

    lr: Array | float  # of every step, or an array with one for each, as `schedules` makes it
    weight_decay: Array | float = 0.0

    def check_steps(self, steps: int) -> None:
        """Raise where there is a rate for each step, and there are fewer of them than steps."""
        for rates in np.shape(self.lr):
            if rates < steps:
                raise ValueError(f"a schedule of {rates} rates is over before {steps} steps: make it that long")

    def at(self, count: Array | float) -> Rates:
        """The rates of the step of this number; the first is 1."""
        if np.ndim(self.lr) == 0:
            return self
        return self._replace(lr=self.lr[(count - np.float32(1)).astype("int32")])  # type: ignore[index]


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """A rule, and how many arrays of the weights' size it remembers; they begin at zero."""

    rule: Rule
    memories: int

    def begin(self, weights: Sequence[Array]) -> list[Memory]:
        """Memories of nothing, one for each array."""
        return [(np.zeros_like(array),) * self.memories for array in weights]

    def step(
        self,
        weights: Sequence[Array],
        slopes: Sequence[Array],
        memories: Sequence[Memory],
        count: Array | float,
        rates: Rates,
    ) -> tuple[list[Array], list[Memory]]:
        """All arrays and memories after one step against these gradients."""
        rates = rates.at(count)
        new = [self.rule(*row, count, rates) for row in zip(weights, slopes, memories, strict=True)]
        return [weight for weight, _ in new], [memory for _, memory in new]


def _sgd(weight: Array, slope: Array, memory: Memory, count: Array | float, rates: Rates) -> tuple[Array, Memory]:
    del count
    return weight - rates.lr * (slope + rates.weight_decay * weight), memory


def _momentum(weight: Array, slope: Array, memory: Memory, count: Array | float, rates: Rates) -> tuple[Array, Memory]:
    del count
    (velocity,) = memory
    velocity = _MOMENTUM * velocity + (slope + rates.weight_decay * weight)
    return weight - rates.lr * velocity, (velocity,)


def _rmsprop(weight: Array, slope: Array, memory: Memory, count: Array | float, rates: Rates) -> tuple[Array, Memory]:
    del count
    (squares,) = memory
    slope = slope + rates.weight_decay * weight
    squares = _FORGETTING * squares + (1 - _FORGETTING) * slope**2
    return weight - rates.lr * slope / (squares**0.5 + _TINY), (squares,)


def _adamw(weight: Array, slope: Array, memory: Memory, count: Array | float, rates: Rates) -> tuple[Array, Memory]:
    mean, squares = memory
    mean = _FIRST * mean + (1 - _FIRST) * slope
    squares = _SECOND * squares + (1 - _SECOND) * slope**2
    direction = (mean / (1 - _FIRST**count)) / ((squares / (1 - _SECOND**count)) ** 0.5 + _TINY)
    return weight - rates.lr * (direction + rates.weight_decay * weight), (mean, squares)


SGD = Optimizer(rule=_sgd, memories=0)
"""Plain gradient descent (Robbins & Monro 1951); decay is added to the gradient."""

MOMENTUM = Optimizer(rule=_momentum, memories=1)
"""The heavy ball (Polyak 1964), keeping 0.9 of its velocity; decay is added to the gradient."""

RMSPROP = Optimizer(rule=_rmsprop, memories=1)
"""The gradient over the root of its mean square (Tieleman & Hinton 2012); decay is added to the gradient."""

ADAMW = Optimizer(rule=_adamw, memories=2)
"""Adam with decoupled decay (Loshchilov & Hutter 2019, arXiv:1711.05101): decay does not pass through the moments."""
