"""Through the laboratory's own weighing: how far grades carry where there is nothing, and how soon where there is."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.verdict import weigh_values
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import Agreements, Evidence, Grade, Home, Observation, Outcome, Surroundings, Verdict
from error_rates.figures import Answer, Bound, Size
from error_rates.laws import CONTRAST, LAWS, Flags, Numbers
from error_rates.processes import BAR, EFFECTS

Places = npt.NDArray[np.int64]

BLOCK = 16
_MOST, _DESIGNS = 480, 4
_NULL_SEEDS = 400
_GRADES = tuple(Grade)
_MATTERS: Mapping[str, Any] = {**CONTRAST, "smallest": 0.2}
HOMES = {
    number: Home(host_id=number, volunteer_id=number % 8, platform=("linux", "windows")[number % 2])
    for number in range(24)
}


def granted(seeds: int) -> Surroundings:
    """All that a grade asks for besides the values: every seed was computed again, and agreed."""
    again = Agreements(platforms=("linux", "windows"), close=seeds)
    return Surroundings(agreements=(again,), false_share=0.01)


def history(seed: int, size: Size) -> Answer:  # noqa: ARG001 - nothing is drawn: the old laboratory had one seed
    """Weigh what happened: 240 results of 12 hosts, all computed from the same seed."""
    once = 0.031_415_926_535_9
    stream = [Observation(replicate=number, value=once, hosts=(number % 12,)) for number in range(240)]
    lines, bounds = [f"{'results':>8}{'hosts':>7}{'seeds that count':>18}  grade      what is said"], []
    for n in (1, 2, 16, 240):
        evidence = weigh_observations(
            _MATTERS, stream[:n], blocks=max(1, n // BLOCK), homes=HOMES, surroundings=granted(n)
        )
        alarm = evidence.alarms[0].text if evidence.alarms else "nothing is odd"
        lines.append(f"{n:>8}{min(n, 12):>7}{evidence.seeds:>18}  {evidence.grade:<10} {alarm}")
        is_caught = evidence.suspends and evidence.seeds == 1 and evidence.grade is Grade.AWAITING
        if n > 1:
            words = f"{n} results of one seed: suspended {evidence.suspends}, {evidence.seeds} counts, {evidence.grade}"
            bounds.append(Bound(words=words, holds=is_caught))
    return Answer(lines=lines, bounds=bounds)


def nulls(seed: int, size: Size) -> Answer:
    """Follow streams without an effect to 400 seeds and note the highest grade that any block has given."""
    rng = np.random.default_rng(seed)
    lines = [f"{'difference of two arms':<24}" + "".join(f"{grade:>12}" for grade in Grade) + f"{'absent':>10}"]
    claimed = 0
    for name in ("normal", "t3", "lognormal"):
        shape = (size.nulls // 3, _NULL_SEEDS)
        streams = (LAWS[name].draw(rng, shape) - LAWS[name].draw(rng, shape)) / np.sqrt(2.0)
        highest = [_highest(observed(rng, stream)) for stream in streams]
        counted = Counter(grade for grade, _ in highest)
        lines.append(
            f"{name:<24}"
            + "".join(f"{counted[grade]:>12}" for grade in Grade)
            + f"{sum(is_absent for _, is_absent in highest):>10}"
        )
        claimed += counted[Grade.STRONG] + counted[Grade.DEFINITIVE]
    lines.append(
        "Grades of effects that are not there; absent: shown to be smaller than a fifth of the spread, rightly."
    )
    words = f"Strong or Definitive effects where there are none: {claimed} of {size.nulls}"
    return Answer(lines=lines, bounds=[Bound(words=words, holds=claimed == 0)])


def definitive(seed: int, size: Size) -> Answer:
    """Follow an effect of half a standard deviation to Definitive, over four designs in blocks of 16."""
    rng = np.random.default_rng(seed)
    reached: dict[Grade, list[float]] = {grade: [] for grade in _GRADES[1:]}
    formed = []
    for _ in range(size.weighed):
        explored = _reached(observed(rng, rng.normal(0.5, 1.0, _MOST)), _GRADES[1:2])
        ends = _reached(observed(rng, rng.normal(0.5, 1.0, _MOST)), _GRADES[1:])
        for grade, seeds in ends.items():
            reached[grade].append(seeds)
        formed.append(explored[Grade.MODERATE] + ends[Grade.DEFINITIVE])
    lines = [
        f"{grade:<12} after a median of {median(ends):.0f} seeds, within {_MOST} in {np.isfinite(ends).mean():.1%}"
        for grade, ends in reached.items()
    ]
    before, after = median(reached[Grade.DEFINITIVE]), median(formed)
    lines.append(f"formed from data at Moderate, then a fresh cohort: a median of {after:.0f} seeds in all")
    rows = [
        {"seeds": n, "share": float(np.mean(np.array(ends) <= n)), "grade": str(grade)}
        for grade, ends in reached.items()
        for n in range(BLOCK, _MOST + 1, BLOCK)
    ]
    return Answer(
        lines=lines,
        bounds=[
            Bound(
                words=f"Definitive, registered before its first seed: {before:.0f}, at most 220", holds=before <= 220
            ),
            Bound(words=f"Definitive, formed from data: {after:.0f}, at most 280", holds=after <= 280),
        ],
        drawn={"grades": rows},
    )


def observed(
    rng: np.random.Generator,
    stream: Numbers,
    *,
    designs: Places | None = None,
    gone: Flags | None = None,
    outcome: Outcome = Outcome.FAILED,
) -> list[Observation]:
    """On hosts by lot, block by block of another design unless it is said of which; those that are gone with why."""
    hosts = rng.integers(len(HOMES), size=len(stream)).tolist()
    places = np.arange(len(stream)) // BLOCK % _DESIGNS if designs is None else designs
    lost = np.zeros(len(stream), dtype=bool) if gone is None else gone
    rows = zip(stream.tolist(), hosts, places.tolist(), lost.tolist(), strict=True)
    return [
        Observation(
            replicate=number,
            value=None if is_gone else value,
            hosts=(host,),
            why_missing=str(outcome) if is_gone else "",
            outcome=outcome if is_gone else Outcome.OK,
            design=f"design {design + 1}",
        )
        for number, (value, host, design, is_gone) in enumerate(rows)
    ]


def looks(
    estimand: Mapping[str, Any],
    stream: Sequence[Observation],
    *,
    verdicts: Collection[Verdict] = (*EFFECTS, Verdict.ABSENT),
    homes: Mapping[int, Home] = HOMES,
    surroundings_after: Callable[[int], Surroundings] = granted,
) -> Iterator[Evidence]:
    """The evidence of each closed block that may say one of these verdicts.

    Where the values alone do not say it, hosts that are not believed do not make it said.
    """
    claim, values = pose_question(estimand), [observation.value for observation in stream]
    for n in range(BLOCK, len(stream) + 1, BLOCK):
        alone = weigh_values(claim, values[:n])
        if any((alone.log_absent if verdict is Verdict.ABSENT else alone.log_e) >= BAR for verdict in verdicts):
            yield weigh_observations(
                estimand, stream[:n], blocks=n // BLOCK, homes=homes, surroundings=surroundings_after(n)
            )


def _reached(stream: Sequence[Observation], grades: Sequence[Grade]) -> dict[Grade, float]:
    """After how many seeds, in whole blocks, each grade is reached first; infinite where it never is."""
    ends = dict.fromkeys(grades, math.inf)
    for evidence in looks(_MATTERS, stream):
        now = _GRADES.index(evidence.grade)
        for grade in grades:
            if now >= _GRADES.index(grade):
                ends[grade] = min(ends[grade], evidence.blocks * BLOCK)
        if math.isfinite(ends[grades[-1]]):
            break
    return ends


def _highest(stream: Sequence[Observation]) -> tuple[Grade, bool]:
    """The highest grade of an effect at any look, and whether it was ever shown to be absent."""
    weighings = list(looks(_MATTERS, stream))
    grades = [evidence.grade for evidence in weighings if evidence.verdict is not Verdict.ABSENT]
    return max(grades, key=_GRADES.index, default=Grade.AWAITING), len(grades) < len(weighings)
