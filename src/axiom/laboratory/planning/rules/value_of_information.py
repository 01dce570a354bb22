"""What is the next block of a registration worth? Bits that it is expected to decide, for what it costs.

A finding holds log2 3 bits until it has a verdict: below the bar nothing is claimed, so nothing is known. With a
verdict it still holds what its grade leaves in doubt, and for a tenth how far its interval is from narrow enough. What
a block takes of that is the chance that it decides, from the forecast that the newest evidence carries: values of a
normal law about a mean that is drawn towards none (`statistics/replicates_needed.py`), told as replicates for one
chance in two and for nine in ten. Where nothing was seen yet, it is what is usual.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist

from axiom.domain.planning import BlockWorth, Purpose, WorkAboveFloor
from axiom.domain.registrations import Rule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.candidates import Candidate, candidate_obstacle, candidate_purpose, is_decided
from axiom.laboratory.planning.rules.goals import count_goal_replicates
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom.laboratory.planning.rules.stopping import Aim, half_width, is_settled, narrow_half_width, why_stopped
from axiom.limits import registrations as limits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.statistics.replicates_needed import MOST
from axiom_weigh.values import Grade, Verdict

USUAL = (36.0, 500.0)  # replicates to a verdict, for one chance in two and for nine in ten, where nobody knows better
_VERDICT = math.log2(3.0)  # effect +, effect − or absent
_WRONG = {Grade.AWAITING: 1 / 20, Grade.MODERATE: 1 / 20, Grade.STRONG: 1e-3, Grade.DEFINITIVE: 1e-6}
_ABOVE = {Grade.AWAITING: Grade.MODERATE, Grade.MODERATE: Grade.STRONG, Grade.STRONG: Grade.DEFINITIVE}
_SIZE = 0.1  # how large an effect is, for each bit of whether there is one
_YOUNG = 0.05  # bits that are left of a narrow interval that may be so by chance
_PROMISED = 0.01  # bits a block, of a registration that promised a number of replicates whatever they say
_NINE_IN_TEN = NormalDist().inv_cdf(0.9)
_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256)  # blocks further, after which the chance is asked

Chances = tuple[float, float]  # replicates for one chance in two, and for nine in ten


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockValue:
    """What a candidate's next block is worth, whatever is ordered of it until then."""

    purpose: Purpose
    slopes: tuple[tuple[float, float], ...]  # up to so many replicates further, so many bits a replicate; falling
    weight: float
    chance: float  # of one verdict or grade at least, from the next block alone
    counts: str  # of its findings, in words
    is_promised: bool  # its registration fixed how many replicates it gets

    def bits(self, pending: int, block: int) -> float:
        """What the next block is worth: less for each that is ordered and not weighed, which may make this one idle."""
        slope = next((slope for end, slope in self.slopes if pending < end), 0.0)
        least = _PROMISED if self.is_promised else 0.0
        return max(least, slope * block) / (1.0 + pending / max(1, block))


def weight_by_questions(hanging: int) -> float:
    """How much a finding counts: one more than the open questions that hang on it."""
    return 1.0 + max(0, hanging)


def compute_block_values(candidates: Sequence[Candidate]) -> dict[tuple[int, int], BlockValue]:
    return {candidate.key: _promise(candidate) for candidate in candidates}


def _worth(candidate: Candidate, promise: BlockValue) -> BlockWorth:
    why = candidate_obstacle(candidate)
    bits = 0.0 if why and promise.purpose is not Purpose.PILOT else promise.bits(candidate.pending, candidate.block)
    gives = f"gives at least one a verdict or a higher grade with a chance of {_percent(promise.chance)}"
    waits = f"; ordered and not weighed: {tell_amount(candidate.pending, 'replicate')}" if candidate.pending else ""
    return BlockWorth(
        experiment_id=candidate.experiment_id,
        registration_id=candidate.registration_id,
        name=candidate.name,
        design=candidate.design,
        purpose=promise.purpose,
        bits=bits,
        core_seconds=candidate.missing * candidate.costs,
        weight=promise.weight,
        reason=why or f"{promise.counts}; a block of {candidate.block} {gives}{waits}",
    )


