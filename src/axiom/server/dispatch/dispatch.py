"""Hands out work: first again what a host lost, then what `decisions.assignment` gives it, each with a signed order."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.domain.value import value
from axiom.domain.work import TaskState, WorkunitState, task_name
from axiom.errors import TicketTooLong
from axiom.limits import hosts as limits
from axiom.rules.hosts.costs import class_of
from axiom.rules.hosts.reliability import QUOTA_LASTS, PastTask, gpu_rests
from axiom.rules.hosts.runners import unsuited
from axiom.rules.hosts.speed import elapsed_on
from axiom.rules.tasks.assignment import (
    ENOUGH,
    MEANT_FOR_OTHERS,
    NOTHING_ASKED,
    Allowance,
    GpuLoad,
    Queue,
    TaskShare,
    TasksInHand,
    WorkWish,
    assign,
    day_of,
    gpu_of,
    hourly_quota,
    sent_today,
)
from axiom.server.dispatch.cache import DispatchCache, KnownExperiment, OrderForm, WaitingSize
from axiom.server.dispatch.orders import (
    Dispatch,
    GrantedTask,
    UnsignedOrder,
    WorkGrant,
    WorkRequest,
    draft_order,
    order_again,
    sign_orders,
)
from axiom.server.dispatch.pick import Picker, RolloutLimits, Sizing
from axiom.server.returns.transitioner import transit, transit_many
from axiom.signed.manifests import Manifest
from axiom.store.engine.database import Database, at
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.tasks import waiting_tasks, workunits
from axiom.store.tasks.waiting_tasks import HeldTasks, SentTask, WaitingTask
from axiom.store.tasks.workunits import OrderedTask

log = logging.getLogger("axiom.dispatch")

_LOST_AT_ONCE = 32


def hand_out(
    db: Database,
    dispatch: Dispatch,
    cache: DispatchCache,
    host: Host,
    request: WorkRequest,
    now: datetime,
    *,
    allowance: Allowance | None = None,
) -> WorkGrant:
    cache.refresh(db)
    dispatcher = _Dispatcher(db, dispatch, cache, host, now, allowance or dispatch.volunteers, request)
    lost = dispatcher.find(request.holding, request.most) if request.holding is not None and request.most > 0 else ()
    granted, reason = dispatcher.serve(request, lost)
    if granted:
        hosts.served(db, host.id, day=day_of(now), sent=sent_today(host, now) + len(granted))
        log.debug("tasks.sent host=%d tasks=%s", host.id, [task.task for task in granted])
        return WorkGrant(granted=granted, lost=lost, reason=reason)
    why = reason if request.is_any and not lost else ""
    if host.why_no_work != why and (why or lost):
        hosts.told_why(db, host.id, why)
    return WorkGrant(granted=granted, lost=lost, reason=reason)


@value
class _WrittenOrder:
    draft: UnsignedOrder
    workunit: int
    cores: int
    declared_seconds: float
    seconds: float
    seal: str


class _Dispatcher:
    def __init__(
        self,
        db: Database,
        dispatch: Dispatch,
        cache: DispatchCache,
        host: Host,
        now: datetime,
        allowance: Allowance,
        request: WorkRequest,
    ) -> None:
        self._db = db
        self._dispatch = dispatch
        self._cache = cache
        self._is_ours = host.volunteer_id == dispatch.ourselves
        self._offered = cache.offered(is_ours=self._is_ours)
        self._host = host
        self._now = now
        self._allowance = allowance
        self._programs = request.programs
        self._jointly, self._holding = request.jointly, request.holding or frozenset()
        self._on_several_cores = request.on_several_cores and not self._is_ours
        self._hand = waiting_tasks.out_by_experiment(db, host.id)
        self._deadline = now + dispatch.deadline
        self._rests: str | None = None  # why its GPUs get nothing now, once that was looked up
        self._factors: dict[tuple[int, str], float] = {}
        self._lasting: dict[float, float] = {}
        self._is_more = False  # is more there than was thought, since what waits was cut into smaller tasks?
        self._picker = Picker(db, dispatch, cache, host, now, allowance.lent_seconds)
        self._rollout = RolloutLimits(db, dispatch, cache, host, now)
        self._staged: set[int] = set()  # versions that are still being let out
        self._copied: set[int] = set()  # workunits that wait for copies at other volunteers
        self._unsuited = ""

    def find(self, holding: frozenset[int], most: int) -> tuple[GrantedTask, ...]:
        """What our books say this host has and it does not: sent again, or taken back where it is closed by now."""
        missing = sorted(set[int]().union(*(tasks.ids for tasks in self._hand)) - holding)
        lost: list[GrantedTask] = []
        closed = False
        for task in waiting_tasks.sent_tasks(self._db, missing[: max(most, _LOST_AT_ONCE)]):
            if task.workunit_state is not WorkunitState.OPEN or self._rollout.is_outdated(task):
                self._take_back(task)
                closed = True
            elif not self._may_have(task.bundle_digest) or self._rollout.stopped(
                task.experiment_id, task.bundle_digest, task.gpu
            ):
                continue  # untried, or stopped since it was sent: it waits
            elif len(lost) < most and self._can_compute(task):
                lost.append(self._grant_again(task))
        if closed:
            self._hand = waiting_tasks.out_by_experiment(self._db, self._host.id)
        return tuple(lost)

    def serve(self, wish: WorkWish, lost: Sequence[GrantedTask]) -> tuple[tuple[GrantedTask, ...], str]:
        """New tasks, and why not more. What was sent again counts as what was asked for."""
        wish, sent = self._remaining_wish(wish, lost), (sent_today(self._host, self._now), self._sent_lately())
        if not wish.is_any:
            return (), f"{len(lost)} lost tasks sent again" if lost else NOTHING_ASKED
        in_hand = [self._tasks_in_hand(tasks) for tasks in self._hand]
        queues = self._queues()
        if not queues and self._unsuited:
            return (), self._unsuited
        granted, reason = self._deal(wish, queues, in_hand, sent)
        return tuple(granted), reason

    def _sent_lately(self) -> int:
        """How many tasks it had within the hour, as far as its quota asks: most hosts have none."""
        quota = hourly_quota(self._host, self._allowance)
        if quota is None:
            return 0
        return waiting_tasks.sent_since(self._db, self._host.id, self._now - QUOTA_LASTS, limit=2 * quota)

    def _deal(
        self, wish: WorkWish, queues: dict[int, Queue], in_hand: Sequence[TasksInHand], sent: tuple[int, int]
    ) -> tuple[list[GrantedTask], str]:
        granted: list[GrantedTask] = []
        for_others = False
        while True:
            self._is_more = False
            decided = assign(
                self._host,
                list(queues.values()),
                in_hand=[*in_hand, *map(_as_in_hand, granted)],
                wish=wish,
                allowance=self._allowance,
                sent_today=sent[0] + len(granted),
                sent_lately=sent[1] + len(granted),
            )
            taken: list[GrantedTask] = []
            unclaimed: list[GrantedTask] = []
            for share in decided.shares:
                if any(task.experiment == share.experiment_id for task in unclaimed):
                    # It has some for its GPU already: what is to be its cores' must be other tasks.
                    self._claim(unclaimed)
                    unclaimed = []
                some = self._take(share, queues, wish)
                unclaimed += some
                taken += some
                wish = self._remaining_wish(wish, some)
            self._claim(unclaimed)
            granted += taken
            planned = sum(share.tasks for share in decided.shares)
            for_others = for_others or len(taken) != planned
            as_planned = len(taken) == planned and not self._is_more
            if not wish.is_any or (as_planned and not decided.is_enough):
                break
        if not wish.is_any:
            return granted, ENOUGH
        nothing = for_others and not granted and not any(queue.unsent for queue in queues.values())
        return granted, MEANT_FOR_OTHERS if nothing else decided.reason

    def _queues(self) -> dict[int, Queue]:
        queues = {}
        for waiting in waiting_tasks.waiting(self._db, self._host.id):
            newest = self._cache.experiments.get(waiting.experiment_id)
            if newest is None or not newest.is_ready:
                continue
            experiment = self._offered[waiting.experiment_id]
            self._unsuited = unsuited(experiment.name, is_simulated=self._host.is_simulated)
            if self._unsuited:
                continue
            needs, size = experiment.declared, self._cache.size(experiment)
            gpu = self._gpu(needs)
            own = gpu if needs.gpu else ""  # where nothing else may compute it
            seconds = self._expected_seconds(experiment, size.seconds, own)
            parts = self._parts(experiment, size, seconds, own)
            quota = self._rollout.quota_for(experiment, own)
            held_back = quota.held_back or (self._why_gpus_rest() if own else "")
            self._staged |= {experiment.id} if quota.most is not None else set()
            queues[experiment.id] = Queue(
                experiment_id=experiment.id,
                name=experiment.name,
                unsent=min(waiting.unsent * parts, quota.most or waiting.unsent * parts),
                in_progress=waiting.in_progress,
                seconds=seconds / parts,
                memory_mb=self._memory(needs, own),
                cores=self._cores(needs, own),
                disk_mb=needs.disk_mb,
                rule=experiment.rule,
                avx=needs.avx,
                gpu=needs.gpu,
                gpu_memory_mb=needs.gpu_memory,
                on_gpu=self._load(experiment, size, gpu) if needs.may_use_gpu and gpu else None,
                is_meant=waiting.is_meant,
                is_read=self._cache.ours[experiment.id].is_ready,
                is_tried=experiment.is_ready,
                is_sealed=experiment.is_sealed(self._now),
                rank=self._cache.rank(experiment),
                last_turn=self._cache.last_turn(experiment.id),
                room=quota.most,
                held_back=held_back,
            )
        return queues

    def _load(self, experiment: KnownExperiment, size: WaitingSize, gpu: str) -> GpuLoad:
        seconds = self._expected_seconds(experiment, size.seconds, gpu)
        return GpuLoad(
            seconds=seconds / self._parts(experiment, size, seconds, gpu),
            memory_mb=self._memory(experiment.declared, gpu),
            held_back=self._rollout.quota_for(experiment, gpu).held_back or self._why_gpus_rest(),
        )

    def _parts(self, experiment: KnownExperiment, size: WaitingSize, seconds: float, gpu: str) -> int:
        """How many tasks a waiting one becomes for this host: one for a GPU that computes all of it side by side."""
        if gpu and experiment.declared.side_by_side:
            return 1
        return self._picker.parts(size, seconds, self._cores(experiment.declared, gpu))

    def _why_gpus_rest(self) -> str:
        if self._rests is None:
            tasks = waiting_tasks.ended_on_gpus(self._db, self._host.id, limits.GPU_FAILURES)
            past = [PastTask(state=state, cause=cause, words=words) for state, cause, words, _ in tasks]
            self._rests = gpu_rests(past, self._now - tasks[0][3]) if tasks else ""
        return self._rests

    def _take(self, share: TaskShare, queues: dict[int, Queue], wish: WorkWish) -> list[GrantedTask]:
        """So many tasks of one queue, or fewer when they are larger than was thought. Then it gives no more."""
        experiment, queue = self._offered[share.experiment_id], queues[share.experiment_id]
        chosen = self._choose(experiment, share, is_meant=queue.is_meant)
        written, used, cut_off = self._write_orders(experiment, share, chosen, wish)
        if used:
            self._picker.is_first = False
            self._cache.note_size(experiment, self._size(experiment, chosen[used - 1]))
        granted = self._sign(experiment, written, share.gpu)
        queues[share.experiment_id] = self._shortened(queue, share, granted, waiting=cut_off + len(chosen) - used)
        return granted

    def _write_orders(
        self, experiment: KnownExperiment, share: TaskShare, chosen: Sequence[WaitingTask], wish: WorkWish
    ) -> tuple[list[_WrittenOrder], int, int]:
        """Orders that fill a share; of how many of the chosen tasks they are made, and how many parts were cut off."""
        seconds, instances = wish.gpus[share.gpu] if share.gpu else (wish.seconds, wish.instances)
        cores = self._cores(experiment.declared, share.gpu)
        instances /= cores  # tasks, from here on
        written: list[_WrittenOrder] = []
        used = cut_off = 0
        for wanted in chosen:
            if len(written) >= share.tasks or (seconds <= 0 and len(written) >= instances):
                break
            form, parts, used = self._form(experiment, wanted, share.gpu), [wanted], used + 1
            if len(wanted.replicates) > 1 and not (share.gpu and experiment.declared.side_by_side):
                sizing = Sizing(
                    replicate_seconds=self._expected_seconds(experiment, form.replicate_seconds, share.gpu),
                    block=form.block,
                    cores=cores,
                    seconds=seconds,
                    least=instances - len(written),
                    most=share.tasks - len(written),
                )
                parts, rest = self._picker.cut(experiment, wanted, sizing)
                cut_off += rest
            for part in parts:
                order = self._write(experiment, form, part, share.gpu)
                if order is not None:
                    self._copied |= {part.workunit_id} if part.quorum > 1 and not part.ordinal else set()
                    written.append(order)
                    seconds -= self._elapsed_seconds(order.seconds)
        return written, used, cut_off

    def _shortened(self, queue: Queue, share: TaskShare, granted: Sequence[GrantedTask], *, waiting: int) -> Queue:
        """The queue once these are granted; noted, if more of it waits than was thought: at least `waiting` tasks."""
        amount = len(granted)
        left = queue.unsent - amount if amount == share.tasks else 0
        if amount == share.tasks and left < waiting:
            left, self._is_more = waiting, True
        room = None if queue.room is None else queue.room - amount
        left = left if room is None else min(left, room)
        return replace(queue, unsent=left, in_progress=queue.in_progress + amount, room=room)

    def _choose(self, experiment: KnownExperiment, share: TaskShare, *, is_meant: bool) -> list[WaitingTask]:
        """What could be taken; what the host has from before a restore has an order of its own and stays as it is.

        What has failed somewhere is tried again on a core, if it can be: GPUs that cannot compute use up no workunit.
        """
        candidates = self._picker.choose(experiment, share.tasks, is_meant=is_meant)
        is_for_any = not (share.gpu and experiment.declared.may_use_gpu)
        return [task for task in candidates if task.task_id not in self._holding and (is_for_any or not task.ordinal)]

    def _claim(self, granted: Sequence[GrantedTask]) -> None:
        claims = [
            OrderedTask(
                task_id=task.task,
                experiment_id=task.experiment,
                bundle_digest=task.bundle,
                ticket=task.order.ticket,
                deadline=task.deadline,
                is_staged=task.experiment in self._staged,
                gpu=task.gpu,
            )
            for task in granted
        ]
        workunits.send(self._db, claims, host_id=self._host.id, now=self._now)
        if self._copied:  # now that it is known how large they are
            transit_many(self._db, self._copied, self._now)
            self._copied = set()
        for task in granted:
            self._cache.note_turn(task.experiment, at(self._now))

    def _form(self, experiment: KnownExperiment, wanted: WaitingTask | SentTask, gpu: str) -> OrderForm:
        lab = self._dispatch.lab, self._dispatch.trust
        return self._cache.form(self._db, lab, experiment, wanted.registration_id, wanted.configs, gpu)

    def _size(self, experiment: KnownExperiment, wanted: WaitingTask) -> WaitingSize:
        form, replicates = self._form(experiment, wanted, ""), len(wanted.replicates)
        return WaitingSize(seconds=form.replicate_seconds * replicates, replicates=replicates, block=form.block)

    def _write(
        self, experiment: KnownExperiment, form: OrderForm, wanted: WaitingTask, gpu: str
    ) -> _WrittenOrder | None:
        host_id, now, deadline = self._host.id, self._now, self._deadline
        try:
            draft = draft_order(self._dispatch, experiment, form, wanted, host_id=host_id, now=now, deadline=deadline)
        except TicketTooLong as error:  # it must not stand before the others for ever
            workunits.request_abort(self._db, wanted.workunit_id, str(error))
            transit(self._db, wanted.workunit_id, now)
            return None
        declared = form.replicate_seconds * len(wanted.replicates)
        return _WrittenOrder(
            draft=draft,
            workunit=wanted.workunit_id,
            cores=self._cores(experiment.declared, gpu, wanted),
            declared_seconds=declared,
            seconds=self._expected_seconds(experiment, declared, gpu),
            seal=form.bundle.seal,
        )

    def _sign(self, experiment: KnownExperiment, written: Sequence[_WrittenOrder], gpu: str) -> list[GrantedTask]:
        drafts = [draft.draft for draft in written]
        orders = sign_orders(self._dispatch, drafts, host_id=self._host.id, jointly=self._jointly)
        return [
            GrantedTask(
                task=order.task,
                workunit=draft.workunit,
                experiment=experiment.id,
                name=task_name(experiment.name, experiment.version, draft.workunit, order.task),
                order=order,
                seconds=draft.seconds,
                declared_seconds=draft.declared_seconds,
                memory_mb=self._memory(experiment.declared, gpu),
                disk_mb=experiment.declared.disk_mb,
                deadline=self._deadline,
                bundle=order.bundle,
                seal=draft.seal,
                gpu=gpu,
                cores=draft.cores,
                times_longer=experiment.rule.times_longer,
            )
            for draft, order in zip(written, orders, strict=True)
        ]

    def _may_have(self, bundle: str) -> bool:
        """Nobody gets anything untried, not even again."""
        return preflights.has_passed(self._db, bundle, is_ours=self._is_ours)

    def _gpu(self, needs: Manifest) -> str:
        return gpu_of(self._host, needs.gpu_memory, self._programs) or "" if needs.uses_gpus else ""

    def _memory(self, needs: Manifest, gpu: str) -> int:
        """What a task adds to the memory in use: on a host of our own less than what its processes may hold."""
        return needs.memory_on(gpu) - (needs.shared_mb if self._is_ours else 0)

    def _cores(self, needs: Manifest, gpu: str, task: WaitingTask | SentTask | None = None) -> int:
        """On how many cores a task computes here: on those it asks for where a client is told so, else on one.

        This very task on one, if it has fewer cells than that.
        """
        if gpu or needs.cores == 1 or not self._on_several_cores:
            return 1
        is_small = task is not None and len(json.loads(task.configs)) * len(task.replicates) < needs.cores
        return 1 if is_small else needs.cores

    def _can_compute(self, task: SentTask) -> bool:
        if not task.gpu:
            return "" in self._programs
        needs = self._cache.experiments[task.experiment_id].declared
        return gpu_of(self._host, needs.gpu_memory, self._programs & {task.gpu}) is not None

    def _expected_seconds(self, experiment: KnownExperiment, seconds: float, gpu: str) -> float:
        factor = self._factors.get((experiment.id, gpu))
        if factor is None:
            kind = class_of(self._host, gpu)
            factor = self._cache.cost(self._db, experiment.id, kind, self._now).factor_for(self._host.id)
            self._factors[experiment.id, gpu] = factor
        return seconds * factor

    def _elapsed_seconds(self, seconds: float) -> float:
        if seconds not in self._lasting:
            self._lasting[seconds] = elapsed_on(self._host, seconds)
        return self._lasting[seconds]

    def _grant_again(self, task: SentTask) -> GrantedTask:
        experiment = self._cache.experiments[task.experiment_id]
        needs, bundle = experiment.declared, experiment.bundle
        replicate_seconds = self._form(experiment, task, task.gpu).replicate_seconds if bundle else needs.seconds
        declared = replicate_seconds * len(task.replicates)
        if bundle is None or bundle.digest != task.bundle_digest:
            bundle = experiments.bundle(self._db, task.bundle_digest)
        return GrantedTask(
            task=task.task_id,
            workunit=task.workunit_id,
            experiment=experiment.id,
            name=task_name(experiment.name, experiment.version, task.workunit_id, task.task_id),
            order=order_again(experiment, task, self._host.id),
            seconds=self._expected_seconds(experiment, declared, task.gpu),
            declared_seconds=declared,
            memory_mb=self._memory(needs, task.gpu),
            disk_mb=needs.disk_mb,
            deadline=task.deadline,
            bundle=task.bundle_digest,
            seal=bundle.seal if bundle else "",
            gpu=task.gpu,
            cores=self._cores(needs, task.gpu, task),
            times_longer=experiment.rule.times_longer,
        )

    def _take_back(self, task: SentTask) -> None:
        """What was closed while its host lost it is not sent again, and holds none of the host's cores any more."""
        stored = workunits.task(self._db, task.task_id)
        if stored is not None:
            reason = "its host lost it, and it is wanted no more or not in this form"
            workunits.move(self._db, stored, TaskState.ABORTED, reason, self._now)
            transit(self._db, task.workunit_id, self._now)

    def _tasks_in_hand(self, hand: HeldTasks) -> TasksInHand:
        experiment = self._cache.experiments[hand.experiment_id]
        size, cores = self._cache.size(experiment), self._cores(experiment.declared, hand.gpu)
        seconds = self._expected_seconds(experiment, size.seconds, hand.gpu)
        return TasksInHand(
            tasks=len(hand.ids),
            seconds=seconds / self._parts(experiment, size, seconds, hand.gpu),
            memory_mb=self._memory(experiment.declared, hand.gpu),
            disk_mb=experiment.declared.disk_mb,
            cores=cores,
        )

    def _remaining_wish(self, wish: WorkWish, granted: Sequence[GrantedTask]) -> WorkWish:
        if not granted:
            return wish
        wanted = {"": (wish.seconds, wish.instances), **wish.gpus}
        for task in granted:
            seconds, instances = wanted.get(task.gpu, (0.0, 0.0))
            wanted[task.gpu] = seconds - self._elapsed_seconds(task.seconds), instances - task.cores
        seconds, instances = wanted.pop("")
        return replace(wish, seconds=seconds, instances=instances, gpus=wanted, most=wish.most - len(granted))


def _as_in_hand(task: GrantedTask) -> TasksInHand:
    return TasksInHand(tasks=1, seconds=task.seconds, memory_mb=task.memory_mb, disk_mb=task.disk_mb, cores=task.cores)
