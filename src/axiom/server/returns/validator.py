"""Looks at the proof that tasks brought: load, decide by `rules.tasks.validation`, record. Many at once."""

import functools
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.credit import ReportedTime
from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import Standing
from axiom.domain.maps import Map, place_of, tile_at
from axiom.domain.value import value_class
from axiom.domain.work import Agreement, Result, Task, TaskState
from axiom.errors import NotFound, OutputError, StoreDamaged, StoreError, TicketError
from axiom.rules.hosts.outvoted_hosts import is_barred
from axiom.rules.tasks.agreement import QuorumResult, TaskVote, judge_quorum
from axiom.rules.tasks.tile_continuity import compare_with_parent
from axiom.rules.tasks.validation import Validation, validate_output
from axiom.server.returns import host_reliability, rechecks
from axiom.server.returns.draw_tiles import draw_tiles
from axiom.server.returns.host_reliability import ClosedTask
from axiom.server.returns.learn_costs import DeclaredSeconds, MeasuredTask, time_of_cores
from axiom.server.returns.transitioner import transit_many
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.signed.outputs import OUTPUT_LIMIT, read_output
from axiom.signed.tickets import Ticket, parse_own_ticket
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.maps import tiles
from axiom.store.tasks import results, tasks
from axiom.store.tasks.tasks import UnprovenTask
from axiom_weigh.grouping import group_pairs

copies_log = logging.getLogger("axiom.copies")

ReadAgain = Callable[[Task], Sequence[Result]]  # what a copy brought that was judged before; nothing where it is lost
log = logging.getLogger("axiom.validator")
SLICE = 200
_BARRED = (
    "two other computers agreed twice on what its host had computed otherwise, so nothing of that host is believed"
)
_SLICE_BYTES = 1024 * 1024  # of outputs that are judged at once: reading more would keep everybody waiting


@value_class
class ComparedCopies:
    tasks: Sequence[Task]  # as they were before it
    decided: QuorumResult
    results: Sequence[Result]  # that count from now on, first of all those of a copy that agrees


def compare(
    db: Database, workunit_id: int, wanted: int, brought: Mapping[int, Sequence[Result]], again: ReadAgain, early: float
) -> ComparedCopies:
    valid = [task for task in tasks.list_workunit_tasks(db, workunit_id) if task.state is TaskState.VALID]
    is_stored = any(task.agreement == Agreement.AGREES for task in valid)
    if is_stored:  # so no output is read again: it may have moved to the archive
        by_task: dict[int, Sequence[Result]] = {**results.list_copied_results(db, workunit_id), **brought}
    else:  # what moved was given up without agreement long ago, and nothing is compared with it
        valid = [task for task in valid if task.ticket is not None]
        by_task = {task.id: brought[task.id] if task.id in brought else again(task) for task in valid}
    cells = {task.id: tuple(by_task.get(task.id, ())) for task in valid}
    opinions = [TaskVote(task_id=task.id, cells=cells[task.id]) for task in valid if cells[task.id]]
    decided = judge_quorum(opinions, wanted, early=early)
    lost = {task.id: Agreement.DIFFERS for task in valid if not cells[task.id]}  # a copy that nobody can read
    tasks.set_task_agreements(db, {**lost, **decided.agreements})
    new = [*decided.agreeing, *decided.odd] if decided.agreeing else []
    if is_stored:
        new = [task_id for task_id in new if task_id in brought]
    copies_log.info("copies.compared workunit=%d %s", workunit_id, decided.reason)
    return ComparedCopies(tasks=valid, decided=decided, results=[cell for task_id in new for cell in cells[task_id]])


def blame(db: Database, compared: ComparedCopies, now: datetime) -> None:
    was_settled = any(task.agreement == Agreement.AGREES for task in compared.tasks)
    for task in compared.tasks:
        if compared.decided.agreements.get(task.id) is not Agreement.DIFFERS or task.host_id is None:
            continue
        is_known = task.agreement == Agreement.DIFFERS
        if not is_known:
            host_reliability.doubt_hosts(db, {task.host_id})
        if task.id in compared.decided.odd and not (is_known and was_settled):
            host_reliability.record_outvote(db, task.host_id, now)


@value_class
class _JudgedTask:
    waiting: UnprovenTask
    decided: Validation
    ticket: Ticket | None
    is_lost: bool = False  # is what we kept of it gone or damaged? That is not its host's doing


