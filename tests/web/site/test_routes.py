"""Every page for people and for programs: full, empty and missing, without a link that leads nowhere."""

import re
from html import unescape

import pytest
from evidence_lines import record
from furnished_lab import fill, furnish_more, weighed

from axiom.boinc.project import scheduler_lines
from axiom.domain.findings import Verdict
from axiom.web.site import routes
from axiom.web.views import home

NAMES = {
    "/about": "about",
    "/glossary": "glossary",
    "/help": "help",
    "/terms": "terms",
    "/": "home",
    "/live": "live",
    "/findings": "findings",
    "/findings/1": "finding",
    "/findings/graph": "graph",
    "/findings/paper?of=1": "paper",
    "/findings/near?claim=size&factors=size=1,2;shift&measure=total": "near",
    "/registrations": "registrations",
    "/registrations/1": "registration",
    "/proposals": "proposals",
    "/proposals/1": "proposal",
    "/drafts": "drafts",
    "/drafts/1": "draft",
    "/ideas": "ideas",
    "/ideas?state=taken": "ideas",
    "/ideas/1": "idea",
    "/forecasters": "forecasters",
    "/experiments": "experiments",
    "/experiments/tiny_sum": "experiment",
    "/brief": "brief",
    "/old-claims": "claims",
    "/brief?since=2026-03-02-a": "brief",
    "/maps": "maps",
    "/maps/small_map": "map",
    "/sessions": "sessions",
    "/sessions/2026-03-02-a": "session",
    "/sessions/2026-03-02-a/transcript": "transcript",
    "/results": "results",
    "/results?experiment=tiny_sum&size=2&sort=-replicate": "results",
    "/hosts": "hosts",
    "/hosts/1": "host",
    "/hosts?after=1": "hosts",
    "/hosts/2?state=failed": "host",
    "/hosts/3": "host",
    "/volunteers": "volunteers",
    "/volunteers/2": "volunteer",
    "/volunteers/3": "volunteer",
    "/volunteers/2/certificate": "certificate",
    "/teams": "teams",
    "/teams/1": "team",
    "/leaderboards": "leaderboards",
    "/ledger": "ledger",
    "/ledger/2026-03-02-a": "settlement",
    "/leaderboards?of=teams&by=recent": "leaderboards",
    "/leaderboards?of=hosts": "leaderboards",
    "/leaderboards?experiment=tiny_sum": "leaderboards",
    "/workunits/1": "workunit",
    "/workunits/5": "workunit",
    "/tasks/1": "task",
    "/tasks/5": "task",
    "/tasks/6": "task",
    "/failures": "failures",
    "/failures?experiment=tiny_sum@1": "failures",
    "/watches": "watches",
    "/join": "join",
    "/plan": "plan",
    "/status": "status",
    "/news": "news",
}
LISTS = (
    *("/", "/findings", "/experiments", "/maps", "/sessions", "/results", "/hosts", "/volunteers", "/teams"),
    *("/leaderboards", "/status", "/news", "/live"),
)
OWN = re.compile(r"/([0-9]+(/certificate)?|tiny_sum|small_map|2026-03-02-a(/transcript)?)$")  # what records are called


def as_json(address: str) -> str:
    path, _, query = address.partition("?")
    return f"{'/index' if path == '/' else path}.json" + (f"?{query}" if query else "")


def test_the_table_names_every_page():
    assert {page.path.split("{")[0].rstrip("/") for page in routes.PAGES} == {
        OWN.sub("", address.split("?")[0].rstrip("/")) for address in NAMES
    }


@pytest.mark.parametrize(("address", "noun"), NAMES.items())
def test_a_page_has_its_json_named_by_its_noun(site_of, maps_of, address, noun):
    site_of = maps_of if address.startswith("/maps/") else site_of
    page, data = site_of.get(address), site_of.get(as_json(address))
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), page.text
    assert (data.status, data.headers["content-type"]) == (200, "application/json")
    assert noun in data.json
    if address != "/live":
        assert unescape(page.text).count(f'href="{as_json(address)}"') >= 1


