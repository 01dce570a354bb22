"""Makes the proposals that follow from the findings, and says which were made and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from axiom.domain.proposals import AUTOPILOT, Proposal, ProposalState
from axiom.domain.rounds import Note
from axiom.laboratory.ideas.untested_explanations import add_explanation_idea
from axiom.laboratory.proposals.rules.grammar import derive_followups
from axiom.laboratory.proposals.rules.made_and_lapsed import AdmittedProposals, decide_proposals
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.laboratory.proposals.subjects import list_explanation_pairs, read_subjects
from axiom.laboratory.registrations.proposal_outcomes import read_base_rates
from axiom.store.engine.database import Database
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import rounds

_LOOKED_BACK = 3  # sessions
_OLD_WORDS = "worth less than the floor"  # by which plans said it that were stored before they had a field for it


def list_followups(db: Database) -> tuple[Proposal, ...]:
    """Everything that follows from the findings as they stand now. Looking changes nothing."""
    return derive_followups(_subjects(db), list_explanation_pairs(db), read_base_rates(db))


def propose_followups(
    db: Database, session_id: int | None, now: datetime, *, most_core_hours: float = 0.0, floor: float = 0.0
) -> list[Note]:
    """Write down what is new, let lapse what no longer follows, note what cannot be asked, and say so."""
    subjects = _subjects(db)
    follows = derive_followups(subjects, list_explanation_pairs(db), read_base_rates(db))
    decided = decide_proposals(follows, proposals.list_all_proposals(db), most_core_hours=most_core_hours, floor=floor)
    for proposal in decided.lapsed:
        proposals.decide_proposal(
            db,
            proposal.number,
            ProposalState.LAPSED,
            why="it no longer follows from the findings",
            by=AUTOPILOT,
            now=now,
        )
    numbers = [
        proposals.add_proposal(db, proposal, _experiment(db, proposal), session_id, now) for proposal in decided.new
    ]
    return [*_notes(decided, numbers), *add_explanation_idea(db, subjects, session_id, now)]


def _subjects(db: Database) -> list[Subject]:
    return read_subjects(db, proposals.list_all_proposals(db), count_dull_sessions(db))


def count_dull_sessions(db: Database) -> Mapping[int, int]:
    """For how many sessions, up to the last, each registration was worth less than the floor."""
    plans = [rounds.read_round_plan(db, held_round.id) for held_round in rounds.list_rounds(db, _LOOKED_BACK + 1)]
    dull: dict[int, int] = {}
    still: set[int] | None = None
    for plan in [plan for plan in plans if plan][:_LOOKED_BACK]:
        below = {skip["registration_id"] for skip in plan["skipped"] if _is_below_floor(skip)}
        still = below if still is None else still & below
        for registration_id in still:
            dull[registration_id] = dull.get(registration_id, 0) + 1
    return dull


def _is_below_floor(skip: Mapping[str, Any]) -> bool:
    return bool(skip.get("is_below_floor", _OLD_WORDS in skip["reason"]))


def _experiment(db: Database, proposal: Proposal) -> int:
    origin = registrations.find_finding_registration(db, proposal.parent)
    if origin is None:
        raise LookupError(f"finding {proposal.parent} is gone, and nothing was proposed of it")
    return origin[0].experiment_id


def _notes(decided: AdmittedProposals, numbers: Sequence[int]) -> list[Note]:
    new = [_note(number, proposal) for number, proposal in zip(numbers, decided.new, strict=True)]
    lapsed = [
        Note(
            kind="design.lapsed",
            text="Proposal {proposal} ({slug}) no longer follows from the findings, and is dropped.",
            facts={"proposal": proposal.number, "slug": proposal.proposal.slug},
            about=f"/proposals/{proposal.number}",
        )
        for proposal in decided.lapsed
    ]
    left = Note(
        kind="design.left",
        text="Further proposals would follow, and wait until those before them are answered: {left}.",
        facts={"left": decided.left},
        about="/proposals",
    )
    notes = [*new, *lapsed, *([left] if decided.left else [])]
    text = "No new question follows from the findings; those that are open go on."
    return notes or [Note(kind="design.nothing", text=text, about="/proposals")]


def _note(number: int, proposal: Proposal) -> Note:
    asks = proposal.prediction is not None
    text = "Proposal {proposal} ({template}): {question}"
    if asks:
        text += " It will likely cost {hours} core-hours, at most {most}, and tell {bits} bits; an effect "
        text += "above the null has a chance of {positive}, none {absent}, one below {negative}."
    prediction = proposal.prediction
    facts: dict[str, object] = {
        "proposal": number,
        "template": proposal.template.value,
        "question": proposal.question,
    }
    if prediction is not None:
        facts |= {
            "hours": proposal.cost.shown["core_hours"],
            "most": proposal.cost.shown["most_core_hours"],
            "bits": round(proposal.bits, 2),
            "positive": prediction.positive,
            "absent": prediction.absent,
            "negative": prediction.negative,
        }
    return Note(kind="design.proposed", text=text, facts=facts, about=f"/proposals/{number}")
