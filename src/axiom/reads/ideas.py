"""Ideas, which are questions in a sentence. One that is not shown to everybody is on no public page."""

from collections.abc import Iterable
from datetime import UTC, datetime

from axiom.domain.proposals import IdeaState, StoredIdea
from axiom.errors import NotFound
from axiom.reads.base import paging, query_errors
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.paging import paginate_ids
from axiom.reads.base.request import Answer, Reading
from axiom.reads.base.resolved_prose import quote_text
from axiom.store.accounts import accounts
from axiom.store.registrations import ideas
from axiom.store.registrations.ideas import IdeaStanding

_NEVER = datetime.min.replace(tzinfo=UTC)
_STATES = tuple(state.value for state in IdeaState if state is not IdeaState.WITHDRAWN)


@page_at("/ideas", "ideas.html", words="state from")
def ideas_page(reading: Reading) -> Answer:
    """The ideas that everybody may read: open ones first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.not_a_choice(reading.query, "state", _STATES))
    state = reading.query.get("state", "")
    numbers = [] if misread else order_ideas(ideas.list_idea_standings(reading.db, state, public=True))
    part = paginate_ids(reading, "from", numbers)
    address = f"/ideas?state={state}&from=" if state else "/ideas?from="
    return {
        "ideas": [_shown(reading, idea) for idea in ideas.read_ideas(reading.db, part.shown)],
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(address),
    }


@page_at(f"/ideas/{NUMBER}", "idea.html")
def idea_page(reading: Reading, number: int) -> Answer:
    """One idea that everybody may read."""
    stored = ideas.find_idea(reading.db, number)
    if stored is None or not stored.is_public:
        raise NotFound(
            f"There is no idea {number} to be read here. Its author may have taken it back, or the operator has not "
            "shown it yet."
        )
    return {"idea": _shown(reading, stored)}


def list_every_idea(reading: Reading) -> Answer:
    """Every idea, also those that nobody else may read: for the operator."""
    numbers = order_ideas(ideas.list_idea_standings(reading.db, public=False))
    return {"ideas": [_shown(reading, idea) for idea in ideas.read_ideas(reading.db, numbers)]}


def list_unshown_ideas(reading: Reading) -> Answer:
    """The newest of those that wait to be shown, and how many do: for the operator."""
    numbers = ideas.list_unshown_idea_numbers(reading.db)
    newest = ideas.read_ideas(reading.db, numbers[: paging.LENGTH])
    return {"ideas": [_shown(reading, idea) for idea in newest], "unshown_ideas": len(numbers)}


def describe_idea(reading: Reading, number: int) -> Answer:
    """One idea, whoever may read it: for the operator."""
    stored = ideas.find_idea(reading.db, number)
    if stored is None:
        raise NotFound(f"There is no idea {number}; `axiom idea list` shows all.")
    return {"idea": _shown(reading, stored)}


def list_ideas_of_volunteer(reading: Reading, volunteer_id: int) -> list[Answer]:
    """What a volunteer wrote, the newest first: for themselves."""
    return [_shown(reading, idea) for idea in ideas.list_volunteer_ideas(reading.db, volunteer_id)]


def order_ideas(standings: Iterable[IdeaStanding]) -> list[int]:
    """The numbers of what is open, the newest first, then of the others, what was answered last first."""
    ordered = sorted(
        standings,
        key=lambda idea: (idea.state is IdeaState.OPEN, idea.answered_at or _NEVER, idea.number),
        reverse=True,
    )
    return [idea.number for idea in ordered]


def _shown(reading: Reading, stored: StoredIdea) -> Answer:
    answer, idea = stored.answer, stored.idea
    author = accounts.find_account(reading.db, idea.volunteer_id) if idea.volunteer_id is not None else None
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
            *quote_text(reading, by, "why it is worth asking", idea.why),
            *(quote_text(reading, answer.by, f"why it is {stored.state.value}", answer.why) if answer else ()),
        ],
    }
