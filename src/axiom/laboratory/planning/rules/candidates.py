"""What could be ordered: a registration with its stage, its cost, what waits of it and what it should find out."""

from dataclasses import dataclass, field

from axiom.domain.evidence import is_against
from axiom.domain.planning import Need, Purpose
from axiom.domain.registrations import StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.stopping import Aim, why_stopped
from axiom.limits import registrations as registration_limits
from axiom_weigh.values import Grade, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A registration that could be ordered: its stage, its cost, what waits of it and what it should find out.

    Of a version with several registrations, tasks that wait and the pilot are said of one of them alone.
    """

    experiment_id: int
    name: str
    stage: Stage
    stage_reason: str
    replicate_seconds: float  # on one reference core, over the whole sweep, once
    issued: int  # replicate numbers so far
    unsent: int
    in_progress: int
    aims: tuple[Aim, ...]
    block: int  # replicates that enter evidence together
    theirs: int | None = None  # that volunteers' hosts may still have at its stage; None: any number, or a pilot's
    pilot_missing: int = 0  # tasks that the pilot still needs and that are neither valid nor on their way
    fault: str = ""  # why it must not be ordered before it is repaired
    registration_id: int = 0
    design: str = ""  # what tells it from the other registrations of its version
    issued_besides: int = 0  # replicate numbers of those other registrations
    stopping: StoppingRule = field(default_factory=lambda: StoppingRule(replicates=registration_limits.REPLICATES))
    need: Need = field(default_factory=Need)
    copies: int = 1  # of each task, which must agree
    failure_share: float = 0.0  # of its tasks, of which each is computed in vain
    waiting_seconds: float = 0.0  # of a reference core, of the tasks that wait; 0 where nobody has counted them
    is_map: bool = False  # its replicates are pictures
    is_untried: bool = False  # nothing of its configs was ever computed: one replicate goes before the others
    is_further: bool = False  # another design of findings that have evidence from one already
    is_approved: bool = False  # a person asked for it or approved it, and not all of its goal is ordered
    weighed: int | None = None  # replicates of its closed blocks; None where only its findings' seeds are known

    @property
    def key(self) -> tuple[int, int]:
        """What no other candidate has."""
        return self.experiment_id, self.registration_id

    @property
    def missing(self) -> int:
        """Replicates to the end of the block that is begun, or a whole block."""
        return self.block - self.issued % self.block

    @property
    def is_begun(self) -> bool:
        """Is a part of a block ordered, which counts only as a whole?"""
        return self.issued % self.block > 0

    @property
    def pending(self) -> int:
        """Replicates that are ordered and not weighed yet."""
        if self.weighed is not None:
            return max(0, self.issued - self.weighed)
        return max(0, self.issued + self.issued_besides - min((aim.seeds for aim in self.aims), default=0))

    @property
    def costs(self) -> float:
        """Seconds of a reference core for one replicate that succeeds."""
        return max(self.replicate_seconds, 1e-6) * self.copies * (1.0 + max(0.0, self.failure_share))


def is_stopped(candidate: Candidate) -> bool:
    """Does no host get anything of it, whatever waits? While a repair is at fault, hosts go on with what is not."""
    return candidate.stage is Stage.PAUSED


def candidate_obstacle(candidate: Candidate) -> str:
    """Why nothing is ordered of it, whatever waits and whatever it is worth; nothing when something might be."""
    if not candidate.aims:
        return "nothing is concluded from it"
    if candidate.fault:
        return candidate.fault
    if candidate.stage is Stage.PAUSED:
        return candidate.stage_reason
    if not candidate.stage.takes_blocks:
        return "" if candidate.pilot_missing else candidate.stage_reason
    return why_stopped(candidate.stopping, candidate.aims, replicates=candidate.issued, block=candidate.block)


def candidate_purpose(candidate: Candidate) -> Purpose:
    if candidate.stage is Stage.PILOT:
        return Purpose.PILOT
    if candidate.is_further:
        return Purpose.GENERALITY
    if all(aim.seeds == 0 for aim in candidate.aims):
        return Purpose.NEW
    if any(_is_unconfirmed_negative(aim) for aim in candidate.aims):
        return Purpose.NEGATIVE
    if any(is_decided(aim) and aim.grade is not Grade.DEFINITIVE for aim in candidate.aims):
        return Purpose.NEAREST
    return Purpose.FILL


def is_decided(aim: Aim) -> bool:
    return aim.verdict not in (Verdict.UNDECIDED, Verdict.MIXED)


def _is_unconfirmed_negative(aim: Aim) -> bool:
    return is_against(aim.verdict, aim.expects) and aim.grade in (Grade.AWAITING, Grade.MODERATE)
