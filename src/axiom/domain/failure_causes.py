"""Why a task ended: causes in plain words, and what each says about the host and the workunit.

The runner's own exit codes are read here; what BOINC's client says besides is read in `boinc/exit_codes.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from axiom.domain.work import Exit


class Blame(StrEnum):
    """Who is to blame for an ending: the experiment, the host, the volunteer or the laboratory."""

    NOBODY = "nobody"
    HOST = "host"
    EXPERIMENT = "experiment"
    UNCLEAR = "unclear"  # host or experiment: one report cannot tell, many can
    LABORATORY = "laboratory"
    VOLUNTEER = "volunteer"


class Cause(StrEnum):
    """Why a task ended, in plain words."""

    SUCCESS = "success"
    # said by our runner
    CELL_FAILED = "cell-failed"
    CHILD_LOST = "child-lost"
    TOO_MANY_STARTS = "too-many-starts"
    BAD_TICKET = "bad-ticket"
    BAD_BUNDLE = "bad-bundle"
    NO_ROOM = "no-room"
    GPU_UNUSABLE = "gpu-unusable"
    RUNNER_DAMAGED = "runner-damaged"
    RUNNER_FAULT = "runner-fault"
    # limits
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    DISK_LIMIT = "disk-limit"
    RESOURCE_LIMIT = "resource-limit"  # a client too old to say which
    # the output
    NO_OUTPUT = "no-output"
    OUTPUT_TOO_BIG = "output-too-big"
    UPLOAD_REFUSED = "upload-refused"
    UPLOAD_FAILED = "upload-failed"
    # the program's end
    EXIT_CODE = "exit-code"
    SIGNAL = "signal"
    WINDOWS_FAULT = "windows-fault"
    NO_FINISH_FILE = "no-finish-file"
    KILLED_AFTER_FINISH = "killed-after-finish"
    # before the program began
    INTERPRETER_MISSING = "interpreter-missing"
    NOT_STARTED = "not-started"
    DOWNLOAD_FAILED = "download-failed"
    DOWNLOAD_MISSING = "download-missing"
    DOWNLOAD_ALTERED = "download-altered"
    DOWNLOAD_UNSIGNED = "download-unsigned"
    DOWNLOAD_WRONG_SIZE = "download-wrong-size"
    GPU_MISSING = "gpu-missing"
    # given up
    NOT_STARTED_IN_TIME = "not-started-in-time"
    STOPPED_WITH_BOINC = "stopped-with-boinc"
    ABORTED_BY_LABORATORY = "aborted-by-laboratory"
    TAKEN_BACK = "taken-back"
    ABORTED_BY_VOLUNTEER = "aborted-by-volunteer"
    ABORTED = "aborted"  # nothing says by whom
    # BOINC's own library, in a program that uses it
    STATE_NOT_WRITTEN = "state-not-written"
    PART_FAILED = "part-failed"
    OUT_OF_MEMORY = "out-of-memory"
    START_FAILED = "start-failed"
    WAITED_TOO_LONG = "waited-too-long"
    # said by nobody but the laboratory
    NOT_AS_ORDERED = "not-as-ordered"
    SILENT = "silent"
    # none of these
    BOINC_ERROR = "boinc-error"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """The cause as half a sentence whose subject is the task."""
        return _CAUSES[self][0]

    @property
    def blame(self) -> Blame:
        return _CAUSES[self][1]


_CAUSES = {
    Cause.SUCCESS: ("done", Blame.NOBODY),
    Cause.CELL_FAILED: ("the experiment's code raised in at least one cell", Blame.EXPERIMENT),
    Cause.CHILD_LOST: ("the computing process died", Blame.UNCLEAR),
    Cause.TOO_MANY_STARTS: ("it began again and again without getting further", Blame.UNCLEAR),
    Cause.BAD_TICKET: ("the runner refused the ticket; nothing was computed", Blame.LABORATORY),
    Cause.BAD_BUNDLE: ("the runner refused the bundle; nothing was computed", Blame.LABORATORY),
    Cause.NO_ROOM: ("the output could not be written on the host", Blame.HOST),
    Cause.GPU_UNUSABLE: ("its program could not use the GPU that the host has", Blame.UNCLEAR),
    Cause.RUNNER_DAMAGED: ("the runner's files on the host are damaged; resetting the project cures it", Blame.HOST),
    Cause.RUNNER_FAULT: ("the runner itself failed", Blame.LABORATORY),
    Cause.TIME_LIMIT: ("it went over its time limit", Blame.UNCLEAR),
    Cause.MEMORY_LIMIT: ("it went over its memory limit", Blame.UNCLEAR),
    Cause.DISK_LIMIT: ("it went over its disk limit", Blame.UNCLEAR),
    Cause.RESOURCE_LIMIT: ("it went over its limit of time, memory or disk", Blame.UNCLEAR),
    Cause.NO_OUTPUT: ("it ended well and left no output", Blame.UNCLEAR),
    Cause.OUTPUT_TOO_BIG: ("its output is larger than was agreed", Blame.EXPERIMENT),
    Cause.UPLOAD_REFUSED: ("it ended well and the laboratory refused its output", Blame.LABORATORY),
    Cause.UPLOAD_FAILED: ("it ended well and its output could not be uploaded", Blame.HOST),
    Cause.EXIT_CODE: ("it ended with an exit status of its own", Blame.UNCLEAR),
    Cause.SIGNAL: ("the system killed it", Blame.UNCLEAR),
    Cause.WINDOWS_FAULT: ("Windows ended it", Blame.UNCLEAR),
    Cause.NO_FINISH_FILE: ("it stopped again and again without saying that it was done", Blame.UNCLEAR),
    Cause.KILLED_AFTER_FINISH: ("it was done and did not go; BOINC ended it", Blame.LABORATORY),
    Cause.INTERPRETER_MISSING: ("the program that should run it is missing on the host", Blame.HOST),
    Cause.NOT_STARTED: ("the host could not start the program", Blame.HOST),
    Cause.DOWNLOAD_FAILED: ("a file could not be downloaded", Blame.HOST),
    Cause.DOWNLOAD_MISSING: ("the laboratory did not give out a file that it needs", Blame.LABORATORY),
    Cause.DOWNLOAD_ALTERED: ("a downloaded file is not what the laboratory sent", Blame.HOST),
    Cause.DOWNLOAD_UNSIGNED: ("a downloaded program does not carry the laboratory's signature", Blame.LABORATORY),
    Cause.DOWNLOAD_WRONG_SIZE: ("a downloaded file has another size than was announced", Blame.HOST),
    Cause.GPU_MISSING: ("the host no longer has the GPU that it needs", Blame.HOST),
    Cause.NOT_STARTED_IN_TIME: ("the host had not begun it by its deadline", Blame.HOST),
    Cause.STOPPED_WITH_BOINC: ("BOINC was stopped on the host and gave its tasks up", Blame.VOLUNTEER),
    Cause.ABORTED_BY_LABORATORY: ("the laboratory took it back", Blame.NOBODY),
    Cause.TAKEN_BACK: ("an operator of the laboratory aborted it", Blame.NOBODY),
    Cause.ABORTED_BY_VOLUNTEER: ("it was aborted on the host by a person or a program", Blame.VOLUNTEER),
    Cause.ABORTED: ("it was aborted, and the host does not say by whom", Blame.VOLUNTEER),
    Cause.STATE_NOT_WRITTEN: ("its state could not be written on the host", Blame.HOST),
    Cause.PART_FAILED: ("a program that it started failed", Blame.UNCLEAR),
    Cause.OUT_OF_MEMORY: ("it found no more memory on the host", Blame.UNCLEAR),
    Cause.START_FAILED: ("it could not begin in the place that BOINC gave it", Blame.HOST),
    Cause.WAITED_TOO_LONG: ("it waited for something until it gave up", Blame.UNCLEAR),
    Cause.NOT_AS_ORDERED: ("what came back is not what was ordered", Blame.UNCLEAR),
    Cause.SILENT: ("nothing was heard of it for too long", Blame.HOST),
    Cause.BOINC_ERROR: ("BOINC's client met an error", Blame.HOST),
    Cause.UNKNOWN: ("the host's report does not say how it ended", Blame.HOST),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a task ended, in a sentence of our own: none of the host's words is in it."""

    cause: Cause
    exit_status: int
    reason: str

    @property
    def succeeded(self) -> bool:
        """Whether the host claims success; the proof is the output."""
        return self.cause is Cause.SUCCESS

    @property
    def blame(self) -> Blame:
        return self.cause.blame


