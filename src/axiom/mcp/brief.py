"""The tool that a program calls first: the laboratory in brief, and what became of the program's own questions."""

from dataclasses import dataclass

from axiom.limits import language_models as limits
from axiom.mcp.answers import Answer, answer_size, mark_author_text, mark_experiment_text, pick_fields, shorten_row
from axiom.mcp.laboratory import describe_proposal
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import LabTool, Text

_FAILING = 20  # versions that fail
_ROW_BYTES = 600  # of one of its questions, where six stand in a brief
_DRAFTS = 6  # of a program itself, that it is reminded of


@dataclass(frozen=True, kw_only=True)
class BriefWords:
    """From which session on changes are told."""

    since: Text = ""


def _brief(lab: LabAccess, words: BriefWords) -> Answer:
    brief = lab.read("/brief", {"since": words.since} if words.since else {})["brief"]
    stands, waiting, author = brief["stands"], brief["proposals"], lab.caller().name
    drafts = [
        pick_fields(row, "number", "name", "state")
        for row in lab.read("/drafts", {})["drafts"]
        if row["author"] == author
    ]
    own = lab.read_own_work()
    whole = {
        "charter": brief["charter"],
        "notebook": own["notebook"],
        "yours": _yours(own),
        "stands": {**stands, "newest": [_finding(row) for row in stands["newest"]]},
        "changed_since_session": brief["changed"],
        "next_in_newest_log": brief["next"],
        "failing": _failing(lab)[:_FAILING],
        "proposals": {**waiting, "newest": [describe_proposal(row) for row in waiting["newest"]]},
        "own_newest_drafts": drafts[:_DRAFTS],
        "left_today": next(
            (program["left_today"] for program in brief["programs"] if f"program:{program['name']}" == author), None
        ),
        "ask": "A person decides at /proposals/N, or by `axiom proposal approve N`; proposal_ask says where one waits.",
    }
    return shorten_row(whole, limits.TOOL_ANSWER_LONG_BYTES)


def _yours(own: Answer) -> Answer:
    """Its last words and its newest questions, as many as there is room for: the rest proposal_list has."""
    rows = [
        shorten_row({**row, "why": mark_author_text(row["why"], row["decided_by"])}, _ROW_BYTES)
        for row in own["questions"]
    ]
    yours = {"last_words": own["last_words"] and shorten_row(own["last_words"], _ROW_BYTES), "questions": rows}
    while len(rows) > 1 and answer_size(yours) > limits.OWN_PAGE_BYTES:
        rows.pop()
    return shorten_row(yours, limits.OWN_PAGE_BYTES)


def _failing(lab: LabAccess) -> list[str]:
    """The versions of which the newest text fails at tasks or at its preflight; failure_list says how."""
    answer = lab.read("/failures", {})
    at_tasks = [row for row in answer["failures"] if row["mended_by"] is None and row["look_at"] == "the experiment"]
    return sorted({row["experiment"] for row in (*at_tasks, *answer["not_let_out"])})


def _finding(row: Answer) -> Answer:
    claim = mark_experiment_text(row["claim"], row["experiment"], row.get("author"))
    return {**pick_fields(row, "number", "verdict", "grade", "experiment", "version"), "claim": claim}


BRIEF = LabTool(
    name="lab_brief",
    about="First call: the charter, your notebook, what became of your questions, what stands, changed and "
    "fails, your limits.",
    form=BriefWords,
    answer=_brief,
)
