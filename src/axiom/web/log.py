"""A session's log, rendered from its notes: as pieces for a page, as Markdown and as plain text."""

import re
from collections.abc import Mapping, Sequence

from axiom.domain.sessions import Note, Session, Step
from axiom.web.numbers import plain
from axiom.web.reading import Answer

_FACT = re.compile(r"\{(\w+)\}")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def pieces(note: Note) -> list[Answer]:
    """The line cut into words and facts, so that a page can set each fact apart."""
    found: list[Answer] = []
    end = 0
    for match in _FACT.finditer(note.text):
        found.append({"text": note.text[end : match.start()], "is_fact": False})
        fact = _fact(note.facts, match)
        found.append({"text": fact, "is_fact": " " not in fact})  # a reason, which is a sentence, stays one
        end = match.end()
    found.append({"text": note.text[end:], "is_fact": False})
    return [piece for piece in found if piece["text"]]


def sentence(note: Note) -> str:
    """The line with its facts in place."""
    return _FACT.sub(lambda match: _fact(note.facts, match), note.text)


def chapters(notes: Sequence[tuple[Step, Note]]) -> list[Answer]:
    """The notes by step, in the order of the steps."""
    return [
        {"step": step, "lines": lines}
        for step in Step
        if (
            lines := [
                {
                    "kind": note.kind,
                    "text": sentence(note),
                    "facts": dict(note.facts),
                    "about": note.about if note.about.startswith("/") else "",
                    "pieces": pieces(note),
                }
                for wrote, note in notes
                if wrote is step
            ]
        )
    ]


def as_markdown(session: Session, notes: Sequence[tuple[Step, Note]]) -> str:
    """The log as Markdown."""
    parts = [f"# Session {session.name}", f"{_head(session)}"]
    for chapter in chapters(notes):
        parts.append(f"## {chapter['step'].capitalize()}")
        parts.append("\n".join(_bullet(line) for line in chapter["lines"]))
    return "\n\n".join(parts) + "\n"


def as_text(session: Session, notes: Sequence[tuple[Step, Note]]) -> str:
    """The log as plain text."""
    head = f"Session {session.name}"
    parts = [f"{head}\n{'=' * len(head)}", _head(session)]
    for chapter in chapters(notes):
        title = chapter["step"].upper()
        parts.append("\n".join([title, *(f"- {_one_line(line['text'])}" for line in chapter["lines"])]))
    return "\n\n".join(parts) + "\n"


def _head(session: Session) -> str:
    end = f"{session.ended_at:%H:%M} UTC" if session.ended_at else "not ended"
    return f"{session.started_at:%Y-%m-%d %H:%M} to {end}, held by the {session.pi}: {_one_line(session.reason)}"


def _bullet(line: Mapping[str, str]) -> str:
    text = _SPECIAL.sub(r"\\\1", _one_line(line["text"]))
    return f"- {text} ([rows]({line['about']}))" if line["about"] else f"- {text}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fact(facts: Mapping[str, object], match: re.Match[str]) -> str:
    return plain(facts[match[1]]) if match[1] in facts else match[0]
