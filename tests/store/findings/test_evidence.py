"""A finding's history, its links and old claims: given back to the last bit."""

import sqlite3
from dataclasses import replace

import pytest
from evidence_lines import history_of, record
from furnished_lab import weighed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning
from axiom.domain.links import FindingState, LinkKind, Node, Noun, OldClaim
from axiom.domain.work import Outcome
from axiom.store.findings import evidence, links, old_claims
from axiom.store.findings.evidence import WeighedFinding
from axiom.store.registrations import registrations
from axiom_weigh.values import (
    Agreements,
    Alarm,
    Cohort,
    Evidence,
    Force,
    Grade,
    Home,
    Observation,
    Surroundings,
    Verdict,
)

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**40)
WORDS = st.lists(st.text(), max_size=3).map(tuple)
HOSTS = st.lists(COUNTS, max_size=3).map(tuple)
ALARMS = st.builds(Alarm, kind=st.text(), force=st.sampled_from(Force), text=st.text(), hosts=HOSTS)
AGREEMENTS = st.builds(
    Agreements, platforms=st.tuples(st.text(), st.text()), exact=COUNTS, close=COUNTS, divergent=COUNTS, disputed=COUNTS
)
LINES = st.builds(
    Evidence,
    blocks=st.integers(1, 2**40),
    **dict.fromkeys(("seeds", "missing", "clones", "hosts", "volunteers", "platforms", "designs"), COUNTS),
    **dict.fromkeys(("estimate", "low", "high"), NUMBERS),
    **dict.fromkeys(("e_value", "e_absent"), st.floats(0, 1e300)),
    **dict.fromkeys(("needs", "flags", "reasons"), WORDS),
    e_kind=st.sampled_from(["flip", "sign", "bernoulli", "betting"]),
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    more=st.none() | st.tuples(COUNTS, st.none() | COUNTS),
    alarms=st.lists(ALARMS, max_size=2).map(tuple),
    agreements=st.lists(AGREEMENTS, max_size=2).map(tuple),
    false_share=st.none() | st.sampled_from([0.01, 0.05]),
    line=st.integers(1, 2**40),
)
OBSERVED = st.lists(
    st.builds(
        Observation,
        replicate=COUNTS,
        value=NUMBERS,
        hosts=HOSTS,
        registration=st.just(1),
        **dict.fromkeys(("why_missing", "fingerprint", "repeats"), st.text()),
        outcome=st.none() | st.sampled_from(Outcome),
        design=st.just("declared"),
        cohort=st.sampled_from(Cohort),
    ).map(lambda seen: replace(seen, gpus=tuple((host, "NVIDIA") for host in seen.hosts if host % 2))),
    max_size=3,
    unique_by=lambda seen: seen.replicate,
).map(lambda found: tuple(sorted(found, key=lambda seen: seen.replicate)))
LINE = replace(weighed(1), e_value=2.0, low=None)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, OBSERVED)
def test_a_line_is_read_as_it_was_written(shared_lab, taken_back, line, observed):
    db = shared_lab.db
    with taken_back(db):
        record(db, 1, line, observed, session_id=None, now=shared_lab.now)
        (row,) = evidence.list_evidence_lines(db, 1)
        assert evidence.parse_evidence(row) == line
        assert evidence.read_observations(db, 1) == observed


@pytest.fixture(scope="module")
def shared_lab(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("evidence") / "lab")
    lab.publish(prepared())
    yield lab
    lab.db.close()


def test_lines_are_numbered_and_the_last_one_counts(working_lab):
    db, now = working_lab.db, working_lab.now
    assert evidence.list_weighed_findings(db, 1) == [
        WeighedFinding(number=1, registration_id=1, estimand="grows", blocks=0)
    ]
    assert evidence.list_newest_evidence(db) == {}
    assert evidence.find_latest_evidence(db, 1) is None
    assert evidence.read_card_inputs(db, 1) is None
    assert evidence.read_observations(db, 1) == ()
    pair = Agreements(platforms=("a", "b"), exact=2)
    last = replace(LINE, blocks=2, agreements=(pair,), false_share=0.05)
    seen = Observation(replicate=3, value=1.5, hosts=(1, 7), registration=1, design="declared")
    for line, observed in ((LINE, ()), (replace(LINE, blocks=2), ()), (last, (seen,))):
        record(db, 1, line, observed, session_id=None, now=now)
    with pytest.raises(sqlite3.IntegrityError):
        record(db, 1, replace(LINE, line=3), (), session_id=None, now=now)
    assert [(line.line, line.blocks) for line in history_of(db, 1)] == [(1, 1), (2, 2), (3, 2)]
    assert {number: line.line for number, line in evidence.list_newest_evidence(db).items()} == {1: 3}
    assert evidence.find_latest_evidence(db, 1) == replace(last, line=3)
    assert evidence.list_weighed_findings(db, 1) == [
        WeighedFinding(number=1, registration_id=1, estimand="grows", blocks=2, line=3)
    ]
    assert evidence.list_weighed_findings(db, 2) == []
    card = evidence.read_card_inputs(db, 1)
    assert card.estimand["claim"] == "a larger size has a larger total"
    assert (card.observations, card.blocks) == ((seen,), 2)
    assert card.homes == {1: Home(host_id=1, volunteer_id=1, platform="linux-x86_64-avx2", is_ours=True)}
    assert card.surroundings == Surroundings(agreements=(pair,), false_share=0.05)


