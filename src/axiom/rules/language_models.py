"""Is a language model asked, may a request be sent to it, and is it sent again?

What a request can cost at most is set aside before, and settled after. Money is counted in millionths of its unit: a
price per million tokens is then that of one token. It is rounded up.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected
from axiom.limits import language_models as limits
from axiom_weigh.amounts import tell_amount

HEADROOM = 1_000  # tokens that a service may add to a first request: its own words about tools, marks of a message
WRITTEN = 1.25  # what tokens that a service puts into its cache cost, beside those it reads anew
_ATTEMPTS: dict[type[ModelError], int] = {ModelBusy: 6, ModelLost: 4, AnswerUnreadable: 2}  # once of any other


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCaps:
    tokens: int = limits.SESSION_TOKENS
    micros: int = limits.SESSION_MICROS
    requests: int = limits.SESSION_REQUESTS
    seconds: float = limits.SESSION_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelPrices:
    input: float
    output: float
    cached: float  # of input that the service had in its cache


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUsage:
    read: int  # input that was not in the cache, and was not put there
    cached: int
    written: int  # input that was put into the cache
    output: int

    @property
    def input(self) -> int:
        return self.read + self.cached + self.written

    @property
    def tokens(self) -> int:
        return self.input + self.output


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCost:
    """What one request takes, or can take at most."""

    tokens: int
    micros: int


DAY = ModelCost(tokens=limits.TOKENS_A_DAY, micros=limits.MICROS_A_DAY)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpent:
    """What a session has used, with what is set aside and not settled."""

    tokens: int = 0
    micros: int = 0
    requests: int = 0
    is_overrun: bool = False  # an answer took more than could be set aside for it

    def with_reserve(self, reserve: ModelCost) -> "ModelSpent":
        return ModelSpent(
            tokens=self.tokens + reserve.tokens,
            micros=self.micros + reserve.micros,
            requests=self.requests + 1,
            is_overrun=self.is_overrun,
        )

    def settled(self, reserve: ModelCost, used: ModelCost) -> "ModelSpent":
        """What was set aside for a request is replaced by what it took."""
        is_more = used.tokens > reserve.tokens or used.micros > reserve.micros
        return ModelSpent(
            tokens=self.tokens - reserve.tokens + used.tokens,
            micros=self.micros - reserve.micros + used.micros,
            requests=self.requests,
            is_overrun=self.is_overrun or is_more,
        )


def lower_caps_by_day(caps: ModelCaps, spent: ModelSpent, today: ModelCost) -> ModelCaps:
    """The caps of a session, lower where the day leaves less. `today` counts what this session has spent already."""
    return replace(
        caps,
        tokens=min(caps.tokens, spent.tokens + max(0, DAY.tokens - today.tokens)),
        micros=min(caps.micros, spent.micros + max(0, DAY.micros - today.micros)),
    )


def most_request_cost(*, known_tokens: int, new_bytes: int, most_tokens: int, prices: ModelPrices | None) -> ModelCost:
    """The most that a request can take: what was read last, one token for each new byte, and the longest answer.

    `known_tokens` is what the last answer read, of a conversation that only grew since.
    """
    read = known_tokens + new_bytes + (0 if known_tokens else HEADROOM)
    if prices is None:
        return ModelCost(tokens=read + most_tokens, micros=0)
    dearest = max(prices.input * WRITTEN, prices.cached)
    return ModelCost(tokens=read + most_tokens, micros=math.ceil(read * dearest + most_tokens * prices.output))


def cost_of_usage(usage: TokenUsage, prices: ModelPrices | None) -> ModelCost:
    if prices is None:
        return ModelCost(tokens=usage.tokens, micros=0)
    read = usage.read * prices.input + usage.cached * prices.cached + usage.written * prices.input * WRITTEN
    return ModelCost(tokens=usage.tokens, micros=math.ceil(read + usage.output * prices.output))


def why_request_refused(spent: ModelSpent, wanted: ModelCost, caps: ModelCaps, seconds: float) -> str:
    """Why a request that can take so much is not sent after so many seconds of the session; nothing where it is."""
    if spent.is_overrun:
        return "an answer took more tokens than the service was asked for, so no reserve can be trusted"
    if spent.requests + 1 > caps.requests:
        return f"the session has sent its {caps.requests} requests"
    if seconds >= caps.seconds:
        return f"the session has had its {caps.seconds:,.0f} seconds"
    if spent.tokens + wanted.tokens > caps.tokens:
        left = f"{max(0, caps.tokens - spent.tokens):,} of {caps.tokens:,}"
        return f"it can take {wanted.tokens:,} tokens, and {left} are left"
    if spent.micros + wanted.micros > caps.micros:
        left = f"{max(0, caps.micros - spent.micros) / 1e6:.4f} of {caps.micros / 1e6:g}"
        return f"it can cost {wanted.micros / 1e6:.4f}, and {left} are left"
    return ""


def cost_of_unanswered(wanted: ModelCost, error: ModelError) -> ModelCost:
    """What a request without a usable answer took: all that was set aside, unless the service took nothing on."""
    return ModelCost(tokens=0, micros=0) if isinstance(error, ModelBusy | RequestRejected) else wanted


def next_attempt(error: ModelError, attempts: int, seconds_left: float) -> float | None:
    """In how many seconds a request that was sent so often is sent again; None where it is not."""
    if attempts >= _ATTEMPTS.get(type(error), 1):
        return None
    wait = min(limits.LONGEST_WAIT_SECONDS, limits.FIRST_WAIT_SECONDS * 2.0 ** (attempts - 1))
    if isinstance(error, ModelBusy) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return wait if wait < seconds_left else None


def reason_not_to_ask(
    *,
    waiting: int,
    most_waiting: float,
    asked_at: datetime | None,
    weighed_at: datetime | None,
    wakes_on: str = "",
    now: datetime,
) -> str:
    """Return why it is not asked; nothing where it is.

    `waiting` are its own proposals without an answer. It was asked last at `asked_at`, and the newest evidence of any
    finding, or of what it `wakes_on`, is of `weighed_at`.
    """
    if waiting >= most_waiting:
        return f"{tell_amount(waiting, 'question')} of its own wait for an answer, as many as may"
    has_news = asked_at is None or (weighed_at is not None and weighed_at > asked_at)
    if asked_at is not None and not has_news and timedelta(0) <= now - asked_at < limits.ASK_AGAIN_AFTER:
        return f"{f'{wakes_on} was not' if wakes_on else 'no finding was'} weighed since it was asked last"
    return ""
