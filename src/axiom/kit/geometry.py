"""How far a network moved, how its representation turned, and how many dimensions it uses.

NumPy alone, so that nothing is compiled; only `stable_rank` also takes JAX's arrays.
"""

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Array, Net

_SQUARINGS = 7  # the 128th power of the Gram matrix


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


def stable_rank(matrix: Array) -> Array:
    """|M|_F^2 / |M|_2^2: the sum of the squared singular values over the largest (Rudelson & Vershynin 2007).

    The largest comes from squaring the smaller Gram matrix again and again, which leaves its strongest direction: too
    small by less than one part in a thousand even where the spectrum is dense, and a tenth of the cost of an SVD. Of a
    matrix of zeros there is none: not a number.
    """
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    gram = gram / gram.trace()
    power = gram
    for _ in range(_SQUARINGS):
        power = power @ power
        power = power / power.trace()
    ratio: Array = (power * power).sum() / (power * (power @ gram)).sum()
    return ratio


def _centred(activations: Array) -> npt.NDArray[np.float64]:
    matrix = np.asarray(activations, dtype=np.float64)
    centred: npt.NDArray[np.float64] = matrix - matrix.mean(axis=0)
    return centred
