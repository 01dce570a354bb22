"""What the laboratory might ask next: every proposal, how it stands, and all that it says."""

from axiom.domain.proposals import KeptProposal, proposal_data
from axiom.store.registrations import proposals
from axiom.web.base.request import Answer, Reading, must


def listed(reading: Reading) -> Answer:
    """Every proposal, those that wait for an answer first, then the newest."""
    found = sorted(proposals.everything(reading.db), key=lambda one: (one.state.value != "open", -one.number))
    return {"proposals": [_short(one) for one in found]}


def one(reading: Reading, number: int) -> Answer:
    """One proposal with all that it says."""
    found: KeptProposal = must(proposals.one(reading.db, number), reading, "proposal", number)
    said = proposal_data(found.proposal)
    stopping = found.proposal.stopping
    return {
        "proposal": {**said, **_short(found), "why": found.why, "decided_at": _moment(found)},
        "ends": stopping.sentence if stopping else "",
    }


def _short(one: KeptProposal) -> Answer:
    """A proposal as a row."""
    said = one.proposal
    return {
        "number": one.number,
        "slug": said.slug,
        "state": one.state.value,
        "template": said.template.value,
        "admission": said.admission.value,
        "question": said.question,
        "experiment": said.experiment,
        "version": said.version,
        "finding": said.finding,
        "author": said.author,
        "core_hours": float(f"{said.core_seconds / 3_600.0:.3g}"),
        "bits": said.bits,
        "registration": one.registration_id,
        "decided_by": one.decided_by,
        "made_at": one.created_at.isoformat(),
    }


def _moment(one: KeptProposal) -> str | None:
    return one.decided_at.isoformat() if one.decided_at else None
