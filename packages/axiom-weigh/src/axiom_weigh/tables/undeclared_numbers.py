"""May numbers be weighed of which nobody said what they are?

Without a declared estimand a column is taken for a contrast: paired differences, symmetric about 0 if there is no
effect. What may be something else would give an effect of nothing there, so it is not weighed, and the sentence says
which words would decide. Differences that are nearly all on one side need such a word too: accuracies, losses and
times look the same.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from axiom_weigh.statistics.asymmetry import FEWEST, long_tail
from axiom_weigh.statistics.equal_values import HARDLY
from axiom_weigh.values import Kind

AS_STARTED = "a row for each seed in the order in which seeds were started, or a column issue that numbers them so"

_DIFFERENCE = "--estimand contrast, if each value is the difference of two arms that are alike without an effect"
_MEDIAN = "--estimand level --null M, to weigh the median against M"
_MEAN = "--estimand mean --null M --bounds LO HI, to weigh the mean, where no value can ever leave LO to HI"
_FEW = 10  # distinct values; of a short column half as many as it has
_LUMP = 1 / 3
_BEYOND_NULL = 0.1  # a smaller share of the values on the other side is nearly none
_FAR, _TOO_FAR = 5.0, 20.0  # spreads from a null that was declared: differences seldom lie so far
_FEW_STEADY = 5  # values, from which on their spread says something
# The spread of values, as a share of how far they lie from the null, below which no seed can have moved them.
_STEADY_DIFFERENCES = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """Why a column is not weighed as a contrast, what would decide, and as what it is shown meanwhile."""

    why: str
    instead: tuple[str, ...]
    shown_as: Kind = Kind.LEVEL
    has_interval: bool = True  # False: not even where the values lie is sure


def doubt_differences(values: Sequence[float], null: float | None = None) -> Doubt | None:
    """What speaks plainly against taking these values for paired differences; a null that is None is not declared."""
    if not values:
        return None
    counts = Counter(values)
    if set(counts) <= {0.0, 1.0}:
        return Doubt(
            why="the values are all 0 or 1, so they are events and no differences",
            instead=("--estimand proportion --null P, where P is the share without an effect",),
            shown_as=Kind.PROPORTION,
        )
    instead = _DIFFERENCE, _MEDIAN, f"{_MEAN} (seen: {min(values):.4g} to {max(values):.4g})"
    if len(counts) <= min(_FEW, len(values) // 2):
        return Doubt(why=f"there are only {len(counts)} distinct values in {len(values)}", instead=instead)
    commonest, times = counts.most_common(1)[0]
    if len(values) >= FEWEST and times > _LUMP * len(values):
        return Doubt(why=f"{times} of {len(values)} values are {commonest:.4g}", instead=instead)
    if len(values) >= FEWEST and (lean := long_tail(values)):
        return Doubt(why=f"the values are plainly asymmetric, with a long tail {lean}", instead=instead)
    if null is None and len(values) >= FEWEST and (lie := _one_side(values)):
        return Doubt(why=f"{lie}, as those of accuracies or losses do, which says nothing", instead=instead)
    if null is not None and _spreads(values, null) >= _TOO_FAR:
        return Doubt(
            why=f"all values lie so far on one side of {null:.4g} that they look like levels, such as accuracies or "
            "losses, and not like differences",
            instead=instead,
        )
    return None


def _one_side(values: Sequence[float]) -> str:
    """That (nearly) all values lie on one side of 0; empty where they do not."""
    beyond = min(sum(number > 0 for number in values), sum(number < 0 for number in values))
    if beyond > _BEYOND_NULL * len(values):
        return ""
    return f"all {f'but {beyond} of ' if beyond else ''}{len(values)} values lie on one side of 0"


def doubt_same_values(values: Sequence[float]) -> Doubt | None:
    """What speaks against values that are all one: their seeds changed nothing, so they are one value."""
    if len(values) < 2 or any(number != values[0] for number in values):
        return None
    return Doubt(
        why=f"all {len(values)} values are {values[0]:.6g}: their seeds changed nothing in them, so they count as one",
        instead=("values that their seeds can change; was the seed used?",),
    )


def doubt_steady_values(values: Sequence[float], null: float, *, are_differences: bool) -> Doubt | None:
    """What speaks against values that hardly differ beside how far they lie from the null: one draw, and noise."""
    if len(values) < _FEW_STEADY or all(number == int(number) for number in values):
        return None
    away, spread = max(abs(number - null) for number in values), max(values) - min(values)
    if not 0.0 < spread < away * (_STEADY_DIFFERENCES if are_differences else HARDLY):
        return None
    return Doubt(
        why=f"all {len(values)} values lie within {spread:.2g} of each other and {away:.2g} from {null:.4g}: one draw "
        "that was repeated with a little noise looks like this",
        instead=("values that their seeds can change; was the seed used?",),
    )


def warn_of_levels(values: Sequence[float], null: float) -> str:
    """A warning about values so far on one side that they may be no differences; empty of others."""
    if _spreads(values, null) < _FAR:
        return ""
    return (
        f"all values lie far on one side of {null:.4g}; if they are levels, such as accuracies, and no differences, "
        f"that says nothing: {_MEDIAN}"
    )


def _spreads(values: Sequence[float], null: float) -> float:
    """How many spreads the values lie away from the null, all on one side; 0 of others and of few."""
    if len(values) < FEWEST or not (min(values) > null or max(values) < null):
        return 0.0
    middle = statistics.median(values)
    away = statistics.median(abs(number - middle) for number in values)
    return abs(middle - null) / away if away else math.inf
