"""Speak the Messages protocol: Claude, and servers of one's own that speak it too."""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.limits import language_models as limits
from axiom.models.http_client import http_client, post_to_model
from axiom.models.key import ModelKey
from axiom.models.model import AnswerEnd, ModelAnswer, ModelMessage, ModelTool, Speaker, ToolCall
from axiom.models.strict_json import (
    as_list,
    as_object,
    as_text,
    raise_unreadable,
    read_object,
    read_tool_call,
    read_usage,
    reconcile_calls,
)
from axiom.rules.language_models import TokenUsage

_ENDS = {
    "end_turn": AnswerEnd.DONE,
    "stop_sequence": AnswerEnd.DONE,
    "tool_use": AnswerEnd.TOOLS,
    "pause_turn": AnswerEnd.PAUSED,
    "max_tokens": AnswerEnd.CUT,
    "refusal": AnswerEnd.REFUSED,
    "model_context_window_exceeded": AnswerEnd.FULL,
}


class MessagesModel:
    def __init__(self, *, address: str, name: str, key: ModelKey) -> None:
        import anthropic

        self._name, self._key = name, key
        self._client = anthropic.Anthropic(
            api_key=key.value or "none",  # without any, the SDK would take one that was meant for another service
            base_url=address,
            max_retries=0,
            http_client=http_client(address),
            open_telemetry=False,
        )

    def say(
        self,
        messages: Sequence[ModelMessage],
        tools: Sequence[ModelTool],
        most_tokens: int,
        *,
        seconds: float = limits.ANSWER_SECONDS,
    ) -> ModelAnswer:
        body: dict[str, Any] = {
            "model": self._name,
            "max_tokens": most_tokens,
            "messages": [_message(message) for message in messages if message.speaker is not Speaker.SYSTEM],
            "cache_control": {"type": "ephemeral"},
        }
        if system := "\n\n".join(message.text for message in messages if message.speaker is Speaker.SYSTEM):
            body["system"] = system
        if tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.about, "input_schema": tool.words} for tool in tools
            ]
        return _read(post_to_model(self._client, "/v1/messages", body, seconds, self._key), tools)


def _message(message: ModelMessage) -> dict[str, Any]:
    content: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": result.call_id, "content": result.text, "is_error": result.is_error}
        for result in message.results
    ]
    if message.text.strip():
        content.append({"type": "text", "text": message.text})
    content += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.words} for call in message.calls]
    role = "assistant" if message.speaker is Speaker.MODEL else "user"
    return {"role": role, "content": content or [{"type": "text", "text": "(nothing)"}]}


def _read(body: str, tools: Sequence[ModelTool]) -> ModelAnswer:
    answer = read_object(body)
    usage = _usage(answer.get("usage"))
    stop = answer.get("stop_reason")
    if not isinstance(stop, str) or stop not in _ENDS:
        raise_unreadable(f"it stopped for a reason that we do not know: {str(stop)[:80]!r}")
    by_name = {tool.name: tool for tool in tools}
    texts, calls, left_out, seen = list[str](), list[ToolCall](), list[str](), set[str]()
    for value in as_list(answer.get("content"), "its content"):
        block = as_object(value, "a block of its content")
        kind = as_text(block.get("type"), "the type of a block")
        if kind == "text":
            texts.append(as_text(block.get("text"), "the text of a block"))
        elif kind == "tool_use":
            calls.append(
                read_tool_call(
                    id_=block.get("id"), name=block.get("name"), words=block.get("input"), tools=by_name, seen=seen
                )
            )
        else:
            left_out.append(kind[:80])
    end, agreed_calls = reconcile_calls(_ENDS[stop], calls)
    return ModelAnswer(
        text="\n\n".join(texts),
        calls=agreed_calls,
        end=end,
        usage=usage,
        model=as_text(answer.get("model", ""), "the model's name"),
        left_out=tuple(left_out),
    )


def _usage(usage: Any) -> TokenUsage | None:
    if not isinstance(usage, Mapping):
        return None
    return read_usage(
        read=usage.get("input_tokens"),
        cached=usage.get("cache_read_input_tokens") or 0,
        written=usage.get("cache_creation_input_tokens") or 0,
        output=usage.get("output_tokens"),
    )
