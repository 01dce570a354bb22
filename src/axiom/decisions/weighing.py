"""What do the replicates that are back say about a claim? Every step of the weighing leaves its reason."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from axiom.decisions.grading import Facts, grade
from axiom.domain.findings import Block, Evidence, Grade, Kind, Observation, Verdict
from axiom.statistics import sequential

_ENOUGH = 20.0  # an e-value from which on an effect is claimed: reached by chance once in twenty lifetimes of a finding
_OUTSIDE = "beyond the bounds that were declared"
_BOUNDED = {Kind.PROPORTION: (0.0, 1.0), Kind.RANK_CORRELATION: (-1.0, 1.0)}  # by what they are, declared or not


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """How much of one replicate is back, and whether nothing more of it will come."""

    number: int
    cells: int  # ordered
    back: int  # results with an outcome
    over: bool  # its workunits are closed or its deadline has passed


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Where a result comes from."""

    host_id: int
    volunteer_id: int
    platform: str


class Process(StrEnum):
    """The e-process that weighs a claim."""

    FLIP = "flip"  # the contrast of two arms that are exchangeable under the null is symmetric about 0
    SIGN = "sign"  # half of the values are on either side of the registered null
    BERNOULLI = "bernoulli"  # it happens as often as the registered null says


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    process: Process
    null: float
    smallest: float
    bounds: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conclusion:
    estimate: float | None
    low: float | None
    high: float | None
    log_e: float
    verdict: Verdict
    reason: str


def blocks(returned: Sequence[Returned], size: int) -> tuple[Block, ...]:
    """Put replicates into blocks in the order in which their numbers were issued, and say which blocks are closed.

    A block counts only after all blocks before it: which is back first depends on what was measured, the order of
    issue does not. The caller takes the closed ones from the first on.
    """
    issued = sorted(returned, key=lambda one: one.number)
    return tuple(
        _block(number, issued[start : start + size], size) for number, start in enumerate(range(0, len(issued), size))
    )


def weigh(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    *,
    blocks: int,
    homes: Mapping[int, Home],
    duplicates: tuple[int, int] = (0, 0),
) -> Evidence:
    """Conclude from the observations of so many closed blocks, given in the order in which they were issued.

    `duplicates` is how many of these replicates were computed again, and how many of those agreed. A seed counts once.
    A missing value counts against every verdict: the e-value is the least that any value in its place could have
    given, and the interval is the widest. So what is reported stays below the e-process of the complete data, and a
    value may be missing for whatever reason, also because of what it would have been.
    """
    question = _question(estimand)
    counted, flags, reasons = _counted(question, observations, blocks)
    concluded = _conclude(question, [one.value for one in counted])
    leaning = _leaning(question, counted, homes, concluded.verdict)
    flags += _disagreeing(*duplicates)
    facts = _facts(concluded, counted, homes, agreeing=duplicates[1], leaning=leaning, flags=flags)
    reached, needs = grade(facts)
    return Evidence(
        blocks=blocks,
        seeds=facts.seeds,
        missing=len(counted) - facts.seeds,
        estimate=concluded.estimate,
        low=concluded.low,
        high=concluded.high,
        e_value=facts.e_value,
        e_kind=question.process.value,
        verdict=concluded.verdict,
        grade=reached,
        hosts=facts.hosts,
        volunteers=facts.volunteers,
        platforms=facts.platforms,
        needs=needs,
        flags=(*flags, *(["one volunteer"] if facts.volunteers == 1 else [])),
        reasons=(*reasons, concluded.reason, *leaning, _grade_reason(reached, needs)),
    )


def _block(number: int, members: Sequence[Returned], size: int) -> Block:
    out = sum(not (one.over or one.back >= one.cells) for one in members)
    late = sum(one.over and one.back < one.cells for one in members)
    if len(members) < size:
        reason = f"{len(members)} of {size} replicates are ordered"
    elif out:
        reason = f"{out} of {size} replicates are still out"
    elif late:
        reason = f"{size - late} of {size} replicates are back, and of {late} nothing more will come"
    else:
        reason = f"all {size} replicates are back"
    replicates = tuple(one.number for one in members)
    return Block(number=number, replicates=replicates, closed=len(members) == size and not out, reason=reason)


def _question(estimand: Mapping[str, Any]) -> _Question:
    """Choose the e-process by what can be known of the kind.

    Two arms that are exchangeable under the null make a contrast symmetric about 0, so its values may be flipped. For
    a slope or a rank correlation the same would hold of evenly spaced, exchangeable arms; a registration does not
    promise them, so it is weighed by the signs about its null, as a level is, and as a contrast with a null of its own.
    """
    kind = Kind(estimand["kind"])
    null = float(estimand["null"])
    process = Process.SIGN
    if kind is Kind.PROPORTION:
        process = Process.BERNOULLI
    elif kind is Kind.CONTRAST and null == 0:
        process = Process.FLIP
    bounds = estimand["bounds"] or _BOUNDED.get(kind)
    return _Question(
        process=process,
        null=null,
        smallest=float(estimand["smallest"]),
        bounds=(float(bounds[0]), float(bounds[1])) if bounds else None,
    )


def _counted(
    question: _Question, observations: Sequence[Observation], blocks: int
) -> tuple[list[Observation], list[str], list[str]]:
    """One observation a replicate, the first; what is out of bounds is no value. With flags and reasons."""
    first: dict[int, Observation] = {}
    for one in observations:
        first.setdefault(one.replicate, one)
    flags, reasons = [], [f"{len(first)} replicates of {blocks} closed blocks, in the order in which they were issued"]
    if repeated := len(observations) - len(first):
        reasons.append(f"{repeated} further values of the same seeds are left out: a seed counts once")
    counted = [_bounded(question, one) for one in first.values()]
    if outside := sum(one.why_missing == _OUTSIDE for one in counted):
        flags.append(f"{outside} values lie {_OUTSIDE}")
    if missing := Counter(one.why_missing or "no reason given" for one in counted if one.value is None):
        causes = "; ".join(f"{count} × {why}" for why, count in missing.most_common(3))
        reasons.append(f"{missing.total()} without a value, each counted against every verdict: {causes}")
    return counted, flags, reasons


