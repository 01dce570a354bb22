"""May this caller do this now? The answer is the same for a person, a program and the laboratory itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.callers import Caller, Capability
from axiom.limits import programs as program_limits


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandCost:
    """What a command asks for, counted before it is done."""

    command: str
    capability: Capability
    workunits: int = 0
    aborts: int = 0
    proposals: int = 0  # that will wait for an answer
    volunteer_id: int | None = None  # whose account it is about
    most_a_day: int | None = None  # that a volunteer may give of it, done or refused
    owner: str | None = None  # a caller whose work it would replace: no other program may


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrders:
    """Of what a caller asked for, what is not done yet."""

    core_hours: float = 0.0  # that proposals which wait, and those under way, may still cost
    proposals: int = 0  # that wait for an answer


@dataclass(frozen=True, kw_only=True, slots=True)
class SpentToday:
    workunits: int = 0
    aborts: int = 0
    core_hours: float = 0.0
    core_hours_open: float = 0.0  # of its proposals that wait or are being computed; no matter of a day
    open_proposals: int = 0  # of its own that wait for an answer; no matter of a day
    uses: int = 0  # how often this very command, done or refused
    tried: int = 0  # and how often as a dry run, where this is one
    next_at: datetime | None = None  # when it may be given again, where that was often enough


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """Yes or no, whether a person could say yes, and why."""

    allowed: bool
    within_capability: bool
    reason: str


def daily_command_limit(caller: Caller, request: CommandCost) -> int | None:
    """How often this caller may give this command in a day; None: as often as they like."""
    of_a_volunteer = request.most_a_day if caller.volunteer_id is not None else None
    return caller.limits.commands_per_day.get(request.command, of_a_volunteer)


def why_without_right(caller: Caller, right: Capability, what: str) -> str:
    """Why this caller may not do it, and who could let a program do it."""
    cure = "; a person lets a program in that may with `axiom program add`" if caller.is_program else ""
    return f"{caller.name} may not {right}; {what} needs that{cure}"


def check_permission(caller: Caller, request: CommandCost, spent: SpentToday) -> Permission:
    """Decide from what the caller may do at all, and from how much of it is left today."""
    if request.capability not in caller.capabilities:
        return Permission(
            allowed=False,
            within_capability=False,
            reason=why_without_right(caller, request.capability, request.command),
        )
    if caller.is_program and request.owner not in (None, caller.name):
        return Permission(
            allowed=False,
            within_capability=False,
            reason=f"{request.owner} was the first to publish a file of this name, and no other program may put one "
            "in its place; take another name, or ask a person",
        )
    is_own = request.volunteer_id in (None, caller.volunteer_id)
    if not is_own and Capability.OPERATE not in caller.capabilities:
        return Permission(
            allowed=False,
            within_capability=False,
            reason=f"{caller.name} may manage their own account; {request.command} is about another one",
        )
    most = daily_command_limit(caller, request)
    if most is not None and (spent.uses >= most or spent.tried >= program_limits.DRY_RUNS * most):
        return Permission(
            allowed=False,
            within_capability=True,
            reason=f"this can be asked for {most} times a day, and within the last day it was{_next(spent.next_at)}",
        )
    if request.proposals and spent.open_proposals + request.proposals > caller.limits.open_proposals:
        return Permission(
            allowed=False,
            within_capability=True,
            reason=f"{spent.open_proposals} proposals of {caller.name} wait for an answer, and no more may",
        )
    for what, amount, had, most in (
        ("workunits", request.workunits, spent.workunits, caller.limits.workunits_per_day),
        ("aborts", request.aborts, spent.aborts, caller.limits.aborts_per_day),
    ):
        if amount and had + amount > most:
            return Permission(
                allowed=False,
                within_capability=True,
                reason=f"{caller.name} asks for {amount} {what} and has {max(0, most - had)} of {most} left today",
            )
    return Permission(allowed=True, within_capability=True, reason="within capability and limits")


def _next(moment: datetime | None) -> str:
    """When to come again, in words. Within a day the hour says it all."""
    return "" if moment is None else f"; next at {moment + timedelta(minutes=1):%H:%M} UTC, if it is not asked before"


def check_core_hours(caller: Caller, core_hours: float, spent: SpentToday) -> Permission:
    """Decide by what was ordered, each thing counted at the most that it can cost."""
    for had, most, when in (
        (spent.core_hours, caller.limits.core_hours_per_day, "left today"),
        (spent.core_hours_open, caller.limits.core_hours_open, "left while its questions are open"),
    ):
        if core_hours and had + core_hours > most:
            left = max(0.0, most - had)
            return Permission(
                allowed=False,
                within_capability=True,
                reason=f"{caller.name} asks for up to {core_hours:.3g} core-hours and has {left:.3g} of {most:.3g} "
                f"{when}",
            )
    return Permission(allowed=True, within_capability=True, reason="within its core-hours")
