"""Echo state networks (Jaeger 2001): a fixed recurrent network that hears a series; only its read-out is learned."""

import numpy as np

from axiom.kit.features import Doubles, ridge
from axiom.kit.models import ACTIVATIONS

_CHANCE = 8.0  # a squared correlation of white noise is above this over the number of rows once in two hundred times


def gaussian(rng: np.random.Generator, *, units: int) -> Doubles:
    """Every unit to every unit, variance 1 / units: the spectral radius of a large one is 1 (Girko's circular law)."""
    recurrent: Doubles = rng.standard_normal((units, units)) / np.sqrt(units)
    return recurrent


def delay_line(*, units: int) -> Doubles:
    """Each unit hears the one before it alone: a chain that hands the past on (Rodan & Tino 2011)."""
    return np.eye(units, k=-1)


def spectral_radius(matrix: Doubles) -> float:
    """The largest absolute eigenvalue: how fast an echo without input dies, or does not."""
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def states(
    recurrent: Doubles, inputs: Doubles, series: Doubles, *, start: Doubles | None = None, activation: str = "tanh"
) -> Doubles:
    """The units after each value of the series, one row a step, from rest or from `start`."""
    activate = ACTIVATIONS[activation]
    rows = np.empty((len(series), len(recurrent)))
    state = np.zeros(len(recurrent)) if start is None else start
    for number, value in enumerate(series):
        state = activate(np, recurrent @ state + inputs * value)
        rows[number] = state
    return rows


def readout(features: Doubles, targets: Doubles, *, penalty: float) -> Doubles:
    """Weights for every unit and, last, a constant: ridge regression as in Lukosevicius & Jaeger (2009)."""
    return ridge(_with_constant(features), targets, penalty=penalty)


def read(features: Doubles, weights: Doubles) -> Doubles:
    """What a read-out makes of these states."""
    read: Doubles = _with_constant(features) @ weights
    return read


def nrmse(predicted: Doubles, targets: Doubles) -> float:
    """Root mean squared error over the targets' standard deviation: 1 is what their mean alone would reach."""
    return float(np.sqrt(np.mean((predicted - targets) ** 2) / np.var(targets)))


def delayed(series: Doubles, *, delays: int) -> Doubles:
    """Column k is the series of k steps before, for 0 to delays - 1; the first rows wrap round: drop them."""
    return np.stack([np.roll(series, delay) for delay in range(delays)], axis=1)


def capacities(read: Doubles, targets: Doubles) -> Doubles:
    """The squared correlation of each column with its target; what chance alone gives is 0 (Dambre et al. 2012).

    Added up over all delays of an input of independent values, from 0 on, this is the memory capacity. Measured on rows
    that the read-out has not seen, it is at most the number of units, whatever the network (Dambre et al. 2012).
    """
    first, second = read - read.mean(axis=0), targets - targets.mean(axis=0)
    scale = (first**2).sum(axis=0) * (second**2).sum(axis=0)
    products = (first * second).sum(axis=0)
    squared = np.divide(products**2, scale, out=np.zeros_like(scale), where=scale > 0)
    return np.where(squared > _CHANCE / len(read), squared, 0.0)


def _with_constant(features: Doubles) -> Doubles:
    return np.hstack([features, np.ones((len(features), 1))])
