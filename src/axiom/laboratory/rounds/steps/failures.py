"""A step of rounds, and a job between them: how closed tasks ended is counted, grouped, and told."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import axiom
from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.failures import EndingCount, FailureGroup
from axiom.domain.rounds import Note
from axiom.laboratory.failures.rules.failures import group_failures, suggest_remedy
from axiom.laboratory.failures.rules.tracebacks import find_raised_error
from axiom.rules.experiments.counted_endings import find_failure_cause
from axiom.store.engine.database import Database, from_microseconds, to_microseconds
from axiom.store.experiments import experiments
from axiom.store.tasks import endings
from axiom.store.tasks.endings import FailedTask

_SELDOM = timedelta(hours=1)
_Key = tuple[int, str, int, str, Cause, str]


def count_failures(db: Database, now: datetime) -> int:
    """Count every task that was closed since the last time, once; how many of them did not end well."""
    since, amount, after = endings.read_endings_counted_to(db), 0, 0
    well = endings.add_success_counts(db, since, now)
    start = since
    while closed := endings.list_failed_tasks(db, start, now, after):
        failures = [
            (task, cause) for task in closed if (cause := find_failure_cause(task.state, task.cause)) is not None
        ]
        endings.add_failure_counts(db, _tally(failures))
        amount += len(failures)
        start, after = to_microseconds(closed[-1].closed_at), closed[-1].task_id
    if well or amount or now - from_microseconds(since) > _SELDOM:  # a quiet laboratory must not write all day
        endings.set_endings_counted_to(db, max(now, from_microseconds(since)))
    return amount


def tell_failures(db: Database, since: datetime, now: datetime) -> list[Note]:
    """Count, and tell of each group in which a task ended since then; also when there is none."""
    count_failures(db, now)
    names = {experiment.id: experiment.whole_name for experiment in experiments.list_experiment_versions(db)}
    new = [
        group
        for group in group_failures(endings.list_failure_counts(db), endings.list_working_hosts(db))
        if group.last_at >= since
    ]
    notes = [_note(group, names[group.experiment_id]) for group in new]
    return notes or [Note(kind="failures.nothing", text="No task has failed since the last session.")]


def _note(group: FailureGroup, name: str) -> Note:
    suggestion = suggest_remedy(group)
    return Note(
        kind="failures.group",
        text="{experiment} on {platform}: {tasks} task(s) in all, on {hosts} host(s), because {cause}; "
        "this version is computed well on {works} host(s). Look at {look_at}: {reason}.",
        facts={
            "experiment": name,
            "platform": group.platform,
            "tasks": group.tasks,
            "hosts": len(group.hosts),
            "cause": f"{group.cause.words} ({group.raised})" if group.raised else group.cause.words,
            "works": len(group.works_on),
            "look_at": suggestion.look_at,
            "reason": suggestion.reason,
        },
        about=f"/failures?experiment={name}",
    )


def _tally(failures: list[tuple[FailedTask, Cause]]) -> list[EndingCount]:
    by_key: dict[_Key, list[FailedTask]] = {}
    for task, cause in failures:
        error = find_raised_error(task.said, _files(task.experiment)) if cause.blame is not Blame.VOLUNTEER else None
        key = (task.experiment_id, task.bundle_digest, task.host_id, task.platform, cause, str(error or ""))
        by_key.setdefault(key, []).append(task)
    return [
        EndingCount(
            experiment_id=key[0],
            bundle_digest=key[1],
            host_id=key[2],
            platform=key[3],
            cause=key[4],
            raised=key[5],
            amount=len(rows),
            first_at=rows[0].closed_at,
            last_at=rows[-1].closed_at,
            last_task=rows[-1].task_id,
        )
        for key, rows in by_key.items()
    ]


@cache
def _files(experiment: str) -> frozenset[str]:
    package = Path(axiom.__file__).parent
    shared = (path for folder in ("domain", "kit") for path in (package / folder).glob("*.py"))
    return frozenset({f"axiom/catalogue/{experiment}.py", *(f"axiom/{p.parent.name}/{p.name}" for p in shared)})
