"""What a new laboratory tells at once was measured: it is what stands beside the page of the old claims."""

import json
from pathlib import Path

import axiom_catalogue
from axiom.store.experiments.recorded_answers import FILE

RECORDED = json.loads(Path(axiom_catalogue.__file__).with_name(FILE).read_text(encoding="utf-8"))
NUMBERS = Path(__file__).parents[3] / "docs" / "explanation" / "the-old-claims" / "numbers.json"


def test_every_recorded_number_is_the_published_one():
    published = {row["estimand"]: row for row in json.loads(NUMBERS.read_text(encoding="utf-8"))}
    assert RECORDED
    for row in RECORDED:
        number = published[f"{row['experiment']}.{row['estimand']}"]
        for name in ("version", "verdict", "grade", "estimate", "low", "high"):
            assert row[name] == number[name], (row["experiment"], row["estimand"], name)
        assert len(row["values"]) == number["seeds"] + number["missing"]
