"""Tools that read what is asked: experiments part by part, results by config, what goes wrong, how to write one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from axiom.errors import WrongUse
from axiom.mcp import guide
from axiom.mcp.answers import Answer, begun_at, listed, of_experiment, only, paged, room, untrusted
from axiom.mcp.laboratory_access import LabDesk
from axiom.mcp.tool import Cursor, LabTool, Long, Text

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


def _list(desk: LabDesk, words: ExperimentListWords) -> Answer:
    rows = [_row(one) for one in desk.read("/experiments", {})["experiments"]]
    sought = words.text.casefold()
    matching = [
        (f"{row['name']}@{row['version']}", row)
        for row in rows
        if words.status in ("", row["status"]) and sought in f"{row['name']} {row['question']}".casefold()
    ]
    there = begun_at(words.cursor, matching)
    return listed("experiments", there, None, room(long=words.long), matching=len(matching), of=len(rows))


def _row(one: Answer) -> Answer:
    return {
        **only(one, "name", "version", "status"),
        "question": of_experiment(one["question"], one["name"]),
        "results": sum(one["results"].values()),
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


def _show(desk: LabDesk, words: ExperimentShowWords) -> Answer:
    found = desk.read(f"/experiments/{words.name}", {})["experiment"]
    about = {"experiment": f"{found['name']}@{found['version']}", **_PARTS[words.part](found)}
    return paged(about, words.cursor, room(long=words.long))


def _about(found: Answer) -> Answer:
    return {
        **only(found, "status", "created_at", "memory_mb", "seconds", "registration", "registered_at", "levels"),
        "question": of_experiment(found["question"], found["name"]),
        "reference": of_experiment(found["reference"], found["name"]) if found["reference"] else None,
        "measures": found["measures"],
        "configs": len(found["configs"]),
        "estimands": [one["name"] for one in found["estimands"]],
        "findings": [one["number"] for one in found["findings"]],
    }


def _estimands(found: Answer) -> Answer:
    names = ("name", "kind", "measure", "quantity", "between", "across", "expects", "null", "smallest")
    return {
        "estimands": [
            {**only(one, *names), "claim": of_experiment(one["claim"], found["name"])} for one in found["estimands"]
        ]
    }


def _findings(found: Answer) -> Answer:
    names = ("number", "estimand", "status", "verdict", "reads", "grade")
    return {"findings": [only(one, *names) for one in found["findings"]]}


def _gates(found: Answer) -> Answer:
    tried = found["preflight"]
    if tried is None:
        return {"preflight": None}
    return {"preflight": only(tried, "gates", "passed", "at"), "own_computers": only(tried["ours"], "gates", "passed")}


def _source(found: Answer) -> Answer:
    source = found["source"]
    if source is None:
        return {"source": None}
    return {**only(source, "digest", "published_at"), "source": untrusted(source["text"], source["file"])}


_PARTS = {
    ExperimentPart.ABOUT: _about,
    ExperimentPart.CONFIGS: lambda found: only(found, "configs"),
    ExperimentPart.ESTIMANDS: _estimands,
    ExperimentPart.FINDINGS: _findings,
    ExperimentPart.GATES: _gates,
    ExperimentPart.PROGRESS: lambda found: only(found, "progress"),
    ExperimentPart.SOURCE: _source,
}


@dataclass(frozen=True, kw_only=True)
class ResultSummaryWords:
    """Of which experiment, and which of its measures."""

    experiment: Version
    measure: Annotated[str, {"max_length": 80, "description": "empty: the one of its figure"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _results(desk: LabDesk, words: ResultSummaryWords) -> Answer:
    query = {"measure": words.measure} if words.measure else {}
    found = desk.read(f"/experiments/{words.experiment}", query)["experiment"]
    summary = found["summary"]
    known = [name for name, *_ in found["measures"]]
    if words.measure and words.measure not in known:
        raise WrongUse(
            f"{found['name']} has no measure {words.measure[:40]!r}; it has {', '.join(known)[:400]}. Nothing was read."
        )
    about = {
        "experiment": f"{found['name']}@{found['version']}",
        "cells_back": found["progress"]["cells_back"],
        "not_valid": found["progress"]["tasks"]["not valid"],
    }
    return paged({**about, **summary}, words.cursor, room(long=words.long))


@dataclass(frozen=True, kw_only=True)
class FailureListWords:
    """Of which experiment; empty: of all."""

    experiment: Annotated[str, {"max_length": 80, "pattern": r"^([a-zA-Z0-9_]+(@[0-9]{1,9})?)?$"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _failures(desk: LabDesk, words: FailureListWords) -> Answer:
    found = desk.read("/failures", {"experiment": words.experiment} if words.experiment else {})
    groups = [_group(one) for one in found["failures"]]
    return paged({"of": found["of"], "tasks": found["tasks"], "failures": groups}, words.cursor, room(long=words.long))


def _group(one: Answer) -> Answer:
    return {
        **only(one, "experiment", "cause", "in_words", "blame", "tasks", "first_at", "last_at", "look_at"),
        "raised": _ours(one["raised"]),
        "platform": _ours(one["platform"]),
        "hosts": one["host_count"],
        "works_on": one["works_on_count"],
    }


def _ours(text: str) -> str | None:
    """Words that we write of a host, where they look as ours do."""
    return text if text and _OURS.fullmatch(text) else None


@dataclass(frozen=True, kw_only=True)
class GuideWords:
    """Which part of the guide."""

    part: guide.GuidePart = guide.GuidePart.CONTRACT
    module: Annotated[str, {"max_length": 40, "description": "of the kit, for part kit; empty: the list"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _guide(_desk: LabDesk, words: GuideWords) -> Answer:
    return paged(guide.part(words.part, words.module), words.cursor, room(long=words.long))


TOOLS = (
    LabTool(
        name="experiment_list",
        about="The experiments: name, version, status, question, how many results. text is looked for in both.",
        form=ExperimentListWords,
        answer=_list,
    ),
    LabTool(
        name="experiment_show",
        about="One experiment: what it is about, or its configs, estimands, findings, gates, progress or source.",
        form=ExperimentShowWords,
        answer=_show,
    ),
    LabTool(
        name="guide_show",
        about="How an experiment is written: the contract, an example, what it may import, what controls are, and the "
        "kit module by module.",
        form=GuideWords,
        answer=_guide,
    ),
    LabTool(
        name="result_summary",
        about="Of one measure, config by config: how many seeds are back, mean, median with an interval that holds at "
        "every look, how many are without a value. A picture, no evidence: that is a finding's.",
        form=ResultSummaryWords,
        answer=_results,
    ),
    LabTool(
        name="failure_list",
        about="What goes wrong, in groups: cause, line, how many tasks on how many computers, where to look.",
        form=FailureListWords,
        answer=_failures,
    ),
)
