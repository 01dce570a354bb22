"""How many digits JAX keeps: seven, as usual, or sixteen."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax

SINGLE, DOUBLE = 7, 16


@contextmanager
def digits(kept: int) -> Iterator[type]:
    """Keep so many digits within the block, 7 or 16; the type of a number there."""
    if kept not in (SINGLE, DOUBLE):
        raise ValueError(f"JAX keeps {SINGLE} digits or {DOUBLE}, and not {kept}")
    with jax.enable_x64(kept == DOUBLE):
        yield jax.numpy.float64 if kept == DOUBLE else jax.numpy.float32
