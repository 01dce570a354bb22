"""Proposals that ask what a finding says of other configs: elsewhere, in between, at the ends, and without its cause.

All of them lie within what the file declares, so none needs new code.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from axiom.domain.estimands import Direction, Kind
from axiom.domain.headlines.names_in_words import name_factor, name_levels, name_quantity
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.domain.registrations import Rule, StoppingRule
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.compose_proposal import (
    ProposalDraft,
    change_estimand,
    compose_proposal,
    copy_configs,
    order_by_sign,
    round_up_to_blocks,
)
from axiom.laboratory.proposals.rules.factor_levels import (
    halfway_level,
    has_range,
    level_as_number,
    levels_between,
    other_levels,
    range_ends,
    why_configs_refused,
    with_level,
)
from axiom.laboratory.proposals.rules.subject import TRENDS, Axis, Config, Subject, find_axis, means_along_axis
from axiom.laboratory.registrations.rules.acceptable_claims import estimand_fault, is_another_design
from axiom.limits import proposals as proposal_limits
from axiom.limits import registrations as registration_limits
from axiom_weigh.statistics.estimand_arithmetic import why_not_concluded
from axiom_weigh.values import Grade, Verdict

_FEWEST = 4  # levels of a trend
_GRID = 5  # levels where a measure changed most
_CLOSEST = 1.1  # nothing finer is asked than levels of which one is so many times the other
_SIDES = 2  # levels of a factor that is crossed with another: the nearest at which a claim may be asked again
_WALK = 4  # steps back from an end that is too dear
_RANKS_THAT_MATTER = 0.3  # of a rank correlation, as the catalogue has it
_CLEAR_RANKS = 0.8


def propose_extensions(subject: Subject, rates: BaseRates, moving: Collection[str] = ()) -> Iterator[Proposal]:
    """Everything that may be asked of other configs, now that the finding has come to an end.

    `moving`: factors that are known to move its measure, by whichever finding.
    """
    if subject.status != "open" or not (subject.is_settled or subject.has_ended):
        return
    if subject.failed_share > proposal_limits.FAILED_SHARE:
        return
    along = find_axis(subject)
    yield from _generalise(subject, rates)
    if subject.depth >= proposal_limits.DEEPEST:
        return
    if along is not None:
        yield from _dose(subject, along, rates)
        yield from _extremes(subject, along, rates)
        yield from _widen(subject, along, rates)
    yield from _intervention(subject, rates)
    yield from _cross(subject, rates, moving)


def _generalise(subject: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """The same claim where a factor that it leaves open is at another level: of each factor one at a time.

    What was refused keeps nobody waiting: it follows as before, and the next level or factor has its turn beside it.
    """
    if not subject.has_effect or subject.feeders >= proposal_limits.DESIGNS:
        return
    waiting = 0
    for factor in _open_factors(subject):
        for proposal in _at_other_levels(subject, factor, rates):
            yield proposal
            if proposal.slug not in subject.decided:
                waiting += 1
                break
        if waiting == proposal_limits.DESIGNS_OPEN:
            return


def _open_factors(subject: Subject) -> list[str]:
    """The factors that its claim leaves open, and that stay as they are in all that it compares."""
    return [
        factor
        for factor in subject.manifest.factors
        if factor not in subject.named and len({str(config[factor]) for config in subject.needed}) == 1
    ]


def _at_other_levels(subject: Subject, factor: str, rates: BaseRates) -> Iterator[Proposal]:
    """The same claim with this factor at each other level at which no design has asked it."""
    configs = subject.needed
    for level in other_levels(subject.manifest, factor, configs[0][factor]):
        moved = with_level(configs, factor, level)
        is_new = is_another_design(subject.estimand, moved, subject.designs)
        if is_new and _may_be_asked(subject, subject.estimand, moved):
            yield _elsewhere(subject, {factor: level}, moved, rates)


def _elsewhere(subject: Subject, where: Mapping[str, object], configs: Sequence[Config], rates: BaseRates) -> Proposal:
    words = name_levels(subject.worded, where)
    draft = ProposalDraft(
        template=Template.GENERALISE,
        admission=Admission.DESIGN,
        words=words,
        question=f"Does finding {subject.number} hold with {words}, too?",
        reason="Its claim leaves that open, and no design has asked it there.",
        rival=f"It holds only near the levels at which it was found, and {words} is another place.",
        outcomes=order_by_sign(
            subject.side,
            f"Finding {subject.number} holds more generally: one design more says so.",
            f"Finding {subject.number} does not reach as far as {words}; its designs disagree.",
            f"With {words} it is the other way round, and what decides between the two is the next question.",
        ),
        configs=copy_configs(configs),
        where=where,
        stopping=StoppingRule(
            rule=Rule.FIXED, replicates=round_up_to_blocks(subject, registration_limits.SETTLED_AFTER)
        ),
        effect=subject.effect,
    )
    return compose_proposal(subject, draft, rates)


def _dose(subject: Subject, along: Axis, rates: BaseRates) -> Iterator[Proposal]:
    """A finer grid between the two neighbouring levels at which the measure changed most."""
    points = [point for point in means_along_axis(subject, along) if along.levels[0] <= point[0] <= along.levels[-1]]
    if not subject.has_effect or len(points) < 2:
        return
    low, high = max(itertools.pairwise(points), key=lambda pair: abs(pair[1][1] - pair[0][1]))
    grid = levels_between(subject.manifest, along.factor, (low[0], high[0]), _GRID)
    if high[1] == low[1] or len(grid) < 3 or (low[0] > 0 and high[0] / low[0] < _CLOSEST):
        return
    worded, factor = subject.worded, along.factor
    measure = name_quantity(worded, subject.estimand["measure"])
    side = Direction.MORE if high[1] > low[1] else Direction.LESS
    where = " and ".join(name_levels(worded, {factor: level}) for level in (grid[0], grid[-1]))
    draft = ProposalDraft(
        template=Template.DOSE,
        admission=Admission.QUESTION,
        words=f"{factor}-{grid[0]:g}-{grid[-1]:g}",
        question=f"How does {measure} change between {where}?",
        reason=f"Between no other neighbouring levels did it change more: from {low[1]:.4g} to {high[1]:.4g}.",
        rival="It jumps somewhere in between, or the two ends differ by chance, and there is no course.",
        outcomes=order_by_sign(
            side,
            f"The effect of finding {subject.number} comes by degrees; its steepest part can be narrowed down further.",
            f"In between nothing happens by degrees: the effect of finding {subject.number} is a jump or was none.",
            f"Between these levels it goes the other way, so finding {subject.number} hides a turn.",
        ),
        configs=copy_configs([{**along.fixed, factor: level} for level in grid]),
        estimand=_step_by_step(subject, along),
        side=side,
        effect=_CLEAR_RANKS if side is Direction.MORE else -_CLEAR_RANKS,
    )
    yield from _checked(subject, draft, rates)


def _step_by_step(subject: Subject, along: Axis) -> dict[str, Any]:
    """The measure rises or falls with the factor over the whole grid."""
    estimand = change_estimand(
        subject.estimand,
        kind=Kind.RANK_CORRELATION.value,
        across=along.factor,
        between=[_told_levels(subject, along)],
        bounds=None,
        null=0.0,
        smallest=_RANKS_THAT_MATTER,
        exchangeable=True,
    )
    return {name: value for name, value in estimand.items() if name not in ("about", "censored")}


def _extremes(subject: Subject, along: Axis, rates: BaseRates) -> Iterator[Proposal]:
    """The same comparison between the ends of the declared range, or as far towards them as is not too dear."""
    is_looked_for = subject.has_effect or subject.evidence.verdict is Verdict.ABSENT
    ends = _affordable(subject, along) if is_looked_for else None
    if ends is None:
        return
    low, high = ends
    factor = name_factor(subject.worded, along.factor)
    where = f"{factor} from {low:g} to {high:g}"
    levels, arms = _to_the_ends(subject, along, ends)
    is_whole = ends == subject.manifest.ranges[along.factor]
    where_asked, far = ("the ends", "to the ends of the range") if is_whole else ("these levels", f"over {where}")
    draft = ProposalDraft(
        template=Template.EXTREMES,
        admission=Admission.QUESTION,
        words=f"{along.factor}-{low:g}-{high:g}",
        kind="extremes" if subject.has_effect else "extremes of none",
        question=f"What becomes of finding {subject.number} with {where}?",
        reason=f"It was asked for {factor} from {along.levels[0]:g} to {along.levels[-1]:g} alone.",
        rival="Beyond the levels that were tried something else takes over.",
        outcomes=order_by_sign(
            subject.side,
            f"Finding {subject.number} reaches {far}."
            if subject.has_effect
            else f"There is an effect after all, at levels that finding {subject.number} did not try.",
            f"At {where_asked} there is nothing to see of finding {subject.number}.",
            f"At {where_asked} it is the other way round: there is a turn on the way, and where it is comes next.",
        ),
        configs=copy_configs([{**along.fixed, along.factor: level} for level in levels]),
        estimand=change_estimand(subject.estimand, between=arms),
        effect=subject.effect,
    )
    yield from _checked(subject, draft, rates)


def _to_the_ends(
    subject: Subject, along: Axis, ends: tuple[float, float]
) -> tuple[tuple[float, ...], list[dict[str, object]]]:
    """The levels of a trend from end to end, or the two arms of a contrast, each on the side on which it was."""
    low, high = ends
    if subject.kind in TRENDS:
        amount = max(_FEWEST, min(_GRID, len(along.levels)))
        return levels_between(subject.manifest, along.factor, ends, amount), [_told_levels(subject, along)]
    is_first_high = level_as_number(along.first[along.factor]) > level_as_number(along.second[along.factor])
    arms = (high, low) if is_first_high else (low, high)
    return (low, high), [{**_told_levels(subject, along), along.factor: level} for level in arms]


def _told_levels(subject: Subject, along: Axis) -> dict[str, object]:
    """The levels that tell its configs from those of other designs: what only the file's controls move is left out."""
    manifest = subject.manifest
    return {
        factor: level
        for factor, level in along.fixed.items()
        if factor in subject.named
        or factor in manifest.ranges
        or any(config[factor] != level for config in manifest.configs)
    }