class Validator:
    """Judges returned tasks, each once. It belongs to the writer's thread."""

    def __init__(self, folder: Folder, secret: bytes) -> None:
        self._folder = folder
        self._secret = secret  # decides, with a task's id, whether it is checked
        self._manifests: dict[int, Manifest] = {}  # of what is judged together: another bundle may declare otherwise
        self._declared = DeclaredSeconds()

    def judge(self, db: Database, now: datetime, *, limit: int = SLICE) -> int:
        waiting = _slice(db, tasks.list_returned_tasks(db, limit))
        if not waiting:
            return 0
        self._manifests.clear()
        try:
            with db.savepoint():
                self._record_verdicts(db, waiting, now)
        except StoreError:
            raise  # the store's trouble is no fault of an output: it is looked at again
        except Exception:
            log.exception("tasks.unjudged first=%d last=%d", waiting[0].task.id, waiting[-1].task.id)
            for unproven in waiting:
                self._record_verdict_alone(db, unproven, now)
        return len(waiting)

    def _record_verdict_alone(self, db: Database, waiting: UnprovenTask, now: datetime) -> None:
        """Whatever an output made us stumble over must not hold up the others."""
        try:
            with db.savepoint():
                self._record_verdicts(db, [waiting], now)
        except StoreError:
            raise
        except Exception as error:
            log.exception("task.unjudged id=%d", waiting.task.id)
            why = f"judging it failed with {type(error).__name__}; the traceback is in the laboratory's log"
            tasks.set_task_states(db, [(waiting.task, TaskState.INVALID, why)], now)
            transit_many(db, [waiting.task.workunit_id], now)

    def _record_verdicts(self, db: Database, waiting: Sequence[UnprovenTask], now: datetime) -> None:
        outputs = blobs.read_inline_blobs(
            db, [unproven.task.output_digest for unproven in waiting if unproven.task.output_digest]
        )
        judged = [self._judge(db, unproven, outputs) for unproven in waiting]
        tasks.set_task_states(
            db, [(verdict.waiting.task, verdict.decided.state, verdict.decided.reason) for verdict in judged], now
        )
        compared = self._compare(db, judged)
        single = [result for verdict in judged if verdict.waiting.copies == 1 for result in verdict.decided.results]
        copied = [result for comparison in compared for result in comparison.results]
        stored = results.record_results(db, [*single, *copied], now)
        doubtful = self._draw(db, judged, compared, now)
        transit_many(db, [verdict.waiting.task.workunit_id for verdict in judged], now)
        host_reliability.update_standings(
            db, [self._closed_task(db, verdict) for verdict in judged if not verdict.is_lost], now
        )
        for comparison in compared:
            blame(db, comparison, now)
        proven = [verdict.waiting for verdict in judged if verdict.decided.state is TaskState.VALID]
        new = [unproven for unproven in proven if unproven.task.id not in stored.tasks and unproven.copies == 1]
        rechecks.order_rechecks(db, self._secret, new, now, doubtful=doubtful)
        cells = {verdict.waiting.task.id: verdict.decided.results for verdict in judged}
        rechecks.close_checks(db, proven, cells, now)
        _log(judged, stored)

    def _compare(self, db: Database, judged: Sequence[_JudgedTask]) -> list[ComparedCopies]:
        comparisons = []
        several = group_pairs(
            (verdict.waiting.task.workunit_id, verdict)
            for verdict in judged
            if verdict.waiting.copies > 1 and verdict.decided.state is TaskState.VALID
        )
        for workunit_id, new in several.items():
            first = new[0].waiting
            brought = {verdict.waiting.task.id: verdict.decided.results for verdict in new}
            tolerance = self._manifests[first.task.experiment_id].tolerance
            again = functools.partial(self._judge_again, db, first)
            comparisons.append(compare(db, workunit_id, first.copies, brought, again, tolerance))
        return comparisons

    def _judge_again(self, db: Database, unproven: UnprovenTask, task: Task) -> Sequence[Result]:
        """What a valid copy brought, as it was judged before; its host may have been found out since."""
        return self._judge(db, replace(unproven, task=task, outvoted=0), {}).decided.results

    def _draw(
        self, db: Database, judged: Sequence[_JudgedTask], compared: Sequence[ComparedCopies], now: datetime
    ) -> set[int]:
        """Put new tiles on their maps; the tasks of which one does not go on where its parent ends.

        Copies that agree confirm each other, so none of them is doubtful.
        """
        for copied in compared:
            chart = self._manifests[copied.tasks[0].experiment_id].map
            if chart and copied.results:
                draw_tiles(db, chart, copied.results, now)
        doubtful = set()
        for verdict in judged:
            if verdict.waiting.copies > 1:
                continue
            manifest = self._manifests.get(verdict.waiting.task.experiment_id)
            if verdict.decided.results and manifest and manifest.map:
                draw_tiles(db, manifest.map, verdict.decided.results, now)
                if why := _why_doubtful(db, manifest.map, verdict.decided.results):
                    doubtful.add(verdict.waiting.task.id)
                    log.info(
                        "tile.doubtful task=%d host=%s %s", verdict.waiting.task.id, verdict.waiting.task.host_id, why
                    )
        return doubtful

    def _judge(self, db: Database, waiting: UnprovenTask, outputs: Mapping[str, bytes]) -> _JudgedTask:
        task = waiting.task
        if is_barred(Standing(outvoted=waiting.outvoted)):  # what it had in hand when it was found out
            barred = Validation(state=TaskState.INVALID, reason=_BARRED)
            return _JudgedTask(waiting=waiting, decided=barred, ticket=None)
        manifest = self._manifest(db, task.experiment_id)
        if manifest is None or task.ticket is None or task.output_digest is None or task.sent_at is None:
            nothing = Validation(state=TaskState.INVALID, reason="it has no ticket or no output to be judged by")
            return _JudgedTask(waiting=waiting, decided=nothing, ticket=None, is_lost=task.output_digest is not None)
        try:
            # It was signed here and has not left the store since. That it may have run out meanwhile does not matter:
            # it still is the order that this output answers.
            ticket = parse_own_ticket(task.ticket)
            raw = outputs.get(task.output_digest)
            output = read_output(
                blobs.read_blob(db, self._folder, task.output_digest) if raw is None else raw,
                limit=OUTPUT_LIMIT,
                most_cells=len(ticket.replicates) * len(ticket.places),
            )
        except (OutputError, TicketError, NotFound, StoreDamaged) as error:
            unread = Validation(state=TaskState.INVALID, reason=str(error))
            is_lost = isinstance(error, (TicketError, NotFound, StoreDamaged))
            return _JudgedTask(waiting=waiting, decided=unread, ticket=None, is_lost=is_lost)
        decided = validate_output(
            ticket=ticket,
            ticket_text=task.ticket,
            experiment_id=task.experiment_id,
            manifest=manifest,
            output=output,
        )
        return _JudgedTask(waiting=waiting, decided=decided, ticket=ticket)

    def _closed_task(self, db: Database, judged: _JudgedTask) -> ClosedTask:
        task = judged.waiting.task
        return ClosedTask(
            task_id=task.id,
            host_id=task.host_id,
            state=judged.decided.state,
            cause=Cause.CELL_FAILED if judged.decided.state is TaskState.FAILED else "",
            sent_at=task.sent_at,
            ended_at=task.returned_at,
            spent=self._spent(db, judged),
        )

    def _spent(self, db: Database, judged: _JudgedTask) -> MeasuredTask | None:
        task, ticket = judged.waiting.task, judged.ticket
        if ticket is None or judged.decided.state is not TaskState.VALID:
            return None
        seconds = self._declared.seconds(db, judged.waiting.registration_id, ticket.places)
        times = ReportedTime(cpu_seconds=task.cpu_seconds or 0.0, elapsed_seconds=task.elapsed_seconds or 0.0)
        return MeasuredTask(
            experiment_id=task.experiment_id,
            gpu=task.gpu,
            cells=len(ticket.places) * len(ticket.replicates),
            declared_seconds=seconds * len(ticket.replicates),
            elapsed_seconds=time_of_cores(db, task.experiment_id, times, task.gpu).elapsed_seconds,
        )

    def _manifest(self, db: Database, experiment_id: int) -> Manifest | None:
        if experiment_id not in self._manifests:
            stored = experiments.find_experiment(db, experiment_id)
            if stored is None:
                return None
            self._manifests[experiment_id] = stored_manifest(stored.manifest)
        return self._manifests[experiment_id]


