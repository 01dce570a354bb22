"""Questions that nobody has asked yet, and what became of each. What is not shown to all is on no public page."""

from collections.abc import Sequence

from axiom.domain.ideas import IdeaState, KeptIdea
from axiom.errors import NotFound
from axiom.store.accounts import accounts
from axiom.store.registrations import ideas
from axiom.web.base import query_errors
from axiom.web.base.paging import stretch
from axiom.web.base.request import Answer, Reading

STATES = tuple(state.value for state in IdeaState if state is not IdeaState.WITHDRAWN)


def listed(reading: Reading) -> Answer:
    """The ideas that everybody may read: open ones first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.choice(reading.query, "state", STATES))
    state = reading.query.get("state", "")
    numbers = [] if misread else ideas.numbers(reading.db, state, public=True)
    part = stretch(reading, "from", numbers)
    address = f"/ideas?state={state}&from=" if state else "/ideas?from="
    return {
        "ideas": _rows(reading, ideas.of_numbers(reading.db, part.there)),
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(address),
    }


def one(reading: Reading, number: int) -> Answer:
    """One idea that everybody may read."""
    found = ideas.one(reading.db, number)
    if found is None or not found.is_public:
        raise NotFound(
            f"There is no idea {number} to be read here. Its author may have taken it back, or the operator has not "
            "shown it yet."
        )
    return {"idea": _shown(reading, found)}


def everything(reading: Reading) -> Answer:
    """Every idea, also those that nobody else may read: for the operator."""
    numbers = ideas.numbers(reading.db, public=False)
    return {"ideas": _rows(reading, ideas.of_numbers(reading.db, numbers))}


def any_one(reading: Reading, number: int) -> Answer:
    """One idea, whoever may read it: for the operator."""
    found = ideas.one(reading.db, number)
    if found is None:
        raise NotFound(f"There is no idea {number}; `axiom idea list` shows all.")
    return {"idea": _shown(reading, found)}


def of_volunteer(reading: Reading, volunteer_id: int) -> list[Answer]:
    """What a volunteer wrote, the newest first: for themselves."""
    return _rows(reading, ideas.of_volunteer(reading.db, volunteer_id))


def _rows(reading: Reading, found: Sequence[KeptIdea]) -> list[Answer]:
    return [_shown(reading, each) for each in found]


def _shown(reading: Reading, found: KeptIdea) -> Answer:
    said, idea = found.answer, found.idea
    author = accounts.by_id(reading.db, idea.volunteer_id) if idea.volunteer_id is not None else None
    return {
        "number": found.number,
        "question": idea.question,
        "why": idea.why,
        "by": author[0].name if author else idea.by,
        "volunteer": idea.volunteer_id,
        "finding": idea.finding,
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
