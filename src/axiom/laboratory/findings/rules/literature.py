"""Does a finding's number agree with one that was published?"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from axiom.domain.headlines.answers import WeighedNumber
from axiom.domain.headlines.numbers import estimate_with_unit, format_interval, interval_in_words


class LiteratureComparison(StrEnum):
    """What an interval says of a published number."""

    AGREES = "agrees with"
    DIFFERS = "differs from"
    UNCLEAR = "cannot tell"


def compare_with_literature(
    published: Mapping[str, Any], low: float | None, high: float | None, smallest: float
) -> LiteratureComparison:
    """Agree: no difference from it that matters is left. Differ: nothing of the interval lies within its own."""
    first, last = published["interval"] or (published["value"], published["value"])
    least, most = -math.inf if low is None else low, math.inf if high is None else high
    if first - smallest <= least and most <= last + smallest:
        return LiteratureComparison.AGREES
    return LiteratureComparison.DIFFERS if most < first or last < least else LiteratureComparison.UNCLEAR


def comparison_in_words(comparison: LiteratureComparison, published: Mapping[str, Any], reference: str) -> str:
    """What is said of the published number, as the end of a sentence; the reference as all read it."""
    number = f"{published['value']:.4g}"
    if published["interval"]:
        number += " [{:.4g}, {:.4g}]".format(*published["interval"])
    relation = "cannot tell whether it agrees with" if comparison is LiteratureComparison.UNCLEAR else comparison
    return f"{relation} the published {number} of {reference}"


def compose_comparison(estimand: Mapping[str, Any], measured: WeighedNumber | None, reference: str, who: str) -> str:
    """What the paper said and what was measured, in the unit of the estimand, and whether the two agree."""
    published = estimand["published"]
    ends = published["interval"] or (None, None)
    theirs = f"{reference} said {estimate_with_unit(estimand, published['value'], *ends)}"
    if measured is None or measured.estimate is None:
        return f"{theirs}; nothing is measured here yet"
    comparison = compare_with_literature(published, measured.low, measured.high, estimand["smallest"])
    relation = "we cannot tell yet" if comparison is LiteratureComparison.UNCLEAR else comparison.split()[0]
    numbers = (measured.estimate, measured.low, measured.high)
    ours = interval_in_words(estimand, *numbers) or "{} [{}, {}]".format(*format_interval(estimand, *numbers))
    return f"{theirs}; {who} {ours}: {relation}"
