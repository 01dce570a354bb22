"""`axiom session` and `axiom finding`: a round from a terminal, dry and in earnest, and what is concluded."""

import re
from datetime import UTC, datetime

import pytest

from axiom.domain.rounds import Step
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.failures.commands.watches import RegisterWatch
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.rounds import rounds


@pytest.fixture
def say(say_to, small_lab):
    small_lab.db.close()
    make_keys(small_lab.folder.keys, small_lab.now)
    return lambda *words: say_to(small_lab.folder.path, *words)


@pytest.fixture
def opened(small_lab, prepared):
    """tiny_sum is published, a host was heard from just now, and the first block is back."""
    small_lab.now = datetime.now(UTC)
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=4, replicates_each=2)
    for _ in range(4):
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    return small_lab


def look(lab, question):
    db = connect_reader(lab.folder.database)
    try:
        return question(db)
    finally:
        db.close()


def dump(lab) -> dict[str, list]:
    """Every row but those of the audit and of its counter, and of where the journal stands, which every start moves."""

    def everything(db):
        tables = sorted(db.tables() - {"audit", "journal", "sqlite_sequence"})
        rows = {table: db.select(f"SELECT * FROM {table}") for table in tables}  # noqa: S608  our own tables
        return rows | {"counter": [row for row in rows["counter"] if row["noun"] != "audit"]}

    return look(lab, everything)


def run(say, *words) -> str:
    return say("session", "run", *words, "--json")[1]["session"]["session"]


def test_a_plan_and_a_dry_session_change_nothing_and_one_that_is_held_does(opened, say):
    before = dump(opened)
    planned = say("session", "plan", "--json")[1]
    assert {row["experiment_id"] for row in planned["allotments"]} == {1}
    assert planned.keys() >= {"allotments", "idle_cores", "skipped", "hosts", "worth", "classes"}
    assert [row["host_id"] for row in planned["hosts"]] == [1]
    assert planned["worth"][0]["name"] == "tiny_sum"
    assert say("session", "plan")[0] == 0
    status, out, err = say("session", "run", "--dry-run")
    assert status == 0
    assert dump(opened) == before
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [step.value for step in Step]
    assert " would be closed. " in out
    assert "is closed" not in out
    more = say("session", "run", "--dry-run", "--pi", "autopilot")[2]
    assert (more.startswith(err.strip()), len(more) > len(err)) == (True, True)  # what a dry run does not show
    status, answer, _ = say("session", "run", "--json")
    assert [row["step"] for row in answer["session"]["steps"]] == [step.value for step in Step]
    assert dump(opened) != before
    assert [row["name"] for row in say("session", "list", "--json")[1]["sessions"]] == [answer["session"]["session"]]


def test_words_that_would_act_on_a_terminal_are_shown_as_words(opened, say):
    """A watch may be registered by a program that may order; this one from before the gate refused such signs."""
    sentence = "red \x1b[31m\x9b2J\r\nlog\n  forged \u202eline"
    say("session", "run")
    watch = RegisterWatch(experiment="tiny_sum", sentence="red", measure="total", comparison=">", threshold=9e9)
    opened.db = connect_writer(opened.folder.database)
    with opened.db.transaction():
        watch.apply(opened.db, None, None, opened.now)
        opened.db.execute("UPDATE watch SET sentence = :sentence", sentence=sentence)
        retire_version(opened.db, 1, sentence, datetime.now(UTC))
    opened.db.close()
    text_of_run = say("session", "run")[1]
    name = look(opened, rounds.find_last_round).name
    for text in (text_of_run, say("session", "show", name)[1], say("session", "show", name, "--format", "markdown")[1]):
        assert re.search(r"red \\?\[31m 2J log forged line\b", text)
        assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert "red ?[31m?2J??log?  forged ?line" in say("session", "diff")[1]


def test_a_session_is_held_up_to_a_step_and_the_autopilot_alone_approves_its_own(opened, say):
    question = "SELECT 1 FROM audit WHERE command = 'proposal.admit'"
    for investigator, amount in (("person", 0), ("autopilot", 1)):  # there was none to approve, so it is asked once
        assert say("session", "run", "--pi", investigator)[0] == 0
        assert len(look(opened, lambda db: db.select(question))) == amount
    assert say("session", "run", "--until", "credit")[0] == 0
    assert look(opened, rounds.find_open_round).done == tuple(Step)[:6]
    answer = say("session", "run", "--json")[1]
    assert [row["step"] for row in answer["session"]["steps"]] == [step.value for step in Step][6:]
    assert look(opened, rounds.find_open_round) is None


def test_a_finding_awaits_its_first_block_and_then_says_what_is_known(opened, say):
    assert say("finding", "list", "--json")[1]["findings"][0]["evidence"] is None
    assert say("finding", "show", 1)[0] == 0
    name = run(say)
    (row,) = say("finding", "list", "--json")[1]["findings"]
    assert (row["evidence"]["seeds"], row["evidence"]["verdict"]) == (8, "undecided")
    text, markdown = say("session", "show", name)[1], say("session", "show", name, "--format", "markdown")[1]
    assert text.startswith(f"Session {name}\n=")
    assert markdown.startswith(f"# Session {name}\n")
    notes = say("session", "show", name, "--format", "json")[1]["session"]["notes"]
    assert notes[-1]["kind"] == "session.closed"
    assert f"- {notes[-1]['text']}\n" in text
    assert say("session", "show", name, "--json")[1]["session"]["notes"] == notes
    for change, interval in (
        ("low = -3.0, high = -0.1000004", "[-3, -0.1000004]"),  # an end beside the null is not written on it
        ("low = NULL, high = -1.0", "[unbounded, -1]"),
    ):
        db = connect_writer(opened.folder.database)
        db.execute(f"UPDATE evidence SET {change}")  # noqa: S608  our own
        db.close()
        assert [interval in say("finding", *words)[1] for words in (("list",), ("show", 1))] == [True, True]


def test_two_sessions_are_compared_if_not_named_the_newest_with_the_one_before(opened, say):
    assert say("session", "diff")[0] == 3
    first = run(say)
    assert say("session", "diff")[0] == 3
    second, third = run(say), run(say)

    def difference(*names: str) -> dict:
        return say("session", "diff", *names, "--json")[1]["difference"]

    assert difference() == difference(third, second)
    assert (difference()["from"], difference()["to"], difference()["sessions"]) == (second, third, 1)
    whole = difference(third, first)
    assert (whole["sessions"], whole["findings"], difference(first, third)) == (2, [], whole)  # whichever comes first
    db = connect_writer(opened.folder.database)
    db.execute("UPDATE evidence SET session_id = 2")
    db.execute("UPDATE session SET reviewed_to = 1 WHERE id = 1")
    db.close()
    moved = say("session", "diff", second)[1]
    assert [fact for fact in ("Finding 1 (tiny_sum@1, grows)", "4 valid", "tiny_sum@1") if fact not in moved] == []
    assert say("session", "diff", "1999-01-01-a")[0] == 3
