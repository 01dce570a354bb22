"""Leaderboards: who has most, in all and of late, with the same place for the same credit."""

from datetime import timedelta

import pytest

from axiom.domain.ledger import Balance
from axiom.lab.credit.pay import Paying
from axiom.store.credit import ledger
from axiom.store.engine.database import at
from axiom.web.views.leaderboards import credited


@pytest.fixture
def ranked(small_lab, browse):
    """Volunteers with this much credit in all and of late; the latter as it was a week ago."""

    def rank(*credit: tuple[int, float]):
        with small_lab.db.transaction():
            for number, (total, recent) in enumerate(credit, start=1):
                small_lab.volunteer(f"volunteer {number}")
                ledger.carry_over(small_lab.db, number, source="a", amount=total, because="a test", now=small_lab.now)
                week_ago = small_lab.now - timedelta(days=7)
                ledger.keep_recent(small_lab.db, ledger.VOLUNTEER, {number: (recent, week_ago)})
        return browse(small_lab)

    return rank


def places(reader, query: str = "") -> list[tuple[int, int]]:
    board = reader.get(f"/leaderboards.json{query}").json["leaderboards"]
    return [(row["rank"], row["number"]) for row in board["rows"]]


def test_most_credit_comes_first_and_the_same_has_the_same_place(ranked):
    reader = ranked((10, 3.0), (30, 1.0), (10, 2.0), (5, 2.0))
    assert sorted(places(reader)) == [(1, 2), (2, 1), (2, 3), (4, 4)]
    assert [rank for rank, _ in places(reader)] == [1, 2, 2, 4]
    assert places(reader, "?by=recent")[0] == (1, 1)
    assert [rank for rank, _ in places(reader, "?by=recent")] == [1, 2, 2, 4]


def test_credit_of_late_is_shown_as_it_stands_now(ranked):
    (row,) = ranked((10, 3.0)).get("/leaderboards.json?by=recent").json["leaderboards"]["rows"]
    assert (row["credit"], row["recent_credit"]) == (0.01, 1.5)


def test_who_earned_nothing_of_late_has_no_place_of_late(ranked):
    reader = ranked((10, 0.0), (20, 1.0))
    assert places(reader, "?by=recent") == [(1, 2)]
    assert len(places(reader)) == 2


def test_a_board_has_pages_and_an_end(ranked):
    reader = ranked(*((number, float(number)) for number in range(1, 121)))
    first = reader.get("/leaderboards.json").json["leaderboards"]
    assert [row["number"] for row in first["rows"]] == list(range(120, 70, -1))
    assert first["next"] == "/leaderboards.json?of=volunteers&by=total&from=70"
    last = reader.get("/leaderboards.json?from=20&by=recent").json["leaderboards"]
    assert ([row["rank"] for row in last["rows"]], last["next"]) == (list(range(101, 121)), None)
    assert last["previous"] == "/leaderboards.json?of=volunteers&by=recent&from=70"
    assert reader.get("/leaderboards.json?from=999").json["leaderboards"]["rows"] == first["rows"]


@pytest.mark.parametrize(
    ("query", "of", "by"),
    [
        ("", "volunteers", "total"),
        ("?of=hosts&by=recent", "hosts", "recent"),
        ("?of=teams", "teams", "total"),
        ("?of=cheats&by=luck&from=-3", "volunteers", "total"),
    ],
)
def test_the_address_chooses_the_board(site_of, query, of, by):
    board = site_of.get(f"/leaderboards.json{query}").json["leaderboards"]
    assert (board["of"], board["by"], board["previous"]) == (of, by, None)
    assert board["rows"]


def test_hosts_are_ranked_by_their_numbers(site_of):
    (row,) = site_of.get("/leaderboards.json?of=hosts").json["leaderboards"]["rows"]
    assert (row["name"], row["credit"], row["cores"]) == ("host 1", 0.04, 2)


def test_the_board_of_an_experiment_has_what_was_earned_with_any_of_its_versions(small_lab, prepared, sound, browse):
    def compute(experiment: int) -> None:
        small_lab.deploy(experiment, workunits=1)
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
        small_lab.validate()
        Paying().pay(small_lab.db, small_lab.now)

    small_lab.host()
    small_lab.publish(sound)
    small_lab.publish(prepared())
    compute(2)
    reader = browse(small_lab)

    def board(query: str) -> list[tuple]:
        rows = reader.get(f"/leaderboards.json?{query}").json["leaderboards"]["rows"]
        return [(row["rank"], row["number"], row["credit"]) for row in rows]

    assert board("experiment=tiny_sum") == [(1, 1, 0.02)]
    small_lab.publish(prepared(version=2))
    compute(3)
    assert board("experiment=tiny_sum&of=volunteers") == [(1, 1, 0.04)]
    compute(3)
    assert board("experiment=tiny_sum&of=hosts") == [(1, 1, 0.06)]
    assert board("experiment=sound&of=hosts") == []
    assert "Nobody has any credit for it yet" in reader.get("/leaderboards?experiment=tiny_sum&of=teams").text
    unknown = reader.get("/leaderboards?experiment=tiny_sun")
    assert (unknown.status, "Did you mean tiny_sum?" in unknown.text) == (404, True)


def test_nobody_has_nothing(small_lab):
    assert credited(None, small_lab.now) == {"credit": 0.0, "recent_credit": 0.0}
    had = Balance(total=1_234, recent=8.0, recent_at=at(small_lab.now))
    assert credited(had, small_lab.now + timedelta(days=21)) == {"credit": 1.234, "recent_credit": 1.0}
