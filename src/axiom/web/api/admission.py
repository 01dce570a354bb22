"""Who asks: the token that each request brings, how many requests it may bring, and how many at once."""

import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from axiom.domain.callers import Caller
from axiom.errors import LimitReached, NotAllowed
from axiom.limits import programs as limits
from axiom.rules.accounts.request_rate import RequestBucket, take_request
from axiom.signed.program_tokens import PREFIX
from axiom.web.api.problems import RequestRefused

_LONGEST = 200  # characters of a token
_BEARER = {"www-authenticate": 'Bearer realm="axiom"'}
_LACKS = "This address is for programs with a token: send `Authorization: Bearer axiom_…`. Nothing was done; "


@dataclass(frozen=True, kw_only=True)
class ProgramAdmission:
    """Knows who has which token, and counts requests at every door. Called from the loop alone."""

    admit: Callable[[str], Caller]  # raises NotAllowed for a token that is nobody's, has ended or expired
    clock: Callable[[], float] = time.monotonic
    buckets: dict[str, RequestBucket] = field(default_factory=dict)
    turns: dict[str, anyio.CapacityLimiter] = field(default_factory=dict)

    async def caller(self, request: Request) -> Caller:
        """The program that asks, unless its token is not good or it asks too often."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > _LONGEST:
            raise RequestRefused(401, NotAllowed(f"{_LACKS}`axiom program add` makes one."), _BEARER)
        try:
            caller = await run_in_threadpool(self.admit, token)
        except NotAllowed as error:
            raise RequestRefused(401, error, _BEARER) from None
        rate = take_request(self.buckets.get(caller.name), self.clock())
        self.buckets[caller.name] = rate.bucket
        if rate.wait:
            raise _later(rate.wait, rate.reason)
        return caller

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """One thing that this program asks for is under way. What comes meanwhile waits here, and in no thread."""
        turns = self.turns.setdefault(caller.name, anyio.CapacityLimiter(limits.SLOW_REQUESTS))
        if turns.statistics().tasks_waiting >= limits.SLOW_REQUESTS_WAITING:
            more = f"{limits.SLOW_REQUESTS_WAITING} more wait"
            raise _later(1.0, f"{limits.SLOW_REQUESTS} requests of {caller.name} are under way, and {more}")
        async with turns:
            yield


def _later(seconds: float, reason: str) -> RequestRefused:
    wait = math.ceil(seconds)
    sentence = f"Please ask again in {wait} s: {reason}. Nothing was done."
    return RequestRefused(429, LimitReached(sentence), {"retry-after": str(wait)})
