"""The findings graph: its picture and its table, the links on a finding's page, and old names that find it."""

import re
from dataclasses import replace
from html import unescape

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Meaning, Verdict
from axiom.domain.links import Asking, LinkKind, Node, Noun, OldClaim
from axiom.lab.registrations.links import link
from axiom.lab.registrations.old_claims import OldClaims, OldLink, inherit
from axiom.store.evidence import old_claims
from axiom.store.experiments import old_names
from axiom.store.registrations import registrations

GROWS = Asking(experiment="tiny_sum", estimand="grows", kind=LinkKind.TESTS, upheld_by=(Meaning.AS_CLAIMED,))


def claim(name: str, **changes) -> OldClaim:
    facts = {"figure": "", "rests_on": "one seed", "status": "active", "source": "S5"}
    return OldClaim(**{"name": name, "claim": f"it is said of {name}", "experiment": "tiny_sum", **facts, **changes})


LISTED = OldClaims(
    claims=(
        claim("#31", figure="a gap of 0.67", scripts=("tinysum",), askings=(GROWS,)),
        claim("#32", experiment="no_sum"),
        claim("plateau", experiment="cellular_sum"),
        claim("edge", askings=(replace(GROWS, kind=LinkKind.MODERATES, upheld_by=()),)),
    ),
    links=(OldLink(source="#32", kind=LinkKind.EXPLAINS, target="#31", why="S5: <script>"),),
)


def finding(number: int) -> Node:
    return Node(noun=Noun.FINDING, id=number)


@pytest.fixture
def linked(small_lab, prepared):
    """Two versions of an experiment; the first one's finding is as claimed; and four old claims."""
    small_lab.publish(prepared())
    small_lab.publish(prepared(version=2))
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2), [], session_id=None, now=small_lab.now)
        inherit(small_lab.db, LISTED, "tiny_sum", small_lab.now)
    return small_lab


def say(lab, kind: LinkKind, source: Node, target: Node, **how) -> int:
    with lab.db.transaction():
        return link(lab.db, kind, source, target, why="a <test>", by="Ada & co", now=lab.now, **how)


def test_the_graph_has_islands_links_and_what_waits(linked, browse):
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.OLD_CLAIM, id=1))
    found = browse(linked).get("/findings/graph.json").json["graph"]
    (island,) = found["islands"]
    assert [(each["noun"], each["name"]) for each in island["nodes"]] == [
        ("old claim", "#31"),
        ("finding", "1"),
        ("finding", "2"),
        ("old claim", "#32"),
        ("old claim", "edge"),
    ]
    assert [(one["kind"], one["source"]["name"], one["target"]["name"], one["bearing"]) for one in found["links"]] == [
        ("explains", "#32", "#31", None),
        ("tests", "2", "#31", "says nothing yet"),
        ("moderates", "2", "edge", None),
        ("supersedes", "2", "1", None),
        ("tests", "1", "#31", "supports"),
    ]
    assert [(one["name"], one["is_published"]) for one in found["waiting"]] == [
        ("#32", False),
        ("plateau", False),
        ("edge", True),
    ]
    assert {node["name"]: node["is_open"] for node in found["nodes"]} == {
        "1": False,
        "2": True,
        "#31": False,
        "#32": True,
        "plateau": True,
        "edge": True,
    }
    assert found["open"] == 4


def test_the_picture_has_an_arc_for_each_link_between_its_rows(linked, browse):
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    reader = browse(linked)
    (island,) = reader.get("/findings/graph.json").json["graph"]["islands"]
    picture, rows = island["picture"], len(island["nodes"])
    assert len(picture["arcs"]) == 5
    heights = [int(y) for arc in picture["arcs"] for y in re.findall(r"M\d+ (\d+)", arc["line"] + arc["head"])]
    assert all(0 < y < picture["height"] for y in heights)
    assert picture["height"] / rows == picture["dots"][1]["y"] - picture["dots"][0]["y"]
    page = reader.get("/findings/graph").text
    assert page.count('class="isle"') == 1
    assert page.partition('class="isle"')[2].count("<circle") == rows
    assert {arc["style"] for arc in picture["arcs"]} == {"explains", "tests", "moderates", "supersedes", "supports"}


def test_words_of_others_are_shown_as_words(linked, browse):
    say(linked, LinkKind.MODERATES, finding(1), finding(2))
    for address in ("/findings/graph", "/findings/2"):
        page = browse(linked).get(address).text
        assert "<script>" not in page
        assert "a &lt;test&gt;" in page
        assert "Ada &amp; co" in page


