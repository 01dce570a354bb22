"""What a person asked for comes before everything else, until all replicates of its goal are ordered."""

from collections.abc import Collection, Sequence

from axiom.domain.evidence import Registration
from axiom.domain.planning import Goal
from axiom.domain.registrations import Rule, StoppingRule, read_registration_body
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.limits import registrations as registration_limits


def is_goal_open(
    registration: Registration, registered: Sequence[Registration], approved: Collection[int], *, issued: int
) -> bool:
    """Did a person approve it, or register it beside what its version declares, and is not all of it ordered?"""
    body = read_registration_body(registration.body)
    is_further = registration is not registered[0] and body.amends is None
    is_asked_for = registration.id in approved or (is_further and "proposal" not in body.document)
    return is_asked_for and issued < count_goal_replicates(body.stopping)


def count_goal_replicates(stopping: StoppingRule) -> int:
    """How many replicates of what a person asked for come before everything else: those that settle most questions."""
    return stopping.replicates if stopping.rule is Rule.FIXED else registration_limits.SETTLED_AFTER


def describe_goal(candidate: Candidate) -> Goal:
    replicates = count_goal_replicates(candidate.stopping)
    return Goal(
        name=candidate.name,
        design=candidate.design,
        registration_id=candidate.registration_id,
        replicates=replicates,
        ordered=candidate.issued,
        core_seconds=(replicates - candidate.issued) * candidate.costs,
    )
