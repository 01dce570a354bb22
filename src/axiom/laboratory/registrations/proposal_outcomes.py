"""How proposals came out, and what the autopilot expects by that of a question that somebody else predicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.estimands import Direction, Prediction
from axiom.domain.evidence import verdict_meaning
from axiom.domain.proposals import Template
from axiom.domain.registrations import read_registration_body
from axiom.laboratory.proposals.rules.base_rates import (
    BLIND,
    BaseRates,
    EndedProposal,
    blind_effect,
    effect_ratio,
    predict_from_base_rates,
)
from axiom.store.engine.database import Database
from axiom.store.registrations import proposals, registrations
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.values import Verdict


def read_base_rates(db: Database) -> BaseRates:
    """How the proposals of each kind came out that have ended here; those of people and programs are one kind."""
    by_kind: dict[str, list[EndedProposal]] = {}
    for proposal in proposals.list_proposal_outcomes(db):
        made, is_asked = proposal.proposal, proposal.proposal.template in (Template.ASKED, Template.INVENTED)
        null, smallest = _null_and_smallest(db, made.estimands, proposal.finding)
        expected = blind_effect(made.expects, smallest) if is_asked else made.effect
        kind = BLIND if is_asked else made.kind
        ratio = effect_ratio(proposal.estimate, null, expected=expected, smallest=smallest)
        # The autopilot looks for an effect on one side, also where it holds none likeliest.
        side = made.expects if is_asked else Direction.LESS if (made.effect or 0.0) < 0 else Direction.MORE
        meaning = verdict_meaning(Verdict(proposal.verdict), side)
        by_kind.setdefault(kind, []).append(EndedProposal(kind=kind, meaning=meaning, ratio=ratio))
    return BaseRates(came_out=by_kind)


def blind_prediction(db: Database, estimand: Mapping[str, Any]) -> Prediction:
    """What base rates say of a question. Nobody's prediction of it is looked at."""
    expects, smallest = Direction(estimand["expects"]), float(estimand["smallest"])
    return predict_from_base_rates(
        read_base_rates(db),
        BLIND,
        expects=expects,
        null=float(estimand["null"]),
        effect=blind_effect(expects, smallest),
        smallest=smallest,
        bounds=pose_question(estimand).bounds,
    )


def _null_and_smallest(db: Database, estimands: Sequence[Mapping[str, Any]], number: int) -> tuple[float, float]:
    """Those of the claim that a proposal asks, or of the finding that it joins; two zeros where there is neither."""
    origin = None if estimands else registrations.find_finding_registration(db, number)
    claims = [*estimands, *([read_registration_body(origin[0].body).estimands[origin[1]]] if origin else [])]
    return (float(claims[0]["null"]), float(claims[0]["smallest"])) if claims else (0.0, 0.0)
