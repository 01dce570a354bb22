"""Who the callers are, and how much each may do in a day."""

from datetime import datetime

from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.operators import OPERATOR_LIMITS
from axiom.domain.programs import MOST
from axiom.errors import NotAllowed
from axiom.signed.program_tokens import digest_token
from axiom.store.accounts import programs
from axiom.store.engine.database import Database

_PER_CORE_AND_DAY = 43_200  # a workunit every two seconds: more than a core can use


def operator_caller() -> Caller:
    """Whoever may open the data folder: a person at a terminal."""
    return Caller(
        name="operator",
        capabilities=frozenset(Capability),
        limits=OPERATOR_LIMITS,
        is_at_terminal=True,
    )


def laboratory_caller(cores: int) -> Caller:
    """The laboratory itself, which publishes its catalogue and keeps its cores busy, and takes nothing back."""
    return Caller(
        name="lab",
        capabilities=MOST | {Capability.RUN},
        limits=Limits(workunits_per_day=max(1, cores) * _PER_CORE_AND_DAY, aborts_per_day=0),
    )


def program_caller(db: Database, token: str, now: datetime) -> Caller:
    """The program that has this token. It is looked up at each request, so one that has ended is out at once."""
    program = programs.find_program_by_token(db, digest_token(token))
    if program is None:
        raise NotAllowed("Nobody here has this token. Nothing was done; `axiom program add` makes one.")
    if not program.is_let_in(now):
        when = (
            f"ended on {program.ended_at:%Y-%m-%d}" if program.ended_at else f"expired on {program.expires_at:%Y-%m-%d}"
        )
        raise NotAllowed(f"The token of {program.name} {when}. Nothing was done; `axiom program add` makes another.")
    return program.caller
