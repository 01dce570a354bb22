"""Inputs and answers of the planner: free resources of hosts, the worth of a block, where its tasks would go."""

from dataclasses import dataclass, replace
from enum import StrEnum

from axiom.domain.fleet import Gpu
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.domain.rounds import Plan


class Purpose(StrEnum):
    """The reasons for ordering something: the words in which shares and priorities are given."""

    PILOT = "pilots"  # of a version of which nothing came back yet
    NEW = "new"  # a question of which nothing is known
    NEAREST = "nearest"  # decided, and nearest to its next grade
    NEGATIVE = "negatives"  # speaks against its claim or for no effect, and nobody has confirmed it
    GENERALITY = "generality"  # another design of a finding that has evidence from one
    FILL = "fill"  # whatever else is not settled


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """The demands of a running task on a host; 0 is nothing that anybody knows of."""

    memory_mb: int = 0  # for each of its cores
    cores: int = 1  # on which it computes at a volunteer's host; on one at a cluster's or the laboratory's own
    shared_mb: int = 0  # of it, that all tasks on a host of the laboratory's own have together
    disk_mb: int = 0  # for each of its cores
    gpu: bool = False  # on a GPU beside a core's work, not instead of it
    gpu_memory_mb: int = 0
    avx: bool = False
    side_by_side: bool = False  # a whole block is one batch there, and so one task
    rule: TaskRule = ANY_COMPUTER  # what an operator demands of the host
    on_gpu: "Need | None" = None  # its demands in place of these, where a GPU may compute it as well as a core

    @property
    def places(self) -> tuple["Need", ...]:
        """Its demands wherever it may compute: on a GPU first, which can compute nothing else."""
        return (self,) if self.on_gpu is None else (self.on_gpu, replace(self, on_gpu=None))


@dataclass(frozen=True, kw_only=True, slots=True)
class Supply:
    """The resources that a host still has free, by its own report and the tasks that it has in hand."""

    host_id: int
    name: str
    volunteer: str
    cores: int
    memory_mb: int  # for all tasks together
    gpus: tuple[Gpu, ...] = ()
    platform: str = ""
    is_avx: bool = True
    is_ours: bool = False
    on_one_core: bool = False  # it computes any task on one
    disk_mb: int | None = None
    speed: float = 1.0  # reference-core seconds a second of one core
    availability: float = 1.0
    busy_cores: int = 0  # by tasks that it has in hand
    busy_gpus: int = 0
    used_memory_mb: int = 0
    in_hand_seconds: float = 0.0  # of a reference core, for all the tasks together that it has in hand
    most_tasks: int | None = None  # that it may still have today; None is any number
    obstacle: str = ""  # why it takes nothing at all


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanWishes:
    """An operator's wishes: shares in percent and an order, by purpose or by an experiment's name."""

    mix: tuple[tuple[str, float], ...] = ()
    priority: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockWorth:
    """How much the next block of a registration is expected to tell, in bits, and its cost."""

    experiment_id: int
    registration_id: int
    name: str
    design: str
    purpose: Purpose
    bits: float  # of what is not decided yet, that the block is expected to decide
    core_seconds: float  # of the block on reference cores, failures counted in
    weight: float  # by which the question counts
    reason: str

    @property
    def per_core_hour(self) -> float:
        return self.weight * self.bits / max(self.core_seconds, 1e-6) * 3_600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkAboveFloor:
    """How much of all designs beside maps is still worth ordering, as far as is known now."""

    floor: float  # bits a core-hour
    core_seconds: float  # on reference cores, of what is not ordered yet
    designs: int  # of which that is
    below: int  # designs that have not ended, and of which nothing more is worth it
    proposed_core_seconds: float = 0.0  # likely, of what waits for an answer and is worth it
    proposals: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """Replicates that a person asked for or approved, and that come before everything else until they are ordered."""

    name: str
    design: str
    registration_id: int
    replicates: int
    ordered: int
    core_seconds: float  # on reference cores, of those that are not ordered yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """The tasks that would go to one host, and why not more."""

    host_id: int
    name: str
    cores: int
    tasks: tuple[tuple[str, int], ...]  # of which experiment how many
    idle_cores: int
    memory_mb: int  # that these tasks take, beside what is in hand
    gpu_tasks: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IdleReason:
    """Why cores of one size of host stay idle, and how many."""

    reason: str
    hosts: int
    cores: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetClass:
    """Hosts of one size: the work on their cores, the tasks that would go there, the cores that would stay idle."""

    cores: int  # of each
    gpus: int
    memory_mb: int  # the least of any
    hosts: int
    busy: tuple[tuple[str, int], ...]  # cores that compute which experiment, most first
    planned: tuple[tuple[str, int], ...]  # tasks that would go there, most first
    gpu_tasks: int  # among those that would
    idle_cores: int
    reasons: tuple[IdleReason, ...]  # that of most cores first


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A plan before anybody decides it, and where its tasks would go. Nothing changes."""

    plan: Plan
    above: WorkAboveFloor = WorkAboveFloor(floor=0.0, core_seconds=0.0, designs=0, below=0)
    goals: tuple[Goal, ...] = ()
    worths: tuple[BlockWorth, ...] = ()
    placements: tuple[Placement, ...] = ()
    classes: tuple[FleetClass, ...] = ()  # the largest hosts first
