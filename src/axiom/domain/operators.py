"""Volunteers who may act as operators at the site."""

from dataclasses import dataclass
from datetime import datetime

from axiom.domain.callers import Caller, Capability, Limits

OPERATOR_LIMITS = Limits(workunits_per_day=100_000, aborts_per_day=200_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteOperator:
    """A volunteer with the role of an operator, and the name under which the audit knows what they do with it."""

    name: str
    volunteer_id: int
    serial: int  # of their second factor: each time the role is given, another one
    used_step: int  # when the newest code that counted was made, in steps of TOTP
    created_at: datetime
    ended_at: datetime | None

    @property
    def caller(self) -> Caller:
        """As a caller of commands. Accounts of others are for the operator at the terminal."""
        return Caller(
            name=f"operator:{self.name}",
            capabilities=frozenset(Capability) - {Capability.ACCOUNT},
            limits=OPERATOR_LIMITS,
        )
