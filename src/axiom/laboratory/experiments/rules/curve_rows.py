"""The rows of a curve from measured lists: which measure is one, which configs are drawn, and the median of each place.

A list that ends early, as that of a training that diverged, counts at the places that it has. A curve ends where fewer
than half of its repetitions have a value: the rest would show a few of them alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.declaration import Measure, ValueType
from axiom.limits import figures as limits
from axiom_weigh.figures.palette import SERIES
from axiom_weigh.figures.picture_data import BETWEEN, Curve, CurveSeries, series_of
from axiom_weigh.figures.scales import format_value, pick_evenly
from axiom_weigh.statistics.shares_and_medians import median_of

_BY = "_by_"


def choose_curve_measure(measures: Sequence[Measure]) -> str | None:
    """Return the first measure that is a list and whose name says along what, as `accuracy_by_epoch` does."""
    lists = (ValueType.INTS, ValueType.FLOATS)
    return next(
        (measure.name for measure in measures if measure.type in lists and _BY in measure.name.strip("_")), None
    )


def compose_median_curve(
    name: str, measure: str, configs: Sequence[Mapping[str, Any]], lists: Mapping[int, Sequence[Sequence[float]]]
) -> Curve | None:
    """Return the curve of a measure over the lists of each config, which `lists` has by its place in the sweep."""
    medians = {place: _medians(series) for place, series in sorted(lists.items()) if place < len(configs)}
    drawn = [place for place, series in medians.items() if series]
    if max((len(medians[place]) for place in drawn), default=0) < 2:
        return None
    shown = pick_evenly(drawn, len(SERIES))
    varying = [factor for factor in configs[shown[0]] if len({repr(configs[place][factor]) for place in shown}) > 1]
    y, _, x = measure.rpartition(_BY)
    return Curve(
        name=name,
        title=f"{y} by {x}".replace("_", " "),
        x=x,
        y=y,
        by=BETWEEN.join(varying),
        configs=len(drawn),
        series=tuple(_series(_label(configs[place], varying), len(lists[place]), medians[place]) for place in shown),
    )


def _medians(lists: Sequence[Sequence[float]]) -> list[float]:
    """The median at each place, up to the last that half of the lists have."""
    lengths = sorted(map(len, lists), reverse=True)
    most = lengths[(len(lengths) + 1) // 2 - 1] if lengths else 0
    return [median_of([series[place] for series in lists if len(series) > place]) for place in range(most)]


def _label(config: Mapping[str, Any], varying: Sequence[str]) -> str:
    level = series_of([config[factor] for factor in varying])
    return "" if level is None else format_value(level)


def _series(name: str, repetitions: int, medians: Sequence[float]) -> CurveSeries:
    places = pick_evenly(range(len(medians)), limits.CURVE_PLACES)
    return CurveSeries(
        name=name,
        repetitions=repetitions,
        places=tuple(place + 1 for place in places),
        medians=tuple(medians[place] for place in places),
    )
