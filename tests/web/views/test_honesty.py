"""The honesty scorecard tells what the records say, and no more."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.reads import honesty

RECORDS = Path(__file__).resolve().parents[3] / "docs" / "measurements"


@pytest.mark.parametrize("row", honesty.read_scorecard_rows(), ids=lambda row: row["name"])
def test_each_row_is_in_the_record_that_it_names(row):
    record = (RECORDS / f"{row['record']}.md").read_text()
    lines = re.findall(rf"^ *scorecard: {row['name']} +(.*)", record, re.MULTILINE)
    line = max(lines, key=lambda line: float(line.split()[0]))
    shares = [100 * share for share in (row["share"], *row["interval"])]
    promise = [] if row["at_most"] is None else [100 * row["at_most"]]
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line.replace(",", ""))]
    assert numbers == pytest.approx([*shares, row["trials"], *promise])
    assert f"$ {row['command']}\n" in record
    assert f"began: {row['day']}" in record


def test_each_row_has_words():
    assert {row["name"] for row in honesty.read_scorecard_rows()} <= set(honesty.WORDS)


@pytest.mark.parametrize(
    ("share", "low", "outcome"), [(0.05, 0.04, "kept"), (0.06, 0.05, "kept, within chance"), (0.06, 0.051, "broken")]
)
def test_a_promise_is_broken_where_chance_does_not_explain_it(monkeypatch, share, low, outcome):
    row = {
        **honesty.read_scorecard_rows()[0],
        "name": "even",
        "share": share,
        "interval": [low, 0.07],
        "at_most": 0.05,
    }
    monkeypatch.setattr(
        honesty, "read_scorecard_rows", lambda: [row, {**row, "name": "lopsided-mean", "at_most": None}]
    )
    told = honesty.honesty_page(None)["scorecard"]
    assert (told["worst_promised"]["share"], told["promised"][0]["outcome"]) == (share, outcome)
    assert [row["name"] for row in told["not_promised"]] == ["lopsided-mean"]


def test_a_promise_is_told_by_the_record_that_saw_the_worst(monkeypatch):
    row = {**honesty.read_scorecard_rows()[0], "name": "even", "at_most": 0.05}
    seen = [{**row, "record": record, "share": share} for record, share in (("a", 0.02), ("b", 0.04), ("c", 0.03))]
    monkeypatch.setattr(honesty, "read_scorecard_rows", lambda: seen)
    assert [row["record"] for row in honesty.honesty_page(None)["scorecard"]["promised"]] == ["b"]


NAMES = st.sampled_from(list(honesty.WORDS))


@given(st.lists(st.tuples(NAMES, st.floats(0, 1)), min_size=1), st.sets(NAMES))
def test_no_row_of_ours_is_worse_than_the_headline(rows, promised):
    """A name is promised in each record or in none."""
    promises = dict.fromkeys({*promised, "even"}, 0.05)
    seen = [
        {**honesty.read_scorecard_rows()[0], "name": name, "share": share, "at_most": promises.get(name)}
        for name, share in [*rows, ("even", 0.0)]
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(honesty, "read_scorecard_rows", lambda: seen)
        told = honesty.honesty_page(None)["scorecard"]
    ours = [*told["promised"], *told["not_promised"], *told["published"][:1]]
    others = {"rediscovery-always-as-claimed", "rediscovery-foretold", "phack-t-test", "audit-t-test"}
    assert all(row["share"] <= told["worst"]["share"] for row in ours if row["name"] not in others)
    assert all(row["share"] <= told["worst_promised"]["share"] for row in told["promised"])


def test_the_page_tells_the_worst_first(empty_site):
    heading = re.search(r"<h1>(.*?)</h1>", empty_site.get("/honesty").text)[1]
    shares = [float(share) for share in re.findall(r"([\d.]+)&nbsp;%", heading)]
    told = empty_site.get("/honesty.json").json["scorecard"]
    rows = [*told["promised"], *told["not_promised"], told["published"][0]]
    assert max(shares) == pytest.approx(max(100 * row["share"] for row in rows), abs=0.05)


def test_shares_are_written_as_the_language_writes_numbers(empty_site):
    page = empty_site.get("/honesty", accept_language="de").text
    assert len(re.findall(r"\d,\d&nbsp;%", page)) > 3
    assert re.findall(r"\d\.\d&nbsp;%", page) == []
