"""What a new laboratory tells at once was measured: of old claims it is what stands beside their page."""

import json
from pathlib import Path

import make_golden

import axiom_catalogue
from axiom.store.experiments.recorded_answers import FILE

RECORDED = json.loads(Path(axiom_catalogue.__file__).with_name(FILE).read_text(encoding="utf-8"))
ANSWERED = Path(axiom_catalogue.__file__).with_name("old_claims_answered.json").read_text(encoding="utf-8")
NUMBERS = Path(__file__).parents[3] / "docs" / "explanation" / "the-old-claims" / "numbers.json"


def test_every_recorded_number_of_an_old_claim_is_the_published_one():
    published = {row["estimand"]: row for row in json.loads(NUMBERS.read_text(encoding="utf-8"))}
    asking = {name.partition(".")[0] for name in published}
    rows = [row for row in RECORDED if row["experiment"] in asking]
    assert rows
    for row in rows:
        number = published[f"{row['experiment']}.{row['estimand']}"]
        for name in ("version", "verdict", "grade", "estimate", "low", "high"):
            assert row[name] == number[name], (row["experiment"], row["estimand"], name)
        assert len(row["values"]) == number["seeds"] + number["missing"]


def test_beside_a_verdict_on_an_old_claim_stands_no_sentence_that_an_author_wrote():
    page = NUMBERS.parent.with_suffix(".md").read_text(encoding="utf-8")
    tested = {test["experiment"] for claim in json.loads(ANSWERED) for test in claim["tests"]}
    claims = {estimand.claim for name in tested for estimand in make_golden.load(name).estimands}
    assert len(claims) > 250
    assert [claim for claim in claims if claim in page] == []