def _affordable(subject: Subject, along: Axis) -> tuple[float, float] | None:
    """The ends of the range; one that makes a replicate too dear comes nearer, and none where nothing is new then."""
    tested, manifest = (along.levels[0], along.levels[-1]), subject.manifest
    low, high = range_ends(manifest, along.factor, along.levels)
    for _ in range(_WALK):
        if low >= tested[0] and high <= tested[1]:
            return None
        costs = [subject.prices.of([{**along.fixed, along.factor: level}]) for level in (low, high)]
        if sum(costs) <= proposal_limits.DEAREST_EXTENSION * subject.seconds:
            return low, high
        if costs[1] >= costs[0]:
            high = halfway_level(manifest, along.factor, high, tested[1])
        else:
            low = halfway_level(manifest, along.factor, low, tested[0])
    return None


def _widen(subject: Subject, along: Axis, rates: BaseRates) -> Iterator[Proposal]:
    """Does the course go on beyond the levels that were tried, on either side, up to the end of the range?"""
    points = [point for point in means_along_axis(subject, along) if along.levels[0] <= point[0] <= along.levels[-1]]
    if not subject.has_effect or len(points) < 2 or points[0][1] == points[-1][1]:
        return
    side = Direction.MORE if points[-1][1] > points[0][1] else Direction.LESS
    low, high = range_ends(subject.manifest, along.factor, along.levels)
    factor = name_factor(subject.worded, along.factor)
    measure = name_quantity(subject.worded, subject.estimand["measure"])
    moves = "rises" if side is Direction.MORE else "falls"
    for edge, end in ((along.levels[-1], high), (along.levels[0], low)):
        grid = _steps_to_the_end(subject, along, edge, end)
        if len(grid) < _FEWEST:
            continue
        where = f"{factor} from {grid[0]:g} to {grid[-1]:g}"
        draft = ProposalDraft(
            template=Template.WIDEN,
            admission=Admission.QUESTION,
            words=f"{along.factor}-{grid[0]:g}-{grid[-1]:g}",
            question=f"How does {measure} go on with {where}?",
            reason=f"Among the levels that were tried it {moves} with {factor}, and these lie beyond.",
            rival="It levels off beyond the levels that were tried, or turns.",
            outcomes=order_by_sign(
                side,
                f"The course of finding {subject.number} goes on beyond what was tried.",
                f"The course of finding {subject.number} has come to its end where it was last tried.",
                f"The course of finding {subject.number} turns, and where is the next question.",
            ),
            configs=copy_configs([{**along.fixed, along.factor: level} for level in grid]),
            estimand=_step_by_step(subject, along),
            side=side,
            effect=_CLEAR_RANKS if side is Direction.MORE else -_CLEAR_RANKS,
        )
        yield from _checked(subject, draft, rates)