@pytest.mark.parametrize("address", LISTS)
def test_a_new_laboratory_has_every_list_and_says_what_comes(empty_site, address):
    page = empty_site.get(address)
    assert page.status == 200, page.text
    assert empty_site.get(as_json(address)).status == 200
    if address not in {"/live", "/status"}:
        assert re.search(r"\byet\b|a few seconds", page.text)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/findings/310", "There is no finding 310. The numbers run from 1 to 1"),
        ("/registrations/9", "There is no registration 9. The numbers run from 1 to 1"),
        ("/proposals/9", "There is no proposal 9. The numbers run from 1 to 1"),
        ("/experiments/tiny_sun", "There is no experiment tiny_sun. Did you mean tiny_sum?"),
        ("/experiments/tiny_sum@2", "There is no experiment tiny_sum@2."),
        ("/maps/tiny_map", "There is no map tiny_map. /maps lists those that there are."),
        ("/maps/tiny_sum", "The experiment tiny_sum has no map. /maps lists those that there are."),
        ("/sessions/2026-03-02-z", "There is no session 2026-03-02-z. The newest is 2026-03-02-b."),
        ("/hosts/7", "There is no host 7. The numbers run from 1 to 3"),
        ("/volunteers/7", "There is no volunteer 7. The numbers run from 1 to 3"),
        ("/teams/7", "There is no team 7. The numbers run from 1 to 1"),
        ("/workunits/99", "There is no workunit 99. The numbers run from 1 to 5"),
        ("/tasks/99", "There is no task 99."),
        ("/tasks/99999999999999999999999", "99999999999999999999999"),
        ("/findngs", "There is no page /findngs here."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(site_of, address, said):
    page, data = site_of.get(address), site_of.get(f"{address}.json")
    assert (page.status, data.status) == (404, 404)
    words = re.sub(r"<[^>]+>", " ", unescape(page.text))
    sentence = " ".join(words.replace("</h1>", ".").split())
    for part in said.rstrip(".").split(". "):
        assert part in sentence
    assert 'href="/findings"' in page.text
    if address != "/findngs" and len(address) < 30:
        assert said.rstrip(".") in data.json["error"]["message"]


def test_a_mistyped_address_gets_the_nearest_page(site_of):
    assert 'Perhaps you meant <a href="/findings">' in site_of.get("/findngs").text


def test_a_name_that_is_none_is_not_repeated_as_markup(site_of):
    page = site_of.get("/experiments/<script>alert(1)<script>")
    assert page.status == 404
    assert "<script>alert" not in page.text


def test_every_link_of_every_page_leads_somewhere(site_of):
    seen, waiting = set(), ["/"]
    while waiting:
        address = waiting.pop()
        page = site_of.get(address)
        if address.startswith("/language/"):
            assert (page.status, page.headers["location"]) == (303, address.partition("?back=")[2])
            continue
        assert page.status == 200, address
        if not page.headers["content-type"].startswith("text/html"):
            continue
        for found in re.findall(r'\b(?:href|src|hx-get)="([^"]+)"', page.text):
            link = unescape(found).split("#")[0]
            if link == "https://team.example/" or link.startswith("https://arxiv.org/abs/"):
                continue  # the one address that a volunteer gave, and papers
            assert link.startswith("/") or not link, f"{address} leads away to {link}"
            if link and link not in seen and "sort=" not in link:
                seen.add(link)
                waiting.append(link)
    assert {"/findings/1", "/tasks/1", "/hosts/1", "/results.csv", "/sessions/2026-03-02-a.md"} <= seen


@pytest.mark.parametrize("address", NAMES)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(site_of, address):
    page = site_of.get(address)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", page.text)
    ours = re.sub(r'<a href="[^"]*" rel="nofollow ugc noopener noreferrer">.*?</a>', "", page.text)
    assert not re.search(r"https?://", ours.replace("http://www.w3.org/2000/svg", ""))
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        *("/hosts", "/hosts/1", "/hosts/2", "/tasks/3", "/sessions/2026-03-02-a", "/findings?q=<script>"),
        *("/volunteers", "/volunteers/2", "/teams", "/teams/1", "/leaderboards", "/leaderboards?of=teams"),
    ],
)
def test_hostile_words_are_shown_as_words(site_of, address):
    page = site_of.get(address).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_page_that_cannot_be_made_says_so_and_tells_the_operator(browse, small_lab, caplog):
    broken = browse(small_lab)
    small_lab.db.execute("DROP TABLE job")
    page, data = broken.get("/status"), broken.get("/status.json")
    assert (page.status, data.status) == (500, 500)
    number = data.json["error"]["number"]
    assert "The records are safe" in page.text
    assert any(number in record.getMessage() for record in caplog.records)


