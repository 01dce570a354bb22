"""Tools that read what is concluded: the list of findings, and one finding part by part."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from axiom.mcp.answers import (
    Answer,
    answer_byte_limit,
    bad_cursor_error,
    cut_answer_page,
    drop_fields,
    fit_rows,
    mark_experiment_text,
    pick_fields,
    quote_entries,
)
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import Cursor, LabTool, Long, Number, Text
from axiom_weigh.values import Grade, Verdict

_ROW = ("number", "status", "answer", "tested", "verdict", "reads", "grade", "experiment", "version")
_EVIDENCE = ("seeds", "missing", "estimate", "interval", "e_value", "verdict", "grade")


@dataclass(frozen=True, kw_only=True)
class FindingListWords:
    """What is looked for."""

    text: Text = ""
    verdict: Literal["", *(verdict.value for verdict in Verdict)] = ""  # type: ignore[valid-type]  # the values of an enum
    grade: Literal["", *(grade.value for grade in Grade)] = ""  # type: ignore[valid-type]
    cursor: Cursor = ""
    long: Long = False


def _list(lab: LabAccess, words: FindingListWords) -> Answer:
    until, _, start = words.cursor.partition("-")
    query = {"q": words.text, "verdict": words.verdict, "grade": words.grade, "until": until, "from": start}
    page = lab.read("/findings", {name: value for name, value in query.items() if value})
    if words.cursor and not (page["findings"] and str(page["findings"][0]["number"]) == start):
        raise bad_cursor_error(words.cursor)
    until = until or _word(page["next"], "until")
    rows = [(f"{until}-{row['number']}", _row(row)) for row in page["findings"]]
    following = f"{until}-{_word(page['next'], 'from')}" if page["next"] else None
    return fit_rows(
        "findings", rows, following, answer_byte_limit(long=words.long), matching=page["matching"], of=page["of"]
    )


def _word(address: str | None, word: str) -> str:
    pairs = (address or "").partition("?")[2].split("&")
    return next((pair.partition("=")[2] for pair in pairs if pair.startswith(f"{word}=")), "")


def _row(row: Answer) -> Answer:
    evidence = row["evidence"]
    return {
        **pick_fields(row, *_ROW),
        "claim": _claim(row),
        "evidence": pick_fields(evidence, "seeds", "estimate", "interval") if evidence else None,
    }


def _claim(row: Answer) -> Any:
    return mark_experiment_text(row["claim"], row["experiment"], row.get("author"))


class FindingPart(StrEnum):
    """A part of a finding's page."""

    CARD = "card"
    HISTORY = "history"
    LINKS = "links"
    PREDICTIONS = "predictions"
    QUOTES = "said"
    SCOPE = "scope"


@dataclass(frozen=True, kw_only=True)
class FindingShowWords:
    """Which finding, and what of it."""

    number: Number
    part: FindingPart = FindingPart.CARD
    cursor: Cursor = ""
    long: Long = False


def _show(lab: LabAccess, words: FindingShowWords) -> Answer:
    finding = lab.read(f"/findings/{words.number}", {})["finding"]
    return cut_answer_page(
        {"finding": words.number, **_PARTS[words.part](finding)}, words.cursor, answer_byte_limit(long=words.long)
    )


def _card(finding: Answer) -> Answer:
    evidence = finding["evidence"]
    return {
        **pick_fields(
            finding, *_ROW, "registration", "registered_at", "kind", "measure", "quantity", "null", "smallest"
        ),
        "claim": _claim(finding),
        "evidence": evidence
        and {
            **pick_fields(
                evidence,
                *_EVIDENCE,
                "blocks",
                "hosts",
                "volunteers",
                "platforms",
                "flags",
                "reasons",
                "needs",
                "weighed_at",
            )
        },
        "literature": finding["literature"]
        and mark_experiment_text(finding["literature"]["words"], finding["experiment"], finding.get("author")),
        "awaits": finding["awaits"] and pick_fields(finding["awaits"], "cells", "back", "expected_at"),
        "next_grade": finding["next_grade"],
        "smaller_than": finding["smaller_than"],
        "depends_on_void": finding["depends_on_void"],
    }


def _history(finding: Answer) -> Answer:
    return {"history": [pick_fields(line, *_EVIDENCE, "session", "weighed_at") for line in finding["history"]]}


def _links(finding: Answer) -> Answer:
    return {
        "links": [
            {
                **pick_fields(link, "number", "kind", "bearing", "upheld_by", "caution", "by", "said_at"),
                "source": drop_fields(link["source"], "href"),
                "target": drop_fields(link["target"], "href"),
                "said": quote_entries(link["said"]),
            }
            for link in finding["links"]
        ]
    }


def _quotes(finding: Answer) -> Answer:
    return {"said": quote_entries(finding["said"])}


def _predictions(finding: Answer) -> Answer:
    return {
        "predictions": [
            pick_fields(
                prediction, "forecaster", "positive", "negative", "absent", "interval", "score", "foreknowledge"
            )
            for prediction in finding["predictions"]
        ]
    }


def _scope(finding: Answer) -> Answer:
    scope = finding["scope"]
    return {"configs": scope["configs"], "levels": scope["levels"], "designs": scope["designs"]}


_PARTS = {
    FindingPart.CARD: _card,
    FindingPart.HISTORY: _history,
    FindingPart.LINKS: _links,
    FindingPart.PREDICTIONS: _predictions,
    FindingPart.QUOTES: _quotes,
    FindingPart.SCOPE: _scope,
}


@dataclass(frozen=True, kw_only=True)
class FindingNearWords:
    """What might be asked."""

    claim: Annotated[str, {"max_length": 500}]
    factors: Annotated[str, {"max_length": 500, "description": "lr=0.1,0.5; width"}] = ""
    measure: Text = ""


def _near(lab: LabAccess, words: FindingNearWords) -> Answer:
    query = {"claim": words.claim, "factors": words.factors, "measure": words.measure}
    near = lab.read("/findings/near", {name: value for name, value in query.items() if value})["near"]
    rows = [
        {**pick_fields(row, "number", "version", "measure", "kind", "distance", "differs"), "claim": _claim(row)}
        for row in near["nearest"]
    ]
    return {**pick_fields(near, "is_known", "finding"), "nearest": rows}


@dataclass(frozen=True, kw_only=True)
class ScoresWords:
    """Where to go on."""

    cursor: Cursor = ""


def _scores(lab: LabAccess, words: ScoresWords) -> Answer:
    answer = lab.read("/forecasters", {})
    rows = [
        pick_fields(row, "forecaster", "predictions", "scored", "brier", "intervals", "covered", "e_value")
        for row in answer["forecasters"]
    ]
    return cut_answer_page(
        {"beside_the_autopilot": answer["compared"], "forecasters": rows}, words.cursor, answer_byte_limit(long=False)
    )


TOOLS = (
    LabTool(
        name="finding_list",
        about="What is concluded, the newest evidence first. Search before you list: every word of text is looked "
        "for in claims and experiments.",
        form=FindingListWords,
        answer=_list,
    ),
    LabTool(
        name="finding_show",
        about="One finding: its card (and what the next grade needs), history, links, predictions, scope, or what "
        "others said.",
        form=FindingShowWords,
        answer=_show,
    ),
    LabTool(
        name="finding_near",
        about="Has this been asked? The nearest five findings: distance (0 the same), and what you name otherwise.",
        form=FindingNearWords,
        answer=_near,
    ),
    LabTool(
        name="forecast_scores",
        about="What everybody's predictions were worth, also beside the autopilot's.",
        form=ScoresWords,
        answer=_scores,
    ),
)
