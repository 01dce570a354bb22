"""Sessions are named by day and letter; they and what they took of models are read as they were written."""

from datetime import timedelta

from axiom.domain.rounds import EntryKind, Note, Step, TranscriptEntry
from axiom.store.rounds import rounds, transcripts
from axiom.store.rounds.transcripts import TranscriptTotals
from axiom.store.upkeep import jobs


def test_names_are_counted_by_day_and_never_given_twice(database, now):
    def named(day) -> str:
        begun = rounds.begin_round(database, pi="autopilot", reason="a test", now=day)
        database.execute("UPDATE session SET ended_at = started_at")
        return rounds.make_session_of_round(database, begun.id, "a reason", day).name

    with database.transaction():
        names = [named(day) for day in [now] * 704 + [now + timedelta(days=1)]]
    letters = {0: "a", 25: "z", 26: "aa", 27: "ab", 51: "az", 52: "ba", 701: "zz", 702: "aaa"}
    assert [names[place] for place in letters] == [f"2026-03-02-{letter}" for letter in letters.values()]
    assert (names[-1], len(set(names))) == ("2026-03-03-a", 705)
    assert [session.name for session in rounds.list_rounds(database, 2)] == names[:-3:-1]


def test_a_session_is_open_until_its_last_step_is_done(database, now):
    assert rounds.find_open_round(database) is None
    assert rounds.find_last_round(database) is None
    assert rounds.read_review_stamp(database) == 0
    assert rounds.find_first_round_start(database, now) == now
    begun = rounds.begin_round(database, pi="person", reason="to see", now=now)
    assert begun.pi == "person"
    assert begun.reason == "to see"
    assert begun.done == ()
    assert begun.started_at == now
    assert begun.ended_at is None
    for place, step in enumerate(Step):
        current = rounds.find_open_round(database)
        assert current.done == tuple(Step)[:place]
        later = now + timedelta(seconds=place)
        rounds.finish_round_step(database, current, step, reviewed_to=place, now=later, ends=step is Step.LOG)
    assert rounds.find_open_round(database) is None
    last = rounds.find_last_round(database)
    assert (last.done, last.ended_at) == (tuple(Step), now + timedelta(seconds=16))
    assert rounds.read_review_stamp(database) == 16
    assert rounds.find_round_by_name(database, "2026-03-02-b") is None
    rounds.begin_round(database, pi="person", reason="", now=now + timedelta(hours=1))
    assert rounds.read_review_stamp(database) == 16  # which is handed on
    assert rounds.find_first_round_start(database, now + timedelta(days=1)) == now


def test_notes_come_back_in_order_and_as_they_were_written(database, now):
    begun = rounds.begin_round(database, pi="person", reason="", now=now)
    written = [
        Note(kind="task.valid", text="{amount} of {name}", facts={"amount": 3, "name": "größer {x}"}, about="/results"),
        Note(kind="credit.nothing", text="None."),
    ]
    rounds.add_round_notes(database, begun.id, Step.REVIEW, written[:1])
    rounds.add_round_notes(database, begun.id, Step.CREDIT, written[1:])
    found = rounds.list_round_notes(database, begun.id)
    assert found == [(Step.REVIEW, written[0]), (Step.CREDIT, written[1])]
    assert found[0][1].sentence == "3 of größer {x}"
    assert rounds.list_round_notes(database, begun.id + 1) == []
    assert rounds.read_round_plan(database, begun.id) == {}
    rounds.store_round_plan(database, begun.id, {"allotments": [], "reason": "why"})
    assert rounds.read_round_plan(database, begun.id) == {"allotments": [], "reason": "why"}
    assert rounds.read_round_plan(database, begun.id + 1) == {}


def test_a_job_begins_for_the_first_time_once(database, now):
    begun = [jobs.find_first_run_start(database, "publish")]
    for change in (jobs.record_job_start, lambda *words: jobs.record_job_failure(*words[:3], "the disk is full")):
        change(database, "publish", 60.0, now)
        begun.append(jobs.find_first_run_start(database, "publish"))
    jobs.record_job_success(database, "publish", now)
    jobs.record_job_start(database, "publish", 60.0, now)
    assert [*begun, jobs.find_first_run_start(database, "publish")] == [None, now, None, None]


def entry(kind: EntryKind, tokens: int, request_id: int | None = None) -> TranscriptEntry:
    words = {"model": "of-a-test", "prompt": "digest", "body": '{"messages": []}'}
    return TranscriptEntry(kind=kind, **words, tokens=tokens, micros=2 * tokens, request_id=request_id)


ENTRIES = [
    *(entry(EntryKind.REQUEST, 100), entry(EntryKind.ANSWER, 40, 1)),
    *(entry(EntryKind.REQUEST, 100), entry(EntryKind.FAILURE, 0, 3)),
    *(entry(EntryKind.REQUEST, 100), entry(EntryKind.REFUSAL, 0)),
]


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


def test_a_transcript_is_read_as_written_and_an_altered_or_removed_entry_is_seen(database, taken_back, now):
    round_id = rounds.begin_round(database, pi="scientist", reason="a test", now=now).id
    for number, written in enumerate(ENTRIES):
        transcripts.append_transcript_entry(database, round_id, written, now + timedelta(seconds=number))
    database.execute("UPDATE session SET ended_at = started_at")
    rounds.begin_round(database, pi="scientist", reason="another", now=now)
    stored = transcripts.list_transcript_entries(database, round_id)
    assert [written.entry for written in stored] == ENTRIES
    assert (stored[0].id, stored[0].at) == (1, now)
    totals = [
        transcripts.sum_transcript_usage(database, range(number, number + 1)) for number in (round_id, round_id + 1)
    ]
    assert totals[0] == TranscriptTotals(
        requests=3, tokens=140, micros=280, since=now
    )  # what nothing answered, in full
    assert totals[1] == TranscriptTotals(requests=0, tokens=0, micros=0, since=None)
    assert transcripts.check_transcript_chain(database) == []
    for column, value in ALTERED.items():
        with taken_back(database):
            database.execute(f"UPDATE transcript SET {column} = :value WHERE id = 3", value=value)  # noqa: S608
            assert transcripts.check_transcript_chain(database)[0] == "transcript 3 was altered after it was written"
    for place in (4, 6):
        with taken_back(database):
            database.execute("DELETE FROM transcript WHERE id = :place", place=place)
            assert transcripts.check_transcript_chain(database) != []
