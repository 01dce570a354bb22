"""Links through the gate: who says what, with the evidence of that day; and what may not be said."""

import hashlib
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.links import LinkKind, Node, Noun
from axiom.errors import LimitReached, NotFound, Refused, UnknownName, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.findings.commands.links import LinkFindings
from axiom.laboratory.findings.commands.prose import DraftPaper, NoteFinding, WriteLog
from axiom.laboratory.registrations.commands import AmendFinding
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.findings import evidence, links, old_claims
from axiom.store.rounds import kept_prose, rounds
from axiom_weigh.values import Grade

LIST = """
[[claim]]
name = "#31"
claim = "larger is more"
experiment = "tiny_sum"
seeds = 1
status = "active"
source = "S5"
[claim.tests]
"tiny_sum.grows" = ["effect +"]

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
CHANCES = {"positive": 0.2, "negative": 0.7, "absent": 0.1, "low": -2.0, "high": 0.0, "because": "so far"}
OTHERWISE = {"claim": "larger is less", "expects": "-", **CHANCES}


@pytest.fixture
def door(door):
    """Its laboratory brings a list of old claims along, and has published tiny_sum with it."""
    (door.gate.laboratory.catalogue / "old_claims.toml").write_text(LIST)
    door.submit(PublishExperiment(experiment="tiny_sum"))
    yield door
    (door.gate.laboratory.catalogue / "old_claims.toml").unlink()


def weigh(door, **changes) -> None:
    door.gate.writer.run(lambda db: record(db, 1, weighed(2, **changes), [], session_id=None, now=door.lab.now))


def test_publishing_links_findings_to_what_they_ask_and_amending_to_the_older_one(door):
    assert [claim.said.name for claim in door.look(old_claims.list_old_claims)] == ["#31", "redundancy"]
    explains, tests = door.look(links.list_links)
    assert (explains.kind, explains.by) == (LinkKind.EXPLAINS, "the old laboratory")
    assert explains.why == "S5: so it was thought"
    assert tests.source == Node(noun=Noun.FINDING, id=1)
    assert tests.kind == LinkKind.TESTS
    assert tests.target.id == 1
    before = door.stored()
    door.submit(PublishExperiment(experiment="tiny_sum"))
    assert door.stored() == before
    made = door.submit(LinkFindings(source="1", kind="tests", target="link:1", **WORDS))  # an explanation, too
    assert door.look(links.list_links)[-1].target == Node(noun=Noun.LINK, id=1)
    assert made["target"] == "link:1"
    made = door.submit(AmendFinding(finding=1, why="it looked so", forecaster="Ada", **OTHERWISE))
    (new,) = [finding["number"] for finding in made["findings"] if finding["is_new"]]
    link = door.look(links.list_links)[-1]  # it supersedes the older one
    assert link.source.id == new
    assert link.kind == LinkKind.SUPERSEDES
    assert link.target.id == 1
    assert link.by == "Ada"


def test_a_link_has_the_evidence_of_its_day(door):
    moderates = LinkFindings(source="1", kind="moderates", target="old:redundancy", **WORDS)
    rules_out = replace(moderates, kind="rules out")
    bare = door.submit(moderates)
    assert (bare["line"], bare["evidence_hash"], bare["is_new"]) == (0, "", True)
    door.lab.later(hours=1)
    again = door.submit(moderates)
    assert (again["link"], again["is_new"]) == (bare["link"], False)
    weigh(door, grade=Grade.AWAITING)
    with pytest.raises(Refused):
        door.submit(rules_out)
    weigh(door, estimate=0.9)  # it has grown stronger
    assert door.submit(rules_out, dry_run=True)["dry_run"] is True
    assert len(door.look(links.list_links)) == 3
    made = door.submit(rules_out)
    line = door.look(lambda db: evidence.find_latest_evidence(db, 1))
    names = ("line", "blocks", "seeds", "missing", "estimate", "low", "high", "e_value", "verdict", "grade")
    covered = {"finding": 1, **{name: getattr(line, name) for name in names}}
    assert (made["line"], made["evidence_hash"]) == (2, hashlib.sha256(canonical_bytes(covered)).hexdigest())
    kept = door.look(links.list_links)[-1]
    assert (kept.kind, kept.by, kept.why) == (LinkKind.RULES_OUT, "Ada", "a test")
    assert (kept.evidence_hash, kept.said_at) == (made["evidence_hash"], door.lab.now)
    assert door.audited()[-1]["command"] == "finding.link"


def test_a_test_says_by_sign_or_meaning_what_upholds_it(door):
    said = {"source": "1", "kind": "tests", "upheld_by": "-,absent", **WORDS}
    made = door.submit(LinkFindings(target="old:redundancy", **said))
    assert made["upheld_by"] == ["effect −", "absent"]
    assert door.submit(LinkFindings(target="old:31", **said))["upheld_by"] == ["effect +"]  # as was said before


def test_what_may_not_be_said_is_refused_and_changes_nothing(door):
    before = door.stored()
    for source, kind, target, error, fact in (
        ("1", "rules out", "old:redundancy", Refused, "Moderate"),
        ("1", "depends on", "1", Refused, "itself"),
        ("1", "tests", "9", NotFound, "9"),
        ("7", "tests", "old:31", NotFound, "7"),
        ("1", "tests", "link:9", NotFound, "9"),
        ("1", "tests", "old:redundancies", UnknownName, "redundancy"),
        ("9999999999999999999", "tests", "old:31", NotFound, "9999999999999999999"),
        ("1", "supports", "old:31", WrongUse, "kind"),
        ("one", "tests", "old:31", WrongUse, "source"),
    ):
        with pytest.raises(error, match=fact):
            door.submit(read_command("finding.link", {"source": source, "kind": kind, "target": target, **WORDS}))
    for upheld in ("", "mixed", "as claimed,", "as claimed;too small to matter"):
        words = {"source": "1", "kind": "tests", "target": "2", "upheld_by": upheld, **WORDS}
        with pytest.raises(WrongUse, match="upheld_by"):
            read_command("finding.link", words)
    assert door.stored() == before


@pytest.fixture
def weighed_door(door):
    """With a session and a Moderate finding."""
    door.gate.writer.run(lambda db: rounds.begin_round(db, pi="autopilot", reason="a test", now=door.lab.now))
    weigh(door)
    return door


def test_prose_is_kept_as_it_was_written_and_speaks_of_what_is_known(weighed_door):
    text = "The total grows: {F1.estimate}.\n\nNothing more is known."
    answer = weighed_door.submit(WriteLog(text=text, by="Ada"))
    name = answer["page"].rpartition("/")[2]
    assert answer["unresolved"] == []
    (stored,) = weighed_door.look(
        lambda db: kept_prose.list_round_prose(
            db, rounds.find_session_round_ids(db, rounds.find_round_by_name(db, name))
        )
    )
    assert (stored.author, stored.text) == ("Ada", text)
    drafted = weighed_door.submit(DraftPaper(findings="1", text="It is {F1.estimate}.", by="Ada"))
    assert drafted["page"] == "/findings/paper?of=1"
    assert weighed_door.submit(DraftPaper(findings="1,1", text="It is {F1.high}.", by="Ada"))["page"] == drafted["page"]
    for command, error in (
        (WriteLog(text=text, by="Ada", session="never"), NotFound),
        (DraftPaper(findings="1,9", text="It is {F1.estimate}.", by="Ada"), NotFound),
        (DraftPaper(findings="1", text="It is {F2.estimate}.", by="Ada"), Refused),
    ):
        with pytest.raises(error):
            weighed_door.submit(command)
    with pytest.raises(WrongUse):
        weighed_door.submit(WriteLog(text="   \n\n  ", by="Ada"))


def test_words_are_free_and_a_reference_to_nothing_is_refused_with_help(weighed_door):
    waiting = weighed_door.submit(AmendFinding(finding=1, why="it looked so", forecaster="Ada", **OTHERWISE))
    (new,) = [finding["number"] for finding in waiting["findings"] if finding["is_new"]]
    before = weighed_door.stored()
    for text, word in (
        ("It is {F1.estimated}.", "estimate"),
        ("It is {F7.estimate}.", "nearest is F"),
        ("{R:tiny_sum} says so of {F1}.", "axiom reference"),
        (f"It will be so of {{F{new}}}.", "no evidence"),
    ):
        for command in (
            WriteLog(text=text, by="Ada"),
            NoteFinding(finding=1, text=text, by="Ada"),
            LinkFindings(source="1", kind="explains", target="old:31", why=text, by="Ada"),
            DraftPaper(findings=f"1{f',{new}' if word == 'no evidence' else ''}", text=text, by="Ada"),
        ):
            with pytest.raises(Refused, match=word):
                weighed_door.submit(command)
    for command in (
        DraftPaper(findings=f"1,{new}", text="It is so.", by="Ada"),
        NoteFinding(finding=new, text="It is so.", by="Ada"),
    ):
        with pytest.raises(Refused, match=r"no evidence.*registration predict"):
            weighed_door.submit(command)
    assert weighed_door.stored() == before
    text = "Three of the first twenty: 0.9, half of {F1.estimate}. This proves it for all."
    assert weighed_door.submit(WriteLog(text=text, by="Ada"))["unresolved"] == []


def test_a_refused_log_does_not_count_against_a_day(weighed_door):
    program, author = weighed_door.let_in("propose", limits={"log.write": 1}), "program:ada"
    for text in ("It is {F9}.", "It is {F8}."):
        with pytest.raises(Refused):
            weighed_door.submit(WriteLog(text=text, by=author), caller=program)
    weighed_door.submit(WriteLog(text="It is {F1.estimate}.", by=author), caller=program)
    with pytest.raises(LimitReached, match="next at"):
        weighed_door.submit(WriteLog(text="Again.", by=author), caller=program)
