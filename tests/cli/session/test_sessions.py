"""`axiom session` and `axiom finding`: a round from a terminal, dry and in earnest, and what is concluded."""

import json
import re
from datetime import UTC, datetime

import pytest

from axiom.__main__ import _main
from axiom.commands.watches import RegisterWatch
from axiom.domain.sessions import Step
from axiom.lab.experiments.withdraw import withdraw
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.sessions import sessions


@pytest.fixture
def say(capsys, small_lab):
    """Types a command about the laboratory, which nobody holds meanwhile; status, answer and what was said."""
    small_lab.db.close()
    make_keys(small_lab.folder.keys, small_lab.now)

    def typed(*words: object):
        status = _main([*map(str, words), "--data", str(small_lab.folder.path)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if {"--json", "json"} & set(words) and not status else out), err

    return typed


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


def test_a_session_is_shown_dry_and_then_held(opened, say):
    before = dump(opened)
    status, out, err = say("session", "run", "--dry-run")
    assert (status, dump(opened) == before) == (0, True)
    assert "Nothing was changed: this was a dry run." in err
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [step.value for step in Step]
    assert "Finding 1 (tiny_sum): a larger size has a larger total." in out
    assert "is closed" not in out
    assert " would be closed. " in out
    status, held, _ = say("session", "run", "--json")
    assert [one["step"] for one in held["session"]["steps"]] == [step.value for step in Step]
    assert dump(opened) != before
    name = held["session"]["session"]
    assert [one["name"] for one in say("session", "list", "--json")[1]["sessions"]] == [name]
    assert name in say("session", "list")[1]


def test_words_that_would_act_on_a_terminal_are_shown_as_words(opened, say):
    """A watch may be registered by a program that may order; this one from before the gate refused such signs."""
    sentence = "red \x1b[31m\x9b2J\r\nlog\n  forged \u202eline"
    say("session", "run")
    watch = RegisterWatch(experiment="tiny_sum", sentence="red", measure="total", comparison=">", threshold=9e9)
    opened.db = connect_writer(opened.folder.database)
    with opened.db.transaction():
        watch.apply(opened.db, None, None, opened.now)
        opened.db.execute("UPDATE watch SET sentence = :sentence", sentence=sentence)
        withdraw(opened.db, 1, sentence, datetime.now(UTC))
    opened.db.close()
    held = say("session", "run")[1]
    name = look(opened, sessions.last).name
    for text in (held, say("session", "show", name)[1], say("session", "show", name, "--format", "markdown")[1]):
        assert re.search(r"red \\?\[31m 2J log forged line\b", text)
        assert all(sign.isprintable() or sign == "\n" for sign in text)
    changed = say("session", "diff")[1]
    assert "tiny_sum@1 was retired: red ?[31m?2J??log?  forged ?line" in changed


def test_a_session_is_held_up_to_a_step_and_goes_on(opened, say):
    assert say("session", "run", "--until", "credit")[2].startswith("Session round-1.")
    assert look(opened, sessions.opened).done == tuple(Step)[:6]
    held = say("session", "run", "--json")[1]
    assert [one["step"] for one in held["session"]["steps"]] == [step.value for step in Step][6:]
    assert look(opened, sessions.opened) is None


def test_only_who_holds_a_session_as_the_autopilot_approves_what_it_proposed(opened, say):
    def asked():
        return look(opened, lambda db: db.select("SELECT 1 FROM audit WHERE command = 'proposal.admit'"))

    assert say("session", "run", "--pi", "person")[0] == 0
    assert asked() == []
    assert say("session", "run", "--pi", "autopilot")[0] == 0
    assert len(asked()) == 1  # there was none to approve, so it was not asked again


@pytest.mark.usefixtures("opened")
def test_a_dry_run_of_the_autopilot_says_what_it_does_not_show(say):
    said = "Nothing was changed: this was a dry run."
    unasked = "What the autopilot would approve of its own proposals, and order of that, is not in it."
    assert say("session", "run", "--dry-run")[2] == f"{said}\n"
    assert say("session", "run", "--dry-run", "--pi", "autopilot")[2] == f"{said} {unasked}\n"


@pytest.mark.usefixtures("opened")
def test_the_log_is_text_markdown_or_json(say):
    name = say("session", "run", "--json")[1]["session"]["session"]
    text, markdown = say("session", "show", name)[1], say("session", "show", name, "--format", "markdown")[1]
    assert text.startswith(f"Session {name}\n=")
    assert markdown.startswith(f"# Session {name}\n")
    lines = say("session", "show", name, "--format", "json")[1]["session"]["notes"]
    assert say("session", "show", name, "--json")[1]["session"]["notes"] == lines
    assert [line["kind"] for line in lines][-1] == "session.closed"
    assert f"- {lines[-1]['text']}\n" in text
    status, _, err = say("session", "show", "1999-01-01-a")
    assert status == 3
    assert "There is no session 1999-01-01-a. `axiom session list` shows what there is." in err


def test_two_sessions_are_compared_the_newest_with_the_one_before_unless_they_are_named(opened, say):
    assert say("session", "diff")[0] == 3
    first = say("session", "run", "--json")[1]["session"]["session"]
    status, _, err = say("session", "diff")
    assert (status, "is the first" in err) == (3, True)
    second, third = (say("session", "run", "--json")[1]["session"]["session"] for _ in range(2))
    assert (
        say("session", "diff", "--json")[1]["difference"] | {"from": second, "to": third, "sessions": 1}
        == (say("session", "diff", third, second, "--json")[1]["difference"])
    )
    whole = say("session", "diff", third, first)[1]
    assert whole.splitlines()[0] == f"From the end of {first} to the end of {third}: 2 sessions."
    assert say("session", "diff", first, third)[1] == whole, "whichever is named first"
    assert "No finding has another verdict or grade." in whole
    db = connect_writer(opened.folder.database)
    db.execute("UPDATE evidence SET session_id = 2")
    db.execute("UPDATE session SET seen_task = 1 WHERE id = 1")
    db.close()
    moved = say("session", "diff", second)[1]
    assert "Finding 1 (tiny_sum@1, grows): never weighed → " in moved
    assert "4 valid" in moved
    assert "tiny_sum@1 was published" in moved
    assert say("session", "diff", "1999-01-01-a")[0] == 3


def test_the_plan_is_explained_and_nothing_is_changed(opened, say):
    before = dump(opened)
    said = say("session", "plan")[1]
    assert "Nothing was changed." in said
    assert "What would be ordered\n  tiny_sum  " in said
    planned = say("session", "plan", "--json")[1]
    assert {one["experiment_id"] for one in planned["allotments"]} == {1}
    assert planned.keys() >= {"allotments", "idle_cores", "skipped", "hosts", "blocks", "worth", "classes"}
    assert [one["host_id"] for one in planned["hosts"]] == [1]
    assert planned["worth"][0]["name"] == "tiny_sum"
    assert dump(opened) == before


def test_a_laboratory_without_sessions_or_findings_says_so(say):
    assert say("session", "list")[1] == "No session was held yet.\n"
    assert say("finding", "list")[1] == "No finding is registered yet.\n"


@pytest.mark.usefixtures("opened")
def test_a_finding_awaits_its_first_block_and_then_says_what_is_known(say):
    assert "It awaits its first block of replicates." in say("finding", "show", 1)[1]
    assert "Not known yet: A larger size has a larger total" in say("finding", "list")[1]
    say("session", "run")
    (row,) = say("finding", "list", "--json")[1]["findings"]
    assert row["evidence"]["seeds"] == 8
    assert "[-1, -1]" in say("finding", "list")[1]
    shown = say("finding", "show", 1)[1]
    for word in ("interval", "needs", "flags", "reasons", "8 replicates of 1 closed blocks"):
        assert word in shown
    assert say("finding", "show", 1, "--json")[1]["finding"]["number"] == 1
    assert say("finding", "show", 7)[0] == 3


def test_an_end_that_lies_beside_the_null_is_not_written_on_it(opened, say):
    say("session", "run")
    db = connect_writer(opened.folder.database)
    db.execute("UPDATE evidence SET low = -3.0, high = -0.1000004")
    db.close()
    found = say("finding", "show", 1, "--json")[1]["finding"]
    assert (found["null"], found["smallest"]) == (0.0, 0.1)
    for text in (say("finding", "list")[1], say("finding", "show", 1)[1]):
        assert "[-3, -0.1000004]" in text


def test_an_interval_without_an_end_is_called_unbounded(opened, say):
    say("session", "run")
    db = connect_writer(opened.folder.database)
    db.execute("UPDATE evidence SET low = NULL")
    db.close()
    assert "[unbounded, -1]" in say("finding", "list")[1]