def compute_worths(candidates: Sequence[Candidate]) -> tuple[BlockWorth, ...]:
    """The next block of every candidate, what tells most for its cost first."""
    by_key = compute_block_values(candidates)
    table = [_worth(candidate, by_key[candidate.key]) for candidate in candidates]
    return tuple(sorted(table, key=lambda worth: (-worth.per_core_hour, worth.experiment_id, worth.registration_id)))


def sum_work_above_floor(candidates: Sequence[Candidate], floor: float) -> WorkAboveFloor:
    """What is left of all designs that may still be ordered, also after a pilot, if nothing more became known."""
    going = [candidate for candidate in candidates if not candidate.is_map and not _is_at_an_end(candidate)]
    left = [_seconds_above(candidate, floor) for candidate in going]
    return WorkAboveFloor(
        floor=floor, core_seconds=math.fsum(left), designs=sum(map(bool, left)), below=left.count(0.0)
    )


def _is_at_an_end(candidate: Candidate) -> bool:
    """Will nothing more of it be ordered before a person does something?"""
    is_held_up = candidate.stage is Stage.PAUSED or (candidate.fault and FIRST_IS_OUT not in candidate.fault)
    return bool(
        not candidate.aims
        or is_held_up
        or why_stopped(candidate.stopping, candidate.aims, replicates=candidate.issued, block=candidate.block)
    )


def _seconds_above(candidate: Candidate, floor: float) -> float:
    """Core-seconds of its further replicates of which each, in its turn, is worth the floor, or was promised."""
    promise = _promise(candidate)
    per_hour = promise.weight * 3_600.0 / candidate.costs
    worth_it = max((end for end, slope in promise.slopes if slope * per_hour >= floor), default=0.0)
    is_asked_for = promise.is_promised or candidate.is_approved
    goal = count_goal_replicates(candidate.stopping) - candidate.issued if is_asked_for else 0
    begun = candidate.missing if candidate.is_begun else 0
    left = max(candidate.missing, candidate.stopping.replicates - candidate.issued)
    return min(left, max(begun, goal, int(worth_it) - candidate.pending)) * candidate.costs


def chance_of_enough(forecast: Chances, replicates: float) -> float:
    """That so many are enough: the logarithm of how many it takes is taken to follow a normal law."""
    if replicates <= 0:
        return 0.0
    half, most = max(0.5, forecast[0]), max(0.5, forecast[1])
    spread = max(0.1, math.log(max(most, half) / half) / _NINE_IN_TEN)
    return 0.5 * math.erfc(-math.log(replicates / half) / (spread * math.sqrt(2.0)))


def _promise(candidate: Candidate) -> BlockValue:
    most = max(candidate.block, candidate.stopping.replicates - (candidate.weighed or 0))
    slopes, weight_of_all, decides = _curve(candidate.aims, candidate.stopping.rule, candidate.block, most)
    return BlockValue(
        purpose=candidate_purpose(candidate) if candidate.aims else Purpose.FILL,
        slopes=slopes,
        weight=weight_of_all,
        chance=decides,
        counts=_counts(candidate.aims),
        is_promised=candidate.stopping.rule is Rule.FIXED,
    )


@lru_cache(maxsize=4_096)
def _curve(
    aims: tuple[Aim, ...], rule: Rule, block: int, most: int
) -> tuple[tuple[tuple[float, float], ...], float, float]:
    """What up to `most` further replicates tell; its weight; and the chance that the next block decides anything."""
    of_aims = [_of_aim(aim, rule) for aim in aims]
    further = [min(most, step * block) for step in _STEPS if (step - 1) * block < most]
    points = [(0.0, 0.0)] + [
        (float(more), math.fsum(aim.weight * bits(more) for aim, (bits, _) in zip(aims, of_aims, strict=True)))
        for more in further
    ]
    whole = math.fsum(bits(block) for bits, _ in of_aims)
    weight_of_all = points[1][1] / whole if whole > 0 else 1.0
    missed = math.prod(1.0 - decides(block) for _, decides in of_aims)
    slopes = tuple((end, slope / weight_of_all if weight_of_all else 0.0) for end, slope in _envelope(points))
    return slopes, weight_of_all, 1.0 - missed


