"""The log of a session, rendered from its notes. It is never parsed back and nothing in it is typed."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.sessions import Note, Session, Step

_HEADINGS = {
    Step.REVIEW: "What came back",
    Step.CREDIT: "Credit",
    Step.CLEAN: "Cleaning up",
    Step.EVALUATE: "Evidence",
    Step.PLAN: "The plan",
    Step.DEPLOY: "Ordered",
    Step.LOG: "In short",
}


def heading(step: Step) -> str:
    """What a section of the log is called."""
    return _HEADINGS[step]


def markdown(session: Session, notes: Sequence[tuple[Step, Note]]) -> str:
    """The log as Markdown; every line links to the rows behind its numbers."""
    parts = [f"# Session {session.name}\n\n{_head(session)}\n"]
    for step in Step:
        lines = [f"- {note.sentence}{_link(note)}" for one, note in notes if one is step]
        if lines:
            parts.append(f"## {heading(step)}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def text(session: Session, notes: Sequence[tuple[Step, Note]]) -> str:
    """The log as plain text."""
    parts = [f"SESSION {session.name}\n{_head(session)}\n"]
    for step in Step:
        lines = [f"  {note.sentence}" for one, note in notes if one is step]
        if lines:
            parts.append(f"{heading(step).upper()}\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _head(session: Session) -> str:
    until = _moment(session.ended_at) if session.ended_at else "still open"
    return f"Held by the {session.pi} from {_moment(session.started_at)} to {until}, because {session.reason}."


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _link(note: Note) -> str:
    return f" ([rows]({note.about}))" if note.about else ""
