"""Callers of commands: their rights and their limits."""

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """A right that a command asks of its caller."""

    READ = "read"
    DEPLOY = "deploy"  # order work that is published
    OPERATE = "operate"  # publish, retire, abort
    ACCOUNT = "manage own account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much a caller may do in a day. No caller can raise its own."""

    workunits_per_day: int
    aborts_per_day: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The one who asks for a command: a person, a volunteer, the laboratory itself, a program."""

    name: str
    capabilities: frozenset[Capability]
    limits: Limits
    volunteer_id: int | None = None  # whose account they may manage
