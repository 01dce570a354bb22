"""The words of a conversation with a language model, the same for every service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from axiom.limits import language_models as limits
from axiom.rules.language_models import TokenUsage


class Speaker(StrEnum):
    """Who says a message."""

    SYSTEM = "system"  # the instructions, which come first
    USER = "user"
    MODEL = "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTool:
    name: str
    about: str
    words: Mapping[str, Any]  # a JSON schema of what a call says


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    id: str
    name: str
    words: Mapping[str, Any]
    fault: str = ""  # why it cannot be done as it stands: the model is told, and nothing is called


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelMessage:
    """One message of a conversation. Calls are a model's, results a user's."""

    speaker: Speaker
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


class AnswerEnd(StrEnum):
    """Why a model stopped where it did."""

    DONE = "it has said all"
    TOOLS = "it waits for what its calls come to"
    PAUSED = "it asks for another turn"
    CUT = "it reached the most tokens of one answer"
    REFUSED = "it refuses"
    FULL = "the conversation fills its memory"

    @property
    def goes_on(self) -> bool:
        """Is there a next turn? After a refusal, or with a full memory, the same words would end the same way."""
        return self in {AnswerEnd.TOOLS, AnswerEnd.PAUSED, AnswerEnd.CUT}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAnswer:
    text: str
    calls: tuple[ToolCall, ...]
    end: AnswerEnd
    usage: TokenUsage | None  # None where the service did not say it, or said what cannot be
    model: str  # as the service names it
    left_out: tuple[str, ...] = ()  # kinds of content that we do not know

    @property
    def message(self) -> ModelMessage:
        return ModelMessage(speaker=Speaker.MODEL, text=self.text, calls=self.calls)


class Model(Protocol):
    def say(
        self,
        messages: Sequence[ModelMessage],
        tools: Sequence[ModelTool],
        most_tokens: int,
        *,
        seconds: float = limits.ANSWER_SECONDS,
    ) -> ModelAnswer:
        """What it answers, in so many tokens and seconds at most; ModelError when it does not."""
