"""Speak the Chat Completions protocol: OpenAI, and nearly every server of one's own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from axiom.limits import language_models as limits
from axiom.models.http_client import http_client, post_to_model
from axiom.models.key import ModelKey
from axiom.models.model import AnswerEnd, ModelAnswer, ModelMessage, ModelTool, Speaker, ToolCall
from axiom.models.strict_json import (
    as_list,
    as_object,
    as_text,
    raise_unreadable,
    read_json,
    read_object,
    read_token_count,
    read_tool_call,
    read_usage,
    reconcile_calls,
)
from axiom.rules.language_models import TokenUsage

_ENDS = {
    "stop": AnswerEnd.DONE,
    "tool_calls": AnswerEnd.TOOLS,
    "length": AnswerEnd.CUT,
    "content_filter": AnswerEnd.REFUSED,
}
_THINKS_WITHIN = "api.openai.com"  # counts thoughts among the tokens of an answer, and has its own word for the most


class ChatCompletionsModel:
    def __init__(self, *, address: str, name: str, key: ModelKey) -> None:
        import openai

        self._name, self._key = name, key
        self._most = "max_completion_tokens" if urlsplit(address).hostname == _THINKS_WITHIN else "max_tokens"
        self._client = openai.OpenAI(
            api_key=key.value or "none",  # without any, the SDK would take one that was meant for another service
            base_url=address,
            max_retries=0,
            http_client=http_client(address),
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
            self._most: most_tokens,
            "messages": [part for message in messages for part in _messages(message)],
        }
        if tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.about, "parameters": tool.words},
                }
                for tool in tools
            ]
        return _read(post_to_model(self._client, "/chat/completions", body, seconds, self._key), tools)


def _messages(message: ModelMessage) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.call_id, "content": result.text} for result in message.results
    ]
    if message.speaker is not Speaker.MODEL:
        return results + ([{"role": message.speaker.value, "content": message.text}] if message.text else [])
    reply: dict[str, Any] = {"role": "assistant", "content": message.text}
    if message.calls:
        reply["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.words)}}
            for call in message.calls
        ]
    return [*results, reply]


def _read(body: str, tools: Sequence[ModelTool]) -> ModelAnswer:
    answer = read_object(body)
    usage = _usage(answer.get("usage"))
    choices = as_list(answer.get("choices"), "its list of choices")
    if len(choices) != 1:
        raise_unreadable(f"it has {len(choices)} choices instead of one")
    choice = as_object(choices[0], "its choice")
    message = as_object(choice.get("message"), "its message")
    stop = choice.get("finish_reason")
    if not isinstance(stop, str) or stop not in _ENDS:
        raise_unreadable(f"it stopped for a reason that we do not know: {str(stop)[:80]!r}")
    text, refusal, called = (message.get(name) for name in ("content", "refusal", "tool_calls"))
    calls = [] if called is None else _calls(as_list(called, "its list of calls"), tools)
    end, agreed_calls = reconcile_calls(AnswerEnd.REFUSED if refusal else _ENDS[stop], calls)
    return ModelAnswer(
        text="" if text is None else as_text(text, "what it said"),
        calls=agreed_calls,
        end=end,
        usage=usage,
        model=as_text(answer.get("model", ""), "the model's name"),
    )


def _calls(called: list[Any], tools: Sequence[ModelTool]) -> list[ToolCall]:
    by_name, seen = {tool.name: tool for tool in tools}, set[str]()
    calls = []
    for value in called:
        call = as_object(value, "a call")
        function = as_object(call.get("function"), "the function of a call")
        try:
            words = read_json(as_text(function.get("arguments"), "what a call says") or "{}")
        except ValueError:
            words = None
        calls.append(
            read_tool_call(id_=call.get("id"), name=function.get("name"), words=words, tools=by_name, seen=seen)
        )
    return calls


def _usage(usage: Any) -> TokenUsage | None:
    """The cached ones are among what was read."""
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") or 0 if isinstance(details, Mapping) else 0
    whole, from_cache = read_token_count(usage.get("prompt_tokens")), read_token_count(cached)
    if whole is None or from_cache is None:
        return None
    return read_usage(read=whole - from_cache, cached=from_cache, written=0, output=usage.get("completion_tokens"))
