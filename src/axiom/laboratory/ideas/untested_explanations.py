"""Writes down as an idea what the autopilot sees and cannot ask: at most one a session, and nothing twice."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.links import LinkKind, Noun
from axiom.domain.proposals import IdeaAnswer, IdeaState
from axiom.domain.rounds import Note
from axiom.errors import Refused
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.laboratory.proposals.rules.untested_explanations import UntestedExplanation, next_idea
from axiom.store.engine.database import Database
from axiom.store.findings import links
from axiom.store.registrations import ideas


def add_explanation_idea(
    db: Database, subjects: Sequence[Subject], session_id: int | None, now: datetime
) -> list[Note]:
    """Write the next one down, if there is one, and say so."""
    noted = ideas.list_idea_bases(db)
    if session_id is not None and session_id in noted.values():
        return []
    idea = next_idea(subjects, _untested_explanations(db), noted)
    if idea is None:
        return []
    number = ideas.add_idea(db, idea, is_shown=True, session_id=session_id, now=now)
    return [
        Note(
            kind="design.idea",
            text="Idea {idea}: {question}",
            facts={"idea": number, "question": idea.question},
            about=f"/ideas/{number}",
        )
    ]


def mark_idea_taken(db: Database, number: int, *, proposal: int, by: str, now: datetime) -> None:
    """A proposal asks what somebody wondered: whose idea it was sees that."""
    idea = ideas.find_idea(db, number)
    if idea is None or not idea.is_public or idea.state is not IdeaState.OPEN:
        raise Refused(f"There is no open idea {number}. Nothing was proposed; /ideas lists them.")
    answer = IdeaAnswer(state=IdeaState.TAKEN, why="", by=by, proposal=proposal)
    ideas.answer_idea(db, number, answer, None, now)


def _untested_explanations(db: Database) -> list[UntestedExplanation]:
    inferences = links.list_links(db)
    tested = {link.target.id for link in inferences if link.kind is LinkKind.TESTS and link.target.noun is Noun.LINK}
    return [
        UntestedExplanation(link=link.id, source=link.source.id, target=link.target.id)
        for link in inferences
        if link.kind is LinkKind.EXPLAINS and link.source.noun is link.target.noun is Noun.FINDING
        if link.id not in tested
    ]