def test_the_first_page_tells_clients_where_the_scheduler_is_whatever_happens_to_it(browse, small_lab, caplog):
    place = scheduler_lines(("http://lab.example/scheduler",))
    browser = browse(small_lab, scheduler=place)
    for table in ("finding", "session", "experiment"):
        small_lab.db.execute(f"DROP TABLE {table}")
    first, other = browser.get("/"), browser.get("/findings")
    assert (first.status, other.status) == (200, 500)
    assert place in first.text
    assert "This page could not be made" in first.text
    assert any("page.broken" in record.getMessage() for record in caplog.records)


def test_a_finding_without_evidence_says_when_it_may_come(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    small_lab.host()
    small_lab.later(minutes=1)
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    reader = browse(small_lab)
    finding = reader.get("/findings.json").json["findings"][0]
    assert (finding["evidence"], finding["verdict"], finding["grade"]) == (None, "undecided", "Awaiting")
    assert (finding["awaits"]["back"], finding["awaits"]["cells"], finding["awaits"]["in_seconds"]) == (2, 16, 420.0)
    text = " ".join(reader.get("/findings/1").text.split())
    assert "No data yet: waiting for the first 8 repetitions (2 of 16&nbsp;runs done)." in text
    assert "about 7 minutes" in text


def test_a_page_names_both_ways_to_a_strong_grade(site_of):
    said = "on several hosts of several volunteers, or on the laboratory’s alone with seeds computed again"
    assert said in site_of.get("/about").text


def test_the_first_page_asks_a_few_questions_those_under_way_first_and_leads_to_all(
    browse, small_lab, prepared, sound, monkeypatch
):
    small_lab.publish(prepared())
    small_lab.publish(sound)
    small_lab.deploy(experiment_id=2)
    assert "questions</a></p>" not in browse(small_lab).get("/").text
    monkeypatch.setattr(home, "_QUESTIONS", 1)
    reader = browse(small_lab)
    found = reader.get("/index.json").json["home"]
    assert [len(found["questions"]), found["all_questions"]] == [1, 2]
    assert found["questions"][0]["name"] == "sound"
    assert '<a href="/experiments">All 2 questions</a>' in reader.get("/").text


def test_findings_that_are_weighed_stand_before_those_that_are_only_asked(browse, small_lab, prepared, sound):
    fill(small_lab, prepared)
    small_lab.publish(sound)
    text = browse(small_lab).get("/findings").text
    listed = {row["number"]: row["evidence"] for row in browse(small_lab).get("/findings.json").json["findings"]}
    asked = text.index("Nothing is weighed of these yet.")
    places = {number: text.index(f'href="/findings/{number}"') for number in listed}
    assert {number for number, place in places.items() if place < asked} == {n for n, found in listed.items() if found}
    assert 0 < len([found for found in listed.values() if found]) < len(listed)


def test_a_finding_shows_the_interval_and_what_the_next_grade_needs(site_of):
    finding = site_of.get("/findings/1.json").json["finding"]
    assert finding["evidence"]["interval"] == pytest.approx([0.731, 1.131])
    assert [line["blocks"] for line in finding["history"]] == [1, 2]
    assert finding["next_grade"] == "Strong"
    page = site_of.get("/findings/1").text
    assert "<b>+0.93</b><i>[+0.73, +1.13]</i>" in page
    assert "another must compute it" in page
    assert "10<sup>3.2</sup>" in page


@pytest.mark.parametrize(
    ("query", "amount"),
    [
        ("", 1),
        ("?q=LARGER", 1),
        ("?q=nothing", 0),
        ("?verdict=effect %2B", 1),
        ("?verdict=absent", 0),
        ("?grade=Strong", 0),
        ("?grade=Moderate&q=tiny", 1),
    ],
)
def test_findings_are_filtered_by_the_address(site_of, query, amount):
    assert len(site_of.get(f"/findings.json{query}").json["findings"]) == amount
    assert ("No finding matches" in site_of.get(f"/findings{query}").text) == (amount == 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?grade=nonsense", "grade is Awaiting, Moderate, Strong or Definitive."),
        ("?verdict=effect", "verdict is effect +, effect −, absent, mixed or undecided."),
    ],
)
def test_a_mistyped_filter_shows_no_finding_and_says_so(site_of, query, said):
    assert site_of.get(f"/findings.json{query}").json["findings"] == []
    page = site_of.get(f"/findings{query}")
    assert (page.status, said in page.text, "No finding matches" in page.text) == (400, True, False)


