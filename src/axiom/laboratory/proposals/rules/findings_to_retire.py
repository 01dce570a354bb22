"""Proposals that order nothing: a finding of which nothing more is to be learned, and one that is in doubt again."""

from collections.abc import Iterator

from axiom.domain.estimands import Direction
from axiom.domain.evidence import is_against
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.compose_proposal import ProposalDraft, compose_proposal
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.limits import findings as finding_limits
from axiom.limits import proposals as limits
from axiom_weigh.values import Grade


def propose_retirement(subject: Subject, rates: BaseRates, *, has_more: bool) -> Iterator[Proposal]:
    """Retire it when there is a reason to, and nothing left that would be asked of it; else open it again."""
    if subject.status == "open":
        why = _over(subject, has_more=has_more)
        if why:
            yield _retire(subject, why, rates)
    elif subject.status == "retired" and subject.faults:
        yield _reopen(subject, rates)


def _over(subject: Subject, *, has_more: bool) -> str:
    evidence = subject.evidence
    counted = evidence.seeds + evidence.missing
    if counted >= finding_limits.INFEASIBLE_AFTER and subject.late / counted > finding_limits.INFEASIBLE_SHARE:
        return f"Of {counted} replicates {subject.late} were stopped at their time limit: it cannot be computed so."
    if has_more:
        return ""
    if subject.dull_sessions >= limits.DULL_SESSIONS:
        return f"For {subject.dull_sessions} sessions it was worth less than what any idle core is worth."
    if evidence.grade is Grade.DEFINITIVE:
        return "It is Definitive, and nothing is left to ask of it."
    if evidence.grade is Grade.STRONG and is_against(evidence.verdict, Direction(subject.estimand["expects"])):
        return "It is Strong against its claim, and nothing is left to ask of it."
    return ""


def _retire(subject: Subject, why: str, rates: BaseRates) -> Proposal:
    draft = ProposalDraft(
        template=Template.RETIRE,
        admission=Admission.RETIRE,
        words=f"{subject.evidence.verdict.name}-{subject.evidence.grade}",
        question=f"Is finding {subject.number} over?",
        reason=why,
        claim="nothing more that is ordered of it would be worth its cost",
        rival="Something that it rests on may still change.",
        outcomes=("", "Nothing more of it is ordered; what is under way still counts.", ""),
    )
    return compose_proposal(subject, draft, rates)


def _reopen(subject: Subject, rates: BaseRates) -> Proposal:
    draft = ProposalDraft(
        template=Template.REOPEN,
        admission=Admission.REOPEN,
        words="-".join((subject.evidence.verdict.name, *subject.faults)),
        question=f"Must finding {subject.number} be looked at again?",
        reason=f"Since it was retired: {'; '.join(subject.faults)}.",
        claim="what it was retired upon no longer holds",
        rival="What came to light does not touch it.",
        outcomes=("", "More of it is ordered, as its stopping rule says.", ""),
    )
    return compose_proposal(subject, draft, rates)
