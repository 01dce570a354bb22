"""What of somebody's proposals is not computed yet, and what it may still cost."""

import math
from dataclasses import replace

from axiom.domain.costs import DesignCost
from axiom.domain.proposals import AUTOPILOT, Proposal, ProposalState
from axiom.domain.registrations import read_registration_body
from axiom.laboratory.findings.score_predictions import why_registration_ended
from axiom.laboratory.planning.design_cost import cost_of_design
from axiom.rules.accounts.command_permission import OpenOrders
from axiom.store.engine.database import Database
from axiom.store.experiments import withdrawn_orders
from axiom.store.findings import evidence
from axiom.store.registrations import proposals, registrations


def read_open_orders(db: Database, author: str) -> OpenOrders:
    waiting = _waiting_of(db, author)
    most = open_cost(db, author).most + math.fsum(proposal.most_core_seconds for proposal in waiting)
    return OpenOrders(core_hours=most / 3_600.0, proposals=len(waiting))


def open_cost(db: Database, author: str = AUTOPILOT) -> DesignCost:
    """What all that this author's approved proposals have still to order costs."""
    approved = [
        proposal
        for proposal in proposals.list_proposals_in_state(db, ProposalState.APPROVED)
        if proposal.proposal.author == author
    ]
    if not approved:  # then without the newest evidence of all findings, for which each command would wait
        return DesignCost()
    newest = evidence.list_newest_evidence(db)
    left = []
    for proposal in approved:
        registration = (
            registrations.find_registration(db, proposal.registration_id) if proposal.registration_id else None
        )
        if registration is None or why_registration_ended(db, registration, newest):
            continue
        registered, version_id = read_registration_body(registration.body), registration.experiment_id
        ordered = withdrawn_orders.count_ordered_replicates(db, version_id).get(registration.id, 0)
        stopping = replace(registered.stopping, replicates=max(0, registered.stopping.replicates - ordered))
        left.append(cost_of_design(db, version_id, registered.design, stopping))
    return DesignCost(likely=sum(cost.likely for cost in left), most=sum(cost.most for cost in left))


def _waiting_of(db: Database, author: str) -> list[Proposal]:
    """This author's proposals that wait for an answer."""
    return [
        proposal.proposal
        for proposal in proposals.list_proposals_in_state(db, ProposalState.OPEN)
        if proposal.proposal.author == author
    ]
