"""Handwritten digits of 8 x 8 pixels: 1,797 images of what thirteen people wrote (Alpaydin & Kaynak 1998).

The test set of "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, doi:10.24432/C50P49, by
E. Alpaydin and C. Kaynak, under CC BY 4.0. The numbers are theirs; `digits.bin` only packs them. It travels in the
bundles of experiments that name this module. NumPy alone.
"""

import zlib
from pathlib import Path

import numpy as np

from axiom.kit.data import Floats, Labels, LearningTask

IMAGES, SIDE, CLASSES = 1_797, 8, 10
_INK = 16  # the darkest pixel


def images() -> tuple[Floats, Labels]:
    """All images as rows of 64 pixels, from 0 for paper to 1 for ink, and the digit of each."""
    raw = zlib.decompress(Path(__file__).with_name("digits.bin").read_bytes())
    labels, pixels = np.split(np.frombuffer(raw, dtype=np.uint8), [IMAGES])
    return (pixels.reshape(IMAGES, SIDE * SIDE) / _INK).astype(np.float32), labels.astype(np.int32)


def task(rng: np.random.Generator, *, train: int, test: int) -> LearningTask:
    """Handwritten digits of 8 x 8 pixels, shuffled: the first `train` are shown, and the last `test` are asked.

    Who are asked does not depend on how many are shown. Each seed splits the images otherwise, so that what is found of
    many seeds is not the peculiarity of one test set.
    """
    if min(train, test) < 1 or train + test > IMAGES:
        raise ValueError(
            f"{train} to learn and {test} to ask of {IMAGES} images: ask for at least one of each, no more"
        )
    order = rng.permutation(IMAGES)
    (x, y), shown, tested = images(), order[:train], order[IMAGES - test :]
    return LearningTask(x_train=x[shown], y_train=y[shown], x_test=x[tested], y_test=y[tested])


def rolled(rng: np.random.Generator, images: Floats, *, far: int) -> Floats:
    """Each image rolled by a lot of its own, at most so many pixels along and down; what leaves comes in opposite."""
    pixels = np.arange(SIDE)
    down, along = rng.integers(-far, far + 1, size=(len(images), 2)).T[..., None]
    places = (pixels - down)[:, :, None] % SIDE * SIDE + (pixels - along)[:, None, :] % SIDE
    return np.take_along_axis(images, places.reshape(len(images), -1), axis=1)
