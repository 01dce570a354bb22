"""Links and old claims are read as they were written; a claim that is put otherwise keeps its row."""

import sqlite3
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Grade, Meaning, Verdict
from axiom.domain.links import Footing, LinkKind, Node, Noun, OldClaim
from axiom.store.evidence import links, old_claims
from axiom.store.registrations import registrations

ENDS = Node(noun=Noun.FINDING, id=1), Node(noun=Noun.OLD_CLAIM, id=1)
CLAIM = OldClaim(
    name="#31",
    claim="wider is worse",
    experiment="tiny_sum",
    figure="0.67",
    rests_on="one seed",
    status="active",
    source="S5",
    scripts=("compgen",),
)


def test_a_link_is_read_as_it_was_written(database, now):
    upheld = (Meaning.OPPOSITE, Meaning.TOO_SMALL)
    words = {"why": "a test", "by": "Ada", "line": 2, "evidence_hash": "ff"}
    assert links.same(database, LinkKind.TESTS, *ENDS) is None
    number = links.add(database, LinkKind.TESTS, *ENDS, upheld_by=upheld, **words, now=now)
    (found,) = links.everything(database)
    assert (found.id, found.kind, found.source, found.target) == (number, LinkKind.TESTS, *ENDS)
    assert (found.upheld_by, found.why, found.by, found.line) == (upheld, "a test", "Ada", 2)
    assert (found.evidence_hash, found.said_at) == ("ff", now)
    assert links.same(database, LinkKind.TESTS, *ENDS) == number
    assert links.same(database, LinkKind.MODERATES, *ENDS) is None
    assert links.same(database, LinkKind.TESTS, ENDS[0], ENDS[0]) is None
    with pytest.raises(sqlite3.IntegrityError):
        links.add(database, LinkKind.TESTS, *ENDS, why="another", by="Grace", now=now)


def test_a_finding_stands_as_its_newest_evidence_and_its_status_say(small_lab, prepared):
    small_lab.publish(prepared())
    db = small_lab.db
    assert links.footings(db) == {1: Footing(status="open", grade=Grade.AWAITING, meaning=Meaning.UNDECIDED)}
    with db.transaction():
        for blocks, verdict in ((1, Verdict.POSITIVE), (2, Verdict.NEGATIVE)):
            record(db, 1, weighed(blocks, verdict=verdict), [], session_id=None, now=small_lab.now)
        registrations.set_status(db, 1, "suspended")
    assert links.footings(db) == {1: Footing(status="suspended", grade=Grade.MODERATE, meaning=Meaning.OPPOSITE)}


def test_old_claims_are_kept_once_and_follow_their_list(database, now):
    other = replace(CLAIM, name="plateau", scripts=())
    assert old_claims.keep(database, [CLAIM, other], now) == 2
    assert old_claims.keep(database, [CLAIM, other], now) == 0
    assert [kept.said for kept in old_claims.everything(database)] == [CLAIM, other]
    assert old_claims.keep(database, [replace(CLAIM, figure="0.70"), other], now) == 1
    first, second = old_claims.everything(database)
    assert (first.id, first.said.figure, second.said) == (1, "0.70", other)
