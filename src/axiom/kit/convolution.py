"""Convolution: one small window of weights is moved over the whole image (LeCun et al. 1989).

Images are rows of numbers, as `digits` has them: pixel by pixel, line by line, and for each pixel its channels. The
same functions take NumPy arrays and, inside a compiled program, JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom.kit.models import ACTIVATIONS, Array, Layer, Net, affine, library_of, mlp


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """Each hidden layer convolves, activates, and halves the image; the last layer reads what is left of it."""

    side: int  # pixels of a line of the square image
    window: int = 3  # pixels of a line of the square window, an odd number
    activation: str = "relu"

    def hidden(self, net: Net, x: Array) -> tuple[Array, ...]:
        """The activations of every hidden layer, first to last, after the image was halved."""
        activate, library = ACTIVATIONS[self.activation], library_of(x, net)
        images: Any = x.reshape(len(x), self.side, self.side, -1)
        activations: list[Array] = []
        for layer in net[:-1]:
            images = halved(activate(library, convolved(layer, images, self.window)))
            activations.append(images.reshape(len(x), -1))
        return tuple(activations)

    def outputs(self, net: Net, x: Array) -> Array:
        """What the last layer gives, before any softmax."""
        return affine(net[-1], self.hidden(net, x)[-1])


def convnet(
    rng: np.random.Generator, *, side: int, channels: Sequence[int], classes: int, window: int = 3, gain: float = 2.0
) -> Net:
    """A convolutional network with He's start: `channels` are those of the image, then those of each hidden layer."""
    halvings = len(channels) - 1
    if window % 2 == 0 or halvings < 1 or side % 2**halvings:
        raise ValueError(
            f"an image of {side} x {side} cannot pass {halvings} layers with a window of {window}: each of them halves "
            "it, so take fewer layers or a larger image, at least one layer, and an odd window"
        )
    fan_ins = [*(window**2 * below for below in channels[:-1]), channels[-1] * (side >> halvings) ** 2]
    maps = [mlp(rng, sizes, gain=gain) for sizes in zip(fan_ins, [*channels[1:], classes], strict=True)]
    return tuple(layer for (layer,) in maps)


def convolved(layer: Layer, images: Array, window: int) -> Array:
    """Images of as many pixels, each seen through a window around it. Beyond the border all is 0.

    Images are an array of images, lines, pixels and channels. A layer's weights have a row for each channel of each
    pixel of the window, line by line, and a column for each new channel.
    """
    library, border = library_of(images, (layer,)), window // 2
    count, lines, pixels, _ = images.shape
    framed = library.pad(images, ((0, 0), (border, border), (border, border), (0, 0)))
    shifted = [framed[:, y : y + lines, x : x + pixels] for y in range(window) for x in range(window)]
    seen = library.concatenate(shifted, axis=3).reshape(count * lines * pixels, -1)
    return affine(layer, seen).reshape(count, lines, pixels, -1)


def halved(images: Array) -> Array:
    """Images of half as many lines and pixels: the mean of each square of four."""
    count, lines, pixels, channels = images.shape
    means: Array = images.reshape(count, lines // 2, 2, pixels // 2, 2, channels).mean(axis=(2, 4))
    return means
