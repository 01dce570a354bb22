"""Every page for people and for programs: full, empty and missing, without a link that leads nowhere."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from importlib import resources

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.boinc.project import scheduler_lines
from axiom.limits import front_page as limits
from axiom.web.api.reads import PREFIX, READS, make_read_api
from axiom.web.site import routes
from axiom.web.site.app import make_site
from axiom.web.site.chosen_language import language_route
from axiom.web.site.query_words import drop_unread_words
from axiom.web.site.templates import template_environment
from axiom_weigh.values import Verdict

QUERIES = (  # which no link of these pages has
    *("/findings/paper?of=1", "/findings/near?claim=size&factors=size=1,2;shift&measure=total", "/ideas?state=taken"),
    *("/brief?since=2026-03-02-a", "/results?experiment=tiny_sum&size=2&sort=-replicate", "/hosts?after=1"),
    *("/leaderboards?of=teams&by=recent", "/leaderboards?experiment=tiny_sum", "/failures?experiment=tiny_sum@1"),
    *("/drafts/1", "/registrations/1", "/maps", "/plan", "/old-claims", "/live", "/watches", "/forecasters"),
)


ABSENT = (str(2**63), "-1", "words", "9" * 4_301)
NAMES = ("0", "1", *ABSENT)
THERE = {"number": "1", "other": "2026-03-02-a", "kind": "tiles", "arms": "0", "replicate": "0", "place": "0-0-0"}
NAMING = ("of", "since", "experiment", "host", "findings", "measure", "theme", "arm", "after")  # words of queries


def as_json(address: str) -> str:
    path, _, query = address.partition("?")
    return f"{'/index' if path == '/' else path}.json" + (f"?{query}" if query else "")


def test_every_link_of_every_page_leads_somewhere_and_nothing_comes_from_elsewhere(site_of):
    seen, waiting = set(QUERIES), ["/", *QUERIES]
    while waiting:
        address = waiting.pop()
        page = site_of.get(address)
        if address.startswith("/language/"):
            assert (page.status, page.headers["location"]) == (303, address.partition("?back=")[2])
            continue
        assert page.status == 200, address
        if not page.headers["content-type"].startswith("text/html") or "content-disposition" in page.headers:
            continue
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page.text), address
        ours = re.sub(r'<a href="[^"]*" rel="nofollow ugc noopener noreferrer">.*?</a>', "", page.text)
        ours = re.sub(r'href="https://arxiv.org/abs/', "", ours)
        is_document = address.startswith("/docs/")  # whose authors name other sites, and link to them
        ours = re.sub("<main.*</main>", "", ours, flags=re.DOTALL) if is_document else ours
        assert not re.search(r"https?://", ours.replace("http://www.w3.org/2000/svg", "")), address
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        for address_text in re.findall(r'\b(?:href|src|hx-get)="([^"]+)"', page.text):
            link = unescape(address_text).split("#")[0]
            if link == "https://team.example/" or link.startswith(
                "https://" if is_document else "https://arxiv.org/abs/"
            ):
                continue  # the one address that a volunteer gave, and papers
            assert link.startswith("/") or not link, f"{address} leads away to {link}"
            if link and link not in seen and "sort=" not in link:
                seen.add(link)
                waiting.append(link)
    assert {"/findings/1", "/tasks/1", "/hosts/1", "/results.csv", "/sessions/2026-03-02-a.md"} <= seen
    for address in (link for link in seen if ".json" in link):
        assert site_of.get(address).headers["content-type"] == "application/json"


def test_a_new_laboratory_has_every_list_and_sends_nobody_to_the_host_of_a_request(empty_site):
    for page in routes.PAGES:
        if "{" not in page.path and page.path != "/findings/paper":
            answer = empty_site.get(as_json(page.path))
            assert answer.status == 200, page.path
            assert answer.json, page.path
    reply = empty_site.get("/hosts/?after=1", host="evil.example")
    assert (reply.status, reply.headers["location"]) == (307, "/hosts?after=1")
    assert "evil.example" not in empty_site.get("/news.atom", host="evil.example").text


def test_what_is_not_there_is_said_with_what_is(site_of, caplog):
    for address, fact in (
        *(("/findings/310", "from 1 to 1"), ("/registrations/9", "from 1 to 1"), ("/proposals/9", "from 1 to 1")),
        *(("/experiments/tiny_sun", "Did you mean tiny_sum?"), ("/experiments/tiny_sum@2", "tiny_sum@2")),
        *(("/experiments/<script>alert(1)<script>", ""), ("/maps/tiny_map", "tiny_map")),
        *(("/maps/tiny_sum", "tiny_sum"), ("/sessions/2026-03-02-z", "2026-03-02-b"), ("/hosts/7", "from 1 to 3")),
        *(("/volunteers/7", "from 1 to 3"), ("/teams/7", "from 1 to 1"), ("/workunits/99", "from 1 to 5")),
        *(("/tasks/99", "99"), ("/findngs", "")),
    ):
        page, data = site_of.get(address), site_of.get(f"{address}.json")
        assert (page.status, data.status) == (404, 404)
        assert fact in unescape(page.text)
        assert "<script>alert" not in page.text
        assert 'href="/findings"' in page.text
        if fact:
            assert fact in data.json["error"]["message"]
    assert not caplog.records
    assert site_of.get("/hosts/1.json").json == site_of.get("/hosts/01.json").json


def addresses(path: str) -> Iterator[tuple[str, str]]:
    """Addresses of a route that each name one thing which may not be there, and that name."""
    noun, _, _ = path.removeprefix(f"{PREFIX}/").removeprefix("/").partition("/")
    there = THERE | {"name": {"experiments": "tiny_sum", "maps": "small_map"}.get(noun, "2026-03-02-a")}
    for varied in re.findall(r"\{(\w+)", path):
        for value in NAMES:
            yield re.sub(r"\{(\w+)[^}]*\}", lambda m, v=varied, n=value: n if m[1] == v else there[m[1]], path), value
    if path.startswith(PREFIX):
        for word in (word for word in NAMING if drop_unread_words(path.removeprefix(PREFIX), f"{word}=1".encode())):
            for value in NAMES:
                yield re.sub(r"\{(\w+)[^}]*\}", lambda m: there[m[1]], path) + f"?{word}={value}", ""


def test_no_route_fails_for_the_name_of_nothing_and_each_says_404(site_of, maps_of, caplog):
    paths = [
        each.path
        for each in routes.site_routes(template_environment(), site_of.pages.read, language_route(is_secure=False))
    ]
    for path in (*paths, *READS):
        browser = maps_of if "/maps" in path else site_of
        reader = replace(browser, app=make_read_api(browser.pages)) if path.startswith(PREFIX) else browser
        for address, value in addresses(path):
            status = reader.get(address).status
            assert status in ({404} if value in ABSENT else {200, 303, 400, 404, 422}), address
    assert not caplog.records


def test_a_finding_says_when_evidence_may_come_and_how_large_an_absent_effect_may_be(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    small_lab.host()
    small_lab.later(minutes=1)
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    reader = browse(small_lab)
    finding = reader.get("/findings.json").json["findings"][0]
    assert finding["evidence"] is None
    assert finding["verdict"] == "undecided"
    assert finding["grade"] == "Awaiting"
    assert finding["awaits"]["back"] == 2
    assert finding["awaits"]["cells"] == 16
    assert finding["awaits"]["in_seconds"] == 420.0

    def finding_of(**line) -> dict:
        with small_lab.db.transaction():
            record(small_lab.db, 1, weighed(2, **line), [], session_id=None, now=small_lab.now)
        reader.app.forget()
        return reader.get("/findings/1.json").json["finding"]

    for low, high, said in (
        *((-0.01311, 0.002, 0.014), (0.0, 0.00995, 0.01), (-0.09, 0.0999, 0.1), (0.0, 0.0, 0.1), (0.0, 5e-324, 0.1)),
    ):
        assert finding_of(estimate=0.0, low=low, high=high, verdict=Verdict.ABSENT)["smaller_than"] == said
    against = finding_of(estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE)
    assert against["reads"] == "the opposite of the claim"


def test_the_first_page_asks_a_few_questions_those_under_way_first_and_leads_to_all(
    browse, small_lab, prepared, sound, monkeypatch
):
    small_lab.publish(prepared())
    small_lab.publish(sound)
    small_lab.deploy(experiment_id=2)
    monkeypatch.setattr(limits, "QUESTIONS", 1)
    front = browse(small_lab).get("/index.json").json["home"]
    assert ([question["name"] for question in front["questions"]], front["all_questions"]) == (["sound"], 2)


def test_the_first_page_lists_no_claim_before_anything_of_it_is_weighed(browse, small_lab, prepared):
    small_lab.publish(prepared())
    site = browse(small_lab)
    front = site.get("/index.json").json["home"]
    assert front["all_findings"] > 0
    assert front["findings"] == []
    assert "Not known yet" not in site.get("/").text


def test_a_page_that_cannot_be_made_says_so_and_leads_clients_to_the_scheduler(browse, small_lab, caplog):
    place = scheduler_lines(("http://lab.example/scheduler",))
    browser = browse(small_lab, scheduler=place)
    for table in ("job", "finding", "session", "experiment"):
        small_lab.db.execute(f"DROP TABLE {table}")
    first, other, page, data = (browser.get(address) for address in ("/", "/findings", "/status", "/status.json"))
    assert [reply.status for reply in (first, other, page, data)] == [200, 500, 500, 500]
    assert place in first.text
    number = data.json["error"]["number"]
    assert any(number in record.getMessage() for record in caplog.records)
    assert any("page.broken" in record.getMessage() for record in caplog.records)


def test_findings_and_experiments_are_searched_and_hostile_words_are_just_words(site_of):
    for query, amount in (
        *(("", 1), ("?q=LARGER", 1), ("?q=nothing", 0), ("?verdict=effect %2B", 1), ("?verdict=absent", 0)),
        *(("?grade=Strong", 0), ("?grade=Moderate&q=tiny", 1)),
    ):
        assert len(site_of.get(f"/findings.json{query}").json["findings"]) == amount, query
    for query, fact in (("?grade=nonsense", "Moderate"), ("?verdict=effect", "effect −")):
        assert site_of.get(f"/findings.json{query}").json["findings"] == []
        page = site_of.get(f"/findings{query}")
        assert page.status == 400
        assert fact in page.text
    for query, status, amount in (
        *(("?q=TINY+sum&status=open", 200, 1), ("?q=nobody", 200, 0), ("?theme=Smaller+networks", 200, 0)),
        *(("?theme=Larger+networks", 400, 0), ("?status=closed", 400, 0)),
    ):
        page, data = site_of.get(f"/experiments{query}"), site_of.get(f"/experiments.json{query}")
        assert (page.status, data.status) == (status, status)
        assert len([row for row in data.json["experiments"] if row["name"] == "tiny_sum"]) == amount, query
    for address in (
        *("/hosts", "/hosts/1", "/hosts/2", "/tasks/3", "/sessions/2026-03-02-a", "/findings?q=<script>"),
        *("/volunteers", "/volunteers/2", "/teams", "/teams/1", "/leaderboards", "/leaderboards?of=teams"),
        *("/proposals", "/proposals/1", "/ideas", "/ideas/1"),
    ):
        page = site_of.get(address).text
        assert "<script>" not in page, address
        assert "&lt;script&gt;" in page, address


def test_an_experiment_shows_its_signed_source_and_its_pictures_can_be_taken_away(site_of, full):
    source = site_of.get("/experiments/tiny_sum.json").json["experiment"]["source"]
    assert source["text"].startswith('"""Adds up."""')
    assert (source["serial"], source["keys"]) == (1, [full.keys.bundle.id])
    page = unescape(site_of.get("/experiments/tiny_sum").text)
    assert [word for word in ("digest", "text", "href") if source[word] not in page] == []
    for address in (source["href"], "/experiments/tiny_sum.py"):
        file = site_of.get(address)
        assert (file.status, file.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert file.text == source["text"]
    status = site_of.get("/status.json").json["status"]  # what the command line shows
    assert status == site_of.pages.status() | {"free_mb": pytest.approx(0, abs=1e9)}
    for name, kind, begins in (
        ("finding/1/narrowing/660.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"'),
        ("finding/1/narrowing/326.png", "image/png", "\x89PNG"),
        ("finding/1/narrowing.csv", "text/csv; charset=utf-8", "Replicates,Estimate"),
        ("finding/1/strip.csv", "text/csv; charset=utf-8", "Replicate,Value"),
        ("experiment/1/sweep.csv", "text/csv; charset=utf-8", "Config,Results"),
    ):
        file = site_of.get(f"/figures/{name}")
        assert (file.status, file.headers["content-type"]) == (200, kind)
        assert file.raw.decode("latin-1").startswith(begins)
        if name.endswith("svg"):
            assert "<style>:root{--paper" in file.text
            assert "style-src 'unsafe-inline'" in file.headers["content-security-policy"]
        for other in (
            *("finding/1/other.csv", "finding/9/strip.csv", "x.svg", "finding/x/y.csv", "host/1/a.csv"),
            "finding/1/narrowing/660.x",
        ):
            assert site_of.get(f"/figures/{other}").status == 404


def test_what_fails_outside_of_any_page_is_answered_as_a_page_is_and_takes_one_line(
    browse, small_lab, monkeypatch, caplog
):
    def fail(*_args):
        raise ValueError("very " * 2_000 + "long")

    browser = browse(small_lab)
    monkeypatch.setattr("starlette.routing.Route.matches", fail)
    for address, status, kind in (
        ("/results.csv?" + "x" * 5_000, 500, "text/html; charset=utf-8"),
        ("/hosts.json", 500, "application/json"),
        ("/", 200, "text/html; charset=utf-8"),
    ):
        reply = browser.get(address)
        assert (reply.status, reply.headers["content-type"]) == (status, kind)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        (line,) = caplog.records
        message = line.getMessage()
        assert line.name == routes.log.name
        assert line.exc_info is None
        assert len(message) < 1_000
        assert message.startswith("page.escaped number=e-")
        assert "test_routes.py:" in message
        assert "e-" + message.split("e-")[1][:4] in reply.text
        caplog.clear()


def test_pages_of_other_sites_read_what_is_public_where_the_operator_says_so(site_of, browse, small_lab):
    browser = browse(small_lab)
    browser.app = make_site(replace(browser.pages, is_open=True))
    for address in ("/", "/results.json", "/results.csv", "/nowhere.json", "/static/style.css"):
        assert "access-control-allow-origin" not in site_of.get(address).headers
        headers = browser.get(address).headers
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers


def test_a_long_name_goes_on_behind_an_underscore_and_is_copied_whole(site_of):
    assert "<code>tiny_<wbr>sum@1</code>" in site_of.get("/experiments/tiny_sum").text
    environment = template_environment()
    assert environment.from_string("{{ '<a_b>'|breakable }}").render() == "&lt;a_<wbr>b&gt;"
    for template in (resources.files("axiom.web") / "templates").iterdir():
        source = template.read_text(encoding="utf-8")
        assert not re.search(r">\{\{ [\w.]*experiment(\.name)? \}\}|\u200b", source), template.name