def _bounded(question: _Question, one: Observation) -> Observation:
    if question.bounds is None or one.value is None or question.bounds[0] <= one.value <= question.bounds[1]:
        return one
    return replace(one, value=None, why_missing=_OUTSIDE)


def _conclude(question: _Question, values: Sequence[float | None]) -> _Conclusion:
    present = [number for number in values if number is not None]
    if question.process is Process.BERNOULLI:
        estimate, low, high, log_e = _share(question, present, len(values) - len(present))
    else:
        estimate = statistics.median(present) if present else None
        low, high = sequential.median_sequence(present, missing=len(values) - len(present))
        log_e = _flipped(question, values) if question.process is Process.FLIP else _signed(question, values)
    if question.bounds is not None:  # a number that lies within bounds has its median there
        low = question.bounds[0] if low is None else low
        high = question.bounds[1] if high is None else high
    verdict, why = _verdict(question, bool(present), low, high, log_e)
    return _Conclusion(
        estimate=estimate,
        low=low,
        high=high,
        log_e=log_e,
        verdict=verdict,
        reason=f"{question.process} e-process about {question.null:.4g}: e = {math.exp(log_e):.4g}; interval "
        f"[{_end(low)}, {_end(high)}]; {verdict}: {why}",
    )


def _flipped(question: _Question, values: Sequence[float | None]) -> float:
    return sequential.flip_log_e(values, bounds=question.bounds)


def _signed(question: _Question, values: Sequence[float | None]) -> float:
    """A missing value has no sign that is known, so it takes the one that speaks less."""
    null = question.null
    return sequential.sign_log_e([0 if one is None else (one > null) - (one < null) for one in values])


def _share(
    question: _Question, present: Sequence[float], missing: int
) -> tuple[float | None, float | None, float | None, float]:
    successes, whole = sum(one > 0.5 for one in present), len(present) + missing
    # The mixture is convex in the successes: the least over all that are possible stays below the one that came true.
    log_e = min(
        sequential.bernoulli_log_e(possible, whole, question.null)
        for possible in range(successes, successes + missing + 1)
    )
    low, high = sequential.share_sequence(successes, len(present), missing=missing)
    return (successes / len(present) if present else None), low, high, log_e


def _verdict(
    question: _Question, has_values: bool, low: float | None, high: float | None, log_e: float
) -> tuple[Verdict, str]:
    null, smallest = question.null, question.smallest
    if not has_values:
        return Verdict.UNDECIDED, "there is no value yet"
    if low is not None and high is not None and null - smallest < low and high < null + smallest:
        return Verdict.ABSENT, f"the interval lies within {smallest:.4g} of {null:.4g}"
    if log_e < math.log(_ENOUGH):
        return Verdict.UNDECIDED, f"e is below {_ENOUGH:.0f}"
    if low is not None and low > null:
        return Verdict.POSITIVE, f"the interval lies above {null:.4g}"
    if high is not None and high < null:
        return Verdict.NEGATIVE, f"the interval lies below {null:.4g}"
    return Verdict.UNDECIDED, f"the interval holds {null:.4g}"


def _leaning(
    question: _Question, counted: Sequence[Observation], homes: Mapping[int, Home], verdict: Verdict
) -> tuple[str, ...]:
    """On whom the verdict rests: the hosts and volunteers without whose values it would be another.

    A value to which several contributed is gone without any of them.
    """
    if verdict is Verdict.UNDECIDED:
        return ()
    found = []
    for what, of in (
        ("host", {host_id: home.host_id for host_id, home in homes.items()}),
        ("volunteer", {host_id: home.volunteer_id for host_id, home in homes.items()}),
    ):
        places = [{of[host_id] for host_id in one.hosts if host_id in of} for one in counted]
        known = sorted(
            {number for at, one in zip(places, counted, strict=True) if one.value is not None for number in at}
        )
        for number in known if len(known) > 1 else []:
            rest = [one.value for one, at in zip(counted, places, strict=True) if number not in at]
            without = _conclude(question, rest).verdict
            if without is not verdict:
                found.append(f"without {what} {number} the verdict is {without}")
    return tuple(found)


def _disagreeing(again: int, agreed: int) -> list[str]:
    return [f"{again - agreed} of {again} duplicates disagree"] if agreed < again else []


def _facts(
    concluded: _Conclusion,
    counted: Sequence[Observation],
    homes: Mapping[int, Home],
    *,
    agreeing: int,
    leaning: tuple[str, ...],
    flags: Sequence[str],
) -> Facts:
    computed = {host_id for one in counted if one.value is not None for host_id in one.hosts}
    places = [home for home in homes.values() if home.host_id in computed]
    return Facts(
        verdict=concluded.verdict,
        seeds=sum(one.value is not None for one in counted),
        e_value=math.exp(concluded.log_e),
        hosts=len(places),
        volunteers=len({place.volunteer_id for place in places}),
        platforms=len({place.platform for place in places}),
        agreeing=agreeing,
        leaning=leaning,
        flags=tuple(flags),
    )


def _grade_reason(reached: Grade, needs: Sequence[str]) -> str:
    return f"{reached}; the next grade needs {'; '.join(needs)}"


def _end(number: float | None) -> str:
    return "unbounded" if number is None else f"{number:.4g}"
