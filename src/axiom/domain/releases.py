"""How far a version is let out: its stages, what was done to it, to whom its tasks may go, and how they ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from axiom.domain.value import value_class
from axiom.domain.work import TaskState


class Stage(StrEnum):
    PILOT = "pilot"  # its first three tasks, each of one replicate
    WIDER = "wider pilot"  # everything at the laboratory's own hosts, and a fiftieth of the volunteers' cores
    OPEN = "open"  # all
    PAUSED = "paused"  # nothing

    @property
    def takes_blocks(self) -> bool:
        """May whole blocks be ordered? Dispatch sees to it that no more of them is out than the stage allows."""
        return self in {Stage.WIDER, Stage.OPEN}


class Change(StrEnum):
    WIDER = "wider pilot"
    OPEN = "open"
    HALTED = "halted"  # it failed more than anything may, while it was let out
    HELD = "held"  # it does so on one platform, and goes there no more
    PAUSED = "paused"  # by somebody, for a while
    RESUMED = "resumed"
    WRITTEN = "written by a program"  # so it goes beyond the laboratory's own hosts only once a person approved it
    APPROVED = "approved"  # somebody lets it go beyond the laboratory's own hosts
    ROLLED_BACK = "rolled back"  # an earlier bundle took the place of a later one


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One line of a version's history: what was done to it, why, by whom and when."""

    id: int
    experiment_id: int
    bundle: str  # its digest
    change: Change
    platform: str  # empty for all
    reason: str
    by: str
    at: datetime


Place = tuple[int, str]  # a host and its platform; its GPU is a platform, and so a place, of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Endings:
    """How tasks of a version ended at one place, without those that are the host's or its volunteer's doing."""

    well: int = 0
    badly: int = 0
    raised: int = 0  # of these, where the experiment's own code said so; the others may be the host's doing, too
    is_proven: bool = False  # it has returned something valid, of any version
    platform: str = ""

    @property
    def share(self) -> float:
        return self.badly / max(1, self.well + self.badly)


@dataclass(frozen=True, kw_only=True, slots=True)
class SentTasks:
    """How many tasks a host was sent while a bundle was let out, all in the same state for the same cause."""

    host: int
    volunteer: int
    is_ours: bool
    is_proven: bool
    platform: str
    state: TaskState
    cause: str
    amount: int
    silent: int  # of these, out for so long that nobody waits for them
    latest: datetime  # when the last of them was sent


@value_class
class TaskRule:
    """An operator's demand: computers as large as this get an experiment's tasks, whose cells may take longer."""

    least_cores: int = 0
    least_memory_mb: int = 0
    times_longer: int = 1


ANY_COMPUTER = TaskRule()


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedTaskRule:
    experiment: str  # in every version
    rule: TaskRule
    reason: str
    said_by: str
    said_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The volunteers, hosts and cores beside the laboratory's own that were heard from lately."""

    volunteers: int = 0
    hosts: int = 0  # with our own
    cores: int = 0  # without
    is_alone: bool = False  # one volunteer alone computes, or the laboratory
