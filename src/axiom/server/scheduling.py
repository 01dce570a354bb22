"""Gives hosts their tasks and takes their reports: the one place where a task is sent or comes back."""

import logging
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.decisions import reports
from axiom.decisions.assignment import Queue, assign
from axiom.domain.fleet import Host
from axiom.domain.work import Report, Task, TaskState, WorkunitState
from axiom.errors import TicketTooLong
from axiom.server.ordering import Dispatch, order_again, write_order
from axiom.server.transitioner import transit
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.signed.tickets import Order
from axiom.store import blobs, counters, experiments, fleet, work
from axiom.store.database import Database
from axiom.store.folder import Folder

log = logging.getLogger("axiom.scheduling")


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a host is told: its orders, and in one sentence why these and no more."""

    orders: tuple[Order, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """What became of a report. Once the host has it, the report is ours for good."""

    state: TaskState | None
    reason: str


def ask(
    db: Database, dispatch: Dispatch, *, host_id: int, holding: AbstractSet[int], wanted: int, now: datetime
) -> Work:
    """Orders for a host: first again what it lost, then new ones, up to `wanted`."""
    host = fleet.host(db, host_id)
    if host is None:
        return Work(orders=(), reason=f"host {host_id} is not known here")
    lost = [task for task in work.held(db, host_id) if task.id not in holding]
    orders = [order_again(db, task) for task in lost if _still_wanted(db, task, now)][:wanted]
    occupied = len(work.held(db, host_id))
    reason = f"{len(orders)} lost tasks sent again" if orders else ""
    while len(orders) < wanted:
        given, reason = _one_more(db, dispatch, host, occupied, now)
        if given is None:
            break
        orders.append(given)
        occupied += 1
    fleet.seen(db, host_id, now, idle=not orders)
    return Work(orders=tuple(orders), reason=reason)


def report(db: Database, folder: Folder, said: Report, output: bytes | None, now: datetime) -> Acknowledgement:
    """Take a host's report with its output. The caller acknowledges only after this is committed."""
    fleet.seen(db, said.host_id, now)
    task = work.task(db, said.task_id)
    decided = reports.receive(task, said)
    if task is None or decided.state is None:
        return Acknowledgement(state=None, reason=decided.reason)
    if output is not None:
        said = replace(said, output_digest=blobs.put(db, folder, output, now))
    work.record_report(db, task, said, state=decided.state, reason=decided.reason, now=now)
    log.info("task.%s id=%d host=%d exit=%d", decided.state, task.id, said.host_id, said.exit_status)
    transit(db, task.workunit_id, now)
    return Acknowledgement(state=decided.state, reason=decided.reason)


def _still_wanted(db: Database, lost: Task, now: datetime) -> bool:
    """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
    found = work.workunit(db, lost.workunit_id)
    if found is not None and found.state is WorkunitState.OPEN:
        return True
    work.move(db, lost, TaskState.ABORTED, "its host lost it after its workunit was closed", now)
    return False


def _one_more(db: Database, dispatch: Dispatch, host: Host, occupied: int, now: datetime) -> tuple[Order | None, str]:
    """One waiting task for this host, sent; or none, and why."""
    manifests = {found: stored_manifest(text) for found, text in experiments.declared(db).items()}
    free = host.capacity.memory_mb - sum(
        manifests[task.experiment_id].memory_mb for task in work.held(db, host.id) if task.experiment_id in manifests
    )
    decided = assign(host, _queues(db, manifests), held=occupied, free_memory_mb=free)
    for experiment_id in decided.experiments:
        task = work.next_unsent(db, experiment_id, host.id)
        if task is None:
            continue
        memory_mb = manifests[experiment_id].memory_mb
        try:
            order = write_order(db, dispatch, task, host_id=host.id, memory_mb=memory_mb, now=now)
        except TicketTooLong as error:  # nobody can ever be given it, and it must not stand before the others
            work.request_abort(db, task.workunit_id, str(error))
            transit(db, task.workunit_id, now)
            continue
        if order is not None:
            log.info("task.sent id=%d host=%d experiment=%s", task.id, host.id, manifests[experiment_id].name)
            return order, decided.reason
    return None, decided.reason if not decided.experiments else "all waiting work is meant for other hosts"


def _queues(db: Database, manifests: dict[int, Manifest]) -> list[Queue]:
    counted = counters.read(db)
    return [
        Queue(
            experiment_id=experiment_id,
            name=manifest.name,
            unsent=counted.get(("task", experiment_id, TaskState.UNSENT), 0),
            in_progress=counted.get(("task", experiment_id, TaskState.SENT), 0),
            memory_mb=manifest.memory_mb,
            avx=manifest.avx,
            last_turn=work.last_turn(db, experiment_id),
        )
        for experiment_id, manifest in manifests.items()
    ]
