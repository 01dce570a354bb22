"""The list of what the old laboratory claimed says of our experiments what is so."""

import importlib
from pathlib import Path

import pytest

import axiom.catalogue
from axiom.domain.findings import Meaning
from axiom.domain.links import LinkKind
from axiom.lab.registrations.old_claims import LIST, read

CATALOGUE = Path(axiom.catalogue.__file__).parent
LISTED = read(CATALOGUE / LIST)
WRITTEN = {path.stem for path in CATALOGUE.glob("[a-z]*.py")}
NAMES = [claim.name for claim in LISTED.claims]


def estimands(name: str) -> set[str]:
    return {one.name for one in importlib.import_module(f"axiom.catalogue.{name}").experiment.estimands}


def test_every_claim_has_a_name_of_its_own_and_says_on_what_it_rested():
    assert len(LISTED.claims) >= 50
    assert sorted(NAMES) == sorted(set(NAMES))
    assert {"#27", "#28", "#31", "#32", "#34", "#35"} <= set(NAMES)
    for claim in LISTED.claims:
        assert claim.claim[0].islower() or claim.claim[0].isdigit(), claim.name
        assert not claim.claim.endswith("."), claim.name
        assert claim.source in {"S1", "S2", "S3", "S4", "S5"}, claim.name
        assert claim.rests_on, claim.name
        assert claim.status, claim.name


@pytest.mark.parametrize("name", sorted({asking.experiment for claim in LISTED.claims for asking in claim.askings}))
def test_an_estimand_that_asks_a_claim_exists(name):
    asked = {each.estimand for claim in LISTED.claims for each in claim.askings if each.experiment == name}
    assert name in WRITTEN
    assert asked - estimands(name) == set()


def test_every_test_says_when_its_claim_holds_and_when_it_does_not():
    decided = {Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL}
    for claim in LISTED.claims:
        for asking in claim.askings:
            upheld = set(asking.upheld_by)
            if asking.kind is LinkKind.TESTS:
                assert upheld, f"{claim.name} could never hold"
                assert upheld < decided, f"{claim.name} could never fail"
            else:
                assert upheld == set()
                assert set(asking.overturned_by) < decided, f"{claim.name} would be overturned whatever comes"


def test_no_estimand_is_said_twice_of_one_claim():
    for claim in LISTED.claims:
        asked = [(each.experiment, each.estimand) for each in claim.askings]
        assert len(asked) == len(set(asked)), claim.name


def test_the_links_of_the_logs_lead_from_claim_to_claim():
    said = {(each.source, each.kind, each.target) for each in LISTED.links}
    assert {end for source, _, target in said for end in (source, target)} <= set(NAMES)
    assert ("#32", LinkKind.EXPLAINS, "#31") in said
    assert ("#34", LinkKind.RULES_OUT, "redundancy") in said
    assert ("#35", LinkKind.TESTS, "training_dynamics") in said


def test_where_there_is_no_list_nothing_is_listed(tmp_path):
    assert read(tmp_path / LIST).claims == ()
