"""`axiom workunit` and `axiom task`: what is ordered and what hosts were given."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import (
    ID,
    Shown,
    answer_option,
    data_option,
    quiet_option,
    reading_options,
    show_facts,
    show_table,
)
from axiom.domain.work import Task, TaskState, Workunit, WorkunitState
from axiom.errors import NotFound
from axiom.gate.command import Answer
from axiom.laboratory.backups.archive import is_possible, read_task_output
from axiom.reads.leaderboards import THOUSANDTHS
from axiom.reads.tasks import describe_progress, describe_task_end
from axiom.service.open_laboratory import open_for_reading
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.tasks import archives, progress, results, workunits
from axiom.store.tasks import tasks as task_store
from axiom.store.views import tasks as task_views
from axiom_weigh.amounts import tell_amount
from axiom_weigh.atomic_file import write_whole_file
from axiom_weigh.terminal import print_remark, print_text

_STATE = "Only those in this state."
_limit = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many."
)


@click.group(
    cls=Group,
    changes={
        "cancel": change_command(
            "workunit.cancel", lambda answer: f"{len(answer['cancelled'])} cancelled", noun="workunits"
        )
    },
)
def workunit() -> None:
    """Orders: some replicates of one experiment each."""


@workunit.command("list")
@data_option
@click.option("--state", type=click.Choice([state.value for state in WorkunitState]), help=_STATE)
@_limit
@answer_option
def list_workunits(folder: Folder, state: str | None, limit: int) -> Shown:
    """The newest workunits."""
    with open_for_reading(folder) as db:
        newest = task_views.list_newest_workunits(db, state or "", limit)
    yield {"workunits": [_workunit(row) for row in newest]}
    show_table(
        ("id", "experiment", "replicates", "state", "reason"),
        [(row.id, row.experiment_id, _span(row.replicates), row.state, row.reason) for row in newest],
        none="There is no such workunit.",
    )


@workunit.command("show")
@click.argument("workunit_id", type=ID)
@data_option
@answer_option
def show_workunit(workunit_id: int, folder: Folder) -> Shown:
    """One workunit with its tasks."""
    with open_for_reading(folder) as db:
        stored = workunits.find_workunit(db, workunit_id)
        tasks = task_store.list_workunit_tasks(db, workunit_id)
        checks = task_views.list_workunit_checks(db, workunit_id)
    if stored is None:
        raise NotFound(f"There is no workunit {workunit_id}. `axiom workunit list` shows what there is.")
    rows = [{"workunit": check.workunit_id, "task": check.task_id, "state": check.state} for check in checks]
    yield {"workunit": {**_workunit(stored), "checks": rows, "tasks": [_task(task) for task in tasks]}}
    show_facts(_workunit(stored))
    for check in checks:
        print_text(f"checked by workunit {check.workunit_id}, which repeats task {check.task_id}: {check.state}")
    print_text()
    _show_tasks(tasks)


def _describe_abort(answer: Answer) -> str:
    then = "is ordered again" if answer["again"] else "is not ordered again"
    if answer["parts"]:
        then += f", nor that of {tell_amount(len(answer['parts']), 'part')} split from it"
    return f"Task {answer['task']} is aborted: host {answer['host']} hears of it at its next contact. Its work {then}"


@click.group(
    cls=Group,
    changes={
        "abort": change_command(
            "task.abort",
            _describe_abort,
            own={
                "again": click.Option(
                    ["--not-again", "again"],
                    flag_value=False,
                    default=True,
                    help="Give its work up, too: its workunit is cancelled, with its open parts.",
                ),
            },
        )
    },
)
def task() -> None:
    """Copies of workunits, each given to one host."""


@task.command("list")
@data_option
@click.option("--state", type=click.Choice([state.value for state in TaskState]), help=_STATE)
@_limit
@answer_option
def list_tasks(folder: Folder, state: str | None, limit: int) -> Shown:
    """The newest tasks."""
    with open_for_reading(folder) as db:
        newest = task_views.list_newest_tasks(db, state or "", limit)
    yield {"tasks": [_task(row) for row in newest]}
    _show_tasks(newest)


@task.command("show")
@click.argument("task_id", type=ID)
@reading_options
def show_task(task_id: int, folder: Folder) -> Shown:
    """One task with the results that it brought."""
    with open_for_reading(folder) as db:
        stored = task_store.find_task(db, task_id)
        brought = results.list_task_results(db, task_id)
        ending = _ended(db, folder, task_id) if stored else {}
    if stored is None:
        raise NotFound(f"There is no task {task_id}. `axiom task list` shows what there is.")
    rows = [{**asdict(result), "early": list(result.early)} for result in brought]
    yield {"task": {**_task(stored), **ending, "results": rows}}
    at = ending["progress_at"]
    far = f"at {at} said to be {100 * ending['progress']:.0f} % done" if at else ""
    shown = {name: value for name, value in (ending | {"progress": far}).items() if value not in (None, "", [])}
    show_facts({**_task(stored), **shown})
    print_text()
    show_table(
        ("replicate", "config", "seed", "outcome", "cpu s"),
        [(result.replicate, result.config, result.seed, result.outcome, result.cpu_seconds) for result in brought],
        none="It brought no results.",
    )


@task.command("output")
@click.argument("task_id", type=ID)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; without it, standard output.")
@data_option
@quiet_option
def output_of(task_id: int, output: Path | None, folder: Folder, quiet: bool) -> None:
    """What a task's host brought, byte for byte, also where it moved to the archive: the signed ticket is in it."""
    with open_for_reading(folder) as db:
        brought = read_task_output(db, folder, task_id)
    if brought.output is None:
        raise NotFound(f"Task {task_id} brought no output: `axiom task show {task_id}` says how it ended.")
    if output is None:
        sys.stdout.buffer.write(brought.output)
        return
    with write_whole_file(output) as unfinished:
        unfinished.write_bytes(brought.output)
    place = f"the archive {brought.archive.name}" if brought.archive else "the database"
    print_remark(f"Wrote {output}, from {place}.", quiet=quiet)


def _ended(db: Database, folder: Folder, task_id: int) -> dict[str, Any]:
    """How a task ended or how far it is, as its page has it, and the host's own words, which only the operator sees."""
    end = task_views.read_task_end(db, task_id)
    paid = sum(award.amount for award in task_views.list_task_payments(db, task_id))
    checks = [check.workunit_id for check in task_views.list_task_checks(db, task_id)]
    far = describe_progress(progress.find_task_progress(db, task_id))
    message = end.message
    archive = archives.find_task_archive(db, task_id)
    if archive is not None:
        message = read_task_output(db, folder, task_id).message if is_possible() else f"in the archive {archive.name}"
    return {**describe_task_end(end), **far, "credit": paid / THOUSANDTHS, "checks": checks, "message": message}


def _show_tasks(tasks: list[Task]) -> None:
    show_table(
        ("id", "workunit", "host", "state", "sent", "cpu s", "reason"),
        [
            (task.id, task.workunit_id, task.host_id, task.state, task.sent_at, task.cpu_seconds, task.reason)
            for task in tasks
        ],
        none="There is no such task.",
    )


def _workunit(workunit: Workunit) -> dict[str, Any]:
    return {
        **asdict(workunit),
        "replicates": list(workunit.replicates),
        "configs": list(workunit.configs),
        "created_at": workunit.created_at.isoformat(),
    }


def _task(task: Task) -> dict[str, Any]:
    facts = asdict(task)
    facts.pop("ticket")
    for name in ("created_at", "sent_at", "deadline", "returned_at"):
        facts[name] = facts[name].isoformat() if facts[name] else None
    return facts


def _span(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
