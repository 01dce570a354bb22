"""Tools that change something: commands as tools, with the words that a program may say, a dry run and a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.programs import MOST
from axiom.gate.registry import COMMANDS
from axiom.gate.words import form_of
from axiom.limits import language_models as limits
from axiom.mcp.answers import Answer, shorten_row
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import Effect, LabTool, Number

ASK = "proposal_ask"
_NOTHING = "nothing; a number of what would be made is provisional, as others may take it first"
# Nothing that was there before becomes another thing.
_ADDED = {
    *("draft.write", "draft.propose", "proposal.make", "registration.predict"),
    *("finding.link", "finding.note", "log.write", "paper.draft", "notebook.write"),
}


@dataclass(frozen=True, kw_only=True)
class AskWords:
    """Which proposal a person is asked about."""

    proposal: Number


@dataclass(frozen=True, kw_only=True)
class CallWords:
    """How a command is given, beside its own words."""

    dry_run: bool = False
    key: str | None = field(default=None, metadata={"min_length": 1, "max_length": 200})


@dataclass(frozen=True, kw_only=True)
class DryCallWords(CallWords):
    """The same where nothing is done unless somebody says so."""

    dry_run: bool = True


@cache
def command_tool(name: str, *, dry_run: bool = False) -> LabTool:
    """The command of this name as a tool; `dry_run` is what it does where nobody says."""
    kind = COMMANDS[name]

    def answer(lab: LabAccess, words: Mapping[str, Any]) -> Answer:
        own = {word: value for word, value in words.items() if word not in form_of(CallWords)}
        dry, key = words.get("dry_run", dry_run), words.get("key")
        answer = lab.submit(name, own, dry_run=dry, key=key)
        return shorten_row(answer | {"kept": _NOTHING} if dry else answer, limits.TOOL_ANSWER_BYTES)

    return LabTool(
        name=name.replace(".", "_"),
        about=" ".join((kind.__doc__ or "").split()),
        form=DryCallWords if dry_run else CallWords,
        command=kind,
        answer=answer,
        needs=kind.capability,
        effect=Effect.ADDS if name in _ADDED else Effect.CHANGES,
    )


@cache
def list_command_tools() -> tuple[LabTool, ...]:
    return tuple(command_tool(name) for name, kind in COMMANDS.items() if kind.capability in MOST)


def _ask(lab: LabAccess, words: AskWords) -> Answer:
    """Where a proposal waits for a person. Where the client can ask one, `approval.py` does."""
    proposal = lab.read(f"/proposals/{words.proposal}", {})["proposal"]
    return approval_notice(words.proposal, proposal["state"])


def approval_notice(number: int, state: str) -> Answer:
    """Where a person answers about a proposal."""
    return {
        "proposal": number,
        "state": state,
        "answered": False,
        "page": f"/proposals/{number}",
        "terminal": f"axiom proposal approve {number} --why '…'",
    }


_PROPOSE = (
    *("draft.write", "draft.preflight", "draft.smoke", "draft.propose", "draft.drop"),
    *("proposal.make", "proposal.withdraw", "registration.predict"),
    *("log.write", "paper.draft", "notebook.write"),
)
_DRY = {"draft.propose", "proposal.make"}  # what they would do is shown unless somebody says otherwise

TOOLS = (
    command_tool("finding.link"),
    command_tool("finding.note"),
    *(command_tool(name, dry_run=name in _DRY) for name in _PROPOSE),
    LabTool(
        name=ASK,
        about="Ask the person at this client whether a proposal may run; where there is none, be told where it waits.",
        form=AskWords,
        answer=_ask,
        needs=Capability.PROPOSE,
        effect=Effect.CHANGES,
    ),
)
