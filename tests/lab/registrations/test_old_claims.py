"""Old claims come with the first experiment that is published; its findings are linked to what they ask, once."""

from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.decisions.findings.links import bearing
from axiom.domain.findings import Meaning
from axiom.domain.links import Asking, Bearing, LinkKind, Node, Noun, OldClaim
from axiom.lab.registrations.links import hanging
from axiom.lab.registrations.old_claims import OldClaims, OldLink, inherit
from axiom.store.evidence import links, old_claims

GROWS = Asking(experiment="tiny_sum", estimand="grows", kind=LinkKind.TESTS, upheld_by=(Meaning.AS_CLAIMED,))
CLAIM = OldClaim(
    name="#31",
    claim="larger is more",
    experiment="tiny_sum",
    figure="1.4",
    rests_on="one seed",
    status="active",
    source="S5",
    scripts=("tinysum",),
    askings=(GROWS,),
)
REASON = replace(CLAIM, name="#32", claim="sums are larger", experiment="other_sum", askings=())
LISTED = OldClaims(
    claims=(CLAIM, REASON),
    links=(OldLink(source="#31", kind=LinkKind.EXPLAINS, target="#32", why="S5: a test"),),
)


@pytest.fixture
def pass_on(small_lab):
    """Registers a list in a laboratory, after this experiment was published."""

    def pass_on(listed: OldClaims = LISTED, experiment: str = "tiny_sum") -> int:
        with small_lab.db.transaction():
            return inherit(small_lab.db, listed, experiment, small_lab.now)

    return pass_on


def said(db) -> list[tuple]:
    return [(one.source, one.kind, one.target, one.by) for one in links.everything(db)]


def test_a_claim_waits_by_name_until_its_experiment_is_published(small_lab, prepared, pass_on):
    first, second = Node(noun=Noun.OLD_CLAIM, id=1), Node(noun=Noun.OLD_CLAIM, id=2)
    explained = (first, LinkKind.EXPLAINS, second, "the old laboratory")
    assert pass_on(experiment="other_sum") == 1
    assert [one.said.name for one in old_claims.everything(small_lab.db)] == ["#31", "#32"]
    assert said(small_lab.db) == [explained]
    small_lab.publish(prepared())
    assert pass_on() == 1
    assert said(small_lab.db) == [explained, (Node(noun=Noun.FINDING, id=1), LinkKind.TESTS, first, "catalogue")]
    assert links.everything(small_lab.db)[1].upheld_by == (Meaning.AS_CLAIMED,)


def test_a_list_that_has_learned_of_another_asker_reaches_a_laboratory_of_before(small_lab, prepared, pass_on):
    def rows():
        return [small_lab.db.select(f"SELECT * FROM {table}") for table in ("link", "old_claim")]  # noqa: S608  our own

    small_lab.publish(prepared())
    elsewhere = replace(CLAIM, askings=(replace(GROWS, experiment="other_sum"),))
    for older in (elsewhere, replace(CLAIM, askings=())):
        assert pass_on(replace(LISTED, claims=(older, REASON), links=())) == 0
    assert pass_on() == 2
    before = rows()
    small_lab.later(days=1)
    assert pass_on() == 0
    assert rows() == before


def test_a_newer_version_asks_too_and_takes_the_older_one_s_place(small_lab, prepared, pass_on):
    small_lab.publish(prepared())
    pass_on()
    small_lab.publish(prepared(version=2))
    assert pass_on() == 2
    newer, older = Node(noun=Noun.FINDING, id=2), Node(noun=Noun.FINDING, id=1)
    assert said(small_lab.db)[2:] == [
        (newer, LinkKind.TESTS, Node(noun=Noun.OLD_CLAIM, id=1), "catalogue"),
        (newer, LinkKind.SUPERSEDES, older, "catalogue"),
    ]
    assert pass_on() == 0


def test_what_hangs_on_a_finding_grows_less_when_it_is_answered(small_lab, prepared, pass_on):
    small_lab.publish(prepared())
    pass_on()
    assert hanging(small_lab.db) == {1: 2}
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2), [], session_id=None, now=small_lab.now)
    assert hanging(small_lab.db) == {}
    test = links.everything(small_lab.db)[1]
    assert bearing(test, links.footings(small_lab.db)) is Bearing.SUPPORTS
