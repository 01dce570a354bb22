"""Makes the proposals that follow from the findings, and says which were made and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from axiom.domain.proposals import AUTOPILOT, Admission, Proposal, ProposalState, StoredProposal
from axiom.domain.registrations import read_registration_body
from axiom.domain.rounds import Note
from axiom.laboratory.ideas.untested_explanations import add_explanation_idea
from axiom.laboratory.planning.rules.value_of_information import BELOW_FLOOR
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.laboratory.proposals.rules.admission import AdmittedProposals, choose_admitted_proposal, decide_proposals
from axiom.laboratory.proposals.rules.grammar import derive_followups
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.laboratory.proposals.subjects import list_explanation_pairs, read_subjects
from axiom.laboratory.registrations.proposal_outcomes import read_base_rates
from axiom.store.engine.database import Database
from axiom.store.experiments import drafts, experiments
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import rounds, transcripts

_LOOKED_BACK = 3  # sessions


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


def choose_next_proposal(db: Database, most_core_hours: float, *, is_code_ours: bool = False) -> StoredProposal | None:
    """The proposal that the autopilot would approve now. `is_code_ours`: new code may run on our own computers."""
    waiting = proposals.list_proposals_in_state(db, ProposalState.OPEN)
    if not waiting:
        return None
    if is_code_ours:
        code = (proposal for proposal in waiting if proposal.proposal.admission is Admission.CODE)
        for proposal in code:
            if not _mends_anothers(db, proposal) and not _is_from_marked_session(db, proposal):
                return proposal
    return choose_admitted_proposal(waiting, open_core_seconds=open_cost(db).likely, most_core_hours=most_core_hours)


def _mends_anothers(db: Database, proposal: StoredProposal) -> bool:
    """Would it take the place of code that its author has not written? Then a person decides."""
    # As it is now: it may be newer than the proposal.
    stored = experiments.find_experiment_by_name(db, proposal.proposal.experiment)
    if stored is None:
        return False
    first = read_registration_body(registrations.read_registrations(db, stored.id)[0].body).document
    return bool(first.get("proposal", {}).get("author") != proposal.proposal.author)


def _is_from_marked_session(db: Database, proposal: StoredProposal) -> bool:
    """Could other programs' words have asked for this code? Then a person decides.

    Its author may have read them in the session in which the text was written, or in any up to the proposal.
    """
    draft = drafts.find_draft(db, proposal.proposal.draft) if proposal.proposal.draft else None
    since = draft.created_at if draft else proposal.created_at
    return transcripts.has_read_other_programs(db, proposal.proposal.author, since=since, until=proposal.created_at)


def count_dull_sessions(db: Database) -> Mapping[int, int]:
    """For how many sessions, up to the last, each registration was worth less than the floor."""
    plans = [rounds.read_round_plan(db, held_round.id) for held_round in rounds.list_rounds(db, _LOOKED_BACK + 1)]
    dull: dict[int, int] = {}
    still: set[int] | None = None
    for plan in [plan for plan in plans if plan][:_LOOKED_BACK]:
        below = {skip["registration_id"] for skip in plan["skipped"] if BELOW_FLOOR in skip["reason"]}
        still = below if still is None else still & below
        for registration_id in still:
            dull[registration_id] = dull.get(registration_id, 0) + 1
    return dull


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
