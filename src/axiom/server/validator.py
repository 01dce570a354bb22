"""Looks at the proof that tasks brought: load, decide by `decisions.validation`, record."""

import logging
from datetime import datetime

from axiom.decisions.validation import Validation, validate
from axiom.domain.work import Task, TaskState
from axiom.errors import NotFound, OutputError, StoreDamaged, StoreError, TicketError
from axiom.server.transitioner import transit
from axiom.signed.manifests import stored_manifest
from axiom.signed.outputs import read_output
from axiom.signed.roles import Trust
from axiom.signed.tickets import read_ticket
from axiom.store import blobs, experiments, results, work
from axiom.store.database import Database
from axiom.store.folder import Folder

log = logging.getLogger("axiom.validator")

OUTPUT_LIMIT = 16 * 1024 * 1024
SLICE = 50


def validate_returned(db: Database, folder: Folder, trust: Trust, now: datetime) -> int:
    """Judge the oldest returned tasks, each once, and store what is proven."""
    waiting = work.returned(db, SLICE)
    for task in waiting:
        try:
            with db.savepoint():
                _settle(db, folder, trust, task, now)
        except StoreError:
            raise  # the store's trouble is no fault of an output: it is looked at again
        except Exception as error:
            # Whatever an output made us stumble over must not hold up the others. The transitioner's next sweep
            # moves its workunit on.
            log.exception("task.unjudged id=%d", task.id)
            why = f"judging it failed with {type(error).__name__}; the traceback is in the laboratory's log"
            work.move(db, task, TaskState.INVALID, why, now)
    return len(waiting)


def _settle(db: Database, folder: Folder, trust: Trust, task: Task, now: datetime) -> None:
    decided = _judge(db, folder, trust, task)
    work.move(db, task, decided.state, decided.reason, now)
    stored = results.record(db, decided.results, now)
    log.info("task.%s id=%d results=%d duplicates=%d", decided.state, task.id, stored.results, stored.duplicates)
    transit(db, task.workunit_id, now)


def _judge(db: Database, folder: Folder, trust: Trust, task: Task) -> Validation:
    experiment = experiments.by_id(db, task.experiment_id)
    if experiment is None or task.ticket is None or task.output_digest is None or task.sent_at is None:
        return Validation(state=TaskState.INVALID, reason="it has no ticket or no output to be judged by")
    try:
        # The moment of dispatch: a ticket that ran out since is still the order that this output answers.
        ticket = read_ticket(task.ticket, trust=trust, now=task.sent_at)
        output = read_output(blobs.get(db, folder, task.output_digest), limit=OUTPUT_LIMIT)
    except (OutputError, TicketError, NotFound, StoreDamaged) as error:
        return Validation(state=TaskState.INVALID, reason=str(error))
    return validate(
        ticket=ticket,
        ticket_text=task.ticket,
        experiment_id=experiment.id,
        manifest=stored_manifest(experiment.manifest),
        output=output,
    )
