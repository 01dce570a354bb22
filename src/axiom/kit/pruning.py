"""Which weights stay when the small ones go (Han et al. 2015, arXiv:1506.02626). NumPy alone, and biases always stay.

A mask has the layers of a network and is 1 where a weight stays, 0 where it goes. In training, an objective that calls
`pruned` first gives no gradient to what is gone, so it stays gone; `rewound` and training again is the lottery ticket
(Frankle & Carbin 2019, arXiv:1803.03635).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Layer, Net

Mask = Net


def magnitude(net: Net, *, keep: float, within: Mask | None = None, layerwise: bool = False) -> Mask:
    """Keep this share of the weights, the largest: of the whole network's, or of each layer's.

    Of the whole network's weights, a layer may lose nearly all of its own. With a mask to prune `within`, the share is
    of what that mask has kept, so that pruning goes on in rounds. Among equals, the earlier weight stays.
    """
    if not 0.0 <= keep <= 1.0:
        raise ValueError(f"{keep} is no share of the weights: keep a number from 0 to 1")
    eligible = [np.ones(layer.weights.shape, dtype=bool) for layer in net]
    if within is not None:
        eligible = [np.asarray(layer.weights) > 0 for layer in within]
    sizes = [np.abs(np.asarray(layer.weights)) for layer in net]
    if layerwise:
        stays = [_largest(size, old, keep) for size, old in zip(sizes, eligible, strict=True)]
    else:
        flat = _largest(
            np.concatenate([size.ravel() for size in sizes]), np.concatenate([h.ravel() for h in eligible]), keep
        )
        ends = np.cumsum([size.size for size in sizes])[:-1]
        stays = [part.reshape(size.shape) for part, size in zip(np.split(flat, ends), sizes, strict=True)]
    return tuple(
        Layer(weights=stay.astype(np.float32), biases=np.ones(layer.biases.shape, dtype=np.float32))
        for stay, layer in zip(stays, net, strict=True)
    )


def pruned(net: Net, mask: Mask) -> Net:
    """The network without what the mask takes away; also within a compiled objective."""
    return tuple(
        Layer(weights=layer.weights * stays.weights, biases=layer.biases)
        for layer, stays in zip(net, mask, strict=True)
    )


def density(mask: Mask) -> float:
    """The share of all weights that stay."""
    kept = sum(float(np.sum(layer.weights)) for layer in mask)
    return kept / sum(layer.weights.size for layer in mask)


def _largest(sizes: npt.NDArray[np.floating], eligible: npt.NDArray[np.bool_], keep: float) -> npt.NDArray[np.bool_]:
    """Where the largest of those that are held stand: this share of them, to the nearest whole number."""
    ranked = np.where(eligible, sizes, -1.0).ravel()
    order = np.argsort(-ranked, kind="stable")
    stays = np.zeros(ranked.size, dtype=bool)
    stays[order[: round(keep * int(eligible.sum()))]] = True
    return stays.reshape(sizes.shape)
