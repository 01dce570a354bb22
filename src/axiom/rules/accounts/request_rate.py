"""May a program ask once more now? A bucket of requests that fills steadily, so that a short burst is welcome."""

from dataclasses import dataclass

from axiom.limits import programs as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestBucket:
    """How many requests a program had left at a moment."""

    left: float
    at: float  # seconds of a clock that never goes back


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRate:
    """What is left after this request, how long to wait before the next try, and why."""

    bucket: RequestBucket
    wait: float  # seconds; none is now
    reason: str


def take_request(before: RequestBucket | None, now: float) -> RequestRate:
    """Decide from what was left; a request that must wait takes nothing."""
    left = limits.REQUESTS_AT_ONCE
    if before is not None:
        left = min(left, before.left + (now - before.at) * limits.REQUESTS_A_SECOND)
    if left >= 1.0:
        return RequestRate(bucket=RequestBucket(left=left - 1.0, at=now), wait=0.0, reason="within its requests")
    return RequestRate(
        bucket=RequestBucket(left=left, at=now),
        wait=(1.0 - left) / limits.REQUESTS_A_SECOND,
        reason=f"a program may ask {limits.REQUESTS_A_SECOND:g} times a second, and {limits.REQUESTS_AT_ONCE:g} times "
        "at once",
    )
