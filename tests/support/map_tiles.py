"""What every map must keep: a deeper tile shows what its parent shows, where no border is near."""

from dataclasses import replace

import numpy as np

from axiom.kit import tiles


def bands(module, config, seed):
    side = module.MAP.pixels
    grid = getattr(module.run(config, seed), module.MAP.measure)
    return tiles.banded(module.MAP, np.frombuffer(grid, np.uint8).reshape(side, side))


def quarter_that_disagrees(module, config, seed, column, row):
    """Which share of the pixels of a quarter is of another band one level deeper, away from the parent's borders."""
    half = module.MAP.pixels // 2
    whole = bands(module, config, seed)
    deeper = bands(module, replace(config, level=1, column=column, row=row), seed)
    around = np.pad(whole, 1, mode="edge")
    near = np.stack([around[up : up + 2 * half, right : right + 2 * half] for up in range(3) for right in range(3)])
    is_far = (near.min(axis=0) == near.max(axis=0))[row * half :, column * half :][:half, :half]
    coarse = whole[row * half :, column * half :][:half, :half]
    assert is_far.sum() > half, "hardly a pixel lies away from a border"
    fine = deeper.reshape(half, 2, half, 2).transpose(0, 2, 1, 3).reshape(half, half, 4)
    return float((fine != coarse[:, :, None]).any(axis=2)[is_far].mean())
