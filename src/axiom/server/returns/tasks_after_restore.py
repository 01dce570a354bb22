"""Takes back tasks that nobody here remembers: they were sent after the backup from which this laboratory came back.

What a host brings proves itself: its output holds the ticket that ordered it, and only this laboratory signs tickets.
"""

import json
import logging
from dataclasses import replace

from axiom.domain.evidence import Registration
from axiom.domain.fleet import OUR_GPUS
from axiom.domain.registrations import read_registration_body
from axiom.domain.work import BriefTask, Report, TaskState, Workunit, WorkunitState
from axiom.errors import AxiomError, OutputError, StorageFull, StoreBusy, StoreError
from axiom.signed.manifests import stored_manifest
from axiom.signed.outputs import read_header
from axiom.signed.tickets import Ticket, parse_own_ticket, read_ticket
from axiom.signed.trust import Trust
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.journal import history
from axiom.store.registrations import registrations, seed_secrets
from axiom.store.tasks import tasks, workunits
from axiom.store.tasks.tasks import TaskClaim, TaskWithOwner
from axiom.store.tasks.waiting_tasks import WaitingTask

log = logging.getLogger("axiom.readmission")

_MOST_FAILURES = 3


def readmit_task(db: Database, folder: Folder, trust: Trust, report: Report, remembered: TaskWithOwner | None) -> bool:
    """Have the task of a report stand as sent, as its ticket says; False where there is nothing to be proven."""
    if report.output_digest is None or (remembered is not None and remembered.task.state is not TaskState.UNSENT):
        return False
    try:
        with db.savepoint():
            return _readmit(db, folder, trust, report, report.output_digest, remembered)
    except StoreError:
        raise  # it may have taken the whole transaction with it
    except Exception:  # else it would hold up all that this host brings, again and again
        log.exception("task.unadmitted id=%d host=%d", report.task_id, report.host_id)
        return False


def _readmit(
    db: Database, folder: Folder, trust: Trust, report: Report, output: str, remembered: TaskWithOwner | None
) -> bool:
    try:
        text, ticket = _ticket(blobs.read_blob(db, folder, output), trust)
    except (StoreBusy, StorageFull):
        raise  # it comes again, and may be proven then
    except (AxiomError, ValueError) as error:
        log.info("task.unproven id=%d host=%d %s", report.task_id, report.host_id, error)
        return False
    why_not = _admit(db, report, remembered, ticket)
    task = tasks.find_task(db, report.task_id)
    if why_not or task is None:
        log.info("task.unadmitted id=%d host=%d %s", report.task_id, report.host_id, why_not)
        return False
    claim = TaskClaim(
        task_id=task.id,
        experiment_id=task.experiment_id,
        bundle_digest=ticket.bundle,
        ticket=text,
        deadline=ticket.deadline,
        gpu=_gpu(db, ticket),
    )
    tasks.send_tasks(db, [claim], host_id=ticket.host, now=ticket.issued, is_again=True)
    log.info("task.readmitted id=%d workunit=%d host=%d", task.id, task.workunit_id, ticket.host)
    return True


def _ticket(output: bytes, trust: Trust) -> tuple[str, Ticket]:
    line, end, _ = output.partition(b"\n")
    if not end:
        raise OutputError("The output ends in its first line, so it answers nothing. It is not used.")
    text = read_header(line).ticket_text
    return text, read_ticket(text, trust=trust, now=parse_own_ticket(text).issued)


def _gpu(db: Database, ticket: Ticket) -> str:
    """To which kind of GPU it was sent. The ticket names none; but on a GPU it allows more memory than on a core."""
    bundle = experiments.find_bundle(db, ticket.bundle)
    declared = stored_manifest(bundle.manifest) if bundle else None
    if declared is None or not declared.uses_gpus:
        return ""
    return OUR_GPUS if declared.gpu or ticket.memory_mb > declared.memory_mb else ""


def _admit(db: Database, report: Report, remembered: TaskWithOwner | None, ticket: Ticket) -> str:
    if (ticket.task, ticket.host) != (report.task_id, report.host_id):
        return f"its ticket is of task {ticket.task} for host {ticket.host}"
    if experiments.find_bundle(db, ticket.bundle) is None:
        return f"its bundle {ticket.bundle[:12]} is not known here"
    if remembered is not None:
        wanted = workunits.find_workunit(db, remembered.task.workunit_id)
        if _is_cells_of(db, wanted, ticket) or (wanted and _is_left_of(db, wanted, remembered.task, ticket)):
            return ""
        return "its ticket orders other cells"
    workunit = _find_workunit(db, report.workunit_id, ticket)
    if isinstance(workunit, str):
        return workunit
    workunits.admit_task(db, report.task_id, workunit)
    return ""


