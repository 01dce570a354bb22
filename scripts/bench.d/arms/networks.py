"""A multilayer perceptron and its descent in NumPy, in one precision; weights change in place."""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Layer, Net

Array = npt.NDArray[Any]
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8  # of AdamW

# Of each activation: its value, and its slope as a function of what went in and what came out.
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]] = {
    "relu": (lambda x: np.maximum(x, 0), lambda _, a: a > 0),
    "tanh": (np.tanh, lambda _, a: 1 - a * a),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda _, a: a * (1 - a)),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x, a: np.where(x > 0, 1, a + 1)),
    "softplus": (lambda x: np.logaddexp(x, 0), lambda x, _: 1 / (1 + np.exp(-x))),
}


class Mlp:
    """Weights and biases of one network."""

    def __init__(self, start: Net, dtype: npt.DTypeLike, activation: str = "relu") -> None:
        self.weights = [np.array(layer.weights, dtype) for layer in start]
        self.biases = [np.array(layer.biases, dtype) for layer in start]
        self._value, self._slope = ACTIVATIONS[activation]

    @property
    def arrays(self) -> list[Array]:
        """All weights, and then all biases."""
        return [*self.weights, *self.biases]

    def at(self, arrays: Sequence[Array]) -> "Mlp":
        """The same network with other weights and biases."""
        there = copy.copy(self)
        there.weights, there.biases = list(arrays[: len(self.weights)]), list(arrays[len(self.weights) :])
        return there

    def activations(self, x: Array) -> list[Array]:
        """The inputs and every hidden layer's outputs."""
        return self._forward(x)[1]

    def layers(self) -> Net:
        """The same as the kit's layers."""
        return tuple(Layer(*arrays) for arrays in zip(self.weights, self.biases, strict=True))

    def outputs(self, x: Array) -> Array:
        """What the last layer gives."""
        found: Array = self.activations(x)[-1] @ self.weights[-1] + self.biases[-1]
        return found

    def accuracy(self, x: Array, y: Array) -> float:
        """The share of rows whose strongest output is the right one."""
        return float(np.mean(np.argmax(self.outputs(x), axis=1) == y))

    def epoch(self, x: Array, targets: Array, batches: Array, lr: float) -> None:
        """Plain descent on the softmax cross-entropy, one small batch after the other."""
        for items in batches:
            self.step(x[items], partial(cross_entropy, targets=targets[items]), lr)

    def step(self, x: Array, blame_of: Callable[[Array], Array], lr: float) -> None:
        """One step of plain descent; the slope of the loss at the outputs is given."""
        self.descend(self.gradients(x, blame_of), lr)

    def descend(self, slopes: Sequence[Array], lr: float) -> None:
        """One step against these gradients, which are used up."""
        for array, slope in zip(self.arrays, slopes, strict=True):
            np.multiply(slope, lr, out=slope)
            np.subtract(array, slope, out=array)

    def gradients(self, x: Array, blame_of: Callable[[Array], Array]) -> list[Array]:
        """The gradients of all weights and then of all biases, from the slope of the loss at the outputs."""
        layers = self.blamed(x, blame_of)
        return [*(below.T @ blame for below, blame in layers), *(blame.sum(axis=0) for _, blame in layers)]

    def blamed(self, x: Array, blame_of: Callable[[Array], Array]) -> list[tuple[Array, Array]]:
        """Of every layer what goes into it, and the slope of the loss at what it makes of that."""
        before, active = self._forward(x)
        outputs = active[-1] @ self.weights[-1]
        outputs += self.biases[-1]
        blame = blame_of(outputs)
        found = [(active[-1], blame)]
        for layer in range(len(self.weights) - 1, 0, -1):
            blame = blame @ self.weights[layer].T
            blame *= self._slope(before[layer - 1], active[layer])
            found.append((active[layer - 1], blame))
        return found[::-1]

    def _forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        before, active = [], [x]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            above = active[-1] @ weight
            above += bias
            before.append(above)
            active.append(self._value(above))
        return before, active


class AdamW:
    """Adam with decoupled decay for some arrays, in place."""

    def __init__(self, arrays: Sequence[Array], *, lr: float, decay: float) -> None:
        self._arrays, self._lr, self._decay = arrays, lr, decay
        self._means = [np.zeros_like(array) for array in arrays]
        self._squares = [np.zeros_like(array) for array in arrays]
        self._steps = 0

    def step(self, slopes: Sequence[Array]) -> None:
        """One step against these gradients."""
        self._steps += 1
        shrunk = (1 - FIRST**self._steps, 1 - SECOND**self._steps)
        for array, slope, mean, square in zip(self._arrays, slopes, self._means, self._squares, strict=True):
            np.multiply(mean, FIRST, out=mean)
            np.add(mean, (1 - FIRST) * slope, out=mean)
            np.multiply(square, SECOND, out=square)
            np.add(square, (1 - SECOND) * slope * slope, out=square)
            step = np.sqrt(square / shrunk[1])
            step += TINY
            np.divide(mean / shrunk[0], step, out=step)
            step += self._decay * array
            step *= self._lr
            np.subtract(array, step, out=array)


def cross_entropy(outputs: Array, targets: Array) -> Array:
    """The slope of the mean softmax cross-entropy; the outputs are used up."""
    outputs -= outputs.max(axis=1, keepdims=True)
    np.exp(outputs, out=outputs)
    outputs /= outputs.sum(axis=1, keepdims=True)
    outputs -= targets
    outputs /= len(outputs)
    return outputs


def losses(outputs: Array, y: Array) -> Array:
    """The softmax cross-entropy of every row; the outputs are used up."""
    outputs -= outputs.max(axis=1, keepdims=True)
    picked = outputs[np.arange(len(y)), y]
    found: Array = np.log(np.exp(outputs).sum(axis=1)) - picked
    return found


def batched(order: Array, batch: int) -> Array:
    """The rows of every small batch of one shuffled order; what does not fill a batch is left out."""
    return order[: len(order) // batch * batch].reshape(-1, batch)
