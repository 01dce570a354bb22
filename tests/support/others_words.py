"""A laboratory in which everybody has written the same few letters wherever somebody may, and where these may stand."""

import json
import re
from typing import Any

from furnished_lab import fill, furnish_more
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.rounds import Note, Step
from axiom.store.findings import finding_notes
from axiom.store.rounds import kept_prose, rounds

MARK = "Zaubernuss"
IN_FILE = f'''"""Adds up.

What it is about: {MARK}.

Why it matters: {MARK}.
"""'''
_WRITTEN = {
    "link": "why = :mark",
    "prediction": "because = :mark",
    "idea": "why = :mark, answer = :mark",
    "finding": "why = CASE status WHEN 'open' THEN '' ELSE :mark END",
    "registration": "body = json_set(body, '$.why', :mark)",
}
_PROPOSED = ("motivation", "rival", "if_positive", "if_absent", "if_negative")
_BOX = re.compile(r'<details class="words"(?: open)?>(?:(?!<details).)*?</details>', re.DOTALL)
_SOURCE = re.compile(r"<pre\b[^>]*>.*?</pre>", re.DOTALL)  # the very text of a signed file or of a draft
_SIGNED = {"text", "body", "source", "diff"}  # the same in JSON


def furnish_words(lab: Any, folder: Any) -> None:
    """Findings 1 and 2 are weighed, 3 waits for its first block."""

    def prepared(**changes: Any) -> Any:
        text = (
            tiny_source(**changes).replace('"""Adds up."""', IN_FILE).replace('because="a test"', f'because="{MARK}"')
        )
        return prepare_text("tiny_sum", text, folder)

    fill(lab, prepared)
    furnish_more(lab, prepared)
    with lab.db.transaction():
        for number in (1, 2, 3):
            finding_notes.add_finding_note(lab.db, number, text=f"{MARK}: {{F1.estimate}}", by="Eve", now=lab.now)
        kept_prose.add_session_prose(lab.db, 1, author="Eve", text=MARK, now=lab.now)
        for numbers in ([1], [1, 2], [1, 3]):
            kept_prose.add_paper_prose(lab.db, numbers, author="Eve", text=f"{MARK}\n\n{MARK}", now=lab.now)
        for table, words in _WRITTEN.items():
            lab.db.execute(f"UPDATE {table} SET {words}", mark=MARK)  # noqa: S608  the names are ours
        for row in lab.db.select("SELECT id, body FROM proposal"):
            body = json.loads(row["body"])
            body |= dict.fromkeys(_PROPOSED, MARK)
            body["prediction"]["because"] = MARK
            lab.db.execute(
                "UPDATE proposal SET body = :body, why = :mark, decided_by = 'Eve' WHERE id = :id",
                body=json.dumps(body),
                mark=MARK,
                id=row["id"],
            )
        old = {"changed.note": "lesson", "fresh.motivation": "why", "direction.link": "why"}
        notes = [
            Note(kind=kind, text=f"{{{name}}}", facts={name: MARK}, about="/findings/1") for kind, name in old.items()
        ]
        rounds.add_round_notes(lab.db, 1, Step.LOG, [*notes, Note(kind="log.end", text="Done.")])


def outside_boxes(page: str) -> list[str]:
    """Where a page has it beside the boxes that say whose it is, and beside the files that hold it."""
    rest = _SOURCE.sub("", _BOX.sub("", page))
    return [rest[max(0, place.start() - 80) : place.end()] for place in re.finditer(MARK, rest)]


def outside_quotes(answer: Any, path: str = "") -> list[str]:
    """Where JSON has it elsewhere than in what is said by somebody and not checked."""
    match answer:
        case str() if MARK in answer:
            return [path]
        case {"by": str(), "checked": False, "text": _}:
            return []
        case dict():
            parts = list(answer.items())
        case list() | tuple():
            parts = [("", part) for part in answer]
        case _:
            return []
    return [
        place
        for name, part in parts
        if name not in _SIGNED or not isinstance(part, str)
        for place in outside_quotes(part, f"{path}/{name}")
    ]
