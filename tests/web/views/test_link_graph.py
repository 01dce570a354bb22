"""The findings graph: its picture and its table, the links on a finding's page, and old names that find it."""

import re
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom import shipped
from axiom.domain.links import AskingEstimand, LinkKind, Node, Noun, OldClaim
from axiom.laboratory.experiments.old_claims import OldClaims, OldLink, register_old_claims
from axiom.laboratory.findings.links import record_link
from axiom.store.experiments import old_names
from axiom.store.findings import old_claims
from axiom.store.registrations import registrations
from axiom_weigh.values import Verdict

GROWS = AskingEstimand(experiment="tiny_sum", estimand="grows", kind=LinkKind.TESTS, upheld_by=(Verdict.POSITIVE,))


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
        register_old_claims(small_lab.db, LISTED, "tiny_sum", small_lab.now)
    return small_lab


def say(lab, kind: LinkKind, source: Node, target: Node, **how) -> int:
    with lab.db.transaction():
        return record_link(lab.db, kind, source, target, why="a <test>", by="Ada & co", now=lab.now, **how)


def test_the_graph_says_what_is_open_what_waits_and_how_links_bear(linked, browse):
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.OLD_CLAIM, id=1))
    graph = browse(linked).get("/findings/graph.json").json["graph"]
    is_open = {node["name"]: node["is_open"] for node in graph["nodes"]}
    assert is_open == {"1": False, "2": True, "#31": False, "#32": True, "plateau": True, "edge": True}
    waiting = [(claim["name"], claim["is_published"]) for claim in graph["waiting"]]
    assert (waiting, graph["open"]) == ([("#32", False), ("plateau", False), ("edge", True)], 4)
    assert [link["bearing"] for link in graph["links"] if link["kind"] == "tests"] == ["says nothing yet", "supports"]


def test_picture_and_table_of_the_graph_have_each_link_and_every_end_is_there(linked, browse, monkeypatch):
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    say(linked, LinkKind.MODERATES, finding(1), finding(2))
    reader = browse(linked)
    (island,) = reader.get("/findings/graph.json").json["graph"]["islands"]
    picture, rows = island["picture"], len(island["nodes"])
    assert len(picture["arcs"]) == 6
    heights = [int(y) for arc in picture["arcs"] for y in re.findall(r"M\d+ (\d+)", arc["line"] + arc["head"])]
    assert all(0 < y < picture["height"] for y in heights)
    assert picture["height"] / rows == picture["dots"][1]["y"] - picture["dots"][0]["y"]
    assert {arc["style"] for arc in picture["arcs"]} == {"explains", "tests", "moderates", "supersedes", "supports"}
    page, other = reader.get("/findings/graph").text, reader.get("/findings/2").text
    assert page.count('class="isle"') == 1
    assert page.partition('class="isle"')[2].count("<circle") == rows
    assert "a &lt;test&gt;" in page
    for text in (page, other):  # words of others are shown as words
        assert "<script>" not in text
        assert "Ada &amp; co" in text
    ends = re.findall(r'href="(/findings/graph(?:\?from=\d+)?)#([^"]+)"', page + other)
    assert {address for address, _ in ends} > {"/findings/graph"}
    for address, target in ends:
        assert reader.get(address).text.count(f'id="{target}"') == 1, target
    assert len(re.findall(r'id="([^"]+)"', page)) == len(set(re.findall(r'id="([^"]+)"', page)))
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 2)
    reader, address, numbers = browse(linked), "/findings/graph.json", []
    while address:
        page = reader.get(address).json
        shown = re.findall(r'<tr id="link-(\d+)"', reader.get(address.replace(".json", "")).text)
        assert shown == [str(link["number"]) for link in page["graph"]["links"][page["first"] : page["last"]]]
        numbers, address = [*numbers, *shown], page["next"]
    assert numbers == [str(link["number"]) for link in page["graph"]["links"]]
    (tested,) = [link["target"] for link in page["graph"]["links"] if link["target"]["noun"] == "link"]
    path, _, target = tested["href"].partition("#")
    assert f'<tr id="{target}"' in reader.get(path).text


def test_the_graph_follows_what_is_said_and_how_findings_stand(linked, browse):
    reader = browse(linked)

    def now() -> tuple[int, str]:
        reader.app.forget()
        graph = reader.get("/findings/graph.json").json["graph"]
        return len(graph["links"]), next(node["status"] for node in graph["nodes"] if node["name"] == "1")

    before = now()
    say(linked, LinkKind.TESTS, finding(1), Node(noun=Noun.LINK, id=1))
    assert now() == (before[0] + 1, before[1])
    with linked.db.transaction():
        linked.db.execute("UPDATE finding SET status = 'suspended' WHERE id = 1")
    assert now() == (before[0] + 1, "suspended")
    with linked.db.transaction():
        old_claims.store_old_claims(linked.db, [replace(LISTED.claims[0], claim="it is put otherwise")], linked.now)
    reader.app.forget()
    for address in ("/findings/graph", "/findings/2"):
        assert "t is put otherwise" in reader.get(address).text


