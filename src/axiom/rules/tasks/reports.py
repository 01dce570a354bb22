"""What does a host's report do to its task? Every report gets an answer; only a fitting one changes anything."""

from axiom.domain.failure_causes import Blame, Cause, Ending, make_ending, read_runner_exit
from axiom.domain.value import value_class
from axiom.domain.work import BriefTask, Exit, Report, TaskState, WorkunitState
from axiom.limits import credit as credit_limits

_NOBODYS_FAULT = frozenset({Blame.NOBODY, Blame.VOLUNTEER})
_SUCCESS = make_ending(Cause.SUCCESS, Exit.DONE)
# Causes that many exit statuses share: the number is worth saying.
_NUMBERED = frozenset({Cause.EXIT_CODE, Cause.SIGNAL, Cause.WINDOWS_FAULT, Cause.BOINC_ERROR, Cause.UNKNOWN})


@value_class
class ReportOutcome:
    """The state the task goes to (None: it stays), how it ended, and why."""

    state: TaskState | None
    reason: str
    cause: str = ""


@value_class
class CountedSeconds:
    """Seconds that count, and why they are not all that were reported."""

    seconds: float
    reason: str = ""


def bound_cpu_seconds(reported: float, out_seconds: float, cores: int) -> CountedSeconds:
    """A task computed no longer than it was out, on each of its cores; a clock may have been set meanwhile."""
    most = cores * (max(0.0, out_seconds) + credit_limits.CLOCK_STEP_SECONDS)
    if reported <= most:
        return CountedSeconds(seconds=reported)
    reason = f"{reported:.4g} s were reported, and {cores} cores computed for {most:.4g} s at most since it was sent"
    return CountedSeconds(seconds=most, reason=reason)


def judge_report(
    task: BriefTask | None, report: Report, *, is_akin: bool = False, workunit: WorkunitState = WorkunitState.OPEN
) -> ReportOutcome:
    """Decide what becomes of a reported task. Asked twice with the same report, the second changes nothing.

    `is_akin` says that the host which reports belongs to the volunteer who was given the task: a client that was
    attached anew, or merged with another, goes under another number and still brings what it computed. It ends nothing
    otherwise: a copied folder knows the tasks of the computer that it was copied from, which go on there.
    """
    if task is None:
        return ReportOutcome(state=None, reason=f"no task {report.task_id} is known here")
    if task.host_id != report.host_id and not is_akin:
        return ReportOutcome(state=None, reason=f"task {task.id} was not given to host {report.host_id}")
    if not may_be_reported(task):
        return ReportOutcome(state=None, reason=f"task {task.id} is {task.state} already")
    ending = _by_the_books(choose_report_ending(report), task, workunit)
    brings_result = ending.cause is Cause.SUCCESS and report.output_digest is not None
    if task.host_id != report.host_id and not brings_result:
        reason = f"task {task.id} is host {task.host_id}'s, and host {report.host_id} brings no result of it"
        return ReportOutcome(state=None, reason=reason)
    if ending.cause is not Cause.SUCCESS:
        is_failure = ending.blame not in _NOBODYS_FAULT and not _was_starved(ending, report)
        state = TaskState.FAILED if is_failure else TaskState.ABORTED
        return ReportOutcome(state=state, reason=ending.reason, cause=ending.cause)
    if report.output_digest is None:
        reason = "it claims success and brought no output"
        return ReportOutcome(state=TaskState.FAILED, reason=reason, cause=Cause.NO_OUTPUT)
    return ReportOutcome(state=TaskState.RETURNED, reason="returned, proof not yet looked at", cause=Cause.SUCCESS)


def may_be_reported(task: BriefTask) -> bool:
    """May its host still tell of it? Of what was taken back from it, one report more is awaited."""
    return task.state.awaits_report or (
        task.state is TaskState.ABORTED and task.cause == Cause.TAKEN_BACK and task.returned_at is None
    )


def choose_report_ending(report: Report) -> Ending:
    """How the task ended: as the report says, or as its exit status does where the report says no more."""
    if not report.cause:
        return read_runner_exit(report.exit_status)
    cause = Cause(report.cause)
    if cause is Cause.SUCCESS:
        return _SUCCESS if report.exit_status == Exit.DONE else read_runner_exit(report.exit_status)
    if report.in_words:
        return Ending(cause=cause, exit_status=report.exit_status, reason=report.in_words)
    return make_ending(cause, report.exit_status, f"exit status {report.exit_status}" if cause in _NUMBERED else "")


def _was_starved(ending: Ending, report: Report) -> bool:
    """Did BOINC end for time what computed? Our runner bounds the processor's time, so other programs had it."""
    return ending.cause is Cause.TIME_LIMIT and report.cpu_seconds > 0


def _by_the_books(ended: Ending, task: BriefTask, workunit: WorkunitState) -> Ending:
    """Who gives up a task of an open workunit that no operator aborted did it of its own accord, whatever it says."""
    if ended.cause is not Cause.ABORTED_BY_LABORATORY:
        return ended
    if task.cause == Cause.TAKEN_BACK:
        return Ending(cause=Cause.TAKEN_BACK, exit_status=ended.exit_status, reason=task.reason)
    if workunit is not WorkunitState.OPEN:
        return ended
    detail = "the host says that the laboratory took it back, which it did not"
    return make_ending(Cause.ABORTED_BY_VOLUNTEER, ended.exit_status, detail)
