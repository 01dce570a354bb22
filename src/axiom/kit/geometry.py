"""How far a network moved, how its representation turned, and how many dimensions it uses.

NumPy alone, so that nothing is compiled; only `stable_rank` also takes JAX's arrays.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Array, Layer, Net

_SQUARINGS = 7  # the 128th power of the Gram matrix
_ROUNDING = 1e-7  # singular values below this share of the largest are none: float32 has no more digits


def movement(start: Net, end: Net, *, layer: int) -> float:
    """|W_end - W_start| / |W_start| of one layer's weights, in the Frobenius norm."""
    before, after = np.asarray(start[layer].weights), np.asarray(end[layer].weights)
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def cka(first: Array, second: Array) -> float:
    """Linear centred kernel alignment of two representations of the same rows (Kornblith et al. 2019).

    1 when one is a rotation and a scaling of the other; 0 when one of them does not vary at all. Where there are fewer
    rows than neurons in both together, products of rows with rows say the same for less.
    """
    x, y = _centred(first), _centred(second)
    if len(x) < x.shape[1] + y.shape[1]:
        rows, others = x @ x.T, y @ y.T
        common, scale = np.vdot(rows, others), np.linalg.norm(rows) * np.linalg.norm(others)
    else:
        common, scale = np.linalg.norm(x.T @ y) ** 2, np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(common / scale) if scale != 0 else 0.0


def cosine(first: Net, second: Net) -> float:
    """Of the angle between two networks, each taken as one vector of all its weights and biases."""
    flat, other = (
        np.concatenate([np.asarray(array, dtype=np.float64).ravel() for layer in net for array in layer])
        for net in (first, second)
    )
    return float(flat @ other / (np.linalg.norm(flat) * np.linalg.norm(other)))


def between(first: Net, second: Net, *, share: float) -> Net:
    """The network on the straight line from the first, at share 0, to the second, at share 1."""
    return tuple(
        Layer(
            *((1 - share) * np.asarray(array) + share * np.asarray(other) for array, other in zip(*layers, strict=True))
        )
        for layers in zip(first, second, strict=True)
    )


def barrier(losses: Sequence[float]) -> float:
    """How far the losses at evenly spaced places rise above the straight line of their ends (Frankle et al. 2020).

    0 where they stay below it everywhere.
    """
    heights = np.asarray(losses, dtype=np.float64)
    return float(np.max(heights - np.linspace(heights[0], heights[-1], len(heights))))


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


def effective_rank(matrix: Array) -> float:
    """The exponential of the entropy of the singular values as shares of their sum (Roy & Vetterli 2007).

    It counts weak directions, too, where `stable_rank` counts strong ones: k equal singular values are k, and whatever
    the values are, it lies between 1 and the rank. Of a matrix of zeros it is 0.
    """
    values = np.linalg.svd(np.asarray(matrix, dtype=np.float64), compute_uv=False)
    values = values[values > _ROUNDING * values[0]]
    shares = values / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def _centred(activations: Array) -> npt.NDArray[np.float64]:
    matrix = np.asarray(activations, dtype=np.float64)
    centred: npt.NDArray[np.float64] = matrix - matrix.mean(axis=0)
    return centred
