"""What was proposed to be asked next: each with who decided about it, and what came of those that were approved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.proposals import AUTOPILOT, Proposal, ProposalState, StoredProposal, proposal_data, read_proposal
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.engine.database import Database, Row, as_value, to_microseconds

# What the autopilot refused a person may approve all the same.
_DECIDE = """
UPDATE proposal SET state = :state, why = :why, decided_by = :decided_by, registration_id = :registration_id,
    decided_at = :decided_at
WHERE id = :id AND (state = 'open' OR (state = 'refused' AND decided_by = :autopilot AND :state = 'approved'))
"""
_OF_DRAFTS = "SELECT * FROM proposal WHERE draft_id IN (SELECT id FROM draft WHERE name = :name) ORDER BY id"
_APPROVED_BUNDLE = """
SELECT p.* FROM proposal p JOIN draft d ON d.id = p.draft_id
WHERE d.bundle_digest = :bundle AND p.state = 'approved' ORDER BY p.id LIMIT 1
"""
_APPROVED_BY_PERSONS = """
SELECT registration_id FROM proposal
WHERE state = 'approved' AND decided_by <> :autopilot AND registration_id IS NOT NULL
"""
_STANDINGS = "SELECT id AS number, state FROM proposal WHERE :state IN ('', state) ORDER BY id DESC"
_OF_NUMBERS = "SELECT * FROM proposal WHERE id IN (SELECT value FROM json_each(:numbers))"
_IN_STATE = "SELECT * FROM proposal WHERE state = :state ORDER BY id"
# What came of those that registered something: the score of what was predicted of their finding.
_CAME_OUT = """
SELECT p.id, p.body, s.finding_number, s.verdict, s.estimate FROM proposal p
JOIN prediction d ON d.registration_id = p.registration_id JOIN score s ON s.prediction_id = d.id
JOIN experiment x ON x.id = p.experiment_id
WHERE p.state = 'approved' AND x.recalled_at IS NULL AND d.created_at IS NULL ORDER BY s.scored_at, s.prediction_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalStanding:
    """What lists are ordered by."""

    number: int
    state: ProposalState


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalOutcome:
    proposal: Proposal
    finding: int
    verdict: str
    estimate: float | None


def add_proposal(
    db: Database, proposal: Proposal, experiment_id: int | None, session_id: int | None, now: datetime
) -> int:
    """Write a proposal down; its number. The experiment of a draft is not there before it is approved."""
    return db.add(
        "proposal",
        slug=proposal.slug,
        template=proposal.template.value,
        experiment_id=experiment_id,
        finding_number=proposal.finding,
        draft_id=proposal.draft,
        body=canonical_bytes(proposal_data(proposal)).decode(),
        session_id=session_id,
        created_at=to_microseconds(now),
    )


def decide_proposal(
    db: Database,
    number: int,
    state: ProposalState,
    *,
    why: str,
    by: str,
    registration_id: int | None = None,
    now: datetime,
) -> bool:
    """Approve, refuse or drop one that is open; approve one that the autopilot refused. Tells if that changed it."""
    changed = db.execute(
        _DECIDE,
        id=number,
        state=state.value,
        why=why,
        decided_by=by,
        autopilot=AUTOPILOT,
        registration_id=registration_id,
        decided_at=to_microseconds(now),
    )
    return changed == 1


def find_proposal(db: Database, number: int) -> StoredProposal | None:
    return db.read_row(_proposal, "SELECT * FROM proposal WHERE id = :id", id=number)


def list_all_proposals(db: Database) -> list[StoredProposal]:
    return [_proposal(row) for row in db.select("SELECT * FROM proposal ORDER BY id")]


def list_proposal_standings(db: Database, state: str = "") -> list[ProposalStanding]:
    """The newest first; of one state, if one is named."""
    return db.values(ProposalStanding, _STANDINGS, state=state)


def read_proposals(db: Database, wanted: Sequence[int]) -> list[StoredProposal]:
    by_number = {row["id"]: _proposal(row) for row in db.select(_OF_NUMBERS, numbers=json.dumps(list(wanted)))}
    return [by_number[number] for number in wanted if number in by_number]


def list_proposals_in_state(db: Database, state: ProposalState) -> list[StoredProposal]:
    return [_proposal(row) for row in db.select(_IN_STATE, state=state.value)]


def list_draft_proposals(db: Database, name: str) -> list[StoredProposal]:
    return [_proposal(row) for row in db.select(_OF_DRAFTS, name=name)]


def find_bundle_approval(db: Database, bundle: str) -> StoredProposal | None:
    return db.read_row(_proposal, _APPROVED_BUNDLE, bundle=bundle)


def list_registrations_by_persons(db: Database) -> frozenset[int]:
    return frozenset(db.column(int, _APPROVED_BY_PERSONS, autopilot=AUTOPILOT))


def set_proposal_registration(db: Database, number: int, *, experiment_id: int, registration_id: int) -> None:
    db.change("proposal", number, experiment_id=experiment_id, registration_id=registration_id)


def list_proposal_outcomes(db: Database) -> list[ProposalOutcome]:
    return [
        ProposalOutcome(
            proposal=read_proposal(row["body"]),
            finding=row["finding_number"],
            verdict=row["verdict"],
            estimate=row["estimate"],
        )
        for row in db.select(_CAME_OUT)
    ]


def _proposal(row: Row) -> StoredProposal:
    return as_value(StoredProposal, row, number=row["id"], proposal=read_proposal(row["body"]))
