"""An answer of a laboratory elsewhere: what it says, or the error that it names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axiom import errors
from axiom.errors import AxiomError, CannotStart, StoreError

_GOOD = range(200, 300)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiReply:
    """A status, what was said, and in how many seconds to come again, where that was said."""

    status: int
    body: bytes
    retry_after: float | None

    @property
    def is_worth_another_try(self) -> bool:
        """Would the same request be done a little later?"""
        return self.status in {429, 503} and self.retry_after is not None

    def answer(self) -> dict[str, Any]:
        """What was said, or the error that was said instead."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            said = None
        if self.status in _GOOD and isinstance(said, dict):
            return said
        raise _error(self.status, said if isinstance(said, dict) else {})


def _error(status: int, said: Mapping[str, Any]) -> AxiomError:
    """The error as the laboratory raised it; a status that says nothing of Axiom is of what stands between."""
    name = str(said.get("type", "")).rpartition(":")[2]
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, AxiomError)):
        kind = StoreError if status == 503 else CannotStart
    detail = said.get("detail") or (
        f"The address answered with status {status}, as no laboratory does. Is it one whose setting `api` is true? "
        "Nothing is known to be done."
    )
    error = kind.__new__(kind)  # some make their sentence themselves; this one is made already
    Exception.__init__(error, detail)
    return error
