"""A transcript says what a session took of models, and nobody can change, remove or add an entry unnoticed."""

from datetime import timedelta

import pytest

from axiom.domain.sessions import EntryKind, TranscriptEntry
from axiom.store.sessions import sessions, transcripts
from axiom.store.sessions.transcripts import TranscriptTotals


def entry(kind: EntryKind, tokens: int, request_id: int | None = None) -> TranscriptEntry:
    return TranscriptEntry(
        kind=kind,
        model="of-a-test",
        prompt="digest",
        body='{"messages": []}',
        tokens=tokens,
        micros=2 * tokens,
        request_id=request_id,
    )


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
    """A session with entries 1 to 6."""
    session = sessions.begin(database, pi="scientist", reason="a test", now=now)
    for number, each in enumerate(ENTRIES):
        transcripts.append(database, session.id, each, now + timedelta(seconds=number))
    return session.id


def test_a_transcript_is_read_as_it_was_written(database, session_id, now):
    kept = transcripts.of_session(database, session_id)
    assert [each.entry for each in kept] == ENTRIES
    assert (kept[0].id, kept[0].at) == (1, now)


def test_a_request_that_nothing_answered_counts_in_full(database, session_id, now):
    assert transcripts.taken(database, range(session_id, session_id + 1)) == TranscriptTotals(
        requests=3, tokens=140, micros=280, since=now
    )


def test_a_session_that_asked_nothing_took_nothing(database, now):
    session = sessions.begin(database, pi="scientist", reason="a test", now=now)
    assert transcripts.taken(database, range(session.id, session.id + 1)) == TranscriptTotals(
        requests=0, tokens=0, micros=0, since=None
    )


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
@pytest.mark.parametrize("column", ALTERED)
def test_an_altered_entry_is_seen(database, now, column):
    assert transcripts.broken_links(database) == []
    database.execute("UPDATE session SET ended_at = started_at")
    sessions.begin(database, pi="scientist", reason="another", now=now)
    update = f"UPDATE transcript SET {column} = :value WHERE id = 3"  # noqa: S608  a column of ours
    database.execute(update, value=ALTERED[column])
    assert transcripts.broken_links(database)[0] == "transcript 3 was altered after it was written"


@pytest.mark.usefixtures("session_id")
@pytest.mark.parametrize("place", ["id = 4", "id = 6"])
def test_a_removed_entry_is_seen(database, place):
    database.execute(f"DELETE FROM transcript WHERE {place}")  # noqa: S608  a place of ours
    assert transcripts.broken_links(database) != []
