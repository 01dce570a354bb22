"""`axiom ledger`: prices without a laboratory, the choice of a tariff, proof and corrections."""

import pytest

from axiom.cli.reading import open_reading
from axiom.domain.credit import Award
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.reads.feeds import atom_feed, rss_feed
from axiom.signed.keys import make_keys
from axiom.store.credit import ledger, tariffs
from axiom.store.engine.database import connect_writer


@pytest.fixture
def folder(busy_lab):
    """Of a laboratory in which task 1 was paid seven credits by S5."""
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        number = tariffs.add_tariff(db, PRESETS["S5"], now)
        award = {"reason": "computed", "host_id": 1, "volunteer_id": 1, "because": "a test", "tier": "30 to 120 s"}
        ledger.book_awards(db, [Award(task_id=1, amount=7_000, **award)], tariff_id=number, now=now)
        db.execute("UPDATE task SET is_paid = 1 WHERE id = 1")
    db.close()
    make_keys(busy_lab.folder.keys, now)
    return busy_lab.folder


@pytest.fixture
def ledger_says(say_to, folder):
    return lambda *words: say_to(folder.path, "ledger", *words)


@pytest.fixture
def elsewhere(say_to, tmp_path):
    return lambda *words: say_to(tmp_path / "nowhere", "ledger", *words)


def test_a_price_needs_no_laboratory_and_a_time_that_no_task_takes_has_none(elsewhere):
    for words, credit in (
        *((("--policy", "S2", "--seconds", 99.99), 2), (("--policy", "S2", "--seconds", 100), 5)),
        (("--policy", "S5", "--seconds", 100, "--gpu"), 10),
        (("--policy", "S1", "--seconds", 1_170, "--failed"), 10),
        *((("--policy", "S3", "--seconds", 63, "--broken"), 3), (("--policy", "core-seconds", "--seconds", 100), 1)),
        *((("--policy", "S4", "--seconds", 0), 15), (("--policy", "S9", "--seconds", 1), None)),
        *((("--policy", "S2", "--seconds", -1), None), (("--policy", "S2", "--seconds", "nan"), None)),
        *((("--policy", "S2", "--seconds", "inf"), None), (("--policy", "S2", "--seconds", 1e9), None)),
        (("--policy", "S2", "--seconds", 1, "--failed", "--broken"), None),
    ):
        status, answer, _ = elsewhere("price", *words, "--json")
        assert status == (2 if credit is None else 0)
        assert answer == "" if credit is None else answer["credit"] == credit and answer["reason"]
    assert "12345.679" in elsewhere("price", "--policy", "core-seconds", "--seconds", 1_234_567.9)[1]


def test_a_tariff_is_used_at_once_where_nobody_else_computes_and_told_once(ledger_says, elsewhere, say_to, folder):
    _, answer, _ = elsewhere("policy", "list", "--json")  # those that come with Axiom
    names = ["core-seconds", "S1", "S2", "S3", "S4", "S5"]
    assert ([row["name"] for row in answer["presets"]], answer["tariffs"]) == (names, [])
    assert elsewhere("policy", "show", "S4", "--json")[1]["tariff"]["session_cap"] == 10_000
    words = ("policy", "use", "S4", "--because", "a trial month")
    assert [ledger_says(*words, "--dry-run")[0], ledger_says(*words, "--cap", 99)[0]] == [0, 2]
    assert ledger_says("policy", "use", "S9", "--because", "a trial month")[0] == 2
    versions = [ledger_says(*words, *cap, "--json")[1]["tariff"]["version"] for cap in (("--cap", 200), ())]
    caps = [
        ledger_says("policy", "show", f"S4@{version}", "--json")[1]["tariff"]["session_cap"] for version in versions
    ]
    assert (versions, caps) == ([1, 2], [200, 10_000])
    _, answer, _ = ledger_says("policy", "list", "--json")
    assert [(row["name"], row["version"]) for row in answer["tariffs"]] == [("S4", 2), ("S4", 1), ("S5", 1)]
    with open_reading(folder) as seen:
        feeds = [made(seen, "https://lab.example/").decode() for made in (rss_feed, atom_feed)]
    assert all("https://lab.example/news#news-2" in feed and "a trial month" in feed for feed in feeds)
    told = []
    for _ in range(2):
        name = say_to(folder.path, "session", "run", "--json")[1]["session"]["session"]
        notes = say_to(folder.path, "session", "show", name, "--json")[1]["session"]["notes"]
        told.append(len([note for note in notes if "by S4, version 2" in note["text"]]))
    assert told == [1, 0]


def test_books_that_add_up_are_proven_and_the_first_difference_is_named(ledger_says, folder, damage):
    status, answer, _ = ledger_says("verify", "--json")
    proven = {"entries": 2, "carried": 0, "awards": 1, "thousandths": 7_000, "first_difference": None, "differences": 0}
    assert (status, answer["ledger"]) == (0, {"holds": True, **proven})
    db = connect_writer(folder.database)
    damage(db, "UPDATE balance SET total = 6999 WHERE holder = 'host'")
    db.close()
    status, out, _ = ledger_says("verify")
    assert (status, [fact for fact in ("host 1", "6999", "7000") if fact not in out]) == (1, [])


def test_a_correction_is_booked_and_a_dry_run_is_not(ledger_says):
    words = ("correct", 1, "--amount", "-2.5", "--because", "counted twice")
    assert ledger_says(*words, "--dry-run")[0] == 0
    _, answer, _ = ledger_says(*words, "--json")
    assert (answer["correction"]["amount"], answer["correction"]["in_all"]) == (-2_500, 4_500)
    for amount in ("0.0001", "much", "nan", "Infinity", "1e999999", "1e300", "-4.501"):
        assert ledger_says("correct", 1, "--amount", amount, "--because", "a test")[0] == 2, amount
    assert [ledger_says("show", *words)[0] for words in ((), ("--session", "2020-01-01-a"))] == [0, 3]
