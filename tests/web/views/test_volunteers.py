"""Pages of volunteers, teams, leaderboards and the ledger: who has which credit, from what, and by which tariff."""

from datetime import timedelta

import pytest
from evidence_lines import record
from furnished_lab import HOSTILE, fill, weighed

from axiom.domain.credit import Award, Balance
from axiom.domain.rounds import Step
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.reads.accounts.volunteers import website_link
from axiom.reads.leaderboards import describe_balance
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.engine.database import to_microseconds
from axiom.store.rounds import rounds
from axiom.web.site.templates import template_environment
from axiom_weigh.values import Observation


def volunteer_of(reader, number: int) -> dict:
    reader.app.forget()
    return reader.get(f"/volunteers/{number}.json").json["volunteer"]


def test_volunteers_and_teams_have_credit_findings_and_a_link_that_is_an_address(site_of):
    ada, grace, shy = (volunteer_of(site_of, number) for number in (1, 2, 3))
    assert (grace["credit"], grace["rank"], grace["country"]) == (12_345.678, 1, "Norway")
    assert [(row["source"], row["credit"]) for row in grace["carried"]] == [("the old laboratory", 12_345.678)]
    assert grace["team"] == {"number": 1, "name": f"Lighthouse {HOSTILE}"}
    rows = [(row["number"], row["replicates"], row["of"], row["reads"]) for row in grace["findings"]]
    assert (rows, [row["experiment"] for row in grace["now"]]) == ([(1, 2, 7, "as claimed")], ["tiny_sum"])
    assert sum(week["credit"] for week in ada["weeks"]) == pytest.approx(ada["credit"])
    assert (shy["credit"], shy["recent_credit"], shy["rank"], shy["findings"]) == (0, 0, None, [])
    assert site_of.get("/volunteers/1/certificate").status == 200
    certificate = site_of.get("/volunteers/1/certificate.json").json["certificate"]
    assert [
        name for name in ("jobs", "core_seconds", "credit", "finding_count") if certificate[name] != ada[name]
    ] == []
    assert site_of.get("/volunteers/99/certificate").status == 404
    for number, is_certified in ((1, True), (3, False)):  # who has computed nothing has no certificate
        pages = [site_of.get(f"/volunteers/{number}{page}").text for page in ("/certificate", "")]
        found = ['class="stamps"' in pages[0], f'"/volunteers/{number}/certificate"' in pages[1], "0.000" in pages[0]]
        assert found == [is_certified, is_certified, False], number
    assert grace["now"][0]["heard_at"] == site_of.get("/hosts/2.json").json["host"]["seen_at"]  # it may be detached
    for said, href in (
        *(("http://team.example/a?b=c", "http://team.example/a?b=c"), ("JAVASCRIPT://x/%0aalert(1)", None)),
        *(("data:text/html,x", None), ("//team.example/", None), ("team.example", None), ("https://", None)),
        *(("https://[", None), ("https://you@team.example/", None), ("https://team.example/" + "x" * 200, None)),
    ):
        address = website_link(said)
        assert address["href"] == href
        assert said.startswith(address["text"])
        assert website_link("") is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0.2, "1 second of a core"), (4.4, "4 seconds of a core"), (59.7, "1 minute of a core")),
        *((3_000, "50 minutes of a core"), (3_599, "1 hour of a core"), (7_200_000, "2,000 hours of a core")),
    ],
)
def test_what_computers_have_done_is_said_in_a_unit_that_does_not_make_it_nothing(seconds, words):
    made = '{% import "volunteer_parts.html" as did %}{{ did.core_time(seconds) }}'
    assert template_environment().from_string(made).render(seconds=seconds) == words


def test_the_findings_that_somebody_supports_come_in_pages(browse, small_lab, prepared, monkeypatch):
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 2)
    fill(small_lab, prepared)
    for number in (2, 3):
        small_lab.publish(prepared(version=number))
        seen = [Observation(replicate=place, value=1.0, hosts=(1,)) for place in range(8 * number)]
        with small_lab.db.transaction():
            record(small_lab.db, number, weighed(2), seen, session_id=1, now=small_lab.now)
    reader = browse(small_lab)
    for path, noun in (("/hosts/1", "host"), ("/volunteers/1", "volunteer")):
        first = reader.get(f"{path}.json").json[noun]
        assert ([row["number"] for row in first["findings"]], first["finding_count"]) == ([3, 2], 3)
        assert (first["findings_previous"], first["findings_next"]) == (None, f"{path}.json?findings=1")
        assert f'href="{path}?findings=1"' in reader.get(path).text
        last = reader.get(f"{path}.json?findings=1").json[noun]
        assert ([row["number"] for row in last["findings"]], last["finding_count"]) == ([1], 3)
        assert (last["findings_previous"], last["findings_next"]) == (f"{path}.json?findings=3", None)


