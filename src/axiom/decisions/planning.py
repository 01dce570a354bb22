"""What is ordered next, so that no core is idle and every finding comes to its end?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom.decisions.release import PILOT_TASKS, Stage
from axiom.domain.findings import Grade, Verdict
from axiom.domain.sessions import Allotment, Plan, Skipped

MOST_REPLICATES = 64  # of one workunit: what a host may lose at once stays small
MOST_SEEDS = 256  # of one design: what is undecided then is better asked in another way
_SETTLED_SEEDS = 32  # before that an interval may still be narrow by chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """How one finding stands."""

    verdict: Verdict
    grade: Grade
    estimate: float | None
    low: float | None
    high: float | None
    smallest: float
    seeds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An experiment that could be ordered: its stage, its cost, what waits of it and what it should find out."""

    experiment_id: int
    name: str
    stage: Stage
    stage_reason: str
    replicate_seconds: float  # on one reference core, over the whole sweep
    issued: int  # replicate numbers so far
    unsent: int
    in_progress: int
    aims: tuple[Aim, ...]
    block: int  # replicates that enter evidence together
    pilot_missing: int = 0  # tasks that the pilot still needs and that are neither valid nor on their way
    fault: str = ""  # why it must not be ordered before it is repaired


def replicates_per_workunit(replicate_seconds: float, task_seconds: float) -> int:
    """As many whole replicates as fill a task; at least one."""
    return max(1, min(MOST_REPLICATES, math.floor(task_seconds / max(replicate_seconds, 1e-6) + 0.5)))


def plan(candidates: Sequence[Candidate], *, cores: int, per_core: int, task_seconds: float) -> Plan:
    """Order pilots, then whole blocks of what is least decided for its cost, until `per_core` tasks a core wait.

    Blocks are ordered when less than half of that is waiting, so that orders are few and not single.
    """
    asked = sorted(candidates, key=lambda one: (one.replicate_seconds, one.experiment_id))
    left = {one.experiment_id: _obstacle(one) if cores > 0 else "no host has a core at the moment" for one in asked}
    allotments = [_pilot(one) for one in asked if one.stage is Stage.PILOT and not left[one.experiment_id]]
    waiting = sum(one.unsent for one in candidates) + sum(one.workunits for one in allotments)
    wanted = max(0, cores) * per_core
    if 2 * waiting < wanted:
        ready = [one for one in asked if one.stage is Stage.OPEN and not left[one.experiment_id]]
        is_first = all(one.issued < one.block for one in candidates)
        allotments += _blocks(ready, wanted - waiting, is_first=is_first, cores=cores, task_seconds=task_seconds)
    ordered = {one.experiment_id for one in allotments}
    enough = f"others come first, and with them {wanted} tasks wait for {cores} cores, which is enough"
    if 2 * waiting >= wanted:
        enough = f"{waiting} tasks wait for {cores} cores, and more are ordered below {wanted / 2:g}"
    skipped = tuple(
        Skipped(experiment_id=one.experiment_id, name=one.name, reason=left[one.experiment_id] or enough)
        for one in asked
        if one.experiment_id not in ordered
    )
    tasks = sum(one.workunits for one in allotments)
    return Plan(
        allotments=tuple(allotments),
        skipped=skipped,
        idle_cores=max(0, cores - sum(one.unsent + one.in_progress for one in candidates)),
        reason=f"{tasks} workunits of {len(ordered)} experiments are ordered for {cores} cores, "
        f"and {len(skipped)} experiments are left alone",
    )


def _obstacle(one: Candidate) -> str:
    """Why nothing is ordered of an experiment, whatever the queue; nothing when something might be."""
    if not one.aims:
        return "nothing is concluded from it"
    if one.fault:
        return one.fault
    if one.stage is Stage.PAUSED:
        return one.stage_reason
    if one.stage is Stage.PILOT:
        return "" if one.pilot_missing else one.stage_reason
    if one.issued >= MOST_SEEDS and not one.issued % one.block:
        return f"{one.issued} replicates are ordered, and {MOST_SEEDS} are as far as one design goes"
    if all(_is_settled(aim) for aim in one.aims):
        return f"all its findings are settled: decided and narrow enough after {min(a.seeds for a in one.aims)} seeds"
    return ""