_EXITS = {
    Exit.DONE: Cause.SUCCESS,
    Exit.CELL_FAILED: Cause.CELL_FAILED,
    Exit.CHILD_LOST: Cause.CHILD_LOST,
    Exit.TOO_MANY_STARTS: Cause.TOO_MANY_STARTS,
    Exit.BAD_TICKET: Cause.BAD_TICKET,
    Exit.BAD_BUNDLE: Cause.BAD_BUNDLE,
    Exit.NO_ROOM: Cause.NO_ROOM,
    Exit.GPU_UNUSABLE: Cause.GPU_UNUSABLE,
    Exit.RUNNER_DAMAGED: Cause.RUNNER_DAMAGED,
    Exit.RUNNER_FAULT: Cause.RUNNER_FAULT,
    Exit.TIME_LIMIT: Cause.TIME_LIMIT,
    Exit.MEMORY_LIMIT: Cause.MEMORY_LIMIT,
    Exit.ABORTED_BY_LAB: Cause.ABORTED_BY_LABORATORY,
    Exit.ABORTED_BY_USER: Cause.ABORTED_BY_VOLUNTEER,
}


def make_ending(cause: Cause, exit_status: int, detail: str = "") -> Ending:
    """Put a cause and a detail of our own into words."""
    return Ending(cause=cause, exit_status=exit_status, reason=f"{cause.words}: {detail}" if detail else cause.words)


def read_runner_exit(exit_status: int) -> Ending:
    """Read what the runner ended with; a number that is none of its own is said as it is."""
    try:
        return make_ending(_EXITS[Exit(exit_status)], exit_status)
    except ValueError:
        reason = f"it ended with exit status {exit_status}"
        return Ending(cause=Cause.EXIT_CODE, exit_status=exit_status, reason=reason)
