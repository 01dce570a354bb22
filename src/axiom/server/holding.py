"""What a client says it still has of ours, and what of that it should give up."""

from collections.abc import Mapping

from axiom.boinc.requests import Request
from axiom.decisions.giving_up import GiveUp, give_up
from axiom.domain.work import read_task_name
from axiom.server.replying import SUFFIX
from axiom.store import contacts
from axiom.store.database import Database

Holding = Mapping[str, int | None] | None  # names to numbers, where they are ours; None: the client does not say


def holding_of(request: Request) -> Holding:
    """The tasks that the client still has: name to number, where the name is one of ours. None: it does not say."""
    if request.other_results is None:
        return None
    found = {held.name: read_task_name(held.name.removesuffix(SUFFIX)) for held in request.other_results}
    return {name: each[1] if each else None for name, each in found.items()}


def to_give_up(db: Database, host_id: int, holding: Holding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of tasks to give up at once, and of those to give up unless they have begun."""
    if not holding:
        return (), ()
    told: dict[GiveUp, list[str]] = {choice: [] for choice in GiveUp}
    stands = contacts.stands(db, [number for number in holding.values() if number is not None])
    for name, number in holding.items():
        stand = stands.get(number) if number is not None else None
        choice = give_up(
            is_ours=stand is not None and stand.host_id == host_id,
            state=stand.state if stand else None,
            workunit=stand.workunit if stand else None,
        )
        told[choice].append(name)
    return tuple(told[GiveUp.AT_ONCE]), tuple(told[GiveUp.IF_NOT_STARTED])
