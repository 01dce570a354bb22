"""How selective of a class a unit is, and what a network loses with some of its units. NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Array, Net

Doubles = npt.NDArray[np.float64]
Units = npt.NDArray[np.intp]
_TINY = 1e-12


def of_units(activations: Array, y: npt.NDArray[Any], *, classes: int) -> Doubles:
    """Of each unit (column): its highest class mean less the mean of all others, over their sum (Morcos et al. 2018).

    1 of a unit that wakes for one class alone, 0 of one that does as much for all, or sleeps. Nothing may be below 0.
    """
    rows = np.asarray(activations, dtype=np.float64)
    means = np.sort([rows[y == label].mean(axis=0) for label in range(classes)], axis=0)
    most, others = means[-1], means[:-1].mean(axis=0)
    return np.asarray((most - others) / np.maximum(most + others, _TINY))


def mean(activations: Array, y: npt.NDArray[Any], *, classes: int) -> float:
    """Of the units that any row wakes; 0 where there is none."""
    awake = np.any(np.asarray(activations) > 0, axis=0)
    return float(of_units(activations, y, classes=classes)[awake].mean()) if awake.any() else 0.0


def beyond_lot(activations: Array, y: npt.NDArray[Any], rng: np.random.Generator, *, classes: int) -> float:
    """The mean, less that which the same units have of classes that the rows were given by lot."""
    return mean(activations, y, classes=classes) - mean(activations, rng.permutation(y), classes=classes)


def fours(sizes: Doubles, scores: Doubles) -> Units:
    """Units in rows of four of about the same size, the highest score first in each row.

    The largest four are the first row; up to three of the smallest are left out. Among equals, the earlier comes first.
    """
    ranked = np.argsort(-sizes, kind="stable")[: len(sizes) // 4 * 4].reshape(-1, 4)
    return np.take_along_axis(ranked, np.argsort(-scores[ranked], axis=1, kind="stable"), axis=1)


def sizes(net: Net, activations: Array) -> Doubles:
    """How much each unit of the last hidden layer moves the outputs: its standard deviation times its weights above."""
    above = np.asarray(net[-1].weights, dtype=np.float64)
    return np.asarray(np.asarray(activations, dtype=np.float64).std(axis=0) * np.linalg.norm(above, axis=1))


def without(net: Net, activations: Array, gone: Units) -> Doubles:
    """The outputs of a network whose last hidden layer has these activations, once some units say their mean always."""
    left = np.array(activations, dtype=np.float64)
    left[:, gone] = left[:, gone].mean(axis=0)
    return np.asarray(left @ np.asarray(net[-1].weights, dtype=np.float64) + np.asarray(net[-1].biases))
