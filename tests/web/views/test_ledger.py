"""The ledger's page: credit by tier, tariffs that hold and that will, what waits, and what sessions settled."""

from datetime import timedelta

import pytest

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.ledger import Award
from axiom.domain.sessions import Step
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.sessions import sessions


@pytest.fixture
def reader(busy_lab, browse):
    """Tariff S5 holds and S4 will. Task 1 was paid by S5 and settled; an award of task 2 waits."""
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        number = tariffs.announce(db, PRESETS["S5"], now, because="as before")
        tariffs.announce(db, PRESETS["S4"], now + timedelta(days=2), now=now, because="<b>more</b>")
        paid = Award(
            task_id=1, reason="computed", host_id=1, volunteer_id=1, amount=7_000, because="a test", tier="30 to 120 s"
        )
        ledger.award(db, [paid], tariff_id=number, session_id=None, now=now)
        waits = Award(task_id=2, reason="computed", host_id=1, volunteer_id=1, amount=4_000, because="a test")
        settlements.hold(db, [waits], tariff_id=number, now=now)
        session = sessions.begin(db, pi="autopilot", reason="a test", now=now)
        sessions.finish(db, session, Step.REVIEW, seen_task=0, now=now, ends=False)
        settlements.settle(db, session.id, after=0, session_cap=50_000_000, now=now)
        sessions.tell(db, session.id, "a test", now)
        ledger.carry_over(db, 1, source="before", amount=2_500, because="", now=now)
    return browse(busy_lab)


def test_everything_that_was_awarded_stands_there_by_tier(reader):
    found = reader.get("/ledger.json").json["ledger"]
    assert (found["credit"], found["carried"]) == (7.0, 2.5)
    line = {"tariff": "S5", "version": 1, "reason": "computed", "tier": "30 to 120 s", "awards": 1, "credit": 7.0}
    assert found["lines"] == [line]
    assert found["pending"] == {"awards": 1, "credit": 4.0}
    assert found["figure"]["rows"] == [["2026-03-02", 1, 7.0, 7.0]]


def test_the_table_under_the_picture_can_be_taken_away(reader):
    assert reader.get("/figures/ledger/credit.csv").text.splitlines() == [
        "day,awards,credit,credit in all",
        "2026-03-02,1,7.0,7.0",
    ]


def test_a_tariff_is_shown_before_it_holds_and_after(reader):
    found = reader.get("/ledger.json").json["ledger"]["tariffs"]
    assert [(one["name"], one["state"], one["session_cap"]) for one in found] == [
        ("S4", "announced", 10_000.0),
        ("S5", "holds", 50_000.0),
    ]
    assert found[1]["gpu_bonus"] == 3.0
    assert found[0]["tiers"][-1] == {"from": 1_200, "to": None, "credit": 100.0}


def test_each_session_says_what_it_settled(reader):
    (row,) = reader.get("/ledger.json").json["ledger"]["sessions"]
    assert (row["awards"], row["credit"], row["session_cap"]) == (1, 7.0, 50_000.0)


def test_what_a_session_settled_is_summed_each_way(reader):
    found = reader.get("/ledger/2026-03-02-a.json").json["settlement"]
    assert (found["credit"], found["awards"], found["session_cap"]) == (7.0, 1, 50_000.0)
    assert found["by_tier"] == [{"tier": "30 to 120 s", "awards": 1, "credit": 7.0}]
    assert found["by_team"] == [{"team": None, "credit": 7.0}]
    assert {sum(row["credit"] for row in found[f"by_{noun}"]) for noun in ("reason", "volunteer", "host")} == {7.0}
    assert "no team" in reader.get("/ledger/2026-03-02-a").text
    missing = reader.get("/ledger/2020-01-01-a")
    assert (missing.status, "has settled its credit" in missing.text) == (404, True)


def test_the_page_says_it_to_people_and_shows_text_as_text(reader):
    page = reader.get("/ledger").text
    assert "1&nbsp;award of" in page
    assert "&lt;b&gt;more&lt;/b&gt;" in page.replace("&lt;B", "&lt;b")
    assert "30 to 120 s" in page


def test_an_empty_ledger_says_so(small_lab, browse):
    page = browse(small_lab).get("/ledger").text
    assert "Nothing was awarded yet." in page
    assert "None was announced yet." in page
