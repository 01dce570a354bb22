"""What does a host's report do to its task? Every report gets an answer; only a fitting one changes anything."""

from dataclasses import dataclass

from axiom.domain.work import Exit, Report, Task, TaskState

# A report may still arrive for a task that the laboratory gave up on: work done late is work done.
_AWAITS_REPORT = frozenset({TaskState.SENT, TaskState.EXPIRED})
_NOBODYS_FAULT = frozenset({Exit.ABORTED_BY_LAB, Exit.ABORTED_BY_USER})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """The state the task goes to (None: it stays), and why."""

    state: TaskState | None
    reason: str


def receive(task: Task | None, report: Report) -> Reception:
    """Decide what becomes of a reported task. Asked twice with the same report, the second changes nothing."""
    if task is None:
        return Reception(state=None, reason=f"no task {report.task_id} is known here")
    if task.host_id != report.host_id:
        return Reception(state=None, reason=f"task {task.id} was not given to host {report.host_id}")
    if task.state not in _AWAITS_REPORT:
        return Reception(state=None, reason=f"task {task.id} is {task.state} already")
    if report.exit_status in _NOBODYS_FAULT:
        return Reception(state=TaskState.ABORTED, reason=explain(report.exit_status))
    if report.exit_status != Exit.DONE:
        return Reception(state=TaskState.FAILED, reason=explain(report.exit_status))
    if report.output_digest is None:
        return Reception(state=TaskState.FAILED, reason="it claims success and brought no output")
    return Reception(state=TaskState.RETURNED, reason="returned, proof not yet looked at")


_WORDS = {
    Exit.DONE: "done",
    Exit.CELL_FAILED: "the experiment's code raised in at least one cell",
    Exit.CHILD_LOST: "the computing process died",
    Exit.TOO_MANY_STARTS: "it began again and again without getting further",
    Exit.BAD_TICKET: "the runner refused the ticket; nothing was computed",
    Exit.BAD_BUNDLE: "the runner refused the bundle; nothing was computed",
    Exit.NO_ROOM: "the output could not be written on the host",
    Exit.RUNNER_FAULT: "the runner itself failed",
    Exit.TIME_LIMIT: "it went over its time limit",
    Exit.MEMORY_LIMIT: "it went over its memory limit",
    Exit.ABORTED_BY_LAB: "the laboratory took it back",
    Exit.ABORTED_BY_USER: "it was aborted on the host by a person or a program",
}


def explain(exit_status: int) -> str:
    """An exit status in plain words."""
    try:
        return _WORDS[Exit(exit_status)]
    except ValueError:
        return f"it ended with exit status {exit_status}"
