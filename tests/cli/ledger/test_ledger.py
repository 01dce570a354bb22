"""`axiom ledger`: prices without a laboratory, tariffs announced ahead, proof, corrections and approvals."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from axiom.__main__ import _main
from axiom.cli.views import view
from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.ledger import Award
from axiom.signed.keys import make_keys
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.engine.database import at, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.hosts import notices
from axiom.web.views import news


@pytest.fixture
def say(capsys, tmp_path):
    """Types a command about the laboratory in a folder of its own; status, answer and what was said."""

    def typed(*words: object, folder=tmp_path / "nowhere"):
        status = _main([*map(str, words), "--data", str(folder)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


@pytest.fixture
def lab(busy_lab):
    """Task 1 was paid seven credits by S5, and an award of task 2 waits."""
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        number = tariffs.announce(db, PRESETS["S5"], now)
        given = {"reason": "computed", "host_id": 1, "volunteer_id": 1, "because": "a test", "tier": "30 to 120 s"}
        ledger.award(db, [Award(task_id=1, amount=7_000, **given)], tariff_id=number, session_id=None, now=now)
        settlements.hold(db, [Award(task_id=2, amount=4_000, **given)], tariff_id=number, now=now)
        db.execute("UPDATE task SET is_paid = 1 WHERE id IN (1, 2)")
    db.close()
    make_keys(busy_lab.folder.keys, now)
    return busy_lab.folder.path


@pytest.mark.parametrize(
    ("words", "credit"),
    [
        (("--policy", "S2", "--seconds", 99.99), 2),
        (("--policy", "S2", "--seconds", 100), 5),
        (("--policy", "S5", "--seconds", 100, "--gpu"), 10),
        (("--policy", "S1", "--seconds", 1_170, "--failed"), 10),
        (("--policy", "S3", "--seconds", 63, "--broken"), 3),
        (("--policy", "core-seconds", "--seconds", 100), 1),
        (("--policy", "S4", "--seconds", 0), 15),
    ],
)
def test_a_price_needs_no_laboratory(say, words, credit):
    status, answer, _ = say("ledger", "price", *words, "--json")
    assert (status, answer["credit"]) == (0, credit)
    assert answer["reason"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--policy", "S9", "--seconds", 1), 2, "There is no tariff named 'S9'. Did you mean S"),
        (("--policy", "S2", "--seconds", -1), 2, "No task takes -1 seconds"),
        (("--policy", "S2", "--seconds", "nan"), 2, "No task takes nan seconds"),
        (("--policy", "S2", "--seconds", "inf"), 2, "No task takes inf seconds"),
        (("--policy", "S2", "--seconds", 1e9), 2, "Nothing was priced"),
        (("--policy", "S2", "--seconds", 1, "--failed", "--broken"), 2, "say --failed or --broken"),
    ],
)
def test_a_time_that_no_task_takes_is_refused_in_a_sentence(say, words, status, said):
    found, out, err = say("ledger", "price", *words)
    assert (found, out) == (status, "")
    assert said in err


def test_what_comes_with_axiom_is_listed_and_shown_without_a_laboratory(say):
    _, answer, _ = say("ledger", "policy", "list", "--json")
    assert [one["name"] for one in answer["presets"]] == ["core-seconds", "S1", "S2", "S3", "S4", "S5"]
    assert answer["tariffs"] == []
    _, answer, _ = say("ledger", "policy", "show", "S4", "--json")
    assert answer["tariff"]["session_cap"] == 10_000
    assert "no tariff" in say("ledger", "policy", "list")[1].lower()


def test_a_tariff_is_announced_and_priced_by(say, lab):
    status, _, err = say("ledger", "policy", "announce", "S4", "--because", "a trial month", "--cap", 200, folder=lab)
    assert (status, "S4 version 1 holds from" in err) == (0, True)
    status, answer, _ = say("ledger", "policy", "show", "S4@1", "--json", folder=lab)
    assert answer["tariff"]["session_cap"] == 200
    _, answer, _ = say("ledger", "policy", "list", "--json", folder=lab)
    assert [(one["name"], one["version"]) for one in answer["tariffs"]] == [("S4", 1), ("S5", 1)]
    _, answer, _ = say("ledger", "policy", "announce", "S4", "--because", "again", "--json", folder=lab)
    assert answer["tariff"]["version"] == 2


@pytest.mark.parametrize(
    ("said", "terms"),
    [
        ("is a gap", {"tiers": [{"start": 0, "end": 30, "amount": 5}, {"start": 40, "end": None, "amount": 9}]}),
        ("overlaps", {"tiers": [{"start": 0, "end": 50, "amount": 5}, {"start": 40, "end": None, "amount": 9}]}),
        ("could never be paid", {"tiers": [{"start": 0, "end": None, "amount": 5}], "session_cap": 4}),
        ("nobody pays", {"per_core_second": -4}),
        ("word of ledger.announce", {"bonus": 4}),
        ("tiers", {"tiers": [{"start": 0.5, "end": None, "amount": 5}]}),
        ("one JSON object", []),
    ],
)
def test_a_tariff_that_is_not_whole_is_refused(say, lab, tmp_path, said, terms):
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(terms))
    status, _, err = say("ledger", "policy", "announce", "new", "--because", "a test", "--file", file, folder=lab)
    assert status == 2
    assert said in err


def test_a_tariff_does_not_begin_in_the_past_nor_at_no_moment(say, lab):
    words = ("ledger", "policy", "announce", "S4", "--because", "a test", "--from")
    status, _, err = say(*words, "2020-01-01", folder=lab)
    assert (status, "which is past" in err) == (4, True)
    status, _, err = say(*words, "tomorrow", folder=lab)
    assert (status, "'tomorrow' is no moment" in err) == (2, True)


def test_where_volunteers_compute_a_tariff_holds_a_day_later_at_the_earliest(say, lab):
    db = connect_writer(lab / "axiom.db")
    db.execute("UPDATE volunteer SET is_ours = 0")
    db.close()
    words = ("ledger", "policy", "announce", "S4", "--because", "a test", "--json", "--dry-run")
    soon, later = (f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (2, 25))
    status, _, err = say(*words, "--from", soon, folder=lab)
    assert (status, "Volunteers compute here, 1 of them, and it should hold in less than a day" in err) == (4, True)
    assert say(*words, "--from", later, folder=lab)[0] == 0
    _, answer, _ = say(*words, folder=lab)
    assert answer["tariff"]["valid_from"] > soon


def test_what_is_announced_ahead_is_told_once_on_every_volunteer_s_computer_in_the_news_and_in_the_log(say, lab):
    db = connect_writer(lab / "axiom.db")
    db.execute("UPDATE volunteer SET is_ours = 0")
    db.execute("UPDATE host SET seen_at = :now", now=at(datetime.now(UTC)))
    hosts = [row["id"] for row in db.select("SELECT id FROM host ORDER BY id")]
    db.close()
    words = ("ledger", "policy", "announce", "S4", "--because", "a trial month")
    assert say(*words, "--dry-run", "--json", folder=lab)[1]["tariff"]["hosts_told"] == len(hosts) > 0
    assert "Told at" in say(*words, folder=lab)[2]
    with view(Folder(path=lab)) as seen:
        for host in hosts:
            (told,) = notices.shown(seen.db, host, seen.now)
            assert told.text.startswith("From ")
            assert "by tariff S4, version 1: a valid task gets 15 credit below 30 seconds" in told.text
            assert "until then 4 credit below 30 seconds" in told.text
        feeds = [made(seen, "https://lab.example/").decode() for made in (news.feed, news.atom)]
    assert all("https://lab.example/ledger#tariff-2" in one and "a trial month" in one for one in feeds)
    name = say("session", "run", "--json", folder=lab)[1]["session"]["session"]
    assert say("session", "show", name, folder=lab)[1].count("Tariff S4, version 1, was announced: From ") == 1
    again = say("session", "run", "--json", folder=lab)[1]["session"]["session"]
    assert "was announced" not in say("session", "show", again, folder=lab)[1]


def test_what_holds_at_once_where_nobody_computes_is_told_to_nobody(say, lab):
    answer = say("ledger", "policy", "announce", "S4", "--because", "a test", "--json", folder=lab)[1]["tariff"]
    assert answer["hosts_told"] == 0
    with view(Folder(path=lab)) as seen:
        assert seen.db.select("SELECT * FROM notice") == []


def test_a_name_that_the_laboratory_announced_is_its_own_tariff(say, lab, tmp_path):
    """Whoever only adds a cap must not be handed back the rates that came with Axiom."""
    file = tmp_path / "terms.json"
    file.write_text(json.dumps({"tiers": [{"start": 0, "end": None, "amount": 6_000}]}))
    words = ("ledger", "policy", "announce", "S2", "--because", "a test")
    assert say(*words, "--file", file, folder=lab)[0] == 0
    assert say(*words, "--cap", 100, folder=lab)[0] == 0
    _, answer, _ = say("ledger", "policy", "show", "S2", "--json", folder=lab)
    assert (answer["tariff"]["version"], answer["tariff"]["session_cap"]) == (2, 100)
    assert [tier["credit"] for tier in answer["tariff"]["tiers"]] == [6]
    assert say("ledger", "price", "--policy", "S2", "--seconds", 150, "--json", folder=lab)[1]["credit"] == 6
    assert say("ledger", "price", "--policy", "S2@1", "--seconds", 150, "--json")[1]["credit"] == 5


def test_books_that_add_up_are_proven_and_the_first_difference_is_named(say, lab, damage):
    status, answer, _ = say("ledger", "verify", "--json", folder=lab)
    assert status == 0
    assert answer["ledger"] == {
        "holds": True,
        "entries": 2,
        "awards": 1,
        "thousandths": 7_000,
        "first_difference": None,
        "differences": 0,
    }
    db = connect_writer(lab / "axiom.db")
    damage(db, "UPDATE balance SET total = 6999 WHERE holder = 'host'")
    db.close()
    status, out, _ = say("ledger", "verify", folder=lab)
    assert status == 1
    assert out == "The ledger does not add up. First of 1 differences: host 1 has 6999, and earned 7000.\n"


def test_a_correction_and_an_approval_are_booked_and_a_dry_run_is_not(say, lab):
    words = ("ledger", "correct", 1, "--amount", "-2.5", "--because", "counted twice")
    assert "would be booked" in say(*words, "--dry-run", folder=lab)[2]
    _, answer, _ = say(*words, "--json", folder=lab)
    assert (answer["correction"]["amount"], answer["correction"]["in_all"]) == (-2_500, 4_500)
    assert [row["task"] for row in say("ledger", "pending", "--json", folder=lab)[1]["pending"]] == [2]
    _, answer, _ = say("ledger", "approve", "--all", "--because", "a week of thanks", "--json", folder=lab)
    assert answer["approval"]["amount"] == 4_000
    assert (
        say("ledger", "approve", "--all", "--because", "again", "--json", folder=lab)[1]["approval"]["approved"] == []
    )
    assert "No award waits." in say("ledger", "pending", folder=lab)[1]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("correct", 1, "--amount", "0.0001", "--because", "a test"), 2, "in whole thousandths"),
        (("correct", 1, "--amount", "much", "--because", "a test"), 2, "no credit like"),
        (("correct", 1, "--amount", "nan", "--because", "a test"), 2, "no credit like"),
        (("correct", 1, "--amount", "Infinity", "--because", "a test"), 2, "no credit like"),
        (("correct", 1, "--amount", "1e999999", "--because", "a test"), 2, "no credit like"),
        (("correct", 1, "--amount", "1e300", "--because", "a test"), 2, "no credit like"),
        (("correct", 1, "--amount", "-7.001", "--because", "a test"), 2, "nobody has less than nothing"),
        (("approve", 9, "--because", "a test"), 3, "No award 9 waits"),
        (("approve", "--because", "a test"), 2, "or --all"),
        (("show", "--session", "2020-01-01-a"), 3, "No session 2020-01-01-a has settled"),
    ],
)
def test_what_cannot_be_meant_is_refused(say, lab, words, status, said):
    found, _, err = say("ledger", *words, folder=lab)
    assert (found, said in err) == (status, True), err


def test_the_ledger_and_a_replay_are_shown(say, lab):
    assert "30 to 120 s" in say("ledger", "show", folder=lab)[1]
    _, answer, _ = say("ledger", "replay", "--policy", "S4", "--json", folder=lab)
    assert answer["replay"]["was"] == 7.0
    assert answer["replay"]["credit"] == sum(row["credit"] for row in answer["replay"]["by_host"])
    assert "Under S4:" in say("ledger", "replay", "--policy", "S4", folder=lab)[1]
