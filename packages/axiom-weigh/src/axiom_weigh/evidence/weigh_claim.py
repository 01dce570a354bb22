"""What do the replicates that are back say about a claim? Every step of the weighing leaves its reason.

Observations → sound ones (integrity, clones, one a seed) → those that are believed → statistics → designs → alarms →
verdict → without each host and volunteer → grade → what the next grade needs. All of it follows from the observations
of closed blocks and from what is known beside them; asked again, it says the same.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from axiom_weigh.evidence.choice_of_statistic import Process, Question, pose_question
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks
from axiom_weigh.evidence.counted_values import Sound, select_sound_values
from axiom_weigh.evidence.disagreeing_designs import tell_disagreement, why_further_design_may_differ
from axiom_weigh.evidence.disputed_and_missing_seeds import list_alarms
from axiom_weigh.evidence.each_design import find_open_designs, weigh_each_design
from axiom_weigh.evidence.finding_card import Card, LeaveOneOut, PooledDesigns, Stratum
from axiom_weigh.evidence.grade import grade_evidence
from axiom_weigh.evidence.grade_facts import GradeFacts
from axiom_weigh.evidence.leave_one_out import without_each
from axiom_weigh.evidence.median_or_mean import check_lopsidedness, middle_named, of_mean, of_ties
from axiom_weigh.evidence.outlying_hosts import screen_values
from axiom_weigh.evidence.platforms import ON_ONE_PLATFORM, count_platforms, find_only_platform
from axiom_weigh.evidence.seeds_to_next_grade import count_fewest_seeds, forecast_seeds
from axiom_weigh.evidence.strata import designs_of, known_of, places_of, pool_designs, weigh_stratum
from axiom_weigh.evidence.sure_designs import tell_designs
from axiom_weigh.evidence.verdict import Conclusion, estimate_middle, prepare_ranks, reach_conclusion
from axiom_weigh.values import (
    OUTVOTED,
    Alarm,
    Cohort,
    DesignVerdict,
    Evidence,
    Force,
    Grade,
    Home,
    Observation,
    Surroundings,
    Verdict,
)

__all__ = [
    "Home",
    "Process",
    "ReplicateProgress",
    "form_blocks",
    "make_finding_card",
    "weigh_observations",
]

_NOBODY: Mapping[int, Home] = MappingProxyType({})
_NOTHING_BESIDE = Surroundings()
_GRADES = tuple(Grade)
_THEREFORE = {
    Force.TELLS: "this is told",
    Force.HOLDS_BACK: "no grade above Moderate until it is explained",
    Force.SUSPENDS: "nothing more is computed until somebody has looked",
}


def weigh_observations(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    *,
    blocks: int,
    homes: Mapping[int, Home] = _NOBODY,
    surroundings: Surroundings = _NOTHING_BESIDE,
    raised: Sequence[Alarm] = (),
) -> Evidence:
    """Conclude from the observations of so many closed blocks, given in the order in which they were issued.

    A seed counts once. A missing value counts against every verdict: its bet is lost as badly as any value in its place
    could have lost it, and it makes later ranks the worst that they could be. So no reason for which values are missing
    makes a contrast surer. Of a mean, bets after it are as they are; that holds as long as whether a value is missing
    depends on nothing but the value itself and what came before it.
    """
    facts = _analyse(estimand, observations, blocks, homes, surroundings, raised, with_parts=False)
    return _evidence(facts)


def make_finding_card(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    *,
    blocks: int,
    homes: Mapping[int, Home] = _NOBODY,
    surroundings: Surroundings = _NOTHING_BESIDE,
    raised: Sequence[Alarm] = (),
) -> Card:
    """Return the evidence that `weigh_observations` gives, with all parts of the data beside it."""
    facts = _analyse(estimand, observations, blocks, homes, surroundings, raised, with_parts=True)
    evidence = _evidence(facts)
    others, by_replicates = list[Stratum](), dict[tuple[int, ...], Stratum]()
    for by, named in places_of(facts.sound_values.counted, homes).items():
        for name, part in named.items():
            same = tuple(observation.replicate for observation in part)  # a volunteer with one host is that host
            by_replicates[same] = by_replicates.get(same) or weigh_stratum(facts.question, by, name, part)
            others.append(replace(by_replicates[same], by=by, name=name))
    older, place = facts.sound_values.exploratory, _GRADES.index(evidence.grade) + 1
    return Card(
        evidence=evidence,
        strata=(*facts.designs, *others),
        pooled=facts.together,
        without=facts.without,
        exploratory=weigh_stratum(facts.question, "cohort", Cohort.EXPLORATORY, older) if older else None,
        next_grade=_GRADES[place] if place < len(_GRADES) else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Analysis:
    """Everything that evidence and grade are decided from."""

    question: Question
    sound_values: Sound
    blocks: int
    surroundings: Surroundings
    concluded: Conclusion
    designs: Sequence[Stratum]
    together: PooledDesigns | None
    apart: str  # in what designs disagree
    by_design: tuple[DesignVerdict, ...]
    open_designs: tuple[str, ...]  # of which one look does not show what the verdict says
    homes: Sequence[Home]  # of hosts that gave a value
    platforms: Set[str]  # on which they computed those
    without: tuple[LeaveOneOut, ...]
    raised: tuple[Alarm, ...]


def _analyse(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    blocks: int,
    homes: Mapping[int, Home],
    surroundings: Surroundings,
    raised: Sequence[Alarm],
    *,
    with_parts: bool,
) -> _Analysis:
    sound_values = select_sound_values(pose_question(estimand), observations, blocks)
    sure = screen_values(sound_values.counted, homes, looks=blocks, is_checked=surroundings.is_registered)
    clustered_question = replace(sound_values.question, clustering=sure.clustering)
    counted = sure.counted
    values = [observation.value for observation in counted]
    parts = designs_of(counted)
    whole = prepare_ranks(
        clustered_question, values, [observation.design for observation in counted] if len(parts) > 1 else ()
    )
    concluded = reach_conclusion(clustered_question, values, stream=whole)
    if sound_values.copied and concluded.estimate is not None:
        # It is told of all, since equal values may be honest ones.
        everything = [value for value in values if value is not None]
        concluded = replace(
            concluded, estimate=estimate_middle(clustered_question, [*everything, *sound_values.copied])
        )
    is_bounded = with_parts or concluded.verdict is Verdict.ABSENT  # which asks for each design's interval
    whole = whole if len(parts) == 1 else None  # of a design that is all there is the same is known
    designs = [
        weigh_stratum(clustered_question, "design", name, part, is_bounded=is_bounded, stream=whole)
        for name, part in parts.items()
    ]
    together = pool_designs(designs)
    by_design = weigh_each_design(clustered_question, parts)
    if apart := tell_disagreement(clustered_question, parts, by_design, together):
        concluded = replace(concluded, verdict=Verdict.MIXED)
    is_decided = concluded.verdict not in (Verdict.UNDECIDED, Verdict.MIXED)
    computed = {host for observation in counted if observation.value is not None for host in observation.hosts}
    return _Analysis(
        question=clustered_question,
        sound_values=replace(sound_values, counted=counted, reasons=(*sound_values.reasons, *sure.reasons)),
        blocks=blocks,
        surroundings=surroundings,
        concluded=concluded,
        designs=designs,
        together=together,
        apart=apart,
        by_design=by_design,
        open_designs=find_open_designs(clustered_question, parts, concluded.verdict) if is_decided else (),
        homes=[home for host, home in homes.items() if host in computed],
        platforms={
            platform
            for observation in counted
            if observation.hosts and observation.value is not None
            for platform in observation.platforms(homes).values()
        },
        without=without_each(clustered_question, counted, homes) if is_decided else (),
        raised=(
            *raised,
            *sound_values.alarms,
            *sure.alarms,
            *list_alarms(counted, surroundings.agreements),
            *check_lopsidedness(clustered_question, concluded, [value for value in values if value is not None]),
        ),
    )


def _evidence(seen: _Analysis) -> Evidence:
    concluded, sound_values = seen.concluded, seen.sound_values
    facts = _facts(seen)
    reached, needs = grade_evidence(facts)
    values = [observation.value for observation in sound_values.counted]
    present = [value for value in values if value is not None]
    badges = ["one volunteer"] if facts.volunteers == 1 else []
    badges += [f"{ON_ONE_PLATFORM} {platform}" for platform in find_only_platform(seen.platforms)]
    return Evidence(
        blocks=seen.blocks,
        seeds=facts.seeds,
        missing=len(sound_values.counted) - facts.seeds - len(sound_values.copied),
        clones=len(sound_values.copied),
        estimate=concluded.estimate,
        low=concluded.low,
        high=concluded.high,
        e_value=facts.e_value,
        e_kind=seen.question.process.value,
        e_absent=math.exp(concluded.log_absent),
        verdict=concluded.verdict,
        grade=reached,
        hosts=facts.hosts,
        volunteers=facts.volunteers,
        platforms=facts.platforms,
        designs=sum(design.seeds > 0 for design in seen.designs),
        by_design=seen.by_design,
        needs=needs,
        more=forecast_seeds(
            seen.question,
            present,
            concluded.verdict,
            reached,
            estimate=concluded.estimate,
            counted=len(sound_values.counted),
            unasked=sound_values.unasked,
        ),
        flags=(*(alarm.text for alarm in seen.raised), *badges),
        alarms=seen.raised,
        agreements=seen.surroundings.agreements,
        false_share=seen.surroundings.false_share,
        reasons=(
            *sound_values.reasons,
            concluded.reason,
            middle_named(seen.question.process),
            *filter(None, [of_ties(seen.question, values, concluded.estimate), of_mean(seen.question, values)]),
            *([f"{Verdict.MIXED}: {seen.apart}"] if seen.apart else []),
            *filter(None, [tell_designs(seen.by_design, concluded.verdict)]),
            *(f"{alarm.text}: {_THEREFORE[alarm.force]}" for alarm in seen.raised),
            *facts.leaning,
            _grade_reason(reached, needs),
        ),
    )


def _facts(analysis: _Analysis) -> GradeFacts:
    concluded, agreements = analysis.concluded, analysis.surroundings.agreements
    holding = [alarm for alarm in analysis.raised if alarm.force is not Force.TELLS]
    volunteers, host_ids = (
        {home.volunteer_id for home in analysis.homes},
        {home.host_id for home in analysis.homes},
    )
    return GradeFacts(
        verdict=concluded.verdict,
        seeds=sum(observation.value is not None for observation in analysis.sound_values.counted),
        e_value=math.exp(concluded.log_e),
        fewest=count_fewest_seeds(analysis.question),
        hosts=len(analysis.homes),
        volunteers=len(volunteers),
        platforms=count_platforms(analysis.platforms),
        unnamed=sum(
            observation.value is not None and host_ids.isdisjoint(observation.hosts)
            for observation in analysis.sound_values.counted
        ),
        is_a_stranger_alone=len(volunteers) == 1 and any(home.is_ours is False for home in analysis.homes),
        agreeing=max((agreement.agreed for agreement in agreements), default=0),
        checks=sum(agreement.agreed for agreement in agreements),
        outvoted=sum(observation.why_missing == OUTVOTED for observation in analysis.sound_values.counted),
        leaning=tuple(
            f"without {left_out.by} {left_out.number} the verdict is {left_out.verdict}"
            for left_out in analysis.without
            if left_out.verdict is not concluded.verdict
        ),
        flags=tuple(alarm.text for alarm in holding),
        clones=next((alarm.text for alarm in holding if alarm.kind == "clones"), ""),
        open_designs=analysis.open_designs,
        designs=len(known_of(analysis.designs)),
        across=why_further_design_may_differ(analysis.question, concluded.verdict, analysis.designs, analysis.together),
        elsewhere=sum(agreement.agreed for agreement in agreements if count_platforms(set(agreement.platforms)) > 1),
        false_share=analysis.surroundings.false_share,
        is_registered=analysis.surroundings.is_registered,
    )


def _grade_reason(reached: Grade, needs: Sequence[str]) -> str:
    return f"{reached}; the next grade needs {'; '.join(needs)}" if needs else f"{reached}; there is no grade above it"