def _of_aim(aim: Aim, rule: Rule) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """After so many further replicates: the bits that are expected, and the chance of a verdict or the next grade."""
    if is_settled(aim) and rule is not Rule.UNTIL_GRADE:
        return (lambda _more: 0.0), (lambda _more: 0.0)
    decides = _decides(aim, rule)
    if aim.verdict is Verdict.UNDECIDED:
        return (lambda more: _VERDICT * decides(more)), decides
    above = _ABOVE.get(aim.grade)
    doubt = _entropy(_WRONG[aim.grade]) - _entropy(_WRONG[above]) if above else 0.0
    return (lambda more: doubt * decides(more) + _narrowed(aim, more)), decides


def _decides(aim: Aim, rule: Rule) -> Callable[[float], float]:
    """The chance of a verdict, or of the next grade where it has one, within so many further replicates."""
    if aim.more is not None:
        half, most = aim.more
        if half == 0 and rule is Rule.UNTIL_GRADE and aim.grade in (Grade.AWAITING, Grade.MODERATE):
            # What it lacks is a verdict that hangs on no single host: with twice the seeds it hangs half as much.
            half, most = max(1, aim.seeds // 2), 2 * max(1, aim.seeds)
        if half is None or (half == 0 and is_decided(aim)):
            return lambda _more: 0.0  # more of the same do not help, or not within a million
        forecast = float(half), float(MOST if most is None else most)
        return lambda more: chance_of_enough(forecast, more)
    if aim.verdict is not Verdict.UNDECIDED:
        return lambda _more: 0.0
    passed = chance_of_enough(USUAL, aim.seeds)
    return lambda more: (chance_of_enough(USUAL, aim.seeds + more) - passed) / max(1e-12, 1.0 - passed)


def _narrowed(aim: Aim, more: float) -> float:
    """Bits of its size: the interval shrinks with the root of the number of values, and matters until it is narrow."""
    width, enough = half_width(aim), narrow_half_width(aim)
    left = 0.0
    if width >= enough:
        left = math.inf if enough <= 0 else max(_YOUNG, math.log2(width / enough))
    young = _YOUNG * min(1.0, more / limits.SETTLED_AFTER) if aim.seeds < limits.SETTLED_AFTER else 0.0
    return _SIZE * min(left, 0.5 * math.log2(1.0 + more / max(1, aim.seeds))) + young


def _entropy(wrong: float) -> float:
    """Bits that are left in doubt of something that is wrong with such a chance."""
    return -wrong * math.log2(wrong) - (1.0 - wrong) * math.log2(1.0 - wrong)


def _envelope(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The slopes of the lowest curve above the points that nowhere bends upwards, and where each of them ends.

    What decides only after several blocks is worth its share of them from the first on.
    """
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], point):
            hull.pop()
        hull.append(point)
    return [(after[0], max(0.0, _slope(before, after))) for before, after in pairwise(hull)]


def _slope(before: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[1] - before[1]) / (after[0] - before[0])


def _percent(chance: float) -> str:
    """Never as if what may happen could not, or had to."""
    percent = round(100 * chance)
    if percent == 0 and chance > 0:
        return "less than 1 %"
    return "more than 99 %" if percent == 100 else f"{percent} %"


def _counts(aims: Sequence[Aim]) -> str:
    settled = sum(is_settled(aim) for aim in aims)
    unseen = sum(aim.seeds == 0 for aim in aims)
    undecided = sum(not is_decided(aim) and aim.seeds > 0 for aim in aims)
    counts: Mapping[str, int] = {
        "without data yet": unseen,
        "undecided": undecided,
        "decided and not settled": len(aims) - settled - unseen - undecided,
        "settled": settled,
    }
    return f"of {tell_amount(len(aims), 'finding')} " + ", ".join(
        f"{many} {what}" for what, many in counts.items() if many
    )
