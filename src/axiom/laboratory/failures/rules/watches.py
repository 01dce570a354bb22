"""Does a result show what a watch waits for? A number that is not there shows nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.failures import Comparison, Watch


def find_watch_hit(watch: Watch, measures: Mapping[str, Any] | None) -> float | None:
    """The value that meets the condition; of a curve, its first one that does. None where there is none."""
    value = None if measures is None else measures.get(watch.measure)
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return next((float(number) for number in values if _is_number(number) and _meets(watch, float(number))), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _meets(watch: Watch, value: float) -> bool:
    match watch.comparison:
        case Comparison.ABOVE:
            return value > watch.threshold
        case Comparison.AT_LEAST:
            return value >= watch.threshold
        case Comparison.BELOW:
            return value < watch.threshold
        case Comparison.AT_MOST:
            return value <= watch.threshold
