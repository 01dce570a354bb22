"""Links through the gate: who says what, with the evidence of that day; and what may not be said."""

import hashlib

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.commands.experiments import PublishExperiment
from axiom.commands.links import LinkFindings
from axiom.commands.registrations import AmendFinding
from axiom.commands.registry import read_command
from axiom.domain.findings import Grade
from axiom.domain.links import LinkKind, Node, Noun
from axiom.errors import NotFound, Refused, UnknownName, WrongUse
from axiom.signed.canonical_json import canonical
from axiom.store.evidence import evidence, links, old_claims

LIST = """
[[claim]]
name = "#31"
claim = "larger is more"
experiment = "tiny_sum"
seeds = 1
status = "active"
source = "S5"
[claim.tests]
"tiny_sum.grows" = ["as claimed"]

[[claim]]
name = "redundancy"
claim = "there is more than is needed"
experiment = "no_sum"
seeds = 0
status = "a hypothesis"
source = "S5"

[[link]]
from = "redundancy"
kind = "explains"
to = "#31"
source = "S5"
why = "so it was thought"
"""
WORDS = {"why": "a test", "by": "Ada"}


@pytest.fixture
def door(door):
    """Its laboratory brings a list of old claims along, and has published tiny_sum with it."""
    (door.gate.laboratory.catalogue / "old_claims.toml").write_text(LIST)
    door.submit(PublishExperiment(experiment="tiny_sum"))
    yield door
    (door.gate.laboratory.catalogue / "old_claims.toml").unlink()


def weigh(door, **changes) -> None:
    door.gate.writer.run(lambda db: record(db, 1, weighed(2, **changes), [], session_id=None, now=door.lab.now))


def test_publishing_an_experiment_links_its_findings_to_what_they_ask(door):
    assert [one.said.name for one in door.look(old_claims.everything)] == ["#31", "redundancy"]
    explains, tests = door.look(links.everything)
    assert (explains.kind, explains.by, explains.why) == (
        LinkKind.EXPLAINS,
        "the old laboratory",
        "S5: so it was thought",
    )
    assert (tests.source, tests.kind, tests.target.id) == (Node(noun=Noun.FINDING, id=1), LinkKind.TESTS, 1)
    before = door.stored()
    door.submit(PublishExperiment(experiment="tiny_sum"))
    assert door.stored() == before


def test_a_link_has_the_evidence_of_its_day(door):
    bare = door.submit(LinkFindings(source="1", kind="moderates", target="old:redundancy", **WORDS))
    assert (bare["line"], bare["evidence_hash"], bare["is_new"]) == (0, "", True)
    weigh(door)
    weigh(door, estimate=0.9)
    made = door.submit(LinkFindings(source="1", kind="rules out", target="old:redundancy", **WORDS))
    said = door.look(lambda db: evidence.latest(db, 1))
    names = ("line", "blocks", "seeds", "missing", "estimate", "low", "high", "e_value", "verdict", "grade")
    covered = {"finding": 1, **{name: getattr(said, name) for name in names}}
    assert (made["line"], made["evidence_hash"]) == (2, hashlib.sha256(canonical(covered)).hexdigest())
    kept = door.look(links.everything)[-1]
    assert (kept.by, kept.why, kept.evidence_hash, kept.said_at) == (
        "Ada",
        "a test",
        made["evidence_hash"],
        door.lab.now,
    )
    assert door.audited()[-1]["command"] == "finding.link"


def test_said_again_it_is_the_same_link(door):
    asked = LinkFindings(source="1", kind="explains", target="old:31", **WORDS)
    first = door.submit(asked)
    door.lab.later(hours=1)
    again = door.submit(asked)
    assert (again["link"], again["is_new"]) == (first["link"], False)


def test_an_explanation_can_be_tested(door):
    made = door.submit(LinkFindings(source="1", kind="tests", target="link:1", **WORDS))
    assert door.look(links.everything)[-1].target == Node(noun=Noun.LINK, id=1)
    assert made["target"] == "link:1"


@pytest.mark.parametrize(
    ("source", "kind", "target", "error", "says"),
    [
        ("1", "rules out", "old:redundancy", Refused, "at least Moderate"),
        ("1", "depends on", "1", Refused, "to itself"),
        ("1", "tests", "9", NotFound, "There is no finding 9"),
        ("7", "tests", "old:31", NotFound, "There is no finding 7"),
        ("1", "tests", "link:9", NotFound, "There is no link 9"),
        ("1", "tests", "old:redundancies", UnknownName, "redundancy"),
        ("9999999999999999999", "tests", "old:31", NotFound, "There is no 9999999999999999999"),
        ("1", "supports", "old:31", WrongUse, "kind"),
        ("one", "tests", "old:31", WrongUse, "source"),
    ],
)
def test_what_may_not_be_said_is_refused_and_changes_nothing(door, source, kind, target, error, says):
    before = door.stored()
    with pytest.raises(error, match=says):
        door.submit(read_command("finding.link", {"source": source, "kind": kind, "target": target, **WORDS}))
    assert door.stored() == before


@pytest.mark.parametrize("upheld", ["", "mixed", "as claimed,", "as claimed;too small to matter"])
def test_under_which_meanings_a_claim_holds_is_said_in_known_words(upheld):
    words = {"source": "1", "kind": "tests", "target": "2", "upheld_by": upheld, **WORDS}
    with pytest.raises(WrongUse, match="upheld_by"):
        read_command("finding.link", words)


def test_a_weak_finding_that_has_grown_stronger_may_rule_out(door):
    asked = LinkFindings(source="1", kind="rules out", target="old:redundancy", **WORDS)
    weigh(door, grade=Grade.AWAITING)
    with pytest.raises(Refused):
        door.submit(asked)
    weigh(door)
    assert door.submit(asked, dry_run=True)["dry_run"] is True
    assert [one.kind for one in door.look(links.everything)] == [LinkKind.EXPLAINS, LinkKind.TESTS]
    door.submit(asked)
    assert door.look(links.everything)[-1].kind is LinkKind.RULES_OUT


def test_a_claim_that_is_put_otherwise_supersedes_the_older_one(door):
    chances = {
        "positive": 0.2,
        "negative": 0.7,
        "absent": 0.1,
        "low": -2.0,
        "high": 0.0,
        "because": "the first numbers",
    }
    made = door.submit(
        AmendFinding(finding=1, why="it looked so", forecaster="Ada", claim="larger is less", expects="-", **chances)
    )
    (new,) = [one["number"] for one in made["findings"] if one["is_new"]]
    link = door.look(links.everything)[-1]
    assert (link.source.id, link.kind, link.target.id, link.by) == (new, LinkKind.SUPERSEDES, 1, "Ada")
