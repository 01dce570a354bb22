"""How sure a sweep is: what is typical in each config, over seeds, with 95 % intervals that say which they are.

A seed counts once. Where a group holds several cells of one seed, they are averaged first: they share their chance, and
counting them apart would make every interval too short. A seed that lacks one of these cells is left out and not
counted, since its average would be of other configs than that of the rest.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.notebook.table import Table
from axiom_weigh.statistics.shares_and_medians import median_of, median_sequence
from axiom_weigh.statistics.student import mean_interval, mean_of

LEVEL = 0.95
_INTERVALS = "t95 of the mean, order95 of the median, sequence95 of the median at every look"


def summarize_results(
    results: Table, *, by: Sequence[str], measures: Sequence[str], groups: Mapping[tuple[Any, ...], int]
) -> Table:
    """A row per group in which something was measured; `groups` says of how many cells per seed each consists."""
    places: dict[tuple[Any, ...], dict[int, list[int]]] = {}
    keys = zip(*(results[name] for name in by), strict=True) if by else iter([()] * len(results))
    for place, (key, seed) in enumerate(zip(keys, results["seed"], strict=True)):
        places.setdefault(key, {}).setdefault(seed, []).append(place)
    measured = [group for group in groups if group in places]
    columns: dict[str, list[Any]] = {name: [group[at] for group in measured] for at, name in enumerate(by)}
    columns["n"] = [len(places[group]) for group in measured]
    types = {name: results.types[name] for name in by} | {"n": ValueType.INT}
    for measure in measures:
        rows = [typical_values(_by_seed(results[measure], places[group], groups[group])) for group in measured]
        for name in TYPICAL:
            columns[f"{measure}_{name}"] = [row[name] for row in rows]
            types[f"{measure}_{name}"] = ValueType.INT if name == "n" else ValueType.FLOAT
    title = f"{results.title}: n counts distinct seeds; intervals hold 95 % ({_INTERVALS})"
    return Table(columns, types, title)


TYPICAL = (
    *("n", "mean", "mean_t95_low", "mean_t95_high"),
    *("median", "median_order95_low", "median_order95_high", "median_sequence95_low", "median_sequence95_high"),
)


def typical_values(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and median with their intervals; None where there are too few values to say."""
    mean = mean_low = mean_high = middle = low = high = None
    if values:
        mean, middle = mean_of(values), median_of(values)
        mean_low, mean_high = mean_interval(values, LEVEL)
        low, high = _order_interval(values)
    numbers = (len(values), mean, mean_low, mean_high, middle, low, high, *median_sequence(values))
    return dict(zip(TYPICAL, numbers, strict=True))


def _by_seed(column: Sequence[Any], seeds: Mapping[int, Sequence[int]], cells: int) -> list[float]:
    averages = []
    for places in seeds.values():
        values = [column[place] for place in places if column[place] is not None]
        if len(values) == cells:
            averages.append(mean_of(values))
    return averages


def _order_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Where the median of all seeds is, whatever the distribution: between two of the values themselves."""
    rank = order_rank(len(values))
    if rank == 0:
        return None, None
    ordered = sorted(values)
    return float(ordered[rank - 1]), float(ordered[-rank])


@functools.lru_cache(maxsize=4096)
def order_rank(amount: int) -> int:
    """The k such that the k-th smallest and the k-th largest enclose the median with 95 %; 0 if none does (n < 6)."""
    below, rank = 0.0, 0
    half = amount * math.log(2)
    while rank < amount:
        ways = math.lgamma(amount + 1) - math.lgamma(rank + 1) - math.lgamma(amount - rank + 1)
        below += math.exp(ways - half)
        if below > (1 - LEVEL) / 2:
            break
        rank += 1
    return rank
