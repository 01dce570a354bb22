"""Linear regression on features of the inputs. NumPy alone, in double precision: near interpolation digits are lost."""

import numpy as np
import numpy.typing as npt

from axiom.kit.models import ACTIVATIONS

Doubles = npt.NDArray[np.float64]


def directions(rng: np.random.Generator, *, inputs: int, count: int) -> Doubles:
    """Gaussian directions of mean square length 1, one a row: the first ones stay as they were when more are drawn."""
    drawn: Doubles = rng.standard_normal((count, inputs)) / np.sqrt(inputs)
    return drawn


def unit_vector(rng: np.random.Generator, *, size: int) -> Doubles:
    """A vector of length 1 in an even direction."""
    drawn: Doubles = rng.standard_normal(size)
    return drawn / np.linalg.norm(drawn)


def random_features(x: Doubles, directions: Doubles, *, activation: str = "relu") -> Doubles:
    """What one random layer makes of these rows; only what is read from it is learned (Rahimi & Recht 2007)."""
    features: Doubles = ACTIVATIONS[activation](np, x @ directions.T)
    return features


def minimum_norm(features: Doubles, y: Doubles) -> Doubles:
    """The least squares solution and, where many interpolate, the shortest of them: where descent from zero ends."""
    return np.asarray(np.linalg.lstsq(features, y, rcond=None)[0], dtype=np.float64)


def isotropic_risk(*, features: int, samples: int, noise: float) -> float | None:
    """The expected risk of `minimum_norm` on independent normal features, for a truth of length 1 (Hastie et al. 2022).

    Risk is the expected squared distance from the noiseless truth. This is its value for a finite number of samples;
    there is none at the peak itself, where its tail is too heavy.
    """
    more, variance = features - samples, noise**2
    if abs(more) < 2:
        return None
    if more < 0:
        return variance * features / (-more - 1)
    return more / features + variance * samples / (more - 1)


def ridge(features: Doubles, y: Doubles, *, penalty: float) -> Doubles:
    """The weights with the least |features w - y|^2 + penalty |w|^2; a penalty of 0 gives the shortest of the best.

    The smaller of the two Gram matrices is solved, so a penalty far below rounding asks for `minimum_norm` instead.
    """
    if penalty == 0:
        return minimum_norm(features, y)
    rows, columns = features.shape
    if columns <= rows:
        weights = np.linalg.solve(features.T @ features + penalty * np.eye(columns), features.T @ y)
    else:
        weights = features.T @ np.linalg.solve(features @ features.T + penalty * np.eye(rows), y)
    return np.asarray(weights, dtype=np.float64)