def _steps_to_the_end(subject: Subject, along: Axis, edge: float, end: float) -> tuple[float, ...]:
    """Levels from the last that was tried to the end of the range; nearer, where a replicate would be too dear."""
    for _ in range(_WALK):
        low, high = sorted((edge, end))
        grid = levels_between(subject.manifest, along.factor, (low, high), _GRID) if low < high else ()
        configs = [{**along.fixed, along.factor: level} for level in grid]
        if not configs or _is_affordable(subject, configs):
            return grid
        end = halfway_level(subject.manifest, along.factor, end, edge)
    return ()


def _cross(subject: Subject, rates: BaseRates, moving: Collection[str]) -> Iterator[Proposal]:
    """The same comparison with two factors that it leaves open at other levels at once.

    First those that are known to move the measure: with them it may come out otherwise.
    """
    if not subject.has_effect or subject.manifest.map is not None:
        return
    factors = [factor for factor in _open_factors(subject) if has_range(subject.manifest, factor)]
    factors.sort(key=lambda factor: factor not in moving)
    levels = {factor: other_levels(subject.manifest, factor, subject.needed[0][factor])[:_SIDES] for factor in factors}
    pairs = itertools.combinations(factors, 2)
    corners = [
        (place, dict(zip(pair, corner, strict=True)))
        for pair in pairs
        for place, corner in enumerate(itertools.product(*(levels[factor] for factor in pair)))
    ]
    corners.sort(key=lambda corner: corner[0])  # each pair once before any of them again
    proposals = (proposal for _, where in corners for proposal in _crossed(subject, where, rates))
    waiting = 0
    for proposal in itertools.islice(proposals, proposal_limits.CROSSINGS):
        yield proposal
        waiting += proposal.slug not in subject.decided
        if waiting == proposal_limits.DESIGNS_OPEN:
            return


