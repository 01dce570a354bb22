"""Takes one's own proposal back, or asks a person whether it may be."""

from dataclasses import dataclass
from datetime import datetime

from axiom.domain.programs import PROGRAM
from axiom.domain.proposals import Admission, Proposal, ProposalState, StoredProposal, Template
from axiom.errors import Refused
from axiom.laboratory.proposals.approve_or_refuse import require_proposal
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import blocks
from axiom.store.registrations import proposals, registrations


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """What became of taking a proposal back."""

    retired: tuple[int, ...] = ()  # findings
    requests: tuple[int, ...] = ()  # proposals to retire findings, which wait for a person


def withdraw_proposal(db: Database, number: int, *, by: str, why: str, now: datetime) -> Withdrawal:
    """Take one's own proposal back; of what it registered nothing more is ordered.

    A program that could have seen values by then only asks for it: what it foretold would be scored as it stands.
    """
    proposal = require_proposal(db, number)
    if proposal.proposal.author != by:
        raise Refused(f"Proposal {number} is {proposal.proposal.author}'s, not {by}'s. Nothing was changed.")
    if proposal.state is ProposalState.OPEN:
        proposals.decide_proposal(db, number, ProposalState.WITHDRAWN, why=why, by=by, now=now)
        return Withdrawal()
    registration = registrations.find_registration(db, proposal.registration_id) if proposal.registration_id else None
    if proposal.state is not ProposalState.APPROVED or registration is None:
        raise Refused(f"Proposal {number} is {proposal.state}: {proposal.why}. Nothing was changed.")
    own = registrations.list_claim_numbers(db, registration).values()
    feeding = registrations.group_feeders_by_finding(db, registration.experiment_id)
    if joined := [finding for finding in sorted(own) if len(feeding[finding]) > 1]:
        raise Refused(
            f"More was registered of finding {joined[0]} since, so it is not {by}'s alone. Nothing was changed; a "
            "person can retire it."
        )
    if by.startswith(PROGRAM) and blocks.sum_replicate_seconds(db, registration.id):
        return Withdrawal(requests=tuple(_ask_to_retire(db, proposal, finding, why, now) for finding in sorted(own)))
    retired = tuple(finding for finding in sorted(own) if registrations.set_finding_status(db, finding, "retired", why))
    if not retired:
        raise Refused(f"All that proposal {number} asked is retired or recalled already. Nothing was changed.")
    return Withdrawal(retired=retired)


def _ask_to_retire(db: Database, stored_proposal: StoredProposal, finding: int, why: str, now: datetime) -> int:
    """A proposal that nothing more is ordered of a finding; that which waits, if it was asked before."""
    original, slug = stored_proposal.proposal, f"withdraw-{stored_proposal.number}-{finding}"
    for other in proposals.list_proposals_in_state(db, ProposalState.OPEN):
        if other.proposal.slug == slug:
            return other.number
    proposal = Proposal(
        slug=slug,
        template=Template.RETIRE,
        admission=Admission.RETIRE,
        experiment=original.experiment,
        version=original.version,
        finding=finding,
        links=(finding,),
        kind=Template.RETIRE.value,
        question=f"May {original.author} take proposal {stored_proposal.number} back, of which values are known?",
        motivation=why,
        claim="nothing more is to be ordered of it",
        rival="It is taken back for what its values say so far.",
        basis=slug,
        author=original.author,
    )
    version = experiments.find_experiment_by_name(db, original.experiment, original.version)
    return proposals.add_proposal(db, proposal, version.id if version else None, None, now)
