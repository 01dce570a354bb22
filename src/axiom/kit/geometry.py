"""How far a network moved, and how its representation turned. NumPy alone: nothing here is compiled."""

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Array, Net


def movement(start: Net, end: Net, *, layer: int) -> float:
    """|W_end - W_start| / |W_start| of one layer's weights, in the Frobenius norm."""
    before, after = np.asarray(start[layer].weights), np.asarray(end[layer].weights)
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def cka(first: Array, second: Array) -> float:
    """Linear centred kernel alignment of two representations of the same rows (Kornblith et al. 2019).

    1 when one is a rotation and a scaling of the other; 0 when one of them does not vary at all.
    """
    x, y = _centred(first), _centred(second)
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(x.T @ y) ** 2 / scale) if scale != 0 else 0.0


def dead(activations: Array) -> float:
    """The share of neurons (columns) that no row wakes."""
    return float(np.mean(~np.any(np.asarray(activations) > 0, axis=0)))


def _centred(activations: Array) -> npt.NDArray[np.float64]:
    matrix = np.asarray(activations, dtype=np.float64)
    centred: npt.NDArray[np.float64] = matrix - matrix.mean(axis=0)
    return centred
