"""Hands out work: first again what a host lost, then what `decisions.assignment` gives it, each with a signed order."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from axiom.decisions.assignment import (
    Allowance,
    Held,
    Queue,
    Share,
    Wish,
    assign,
    day_of,
    gpu_of,
    sent_today,
)
from axiom.decisions.speed import elapsed_on
from axiom.domain.fleet import Host
from axiom.domain.value import value
from axiom.domain.work import TaskState, WorkunitState, task_name
from axiom.errors import TicketTooLong
from axiom.server.known import Known, KnownExperiment
from axiom.server.ordering import Dispatch, order_again, write_order
from axiom.server.transitioner import transit
from axiom.signed.tickets import Order
from axiom.store import dispatching, experiments, fleet, preflights, work
from axiom.store.database import Database
from axiom.store.dispatching import Candidate, HeldTasks, SentTask
from axiom.store.work import Claim

log = logging.getLogger("axiom.dispatch")

_ALONE_FOR = timedelta(days=7)  # nobody else was heard from: then a volunteer may repeat what it failed at
_MOST_PAGES = 8  # of tasks that this volunteer may not have, before the next question goes on behind them
_PAGE = 32
_MEANT_FOR_OTHERS = "all waiting work is meant for other computers"


@value
class Asked:
    """What a host asks for, and the tasks that it still has or has just reported."""

    seconds: float
    instances: float
    most: int
    holding: frozenset[int] | None  # None: it does not say, and is believed to have what it was given
    gpus: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # kind to seconds and instances
    cpu: bool = True  # its volunteer lets its processor compute for us
    programs: frozenset[str] = frozenset({""})  # the kinds of GPU on which its programs compute; "" is without


@value
class Given:
    """A task that a host is given, with all that it must be told."""

    task: int
    workunit: int
    experiment: int
    name: str
    order: Order
    seconds: float  # of a reference core, expected
    memory_mb: int
    disk_mb: int
    deadline: datetime
    bundle: str  # its digest
    seal: str
    gpu: str = ""  # the kind on which it computes


@value
class Handed:
    """What a host is given, what is sent to it again, and in one sentence why not more."""

    given: tuple[Given, ...]
    lost: tuple[Given, ...]
    reason: str


def hand_out(
    db: Database,
    dispatch: Dispatch,
    known: Known,
    host: Host,
    asked: Asked,
    now: datetime,
    *,
    allowance: Allowance | None = None,
) -> Handed:
    """Give a host what it lost and what it asks for, as far as its `allowance` goes: a volunteer's, if none is said."""
    known.look(db)
    counter = _Counter(db, dispatch, known, host, now, allowance or dispatch.volunteers, asked.programs)
    wish = Wish(
        seconds=asked.seconds,
        instances=asked.instances,
        most=asked.most,
        gpus=asked.gpus,
        cpu=asked.cpu,
        programs=asked.programs,
    )
    lost = counter.find(asked.holding, asked.most) if asked.holding is not None and asked.most > 0 else ()
    given, reason = counter.serve(wish, lost)
    if given:
        fleet.served(db, host.id, day=day_of(now), sent=sent_today(host, now) + len(given))
        log.debug("tasks.sent host=%d tasks=%s", host.id, [one.task for one in given])
        return Handed(given=given, lost=lost, reason=reason)
    why = reason if wish.is_any and not lost else ""
    if host.why_no_work != why and (why or lost):
        fleet.told_why(db, host.id, why)
    return Handed(given=given, lost=lost, reason=reason)


