"""Takes back tasks that nobody here remembers: they were sent after the backup from which this laboratory came back.

What a host brings proves itself: its output holds the ticket that ordered it, and only this laboratory signs tickets.
"""

import json
import logging

from axiom.domain.work import Report, TaskState, Workunit, WorkunitState
from axiom.errors import AxiomError, OutputError
from axiom.signed.outputs import read_header
from axiom.signed.roles import Trust
from axiom.signed.tickets import Ticket, parse, read_ticket
from axiom.store import blobs, experiments, findings, returning, work
from axiom.store.database import Database
from axiom.store.folder import Folder
from axiom.store.returning import Known
from axiom.store.work import Claim

log = logging.getLogger("axiom.readmission")

_MOST_FAILURES = 3


def readmit(db: Database, folder: Folder, trust: Trust, said: Report, known: Known | None) -> bool:
    """Have the task of a report stand as sent, as its ticket says; False where there is nothing to be proven."""
    if said.output_digest is None or (known is not None and known.task.state is not TaskState.UNSENT):
        return False
    try:
        text, ticket = _ticket(blobs.get(db, folder, said.output_digest), trust)
    except (AxiomError, ValueError) as error:
        log.info("task.unproven id=%d host=%d %s", said.task_id, said.host_id, error)
        return False
    why_not = _admit(db, said, known, ticket)
    task = work.task(db, said.task_id)
    if why_not or task is None:
        log.info("task.unadmitted id=%d host=%d %s", said.task_id, said.host_id, why_not)
        return False
    claim = Claim(
        task_id=task.id,
        experiment_id=task.experiment_id,
        bundle_digest=ticket.bundle,
        ticket=text,
        deadline=ticket.deadline,
    )
    work.send(db, [claim], host_id=ticket.host, now=ticket.issued, is_again=True)
    log.info("task.readmitted id=%d workunit=%d host=%d", task.id, task.workunit_id, ticket.host)
    return True


def _ticket(output: bytes, trust: Trust) -> tuple[str, Ticket]:
    """The ticket in the first line of an output, signed by this laboratory; judged as of when it was issued."""
    line, end, _ = output.partition(b"\n")
    if not end:
        raise OutputError("The output ends in its first line, so it answers nothing. It is not used.")
    text = read_header(line).ticket_text
    return text, read_ticket(text, trust=trust, now=parse(text).issued)


def _admit(db: Database, said: Report, known: Known | None, ticket: Ticket) -> str:
    """Make the rows that are missing, under the numbers that they had; or why this cannot be."""
    if (ticket.task, ticket.host) != (said.task_id, said.host_id):
        return f"its ticket is of task {ticket.task} for host {ticket.host}"
    if known is not None:
        return (
            "" if _is_cells_of(work.workunit(db, known.task.workunit_id), ticket) else "its ticket orders other cells"
        )
    if said.workunit_id is None:
        return "its name does not say of which workunit it is"
    there = work.workunit(db, said.workunit_id)
    if there is not None and not _is_cells_of(there, ticket):
        return f"workunit {there.id} orders other cells"
    found = there or _forgotten(db, said.workunit_id, ticket)
    if isinstance(found, str):
        return found
    returning.admit_task(db, said.task_id, found)
    return ""


def _forgotten(db: Database, workunit_id: int, ticket: Ticket) -> Workunit | str:
    """The workunit that the ticket speaks of, made again; or why not."""
    experiment = experiments.by_name(db, ticket.experiment, ticket.version)
    bundle = experiments.bundle(db, ticket.bundle)
    if experiment is None or bundle is None or bundle.experiment_id != experiment.id:
        return f"{ticket.experiment}@{ticket.version} or its bundle is not known here"
    registration = findings.registered(db, experiment.id)
    if registration is None or registration.created_at > ticket.issued:
        return f"{experiment.name} was not registered when it was ordered"
    configs = dict(enumerate(json.loads(registration.body)["configs"]))
    if [configs.get(place) for place in ticket.places] != [dict(config) for config in ticket.configs]:
        return "its ticket speaks of another sweep than the registered one"
    made = _workunit(workunit_id, experiment.id, registration.id, ticket)
    experiments.remember(db, experiment, registration.id, ticket.replicates)
    returning.admit_workunit(db, made)
    return made


def _is_cells_of(wanted: Workunit | None, ticket: Ticket) -> bool:
    return wanted is not None and (wanted.replicates, wanted.configs) == (ticket.replicates, ticket.places)


def _workunit(workunit_id: int, experiment_id: int, registration_id: int, ticket: Ticket) -> Workunit:
    return Workunit(
        id=workunit_id,
        experiment_id=experiment_id,
        registration_id=registration_id,
        replicates=ticket.replicates,
        configs=ticket.places,
        state=WorkunitState.OPEN,
        quorum=1,
        max_failures=_MOST_FAILURES,
        created_at=ticket.issued,
    )
