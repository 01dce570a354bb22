"""Which neuron of one network is which of another: a network computes the same whatever the order of its neurons.

Two networks that were trained from different starts are compared after their hidden neurons were put in the order that
brings their weights nearest (weight matching: Ainsworth et al. 2023, arXiv:2209.04836). NumPy alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from axiom.kit.models import Layer, Net

Order = npt.NDArray[np.intp]

_ROUNDS = 100  # a round that changes anything makes the overlap larger, so this many are never needed


def assignment(gains: npt.NDArray[np.floating]) -> Order:
    """The column of each row, all different, for which the gains add up to the most.

    Shortest augmenting paths, in a time of rows cubed at worst (Kuhn 1955; Jonker & Volgenant 1987). Gains that are no
    real numbers are a ValueError: among them no path would end.
    """
    if not np.isfinite(gains).all():
        raise ValueError("a gain is not a real number, so nothing is the best assignment: did a network diverge?")
    costs = float(np.max(gains)) - np.asarray(gains, dtype=np.float64)
    column_price = costs.min(axis=0)
    row_price = (costs - column_price).min(axis=1)
    column_of, row_of = (np.full(len(costs), -1, dtype=np.intp) for _ in range(2))
    for row, column in enumerate((costs - column_price).argmin(axis=1).tolist()):
        if row_of[column] < 0:  # nobody else is as cheap here, so most rows are served at once
            row_of[column], column_of[row] = row, column
    for row in np.flatnonzero(column_of < 0).tolist():
        _augment(row, costs, row_price, column_price, column_of, row_of)
    return column_of


def _augment(
    row: int,
    costs: npt.NDArray[np.float64],
    row_price: npt.NDArray[np.float64],
    column_price: npt.NDArray[np.float64],
    column_of: Order,
    row_of: Order,
) -> None:
    """Give the row a column by the cheapest chain of exchanges, in place, and set the prices that prove it cheapest."""
    reach, before = np.full(len(costs), np.inf), np.zeros(len(costs), dtype=np.intp)
    left = np.zeros(len(costs))  # infinite where a column is settled
    here, low, settled = row, 0.0, list[int]()
    while True:
        through = low + costs[here] - row_price[here] - column_price
        is_nearer = (through < reach) & (left == 0)
        reach[is_nearer], before[is_nearer] = through[is_nearer], here
        column = int(np.argmin(reach + left))
        low = float(reach[column])
        if row_of[column] < 0:
            break
        settled.append(column)
        left[column] = np.inf
        here = int(row_of[column])

    slack = low - reach[settled]
    row_price[row] += low
    row_price[row_of[settled]] += slack
    column_price[settled] -= slack
    while True:
        giver = int(before[column])
        row_of[column] = giver
        column_of[giver], column = column, int(column_of[giver])
        if giver == row:
            return


def permuted(net: Net, orders: Sequence[Order]) -> Net:
    """The same function with the neurons of each hidden layer in this order: place i has neuron `order[i]`."""
    below: list[Order | slice] = [slice(None), *orders]
    above: list[Order | slice] = [*orders, slice(None)]
    return tuple(
        Layer(weights=np.asarray(layer.weights)[rows][:, columns], biases=np.asarray(layer.biases)[columns])
        for layer, rows, columns in zip(net, below, above, strict=True)
    )


def matched(first: Net, second: Net) -> Net:
    """The second network, its hidden neurons in an order that brings its weights as near to the first's as found.

    One layer after the other gets its best order while the others keep theirs, until none changes: a local optimum, as
    the best of all orders is hard to find.
    """
    orders = [np.arange(len(layer.biases)) for layer in first[:-1]]
    for _ in range(_ROUNDS):
        is_over = True
        for place in range(len(orders)):
            gains = _overlaps(first, permuted(second, orders), place)
            change = assignment(gains)
            better = gains[np.arange(len(change)), change].sum()
            if better > np.trace(gains) + 1e-9 * np.abs(gains).sum():  # and not by rounding
                orders[place], is_over = orders[place][change], False
        if is_over:
            break
    return permuted(second, orders)


def overlap(first: Net, second: Net) -> float:
    """The sum of products of all weights and biases of the two: what matching makes large."""
    pairs = [pair for layers in zip(first, second, strict=True) for pair in zip(*layers, strict=True)]
    return float(sum(np.vdot(np.asarray(array, np.float64), np.asarray(other, np.float64)) for array, other in pairs))


def _overlaps(first: Net, second: Net, place: int) -> npt.NDArray[np.float64]:
    """What the overlap gains of a hidden layer's neuron i of the first with neuron j of the second in its place."""
    (below, bias), (above, _) = (
        tuple(np.asarray(array, dtype=np.float64) for array in first[number]) for number in (place, place + 1)
    )
    (below_2, bias_2), (above_2, _) = (
        tuple(np.asarray(array, dtype=np.float64) for array in second[number]) for number in (place, place + 1)
    )
    gains: npt.NDArray[np.float64] = below.T @ below_2 + np.outer(bias, bias_2) + above @ above_2.T
    return gains
