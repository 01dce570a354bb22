"""Tools that read what the laboratory does: its fleet by size, its sessions, its plan, its proposals and its jobs."""

import re
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from axiom.domain.preflights import DraftState
from axiom.domain.proposals import ProposalState
from axiom.mcp.answers import (
    Answer,
    answer_byte_limit,
    cut_answer_page,
    fit_rows,
    mark_author_text,
    mark_untrusted,
    pick_fields,
    quote_entries,
    rows_from_cursor,
)
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import Cursor, LabTool, Long

_DRAFT = "draft-"
_OF_DRAFT = re.compile(r"draft-[1-9][0-9]{0,17}")
_LONGEST_WAIT = 20
_PAUSE = 0.5
_FROM_HOSTS = ("task.", "clean.", "host.", "hosts.", "failures.", "health.")  # notes whose sentences may be a host's


@dataclass(frozen=True, kw_only=True)
class PartWords:
    """Where to go on."""

    cursor: Cursor = ""
    long: Long = False


def _fleet(lab: LabAccess, words: PartWords) -> Answer:
    plan = lab.read("/plan", {})["plan"]
    names = ("cores", "gpus", "memory_mb", "hosts", "idle_cores", "gpu_tasks")
    classes = [{**pick_fields(hosts, *names), "computing": dict(hosts["busy"])} for hosts in plan["classes"]]
    fleet = pick_fields(plan["fleet"], "hosts", "cores", "gpus", "idle_cores")
    return cut_answer_page({"fleet": fleet, "classes": classes}, words.cursor, answer_byte_limit(long=words.long))


def _plan(lab: LabAccess, words: PartWords) -> Answer:
    plan = lab.read("/plan", {})["plan"]
    whole = pick_fields(plan, "reason", "idle_cores", "allotments", "skipped", "worth")
    return cut_answer_page(whole, words.cursor, answer_byte_limit(long=words.long))


@dataclass(frozen=True, kw_only=True)
class SessionShowWords:
    """Which session, and which chapter of its log."""

    session: Annotated[
        str, {"max_length": 80, "pattern": r"^[A-Za-z0-9_.:-]*$", "description": "empty: the newest"}
    ] = ""
    section: Annotated[str, {"max_length": 80, "description": "a chapter of the log; empty: all"}] = ""
    cursor: Cursor = ""
    long: Long = False


def _session(lab: LabAccess, words: SessionShowWords) -> Answer:
    names = [row["name"] for row in lab.read("/sessions", {})["sessions"]] if not words.session else [words.session]
    if not names:
        return {"session": None, "log": []}
    session = lab.read(f"/sessions/{names[0]}", {})["session"]
    chapters = [chapter for chapter in session["log"] if words.section in ("", chapter["section"])]
    log = [{"section": chapter["section"], "lines": [_line(line) for line in chapter["lines"]]} for chapter in chapters]
    about = pick_fields(session, "name", "pi", "started_at", "ended_at", "done", "next", "before", "after")
    quotes = [] if words.section else quote_entries(session["said"])
    return cut_answer_page(
        {"session": about, "log": log, "said": quotes}, words.cursor, answer_byte_limit(long=words.long)
    )


def _line(line: Answer) -> Any:
    """A line of a log. Where a whole sentence stands in it, that is somebody's, and a host's is not told."""
    sentences = {name: value for name, value in line["facts"].items() if isinstance(value, str) and _is_free(value)}
    text = line["text"]
    for name, value in sentences.items():
        text = text.replace(value, f"{{{name}}}")
    if not sentences or line["kind"].startswith(_FROM_HOSTS):
        return text
    return {"text": text, **{name: mark_untrusted(value, "the log") for name, value in sentences.items()}}


def _is_free(value: str) -> bool:
    return len(value) > 80 or any(sign.isspace() for sign in value)


@dataclass(frozen=True, kw_only=True)
class ProposalListWords:
    """Which proposals."""

    state: Literal["", *ProposalState] = ""  # type: ignore[valid-type]  # the values of an enum
    cursor: Cursor = ""
    long: Long = False


def _proposals(lab: LabAccess, words: ProposalListWords) -> Answer:
    query = {"state": words.state, "from": words.cursor}
    page = lab.read("/proposals", {name: value for name, value in query.items() if value})
    rows = [(str(proposal["number"]), describe_proposal(proposal)) for proposal in page["proposals"]]
    following = page["next"] and page["next"].rpartition("=")[2]
    return fit_rows(
        "proposals",
        rows_from_cursor(words.cursor, rows),
        following,
        answer_byte_limit(long=words.long),
        matching=page["of"],
    )


def describe_proposal(proposal: Answer) -> Answer:
    names = ("number", "state", "admission", "experiment", "version", "finding", "core_hours", "most_core_hours")
    return {
        **pick_fields(proposal, *names, "bits", "registration"),
        "question": mark_author_text(proposal["question"], proposal["author"]),
        "made_at": proposal["made_at"],
        "decided_by": proposal["decided_by"],
        "said": quote_entries(proposal["said"]),
    }


@dataclass(frozen=True, kw_only=True)
class JobShowWords:
    """A job such as draft-7, or one of the laboratory's periodic jobs; empty: all of these."""

    job: Annotated[str, {"max_length": 40}] = ""
    wait: Annotated[int, {"ge": 0, "le": _LONGEST_WAIT, "description": "seconds, until it is done"}] = 0


def _jobs(lab: LabAccess, words: JobShowWords) -> Answer:
    if _OF_DRAFT.fullmatch(words.job):
        return _preflight(lab, int(words.job.removeprefix(_DRAFT)), words.wait)
    jobs = lab.read("/status", {})["status"]["jobs"]
    return {
        "jobs": [
            {
                **pick_fields(job, "name", "every_seconds", "last_start", "last_ok"),
                "has_failed": bool(job["last_error"]),
            }
            for job in jobs
            if words.job in ("", job["name"])
        ]
    }


def _preflight(lab: LabAccess, number: int, seconds: int) -> Answer:
    until = time.monotonic() + seconds
    draft = lab.read(f"/drafts/{number}", {})["draft"]
    while draft["state"] == DraftState.WAITING and time.monotonic() < until:
        time.sleep(_PAUSE)
        draft = lab.read(f"/drafts/{number}", {})["draft"]
    names = (
        "state",
        "tried_at",
        "refusals",
        "gates",
        "tries_left",
        "tries_of",
        "forecast",
        "core_hours",
        "most_core_hours",
    )
    return {"job": f"{_DRAFT}{number}", **pick_fields(draft, *names)}


TOOLS = (
    LabTool(
        name="fleet_show",
        about="The computers by size: how many, what they compute, what is idle.",
        form=PartWords,
        answer=_fleet,
    ),
    LabTool(
        name="session_show",
        about="The log of a session, the newest unless you name one.",
        form=SessionShowWords,
        answer=_session,
    ),
    LabTool(
        name="session_plan",
        about="What would be ordered now and why; what the next blocks are worth.",
        form=PartWords,
        answer=_plan,
    ),
    LabTool(
        name="proposal_list",
        about="What might be asked next, those that wait first: cost likely and at most (your limits count this), "
        "who decided, why.",
        form=ProposalListWords,
        answer=_proposals,
    ),
    LabTool(
        name="job_show",
        about="A draft's preflight with its gates (job draft-7, wait up to 20 s), or the laboratory's periodic jobs.",
        form=JobShowWords,
        answer=_jobs,
    ),
)
