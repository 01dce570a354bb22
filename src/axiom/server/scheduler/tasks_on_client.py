"""What a client says of the tasks that it has or had, and which of them it should give up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from axiom.boinc.exit_codes import read_reported_ending
from axiom.boinc.requests import SchedulerRequest, TaskReport, Trickle, read_progress
from axiom.domain.failure_causes import Cause
from axiom.domain.work import Report, read_task_name
from axiom.limits import tasks as limits
from axiom.rules.tasks.unwanted_tasks import GiveUp, choose_give_up
from axiom.server.scheduler.reply_elements import SUFFIX
from axiom.signed.bundles import SHARED
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.journal import history
from axiom.store.tasks import foreign_tasks, progress, uploads
from axiom.store.tasks.progress import ProgressReport

_MOST = 256  # tasks of which one contact may speak: more than a host has in hand
_MOST_WORDS = 4_000  # characters of a task's standard error that are looked at
_MEGABYTE = 2**20

TasksOnClient = Mapping[str, int | None] | None  # names to numbers, where they are ours; None: the client does not say


def read_tasks_on_client(request: SchedulerRequest) -> TasksOnClient:
    """The tasks that the client still has: name to number, where the name is one of ours. None: it does not say."""
    if request.other_results is None:
        return None
    numbers = {name: read_task_name(name.removesuffix(SUFFIX)) for name in request.other_results}
    return {name: number[1] if number else None for name, number in numbers.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class UnwantedTasks:
    at_once: tuple[str, ...] = ()
    if_not_started: tuple[str, ...] = ()


def find_unwanted_tasks(db: Database, host_id: int, tasks: TasksOnClient, now: datetime) -> UnwantedTasks:
    """What the client should give up."""
    if not tasks:
        return UnwantedTasks()
    by_choice: dict[GiveUp, list[str]] = {choice: [] for choice in GiveUp}
    numbers = {number for number in tasks.values() if number is not None}
    stands = hosts.list_task_standings(db, sorted(numbers))
    lost = _lost_numbers(db, host_id, numbers - stands.keys())
    strange = [name for name, number in tasks.items() if number not in stands]
    foreign = foreign_tasks.list_foreign_deadlines(db, host_id, strange) if strange else {}
    for name, number in tasks.items():
        if name in foreign:
            is_overdue = now > foreign[name] + limits.FOREIGN_TASK_GRACE
            by_choice[GiveUp.IF_NOT_STARTED if is_overdue else GiveUp.KEEP].append(name)
            continue
        stand = stands.get(number) if number is not None else None
        choice = choose_give_up(
            is_ours=stand is not None and stand.host_id == host_id,
            state=stand.state if stand else None,
            workunit=stand.workunit if stand else None,
            is_lost=number in lost,
        )
        by_choice[choice].append(name)
    return UnwantedTasks(
        at_once=tuple(by_choice[GiveUp.AT_ONCE]), if_not_started=tuple(by_choice[GiveUp.IF_NOT_STARTED])
    )


def _lost_numbers(db: Database, host_id: int, unknown: Collection[int]) -> set[int]:
    """Those of these numbers, of which no task is known, that the host may have from a time that is forgotten here.

    No task is ever deleted, so a number up to the last one has none only where a restore left it out. A host from after
    the restore got none of them: under its number no ticket was signed before.
    """
    if not unknown or not history.was_history_forked_since(db, "host", host_id):
        return set()
    last = history.last_number(db, "task")
    return {number for number in unknown if 0 < number <= last}


def list_unused_files(request: SchedulerRequest, *in_use: Collection[str]) -> tuple[str, ...]:
    """Bundles and seals that the client keeps and with which no task will go out any more: they are none of `in_use`.

    It keeps each until it is told, and names all of them in every request. What a task of its still needs it keeps as
    long as that task.
    """
    unused = (file for file in request.files if not any(file in names for names in in_use))
    return tuple(islice(filter(SHARED.fullmatch, unused), limits.FILES_IN_A_REPLY))


def record_progress(db: Database, host_id: int, trickles: Sequence[Trickle], now: datetime) -> None:
    """Keep how far this host says that its tasks are. Of several words about one, the last counts."""
    latest: dict[int, ProgressReport] = {}
    for trickle in trickles:
        share, name = read_progress(trickle), read_task_name(trickle.task.removesuffix(SUFFIX))
        if name is not None and share is not None and (name[1] in latest or len(latest) < _MOST):
            latest[name[1]] = ProgressReport(task_id=name[1], fraction=share[0], cpu_seconds=share[1])
    progress.record_progress(db, host_id, list(latest.values()), now)


def read_reports(db: Database, host_id: int, results: Sequence[TaskReport], now: datetime) -> list[Report]:
    """What a client says about its finished tasks. A claim of success without its file in our hands is none."""
    if not results:
        return []
    named = [(result, read_task_name(result.name.removesuffix(SUFFIX))) for result in results]
    arrived = uploads.read_uploads(db, [numbers[1] for _, numbers in named if numbers])
    made = []
    for result, numbers in named:
        if numbers is None:
            foreign_tasks.store_foreign_report(db, host_id, result.name, _foreign_report(result), now)
            continue  # not one of ours; acknowledged all the same, or it would come for ever
        report = read_reported_ending(result)
        upload = arrived.get(numbers[1])
        claimed = {file.md5 for file in result.files if file.md5}
        whole = upload is not None and (not claimed or upload.md5 in claimed)
        proven = upload.digest if upload is not None and whole else None
        made.append(
            Report(
                task_id=numbers[1],
                workunit_id=numbers[0],
                host_id=host_id,
                exit_status=report.exit_status,
                output_digest=proven if report.succeeded else None,
                cpu_seconds=result.cpu_seconds,
                elapsed_seconds=result.elapsed_seconds,
                message=_shorten_words(result),
                boinc_state=int(result.state),
                cause=report.cause if not report.succeeded or proven else Cause.NO_OUTPUT,
                in_words="" if report.succeeded else report.reason,
                peak_memory_mb=result.peak_memory_bytes / _MEGABYTE,
                peak_disk_mb=result.peak_disk_bytes / _MEGABYTE,
            )
        )
    return made


def _shorten_words(result: TaskReport) -> str:
    """As much of what it says as is stored: all that its client says, and the end of what the program wrote."""
    words = result.message[-limits.MESSAGE_CHARACTERS :]
    room = limits.MESSAGE_CHARACTERS - len(words) - 1
    return f"{words} {result.stderr[-room:] if room > 0 else ''}".strip()


def _foreign_report(result: TaskReport) -> dict[str, object]:
    return {
        "exit_status": result.exit_status,
        "state": int(result.state),
        "cpu_seconds": result.cpu_seconds,
        "elapsed_seconds": result.elapsed_seconds,
        "message": result.message[-_MOST_WORDS:],
        "stderr": result.stderr[-_MOST_WORDS:],
        "files": [file.name for file in result.files[:_MOST]],
    }
