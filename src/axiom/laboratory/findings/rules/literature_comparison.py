"""Does a finding's number agree with one that was published?"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from axiom.domain.headlines.finding_sentences import WeighedNumber
from axiom.domain.headlines.numbers import amount_with_unit, estimate_with_unit, tell_interval


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


def compose_comparison(
    estimand: Mapping[str, Any], measured: WeighedNumber | None, reference: str, who: str = "here"
) -> str:
    """What the paper said and what was measured, in the unit of the estimand, and whether the two agree.

    Where they agree although the interval does not hold what the paper said, how nearly they do.
    """
    published = estimand["published"]
    ends = published["interval"] or (None, None)
    number = estimate_with_unit(estimand, published["value"], *ends)
    theirs = f"{reference} said {'that it is 1' if number == 'the same' else number}"
    if measured is None or measured.estimate is None:
        return f"{theirs}; nothing is weighed of it yet"
    numbers, smallest = (measured.estimate, measured.low, measured.high), estimand["smallest"]
    comparison = compare_with_literature(published, *numbers[1:], smallest)
    relation = "we cannot tell yet" if comparison is LiteratureComparison.UNCLEAR else comparison.split()[0]
    is_beside = compare_with_literature(published, *numbers[1:], 0.0) is LiteratureComparison.DIFFERS
    if comparison is LiteratureComparison.AGREES and is_beside:
        relation += f" within {amount_with_unit(estimand, smallest)}"
    return f"{theirs}; {who} {tell_interval(estimand, *numbers)}: {relation}"
