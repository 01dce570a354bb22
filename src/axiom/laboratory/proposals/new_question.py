"""Refuses what a finding asks already, and what its rival could be right about as well."""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.estimands import Prediction
from axiom.errors import Refused
from axiom.laboratory.findings.rules.known_questions import (
    asked_claim,
    find_nearest_findings,
    judge_novelty,
    known_claim,
)
from axiom.store.engine.database import Database
from axiom.store.views.findings import list_registered_claims


def demand_rival_apart(own: Prediction, rival: Sequence[float]) -> None:
    """What oneself holds likeliest must be wrong if the rival is right. The ends of an honest interval may meet it."""
    if rival[0] > rival[1]:
        raise Refused(f"The rival's interval {rival[0]:g} to {rival[1]:g} ends before it begins. Nothing was proposed.")
    median = own.quantiles[1]
    if rival[0] <= median <= rival[1]:
        raise Refused(
            f"The median that is expected, {median:g}, lies within the rival's interval, {rival[0]:g} to {rival[1]:g}, "
            "so both could be right. Nothing was proposed; ask where the two lie apart."
        )


def demand_new_question(
    db: Database, version: str, estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]
) -> None:
    """What a finding asks already is registered as a cohort of it, where more of it is wanted, and not asked again."""
    question = asked_claim(version, estimand, configs)
    novelty = judge_novelty(question, find_nearest_findings(question, map(known_claim, list_registered_claims(db))))
    if novelty.is_known:
        raise Refused(
            f"This is known: {novelty.reason}. Nothing was proposed; vary what it leaves open, or register a fresh "
            "cohort of it."
        )