def test_credit_of_late_fades_teams_race_monthly_and_who_has_none_says_nothing(browse, small_lab, prepared, site_of):
    fill(small_lab, prepared)
    reader = browse(small_lab)
    before, race = volunteer_of(reader, 1), reader.get("/teams.json").json["challenge"]
    assert (race["month"], race["last"]) == ("March 2026", None)
    assert [(row["number"], row["credit"]) for row in race["rows"]] == [(1, 0.04)]
    small_lab.later(days=7)
    after = volunteer_of(reader, 1)
    assert before["credit"] == after["credit"]
    assert after["recent_credit"] == pytest.approx(before["recent_credit"] / 2, abs=0.001)
    small_lab.later(days=24)
    reader.app.forget()
    race = reader.get("/teams.json").json["challenge"]
    assert race["month"] == "April 2026"
    assert race["rows"] == []
    assert race["last"]["winner"]["number"] == 1
    assert '<a href="https://team.example/" rel="nofollow ugc noopener noreferrer">' in site_of.get("/teams/1").text
    words = {"country": "buy.example", "website": "https://buy.example"}
    with small_lab.db.transaction():
        accounts.set_profile(small_lab.db, 3, name="Shy", **words, is_exported=False, shows_hosts=False)
        team = teams.create_team(small_lab.db, name="Buyers", founder_id=3, **words, about="Buy.", now=small_lab.now)
        accounts.set_volunteer_team(small_lab.db, 3, team)
        teams.create_team(small_lab.db, name="Nobody", founder_id=3, **words, about="Buy.", now=small_lab.now)
    reader = browse(small_lab)
    for path in ("/volunteers/3", "/volunteers", "/teams", "/teams/2", "/teams/3"):
        assert "buy." not in (reader.get(path).text + reader.get(f"{path}.json").text).casefold()
    assert "buy." not in reader.get("/leaderboards.json?of=teams").text.casefold()
    answer = reader.get("/teams.json").json
    assert ([row["name"] for row in answer["teams"]][1:], answer["of"]) == (["Buyers"], 2)
    with small_lab.db.transaction():
        ledger.carry_over_credit(small_lab.db, 3, source="before", amount=1, because="a test", now=small_lab.now)
    small_lab.later(minutes=5)
    reader = browse(small_lab)
    assert "Buy." in reader.get("/teams/2").text
    assert 'href="https://buy.example"' in reader.get("/volunteers/3").text


@pytest.fixture
def ranked(small_lab, browse):
    """Volunteers with this much credit in all and of late; the latter as it was a week ago."""

    def rank(*credit: tuple[int, float]):
        with small_lab.db.transaction():
            for number, (total, recent) in enumerate(credit, start=1):
                small_lab.volunteer(f"volunteer {number}")
                ledger.carry_over_credit(
                    small_lab.db, number, source="a", amount=total, because="a test", now=small_lab.now
                )
                week_ago = small_lab.now - timedelta(days=7)
                ledger.store_recent_credit(small_lab.db, ledger.VOLUNTEER, {number: (recent, week_ago)})
        return browse(small_lab)

    return rank


def board_of(reader, query: str = "") -> dict:
    return reader.get(f"/leaderboards.json{query}").json["leaderboards"]


def test_most_credit_comes_first_equals_share_a_place_and_none_of_late_has_none(ranked):
    reader = ranked((10, 3.0), (30, 1.0), (10, 2.0), (5, 2.0), (1, 0.0))
    rows, recent = board_of(reader)["rows"], board_of(reader, "?by=recent")["rows"]
    assert sorted((row["rank"], row["number"]) for row in rows) == [(1, 2), (2, 1), (2, 3), (4, 4), (5, 5)]
    assert [row["rank"] for row in rows] == [1, 2, 2, 4, 5]
    assert (recent[0]["number"], [row["rank"] for row in recent]) == (1, [1, 2, 2, 4])
    assert (recent[0]["credit"], recent[0]["recent_credit"]) == (0.01, 1.5)  # as it stands now


def test_a_board_has_pages_and_an_end_and_the_address_chooses_it(ranked, site_of):
    reader = ranked(*((number, float(number)) for number in range(1, 121)))
    first = board_of(reader)
    assert [row["number"] for row in first["rows"]] == list(range(120, 70, -1))
    assert first["next"] == "/leaderboards.json?of=volunteers&by=total&from=70"
    last = board_of(reader, "?from=20&by=recent")
    assert ([row["rank"] for row in last["rows"]], last["next"]) == (list(range(101, 121)), None)
    assert last["previous"] == "/leaderboards.json?of=volunteers&by=recent&from=70"
    assert board_of(reader, "?from=999")["rows"] == first["rows"]
    for query, numbers, before, after in (  # as every list of many is leafed through
        *(("", (1, 50), None, "?after=50"), ("?after=100", (101, 120), "?before=101", None)),
        *(("?before=101", (51, 100), "?before=51", "?after=100"), ("?after=x&before=-1", (1, 50), None, "?after=50")),
    ):
        page = reader.get(f"/volunteers.json{query}").json
        assert (page["volunteers"][0]["number"], page["volunteers"][-1]["number"]) == numbers, query
        assert [page[way] and page[way].partition("json")[2] for way in ("previous", "next")] == [before, after], query
    for query, of, by in (
        ("?of=hosts&by=recent", "hosts", "recent"),
        ("?of=teams", "teams", "total"),
        ("?of=cheats&by=luck&from=-3", "volunteers", "total"),
    ):
        board = board_of(site_of, query)
        assert board["of"] == of, query
        assert board["by"] == by, query
        assert board["previous"] is None, query
        assert board["rows"], query
    (row,) = board_of(site_of, "?of=hosts")["rows"]
    assert (row["name"], row["credit"], row["cores"]) == ("host 1", 0.04, 2)