def _why_doubtful(db: Database, drawn: Map, brought: Sequence[Result]) -> str:
    parents: dict[tuple[int, int], bytes | None] = {}
    for result in brought:
        tile, arm = tile_at(result.config)
        if tile.parent is None or result.pixels is None:
            continue
        key = result.replicate, place_of(tile.parent, arm)
        if key not in parents:
            above = tiles.find_drawn_tile(db, result.experiment_id, key[1], result.replicate)
            parents[key] = above.pixels if above else None
        if (parent := parents[key]) is not None:
            seam = compare_with_parent(tile, result.pixels, parent, drawn)
            if seam.is_doubtful:
                return f"replicate={result.replicate} config={result.config} {seam.reason}"
    return ""


def _slice(db: Database, waiting: Sequence[UnprovenTask]) -> Sequence[UnprovenTask]:
    sizes = blobs.read_blob_sizes(
        db, [unproven.task.output_digest for unproven in waiting if unproven.task.output_digest]
    )
    total = 0
    for place, unproven in enumerate(waiting):
        total += sizes.get(unproven.task.output_digest or "", 0)
        if place and total > _SLICE_BYTES:
            return waiting[:place]
    return waiting


def _log(judged: Sequence[_JudgedTask], stored: results.RecordedCells) -> None:
    """One line for all that went well: a line for each would cost more than judging it."""
    states = Counter(str(verdict.decided.state) for verdict in judged)
    counts = " ".join(f"{state}={amount}" for state, amount in sorted(states.items()))
    log.info("tasks.judged %s results=%d duplicates=%d", counts, stored.results, stored.duplicates)
    for verdict in judged:
        if verdict.decided.state is not TaskState.VALID:
            log.info("task.%s id=%d %s", verdict.decided.state, verdict.waiting.task.id, verdict.decided.reason)