@pytest.mark.parametrize(
    ("query", "status", "amount"),
    [
        ("?q=TINY+sum&status=open", 200, 1),
        ("?q=nobody", 200, 0),
        ("?theme=Smaller+networks", 200, 0),
        ("?theme=Larger+networks", 400, 0),
        ("?status=closed", 400, 0),
    ],
)
def test_experiments_are_searched_and_filtered(site_of, query, status, amount):
    page, data = site_of.get(f"/experiments{query}"), site_of.get(f"/experiments.json{query}")
    assert (page.status, data.status) == (status, status)
    assert len([row for row in data.json["experiments"] if row["name"] == "tiny_sum"]) == amount
    assert ("No experiment has all of this" in page.text) == (status == 200 and not amount)
    assert ("Not understood" in page.text) == (status == 400)


def test_an_experiment_shows_the_exact_signed_source(site_of, full):
    source = site_of.get("/experiments/tiny_sum.json").json["experiment"]["source"]
    assert source["text"].startswith('"""Adds up."""')
    assert source["serial"] == 1
    assert source["keys"] == [full.keys.bundle.id]
    page = site_of.get("/experiments/tiny_sum").text
    assert source["digest"] in page
    assert source["text"] in unescape(page)
    assert "2 valid" in page
    for address in (source["href"], "/experiments/tiny_sum.py"):
        file = site_of.get(address)
        assert (file.status, file.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert file.text == source["text"]
    assert source["href"] in page


def test_a_page_shows_its_picture_at_both_widths_and_its_table(site_of):
    page = site_of.get("/findings/1").text
    assert page.count('class="fig wide"') == page.count('class="fig narrow"') == 1
    assert "This picture is being drawn" in page, "the strip is not drawn yet"
    assert "/figures/finding/1/narrowing.csv" in page


@pytest.mark.parametrize(
    ("name", "kind", "begins"),
    [
        ("finding/1/narrowing/660.svg", "image/svg+xml", "<svg"),
        ("finding/1/narrowing/326.png", "image/png", "\x89PNG"),
        ("finding/1/narrowing.csv", "text/csv; charset=utf-8", "Replicates,Estimate"),
        ("finding/1/strip.csv", "text/csv; charset=utf-8", "Replicate,Value"),
        ("experiment/1/sweep.csv", "text/csv; charset=utf-8", "Config,Results"),
    ],
)
def test_pictures_and_their_tables_can_be_taken_away(site_of, name, kind, begins):
    file = site_of.get(f"/figures/{name}")
    assert (file.status, file.headers["content-type"]) == (200, kind)
    assert file.body.decode("latin-1").startswith(begins)
    if name.endswith("svg"):
        assert "<style>:root{--paper" in file.text
        assert "style-src 'unsafe-inline'" in file.headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["finding/1/other.csv", "finding/9/strip.csv", "x.svg", "finding/x/y.csv", "host/1/a.csv"]
)
def test_a_picture_that_is_none_is_not_found(site_of, name):
    assert site_of.get(f"/figures/{name}").status == 404


