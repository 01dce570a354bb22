"""Tools that change something: commands as tools, with the words that a program may say, a dry run and a key."""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from axiom.commands.command import Command
from axiom.commands.registry import COMMANDS, form_of
from axiom.domain.callers import Capability
from axiom.domain.programs import NOT_FOR_PROGRAMS
from axiom.mcp.answers import BRIEF, Answer, shortened
from axiom.mcp.laboratory_access import LabDesk
from axiom.mcp.tool import Effect, LabTool, Number, ToolWords

ASK = "proposal_ask"
_Key = Annotated[str | None, Field(min_length=1, max_length=200)]
# Nothing that was there before becomes another thing.
_ADDED = {
    *("draft.write", "draft.propose", "proposal.make", "registration.predict"),
    *("finding.link", "finding.note", "log.write", "paper.draft"),
}
_RIGHTS = (Capability.READ, Capability.PROPOSE, Capability.DEPLOY, Capability.OPERATE)  # that a token can have


class AskWords(ToolWords):
    """Which proposal a person is asked about."""

    proposal: Number


@cache
def tool_of(name: str, *, dry_run: bool = False) -> LabTool:
    """The command of this name as a tool; `dry_run` is what it does where nobody says."""
    kind = COMMANDS[name]

    def answer(desk: LabDesk, words: BaseModel) -> Answer:
        said = words.model_dump(exclude_unset=True)
        how = {"dry_run": said.pop("dry_run", dry_run), "key": said.pop("key", None)}
        return shortened(desk.submit(name, said, **how), BRIEF)

    return LabTool(
        name=name.replace(".", "_"),
        about=" ".join((kind.__doc__ or "").split()),
        form=_form(kind, dry_run=dry_run),
        answer=answer,
        needs=kind.capability,
        effect=Effect.ADDS if name in _ADDED else Effect.CHANGES,
    )


def _form(kind: type[Command], *, dry_run: bool) -> type[BaseModel]:
    more: dict[str, Any] = {"dry_run": (bool, dry_run), "key": (_Key, None)}
    return create_model(f"{kind.__name__}Words", __base__=form_of(kind, is_program=True), **more)


@cache
def every_command() -> tuple[LabTool, ...]:
    """Each command that a token could give, as a tool."""
    return tuple(
        tool_of(name) for name, kind in COMMANDS.items() if kind.capability in _RIGHTS and name not in NOT_FOR_PROGRAMS
    )


def _ask(desk: LabDesk, words: AskWords) -> Answer:
    """Where a proposal waits for a person. Where the client can ask one, `approval.py` does."""
    found = desk.read(f"/proposals/{words.proposal}", {})["proposal"]
    return waits(words.proposal, found["state"])


def waits(number: int, state: str) -> Answer:
    """Where a person answers about a proposal."""
    return {
        "proposal": number,
        "state": state,
        "answered": False,
        "page": f"/proposals/{number}",
        "terminal": f"axiom proposal approve {number} --why '…'",
    }


_PROPOSE = (
    *("draft.write", "draft.preflight", "draft.propose"),
    *("proposal.make", "proposal.withdraw", "registration.predict"),
    *("log.write", "paper.draft"),
)
_DRY = {"draft.propose", "proposal.make"}  # what they would do is shown unless somebody says otherwise

TOOLS = (
    tool_of("finding.link"),
    tool_of("finding.note"),
    *(tool_of(name, dry_run=name in _DRY) for name in _PROPOSE),
    LabTool(
        name=ASK,
        about="Ask the person at this client whether a proposal may run, if there is one whom it can ask. Else it says "
        "where the proposal waits. Nothing is approved without a person.",
        form=AskWords,
        answer=_ask,
        needs=Capability.PROPOSE,
        effect=Effect.CHANGES,
    ),
)
