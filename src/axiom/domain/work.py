"""Work that is ordered, handed out and brought back: workunits, tasks and results, and their states."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

from axiom.domain.value import value_class

_TASK_NAME = re.compile(r"[a-z0-9_]{1,100}-[0-9]{1,9}-w([0-9]{1,18})-t([0-9]{1,18})", re.ASCII)


class WorkunitState(StrEnum):
    """Where an order stands. Only OPEN changes."""

    OPEN = "open"  # tasks are out, or will be
    DONE = "done"  # enough valid tasks came back
    FAILED = "failed"  # too many tasks failed
    CANCELLED = "cancelled"  # withdrawn; nothing is created for it any more


class TaskState(StrEnum):
    """Where one copy of a workunit stands. `server/` owns every arrow between them."""

    UNSENT = "unsent"  # waits for a host
    SENT = "sent"  # a host has it
    RETURNED = "returned"  # its report is acknowledged, its proof not yet looked at
    VALID = "valid"  # proven; its results are stored
    INVALID = "invalid"  # came back whole but is not what the ticket ordered
    FAILED = "failed"  # the host says that it failed
    EXPIRED = "expired"  # the deadline passed in silence
    ABORTED = "aborted"  # taken back by the laboratory or given up by the volunteer; nobody's fault

    @property
    def is_alive(self) -> bool:
        """May this task still become valid?"""
        return self in {TaskState.UNSENT, TaskState.SENT, TaskState.RETURNED}

    @property
    def is_failure(self) -> bool:
        """Does this task count against its workunit?"""
        return self in {TaskState.INVALID, TaskState.FAILED, TaskState.EXPIRED}

    @property
    def is_in_vain(self) -> bool:
        """Is it over without a valid result?"""
        return not self.is_alive and self is not TaskState.VALID

    @property
    def awaits_report(self) -> bool:
        """May its host still tell of it? Work done late is work done, also where the laboratory gave up on it."""
        return self in {TaskState.SENT, TaskState.EXPIRED}

    @property
    def may_be_thanked(self) -> bool:
        """May credit be due for what its host told of it, though it brought no result?"""
        return self in {TaskState.FAILED, TaskState.ABORTED}


def count_failures(tasks: Mapping[str, int] | Mapping[TaskState, int]) -> int:
    """Of so many tasks by state, those that count against their workunits."""
    return sum(amount for state, amount in tasks.items() if TaskState(state).is_failure)


class Outcome(StrEnum):
    OK = "ok"
    LATE = "late"  # stopped at its time limit; an outcome, not a gap: it counts against the claim
    DIVERGED = "diverged"  # a measure left the real numbers
    FAILED = "failed"  # the code raised; the whole task is tried again elsewhere


class Exit(IntEnum):
    """How a task ended, in one number. From 190 on these are BOINC's; below they are the runner's own."""

    DONE = 0
    CELL_FAILED = 10  # at least one cell raised
    CHILD_LOST = 11  # the computing process died
    TOO_MANY_STARTS = 12  # began this often without getting further
    BAD_TICKET = 13  # empty, unsigned, expired, foreign or unequal: nothing was run
    BAD_BUNDLE = 14  # missing, altered, unsigned, expired or older than one seen: nothing was run
    NO_ROOM = 15  # the output could not be written
    GPU_UNUSABLE = 16  # the program cannot use the GPU that the task was given
    RUNNER_DAMAGED = 17  # the runner's own files on the host: nothing was run
    RUNNER_FAULT = 70  # a fault of ours
    TIME_LIMIT = 197
    MEMORY_LIMIT = 198
    ABORTED_BY_LAB = 202
    ABORTED_BY_USER = 203


@value_class
class Workunit:
    """An order for some cells of one experiment: every replicate named, at every config named.

    A replicate may be ordered in several workunits, so it is over when all of them are closed.
    """

    id: int
    experiment_id: int
    registration_id: int
    replicates: tuple[int, ...]
    configs: tuple[int, ...]  # places in the registered sweep
    state: WorkunitState
    quorum: int
    max_failures: int
    created_at: datetime
    target_host_id: int | None = None
    abort_requested: bool = False
    reason: str = ""
    checks_task_id: int | None = None  # the task whose cells this repeats, to see whether hosts agree
    split_from: int | None = None  # the workunit that gave these replicates away, as a host should have a smaller task


@value_class
class BriefTask:
    """What decides of a task's state. A ticket is most of a whole task; who does not need it does not read it."""

    id: int
    workunit_id: int
    experiment_id: int
    ordinal: int  # the first copy is 0
    state: TaskState
    host_id: int | None
    sent_at: datetime | None
    deadline: datetime | None
    returned_at: datetime | None
    reason: str
    cause: str  # how it ended, one of `Cause`; empty while nobody has said
    agreement: str  # of a checked task and of its check: one of `Agreement`; empty for others


@value_class
class Task(BriefTask):
    created_at: datetime
    bundle_digest: str | None
    ticket: str | None
    exit_status: int | None
    output_digest: str | None
    cpu_seconds: float | None
    elapsed_seconds: float | None
    gpu: str  # the kind of GPU to which it was sent; empty for the processor


class Agreement(StrEnum):
    """The result of a check, a workunit that repeats a task's cells at another volunteer."""

    WAITING = "waiting"  # its check is on its way
    AGREES = "agrees"
    DIFFERS = "differs"


@value_class
class ComparedTask:
    """A task of a host that was compared with another volunteer's, or is being."""

    experiment_id: int
    agreement: Agreement


class Reproduction(StrEnum):
    """How two computations of the same cell compare; of several cells, the worst comparison counts."""

    EXACT = "bit-exact"
    CLOSE = "within tolerance"
    CHAOTIC = "divergent at the end"  # the first values agree: nobody lied, the training is chaotic
    DISPUTED = "divergent from the start"  # the first values differ, which no two honest hosts' do

    @property
    def rank(self) -> int:
        """From 0 for the best on."""
        return list(Reproduction).index(self)


@value_class
class Report:
    """A host's message that it has finished a task."""

    task_id: int
    host_id: int
    exit_status: int
    output_digest: str | None  # SHA-256 of the output that was stored before the report
    cpu_seconds: float
    elapsed_seconds: float
    message: str = ""  # the host's own words: hostile, never interpreted
    boinc_state: int | None = None  # where the BOINC client says that it stopped; None from our own engines
    cause: str = ""  # how it ended, one of `Cause`; empty where the exit status says it all
    in_words: str = ""  # the same in a sentence of our own, where there is more to say than the cause does
    peak_memory_mb: float | None = None
    peak_disk_mb: float | None = None
    workunit_id: int | None = None  # as the task's name says; None from our own engines


@value_class
class Result:
    """The measures of one cell with its outcome, proven and stored once."""

    task_id: int
    experiment_id: int
    replicate: int
    config: int
    seed: int
    outcome: Outcome
    measures: Mapping[str, object] | None
    early: tuple[float, ...]
    cpu_seconds: float
    pixels: bytes | None = None  # of a map's tile, until they are stored


def task_name(experiment: str, version: int, workunit_id: int, task_id: int) -> str:
    """The name by which a volunteer's client knows a task; it says what is computed, and who finds it again."""
    return f"{experiment}-{version}-w{workunit_id}-t{task_id}"


def read_task_name(name: str) -> tuple[int, int] | None:
    """The workunit and the task that a name speaks of; None for a name that is not one of ours."""
    match = _TASK_NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None
