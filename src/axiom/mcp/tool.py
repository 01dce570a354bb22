"""What a tool is: a name, a form of words, the right that it asks for, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from axiom.commands.arguments import LINE, LINES
from axiom.commands.registry import read_words
from axiom.domain.callers import Capability
from axiom.mcp.laboratory_access import Answer, LabDesk

_LARGEST = 2**63 - 1  # what a number of the laboratory can be
_SHORT = {40, 80, 100, 200}  # signs, for names and keys and the like

Number = Annotated[int, Field(ge=1, le=_LARGEST)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(max_length=200)]
Cursor = Annotated[str, Field(max_length=100)]
Long = bool


class Effect(StrEnum):
    """What a call does to the laboratory."""

    NONE = "it reads"
    ADDS = "it adds"
    CHANGES = "it changes"


class ToolWords(BaseModel):
    """The words of a tool. Unknown words and other types are an error, as at a command."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, kw_only=True)
class LabTool:
    """One tool."""

    name: str
    about: str
    form: type[BaseModel]
    answer: Callable[[LabDesk, Any], Answer]
    needs: Capability = Capability.READ
    effect: Effect = Effect.NONE

    def read(self, words: Mapping[str, Any]) -> BaseModel:
        """These words, checked; or one sentence about what is wrong with them."""
        return read_words(self.form, self.name, words)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Its words as JSON Schema, without what only repeats their names or limits what no caller would reach."""
        schema = self.form.model_json_schema()
        schema.pop("description", None)
        return {"type": "object", **_bare(schema)}


def _bare(schema: Any) -> Any:
    """The schema without what says little: titles (a property may be called so), null, signs that no text may have."""
    match schema:
        case {"anyOf": [kind, {"type": "null"}], "default": None, **rest}:
            return _bare({**rest, **kind})
        case dict():
            return {
                name: {key: _bare(value) for key, value in part.items()} if name == "properties" else _bare(part)
                for name, part in schema.items()
                if not (name == "title" and isinstance(part, str)) and not _says_little(name, part)
            }
        case list():
            return [_bare(part) for part in schema]
    return schema


def _says_little(name: str, part: Any) -> bool:
    """Is it a limit that no caller comes to, or what a word that may be left out is where nobody says it?"""
    match name:
        case "minimum" | "maximum":
            return bool(abs(part) >= _LARGEST)
        case "minLength":
            return bool(part == 1)
        case "maxLength":
            return part in _SHORT
        case "pattern":
            return part in {LINE, LINES}
        case "default":
            return part in ("", False)
        case _:
            return False
