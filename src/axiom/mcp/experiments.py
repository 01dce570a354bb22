"""Tools that read what is asked: experiments part by part, results by config, what goes wrong, how to write one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from axiom.errors import WrongUse
from axiom.mcp.answers import (
    Answer,
    answer_byte_limit,
    cut_answer_page,
    fit_rows,
    mark_experiment_text,
    mark_untrusted,
    pick_fields,
    quote_entries,
    rows_from_cursor,
)
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import Cursor, LabTool, Long, Text
from axiom.mcp.writing_guide import GuidePart, guide_part

_NAMED = r"^[a-zA-Z0-9_]+(@[0-9]{1,9})?$"
Version = Annotated[
    str, {"min_length": 1, "max_length": 80, "pattern": _NAMED, "description": "a name, or name@version"}
]
_OURS = re.compile(r"[\w .,+/@-]{0,120}", re.ASCII)  # a platform or a line as we write it ourselves


@dataclass(frozen=True, kw_only=True)
class ExperimentListWords:
    """What is looked for."""

    text: Text = ""
    status: Literal["", "published", "retired", "recalled"] = ""
    cursor: Cursor = ""
    long: Long = False


def _list(lab: LabAccess, words: ExperimentListWords) -> Answer:
    rows = [_row(experiment) for experiment in lab.read("/experiments", {})["experiments"]]
    sought = words.text.casefold().split()
    matching = [
        (f"{row['name']}@{row['version']}", row)
        for row in rows
        if words.status in ("", row["status"])
        and all(word in f"{row['name']} {row['question']}".casefold() for word in sought)
    ]
    page = rows_from_cursor(words.cursor, matching)
    return fit_rows("experiments", page, None, answer_byte_limit(long=words.long), matching=len(matching), of=len(rows))


def _row(experiment: Answer) -> Answer:
    return {
        **pick_fields(experiment, "name", "version", "status"),
        "question": mark_experiment_text(experiment["question"], experiment["name"], experiment["author"]),
        "results": sum(experiment["results"].values()),
    }


class ExperimentPart(StrEnum):
    """A part of an experiment's page."""

    ABOUT = "about"
    CONFIGS = "configs"
    ESTIMANDS = "estimands"
    FINDINGS = "findings"
    GATES = "gates"
    PROGRESS = "progress"
    SOURCE = "source"


@dataclass(frozen=True, kw_only=True)
class ExperimentShowWords:
    """Which experiment, and what of it."""

    name: Version
    part: ExperimentPart = ExperimentPart.ABOUT
    cursor: Cursor = ""
    long: Long = False


def _show(lab: LabAccess, words: ExperimentShowWords) -> Answer:
    experiment = lab.read(f"/experiments/{words.name}", {})["experiment"]
    about = {"experiment": f"{experiment['name']}@{experiment['version']}", **_PARTS[words.part](experiment)}
    return cut_answer_page(about, words.cursor, answer_byte_limit(long=words.long))


def _about(experiment: Answer) -> Answer:
    return {
        **pick_fields(
            experiment, "status", "created_at", "memory_mb", "seconds", "registration", "registered_at", "levels"
        ),
        "question": mark_experiment_text(experiment["question"], experiment["name"], experiment["author"]),
        "reference": mark_experiment_text(
            "; ".join(paper["text"] for paper in experiment["papers"]), experiment["name"], experiment["author"]
        )
        if experiment["papers"]
        else None,
        "said": quote_entries(experiment["said"]),
        "measures": experiment["measures"],
        "configs": len(experiment["configs"]),
        "estimands": [row["name"] for row in experiment["estimands"]],
        "findings": [row["number"] for row in experiment["findings"]],
    }


def _estimands(experiment: Answer) -> Answer:
    names = ("name", "kind", "measure", "quantity", "between", "across", "expects", "null", "smallest")
    return {
        "estimands": [
            {
                **pick_fields(estimand, *names),
                "claim": mark_experiment_text(estimand["claim"], experiment["name"], experiment["author"]),
            }
            for estimand in experiment["estimands"]
        ]
    }


def _findings(experiment: Answer) -> Answer:
    names = ("number", "estimand", "status", "verdict", "reads", "grade")
    return {"findings": [pick_fields(finding, *names) for finding in experiment["findings"]]}


def _gates(experiment: Answer) -> Answer:
    tried = experiment["preflight"]
    if tried is None:
        return {"preflight": None}
    why = mark_experiment_text(tried["reason"], experiment["name"], experiment["author"])
    return {
        "preflight": {**pick_fields(tried, "gates", "passed", "at"), "reason": why},
        "own_computers": pick_fields(tried["ours"], "gates", "passed"),
    }


