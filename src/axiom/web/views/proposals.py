"""What might be asked next: every proposal with all that it says, and ideas, which are questions in a sentence.

An idea that is not shown to everybody is on no public page.
"""

from collections.abc import Sequence

from axiom.domain.proposals import IdeaState, KeptIdea, KeptProposal, proposal_data
from axiom.errors import NotFound
from axiom.store.accounts import accounts
from axiom.store.registrations import ideas, proposals
from axiom.web.base import query_errors
from axiom.web.base.paging import stretch
from axiom.web.base.request import Answer, Reading, must

_STATES = tuple(state.value for state in IdeaState if state is not IdeaState.WITHDRAWN)


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


def listed_ideas(reading: Reading) -> Answer:
    """The ideas that everybody may read: open ones first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.choice(reading.query, "state", _STATES))
    state = reading.query.get("state", "")
    numbers = [] if misread else ideas.numbers(reading.db, state, public=True)
    part = stretch(reading, "from", numbers)
    address = f"/ideas?state={state}&from=" if state else "/ideas?from="
    return {
        "ideas": _idea_rows(reading, ideas.of_numbers(reading.db, part.there)),
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(address),
    }


def idea(reading: Reading, number: int) -> Answer:
    """One idea that everybody may read."""
    found = ideas.one(reading.db, number)
    if found is None or not found.is_public:
        raise NotFound(
            f"There is no idea {number} to be read here. Its author may have taken it back, or the operator has not "
            "shown it yet."
        )
    return {"idea": _shown_idea(reading, found)}


def every_idea(reading: Reading) -> Answer:
    """Every idea, also those that nobody else may read: for the operator."""
    numbers = ideas.numbers(reading.db, public=False)
    return {"ideas": _idea_rows(reading, ideas.of_numbers(reading.db, numbers))}


def any_idea(reading: Reading, number: int) -> Answer:
    """One idea, whoever may read it: for the operator."""
    found = ideas.one(reading.db, number)
    if found is None:
        raise NotFound(f"There is no idea {number}; `axiom idea list` shows all.")
    return {"idea": _shown_idea(reading, found)}


def ideas_of(reading: Reading, volunteer_id: int) -> list[Answer]:
    """What a volunteer wrote, the newest first: for themselves."""
    return _idea_rows(reading, ideas.of_volunteer(reading.db, volunteer_id))


def _idea_rows(reading: Reading, found: Sequence[KeptIdea]) -> list[Answer]:
    return [_shown_idea(reading, each) for each in found]


def _shown_idea(reading: Reading, found: KeptIdea) -> Answer:
    said, asked = found.answer, found.idea
    author = accounts.by_id(reading.db, asked.volunteer_id) if asked.volunteer_id is not None else None
    return {
        "number": found.number,
        "question": asked.question,
        "why": asked.why,
        "by": author[0].name if author else asked.by,
        "volunteer": asked.volunteer_id,
        "finding": asked.finding,
        "state": found.state.value,
        "is_public": found.is_public,
        "written_at": found.created_at.isoformat(),
        "answer": said.why if said else "",
        "answered_by": said.by if said else None,
        "answered_at": found.answered_at.isoformat() if found.answered_at else None,
        "asked_by_proposal": said.proposal if said else None,
        "asked_by_experiment": said.experiment if said else None,
        "answering_finding": said.finding if said else None,
    }
