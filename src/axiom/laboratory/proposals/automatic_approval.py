"""Which proposal would the autopilot approve now, and which must wait for a person?"""

from axiom.domain.proposals import Admission, ProposalState, StoredProposal
from axiom.domain.registrations import read_registration_body
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.laboratory.proposals.rules.automatic_approval import choose_admitted_proposal
from axiom.store.engine.database import Database
from axiom.store.experiments import drafts, experiments
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import transcripts


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