def test_a_finding_s_page_has_its_links_its_old_names_and_what_it_rests_on(linked, browse):
    reader = browse(linked)

    def found(number: int = 2) -> dict:
        reader.app.forget()
        return reader.get(f"/findings/{number}.json").json["finding"]

    links = [("tests", "#31", "says nothing yet"), ("moderates", "edge", None), ("supersedes", "1", None)]
    assert [(link["kind"], link["target"]["name"], link["bearing"]) for link in found()["links"]] == links
    aliases = [("#31", "tests", "a gap of 0.67"), ("edge", "moderates", "")]
    assert [(old["name"], old["kind"], old["figure"]) for old in found()["aliases"]] == aliases
    assert (found()["hanging"], found()["depends_on_void"]) == (2, [])
    with linked.db.transaction():
        record(linked.db, 2, weighed(2, verdict=Verdict.NEGATIVE), [], session_id=None, now=linked.now)
    assert found()["links"][0]["bearing"] == "contradicts"
    say(linked, LinkKind.DEPENDS_ON, finding(2), finding(1))
    for status, void in (("suspended", [{"number": 1, "status": "suspended"}]), ("open", [])):
        with linked.db.transaction():
            registrations.set_finding_status(linked.db, 1, status, "a test")
        assert (found()["depends_on_void"], found(1)["depends_on_void"]) == (void, [])


def test_old_names_find_findings_experiments_and_their_files(linked, browse):
    with linked.db.transaction():
        old_claims.store_old_claims(linked.db, [claim("lost", experiment="no_sum", scripts=("nosum",))], linked.now)
        named = "UPDATE experiment SET manifest = replace(manifest, :before, :after) WHERE version = 1"
        assert linked.db.execute(named, before='"aliases":[]', after='"aliases":["sums"]') == 1
    reader = browse(linked)
    for query, numbers in (
        ("?alias=31", [2]),
        ("?alias=%2331", [2]),
        ("?alias=TinySum", [2]),
        ("?alias=tiny", []),
        ("?alias=32", []),
        ("?q=tinysum", [2]),
        ("?q=%2331", [2]),
        ("", [1, 2]),  # what is weighed before what is only asked
    ):
        assert [row["number"] for row in reader.get(f"/findings.json{query}").json["findings"]] == numbers
    for name, version in (("tinysum", 2), ("tinysum@1", 1), ("sums", 1), ("sums@1", 1)):
        experiment = reader.get(f"/experiments/{name}.json").json["experiment"]
        assert (experiment["name"], experiment["version"]) == ("tiny_sum", version)
    for name in ("tinysum@3", "nosum", "sums@2", "tiny_sun.py", "tiny_sum@3.py"):
        assert reader.get(f"/experiments/{name}").status == 404
    old, new = (reader.get(f"/experiments/tiny_sum{version}.py").text for version in ("@1", ""))
    assert "version=2" not in old
    assert "version=2" in new
    for alias, leads_to in (("tinysum", "tiny_sum"), ("tinysum@1", "tiny_sum@1")):
        moved = reader.get(f"/experiments/{alias}.py")
        assert (moved.status, moved.headers["location"]) == (302, f"/experiments/{leads_to}.py")


def test_an_experiment_tells_what_the_old_laboratory_claimed_of_it(linked, browse, tmp_path, monkeypatch):
    reader = browse(linked)
    old = reader.get("/experiments/tiny_sum.json").json["experiment"]["old"]
    assert (old["names"], len(old["claims"])) == ([], 2)
    text = reader.get("/experiments/tiny_sum").text
    for claim_row in old["claims"]:
        assert claim_row["href"] == f"/findings/graph#old-{claim_row['name'].removeprefix('#')}"
        assert f">{claim_row['claim']}</a>" in text
    names = '[tiny_sum]\nbecame = "lost"\n[sum_v2]\nexperiment = "tiny_sum"\nbecame = "found <again>"\n'
    (tmp_path / old_names.LIST).write_text(names + '[nosum]\nexperiment = "no_sum"\nbecame = "withdrawn"\n')
    monkeypatch.setattr(shipped, "catalogue_folder", lambda: tmp_path)
    reader = browse(linked)
    assert reader.get("/experiments/sum_v2.json").json["experiment"]["old"]["names"] == [
        {"name": "tiny_sum", "became": "lost"},
        {"name": "sum_v2", "became": "found <again>"},
    ]
    assert "<code>sum_v2</code>: found &lt;again&gt;" in reader.get("/experiments/sum_v2").text
    missing = reader.get("/experiments/nosum")
    assert missing.status == 404
    assert "withdrawn" in missing.text
    assert "no_sum" in missing.text
