"""Ideas, which are questions in a sentence. One that is not shown to everybody is on no public page."""

from axiom.domain.proposals import IdeaState, KeptIdea
from axiom.errors import NotFound
from axiom.reads.base import paging, query_errors
from axiom.reads.base.page import NUMBER, shown_at
from axiom.reads.base.paging import stretch
from axiom.reads.base.request import Answer, Reading
from axiom.reads.base.resolved_prose import quote
from axiom.store.accounts import accounts
from axiom.store.registrations import ideas

_STATES = tuple(state.value for state in IdeaState if state is not IdeaState.WITHDRAWN)


@shown_at("/ideas", "ideas.html", words="state from")
def listed(reading: Reading) -> Answer:
    """The ideas that everybody may read: open ones first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.choice(reading.query, "state", _STATES))
    state = reading.query.get("state", "")
    numbers = [] if misread else ideas.numbers(reading.db, state, public=True)
    part = stretch(reading, "from", numbers)
    address = f"/ideas?state={state}&from=" if state else "/ideas?from="
    return {
        "ideas": [_shown(reading, idea) for idea in ideas.of_numbers(reading.db, part.shown)],
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(address),
    }


@shown_at(f"/ideas/{NUMBER}", "idea.html")
def by_number(reading: Reading, number: int) -> Answer:
    """One idea that everybody may read."""
    stored = ideas.by_number(reading.db, number)
    if stored is None or not stored.is_public:
        raise NotFound(
            f"There is no idea {number} to be read here. Its author may have taken it back, or the operator has not "
            "shown it yet."
        )
    return {"idea": _shown(reading, stored)}


def every_idea(reading: Reading) -> Answer:
    """Every idea, also those that nobody else may read: for the operator."""
    numbers = ideas.numbers(reading.db, public=False)
    return {"ideas": [_shown(reading, idea) for idea in ideas.of_numbers(reading.db, numbers)]}


def unshown(reading: Reading) -> Answer:
    """The newest of those that wait to be shown, and how many do: for the operator."""
    numbers = ideas.unshown(reading.db)
    newest = ideas.of_numbers(reading.db, numbers[: paging.LENGTH])
    return {"ideas": [_shown(reading, idea) for idea in newest], "unshown_ideas": len(numbers)}


def of_number(reading: Reading, number: int) -> Answer:
    """One idea, whoever may read it: for the operator."""
    stored = ideas.by_number(reading.db, number)
    if stored is None:
        raise NotFound(f"There is no idea {number}; `axiom idea list` shows all.")
    return {"idea": _shown(reading, stored)}


def of_volunteer(reading: Reading, volunteer_id: int) -> list[Answer]:
    """What a volunteer wrote, the newest first: for themselves."""
    return [_shown(reading, idea) for idea in ideas.of_volunteer(reading.db, volunteer_id)]


def _shown(reading: Reading, stored: KeptIdea) -> Answer:
    answer, idea = stored.answer, stored.idea
    author = accounts.by_id(reading.db, idea.volunteer_id) if idea.volunteer_id is not None else None
    by = author[0].name if author else idea.by
    return {
        "number": stored.number,
        "question": idea.question,
        "by": by,
        "volunteer": idea.volunteer_id,
        "finding": idea.finding,
        "state": stored.state.value,
        "is_public": stored.is_public,
        "written_at": stored.created_at.isoformat(),
        "answered_by": answer.by if answer else None,
        "answered_at": stored.answered_at.isoformat() if stored.answered_at else None,
        "asked_by_proposal": answer.proposal if answer else None,
        "asked_by_experiment": answer.experiment if answer else None,
        "answering_finding": answer.finding if answer else None,
        "said": [
            *quote(reading, by, "why it is worth asking", idea.why),
            *(quote(reading, answer.by, f"why it is {stored.state.value}", answer.why) if answer else ()),
        ],
    }
