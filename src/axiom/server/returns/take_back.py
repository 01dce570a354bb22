"""Tasks that are taken back from a host, or that it should give up: nobody is to blame, and others get a copy."""

from collections.abc import Collection, Sequence
from datetime import datetime

from axiom.decisions.tasks.unwanted import GiveUp, give_up
from axiom.domain.work import Task
from axiom.server.returns.transitioner import transit_many
from axiom.store.engine.database import Database
from axiom.store.hosts import contacts
from axiom.store.tasks import workunits


def take_back(db: Database, out: Sequence[Task], reason: str, now: datetime) -> int:
    """Others get a copy of these tasks. Should their host still bring what it computed, it is taken."""
    for task in out:
        workunits.take_back(db, task, reason, now)
    transit_many(db, [task.workunit_id for task in out], now)
    return len(out)


def give_back(db: Database, host_id: int, task_ids: Collection[int], reason: str, now: datetime) -> int:
    wanted = set(task_ids)
    out = [task for task in workunits.held(db, host_id) if task.id in wanted] if wanted else []
    return take_back(db, out, reason, now)


def unwanted(db: Database, host_id: int, holding: Collection[int]) -> tuple[frozenset[int], frozenset[int]]:
    stands = contacts.stands(db, sorted(set(holding)))
    by_choice: dict[GiveUp, set[int]] = {choice: set() for choice in GiveUp}
    for number in holding:
        stand = stands.get(number)
        choice = give_up(
            is_ours=stand is not None and stand.host_id == host_id,
            state=stand.state if stand else None,
            workunit=stand.workunit if stand else None,
        )
        by_choice[choice].add(number)
    return frozenset(by_choice[GiveUp.AT_ONCE]), frozenset(by_choice[GiveUp.IF_NOT_STARTED])
