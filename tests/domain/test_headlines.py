"""Whoever reads a finding's headline and nothing else is never told something that was not found."""

import json
from importlib import resources

import pytest

from axiom.domain.findings import Meaning, headline

OWN = {"claim": "a is more than b", "if_so": "A is more", "if_opposite": "A is less", "if_absent": "They are alike"}
FILES = json.loads((resources.files("axiom.catalogue") / "declared.json").read_text(encoding="utf-8"))["experiments"]
SHIPPED = {
    f"{name}.{estimand['name']}": estimand
    for name, declared in FILES.items()
    for estimand in declared["manifest"]["estimands"]
}
TELLS_NOTHING = ("Not known yet: ", "It depends on the design ")
DENIES = ("The opposite was found of this claim: ", "No effect that matters was found for this claim: ")


@pytest.mark.parametrize(
    ("reads", "told"),
    [(Meaning.AS_CLAIMED, "A is more"), (Meaning.OPPOSITE, "A is less"), (Meaning.TOO_SMALL, "They are alike")],
)
def test_a_headline_is_the_sentence_that_was_declared_for_what_was_found(reads, told):
    assert headline(OWN, reads) == told
    assert headline(OWN, reads, "recalled") == f"Recalled: {told}"


def test_without_such_a_sentence_it_denies_the_claim_by_name():
    bare = {"claim": OWN["claim"]}
    assert headline(bare, Meaning.AS_CLAIMED) == "A is more than b"
    for reads in (Meaning.OPPOSITE, Meaning.TOO_SMALL):
        assert headline(bare, reads).startswith(DENIES)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_shipped_claim_is_told_as_true_unless_it_was_found_so(name):
    estimand = SHIPPED[name]
    told = {reads: headline(estimand, reads) for reads in Meaning}
    assert len(set(told.values())) == len(Meaning)
    assert told[Meaning.UNDECIDED].startswith(TELLS_NOTHING)
    assert told[Meaning.DISAGREE].startswith(TELLS_NOTHING)
    claim = estimand["claim"].casefold()
    for reads in (Meaning.OPPOSITE, Meaning.TOO_SMALL):
        assert not told[reads].casefold().startswith(claim)
