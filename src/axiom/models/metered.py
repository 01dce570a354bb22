"""A model within a budget: each attempt is written down and set aside before it is sent, and settled afterwards."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from axiom.domain.rounds import EntryKind, TranscriptEntry
from axiom.errors import LimitReached, ModelError
from axiom.limits import language_models as limits
from axiom.models.key import ModelKey
from axiom.models.model import Model, ModelAnswer, ModelMessage, ModelTool
from axiom.rules.language_models import (
    ModelCaps,
    ModelCost,
    ModelPrices,
    ModelSpent,
    cost_of_unanswered,
    cost_of_usage,
    most_request_cost,
    next_attempt,
    why_request_refused,
)


class MeteredModel:
    """One conversation of a session. `record` writes an entry down for good before it returns its number."""

    def __init__(
        self,
        model: Model,
        *,
        name: str,
        prompt: str,
        key: ModelKey,
        prices: ModelPrices | None,
        record: Callable[[TranscriptEntry], int],
        clock: Callable[[], float],
        pause: Callable[[float], None],
        caps: ModelCaps | None = None,
        spent: ModelSpent | None = None,
    ) -> None:
        """`clock` gives the seconds since the session began; `spent` is what it used in an earlier process."""
        self._model, self._name, self._prompt, self._key, self._prices = model, name, prompt, key, prices
        self._record, self._clock, self._pause = record, clock, pause
        self._caps = ModelCaps() if caps is None else caps
        self.spent = ModelSpent() if spent is None else spent
        self.lost_tokens = 0  # of `spent`: set aside for requests that nobody answered, and perhaps not taken
        self._heard: tuple[ModelMessage, ...] = ()  # the conversation that the last answer read
        self._tools: tuple[ModelTool, ...] = ()
        self._read = 0  # how many tokens that was; 0 where it is unknown
        self._written: tuple[ModelMessage, ...] = ()  # the conversation as it stands in the transcript

    def say(
        self,
        messages: Sequence[ModelMessage],
        tools: Sequence[ModelTool],
        most_tokens: int,
        *,
        seconds: float = limits.ANSWER_SECONDS,
    ) -> ModelAnswer:
        """What the model answers, all attempts together within `seconds`.

        LimitReached: it was not asked, since that could go beyond a cap.
        """
        attempts, until = 0, min(self._clock() + seconds, self._caps.seconds)
        failure: ModelError | None = None
        while True:
            wanted = self._reserve(messages, tools, most_tokens)
            if why := why_request_refused(self.spent, wanted, self._caps, self._clock()):
                self._write(EntryKind.REFUSAL, {"reason": why})
                if failure is not None:  # it was asked, and why it did not answer weighs more
                    raise failure
                raise LimitReached(f"The model was not asked: {why}. The session goes on without it.")
            attempts += 1
            number = self._write(EntryKind.REQUEST, self._request(messages, tools, most_tokens), wanted)
            self._written = tuple(messages)
            self.spent = self.spent.with_reserve(wanted)
            try:
                answer = self._model.say(messages, tools, most_tokens, seconds=max(0.01, until - self._clock()))
            except ModelError as error:
                lost = cost_of_unanswered(wanted, error)
                self.lost_tokens += lost.tokens
                self._book_use(EntryKind.FAILURE, number, wanted, lost, _failure(error))
                failure = error if attempts == 1 else type(error)(f"{error} It was asked {attempts} times.")
                wait = next_attempt(error, attempts, until - self._clock())
                if wait is None:
                    raise failure from None
                self._pause(wait)
                continue
            used = wanted if answer.usage is None else cost_of_usage(answer.usage, self._prices)
            self._book_use(EntryKind.ANSWER, number, wanted, used, asdict(answer), answer.model)
            self._heard, self._tools = tuple(messages), tuple(tools)
            self._read = 0 if answer.usage is None else answer.usage.input
            return answer

    def _reserve(self, messages: Sequence[ModelMessage], tools: Sequence[ModelTool], most_tokens: int) -> ModelCost:
        grown = self._read > 0 and _begins_with(messages, self._heard) and tuple(tools) == self._tools
        new = [asdict(message) for message in (messages[len(self._heard) :] if grown else messages)]
        new += [] if grown else [asdict(tool) for tool in tools]
        return most_request_cost(
            known_tokens=self._read if grown else 0,
            new_bytes=len(_json(new)),
            most_tokens=most_tokens,
            prices=self._prices,
        )

    def _request(self, messages: Sequence[ModelMessage], tools: Sequence[ModelTool], most_tokens: int) -> Any:
        """What was not written down before: a conversation grows at its end."""
        before = len(self._written) if _begins_with(messages, self._written) else 0
        return {
            "after": before,
            "messages": [asdict(message) for message in messages[before:]],
            "tools": [tool.name for tool in tools],
            "most_tokens": most_tokens,
        }

    def _book_use(
        self, kind: EntryKind, number: int, wanted: ModelCost, used: ModelCost, body: Any, model: str = ""
    ) -> None:
        self.spent = self.spent.settled(wanted, used)
        self._write(kind, body, used, model=model, request_id=number)

    def _write(
        self,
        kind: EntryKind,
        body: Any,
        takes: ModelCost | None = None,
        *,
        model: str = "",
        request_id: int | None = None,
    ) -> int:
        entry = TranscriptEntry(
            kind=kind,
            model=self._key.hide(model or self._name),
            prompt=self._prompt,
            body=self._key.hide(_json(body)),
            tokens=takes.tokens if takes else 0,
            micros=takes.micros if takes else 0,
            request_id=request_id,
        )
        return self._record(entry)


def _begins_with(messages: Sequence[ModelMessage], before: Sequence[ModelMessage]) -> bool:
    return tuple(messages[: len(before)]) == tuple(before)


def _failure(error: ModelError) -> dict[str, str]:
    return {"kind": type(error).__name__, "reason": str(error)}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
