"""Approves or refuses a proposal: what it says is registered before anything of it is ordered."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axiom.domain.estimands import prediction_data
from axiom.domain.evidence import Registration, verdict_meaning
from axiom.domain.links import LinkKind, Node, Noun
from axiom.domain.proposals import AUTOPILOT, Admission, Proposal, ProposalState, StoredProposal, proposal_data
from axiom.domain.registrations import INFORMED
from axiom.errors import NotFound, Refused
from axiom.laboratory.experiments.recall_and_reopen import reopen_finding
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.proposals.price import Points
from axiom.laboratory.registrations.kin import why_experiment_informed
from axiom.laboratory.registrations.predictions import record_blind_predictions
from axiom.laboratory.registrations.register import ProposalOrigin, register_cohort, register_further, register_question
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.registrations import proposals, registrations
from axiom_weigh.values import Verdict


def require_proposal(db: Database, number: int) -> StoredProposal:
    """The proposal with this number, or an error that says where to look."""
    proposal = proposals.find_proposal(db, number)
    if proposal is None:
        raise NotFound(f"There is no proposal {number}. Nothing was changed; `axiom proposal list` shows all.")
    return proposal


def require_open_proposal(db: Database, number: int) -> StoredProposal:
    """The proposal with this number, if it waits for an answer."""
    proposal = require_proposal(db, number)
    if proposal.state is not ProposalState.OPEN:
        raise Refused(f"Proposal {number} is {proposal.state}: {proposal.why}. Nothing was changed.")
    return proposal


def require_approvable_proposal(db: Database, number: int) -> StoredProposal:
    """What a person may approve: what waits, and what the autopilot did not get asked."""
    proposal = proposals.find_proposal(db, number)
    if proposal is not None and proposal.state is ProposalState.REFUSED and proposal.decided_by == AUTOPILOT:
        return proposal
    return require_open_proposal(db, number)


def digest_proposal(proposal: StoredProposal) -> str:
    """What was read and what is approved are the same where this is the same."""
    return hashlib.sha256(canonical_bytes(proposal_data(proposal.proposal))).hexdigest()


def approve_proposal(
    db: Database, stored_proposal: StoredProposal, points: Points, *, by: str, why: str, now: datetime
) -> Registration | None:
    """Register what it asks, or retire or open again the finding; what was registered."""
    proposal = stored_proposal.proposal
    version = _version(db, proposal)
    made = _register(db, version, stored_proposal, points, now)
    if made is not None and proposal.admission is Admission.QUESTION:
        _link_findings(db, proposal, registrations.list_claim_numbers(db, made), now)
    registration_id = made.id if made else None
    proposals.decide_proposal(
        db, stored_proposal.number, ProposalState.APPROVED, why=why, by=by, registration_id=registration_id, now=now
    )
    return made


def refuse_proposal(db: Database, number: int, *, by: str, why: str, now: datetime) -> StoredProposal:
    """It is not asked, and comes back only when the evidence behind it has changed."""
    proposal = require_open_proposal(db, number)
    proposals.decide_proposal(db, number, ProposalState.REFUSED, why=why, by=by, now=now)
    return proposal


def _version(db: Database, proposal: Proposal) -> StoredExperiment:
    version = experiments.find_experiment_by_name(db, proposal.experiment, proposal.version)
    if version is None:
        raise NotFound(f"There is no {proposal.experiment}@{proposal.version}. Nothing was changed.")
    return version


def _register(
    db: Database, version: StoredExperiment, stored_proposal: StoredProposal, points: Points, now: datetime
) -> Registration | None:
    proposal = stored_proposal.proposal
    if proposal.admission is Admission.RETIRE:
        if not registrations.set_finding_status(db, proposal.parent, "retired", proposal.motivation):
            raise Refused(f"Finding {proposal.parent} is retired or recalled already. Nothing was changed.")
        return None
    if proposal.admission is Admission.REOPEN:
        reopen_finding(db, proposal.parent, proposal.motivation)
        return None
    stopping, prediction = proposal.stopping, _own_prediction(proposal)
    if stopping is None or prediction is None:
        raise Refused(
            f"Proposal {stored_proposal.number} does not say when it ends or what it expects. Nothing was registered."
        )
    why, registered_words = (
        f"proposal {stored_proposal.number}: {proposal.question} {proposal.motivation}",
        stored_proposal.registered_words,
    )
    forecaster = f"{proposal.author}{INFORMED}" if proposal.is_informed else proposal.author
    seen = why_experiment_informed(db, version.id, now)
    if proposal.admission is Admission.QUESTION:
        made = register_question(
            db,
            version,
            proposal.design,
            points,
            proposal.estimands,
            stopping=stopping,
            why=why,
            forecaster=forecaster,
            informed=seen,
            proposal=registered_words,
            now=now,
        )
        if proposal.author != AUTOPILOT:
            record_blind_predictions(db, made.id, proposal.estimands, seen, now)
        return made
    followed = ProposalOrigin(
        proposal=registered_words, finding=proposal.parent, forecaster=forecaster, prediction=prediction, informed=seen
    )
    if proposal.admission is Admission.COHORT:
        return register_cohort(db, proposal.parent, stopping=stopping, why=why, followed=followed, now=now)
    return register_further(
        db, version, proposal.design, points, stopping=stopping, why=why, followed=followed, now=now
    )


def _own_prediction(proposal: Proposal) -> Mapping[str, Any] | None:
    return None if proposal.prediction is None else prediction_data(proposal.prediction)


def _link_findings(db: Database, proposal: Proposal, numbers: Mapping[str, int], now: datetime) -> None:
    """What is asked anew tests what it follows from; the second of two explanations is upheld by the opposite."""
    upholding = proposal.upholding
    other = Verdict.NEGATIVE if Verdict.POSITIVE in upholding else Verdict.POSITIVE
    upheld, reversed_by = (
        tuple(dict.fromkeys(verdict_meaning(verdict, proposal.expects) for verdict in verdicts))
        for verdicts in (upholding, (other,))
    )
    for new in numbers.values():
        for place, old in enumerate(proposal.links):
            record_link(
                db,
                LinkKind.TESTS,
                Node(noun=Noun.FINDING, id=new),
                Node(noun=Noun.FINDING, id=old),
                upheld_by=upheld if place == 0 else reversed_by,
                why=proposal.question,
                by=proposal.author,
                now=now,
            )
