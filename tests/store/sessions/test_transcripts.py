"""A transcript says what a session took of models, and nobody can change, remove or add an entry unnoticed."""

from datetime import timedelta

import pytest

from axiom.domain.sessions import EntryKind, TranscriptEntry
from axiom.store.sessions import sessions, transcripts
from axiom.store.sessions.transcripts import TranscriptTotals


def entry(kind: EntryKind, tokens: int, request_id: int | None = None) -> TranscriptEntry:
    words = {"model": "of-a-test", "prompt": "digest", "body": '{"messages": []}'}
    return TranscriptEntry(kind=kind, **words, tokens=tokens, micros=2 * tokens, request_id=request_id)


ENTRIES = [
    entry(EntryKind.REQUEST, 100),
    entry(EntryKind.ANSWER, 40, 1),
    entry(EntryKind.REQUEST, 100),
    entry(EntryKind.FAILURE, 0, 3),
    entry(EntryKind.REQUEST, 100),
    entry(EntryKind.REFUSAL, 0),
]


@pytest.fixture
def session_id(database, now):
    """A session with entries 1 to 6, and another that is begun."""
    session = sessions.begin(database, pi="scientist", reason="a test", now=now)
    for number, written in enumerate(ENTRIES):
        transcripts.append(database, session.id, written, now + timedelta(seconds=number))
    database.execute("UPDATE session SET ended_at = started_at")
    sessions.begin(database, pi="scientist", reason="another", now=now)
    return session.id


def test_a_transcript_is_read_as_it_was_written_and_counts_what_nothing_answered_in_full(database, session_id, now):
    kept = transcripts.of_session(database, session_id)
    assert [written.entry for written in kept] == ENTRIES
    assert (kept[0].id, kept[0].at) == (1, now)
    taken = TranscriptTotals(requests=3, tokens=140, micros=280, since=now)
    assert transcripts.taken(database, range(session_id, session_id + 1)) == taken
    nothing = TranscriptTotals(requests=0, tokens=0, micros=0, since=None)
    assert transcripts.taken(database, range(session_id + 1, session_id + 2)) == nothing


ALTERED = {
    "session_id": 2,
    "at": 0,
    "kind": "answer",
    "request_id": 5,
    "model": "other",
    "prompt": "other",
    "body": "{}",
    "tokens": 0,
    "micros": 0,
    "hash": "f",
}


@pytest.mark.usefixtures("session_id")
def test_an_altered_or_removed_entry_is_seen(database, taken_back):
    assert transcripts.broken_links(database) == []
    for column, value in ALTERED.items():
        with taken_back(database):
            database.execute(f"UPDATE transcript SET {column} = :value WHERE id = 3", value=value)  # noqa: S608
            assert transcripts.broken_links(database)[0] == "transcript 3 was altered after it was written"
    for place in (4, 6):
        with taken_back(database):
            database.execute("DELETE FROM transcript WHERE id = :place", place=place)
            assert transcripts.broken_links(database) != []
