"""The tools: which there are, which of them a caller sees, and what becomes of one call."""

import json
from collections.abc import Mapping
from typing import Any

from axiom.domain.callers import Caller
from axiom.errors import AxiomError, NotAllowed, UnknownName, WrongUse
from axiom.mcp import brief, changes, experiments, findings, laboratory
from axiom.mcp.answers import Answer
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.tool import Effect, LabTool
from axiom.rules.accounts.command_permission import why_without_right

TOOLS = (brief.BRIEF, *findings.TOOLS, *experiments.TOOLS, *laboratory.TOOLS, *changes.TOOLS)
_MOST_SAID = 2_000  # characters of words that mean nothing, as they are remembered


def list_offered_tools(caller: Caller, *, operates: bool = False) -> tuple[LabTool, ...]:
    """The tools that this caller sees, always in the same order; `operates`: every command besides, as a tool."""
    names = {tool.name for tool in TOOLS}
    others = [tool for tool in changes.list_command_tools() if tool.name not in names] if operates else []
    return tuple(tool for tool in (*TOOLS, *others) if tool.needs in caller.capabilities)


def find_tool(lab: LabAccess, name: str, words: Mapping[str, Any], *, operates: bool = False) -> LabTool:
    """The tool of this name, or an error that suggests the nearest; the wrong name is remembered."""
    caller = lab.caller()
    seen = {tool.name: tool for tool in list_offered_tools(caller, operates=operates)}
    if name in seen:
        return seen[name]
    tools = {tool.name: tool for tool in (*TOOLS, *changes.list_command_tools())}
    error: AxiomError = UnknownName("tool", name[:80], seen)
    if name in tools:
        error = NotAllowed(
            f"{why_without_right(caller, tools[name].needs, name)}. Nothing was done."
            if tools[name].needs not in caller.capabilities
            else f"{name} is a tool of `axiom mcp --operate` alone. Nothing was done."
        )
    lab.refuse(name, words_as_json(words), error)
    raise error


def call_tool(lab: LabAccess, name: str, words: Mapping[str, Any], *, operates: bool = False) -> Answer:
    """What a tool answers. Words that it cannot read are refused and remembered."""
    tool = find_tool(lab, name, words, operates=operates)
    try:
        read = tool.read(words)
        if tool.effect is Effect.NONE:
            return tool.answer(lab, read)
    except WrongUse as error:
        lab.refuse(name, words_as_json(words), error)
        raise
    return tool.answer(lab, read)  # a command's words are read at the gate once more, and refused there


def words_as_json(words: Mapping[str, Any]) -> str:
    return json.dumps(words, default=str)[:_MOST_SAID]
