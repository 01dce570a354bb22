"""Pages of volunteers and teams."""

import pytest
from evidence_lines import record
from furnished_lab import HOSTILE, fill, weighed

from axiom.domain.findings import Observation
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.web.views.volunteers import address_of


def test_a_volunteer_s_page_says_credit_place_and_where_it_is_from(site_of):
    found = site_of.get("/volunteers/2.json").json["volunteer"]
    assert (found["credit"], found["rank"], found["country"]) == (12_345.678, 1, "Norway")
    assert [(row["source"], row["credit"]) for row in found["carried"]] == [("the old laboratory", 12_345.678)]
    assert found["team"] == {"number": 1, "name": f"Lighthouse {HOSTILE}"}
    page = site_of.get("/volunteers/2").text
    assert "12,345.678" in page
    assert 'place 1 <a href="/leaderboards?of=volunteers">of all</a>' in page


def test_a_volunteer_s_findings_are_those_of_all_their_hosts(site_of):
    found = site_of.get("/volunteers/2.json").json["volunteer"]["findings"]
    assert [(row["number"], row["replicates"], row["of"], row["reads"]) for row in found] == [(1, 2, 7, "as claimed")]


@pytest.mark.parametrize("path", ["/hosts/1", "/volunteers/1"])
def test_the_findings_that_somebody_supports_come_in_pages(browse, small_lab, prepared, monkeypatch, path):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 2)
    fill(small_lab, prepared)
    for number in (2, 3):
        small_lab.publish(prepared(version=number))
        seen = [Observation(replicate=each, value=1.0, hosts=(1,)) for each in range(8 * number)]
        with small_lab.db.transaction():
            record(small_lab.db, number, weighed(2), seen, session_id=1, now=small_lab.now)
    reader, noun = browse(small_lab), path.split("/")[1][:-1]
    first = reader.get(f"{path}.json").json[noun]
    assert ([row["number"] for row in first["findings"]], first["finding_count"]) == ([3, 2], 3)
    assert (first["findings_previous"], first["findings_next"]) == (None, f"{path}.json?findings=1")
    assert f'href="{path}?findings=1"' in reader.get(path).text
    last = reader.get(f"{path}.json?findings=1").json[noun]
    assert ([row["number"] for row in last["findings"]], last["finding_count"]) == ([1], 3)
    assert (last["findings_previous"], last["findings_next"]) == (f"{path}.json?findings=3", None)
    assert f'href="{path}?findings=3"' in reader.get(f"{path}?findings=1").text


def test_a_volunteer_without_anything_has_no_place(site_of):
    found = site_of.get("/volunteers/3.json").json["volunteer"]
    assert (found["credit"], found["recent_credit"], found["rank"], found["findings"]) == (0, 0, None, [])


def test_the_volunteers_are_listed_with_team_hosts_and_credit(site_of):
    rows = site_of.get("/volunteers.json").json["volunteers"]
    assert [(row["number"], row["host_count"], row["credit"]) for row in rows] == [
        (1, 1, 0.04),
        (2, 1, 12_345.678),
        (3, None, 0.0),
    ]


def test_a_team_has_what_its_volunteers_earned_in_it_and_nothing_else(site_of):
    found = site_of.get("/teams/1.json").json["team"]
    assert (found["credit"], found["volunteer_count"], found["rank"]) == (0.04, 2, 1)
    assert [row["number"] for row in found["volunteers"]] == [1, 2]
    assert found["founder"] == {"number": 2, "name": f"Grace {HOSTILE}"}


def test_credit_of_late_fades_while_nothing_is_earned(browse, small_lab, prepared):
    fill(small_lab, prepared)
    before = browse(small_lab).get("/volunteers/1.json").json["volunteer"]
    small_lab.later(days=7)
    after = browse(small_lab).get("/volunteers/1.json").json["volunteer"]
    assert before["credit"] == after["credit"]
    assert after["recent_credit"] == pytest.approx(before["recent_credit"] / 2, abs=0.001)


@pytest.mark.parametrize(
    ("said", "href"),
    [
        ("https://team.example/", "https://team.example/"),
        ("http://team.example/a?b=c", "http://team.example/a?b=c"),
        ("javascript:alert(1)", None),
        ("JAVASCRIPT://x/%0aalert(1)", None),
        ("data:text/html,x", None),
        ("//team.example/", None),
        ("team.example", None),
        ("https://", None),
        ("https://[", None),
        ("https://you@team.example/", None),
        ("https://team.example/" + "x" * 200, None),
    ],
)
def test_only_an_address_in_the_web_becomes_a_link(said, href):
    found = address_of(said)
    assert found["href"] == href
    assert said.startswith(found["text"])


