"""Inputs made of two attributes, and combinations that are held out (Lake & Baroni 2018, arXiv:1711.00350).

Every level of every attribute is seen in training, and only some combinations of them are not: whoever has understood
the parts can answer for a combination that is new. NumPy alone, so that every host draws the same numbers.
"""

import numpy as np
import numpy.typing as npt

from axiom.kit import side_by_side
from axiom.kit.data import Floats, Labels

Pairs = npt.NDArray[np.int32]
"""Rows of two: the level of the first attribute and the level of the second."""


@side_by_side.drawn_once
def held_out(rng: np.random.Generator, *, levels: int, share: float) -> tuple[Pairs, Pairs]:
    """Split all combinations into those that are seen and those that are new, `share` of them as nearly as possible.

    One combination of each level with a partner of its own is always seen, so no level is new. With a larger share
    more becomes new, and what was new at a smaller one stays so.
    """
    partners, order = rng.permutation(levels), rng.permutation(levels * levels)
    pairs = np.stack(np.divmod(order, levels), axis=1).astype(np.int32)
    is_free = pairs[:, 1] != partners[pairs[:, 0]]
    new = pairs[is_free][: round(share * levels * levels)]
    return _in_order(np.concatenate([pairs[is_free][len(new) :], pairs[~is_free]]), levels), _in_order(new, levels)


@side_by_side.drawn_once
def codes(rng: np.random.Generator, *, levels: int, size: int) -> npt.NDArray[np.float64]:
    """A standard normal code for each level of either attribute: attributes by levels by size."""
    return rng.standard_normal((2, levels, size))


@side_by_side.drawn_once
def examples(
    rng: np.random.Generator, of: npt.NDArray[np.float64], pairs: Pairs, *, copies: int, noise: float
) -> tuple[Floats, Pairs]:
    """So many copies of each combination, and which one each row is: the two codes side by side, in Gaussian noise."""
    shown = np.repeat(pairs, copies, axis=0)
    clean = np.concatenate([of[0][shown[:, 0]], of[1][shown[:, 1]]], axis=1)
    return (clean + noise * rng.standard_normal(clean.shape)).astype(np.float32), shown


def number(pairs: Pairs, *, levels: int) -> Labels:
    """The number of the combination, from 0: a class of its own for each."""
    numbers: Labels = (levels * pairs[:, 0] + pairs[:, 1]).astype(np.int32)
    return numbers


def exclusive_or(pairs: Pairs, *, levels: int) -> Labels:
    """Whether exactly one of the attributes is in the upper half of its levels: neither alone tells anything."""
    upper = pairs >= levels // 2
    differs: Labels = (upper[:, 0] != upper[:, 1]).astype(np.int32)
    return differs


def _in_order(pairs: Pairs, levels: int) -> Pairs:
    return pairs[np.argsort(number(pairs, levels=levels))]
