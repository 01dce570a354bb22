"""How is a claim weighed? Chosen by what was registered of its estimand, never by the values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from axiom_weigh.values import Kind

_BOUNDED = {Kind.PROPORTION: (0.0, 1.0), Kind.RANK_CORRELATION: (-1.0, 1.0)}  # by what they are, declared or not
_DIFFERENCES_OF_EVENTS = (-1.0, 1.0)
_TRENDS = (Kind.SLOPE, Kind.RANK_CORRELATION)


class Process(StrEnum):
    """The e-process that weighs a claim."""

    RANKS = "signed ranks"  # the contrast of two arms that are exchangeable under the null is symmetric about 0
    SIGN = "sign"  # half of the values are on either side of the registered null
    EVENTS = "event differences"  # what happens or not does so as often in both arms: the mean difference is 0
    BERNOULLI = "bernoulli"  # it happens as often as the registered null says
    BETTING = "betting"  # the mean of values within bounds is the registered null

    @property
    def compares_arms(self) -> bool:
        """Is it of differences, of which each side is weighed by itself?"""
        return self in (Process.RANKS, Process.EVENTS)

    @property
    def is_of_events(self) -> bool:
        """Is it of what happens or not, whose values are few and equal by nature?"""
        return self in (Process.BERNOULLI, Process.EVENTS)


_LEAST_ALPHA = 1e-300  # at which no process tells an end any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of the values."""

    process: Process
    null: float
    smallest: float
    bounds: tuple[float, float] | None  # None for a mean: it has none that are true, so nothing can be said of it
    censored: float | None  # what a replicate counts as that was stopped at its time limit
    clustering: float = 1.0  # as many values tell as much as one that is independent of all others
    within: tuple[float, float] | None = None  # where values lie by what they are, though none was declared
    alpha: float = 0.05  # how often a verdict or an interval may ever be wrong

    @property
    def alpha_of_an_end(self) -> float:
        """How often an end of the interval may be wrong where values cluster; never so rarely that it rounds to 0."""
        halves = 2.0 if self.process.compares_arms else 1.0  # of which each side is taken to the root by itself
        return max(halves * math.pow(self.alpha / halves, self.clustering), _LEAST_ALPHA)


def pose_question(estimand: Mapping[str, Any]) -> Question:
    """Choose the e-process by what can be known of the kind.

    Two arms that are exchangeable under the null make a contrast symmetric about 0: its sign is a fair coin. The same
    holds of a slope or a rank correlation whose registration promises evenly spaced, exchangeable arms; without that
    promise it is weighed by the signs about its null, as a level is, and as a contrast with a null of its own.

    Of a measure that is true or false most differences are 0, and then so is their typical value, however much oftener
    one arm has it. So of a measure that its file declares as such, or of which a table has nothing but 0 and 1, it is
    the mean difference that is asked about, and bounds are known.

    Which of two such arms was stopped at its time limit is not known. A value for it that lies beside the null would
    favour a side, and the null itself would make large effects small enough to be called absent: no value is taken, and
    what was stopped is missing. So it is where those alone are asked that still waited after some time: one that was
    stopped may have been over before. As a missing one it takes the value that speaks less, which says no more than
    leaving it out would.
    """
    kind = Kind(estimand["kind"])
    null = float(estimand["null"])
    bounds = estimand["bounds"] or _BOUNDED.get(kind)
    process, censored = _process(estimand, kind, null), estimand.get("censored")
    if is_symmetric(estimand) or asks_those_that_waited(estimand):
        censored = None
    if process is Process.EVENTS:
        bounds = _DIFFERENCES_OF_EVENTS
    if process is Process.BETTING and bounds and not _hold_values(bounds):
        bounds = None
    return Question(
        process=process,
        null=null,
        smallest=float(estimand["smallest"]),
        bounds=(float(bounds[0]), float(bounds[1])) if bounds else None,
        censored=None if censored is None else float(censored),
        within=tuple(estimand["within"]) if estimand.get("within") else None,
        alpha=float(estimand.get("alpha", 0.05)),
    )


def _process(estimand: Mapping[str, Any], kind: Kind, null: float) -> Process:
    if kind is Kind.PROPORTION:
        return Process.BERNOULLI
    if estimand.get("about") == "mean":
        if not estimand["bounds"]:
            raise ValueError("a mean is weighed within bounds alone, and none are declared: declare them, or a median")
        return Process.BETTING
    if not is_symmetric(estimand) or null != 0:
        return Process.SIGN
    return Process.EVENTS if compares_events(estimand) else Process.RANKS


def compares_events(estimand: Mapping[str, Any]) -> bool:
    """Is it how much oftener something happens in one of two arms? Of such differences only the mean tells."""
    return bool(estimand.get("is_event")) and Kind(estimand["kind"]) is Kind.CONTRAST and not estimand["null"]


def is_symmetric(estimand: Mapping[str, Any]) -> bool:
    """Are its arms alike under the null?"""
    kind = Kind(estimand["kind"])
    return kind is Kind.CONTRAST or (kind in _TRENDS and bool(estimand.get("exchangeable", False)))


def asks_those_that_waited(estimand: Mapping[str, Any]) -> bool:
    """Is it asked of an event after some time, and so of a part of the replicates?"""
    event = estimand.get("event")
    return event is not None and event["after"] > 0.0


def _hold_values(bounds: Sequence[float]) -> bool:
    """Are there numbers between them, and a distance?"""
    return bounds[0] < bounds[1] and math.isfinite(float(bounds[1]) - float(bounds[0]))