def _source(experiment: Answer) -> Answer:
    source = experiment["source"]
    if source is None:
        return {"source": None}
    return {**pick_fields(source, "digest", "published_at"), "source": mark_untrusted(source["text"], source["file"])}


_PARTS = {
    ExperimentPart.ABOUT: _about,
    ExperimentPart.CONFIGS: lambda experiment: pick_fields(experiment, "configs"),
    ExperimentPart.ESTIMANDS: _estimands,
    ExperimentPart.FINDINGS: _findings,
    ExperimentPart.GATES: _gates,
    ExperimentPart.PROGRESS: lambda experiment: pick_fields(experiment, "progress"),
    ExperimentPart.SOURCE: _source,
}


@dataclass(frozen=True, kw_only=True)
class ResultSummaryWords:
    """Of which experiment, and which of its measures."""

    experiment: Version
    measure: Annotated[str, {"max_length": 80, "description": "empty: the one of its figure"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _results(lab: LabAccess, words: ResultSummaryWords) -> Answer:
    query = {"measure": words.measure} if words.measure else {}
    experiment = lab.read(f"/experiments/{words.experiment}", query)["experiment"]
    summary = experiment["summary"]
    measures = [name for name, *_ in experiment["measures"]]
    if words.measure and words.measure not in measures:
        raise WrongUse(
            f"{experiment['name']} has no measure {words.measure[:40]!r}; it has {', '.join(measures)[:400]}. "
            "Nothing was read."
        )
    about = {
        "experiment": f"{experiment['name']}@{experiment['version']}",
        "cells_back": experiment["progress"]["cells_back"],
        "not_valid": experiment["progress"]["tasks"]["not valid"],
    }
    return cut_answer_page({**about, **summary}, words.cursor, answer_byte_limit(long=words.long))


@dataclass(frozen=True, kw_only=True)
class FailureListWords:
    """Of which experiment; empty: of all."""

    experiment: Annotated[str, {"max_length": 80, "pattern": r"^([a-zA-Z0-9_]+(@[0-9]{1,9})?)?$"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _failures(lab: LabAccess, words: FailureListWords) -> Answer:
    answer = lab.read("/failures", {"experiment": words.experiment} if words.experiment else {})
    whole = {
        **pick_fields(answer, "of", "tasks"),
        "failures": [_group(group) for group in answer["failures"]],
        "stopped": [row | {"why": mark_untrusted(row["why"], "the laboratory's log")} for row in answer["stopped"]],
        "preflight_failed": [
            row | {"why": mark_untrusted(row["why"], f"the file of {row['experiment']}")}
            for row in answer["not_let_out"]
        ],
    }
    return cut_answer_page(whole, words.cursor, answer_byte_limit(long=words.long))


def _group(group: Answer) -> Answer:
    return {
        **pick_fields(group, "experiment", "cause", "in_words", "blame", "tasks", "ended_there", "mended_by"),
        **pick_fields(group, "first_at", "last_at", "look_at", "config"),
        "said": mark_untrusted(group["said"], f"the file of {group['experiment']}") if group["said"] else None,
        "raised": _ours(group["raised"]),
        "platform": _ours(group["platform"]),
        "hosts": group["host_count"],
        "works_on": group["works_on_count"],
    }


def _ours(text: str) -> str | None:
    """Words that we write of a host, where they look as ours do."""
    return text if text and _OURS.fullmatch(text) else None


@dataclass(frozen=True, kw_only=True)
class GuideWords:
    """Which part of the guide."""

    part: GuidePart = GuidePart.CONTRACT
    module: Annotated[str, {"max_length": 40, "description": "of the kit, for part kit; empty: the list"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _guide(_lab: LabAccess, words: GuideWords) -> Answer:
    return cut_answer_page(guide_part(words.part, words.module), words.cursor, answer_byte_limit(long=words.long))


TOOLS = (
    LabTool(
        name="experiment_list",
        about="The experiments; every word of text is looked for in name and question.",
        form=ExperimentListWords,
        answer=_list,
    ),
    LabTool(
        name="experiment_show",
        about="One experiment, part by part.",
        form=ExperimentShowWords,
        answer=_show,
    ),
    LabTool(
        name="guide_show",
        about="How an experiment is written: short has the contract and a file that passes all gates; parts with more.",
        form=GuideWords,
        answer=_guide,
    ),
    LabTool(
        name="result_summary",
        about="Of one measure, config by config: seeds back, mean, median with an interval that holds at every "
        "look. A picture, no evidence: that is a finding's.",
        form=ResultSummaryWords,
        answer=_results,
    ),
    LabTool(
        name="failure_list",
        about="What fails, by version, cause, line and platform; what mended it, what was stopped, what failed its "
        "preflight.",
        form=FailureListWords,
        answer=_failures,
    ),
)