def test_the_board_of_an_experiment_has_what_was_earned_with_any_of_its_versions(small_lab, prepared, sound, browse):
    def compute(experiment: int) -> None:
        small_lab.deploy(experiment, workunits=1)
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
        small_lab.validate()
        CreditPayer().pay(small_lab.db, small_lab.now)

    small_lab.host()
    small_lab.publish(sound)
    small_lab.publish(prepared())
    compute(2)
    reader = browse(small_lab)

    def board(query: str) -> list[tuple]:
        return [(row["rank"], row["number"], row["credit"]) for row in board_of(reader, f"?experiment={query}")["rows"]]

    assert board("tiny_sum") == [(1, 1, 0.02)]
    small_lab.publish(prepared(version=2))
    compute(3)
    assert board("tiny_sum&of=volunteers") == [(1, 1, 0.04)]
    compute(3)
    assert board("tiny_sum&of=hosts") == [(1, 1, 0.06)]
    assert board("sound&of=hosts") == []
    assert reader.get("/leaderboards?experiment=tiny_sun").status == 404
    assert describe_balance(None, small_lab.now) == {"credit": 0.0, "recent_credit": 0.0}
    had = Balance(total=1_234, recent=8.0, recent_at=to_microseconds(small_lab.now))
    assert describe_balance(had, small_lab.now + timedelta(days=21)) == {"credit": 1.234, "recent_credit": 1.0}


def test_the_ledger_shows_tiers_tariffs_what_waits_and_what_sessions_settled(busy_lab, browse):
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        number = tariffs.add_tariff(db, PRESETS["S5"], now, because="<b>more</b>")
        tariffs.add_tariff(db, PRESETS["S4"], now - timedelta(days=2), because="as before")
        tariffs.add_tariff(db, PRESETS["S3"], now + timedelta(days=2), because="later", announced_at=now)
        award = {"reason": "computed", "host_id": 1, "volunteer_id": 1, "because": "a test"}
        paid = Award(task_id=1, amount=7_000, tier="30 to 120 s", **award)
        ledger.book_awards(db, [paid], tariff_id=number, now=now)
        begun = rounds.begin_round(db, pi="autopilot", reason="a test", now=now)
        rounds.finish_round_step(db, begun, Step.REVIEW, reviewed_to=0, now=now, ends=False)
        settlements.settle_round(db, begun.id, after=0, session_cap=50_000_000, now=now)
        rounds.make_session_of_round(db, begun.id, "a test", now)
        ledger.carry_over_credit(db, 1, source="before", amount=2_500, because="", now=now)
    reader = browse(busy_lab)
    book = reader.get("/ledger.json").json["ledger"]
    assert (book["credit"], book["carried"], book["waiting"]) == (7.0, 2.5, 1)
    line = {"tariff": "S5", "version": 1, "reason": "computed", "tier": "30 to 120 s", "awards": 1, "credit": 7.0}
    assert (book["lines"], book["figure"]["rows"]) == ([line], [["2026-03-02", 1, 7.0, 7.0]])
    assert reader.get("/figures/ledger/credit.csv").text.splitlines()[1:] == ["2026-03-02,1,7.0,7.0"]
    caps = [(row["name"], row["state"], row["session_cap"]) for row in book["tariffs"]]
    assert caps == [("S3", "will hold", None), ("S5", "holds", 50_000.0), ("S4", "held", 10_000.0)]
    settled = reader.get("/ledger/2026-03-02-a.json").json["settlement"]
    assert (settled["credit"], settled["awards"], settled["session_cap"]) == (7.0, 1, 50_000.0)
    assert settled["by_tier"] == [{"tier": "30 to 120 s", "awards": 1, "credit": 7.0}]
    assert settled["by_team"] == [{"team": None, "credit": 7.0}]
    assert {sum(row["credit"] for row in settled[f"by_{noun}"]) for noun in ("reason", "volunteer", "host")} == {7.0}
    assert [reader.get(f"/ledger/{name}").status for name in ("2026-03-02-a", "2020-01-01-a")] == [200, 404]
    page = reader.get("/ledger").text
    assert "<b>more" not in page.casefold()
    assert "&lt;b&gt;more" in page.casefold()
