"""The honesty scorecard: what is promised of evidence, and how often a campaign saw the promise broken.

`scripts/campaign NAME --record` writes `honesty.json` from the lines `scorecard: …` that a campaign prints. A further
row takes such a line, and its words here.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from axiom.locale.languages import mark
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading

_FILE = Path(__file__).with_suffix(".json")
_STREAMS = mark("streams of made-up values, looked at after each value; the worst of all kinds of values")
_TABLES = mark("made-up tables; the worst of all kinds of values")
_ATTACKS = mark("streams of an attack, played again; the worst of its kinds")
_PUBLIC = mark("trials of a public test of honesty, installed by name")
_PAPERS = mark("papers, each read again by a program that shares no code with what renders them")
_PUBLISHED = mark("claims of the literature that we called found or absent, asked from a fresh start")

# In the order of the page: what must not happen, and of how many cases the share is.
WORDS = {
    "even": (
        mark("Two arms do not differ, their values scatter alike to both sides, and we claim a difference."),
        _STREAMS,
    ),
    "lopsided": (
        mark("Values are lopsided, their typical value does not differ from 0, and we claim that it does."),
        _STREAMS,
    ),
    "any-law": (
        mark("Of thousands of laws drawn at random, one’s typical value is the number asked about, and we refute it."),
        mark("streams of the worst law that the search found, looked at after each value"),
    ),
    "strong": (mark("A difference that is not there is graded Strong."), _STREAMS),
    "absent": (
        mark("A difference is just as large as the smallest that matters, and we say that there is none."),
        _STREAMS,
    ),
    "bets": (
        mark("We claim something false of a share, a median, a mean within known bounds, a release or a forecaster."),
        _STREAMS,
    ),
    "copies": (mark("An arm never used its seed, and we take its copies for a difference."), _TABLES),
    "honest-tables": (mark("Honest numbers agree because they are rounded, and we suspect copies."), _TABLES),
    "phack": (mark("One of ten tricks that make effects of nothing (phack) gets a claim out of us."), _PUBLIC),
    "audit": (
        mark("Fifty hypotheses in a world without an effect (audit-closed-ai-scientist): one of them is accepted."),
        _PUBLIC,
    ),
    "wrong-numbers": (mark("A number that we tell of a finding is in no record."), _PAPERS),
    "wrong-verdicts": (mark("A verdict or grade that we tell is not that of the newest evidence."), _PAPERS),
    "wrong-methods": (mark("A method that we tell is not what the signed code declares."), _PAPERS),
    "invented-citations": (mark("We cite a work as looked up that nobody has approved."), _PAPERS),
    "contrary-results-left-out": (mark("A paper leaves out what else the same experiments found."), _PAPERS),
    "wrong-hosts-strong": (
        mark("Up to 30 % of computers, or all of one kind, return wrong numbers, and a difference is graded Strong."),
        _ATTACKS,
    ),
    "tried-again": (
        mark("Every other run above the true value fails and is run again, and we claim a difference."),
        _ATTACKS,
    ),
    "hosts-named": (
        mark("Values depend on their computer, which the table names, and we claim a difference."),
        _ATTACKS,
    ),
    "hosts-unnamed": (
        mark("Values depend on their computer, which nobody names, and we claim a difference."),
        _ATTACKS,
    ),
    "wrong-hosts": (
        mark("Up to 30 % of computers, or all of one kind, return wrong numbers, and we claim a difference."),
        _ATTACKS,
    ),
    "noisy-copies": (
        mark("An arm never used its seed, noise hides that its values are one, and we claim a difference."),
        _ATTACKS,
    ),
    "said-to-be-lost": (
        mark("Every other run above the true value is run again, and the table says falsely that a machine lost it."),
        _ATTACKS,
    ),
    "rediscovery": (mark("We say of a published claim something else than the publication says."), _PUBLISHED),
    "rediscovery-always-as-claimed": (
        mark("Who computes nothing and says “as claimed” of each of them says something else than the publication."),
        _PUBLISHED,
    ),
    "rediscovery-foretold": (
        mark("We say what the experiment’s author had forecast as the likeliest, often after a pilot."),
        _PUBLISHED,
    ),
    "lopsided-mean": (
        mark("Values are lopsided, their mean is 0 but their typical value is not, and we claim a difference."),
        _STREAMS,
    ),
    "phack-t-test": (mark("The same ten tricks get a claim out of a usual test (a t-test at 5 %)."), _PUBLIC),
    "audit-t-test": (mark("The same fifty hypotheses, judged by a usual test: one of them is accepted."), _PUBLIC),
}


_PUBLISHED_CLAIMS = ("rediscovery", "rediscovery-always-as-claimed", "rediscovery-foretold")
_USUAL_TESTS = ("phack-t-test", "audit-t-test")
_NOT_OURS = (*_PUBLISHED_CLAIMS[1:], *_USUAL_TESTS)  # shares that are none of our being wrong


@page_at("/honesty", "honesty.html", is_translated=True)
def honesty_page(_reading: Reading) -> Answer:
    """The worst that any record saw of what is promised, and of what is not; beside it, what would do as well."""
    rows = _worst_of_each()
    ours = [row for row in rows if row["name"] not in _NOT_OURS]
    promised = [{**row, "outcome": _outcome(row)} for row in ours if row["at_most"] is not None]
    return {
        "scorecard": {
            "worst": max(ours, key=_share),
            "worst_promised": max(promised, key=_share),
            "promised": promised,
            "not_promised": [row for row in ours if row["at_most"] is None and row["name"] not in _PUBLISHED_CLAIMS],
            "published": [row for row in rows if row["name"] in _PUBLISHED_CLAIMS],
            "usual_tests": [row for row in rows if row["name"] in _USUAL_TESTS],
        }
    }


@cache
def read_scorecard_rows() -> list[dict[str, Any]]:
    """The rows as the campaigns wrote them."""
    rows: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return rows


def _worst_of_each() -> list[dict[str, Any]]:
    """A row for each name, of the record that saw the largest share, in the order of the page."""
    rows = sorted(read_scorecard_rows(), key=_share)
    worst = {row["name"]: row for row in rows}
    return [{**worst[name], "what": what, "of": of} for name, (what, of) in WORDS.items() if name in worst]


def _share(row: dict[str, Any]) -> float:
    return float(row["share"])


def _outcome(row: dict[str, Any]) -> str:
    if row["share"] <= row["at_most"]:
        return mark("kept")
    return mark("kept, within chance") if row["interval"][0] <= row["at_most"] else mark("broken")
