"""Is a request that a language model did not answer sent again, and when?"""

from dataclasses import dataclass

from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost
from axiom.limits import language_models as limits

_ATTEMPTS: dict[type[ModelError], int] = {ModelBusy: 6, ModelLost: 4, AnswerUnreadable: 2}  # once of any other


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """How many seconds to wait before the next attempt; None: there is none."""

    wait: float | None
    reason: str


def after(error: ModelError, attempts: int, seconds_left: float) -> Retry:
    """Decide after so many attempts, with so many seconds left for the answer."""
    most = _ATTEMPTS.get(type(error), 1)
    if attempts >= most:
        return Retry(wait=None, reason=f"it was sent {attempts} of {most} times")
    wait = min(limits.LONGEST_WAIT_SECONDS, limits.FIRST_WAIT_SECONDS * 2.0 ** (attempts - 1))
    if isinstance(error, ModelBusy) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    if wait >= seconds_left:
        return Retry(wait=None, reason=f"{wait:,.0f} seconds are to be waited, and {seconds_left:,.0f} are left")
    return Retry(wait=wait, reason=f"attempt {attempts + 1} of {most} in {wait:g} seconds")
