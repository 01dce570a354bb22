"""The honesty scorecard tells what the records say, and no more."""

import re
from pathlib import Path

import pytest

from axiom.web.views import scorecard

RECORDS = Path(__file__).resolve().parents[3] / "docs" / "measurements"


@pytest.mark.parametrize("row", scorecard.measured(), ids=lambda row: row["name"])
def test_each_row_is_in_the_record_that_it_names(row):
    record = (RECORDS / f"{row['record']}.md").read_text()
    (line,) = re.findall(rf"^ *scorecard: {row['name']} (.*)", record, re.MULTILINE)
    shares = [100 * share for share in (row["share"], *row["interval"])]
    promise = [] if row["at_most"] is None else [100 * row["at_most"]]
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line.replace(",", ""))]
    assert numbers == pytest.approx([*shares, row["trials"], *promise])
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


def test_shares_are_written_as_the_language_writes_numbers(empty_site):
    page = empty_site.get("/honesty", accept_language="de").text
    assert (len(re.findall(r"\d,\d&nbsp;%", page)) > 3, re.findall(r"\d\.\d&nbsp;%", page)) == (True, [])
