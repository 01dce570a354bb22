"""Writes the signed orders of tasks at the moment they are sent, and writes down whose they are from then on."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.value import value_class
from axiom.domain.work import task_name
from axiom.errors import TicketTooLong
from axiom.server.dispatch.cache import KnownExperiment, OrderForm
from axiom.server.dispatch.dispatch_context import DispatchContext, TaskEffort
from axiom.server.dispatch.work_request import GrantedTask
from axiom.server.returns.transitioner import transit_many, transit_workunit
from axiom.signed.tickets import Order, Particulars
from axiom.signed.trust import seal_payload, seal_together
from axiom.store.engine.database import to_microseconds
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredBundle
from axiom.store.tasks import tasks, workunits
from axiom.store.tasks.tasks import TaskClaim
from axiom.store.tasks.waiting_tasks import SentTask, WaitingTask


@value_class
class UnsignedOrder:
    task: WaitingTask
    seeds: tuple[int, ...]
    body: bytes
    effort: TaskEffort
    bundle: StoredBundle


@value_class
class UnclaimedTask:
    """Granted, and not yet written down as the host's."""

    task: GrantedTask
    is_staged: bool  # of a version that is still being let out
    has_copies: bool  # its workunit waits for copies at other volunteers


def write_order(
    context: DispatchContext, experiment: KnownExperiment, form: OrderForm, wanted: WaitingTask, gpu: str
) -> UnsignedOrder | None:
    """The order for a waiting task. What nobody can ever be given must not stand before the others for ever."""
    seeds = experiments.read_seeds(context.db, experiment.id, wanted.replicates)
    particulars = Particulars(
        host=context.host.id,
        task=wanted.task_id,
        replicates=wanted.replicates,
        seeds=seeds,
        issued=context.now,
        deadline=context.term.deadline,
        expires=context.term.expires,
    )
    try:
        body = form.ticket.write(particulars)
    except TicketTooLong as error:
        workunits.request_abort(context.db, wanted.workunit_id, str(error))
        transit_workunit(context.db, wanted.workunit_id, context.now)
        return None
    effort = context.measure_effort(experiment, wanted, form.replicate_seconds, gpu)
    return UnsignedOrder(task=wanted, seeds=seeds, body=body, effort=effort, bundle=form.bundle)


def sign_orders(
    context: DispatchContext,
    experiment: KnownExperiment,
    written: Sequence[UnsignedOrder],
    gpu: str,
    *,
    is_staged: bool,
) -> list[UnclaimedTask]:
    """Sign orders for one host: all at once where its runner reads such orders, else one by one."""
    key, bodies = context.settings.key, [order.body for order in written]
    texts = seal_together(bodies, key) if context.request.jointly else [seal_payload(body, [key]) for body in bodies]
    return [
        UnclaimedTask(
            task=_granted_task(
                experiment,
                order.task,
                Order(
                    task=order.task.task_id,
                    host=context.host.id,
                    bundle=order.bundle.digest,
                    seeds=order.seeds,
                    ticket=ticket,
                ),
                order.effort,
                deadline=context.term.deadline,
                seal=order.bundle.seal,
                gpu=gpu,
            ),
            is_staged=is_staged,
            has_copies=order.task.quorum > 1 and not order.task.ordinal,
        )
        for order, ticket in zip(written, texts, strict=True)
    ]


def claim_tasks(context: DispatchContext, unclaimed: Sequence[UnclaimedTask]) -> None:
    """Write down that these tasks are the host's from now on."""
    claims = [
        TaskClaim(
            task_id=claim.task.task,
            experiment_id=claim.task.experiment,
            bundle_digest=claim.task.bundle,
            ticket=claim.task.order.ticket,
            deadline=claim.task.deadline,
            is_staged=claim.is_staged,
            gpu=claim.task.gpu,
        )
        for claim in unclaimed
    ]
    tasks.send_tasks(context.db, claims, host_id=context.host.id, now=context.now)
    if copied := {claim.task.workunit for claim in unclaimed if claim.has_copies}:  # how large they are is known now
        transit_many(context.db, copied, context.now)
    for claim in unclaimed:
        context.cache.note_turn(claim.task.experiment, to_microseconds(context.now))


def repeat_order(context: DispatchContext, task: SentTask) -> GrantedTask:
    """A task that was sent before, with the order that it had."""
    experiment, gpu = context.cache.experiments[task.experiment_id], task.gpu
    form = context.order_form(experiment, task, gpu) if experiment.bundle else None
    seconds = form.replicate_seconds if form else experiment.declared.seconds
    seeds = experiments.read_seeds(context.db, experiment.id, task.replicates)
    effort = context.measure_effort(experiment, task, seconds, gpu)
    order = Order(task=task.task_id, host=context.host.id, bundle=task.bundle_digest, seeds=seeds, ticket=task.ticket)
    return _granted_task(experiment, task, order, effort, deadline=task.deadline, seal=task.seal, gpu=gpu)


def _granted_task(
    experiment: KnownExperiment,
    task: WaitingTask | SentTask,
    order: Order,
    effort: TaskEffort,
    *,
    deadline: datetime,
    seal: str,
    gpu: str,
) -> GrantedTask:
    return GrantedTask(
        task=task.task_id,
        workunit=task.workunit_id,
        experiment=experiment.id,
        name=task_name(experiment.name, experiment.version, task.workunit_id, task.task_id),
        order=order,
        seconds=effort.seconds,
        declared_seconds=effort.declared_seconds,
        memory_mb=effort.memory_mb,
        disk_mb=experiment.declared.disk_mb,
        deadline=deadline,
        bundle=order.bundle,
        seal=seal,
        gpu=gpu,
        cores=effort.cores,
        times_longer=experiment.rule.times_longer,
    )
