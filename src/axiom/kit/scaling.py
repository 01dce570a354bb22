"""The joint scaling law of N examples and P parameters, L = E + A N^-a + B P^-b (Hoffmann et al. 2022).

Their third way to fit it, arXiv:2203.15556, with squares in place of Huber's loss. NumPy alone. Once the exponents are
given, the law is linear in E, A and B, none of which may be below zero; so only the exponents are searched for, on a
grid that closes in (variable projection, Golub & Pereyra 1973). An error counts in proportion to the loss, because
losses differ by orders of magnitude.
"""

import itertools
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

FEWEST = 5  # losses: as many as there are constants
SMALLEST, LARGEST = 0.02, 4.0  # the exponents between which the search is
_LEVELS, _ROUNDS = 17, 16  # of either exponent; each round's grid is half as wide as the one before
_SUBSETS = tuple(subset for count in (1, 2, 3) for subset in itertools.combinations(range(3), count))


@dataclass(frozen=True, kw_only=True)
class Law:
    """The five constants, and how well they describe what they were fitted to."""

    floor: float  # E: what neither data nor parameters take away
    of_items: float  # A
    of_size: float  # B
    items_exponent: float  # a
    size_exponent: float  # b
    unexplained: float  # share of the variance of log losses

    def loss(self, items: npt.ArrayLike, sizes: npt.ArrayLike) -> Floats:
        """What the law says of so many examples and parameters."""
        constants = np.array([self.floor, self.of_items, self.of_size])
        exponents = np.array([self.items_exponent, self.size_exponent])
        predicted: Floats = (_powers(exponents, np.stack(np.broadcast_arrays(items, sizes))) * constants).sum(axis=-1)
        return predicted


def joint_law(items: npt.ArrayLike, sizes: npt.ArrayLike, losses: npt.ArrayLike) -> Law:
    """The law with the least squares of relative errors. All numbers must be finite and above zero."""
    counts, seen = np.array([items, sizes], dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if len(seen) < FEWEST or not all((part > 0).all() and (part < np.inf).all() for part in (counts, seen)):
        raise ValueError("a law of five constants needs five finite losses at least, and all numbers above zero")
    least = counts.min(axis=1)  # counted in these, no power is above 1, and the equations are well conditioned
    exponents, constants = _search(counts / least[:, None], seen)
    floor, of_items, of_size = constants * np.array([1.0, *least**exponents])
    law = Law(
        floor=float(floor),
        of_items=float(of_items),
        of_size=float(of_size),
        items_exponent=float(exponents[0]),
        size_exponent=float(exponents[1]),
        unexplained=0.0,
    )
    errors = np.log(law.loss(*counts) / seen)
    return replace(law, unexplained=float(np.mean(errors**2) / max(np.var(np.log(seen)), np.finfo(float).tiny)))


def _search(counts: Floats, losses: Floats) -> tuple[Floats, Floats]:
    """The two exponents and the three constants that fit best."""
    low, high = np.log(SMALLEST), np.log(LARGEST)
    centre, reach = np.full(2, (low + high) / 2), (high - low) / 2
    constants = np.zeros(3)
    for _ in range(_ROUNDS):
        levels = np.clip(centre[:, None] + np.linspace(-reach, reach, _LEVELS), low, high)
        pairs = np.exp(np.array(list(itertools.product(*levels))))
        candidates, errors = _constants(pairs, counts, losses)
        best = int(errors.argmin())
        centre, constants, reach = np.log(pairs[best]), candidates[best], reach / 2
    return np.exp(centre), constants


def _constants(pairs: Floats, counts: Floats, losses: Floats) -> tuple[Floats, Floats]:
    """For each pair of exponents the best three constants that are not below zero, and the sum of squared errors.

    The best of all subsets: with those that are left out at zero, least squares must find the others above it.
    """
    columns = np.stack([_powers(pair, counts) for pair in pairs]) / losses[:, None]
    constants, errors = np.zeros((len(pairs), 3)), np.full(len(pairs), np.inf)
    for subset in _SUBSETS:
        part = columns[:, :, subset]
        turned = part.swapaxes(1, 2)
        ridge = 1e-12 * np.eye(len(subset))  # where the sizes are all the same, two columns are
        solved = np.linalg.solve(turned @ part + ridge, turned.sum(axis=2)[:, :, None])
        squares = np.where((solved >= 0).all(axis=(1, 2)), ((part @ solved - 1) ** 2).sum(axis=(1, 2)), np.inf)
        better = np.flatnonzero(squares < errors)
        errors[better], constants[better] = squares[better], 0.0
        constants[better[:, None], np.array(subset)] = solved[better, :, 0]
    return constants, errors


def _powers(exponents: Floats, counts: Floats) -> Floats:
    """Of each point 1, N^-a and P^-b."""
    of_items, of_size = (count**-exponent for count, exponent in zip(counts, exponents, strict=True))
    return np.stack([np.ones_like(of_items), of_items, of_size], axis=-1)