def test_every_end_of_a_link_is_there(linked, browse):
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    reader = browse(linked)
    page = reader.get("/findings/graph").text
    ends = re.findall(r'href="(/findings/graph(?:\?from=\d+)?)#([^"]+)"', page + reader.get("/findings/2").text)
    assert {address for address, _ in ends} > {"/findings/graph"}
    for address, target in ends:
        assert reader.get(address).text.count(f'id="{target}"') == 1, target
    assert len(re.findall(r'id="([^"]+)"', page)) == len(set(re.findall(r'id="([^"]+)"', page)))


def test_the_table_of_links_comes_in_pages_and_each_link_is_where_its_address_says(linked, browse, monkeypatch):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 2)
    reader, address, numbers = browse(linked), "/findings/graph.json", []
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    while address:
        found = reader.get(address).json
        shown = re.findall(r'<tr id="link-(\d+)"', reader.get(address.replace(".json", "")).text)
        assert shown == [str(each["number"]) for each in found["graph"]["links"][found["first"] : found["last"]]]
        numbers, address = [*numbers, *shown], found["next"]
    assert numbers == [str(each["number"]) for each in found["graph"]["links"]]
    (tested,) = [each["target"] for each in found["graph"]["links"] if each["target"]["noun"] == "link"]
    page, _, target = tested["href"].partition("#")
    assert f'<tr id="{target}"' in reader.get(page).text


def test_the_graph_follows_what_is_said_and_how_findings_stand(linked, browse):
    reader = browse(linked)
    reader.app._fresh = 0.0

    def now() -> tuple[int, str]:
        found = reader.get("/findings/graph.json").json["graph"]
        return len(found["links"]), next(each["status"] for each in found["nodes"] if each["name"] == "1")

    before = now()
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    assert now() == (before[0] + 1, before[1])
    with linked.db.transaction():
        linked.db.execute("UPDATE finding SET status = 'suspended' WHERE id = 1")
    assert now() == (before[0] + 1, "suspended")
    with linked.db.transaction():
        old_claims.keep(linked.db, [replace(LISTED.claims[0], claim="it is put otherwise")], linked.now)
    assert "It is put otherwise" in reader.get("/findings/graph").text
    assert "it is put otherwise" in reader.get("/findings/2").text


def test_a_finding_s_page_has_its_links_and_its_old_names(linked, browse):
    reader = browse(linked)
    found = reader.get("/findings/2.json").json["finding"]
    assert [(one["kind"], one["target"]["name"]) for one in found["links"]] == [
        ("tests", "#31"),
        ("moderates", "edge"),
        ("supersedes", "1"),
    ]
    assert [(old["name"], old["kind"], old["figure"]) for old in found["aliases"]] == [
        ("#31", "tests", "a gap of 0.67"),
        ("edge", "moderates", ""),
    ]
    assert found["hanging"] == 2
    text = " ".join(unescape(re.sub(r"<[^>]+>", "", reader.get("/findings/2").text)).split())
    assert "It tests the old laboratory’s #31: it is said of #31; one seed, a gap of 0.67." in text
    assert "It tests old claim #31: today it says nothing yet." in text
    assert "It supersedes finding 1." in text
    assert "2 open questions hang on it." in text
    assert "It rests on what is void" not in text


def test_what_depends_on_a_void_finding_says_so_until_that_is_open_again(linked, browse):
    say(linked, LinkKind.DEPENDS_ON, finding(2), finding(1))
    reader = browse(linked)
    for status, is_said in (("suspended", True), ("open", False), ("recalled", True)):
        with linked.db.transaction():
            registrations.set_status(linked.db, 1, status, "a test")
        reader = browse(linked)
        text = " ".join(re.sub(r"<[^>]+>", "", reader.get("/findings/2").text).split())
        assert (f"It rests on what is void: it depends on finding 1, which is {status}." in text) == is_said
        assert bool(reader.get("/findings/2.json").json["finding"]["depends_on_void"]) == is_said
        assert "It rests on what is void" not in reader.get("/findings/1").text