def _pilot(one: Candidate) -> Allotment:
    return Allotment(
        experiment_id=one.experiment_id,
        workunits=one.pilot_missing,
        replicates_each=1,
        reason=f"the pilot of {one.name}: {PILOT_TASKS} tasks of one replicate before more goes out",
    )


def _blocks(
    ready: Sequence[Candidate], wanted: int, *, is_first: bool, cores: int, task_seconds: float
) -> list[Allotment]:
    """Block after block, until so many more tasks are ordered or nothing is left to order."""
    standing = {one.experiment_id: one for one in ready}
    allotments: list[Allotment] = []
    while standing and wanted > 0:
        chosen = min(standing.values(), key=lambda one: _rank(one, is_first=is_first))
        ordered = _block(chosen, is_first=is_first, cores=cores, task_seconds=task_seconds)
        wanted -= sum(one.workunits for one in ordered)
        allotments += ordered
        is_first = False
        after = replace(chosen, issued=chosen.issued + sum(one.workunits * one.replicates_each for one in ordered))
        standing[chosen.experiment_id] = after
        if _obstacle(after):
            del standing[chosen.experiment_id]
    return allotments


def _rank(one: Candidate, *, is_first: bool) -> tuple[bool, float, int]:
    """What is begun is finished before anything else is begun; the first block of all is the cheapest."""
    cost = max(one.replicate_seconds, 1e-6) * _missing(one)
    is_begun = one.issued % one.block > 0
    return not is_begun, cost if is_begun or is_first else -_promise(one) / cost, one.experiment_id


def _block(one: Candidate, *, is_first: bool, cores: int, task_seconds: float) -> list[Allotment]:
    """The missing part of a block, in workunits so small that every core has something of it to do."""
    missing = _missing(one)
    each = max(1, min(replicates_per_workunit(one.replicate_seconds, task_seconds), missing // cores))
    if is_first:
        why = f"the first block of all is that of {one.name}, which costs least: something closes soon"
    elif missing < one.block:
        why = f"completes block {one.issued // one.block} of {one.name}, which counts only as a whole"
    else:
        why = f"block {one.issued // one.block} of {one.name}: least is decided there for its cost"
    return [
        Allotment(experiment_id=one.experiment_id, workunits=workunits, replicates_each=size, reason=why)
        for workunits, size in ((missing // each, each), (1, missing % each))
        if workunits * size
    ]


def _missing(one: Candidate) -> int:
    return one.block - one.issued % one.block


def _promise(one: Candidate) -> float:
    """How much another block may still decide; less for each block that is ordered and not weighed yet."""
    weighed = min(aim.seeds for aim in one.aims)
    return sum(_openness(aim) for aim in one.aims) / (1.0 + max(0, one.issued - weighed) / one.block)


def _openness(aim: Aim) -> float:
    """From 1 for a finding of which nothing is known to 0 for a settled one."""
    if _is_settled(aim):
        return 0.0
    width = _half_width(aim)
    if aim.verdict is Verdict.UNDECIDED or math.isinf(width):
        return 1.0
    # Decided, and too wide or too early: the part of the way that is left, but never nothing.
    return max(1.0 - _narrow_enough(aim) / width if width else 0.0, 1.0 / _SETTLED_SEEDS)


def _is_settled(aim: Aim) -> bool:
    is_decided = aim.verdict is not Verdict.UNDECIDED
    return is_decided and aim.seeds >= _SETTLED_SEEDS and _half_width(aim) < _narrow_enough(aim)


def _half_width(aim: Aim) -> float:
    """The longer of the interval's two sides."""
    if aim.estimate is None or aim.low is None or aim.high is None:
        return math.inf
    return max(aim.estimate - aim.low, aim.high - aim.estimate)


def _narrow_enough(aim: Aim) -> float:
    return max(aim.smallest, abs(aim.estimate or 0.0) / 4)
