"""What might be asked next: every proposal with all that it says."""

from collections.abc import Iterable

from axiom.domain.proposals import ProposalState, StoredProposal, proposal_data
from axiom.reads.base import paging, query_errors
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.paging import paginate_ids
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.base.resolved_prose import quote_each, quote_text
from axiom.reads.experiments.drafts import describe_proposed_draft
from axiom.store.registrations import proposals
from axiom.store.registrations.proposals import ProposalStanding

_IN_WORDS = {
    "motivation": "why it should be asked",
    "rival": "its rival",
    "if_positive": "what effect + would change",
    "if_absent": "what absent would change",
    "if_negative": "what effect − would change",
}


@page_at("/proposals", "proposals.html", words="state from")
def proposals_page(reading: Reading) -> Answer:
    """Those that wait for an answer first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.not_a_choice(reading.query, "state", [state.value for state in ProposalState]))
    state = reading.query.get("state", "")
    numbers = [] if misread else order_proposals(proposals.list_proposal_standings(reading.db, state))
    part = paginate_ids(reading, "from", numbers)
    return {
        "proposals": [_short(reading, stored) for stored in proposals.read_proposals(reading.db, part.shown)],
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(f"/proposals?state={state}&from=" if state else "/proposals?from="),
    }


def list_waiting_proposals(reading: Reading) -> Answer:
    """The newest of those that wait for an answer, and how many do."""
    numbers = order_proposals(proposals.list_proposal_standings(reading.db, ProposalState.OPEN.value))
    newest = proposals.read_proposals(reading.db, numbers[: paging.LENGTH])
    return {"proposals": [_short(reading, stored) for stored in newest], "open_proposals": len(numbers)}


def order_proposals(standings: Iterable[ProposalStanding]) -> list[int]:
    """The numbers of what waits for an answer, then of the others; of both, the newest first."""
    ordered = sorted(standings, key=lambda stored: (stored.state is ProposalState.OPEN, stored.number), reverse=True)
    return [stored.number for stored in ordered]


@page_at(f"/proposals/{NUMBER}", "proposal.html")
def proposal_page(reading: Reading, number: int) -> Answer:
    """One proposal with all that it says."""
    stored: StoredProposal = require_stored(proposals.find_proposal(reading.db, number), reading, "proposal", number)
    data, stopping = proposal_data(stored.proposal), stored.proposal.stopping
    short = _short(reading, stored)
    texts = {kind: data.pop(name) for name, kind in _IN_WORDS.items()}
    if data["prediction"]:
        texts["why it expects that"] = data["prediction"].pop("because")
    for estimand in data["estimands"]:
        del estimand["prediction"]  # stands above
    return {
        "proposal": {
            **data,
            **short,
            "said": [*quote_each(reading, stored.proposal.author, texts), *short["said"]],
            "upheld_by": list(stored.proposal.upholding),
            "decided_at": stored.decided_at.isoformat() if stored.decided_at else None,
        },
        "ends": stopping.tell_end(len(data["estimands"]) + len(stored.proposal.links)) if stopping else "",
        "draft": describe_proposed_draft(reading, stored.proposal),
    }


def _short(reading: Reading, stored: StoredProposal) -> Answer:
    proposal = stored.proposal
    return {
        "number": stored.number,
        "slug": proposal.slug,
        "state": stored.state.value,
        "template": proposal.template.value,
        "admission": proposal.admission.value,
        "question": proposal.question,
        "experiment": proposal.experiment,
        "version": proposal.version,
        "finding": proposal.finding,
        "draft": proposal.draft,
        "author": proposal.author,
        **proposal.cost.shown,
        "bits": proposal.bits,
        "registration": stored.registration_id,
        "decided_by": stored.decided_by,
        "said": quote_text(reading, stored.decided_by, f"why it is {stored.state.value}", stored.why),
        "made_at": stored.created_at.isoformat(),
    }
