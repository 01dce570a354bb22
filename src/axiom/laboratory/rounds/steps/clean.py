"""A step of rounds: what is stuck is given up, and what the janitor deleted is told, also when there was nothing."""

from dataclasses import asdict
from datetime import datetime, timedelta

from axiom.domain.rounds import Note
from axiom.domain.work import BriefTask, TaskState
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.limits import tasks as limits
from axiom.rules.tasks.stuck_tasks import StuckTask, find_stuck_tasks
from axiom.server.returns import host_reliability
from axiom.server.returns.outages import START
from axiom.server.returns.transitioner import make_expired_task, transit_many
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import stuck_tasks, tasks, workunits
from axiom.store.upkeep import cleanings, jobs

_AWAY = timedelta(days=7)


def clean_up(db: Database, now: datetime) -> list[Note]:
    """Expire what is stuck by rule, and let anybody have what waits for a host that fell silent."""
    return [*give_up_stuck_tasks(db, now), *_for_anybody(db, now)]


def give_up_stuck_tasks(db: Database, now: datetime) -> list[Note]:
    """Tasks that are out too long, or out for long at a silent host, go to somebody else."""
    listening = jobs.find_last_job_start(db, START)
    seen = {host.id: host.seen_at for host in host_store.list_all_hosts(db)}
    given_up: list[tuple[BriefTask, StuckTask]] = []
    for out in stuck_tasks.list_long_sent_tasks(db, now - limits.STUCK_AFTER_OUT):
        by_id = {task.id: task for task in out}
        given_up += [
            (by_id[stuck_task.task_id], stuck_task)
            for stuck_task in find_stuck_tasks(out, seen, now, listening=listening)
        ]
    tasks.set_task_states(db, [(task, TaskState.EXPIRED, stuck_task.reason) for task, stuck_task in given_up], now)
    transit_many(db, [task.workunit_id for task, _ in given_up], now)
    host_reliability.update_standings(db, [make_expired_task(task, now) for task, _ in given_up], now)
    if not given_up:
        text = "Tasks that are out: {out}. None is stuck."
        return [Note(kind="clean.nothing", text=text, facts={"out": _how_many_out(db)}, about="/status")]
    return _stuck_notes(given_up)


def _for_anybody(db: Database, now: datetime) -> list[Note]:
    """What waits for a single host that fell silent goes to any: the block that it is of would never close."""
    freed = workunits.free_targets(db, now - _AWAY)
    if not freed:
        return []
    text = "Tasks that waited for a single host, which was silent for a week: {tasks}. Any host may have them now."
    return [Note(kind="clean.freed", text=text, facts={"tasks": freed}, about="/status")]


def _how_many_out(db: Database) -> int:
    return counters.sum_counters(counters.read_counters(db), "task", TaskState.SENT)


def _stuck_notes(given_up: list[tuple[BriefTask, StuckTask]]) -> list[Note]:
    notes = [
        Note(
            kind="task.stuck",
            text="Task {task} was given up on: {reason}",
            facts={"task": task.id, "reason": stuck_task.reason},
            about=f"/tasks/{task.id}",
        )
        for task, stuck_task in given_up
    ]
    return shorten_notes(notes, "Tasks given up on", "/failures")


def tell_deletions(this_round: OpenRound) -> list[Note]:
    times, swept = cleanings.sum_cleanings(this_round.db, this_round.window)
    if not times:
        text = "The janitor has not cleaned since the session before."
        return [Note(kind="sweep.none", text=text, about="/status")]
    if not swept.is_any:
        text = "Cleanings since the session before: {times}. Nothing lay about that nothing refers to."
        return [Note(kind="sweep.nothing", text=text, facts={"times": times}, about="/status")]
    text = (
        "Cleanings since the session before: {times}. Deleted: files without a row {files}, uploads that nobody "
        "reported {uploads}, stored files that nothing names {blobs}, sign-ins that ran out {sign_ins}, compiled "
        "programs unused for long {caches}."
    )
    return [Note(kind="sweep.deleted", text=text, facts={"times": times} | asdict(swept), about="/status")]
