"""A conversation with a language model that has tools. However it ends, it ends: nothing waits for it for ever."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.errors import AxiomError, CannotStart, HeldByAnother, ModelError
from axiom.limits import language_models as limits
from axiom.models.model import (
    AnswerEnd,
    Model,
    ModelAnswer,
    ModelMessage,
    ModelTool,
    Speaker,
    ToolCall,
    ToolResult,
)

_GO_ON = {
    AnswerEnd.CUT: f"Your answer was cut at its {limits.ANSWER_TOKENS:,} tokens. Go on, in fewer words.",
    AnswerEnd.PAUSED: "Go on.",
}


@dataclass(frozen=True, kw_only=True)
class Toolbox:
    """What the model may call. `call` answers with a text and whether it is an error, and raises nothing."""

    tools: tuple[ModelTool, ...]
    call: Callable[[str, Mapping[str, Any]], tuple[str, bool]]
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationEnd:
    """Why it ended, whether the model itself meant to, and what its last calls came to, which it was not told."""

    reason: str
    is_well: bool = False
    is_unanswered: bool = False  # its service gave nothing that can be used
    untold: tuple[ToolResult, ...] = ()


def hold_conversation(model: Model, opening: Sequence[ModelMessage], toolbox: Toolbox) -> ConversationEnd:
    """Let it speak and call until it has said all, may not go on, or goes in circles.

    A laboratory that is gone, or a session that another has in hand, is no end of the conversation but of us.
    """
    messages, heard = [*opening], Counter[str]()
    clock = toolbox.clock
    untold: tuple[ToolResult, ...] = ()
    while True:
        try:
            answer = model.say(messages, toolbox.tools, limits.ANSWER_TOKENS)
        except (CannotStart, HeldByAnother):
            raise
        except AxiomError as error:
            return ConversationEnd(reason=str(error), is_unanswered=isinstance(error, ModelError), untold=untold)
        if not answer.end.goes_on:
            return _ended(answer)
        untold, circle = (), ""
        for at, call in enumerate(answer.calls):
            began = clock()
            result = _result(call, toolbox, is_one_too_many=at >= limits.CALLS_OF_AN_ANSWER)
            most = limits.SAME_ANSWERS_AFTER_A_WAIT if clock() - began >= limits.WAITED_SECONDS else limits.SAME_ANSWERS
            untold, circle = (*untold, result), circle or _circle(call, result, heard, most)
        if circle:
            return ConversationEnd(reason=circle, untold=untold)
        text = _GO_ON.get(answer.end, "")
        messages += [answer.message, ModelMessage(speaker=Speaker.USER, text=text, results=untold)]


def _ended(answer: ModelAnswer) -> ConversationEnd:
    is_well = answer.end is AnswerEnd.DONE
    return ConversationEnd(reason="it has said all that it had to say" if is_well else str(answer.end), is_well=is_well)


def _result(call: ToolCall, toolbox: Toolbox, *, is_one_too_many: bool) -> ToolResult:
    if call.fault:
        return ToolResult(call_id=call.id, text=call.fault, is_error=True)
    if is_one_too_many:
        text = f"An answer may call {limits.CALLS_OF_AN_ANSWER} times. This was not called; call it again."
        return ToolResult(call_id=call.id, text=text, is_error=True)
    text, is_error = toolbox.call(call.name, call.words)
    return ToolResult(call_id=call.id, text=text, is_error=is_error)


def _circle(call: ToolCall, result: ToolResult, heard: Counter[str], most: int) -> str:
    """Why this call had the same answer too often; nothing where it had not."""
    exchange = json.dumps([call.name, dict(call.words), result.text], sort_keys=True)
    heard[exchange] += 1
    if heard[exchange] < most:
        return ""
    return f"it called {call.name[:80]} {heard[exchange]} times with the same words and had the same answer each time"