def test_no_address_is_no_address():
    assert address_of("") is None


def test_a_website_is_a_link_that_vouches_for_nothing(site_of, browse, small_lab, prepared):
    link = '<a href="https://team.example/" rel="nofollow ugc noopener noreferrer">'
    assert link in site_of.get("/teams/1").text
    fill(small_lab, prepared)
    give_credit(small_lab, 3)
    page = browse(small_lab).get("/volunteers/3").text
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


def give_credit(lab, number: int) -> None:
    with lab.db.transaction():
        ledger.carry_over(lab.db, number, source="before", amount=1, because="a test", now=lab.now)


def test_who_has_no_credit_says_nothing_in_public(browse, small_lab, prepared):
    fill(small_lab, prepared)
    words = {"country": "buy.example", "website": "https://buy.example"}
    with small_lab.db.transaction():
        accounts.set_profile(small_lab.db, 3, name="Shy", **words, is_exported=False, shows_hosts=False)
        team = teams.found(small_lab.db, name="Buyers", founder_id=3, **words, about="Buy.", now=small_lab.now)
        accounts.join(small_lab.db, 3, team)
        teams.found(small_lab.db, name="Nobody", founder_id=3, **words, about="Buy.", now=small_lab.now)
    site = browse(small_lab)
    pages = ("/volunteers/3", "/volunteers", "/teams", "/teams/2", "/teams/3", "/leaderboards?of=teams")
    addresses = [*pages, *(page.replace("?", ".json?") if "?" in page else f"{page}.json" for page in pages)]
    assert [each for each in addresses if "buy." in site.get(each).text.casefold()] == []
    assert "shown from the first credit on" in site.get("/teams/2").text
    assert "shown from the first credit on" in site.get("/volunteers/3").text
    assert [row["name"] for row in site.get("/teams.json").json["teams"]][1:] == ["Buyers"]
    assert site.get("/teams.json").json["of"] == 2
    give_credit(small_lab, 3)
    small_lab.later(minutes=5)
    site = browse(small_lab)
    assert "Buy." in site.get("/teams/2").text
    assert 'href="https://buy.example"' in site.get("/volunteers/3").text
    assert "from the first credit" not in site.get("/volunteers/3").text


def test_a_page_says_what_the_computers_work_on_and_what_they_have_done(site_of):
    (now,) = site_of.get("/volunteers/2.json").json["volunteer"]["now"]
    assert (now["experiment"], now["jobs"]) == ("tiny_sum", 1)
    assert now["credit"] > 0
    found = site_of.get("/volunteers/1.json").json["volunteer"]
    assert (found["jobs"], found["first_at"] is not None) == (2, True)
    assert [stamp["name"] for stamp in found["stamps"] if stamp["is_earned"]][:1] == ["first"]
    assert sum(week["credit"] for week in found["weeks"]) == pytest.approx(found["credit"])
    page = site_of.get("/volunteers/2").text
    assert f'<a href="/experiments/{now["experiment"]}">' in page
    assert "Nothing now." in site_of.get("/volunteers/3").text


def test_a_certificate_has_the_numbers_of_the_page(site_of):
    page, found = site_of.get("/volunteers/1/certificate"), site_of.get("/volunteers/1.json").json["volunteer"]
    assert page.status == 200
    told = site_of.get("/volunteers/1/certificate.json").json["certificate"]
    assert {name: told[name] for name in ("jobs", "hours", "credit", "finding_count")} == {
        name: found[name] for name in ("jobs", "hours", "credit", "finding_count")
    }
    assert site_of.get("/volunteers/99/certificate").status == 404


def test_the_teams_race_anew_each_month(browse, small_lab, prepared):
    fill(small_lab, prepared)
    now = browse(small_lab).get("/teams.json").json["challenge"]
    assert (now["month"], now["last"]) == ("March 2026", None)
    assert [(row["number"], row["credit"]) for row in now["rows"]] == [(1, 0.04)]
    small_lab.later(days=31)
    then = browse(small_lab).get("/teams.json").json["challenge"]
    assert (then["month"], then["rows"], then["last"]["winner"]["number"]) == ("April 2026", [], 1)
    assert "March 2026 was won by" in browse(small_lab).get("/teams").text
