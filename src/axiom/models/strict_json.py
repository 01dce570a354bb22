"""Read what a service answers: JSON of which nothing is taken on trust."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from axiom.errors import AnswerUnreadable
from axiom.models.model import AnswerEnd, ToolCall
from axiom.rules.language_models import TokenUsage

_MOST_TOKENS = 10**9  # that one answer can take; more is no number of tokens


def read_json(text: str) -> Any:
    """The value; ValueError where it is no JSON, has numbers that are none, or is nested without end.

    Halves of characters, which can be neither stored nor sent, are replaced.
    """
    try:
        again = json.dumps(json.loads(text, parse_constant=_no_number), ensure_ascii=False)
        return json.loads(again.encode(errors="replace"), parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def read_object(body: str) -> dict[str, Any]:
    try:
        value = read_json(body)
    except ValueError as error:
        raise_unreadable(f"its body of {len(body):,} characters is no JSON ({error})")
    return as_object(value, "its body")


def as_object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise_unreadable(f"{what} is no object")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise_unreadable(f"{what} is no list")
    return value


def as_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise_unreadable(f"{what} is no text")
    return value


def raise_unreadable(why: str) -> NoReturn:
    """Say that this is not an answer."""
    raise AnswerUnreadable(f"The model answered, and {why}. Nothing of it was used.")


def read_token_count(value: Any) -> int | None:
    """A number of tokens; nothing where it cannot be one."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return value if is_count else None


def read_usage(*, read: Any, cached: Any, written: Any, output: Any) -> TokenUsage | None:
    """What an answer took, if all of it can be: a model reads at least one token."""
    counts = [read_token_count(value) for value in (read, cached, written, output)]
    numbers = [number for number in counts if number is not None]
    if len(numbers) < len(counts) or not any(numbers[:3]):
        return None
    return TokenUsage(read=numbers[0], cached=numbers[1], written=numbers[2], output=numbers[3])


def read_tool_call(*, id_: Any, name: Any, words: Any, tools: Mapping[str, Any], seen: set[str]) -> ToolCall:
    """Read one call. Without an id of its own no result can answer it; any other fault the model can mend."""
    call_id, called = as_text(id_, "the id of a call"), as_text(name, "the name of a tool")
    if not call_id or call_id in seen:
        raise_unreadable(f"the id {call_id[:40]!r} of a call is empty or stands twice")
    seen.add(call_id)
    fault = ""
    if called not in tools:
        fault = f"There is no tool named {called[:80]!r}. Known: {', '.join(sorted(tools)) or 'none'}."
    elif not isinstance(words, dict):
        fault = "What a call says must be a JSON object. Nothing was called."
    return ToolCall(id=call_id, name=called, words=words if isinstance(words, dict) else {}, fault=fault)


def reconcile_calls(end: AnswerEnd, calls: Sequence[ToolCall]) -> tuple[AnswerEnd, tuple[ToolCall, ...]]:
    """How an answer ended and what it calls, made to fit each other. What was cut short may lack words of a call."""
    if end in {AnswerEnd.DONE, AnswerEnd.TOOLS}:
        return (AnswerEnd.TOOLS if calls else AnswerEnd.DONE), tuple(calls)
    fault = f"The answer ended early ({end}), so this call may not be whole. Nothing was called; make it again."
    return end, tuple(replace(call, fault=call.fault or fault) for call in calls)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")