def _find_workunit(db: Database, workunit_id: int | None, ticket: Ticket) -> Workunit | str:
    """The workunit of a forgotten task, remembered or made again; or why not. Its number is the host's own word."""
    if workunit_id is None:
        return "its name does not say of which workunit it is"
    if not 0 < workunit_id <= history.last_number(db, "workunit") + history.SKIPPED:
        return f"no workunit had the number {workunit_id}"  # and all later ones would come behind it
    workunit = workunits.find_workunit(db, workunit_id)
    if workunit is not None and not _is_cells_of(db, workunit, ticket):
        return f"workunit {workunit.id} orders other cells"
    return workunit or _remake_workunit(db, workunit_id, ticket)


def _remake_workunit(db: Database, workunit_id: int, ticket: Ticket) -> Workunit | str:
    experiment = experiments.find_experiment_by_name(db, ticket.experiment, ticket.version)
    bundle = experiments.find_bundle(db, ticket.bundle)
    if experiment is None or bundle is None or bundle.experiment_id != experiment.id:
        return f"{ticket.experiment}@{ticket.version} or its bundle is not known here"
    before = [
        registered
        for registered in registrations.read_registrations(db, experiment.id)
        if registered.created_at <= ticket.issued
    ]
    if not before:
        return f"{experiment.name} was not registered when it was ordered"
    registration_id = experiments.find_replicate_registration(db, experiment.id, ticket.replicates[0])
    fitting = [
        registered for registered in before if _orders(registered, ticket) and registration_id in (None, registered.id)
    ]
    if not fitting:
        return "its ticket speaks of another sweep than the registered ones"
    seeds = dict(zip(ticket.replicates, ticket.seeds, strict=True))
    fitting = [
        fit
        for fit in fitting
        if seed_secrets.are_own_seeds(db, experiment.name, experiment.version, fit.id, seeds)
        and experiments.are_free_or_same(db, experiment.id, fit.id, seeds)
    ]
    if not fitting:
        return "its seeds follow from no secret that is known here, or its numbers were issued again with others"
    # A ticket names no registration: rather one of just these configs than one of more, and the newest of those.
    places = set(ticket.places)
    registration = max(fitting, key=lambda fit: (set(read_registration_body(fit.body).design.places) == places, fit.id))
    made = _workunit(workunit_id, registration, ticket, copies=stored_manifest(experiment.manifest).copies)
    experiments.restore_replicates(db, experiment, registration.id, seeds)
    whole = workunits.find_containing_workunit(db, made)
    if whole is not None:
        left = [number for number in whole.replicates if number not in made.replicates]
        workunits.shrink_workunit(db, whole.id, whole.replicates, left)
        made = replace(made, split_from=whole.id, quorum=whole.quorum)
    workunits.admit_workunit(db, made)
    return made


def _is_left_of(db: Database, wanted: Workunit, task: BriefTask, ticket: Ticket) -> bool:
    others = [number for number in wanted.replicates if number not in ticket.replicates]
    if (*others, *ticket.replicates) != wanted.replicates or wanted.configs != ticket.places:
        return False
    if experiments.read_seeds(db, wanted.experiment_id, ticket.replicates) != ticket.seeds:
        return False
    if not others or task.ordinal or wanted.checks_task_id is not None:
        return False
    waiting = WaitingTask(
        task_id=task.id,
        workunit_id=wanted.id,
        ordinal=task.ordinal,
        target_host_id=wanted.target_host_id,
        registration_id=wanted.registration_id,
        replicates=wanted.replicates,
        configs=json.dumps(list(wanted.configs)),
        quorum=wanted.quorum,
        checks_task_id=wanted.checks_task_id,
    )
    workunits.split_workunit(db, wanted.experiment_id, waiting, [len(others)], ticket.issued)
    return True


def _orders(registration: Registration, ticket: Ticket) -> bool:
    configs = read_registration_body(registration.body).design.by_place
    try:
        return [configs[place] for place in ticket.places] == [dict(config) for config in ticket.configs]
    except (KeyError, ValueError):  # a place that no design has, or no tile
        return False


def _is_cells_of(db: Database, wanted: Workunit | None, ticket: Ticket) -> bool:
    if wanted is None or (wanted.replicates, wanted.configs) != (ticket.replicates, ticket.places):
        return False
    return experiments.read_seeds(db, wanted.experiment_id, ticket.replicates) == ticket.seeds


def _workunit(workunit_id: int, registration: Registration, ticket: Ticket, *, copies: int) -> Workunit:
    return Workunit(
        id=workunit_id,
        experiment_id=registration.experiment_id,
        registration_id=registration.id,
        replicates=ticket.replicates,
        configs=ticket.places,
        state=WorkunitState.OPEN,
        quorum=copies,
        max_failures=_MOST_FAILURES,
        created_at=ticket.issued,
    )
