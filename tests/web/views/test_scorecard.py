"""The honesty scorecard tells what the records say, and no more."""

from pathlib import Path

import pytest

from axiom.web.views import scorecard

RECORDS = Path(__file__).resolve().parents[3] / "docs" / "measurements"


@pytest.mark.parametrize("row", scorecard.measured(), ids=lambda row: row["name"])
def test_each_row_is_in_the_record_that_it_names(row):
    record = (RECORDS / f"{row['record']}.md").read_text()
    shares = [f"{100 * share:.1f}" for share in (row["share"], *row["interval"])]
    (line,) = (line for line in record.splitlines() if line.strip().startswith(f"scorecard: {row['name']} "))
    promise = [] if row["at_most"] is None else ["at", "most", f"{100 * row['at_most']:g}"]
    trials = f"{row['trials']:,}"
    facts = line.replace("[", " ").replace("]", " ").replace("%", " ").replace(", ", " ").split()
    assert facts == ["scorecard:", row["name"], *shares, "of", trials, *promise]
    assert f"$ {row['command']}\n" in record
    assert f"began: {row['day']}" in record


def test_each_row_has_words():
    assert {row["name"] for row in scorecard.measured()} <= set(scorecard.WORDS)


@pytest.mark.parametrize(
    ("share", "low", "outcome"), [(0.05, 0.04, "kept"), (0.06, 0.05, "kept, within chance"), (0.06, 0.051, "broken")]
)
def test_a_promise_is_broken_where_chance_does_not_explain_it(monkeypatch, share, low, outcome):
    row = {**scorecard.measured()[0], "name": "even", "share": share, "interval": [low, 0.07], "at_most": 0.05}
    monkeypatch.setattr(scorecard, "measured", lambda: [row, {**row, "name": "lopsided-mean", "at_most": None}])
    told = scorecard.scorecard(None)["scorecard"]
    assert ([told["worst"]], told["promised"][0]["outcome"]) == ([share], outcome)
    assert [row["name"] for row in told["not_promised"]] == ["lopsided-mean"]
