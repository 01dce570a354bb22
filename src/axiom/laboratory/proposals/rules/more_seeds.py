"""Proposals that ask the same with fresh seeds: to confirm what was found, or to be sure of what was not."""

import math
from collections.abc import Iterator

from axiom.domain.estimands import Direction
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.domain.registrations import Rule, StoppingRule
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.compose_proposal import (
    ProposalDraft,
    compose_proposal,
    order_by_sign,
    round_up_to_blocks,
)
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.limits import registrations as limits
from axiom_weigh.evidence.choice_of_statistic import Process, pose_question
from axiom_weigh.evidence.grade import needs_more_seeds
from axiom_weigh.statistics.replicates_needed import if_effect, if_share
from axiom_weigh.values import Evidence, Verdict

_SURE = math.log(1e3)  # of the e-value at which a finding is Strong
_MOST = 4 * limits.REPLICATES  # replicates: beyond, another design tells more than more of this one
_LEAST = 2 * limits.SETTLED_AFTER


def propose_cohorts(subject: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """Fresh cohorts of a finding of which nothing more is ordered."""
    if subject.status != "open" or not subject.has_ended:
        return
    yield from _confirm(subject, rates)
    yield from _power(subject, rates)


def _confirm(subject: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """More seeds of what is decided, where they may bring the next grade; it may lack something else."""
    evidence = subject.evidence
    if not subject.has_effect or evidence.seeds >= _MOST or not _is_helped_by_seeds(evidence):
        return
    replicates = round_up_to_blocks(subject, min(_MOST, max(_further(evidence) or 0, _LEAST)))
    draft = ProposalDraft(
        template=Template.CONFIRM,
        admission=Admission.COHORT,
        words=f"from-{evidence.seeds}",
        question=f"Does finding {subject.number} hold with fresh seeds?",
        reason=f"Nothing more of it is ordered, and it is {evidence.grade} only.",
        rival="What was found was luck of these seeds, and fresh ones do not show it.",
        outcomes=order_by_sign(
            subject.side,
            f"Finding {subject.number} gets a higher grade, and its size is known better.",
            f"Finding {subject.number} falls: its effect is too small to matter.",
            f"Finding {subject.number} is turned round, and whatever follows from it has to be asked again.",
        ),
        stopping=StoppingRule(rule=Rule.UNTIL_GRADE, replicates=replicates),
        effect=subject.effect,
    )
    yield compose_proposal(subject, draft, rates)


def _power(subject: Subject, rates: BaseRates) -> Iterator[Proposal]:
    """Ask for as many seeds as would show the smallest effect that matters in nine cases of ten."""
    evidence = subject.evidence
    is_absent = evidence.verdict is Verdict.ABSENT
    if not (is_absent or evidence.verdict is Verdict.UNDECIDED) or subject.is_strong or subject.smallest <= 0:
        return
    further = _needed(subject)
    is_lacking = 0 < (further or 0) <= _MOST or (is_absent and _is_helped_by_seeds(evidence))
    if further is None or evidence.seeds >= _MOST or not is_lacking:
        return
    replicates = round_up_to_blocks(subject, min(_MOST, max(further, _LEAST)))
    enough = "takes no more seeds" if further == 0 else f"takes {further} further seeds"
    draft = ProposalDraft(
        template=Template.POWER,
        admission=Admission.COHORT,
        words=f"from-{evidence.seeds}",
        question=f"Would finding {subject.number} have shown an effect of {subject.smallest:g}?",
        reason=f"Seeing the smallest effect that matters in nine cases of ten {enough}.",
        rival="There is an effect that matters, and there were too few seeds to see it.",
        outcomes=order_by_sign(
            subject.side,
            f"Finding {subject.number} was a matter of too few seeds: there is an effect.",
            f"That there is nothing in finding {subject.number} becomes a result, and it can be retired.",
            "There is an effect, and not the one that was claimed.",
        ),
        stopping=StoppingRule(rule=Rule.UNTIL_GRADE if is_absent else Rule.SETTLED, replicates=replicates),
        effect=subject.effect,
    )
    yield compose_proposal(subject, draft, rates)


def _is_helped_by_seeds(evidence: Evidence) -> bool:
    """Does the next grade lack seeds, or a verdict that leans on no host and that each design shares?"""
    further = _further(evidence)
    return bool(further and further <= _MOST) or needs_more_seeds(evidence.needs)


def _further(evidence: Evidence) -> int | None:
    return evidence.more[1] if evidence.more else None


def _needed(subject: Subject) -> int | None:
    """Further seeds, if the smallest effect that matters were there with the spread that was seen."""
    values, query = subject.values, pose_question(subject.estimand)
    if len(values) < 2:
        return None
    if query.process is Process.BERNOULLI:
        side = 1.0 if subject.side is Direction.MORE else -1.0
        likely = min(1.0, max(0.0, query.null + side * query.smallest))
        return if_share(len(values), likely, query.null, _SURE)[1]
    return if_effect(values, query.smallest, _SURE)[1]
