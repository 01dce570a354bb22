"""What do parts of the values say by themselves? One design, platform, volunteer or host at a time."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence

from axiom_weigh.evidence.choice_of_statistic import Process, Question
from axiom_weigh.evidence.finding_card import PooledDesigns, Stratum
from axiom_weigh.evidence.verdict import estimate_interval, estimate_middle
from axiom_weigh.statistics import pooling
from axiom_weigh.statistics.signed_ranks import Stream
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Home, Observation

_FINEST = 1e-100  # of the largest of all numbers: no design counts as more surely known
_LARGEST = sys.float_info.max

Parts = Mapping[str, Sequence[Observation]]


def designs_of(counted: Sequence[Observation]) -> Parts:
    """The observations of each design."""
    by_design: dict[str, list[Observation]] = {}
    for observation in counted:
        by_design.setdefault(observation.design, []).append(observation)
    return by_design


def places_of(counted: Sequence[Observation], homes: Mapping[int, Home]) -> dict[str, Parts]:
    """The observations of each platform, volunteer and host, by its name.

    A value to which several hosts contributed is each one's; of a missing one the hosts may be unknown.
    """
    by_kind: dict[str, dict[str, list[Observation]]] = {"platform": {}, "volunteer": {}, "host": {}}
    for observation in counted if homes else ():
        places = [homes[host] for host in observation.hosts if host in homes]
        for by, names in (
            ("platform", {*observation.platforms(homes).values()}),
            ("volunteer", {str(home.volunteer_id) for home in places}),
            ("host", {str(home.host_id) for home in places}),
        ):
            for name in names:
                by_kind[by].setdefault(name, []).append(observation)
    return {by: dict(sorted(parts.items(), key=_by_number)) for by, parts in by_kind.items()}


def weigh_stratum(
    question: Question,
    by: str,
    name: str,
    observed: Iterable[Observation],
    *,
    is_bounded: bool = True,
    stream: Stream | None = None,
) -> Stratum:
    """One row of a forest, with its interval, which takes long, if that is wanted. `stream` as of `weigh_values`."""
    values = [observation.value for observation in observed]
    present = [value for value in values if value is not None]
    if is_bounded:
        estimate, low, high = estimate_interval(question, values, stream=stream)
    elif stream:
        estimate, low, high = stream.middle if present else None, None, None
    else:
        estimate, low, high = estimate_middle(question, present) if present else None, None, None
    return Stratum(
        by=by,
        name=name,
        seeds=len(present),
        missing=len(values) - len(present),
        estimate=estimate,
        low=low,
        high=high,
        error=_error(question, present),
        mean=mean_of(present) if present else None,
    )


def known_of(designs: Sequence[Stratum]) -> list[Stratum]:
    """The designs of which it is known where they lie, and how surely: they have two values that differ."""
    return [design for design in designs if design.estimate is not None and design.error]


def pool_designs(designs: Sequence[Stratum]) -> PooledDesigns | None:
    """What all designs say together of what the claim is about: medians, or of a mean means, of a proportion shares.

    None where there are not three of which it is known where they lie and how surely. Unlike the interval of a finding
    it holds for one look, and not for every look at once; so nothing is claimed by it, a verdict can only lose by it.
    """
    comparable = known_of(designs)
    if len(comparable) < 3:
        return None
    middles, errors = [design.estimate or 0.0 for design in comparable], [design.error or 0.0 for design in comparable]
    unit = math.ldexp(1.0, math.frexp(max(*map(abs, middles), *errors))[1] - 1)  # squares of them may not be numbers
    whole = pooling.pool_estimates(
        [middle / unit for middle in middles], [max(error / unit, _FINEST) ** 2 for error in errors]
    )
    ends = (whole.estimate, whole.low, whole.high, whole.prediction_low, whole.prediction_high)
    estimate, low, high, prediction_low, prediction_high = (
        math.nan if end is None else _clamp(end * unit) for end in ends
    )
    return PooledDesigns(
        designs=len(comparable),
        estimate=estimate,
        low=low,
        high=high,
        tau2=_clamp(whole.tau2 * unit * unit),
        i2=whole.i2,
        chance=whole.q_p,
        prediction_low=prediction_low,
        prediction_high=prediction_high,
    )


def _clamp(number: float) -> float:
    """The nearest number to what may be larger than any."""
    return max(-_LARGEST, min(_LARGEST, number))


def _by_number(part: tuple[str, object]) -> tuple[int, str]:
    return (int(part[0]) if part[0].isdigit() else -1), part[0]


def _error(question: Question, present: Sequence[float]) -> float | None:
    """The standard error of the estimate. Of events it is taken with half a success and half a failure more."""
    n = len(present)
    if n < 2:
        return None
    match question.process:
        case Process.BERNOULLI:
            share = (mean_of(present) * n + 0.5) / (n + 1)
            error = math.sqrt(share * (1 - share) / n)
        case Process.BETTING | Process.EVENTS:
            error = deviation_of(present) / math.sqrt(n)
        case _:
            error = pooling.median_error(present)
    return error if math.isfinite(error) else None
