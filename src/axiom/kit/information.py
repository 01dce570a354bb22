"""What a layer seems to know of its input and of the label, in bits: by even bins, bins of equal shares, or noise.

Without noise a layer knows its input wholly as long as no two inputs meet there. What may fall in training is the
estimate, since it looks through bins or noise (Saxe et al. 2018; Goldfeld et al. 2019, arXiv:1810.05728). Inputs are
all patterns of so many bits, each as likely as any other, so that nothing is left to sampling. NumPy alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from axiom.kit.data import Floats, Labels, LearningTask
from axiom.kit.models import Array, Layer, Net

Ints = npt.NDArray[np.int64]


def rule(rng: np.random.Generator, *, bits: int, degree: int, train: int) -> LearningTask:
    """All patterns of plus and minus ones in an even order; the class is whether a form of degree 1 or 2 is large.

    Large is above its median, so that the classes are about as likely as each other. Patterns that are not for training
    are for testing.
    """
    count = 2**bits
    x = 2.0 * (np.arange(count)[:, None] >> np.arange(bits) & 1) - 1
    factors = rng.standard_normal((bits,) * degree)
    form = x @ factors if degree == 1 else np.sum((x @ factors) * x, axis=1)
    order = rng.permutation(count)
    x32, y = x[order].astype(np.float32), (form > np.median(form))[order].astype(np.int32)
    return LearningTask(x_train=x32[:train], y_train=y[:train], x_test=x32[train:], y_test=y[train:])


def patterns(task: LearningTask) -> tuple[Floats, Labels]:
    """All rows and their labels, those for training first."""
    return np.concatenate([task.x_train, task.x_test]), np.concatenate([task.y_train, task.y_test])


def bare(net: Net) -> list[list[Array]]:
    """The arrays of a network, as what was seen in a training is kept."""
    return [[layer.weights, layer.biases] for layer in net]


def dressed(arrays: Sequence[Sequence[Array]]) -> Net:
    """The network of these arrays."""
    return tuple(Layer(*pair) for pair in arrays)


def even_bins(active: Array, *, low: float, high: float, bins: int) -> Ints:
    """In which of so many evenly wide bins each activation lies; what is beyond an end lies in the last bin there."""
    share = (np.asarray(active, dtype=np.float64) - low) / (high - low)
    return np.clip(np.floor(share * bins), 0, bins - 1).astype(np.int64)


def equal_shares(active: Array, *, bins: int) -> Ints:
    """The same for bins of which each holds as many different values of its neuron (Chelombiev et al. 2019).

    Where the values lie does not matter, only their order: no neuron can seem to forget because it saturates.
    """
    columns = []
    for column in np.asarray(active).T:
        values, place = np.unique(column, return_inverse=True)
        columns.append(place * bins // len(values))
    return np.stack(columns, axis=1).astype(np.int64)


def occupied(binned: Ints) -> Ints:
    """The number of each row's cell, when rows that share all bins share a cell."""
    names: Ints = np.zeros(len(binned), dtype=np.int64)
    for column in binned.T:
        names = np.unique(names * (int(column.max()) + 1) + column, return_inverse=True)[1]
    return names


def entropy(names: npt.NDArray[np.integer]) -> float:
    """Of what is equally often each of these, in bits. Of cells: what a layer tells of its input."""
    shares = np.bincount(names) / len(names)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def of_label(names: Ints, y: Labels) -> float:
    """What the cells tell of the label, in bits: the entropies of both less that of the pair."""
    return entropy(names) + entropy(y) - entropy(occupied(np.stack([names, y.astype(np.int64)], axis=1)))


def through_noise(active: Array, *, noise: float) -> float:
    """What activations with Gaussian noise of this deviation tell of the input, at most (Kolchinsky & Tracey 2017)."""
    rows = np.asarray(active, dtype=np.float32) / np.float32(noise)
    half = np.einsum("ij,ij->i", rows, rows) / 2
    nearness = rows @ rows.T
    nearness -= half
    nearness -= half[:, None]
    np.exp(np.clip(nearness, -80, 0, out=nearness), out=nearness)  # smaller numbers would be slow, and add nothing
    return float(-np.log2(nearness.mean(axis=1), dtype=np.float64).mean())
