"""Proposals that decide between two explanations: the configs at which what they predict lies farthest apart.

Each explanation is a finding about one factor of the same measure. By enumeration over the levels that were tried.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from axiom.domain.estimands import Direction, Kind
from axiom.domain.headlines.names_in_words import name_factor, name_quantity
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.compose_proposal import (
    ProposalDraft,
    change_estimand,
    compose_proposal,
    copy_configs,
    order_by_sign,
)
from axiom.laboratory.proposals.rules.factor_levels import why_configs_refused
from axiom.laboratory.proposals.rules.subject import Axis, Config, Subject, find_axis, means_along_axis
from axiom.limits import proposals as limits

_QUARTER = 0.25  # of what the weaker explanation predicts: an effect that matters

_Course = tuple[tuple[float, float], ...]  # level, mean


def propose_comparison(first: Subject, second: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """One comparison of two configs, of which the two explanations say the most different things."""
    first_axis, second_axis = find_axis(first), find_axis(second)
    if first_axis is None or second_axis is None or not _are_rivals(first, second, first_axis, second_axis):
        return
    courses = means_along_axis(first, first_axis), means_along_axis(second, second_axis)
    if min(map(len, courses)) < 2:
        return
    by_first, by_second = (dict(steps) for steps in courses)
    best = _farthest(courses)
    if best is None:
        return
    (first_high, second_high), (first_low, second_low) = best
    effects = by_first[first_high] - by_first[first_low], by_second[second_high] - by_second[second_low]
    configs = tuple(
        {**first_axis.fixed, first_axis.factor: a, second_axis.factor: b}
        for a, b in ((first_high, second_high), (first_low, second_low))
    )
    exact = tuple(_as_declared(first, config) for config in configs)
    if (
        why_configs_refused(first.manifest, exact)
        or first.prices.of(exact) > limits.DEAREST_DISCRIMINATION * first.seconds
    ):
        return
    yield _drafted(first, second, (first_axis, second_axis), exact, effects, rates)


def _are_rivals(first: Subject, second: Subject, first_axis: Axis, second_axis: Axis) -> bool:
    return (
        first.name == second.name
        and first.number != second.number
        and first.estimand["measure"] == second.estimand["measure"]
        and first_axis.factor != second_axis.factor
        and first.has_effect
        and second.has_effect
        and first.status == second.status == "open"
    )


def _farthest(courses: Sequence[_Course]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Two configs, each a level of both factors, that the explanations order most differently; none if they agree.

    What the two say adds up, so each is asked where it says most: the first for one config, the second for the other.
    """
    first, second = courses
    rise, *for_one = max((high - low, a, c) for (a, high), (c, low) in itertools.permutations(first, 2))
    fall, *for_other = max((high - low, b, d) for (b, low), (d, high) in itertools.permutations(second, 2))
    if rise <= 0 or fall <= 0:
        return None
    return (for_one[0], for_other[0]), (for_one[1], for_other[1])


def _drafted(
    first: Subject,
    second: Subject,
    axes: tuple[Axis, Axis],
    configs: tuple[Config, ...],
    effects: tuple[float, float],
    rates: BaseRates,
) -> Proposal:
    first_axis, second_axis = axes
    worded = first.worded
    measure = name_quantity(worded, first.estimand["measure"])
    factor, other = (name_factor(worded, axis.factor) for axis in axes)
    draft = ProposalDraft(
        template=Template.DISCRIMINATE,
        admission=Admission.QUESTION,
        words=f"{second.number}-{first_axis.factor}-{second_axis.factor}",
        question=f"Which explains {measure}: finding {first.number} or finding {second.number}?",
        reason=f"It is linked to finding {second.number}: {second.answer}. There the two predict {effects[0]:+.3g} and "
        f"{effects[1]:+.3g}, and nowhere among the levels that were tried do they lie farther apart.",
        rival=f"{other} decides, as finding {second.number} says, and the difference is the other way round.",
        outcomes=order_by_sign(
            Direction.MORE,
            f"Where the two disagree {factor} decides: finding {first.number} explains more.",
            f"The two make up for each other: neither {factor} nor {other} explains it alone.",
            f"Where the two disagree {other} decides: finding {second.number} explains more.",
        ),
        configs=copy_configs(configs),
        estimand=_difference(first, configs, _QUARTER * min(map(abs, effects))),
        side=Direction.MORE,
        effect=effects[0] + effects[1],
        links=(second.number,),
    )
    return compose_proposal(first, draft, rates)


def _difference(first: Subject, configs: Sequence[Config], smallest: float) -> dict[str, Any]:
    """The measure in the first config beside that in the second."""
    estimand = change_estimand(
        first.estimand,
        kind=Kind.CONTRAST.value,
        across="",
        between=[dict(config) for config in configs],
        bounds=None,
        null=0.0,
        smallest=smallest,
    )
    return {name: value for name, value in estimand.items() if name not in ("about", "censored", "event")}


def _as_declared(subject: Subject, config: Config) -> dict[str, object]:
    """Whole numbers where the factor counts something."""
    kinds = subject.manifest.factors
    return {
        name: round(level) if kinds[name] == "int" and isinstance(level, float) else level
        for name, level in config.items()
    }
