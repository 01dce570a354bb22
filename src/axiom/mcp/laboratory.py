"""Tools that read what the laboratory does: its fleet by size, its sessions, its plan, its proposals and its jobs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from axiom.domain.proposals import ProposalState
from axiom.mcp.answers import Answer, begun_at, listed, only, paged, room, said, untrusted
from axiom.mcp.desk import LabDesk
from axiom.mcp.tool import Cursor, LabTool, Long, ToolWords

_FROM_HOSTS = ("task.", "clean.", "host.", "hosts.", "failures.", "health.")  # notes whose sentences may be a host's


class PartWords(ToolWords):
    """Where to go on."""

    cursor: Cursor = ""
    long: Long = False


def _fleet(desk: LabDesk, words: PartWords) -> Answer:
    plan = desk.read("/plan", {})["plan"]
    names = ("cores", "gpus", "memory_mb", "hosts", "idle_cores", "gpu_tasks")
    classes = [{**only(one, *names), "computing": dict(one["busy"])} for one in plan["classes"]]
    fleet = only(plan["fleet"], "hosts", "cores", "gpus", "idle_cores")
    return paged({"fleet": fleet, "classes": classes}, words.cursor, room(long=words.long))


def _plan(desk: LabDesk, words: PartWords) -> Answer:
    plan = desk.read("/plan", {})["plan"]
    whole = {
        **only(plan, "reason", "idle_cores", "allotments", "closing", "skipped", "worth"),
    }
    return paged(whole, words.cursor, room(long=words.long))


class SessionShowWords(ToolWords):
    """Which session, and which chapter of its log."""

    session: Annotated[str, Field(max_length=80, pattern=r"^[A-Za-z0-9_.:-]*$", description="empty: the newest")] = ""
    section: Annotated[str, Field(max_length=80, description="a chapter of the log; empty: all")] = ""
    cursor: Cursor = ""
    long: Long = False


def _session(desk: LabDesk, words: SessionShowWords) -> Answer:
    known = [one["name"] for one in desk.read("/sessions", {})["sessions"]] if not words.session else [words.session]
    if not known:
        return {"session": None, "log": []}
    found = desk.read(f"/sessions/{known[0]}", {})["session"]
    chapters = [chapter for chapter in found["log"] if words.section in ("", chapter["section"])]
    log = [{"section": one["section"], "lines": [_line(line) for line in one["lines"]]} for one in chapters]
    about = only(found, "name", "pi", "started_at", "ended_at", "done", "next", "before", "after")
    said = [] if words.section else [untrusted(_words(each), each["author"]) for each in found["said"]]
    return paged({"session": about, "log": log, "said": said}, words.cursor, room(long=words.long))


def _words(said: Answer) -> str:
    """What somebody wrote about a session."""
    paragraphs = ("".join(piece["text"] for piece in each["pieces"]) for each in said["paragraphs"])
    return "\n\n".join(paragraphs)


def _line(line: Answer) -> Any:
    """A line of a log. Where a whole sentence stands in it, that is somebody's, and a host's is not told."""
    sentences = {name: value for name, value in line["facts"].items() if isinstance(value, str) and _is_free(value)}
    text = line["text"]
    for name, value in sentences.items():
        text = text.replace(value, f"{{{name}}}")
    if not sentences or line["kind"].startswith(_FROM_HOSTS):
        return text
    return {"text": text, **{name: untrusted(value, "the log") for name, value in sentences.items()}}


def _is_free(value: str) -> bool:
    return len(value) > 80 or any(sign.isspace() for sign in value)


class ProposalListWords(ToolWords):
    """Which proposals."""

    state: Literal["", *ProposalState] = ""  # type: ignore[valid-type]  # the values of an enum
    cursor: Cursor = ""
    long: Long = False


def _proposals(desk: LabDesk, words: ProposalListWords) -> Answer:
    found = [one for one in desk.read("/proposals", {})["proposals"] if words.state in ("", one["state"])]
    rows = [(str(one["number"]), _proposal(one)) for one in found]
    return listed("proposals", begun_at(words.cursor, rows), None, room(long=words.long), matching=len(rows))


def _proposal(one: Answer) -> Answer:
    names = ("number", "state", "admission", "experiment", "version", "finding", "core_hours", "bits", "registration")
    return {**only(one, *names), "question": said(one["question"], one["author"]), "made_at": one["made_at"]}


class JobShowWords(ToolWords):
    """Which of the laboratory's periodic jobs; empty: all."""

    job: Annotated[str, Field(max_length=40)] = ""


def _jobs(desk: LabDesk, words: JobShowWords) -> Answer:
    found = desk.read("/status", {})["status"]["jobs"]
    return {
        "jobs": [
            {**only(one, "name", "every_seconds", "last_start", "last_ok"), "has_failed": bool(one["last_error"])}
            for one in found
            if words.job in ("", one["name"])
        ]
    }


TOOLS = (
    LabTool(
        name="fleet_show",
        about="The computers by size: cores, memory, how many there are, what they compute, what is idle. No names.",
        form=PartWords,
        answer=_fleet,
    ),
    LabTool(
        name="session_show",
        about="The log of a session, the newest unless you name one: what came back, was weighed, asked and ordered.",
        form=SessionShowWords,
        answer=_session,
    ),
    LabTool(
        name="session_plan",
        about="What would be ordered now and why: allotments, which blocks close next, what is left out, worth.",
        form=PartWords,
        answer=_plan,
    ),
    LabTool(
        name="proposal_list",
        about="What might be asked next, those that wait first: state, cost in core-hours, bits it should tell.",
        form=ProposalListWords,
        answer=_proposals,
    ),
    LabTool(
        name="job_show",
        about="The laboratory's own periodic jobs: when each last began, last succeeded, and whether it failed.",
        form=JobShowWords,
        answer=_jobs,
    ),
)