def test_a_test_against_its_claim_contradicts_it(linked, browse):
    with linked.db.transaction():
        record(linked.db, 2, weighed(2, verdict=Verdict.NEGATIVE), [], session_id=None, now=linked.now)
    reader = browse(linked)
    assert reader.get("/findings/2.json").json["finding"]["links"][0]["bearing"] == "contradicts"
    assert "today it contradicts" in reader.get("/findings/2").text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("?alias=31", [2]),
        ("?alias=%2331", [2]),
        ("?alias=TinySum", [2]),
        ("?alias=tiny", []),
        ("?alias=32", []),
        ("?q=tinysum", [2]),
        ("?q=%2331", [2]),
        ("", [1, 2]),  # what is weighed before what is only asked
    ],
)
def test_old_names_find_findings(linked, browse, query, numbers):
    page, data = (browse(linked).get(f"/findings{kind}{query}") for kind in ("", ".json"))
    assert [row["number"] for row in data.json["findings"]] == numbers
    assert page.status == 200
    assert bool(numbers) != ("No finding matches" in page.text)


def test_old_names_find_experiments(linked, browse):
    with linked.db.transaction():
        old_claims.keep(linked.db, [claim("lost", experiment="no_sum", scripts=("nosum",))], linked.now)
    reader = browse(linked)
    assert reader.get("/experiments/tinysum.json").json["experiment"]["name"] == "tiny_sum"
    assert reader.get("/experiments/tinysum@1.json").json["experiment"]["version"] == 1
    assert reader.get("/experiments/tinysum@3").status == 404
    assert reader.get("/experiments/nosum").status == 404


def test_a_file_has_one_address_to_which_its_other_names_lead(linked, browse):
    reader = browse(linked)
    old, new = (reader.get(f"/experiments/tiny_sum{version}.py") for version in ("@1", ""))
    assert "version=2" not in old.text
    assert "version=2" in new.text
    for alias, leads_to in (("tinysum", "tiny_sum"), ("tinysum@1", "tiny_sum@1")):
        moved = reader.get(f"/experiments/{alias}.py")
        assert (moved.status, moved.headers["location"]) == (302, f"/experiments/{leads_to}.py")
    unknown = reader.get("/experiments/tiny_sun.py")
    assert (unknown.status, "Did you mean tiny_sum?" in unknown.text) == (404, True)
    assert reader.get("/experiments/tiny_sum@3.py").status == 404


def test_an_experiment_tells_what_the_old_laboratory_claimed_of_it(linked, browse):
    reader = browse(linked)
    found = reader.get("/experiments/tiny_sum.json").json["experiment"]["old"]
    assert found["names"] == []
    assert [said["href"] for said in found["claims"]] == [
        f"/findings/graph#old-{said['name'].removeprefix('#')}" for said in found["claims"]
    ]
    text = reader.get("/experiments/tiny_sum").text
    assert all(f">{said['claim']}</a>" in text for said in found["claims"])
    assert found["claims"]


def test_a_name_of_the_old_laboratory_says_what_became_of_it(linked, browse, tmp_path, monkeypatch):
    names = '[tiny_sum]\nbecame = "lost"\n[sum_v2]\nexperiment = "tiny_sum"\nbecame = "found <again>"\n'
    (tmp_path / old_names.LIST).write_text(names + '[nosum]\nexperiment = "no_sum"\nbecame = "withdrawn"\n')
    monkeypatch.setattr(old_names, "shipped", lambda: tmp_path)
    reader = browse(linked)
    assert reader.get("/experiments/sum_v2.json").json["experiment"]["old"]["names"] == [
        {"name": "tiny_sum", "became": "lost"},
        {"name": "sum_v2", "became": "found <again>"},
    ]
    assert "<code>sum_v2</code>: found &lt;again&gt;" in reader.get("/experiments/sum_v2").text
    missing = reader.get("/experiments/nosum")
    assert missing.status == 404
    assert "withdrawn; here no_sum is to ask its question" in missing.text


def test_so_do_the_aliases_of_its_file(linked, browse):
    with linked.db.transaction():
        named = "UPDATE experiment SET manifest = replace(manifest, :before, :after) WHERE version = 1"
        assert linked.db.execute(named, before='"aliases":[]', after='"aliases":["sums"]') == 1
    reader = browse(linked)
    assert reader.get("/experiments/sums.json").json["experiment"]["version"] == 1
    assert reader.get("/experiments/sums@1").status == 200
    assert reader.get("/experiments/sums@2").status == 404


def test_a_new_laboratory_says_that_nothing_is_linked_yet(empty_site):
    page = empty_site.get("/findings/graph")
    assert page.status == 200
    assert "Nothing is linked yet" in page.text
