"""Does the verdict rest on somebody? It is weighed again without each volunteer and without each host.

Only the verdict is asked for, and counts decide whether an interval holds a number; so nothing is sorted again, and the
flip e-values of all subsets are computed at once.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.decisions.evidence.method import Process, Question
from axiom.decisions.evidence.verdict import ENOUGH, conclude, event_log_e
from axiom.domain.evidence_cards import Without
from axiom.domain.findings import Home, Observation, Verdict
from axiom.statistics import sequential

_ALPHA = 0.05

_Places = frozenset[int]  # of observations, in their order


def without_each(question: Question, counted: Sequence[Observation], homes: Mapping[int, Home]) -> tuple[Without, ...]:
    """The verdict without the values of each host and of each volunteer, where there are several of them.

    A value to which several contributed is gone without any of them.
    """
    asked = [(by, number, places) for by, parts in _parts(counted, homes).items() for number, places in parts.items()]
    wanted = list(dict.fromkeys(places for _, _, places in asked))  # a volunteer with one host is left out with it
    verdicts = dict(zip(wanted, _verdicts(question, [one.value for one in counted], wanted), strict=True))
    return tuple(Without(by=by, number=number, verdict=verdicts[places]) for by, number, places in asked)


def _parts(counted: Sequence[Observation], homes: Mapping[int, Home]) -> dict[str, dict[int, _Places]]:
    """What goes with each host and each volunteer. Who alone has given values cannot be left out."""
    by_host: dict[int, list[int]] = {}
    for place, one in enumerate(counted):
        for host in one.hosts:
            by_host.setdefault(host, []).append(place)
    hosts = {host: frozenset(places) for host, places in sorted(by_host.items()) if host in homes}
    volunteers: dict[int, _Places] = {}
    for host, places in hosts.items():
        number = homes[host].volunteer_id
        volunteers[number] = volunteers.get(number, frozenset()) | places
    found = {"host": hosts, "volunteer": dict(sorted(volunteers.items()))}
    return {by: _given(counted, parts) for by, parts in found.items()}


def _given(counted: Sequence[Observation], parts: Mapping[int, _Places]) -> dict[int, _Places]:
    """Those who gave values, where they are several."""
    found = {
        number: places for number, places in parts.items() if any(counted[place].value is not None for place in places)
    }
    return found if len(found) > 1 else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Signs:
    """How many values lie where."""

    present: int
    missing: int
    events: int
    above: Mapping[float, int]  # strictly, by the border
    below: Mapping[float, int]


def _verdicts(question: Question, values: Sequence[float | None], left_out: Sequence[_Places]) -> list[Verdict]:
    if question.process is Process.BETTING:
        rests = ([one for place, one in enumerate(values) if place not in gone] for gone in left_out)
        return [conclude(question, rest).verdict for rest in rests]
    flipped = _flipped(question, values, left_out) if question.process is Process.FLIP else None
    signs = _signs(question, values, left_out)
    return [_verdict(question, each, None if flipped is None else flipped[place]) for place, each in enumerate(signs)]


def _flipped(question: Question, values: Sequence[float | None], left_out: Sequence[_Places]) -> list[float]:
    if not left_out:
        return []
    import numpy as np  # a laboratory of one host weighs without it

    from axiom.statistics.subsets import flip_log_es

    kept = np.ones((len(left_out), len(values)), dtype=bool)
    for row, gone in enumerate(left_out):
        kept[row, np.fromiter(gone, dtype=np.intp, count=len(gone))] = False
    found: list[float] = flip_log_es(values, kept, bounds=question.bounds).tolist()
    return found


def _signs(question: Question, values: Sequence[float | None], left_out: Sequence[_Places]) -> list[_Signs]:
    borders = (question.null - question.smallest, question.null, question.null + question.smallest)
    ordered = sorted(value for value in values if value is not None)
    found = []
    for places in left_out:
        gone = sorted([one for place in places if (one := values[place]) is not None])
        present = len(ordered) - len(gone)
        found.append(
            _Signs(
                present=present,
                missing=len(values) - len(places) - present,
                events=_above(ordered, 0.5) - _above(gone, 0.5),
                above={border: _above(ordered, border) - _above(gone, border) for border in borders},
                below={border: bisect_left(ordered, border) - bisect_left(gone, border) for border in borders},
            )
        )
    return found


def _above(ordered: Sequence[float], border: float) -> int:
    return len(ordered) - bisect_right(ordered, border)


def _verdict(question: Question, signs: _Signs, flipped: float | None) -> Verdict:
    """As `concluding` says it of the values themselves."""
    near, null, far = question.null - question.smallest, question.null, question.null + question.smallest
    if not signs.present:
        return Verdict.UNDECIDED
    if _lies_above(question, signs, near) and _lies_below(question, signs, far):
        return Verdict.ABSENT
    if _log_e(question, signs, flipped) < math.log(ENOUGH):
        return Verdict.UNDECIDED
    if _lies_above(question, signs, null):
        return Verdict.POSITIVE
    return Verdict.NEGATIVE if _lies_below(question, signs, null) else Verdict.UNDECIDED


def _log_e(question: Question, signs: _Signs, flipped: float | None) -> float:
    if flipped is not None:
        return flipped
    if question.process is Process.BERNOULLI:
        return event_log_e(signs.events, signs.present, signs.missing, question.null)
    plus, minus, whole = signs.above[question.null], signs.below[question.null], signs.present + signs.missing
    dealt = min(max(plus, whole // 2), whole - minus)  # what has no sign is dealt out as evenly as can be
    return sequential.bernoulli_log_e(dealt, whole, 0.5)


def _lies_above(question: Question, signs: _Signs, border: float) -> bool:
    """Is the lower end of the interval above this border?"""
    if question.bounds is not None and question.bounds[0] > border:
        return True
    if question.process is Process.BERNOULLI:
        return border < 0 or _refuted(signs.above[border], signs, border)
    return signs.above[border] >= sequential.signs_needed(signs.present + signs.missing, _ALPHA)


def _lies_below(question: Question, signs: _Signs, border: float) -> bool:
    """Is the upper end of the interval below this border?"""
    if question.bounds is not None and question.bounds[1] < border:
        return True
    if question.process is Process.BERNOULLI:
        return border > 1 or _refuted(signs.below[border], signs, 1.0 - border)
    return signs.below[border] >= sequential.signs_needed(signs.present + signs.missing, _ALPHA)


def _refuted(successes: int, signs: _Signs, chance: float) -> bool:
    """Do so many speak against a chance as small as this? What is missing counts as none."""
    whole = signs.present + signs.missing
    return successes > whole * chance and sequential.bernoulli_log_e(successes, whole, chance) >= -math.log(_ALPHA)
