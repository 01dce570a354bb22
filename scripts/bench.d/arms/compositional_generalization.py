"""Whether networks understand parts or combinations, by hand: all three read-outs."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched, cross_entropy
from axiom.catalogue.compositional_generalization import COPIES, SIZE, TEST_COPIES
from axiom.kit import attributes, chance, models

Array = npt.NDArray[Any]

CELLS: list[dict[str, Any]] = [
    {"readout": readout, "width": width} for readout in ("number", "xor", "heads") for width in (16, 32, 64, 128, 256)
]
WARM = {"epochs": 20}
APART = {"seen_accuracy": 0.02, "new_accuracy": 0.05}
LEVELS, CHOICES = 6, {"number": (36,), "xor": (2,), "heads": (6, 6)}  # answers that each head can give


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, readout: str, width: int, lr: float = 0.1, epochs: int = 200
) -> dict[str, float]:
    """One cell."""
    seen, new = attributes.held_out(chance.stream(seed, "split"), levels=LEVELS, share=0.4)
    codes = attributes.codes(chance.stream(seed, "codes"), levels=LEVELS, size=SIZE)
    sets = [
        attributes.examples(chance.stream(seed, purpose), codes, pairs, copies=copies, noise=0.3)
        for purpose, pairs, copies in (("train", seen, COPIES), ("seen", seen, TEST_COPIES), ("new", new, TEST_COPIES))
    ]
    (x, y), (x_seen, y_seen), (x_new, y_new) = ((x.astype(dtype), answers(readout, pairs)) for x, pairs in sets)
    choices = CHOICES[readout]
    targets = np.concatenate([np.eye(size, dtype=dtype)[y[:, head]] for head, size in enumerate(choices)], axis=1)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (2 * SIZE, width, width, sum(choices))), dtype)
    for done, order in enumerate(chance.orders(seed, items=len(x), epochs=epochs), start=1):
        for items in batched(order, 32):
            net.step(x[items], partial(blame, targets=targets[items], heads=len(choices)), lr)
        if done % 20 == 0:
            right(net, x, y)
    return {"seen_accuracy": right(net, x_seen, y_seen), "new_accuracy": right(net, x_new, y_new)}


def answers(readout: str, pairs: attributes.Pairs) -> Array:
    """What is right for each combination, one column for each head."""
    if readout == "heads":
        return pairs
    ask = attributes.number if readout == "number" else attributes.exclusive_or
    return ask(pairs, levels=LEVELS)[:, None]


def blame(outputs: Array, targets: Array, heads: int) -> Array:
    """The slope of the sum of the heads' cross-entropies; the outputs are used up."""
    for part, wanted in zip(np.split(outputs, heads, axis=1), np.split(targets, heads, axis=1), strict=True):
        cross_entropy(part, wanted)
    return outputs


def right(net: Mlp, x: Array, y: Array) -> float:
    """The share of rows for which every head's strongest output is the right one."""
    parts = np.split(net.outputs(x), y.shape[1], axis=1)
    return float(np.mean(np.all(np.stack([part.argmax(axis=1) for part in parts], axis=1) == y, axis=1)))
