"""What should be asked next, given what was found? The grammar of follow-ups: the same findings, the same proposals.

Every rule takes one finding, or two that are linked, and writes complete proposals. Nothing here knows of a clock, of
dice or of what else waits; `made_and_lapsed.py` decides which of them are made.
"""

import json
from collections.abc import Collection, Sequence

from axiom.domain.headlines.finding_sentences import compose_question
from axiom.domain.proposals import Proposal
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.findings_to_retire import propose_retirement
from axiom.laboratory.proposals.rules.more_seeds import propose_cohorts
from axiom.laboratory.proposals.rules.other_configs import propose_extensions
from axiom.laboratory.proposals.rules.rival_explanations import propose_comparison
from axiom.laboratory.proposals.rules.subject import Subject, find_axis
from axiom_weigh.grouping import group_pairs


def derive_followups(
    subjects: Sequence[Subject], pairs: Sequence[tuple[int, int]] = (), rates: BaseRates | None = None
) -> tuple[Proposal, ...]:
    """Everything that follows from these findings; `pairs` are those of which one explains the other.

    The most telling for its cost first, and each once.
    """
    base_rates = rates or BaseRates()
    by_question: dict[str, Proposal] = {}
    taken = {compose_question(subject.estimand) for subject in subjects if subject.status == "open"}
    moving = group_pairs(
        (_measured(subject), axis.factor)
        for subject in subjects
        if subject.status == "open" and subject.has_effect and (axis := find_axis(subject)) is not None
    )
    for subject in sorted(subjects, key=lambda subject: subject.number):
        extensions = propose_extensions(subject, base_rates, moving.get(_measured(subject), ()))
        asking = [*propose_cohorts(subject, base_rates), *extensions]
        has_more = any(proposal.slug not in subject.decided for proposal in asking)
        for proposal in (*asking, *propose_retirement(subject, base_rates, has_more=has_more)):
            _add(by_question, taken, proposal)
    by_number = {subject.number: subject for subject in subjects}
    for first, second in sorted({(min(pair), max(pair)) for pair in pairs}):
        if first in by_number and second in by_number:
            for proposal in propose_comparison(by_number[first], by_number[second], base_rates):
                _add(by_question, taken, proposal)
    return tuple(sorted(by_question.values(), key=_rank))


def _measured(subject: Subject) -> tuple[str, str]:
    return subject.name, subject.estimand["measure"]


def _add(by_question: dict[str, Proposal], taken: Collection[str], proposal: Proposal) -> None:
    """Keep it, unless a finding or an earlier proposal asks the very same, or in the same words."""
    questions = [compose_question(estimand) for estimand in proposal.estimands]
    if not set(questions) & set(taken):
        by_question.setdefault(questions[0] if questions else _what(proposal), proposal)


def _what(proposal: Proposal) -> str:
    """What would be computed for a finding's own question."""
    if not proposal.configs:
        return proposal.slug
    return json.dumps([proposal.experiment, proposal.version, proposal.configs], sort_keys=True)


def _rank(proposal: Proposal) -> tuple[bool, float, str]:
    """What orders nothing first, then by what it tells for its cost."""
    return proposal.most_core_seconds > 0, -proposal.per_core_hour, proposal.slug