class _Counter:
    """One host at the counter: what it has, what it is given."""

    def __init__(
        self,
        db: Database,
        dispatch: Dispatch,
        known: Known,
        host: Host,
        now: datetime,
        allowance: Allowance,
        programs: frozenset[str],
    ) -> None:
        self._db = db
        self._dispatch = dispatch
        self._known = known
        self._offered = known.offered(is_ours=host.volunteer_id == dispatch.ourselves)
        self._host = host
        self._now = now
        self._allowance = allowance
        self._programs = programs
        self._hand = dispatching.held(db, host.id)
        self._alone: bool | None = None

    def find(self, holding: frozenset[int], most: int) -> tuple[Given, ...]:
        """What our books say this host has and it does not: sent again, or taken back where it is closed by now."""
        missing = sorted(set[int]().union(*(held.ids for held in self._hand)) - holding)
        found: list[Given] = []
        closed = False
        for task in dispatching.sent(self._db, missing[: max(most, _PAGE)]):
            if task.workunit_state is not WorkunitState.OPEN:
                self._take_back(task)
                closed = True
            elif not self._may_have(task.bundle_digest):
                continue  # sent before a preflight was asked for; it waits for its own like the others
            elif len(found) < most and (kind := self._kind(task.experiment_id)) in self._programs:
                found.append(self._again(task, kind))
        if closed:
            self._hand = dispatching.held(self._db, self._host.id)
        return tuple(found)

    def serve(self, wish: Wish, lost: Sequence[Given]) -> tuple[tuple[Given, ...], str]:
        """New tasks, and why not more. What was sent again counts as what was asked for."""
        wish, today = self._less(wish, lost), sent_today(self._host, self._now)
        if not wish.is_any:
            return (), f"{len(lost)} lost tasks sent again" if lost else "no work was asked for"
        held = [self._held(each) for each in self._hand]
        given: list[Given] = []
        queues = self._queues()
        for_others = False
        while True:
            decided = assign(
                self._host,
                list(queues.values()),
                held=held,
                wish=wish,
                allowance=self._allowance,
                sent_today=today + len(given),
            )
            taken: list[Given] = []
            for share in decided.shares:
                some = self._take(share, queues, wish)
                taken += some
                wish = self._less(wish, some)
            self._claim(taken)
            given += taken
            held += [_as_held(one) for one in taken]
            as_planned = len(taken) == sum(share.tasks for share in decided.shares)
            for_others = for_others or not as_planned
            if not wish.is_any or (as_planned and not decided.is_enough):
                break
        if not wish.is_any:
            return tuple(given), "this is as much as was asked for"
        nothing = for_others and not given and not any(queue.unsent for queue in queues.values())
        return tuple(given), _MEANT_FOR_OTHERS if nothing else decided.reason

    def _queues(self) -> dict[int, Queue]:
        queues = {}
        for waiting in dispatching.waiting(self._db, self._host.id):
            newest = self._known.experiments.get(waiting.experiment_id)
            if newest is None or not newest.is_ready:
                continue
            experiment = self._offered[waiting.experiment_id]
            needs = experiment.declared
            queues[experiment.id] = Queue(
                experiment_id=experiment.id,
                name=experiment.name,
                unsent=waiting.unsent,
                in_progress=waiting.in_progress,
                seconds=self._known.size(experiment),
                memory_mb=needs.memory_mb,
                disk_mb=needs.disk_mb,
                avx=needs.avx,
                gpu=needs.gpu,
                gpu_memory_mb=needs.gpu_memory,
                is_meant=waiting.is_meant,
                is_tried=experiment.is_ready,
                is_sealed=experiment.is_sealed(self._now),
                last_turn=waiting.last_turn,
            )
        return queues

    def _take(self, share: Share, queues: dict[int, Queue], wish: Wish) -> list[Given]:
        """So many tasks of one queue, or fewer when they are larger than was thought. Then it gives no more."""
        experiment, queue = self._offered[share.experiment_id], queues[share.experiment_id]
        seconds, instances = wish.gpus[share.gpu] if share.gpu else (wish.seconds, wish.instances)
        given: list[Given] = []
        for wanted in self._choose(experiment, share.tasks, is_meant=queue.is_meant):
            if seconds <= 0 and len(given) >= instances:
                break
            one = self._write(experiment, wanted, share.gpu)
            if one is not None:
                given.append(one)
                seconds -= elapsed_on(self._host, one.seconds)
        left = queue.unsent - len(given) if len(given) == share.tasks else 0
        queues[share.experiment_id] = replace(queue, unsent=left, in_progress=queue.in_progress + len(given))
        return given

    def _claim(self, given: Sequence[Given]) -> None:
        """From here on these tasks are this host's."""
        claims = [
            Claim(
                task_id=one.task,
                experiment_id=one.experiment,
                bundle_digest=one.bundle,
                ticket=one.order.ticket,
                deadline=one.deadline,
            )
            for one in given
        ]
        work.send(self._db, claims, host_id=self._host.id, now=self._now)

    def _choose(self, experiment: KnownExperiment, amount: int, *, is_meant: bool) -> list[Candidate]:
        """The oldest waiting tasks for this host: first those that are meant for it alone."""
        meant = dispatching.targeted(self._db, experiment.id, self._host.id, limit=amount) if is_meant else []
        return meant + self._open(experiment.id, amount - len(meant)) if len(meant) < amount else meant

    def _open(self, experiment_id: int, amount: int) -> list[Candidate]:
        """The oldest tasks for anybody that this host's volunteer may have."""
        volunteer_id = self._host.volunteer_id
        after = self._known.passed(volunteer_id, experiment_id, self._now)
        chosen: list[Candidate] = []
        limit, passed = amount, 0
        for _ in range(_MOST_PAGES):
            page = dispatching.candidates(self._db, experiment_id, after=after, limit=limit)
            for candidate in page:
                if not self._is_barred(candidate, chosen):
                    chosen.append(candidate)
                elif not chosen:
                    passed = candidate.task_id
            if len(page) < limit or len(chosen) >= amount:
                break
            after, limit = page[-1].task_id, _PAGE
        if passed:
            self._known.pass_by(volunteer_id, experiment_id, passed, self._now)
        return chosen[:amount]

    def _is_barred(self, wanted: Candidate, chosen: Sequence[Candidate]) -> bool:
        """Has this host's volunteer computed the same already? A second opinion must be somebody else's."""
        if not wanted.ordinal and wanted.quorum == 1 and wanted.checks_task_id is None:
            return False
        db, volunteer_id = self._db, self._host.volunteer_id
        if any(other.workunit_id == wanted.workunit_id for other in chosen):
            return True
        if wanted.checks_task_id is not None and dispatching.computed(db, wanted.checks_task_id, volunteer_id):
            return not (volunteer_id == self._dispatch.ourselves and self._is_alone())
        return dispatching.had_before(db, wanted.workunit_id, volunteer_id) and not self._is_alone()

    def _is_alone(self) -> bool:
        """Is there nobody else who could compute it?"""
        if self._alone is None:
            self._alone = dispatching.is_alone(self._db, self._host.volunteer_id, self._now - _ALONE_FOR)
        return self._alone

    def _write(self, experiment: KnownExperiment, wanted: Candidate, gpu: str) -> Given | None:
        """The task with its signed order; None when its order would be too long for anybody."""
        lab = self._dispatch.lab
        form = self._known.form(
            self._db, (lab, self._dispatch.trust), experiment, wanted.registration_id, wanted.configs
        )
        try:
            order = write_order(self._dispatch, experiment, form, wanted, host_id=self._host.id, now=self._now)
        except TicketTooLong as error:  # it must not stand before the others for ever
            work.request_abort(self._db, wanted.workunit_id, str(error))
            transit(self._db, wanted.workunit_id, self._now)
            return None
        seconds = form.replicate_seconds * len(wanted.replicates)
        self._known.note_size(experiment, seconds)
        return Given(
            task=wanted.task_id,
            workunit=wanted.workunit_id,
            experiment=experiment.id,
            name=task_name(experiment.name, experiment.version, wanted.workunit_id, wanted.task_id),
            order=order,
            seconds=seconds,
            memory_mb=experiment.declared.memory_mb,
            disk_mb=experiment.declared.disk_mb,
            deadline=self._now + self._dispatch.deadline,
            bundle=form.bundle.digest,
            seal=form.bundle.seal,
            gpu=gpu,
        )

    def _may_have(self, bundle: str) -> bool:
        """Other people's computers get nothing untried, not even again."""
        return self._host.volunteer_id == self._dispatch.ourselves or preflights.has_passed(self._db, bundle)

    def _kind(self, experiment_id: int) -> str | None:
        """On which kind of this host's GPUs an experiment computes, empty for none of them; None where it cannot."""
        needs = self._known.experiments[experiment_id].declared
        return gpu_of(self._host, needs.gpu_memory, self._programs) if needs.gpu else ""

    def _again(self, task: SentTask, gpu: str) -> Given:
        """A task that was sent before, with the very same order."""
        experiment = self._known.experiments[task.experiment_id]
        needs, bundle = experiment.declared, experiment.bundle
        if bundle is None or bundle.digest != task.bundle_digest:
            bundle = experiments.bundle(self._db, task.bundle_digest)
        return Given(
            task=task.task_id,
            workunit=task.workunit_id,
            experiment=experiment.id,
            name=task_name(experiment.name, experiment.version, task.workunit_id, task.task_id),
            order=order_again(experiment, task, self._host.id),
            seconds=self._known.size(experiment),
            memory_mb=needs.memory_mb,
            disk_mb=needs.disk_mb,
            deadline=task.deadline,
            bundle=task.bundle_digest,
            seal=bundle.seal if bundle else "",
            gpu=gpu,
        )

    def _take_back(self, task: SentTask) -> None:
        """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
        found = work.task(self._db, task.task_id)
        if found is not None:
            reason = "its host lost it after its workunit was closed"
            work.move(self._db, found, TaskState.ABORTED, reason, self._now)

    def _held(self, hand: HeldTasks) -> Held:
        experiment = self._known.experiments[hand.experiment_id]
        return Held(
            tasks=len(hand.ids),
            seconds=self._known.size(experiment),
            memory_mb=experiment.declared.memory_mb,
            disk_mb=experiment.declared.disk_mb,
        )

    def _less(self, wish: Wish, given: Sequence[Given]) -> Wish:
        """What is still wanted when this has been given."""
        if not given:
            return wish
        wanted = {"": (wish.seconds, wish.instances), **wish.gpus}
        for one in given:
            seconds, instances = wanted.get(one.gpu, (0.0, 0.0))
            wanted[one.gpu] = seconds - elapsed_on(self._host, one.seconds), instances - 1
        seconds, instances = wanted.pop("")
        return replace(wish, seconds=seconds, instances=instances, gpus=wanted, most=wish.most - len(given))


def _as_held(one: Given) -> Held:
    return Held(tasks=1, seconds=one.seconds, memory_mb=one.memory_mb, disk_mb=one.disk_mb)
