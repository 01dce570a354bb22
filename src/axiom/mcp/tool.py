"""What a tool is: a name, a form of words, the right that it asks for, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from axiom.domain.callers import Capability
from axiom.gate.command import Command
from axiom.gate.registry import form_for_programs
from axiom.gate.words import LINE, LINES, NUMBER, WHY, Form, demand_names, form_of, read_values, schema_of
from axiom.mcp.answers import Answer
from axiom.mcp.laboratory_access import LabAccess

_SHORT = {40, 80, 100, 200}  # signs, for names and keys and the like

Number = Annotated[int, NUMBER]
Name = Annotated[str, {"min_length": 1, "max_length": 80}]
Text = Annotated[str, {"max_length": 200}]
Cursor = Annotated[str, {"max_length": 100}]
Long = bool


class Effect(StrEnum):
    """What a call does to the laboratory."""

    NONE = "it reads"
    ADDS = "it adds"
    CHANGES = "it changes"


@dataclass(frozen=True, kw_only=True)
class LabTool:
    """One tool."""

    name: str
    about: str
    form: Callable[..., Any]  # a dataclass of words
    command: type[Command] | None = None  # whose words it takes besides
    answer: Callable[[LabAccess, Any], Answer]
    needs: Capability = Capability.READ
    effect: Effect = Effect.NONE

    @property
    def words(self) -> Form:
        return {**(form_for_programs(self.command) if self.command else {}), **form_of(self.form)}

    def read(self, words: Mapping[str, Any]) -> Any:
        """These words, checked, or one sentence about what is wrong with them. A command's are read by the gate."""
        demand_names(self.words, self.name, words)
        values = read_values(self.words, self.name, words)
        return words if self.command else self.form(**values)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Its words as JSON Schema, without what only repeats their names or limits what no caller would reach."""
        schema = schema_of(self.words)
        return schema | {"properties": {name: _bare(part) for name, part in schema["properties"].items()}}


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """What a word must be without what says little: null, limits and defaults that nobody needs to know."""
    match schema:
        case {"anyOf": [kind, {"type": "null"}], "default": None}:
            return _bare(kind)
    return {name: part for name, part in schema.items() if not _says_little(name, part)}


def _says_little(name: str, part: Any) -> bool:
    """Is it a limit that no caller comes to, or what a word that may be left out is where nobody says it?"""
    match name:
        case "minimum" | "maximum":
            return bool(abs(part) >= NUMBER["le"]) or part in (NUMBER["ge"], 0.0)
        case "minItems" | "maxItems":
            return True
        case "minLength":
            return bool(part <= WHY["min_length"])
        case "maxLength":
            return part in _SHORT or part == WHY["max_length"]
        case "pattern":
            return part in {LINE, LINES}
        case "default":
            return part in ("", False)
        case _:
            return False
