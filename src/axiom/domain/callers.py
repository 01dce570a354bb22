"""Who asks for a command, what they may do, and how much of it."""

from enum import StrEnum

from axiom.domain.dataclass import dataclass


class Capability(StrEnum):
    """What a command asks of its caller."""

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
    """Who asks: a person at this computer, a volunteer at the site, the laboratory itself, later a PI or a program."""

    name: str
    capabilities: frozenset[Capability]
    limits: Limits
    volunteer_id: int | None = None  # whose account they may manage
