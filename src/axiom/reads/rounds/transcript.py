"""What was said to language models in one session, entry by entry, and what came back."""

import json

from axiom.domain.rounds import EntryKind
from axiom.limits import rounds as limits
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.paging import Page
from axiom.reads.base.request import Answer, Reading
from axiom.reads.rounds.sessions import describe_model_use, require_session
from axiom.store.rounds import rounds as sessions
from axiom.store.rounds import transcripts
from axiom.store.rounds.transcripts import KeptEntry

_MILLIONTHS = 1_000_000


@page_at("/sessions/{name}/transcript", "transcript.html")
def transcript_page(reading: Reading, name: str) -> Answer:
    """What was said to language models in a session and what came back, the oldest first."""
    session = require_session(reading, name)
    rounds = sessions.find_session_round_ids(reading.db, session)
    numbers, start = transcripts.list_transcript_ids(reading.db, rounds), reading.whole("from")
    first = numbers.index(start) if start in numbers else 0
    part = Page(ids=numbers, first=first, length=max(1, len(numbers)) if reading.is_whole else limits.ENTRIES_ON_A_PAGE)
    lines = part.shown
    entries = transcripts.list_entries_between(reading.db, rounds, lines[0], lines[-1]) if lines else []
    return {
        "transcript": {
            "session": session.name,
            "of": len(numbers),
            **describe_model_use(reading, session),
            "entries": [_entry(entry) for entry in entries],
        },
        **part.around(f"/sessions/{session.name}/transcript?from="),
    }


def _entry(kept: KeptEntry) -> Answer:
    entry = kept.entry
    body = json.loads(entry.body)
    return {
        "number": kept.id,
        "at": kept.at.isoformat(),
        "kind": entry.kind.value,
        "model": entry.model,
        "prompt": entry.prompt,
        "tokens": entry.tokens,
        "cost": entry.micros / _MILLIONTHS if entry.micros else None,
        "answers": entry.request_id,
        "said": _lines(entry.kind, body),
        "body": body,
    }


def _lines(kind: EntryKind, body: Answer) -> list[Answer]:
    """An entry as lines: who says what."""
    if kind is EntryKind.REQUEST:
        return [line for message in body["messages"] for line in _message(message["speaker"], message)]
    if kind is EntryKind.ANSWER:
        return _message("model", body)
    if kind is EntryKind.READ:
        words = f"From here on {body['by']} has read what {', '.join(body['programs'])} wrote."
        return [{"who": "laboratory", "text": words}]
    return [{"who": "laboratory", "text": body["reason"]}, *_message("tool", {"results": body.get("untold", [])})]


def _message(speaker: str, message: Answer) -> list[Answer]:
    lines = [{"who": "tool", "text": result["text"]} for result in message.get("results", [])]
    if message.get("text"):
        lines.append({"who": speaker, "text": message["text"]})
    calls = [(call["name"], json.dumps(call["words"], ensure_ascii=False)) for call in message.get("calls", [])]
    return [*lines, *({"who": f"{speaker}, calls {name}", "text": words} for name, words in calls)]