def test_status_json_is_what_the_command_line_shows(site_of):
    assert site_of.get("/status.json").json["status"] == site_of.pages.status() | {"free_mb": pytest.approx(0, abs=1e9)}


@pytest.fixture(scope="session")
def three_of_a_kind(new_lab, prepared, tmp_path_factory):
    """Three findings: an effect, one that is absent, and one that awaits its first block. Tests only read it."""
    lab = new_lab(tmp_path_factory.mktemp("three") / "lab")
    fill(lab, prepared)
    furnish_more(lab, prepared)
    yield lab
    lab.db.close()


@pytest.mark.parametrize(("number", "reads"), [(1, "as claimed"), (2, "too small to matter"), (3, "undecided")])
def test_beside_the_verdict_stands_what_it_says_about_the_claim(browse, three_of_a_kind, number, reads):
    reader = browse(three_of_a_kind)
    rows = {row["number"]: row["reads"] for row in reader.get("/findings.json").json["findings"]}
    assert (rows[number], reader.get(f"/findings/{number}.json").json["finding"]["reads"]) == (reads, reads)
    row = next(each for each in reader.get("/findings").text.split("<li>") if f'"/findings/{number}"' in each)
    stamp = re.search(r'<p class="stamp">.*?</p>', reader.get(f"/findings/{number}").text)
    assert stamp is not None
    for words in (row, stamp.group()):
        assert re.sub(r"<[^>]+>", "", words).count(reads) == 1


def test_an_effect_against_the_claim_is_called_its_opposite(browse, small_lab, prepared):
    small_lab.publish(prepared())
    against = weighed(2, estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE)
    with small_lab.db.transaction():
        record(small_lab.db, 1, against, [], session_id=None, now=small_lab.now)
    assert "the opposite of the claim" in browse(small_lab).get("/findings/1").text


@pytest.mark.parametrize(("number", "absent"), [(1, False), (2, True)])
def test_an_absent_effect_is_said_to_be_small_and_not_to_be_likely(browse, three_of_a_kind, number, absent):
    text = " ".join(browse(three_of_a_kind).get(f"/findings/{number}").text.split())
    assert ("If there is an effect, it is smaller than 0.04." in text) == absent
    assert ("The chance of evidence like this without an effect" in text) != absent


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.01311, 0.002, 0.014), (0.0, 0.00995, 0.01), (-0.09, 0.0999, 0.1), (0.0, 0.0, 0.1), (0.0, 5e-324, 0.1)],
)
def test_how_large_an_absent_effect_may_be_is_rounded_up(browse, small_lab, prepared, low, high, said):
    small_lab.publish(prepared())
    absent = weighed(2, estimate=0.0, low=low, high=high, verdict=Verdict.ABSENT)
    with small_lab.db.transaction():
        record(small_lab.db, 1, absent, [], session_id=None, now=small_lab.now)
    assert browse(small_lab).get("/findings/1.json").json["finding"]["smaller_than"] == said


def test_nobody_is_sent_to_the_host_that_a_request_names(browse, small_lab):
    reply = browse(small_lab).get("/hosts/?after=1", host="evil.example")
    assert (reply.status, reply.headers["location"]) == (307, "/hosts?after=1")
    assert "evil.example" not in browse(small_lab).get("/news.atom", host="evil.example").text
