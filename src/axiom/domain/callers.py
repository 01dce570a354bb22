"""Callers of commands: their rights and their limits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Answer = dict[str, Any]  # what a caller gets, in JSON's own types


class Capability(StrEnum):
    READ = "read"
    PROPOSE = "propose"  # say what follows, and what to ask next; nothing is ordered by it
    DEPLOY = "deploy"  # order work that is published
    OPERATE = "operate"  # publish, retire, abort
    RUN = "run the laboratory"  # order what no limit counts, or decide over what others made: no program does
    APPROVE = "approve"  # say yes or no to a question, and to code that volunteers get: a person alone does
    GOVERN = "give rights"  # let programs in, and say how much each may do
    ACCOUNT = "manage own account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much a caller may do in a day. No caller can raise its own."""

    workunits_per_day: int
    aborts_per_day: int
    core_hours_per_day: float = math.inf  # that it orders or proposes, each counted at the most that it can cost
    core_hours_open: float = math.inf  # of its proposals that wait or are being computed
    open_proposals: float = math.inf  # that wait for an answer
    commands_per_day: Mapping[str, int] = field(default_factory=dict)  # by command; of others, as many as it likes


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The one who asks for a command: a person, a volunteer, the laboratory itself, a program."""

    name: str
    capabilities: frozenset[Capability]
    limits: Limits
    volunteer_id: int | None = None  # whose account they may manage
    model: str | None = None  # the language model that speaks through a program
    prompt: str | None = None  # the digest of what that model was told first
    is_program: bool = False  # it came with a token: it cannot say in whose name it speaks
    is_at_terminal: bool = False  # it may open the data folder
    may_approve: bool = False  # may the person at its client approve proposals there?


def volunteer_caller(volunteer_id: int | None) -> Caller:
    """A volunteer, or a visitor who has no account yet."""
    return Caller(
        name=f"volunteer:{volunteer_id}" if volunteer_id is not None else "visitor",
        capabilities=frozenset({Capability.ACCOUNT}),
        limits=Limits(workunits_per_day=0, aborts_per_day=0),
        volunteer_id=volunteer_id,
    )
