"""The only door to randomness: named streams, so that one draw more in one place moves nothing elsewhere."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from axiom.kit import side_by_side

if TYPE_CHECKING:
    import jax


def stream(seed: int, purpose: str) -> np.random.Generator:
    """For data, initial weights and batch orders: the same integers on every host, whatever the config."""
    words = [seed >> 32, seed & 0xFFFFFFFF, zlib.crc32(purpose.encode())]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def key(seed: int, purpose: str) -> jax.Array:
    """For chance inside an array program (dropout, noise), from all bits: `jax.random.key` keeps the low 32 alone."""
    import jax  # here and not above: a host without AVX cannot load it, and still computes what needs NumPy only

    words = stream(seed, purpose).integers(0, 2**32, size=2, dtype=np.uint32)
    made: jax.Array = jax.random.wrap_key_data(jax.numpy.asarray(words))
    return made


def orders(seed: int, *, items: int, epochs: int) -> npt.NDArray[np.int32]:
    """One shuffled order of the items per epoch; with more epochs, the first ones stay as they were."""
    return _orders(stream(seed, "order"), items, epochs)


@side_by_side.drawn_once
def _orders(rng: np.random.Generator, items: int, epochs: int) -> npt.NDArray[np.int32]:
    return np.stack([rng.permutation(items) for _ in range(epochs)]).astype(np.int32)