def _crossed(subject: Subject, where: Mapping[str, object], rates: BaseRates) -> Iterator[Proposal]:
    words = name_levels(subject.worded, where)
    draft = ProposalDraft(
        template=Template.CROSS,
        admission=Admission.QUESTION,
        words=words,
        question=f"What becomes of finding {subject.number} with {words}?",
        reason="Its claim leaves both open, and one finding of its own says what becomes of it where both move.",
        rival="What each of the two leaves as it is, both together do not.",
        outcomes=order_by_sign(
            subject.side,
            f"Finding {subject.number} holds with {words}, too.",
            f"Nothing is left of finding {subject.number} with {words}: it needs one of them as it was.",
            f"With {words} finding {subject.number} is turned round, and which of the two does it comes next.",
        ),
        configs=copy_configs([{**config, **where} for config in subject.needed]),
        estimand=change_estimand(
            subject.estimand, between=[{**arm, **where} for arm in subject.estimand["between"] or [{}]]
        ),
        effect=subject.effect,
    )
    yield from _checked(subject, draft, rates)


def _intervention(subject: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """The file itself says where the effect must be gone: in the placebo of its control."""
    control = next(
        (candidate for candidate in subject.manifest.controls if candidate.estimand == subject.estimand["name"]), None
    )
    if control is None or not subject.has_effect or subject.evidence.grade is Grade.AWAITING:
        return
    changed = {
        name: level
        for name, level in control.placebo[0].items()
        if all(config[name] == level for config in control.placebo)
        and all(config[name] != level for config in subject.needed)
    }
    if not changed:
        return
    words = name_levels(subject.worded, changed)
    arms = [{**arm, **changed} for arm in subject.estimand["between"] or [{}]]
    draft = ProposalDraft(
        template=Template.INTERVENTION,
        admission=Admission.QUESTION,
        words=words,
        question=f"Is the effect of finding {subject.number} gone with {words}?",
        reason=f"The file says that {words} takes away what it rests on.",
        rival="What was seen has another cause, which that does not take away.",
        outcomes=order_by_sign(
            subject.side,
            f"What finding {subject.number} is said to rest on is not what it rests on.",
            f"The effect of finding {subject.number} goes with its cause, as it should.",
            f"Without its cause the effect of finding {subject.number} turns round: two causes are at work.",
        ),
        configs=copy_configs(control.placebo),
        estimand=change_estimand(subject.estimand, between=arms),
        effect=subject.effect,
    )
    yield from _checked(subject, draft, rates)


def _checked(subject: Subject, draft: ProposalDraft, rates: BaseRates) -> Iterator[Proposal]:
    """The draft as a proposal, if it may be asked at all."""
    estimand = draft.estimand or {}
    if _may_be_asked(subject, estimand, draft.configs) and not _is_known(subject, draft.configs):
        yield compose_proposal(subject, draft, rates)


def _may_be_asked(subject: Subject, estimand: Mapping[str, Any], configs: Sequence[Config]) -> bool:
    """Inside the ranges, not too dear, and of use for what is to be concluded."""
    if not 0 < len(configs) <= proposal_limits.CONFIGS or why_configs_refused(subject.manifest, configs):
        return False
    if not _is_affordable(subject, configs):
        return False
    return not (why_not_concluded(estimand, configs) or estimand_fault(estimand, configs))


def _is_affordable(subject: Subject, configs: Sequence[Config]) -> bool:
    return subject.prices.of(configs) <= proposal_limits.DEAREST_EXTENSION * subject.seconds


def _is_known(subject: Subject, configs: Sequence[Config]) -> bool:
    """Has a design of this version the very same configs? Then its numbers would be no surprise."""
    wanted = copy_configs(configs)
    return any(
        len(design) == len(wanted) and all(config in map(dict, design) for config in wanted)
        for design in subject.designs
    )
