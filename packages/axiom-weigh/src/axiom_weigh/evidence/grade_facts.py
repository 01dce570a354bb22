"""The facts that a grade is decided from."""

from dataclasses import dataclass

from axiom_weigh.values import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeFacts:
    """What a grade is decided from."""

    verdict: Verdict
    seeds: int
    e_value: float
    hosts: int  # 0 when it is not known who computed
    volunteers: int
    platforms: int
    agreeing: int  # replicates that were surely computed again and agreed
    checks: int = 0  # how often a seed was computed again and agreed
    outvoted: int = 0  # replicates that two others computed otherwise, and alike
    leaning: tuple[str, ...]  # on which host or volunteer alone the verdict rests
    flags: tuple[str, ...]  # what must be cleared up first
    clones: str = ""  # values that are copies of another seed's: nothing is concluded before that is cleared up
    open_designs: tuple[str, ...] = ()  # of which one look does not show what the verdict says
    designs: int = 1  # of which it is known where they lie, and how surely: they tell of a further one
    across: str = ""  # why the verdict cannot be expected of a further design; empty: it can
    elsewhere: int = 0  # replicates that were computed again on another platform and agreed
    false_share: float | None = None  # the finding is among the laboratory's at this share of false ones
    is_registered: bool = True
    unnamed: int = 0  # seeds of which nobody knows who computed them
    fewest: int = 0  # seeds that can have a verdict, however large the effect
    is_a_stranger_alone: bool = False  # one volunteer computed all of it, and it is not the laboratory