def test_how_every_claim_stands_is_read_at_once(working_lab):
    db = working_lab.db
    (asked,) = evidence.list_compared_claims(db)
    assert asked.number == 1
    assert asked.e_value == 1.0
    assert asked.verdict == Verdict.UNDECIDED
    assert asked.false_share is None
    for e_value in (5.0, 9.0):
        record(db, 1, replace(LINE, e_value=e_value), (), session_id=None, now=working_lab.now)
    assert [claim.e_value for claim in evidence.list_compared_claims(db)] == [9.0]
    db.execute("UPDATE finding SET status = 'recalled'")
    assert evidence.list_compared_claims(db) == [asked]  # it was asked, and nothing is known of it
    db.execute("UPDATE finding SET status = 'open'")
    assert evidence.list_compared_claims(db) != [asked]
    db.execute("UPDATE experiment SET recalled_at = 5")
    assert evidence.list_compared_claims(db) == [asked]
    assert [(row["number"], row["recalled_at"]) for row in evidence.list_claims(db)] == [(1, 5)]
    assert [(row["number"], row["line"], row["e_value"]) for row in evidence.read_evidence_course(db)] == [
        (1, 1, 5.0),
        (1, 2, 9.0),
    ]


ENDS = Node(noun=Noun.FINDING, id=1), Node(noun=Noun.OLD_CLAIM, id=1)
SOURCE = {"rests_on": "one seed", "status": "active", "source": "S5", "scripts": ("compgen",)}
CLAIM = OldClaim(name="#31", claim="wider is worse", experiment="tiny_sum", figure="0.67", **SOURCE)


def test_links_and_old_claims_are_read_as_they_were_written(database, now):
    upheld = (Meaning.OPPOSITE, Meaning.TOO_SMALL)
    words = {"why": "a test", "by": "Ada", "line": 2, "evidence_hash": "ff"}
    assert links.find_link(database, LinkKind.TESTS, *ENDS) is None
    number = links.add_link(database, LinkKind.TESTS, *ENDS, upheld_by=upheld, **words, now=now)
    (found,) = links.list_links(database)
    assert (found.id, found.kind, found.source, found.target) == (number, LinkKind.TESTS, *ENDS)
    assert (found.upheld_by, found.why, found.by, found.line) == (upheld, "a test", "Ada", 2)
    assert (found.evidence_hash, found.said_at) == ("ff", now)
    assert links.find_link(database, LinkKind.TESTS, *ENDS) == number
    assert links.find_link(database, LinkKind.MODERATES, *ENDS) is None
    assert links.find_link(database, LinkKind.TESTS, ENDS[0], ENDS[0]) is None
    with pytest.raises(sqlite3.IntegrityError):
        links.add_link(database, LinkKind.TESTS, *ENDS, why="another", by="Grace", now=now)
    other = replace(CLAIM, name="plateau", scripts=())
    assert old_claims.store_old_claims(database, [CLAIM, other], now) == 2
    assert old_claims.store_old_claims(database, [CLAIM, other], now) == 0
    assert [kept.said for kept in old_claims.list_old_claims(database)] == [CLAIM, other]
    assert old_claims.store_old_claims(database, [replace(CLAIM, figure="0.70"), other], now) == 1
    first, second = old_claims.list_old_claims(database)
    assert first.id == 1
    assert first.said.figure == "0.70"
    assert second.said == other


def test_a_finding_stands_as_its_newest_evidence_and_its_status_say(small_lab, prepared):
    small_lab.publish(prepared())
    db = small_lab.db
    waiting = FindingState(
        status="open", grade=Grade.AWAITING, meaning=Meaning.UNDECIDED, expects=Direction.MORE, is_weighed=False
    )
    assert links.list_finding_states(db) == {1: waiting}
    with db.transaction():
        for blocks, verdict in ((1, Verdict.POSITIVE), (2, Verdict.NEGATIVE)):
            record(db, 1, weighed(blocks, verdict=verdict), [], session_id=None, now=small_lab.now)
        registrations.set_finding_status(db, 1, "suspended")
    assert links.list_finding_states(db) == {
        1: FindingState(status="suspended", grade=Grade.MODERATE, meaning=Meaning.OPPOSITE, expects=Direction.MORE)
    }
