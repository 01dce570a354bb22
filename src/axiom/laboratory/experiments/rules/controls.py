"""G7 and G8: would weighing find this effect? Asked of controls, where it is known whether there is one.

A claim is worth something if it can fail: what says "found" of data without the effect says it of anything, and what
does not say it of data with a plain effect will never say it. Both are asked with the very e-process that evidence
is weighed by and, of differences, with their signs, which tell more of so few seeds; and not with the same rule. A
planted effect has to be shown beyond doubt, at eight seeds or at sixteen. A placebo has to show that it is one: it is
run at twice as many seeds, and again, until they tell a leak that matters from none. So a leak is found that hides in
eight seeds of noise, and luck, which fades, refuses hardly any sound file. That counts, for a laboratory's seeds are
always the same: what luck refuses there is refused for ever. Where the last seeds leave it open, the gate says from
which size on a leak would have been seen.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.estimands import Direction, Kind
from axiom.domain.preflights import Attempt, ControlDemand, ControlRun, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules import revealing_controls
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer, control_kind
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.limits import experiments as limits
from axiom_weigh.evidence.choice_of_statistic import Process, Question, pose_question
from axiom_weigh.evidence.counted_values import no_value
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.statistics import estimand_arithmetic
from axiom_weigh.statistics.shares_and_medians import dealt_log_e
from axiom_weigh.values import COARSE, Observation

# The seeds of controls: the first two are the sweep's as well, so that what is alike is seen.
CONTROL_NUMBERS = (
    SAME_LOW,
    SAME_HIGH,
    *(number for number in range(3, limits.PLACEBO_MOST_SEEDS + 3) if number not in (SAME_LOW, SAME_HIGH)),
)
_LOOKS = (limits.CONTROL_SEEDS, limits.CONTROL_MOST_SEEDS, 2 * limits.CONTROL_MOST_SEEDS, limits.PLACEBO_MOST_SEEDS)
_TIMES = (1, 2, 4, 8, 16)  # the leak that has to show: of these sizes it is said whether the last seeds would show one
_HOW = "docs/howto/preflight.md says how"
_EXAMPLE = "docs/tutorial/control-an-experiment.md finds such a mistake in an example"


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlResult:
    """Whether the effect that the claim expects was found in these values, and why."""

    is_found: bool
    is_beyond: bool  # the estimate lies on the claimed side, further from the null than the smallest that matters
    e_value: float
    estimate: float | None
    centre: str  # what it is of the values: their median, share or mean
    reason: str


def control_result(estimand: Mapping[str, Any], values: Sequence[float | None]) -> ControlResult:
    """Is the effect there, on the side that the claim expects and larger than the smallest that matters?

    A value that is missing counts against it, as it does in evidence. The arms of a control are alike but for what is
    planted, so the signs of their differences are fair coins without it: eight alike are an e-value of 50, however much
    their sizes differ. Seeds that gave the very same are no copies here: a leak may add one number to all, and what
    stands for a missing value is another seed's.
    """
    from axiom_weigh.evidence.weigh_claim import weigh_observations

    observed = [Observation(replicate=n, value=number, fingerprint=COARSE) for n, number in enumerate(values)]
    evidence = weigh_observations(estimand, observed, blocks=1, homes={})
    estimate, null, smallest = evidence.estimate, float(estimand["null"]), float(estimand["smallest"])
    is_more = _is_looked_for_above(estimand, estimate)
    side, bar = ("above", null + smallest) if is_more else ("below", null - smallest)
    is_beyond = estimate is not None and (estimate > bar if is_more else estimate < bar)
    agreeing = sum(value is not None and (value > null if is_more else value < null) for value in values)
    e_value = evidence.e_value
    if pose_question(estimand).process.compares_arms and 2 * agreeing > len(values):
        e_value = max(e_value, math.exp(dealt_log_e(agreeing, 0, len(values))))
    if estimate is None:
        why = f"none of {len(values)} seeds gave a value"
    else:
        lies = "lies" if is_beyond else "does not lie"
        why = (
            f"over {evidence.seeds} of {len(values)} seeds the {evidence.centre} {estimate:.4g} {lies} {side} {bar:.4g}"
            f", and e is {e_told(e_value)}, of {limits.CONTROL_ENOUGH:.0f} wanted"
        )
    return ControlResult(
        is_found=is_beyond and e_value >= limits.CONTROL_ENOUGH,
        is_beyond=is_beyond,
        e_value=e_value,
        estimate=estimate,
        centre=evidence.centre,
        reason=why,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceboResult:
    """Whether nothing is seen where nothing is, and why."""

    is_spared: bool
    reason: str
    most: int = 0  # how many seeds may tell otherwise; none where what these say is the last word


def check_placebo_values(estimand: Mapping[str, Any], values: Sequence[float | None]) -> PlaceboResult:
    """Is there no effect to be seen in these values of a placebo?

    One is hinted at whose estimate lies further from the null than the smallest effect that matters, at an e-value that
    is a hint already: more seeds may tell otherwise until that is shown. Without a hint they may, too, until a leak
    that matters would have been seen. Where a null is 0, as of a difference, both sides count: a leak may turn either
    way. A half, or a number from the literature, is a border, and a placebo may lie far on the side of it that nobody
    claims. A value that is missing, or that cannot be one, is taken to be the most extreme of those that are there: so
    it can hint at a leak and hide one, but it shows none.
    """
    query = pose_question(estimand)
    possible = [None if value is None or no_value(query, value) else value for value in values]
    numbers = [number for number in possible if number is not None]
    least = max(1, math.ceil(limits.CONTROL_VALUES * len(values)))
    if len(numbers) < least:
        gave = "a value" if sum(value is not None for value in values) == len(numbers) else f"a value {_where(query)}"
        return PlaceboResult(
            is_spared=False,
            reason=f"{len(numbers)} of {len(values)} seeds gave {gave}, and {least} are wanted",
            most=limits.PLACEBO_MOST_SEEDS,
        )
    is_last = len(values) >= limits.PLACEBO_MOST_SEEDS
    wanted = limits.CONTROL_ENOUGH if is_last else limits.CONTROL_HINT
    filled = {is_more: _fill_missing(possible, is_more) for is_more in _sides(estimand)}
    for is_more, there in filled.items():
        sided = {**estimand, "expects": "+" if is_more else "-"}
        result = control_result(sided, numbers if is_last else there)
        if result.is_beyond and result.e_value >= wanted:
            shown = control_result(sided, numbers)
            is_shown = shown.is_beyond and shown.e_value >= limits.CONTROL_SHOWN
            return PlaceboResult(
                is_spared=False,
                reason=f"the {result.centre} {result.estimate:.4g} lies further from {estimand['null']:g} than "
                f"{estimand['smallest']:g}, and e is {e_told(result.e_value)}, of less than {wanted:.0f} wanted",
                most=limits.CONTROL_MOST_SEEDS if is_shown else limits.PLACEBO_MOST_SEEDS,
            )
    sizes = [limits.CONTROL_LEAK * times for times in (_TIMES if is_last else _TIMES[:1])]
    seen = [_smallest_leak_seen(estimand, there, sizes, is_more=is_more) for is_more, there in filled.items()]
    result = control_result(estimand, numbers)
    tells = f"over {len(numbers)} of {len(values)} seeds the {result.centre} is {result.estimate:.4g}"
    leak = f"a leak of {max(size or sizes[-1] for size in seen):g} times what matters"
    if None in seen:
        return PlaceboResult(
            is_spared=True,
            reason=f"{tells}, and {leak} may be missed",
            most=0 if is_last else limits.PLACEBO_MOST_SEEDS,
        )
    return PlaceboResult(is_spared=True, reason=f"{tells}, and {leak} would probably be seen")


def _fill_missing(values: Sequence[float | None], is_more: bool) -> list[float]:
    there = [value for value in values if value is not None]
    extreme = max(there) if is_more else min(there)
    return [extreme if value is None else value for value in values]


def _smallest_leak_seen(
    estimand: Mapping[str, Any], values: Sequence[float], sizes: Sequence[float], *, is_more: bool
) -> float | None:
    """Which of these leaks, in smallest effects that matter, these values would tell from none; None where they do not.

    They do where as much evidence as hints at a leak says that there is none so large.
    """
    query = pose_question(estimand)
    for size in sizes:
        leak = (size if is_more else -size) * query.smallest
        border = query.null + leak
        if query.bounds and not query.bounds[0] < border < query.bounds[1]:
            return size  # no leak is so large
        sided = {**estimand, "expects": "-" if is_more else "+", "smallest": 0.0}
        if query.process is Process.RANKS:
            result = control_result(sided, [value - leak for value in values])
        else:
            result = control_result({**sided, "null": border}, values)
        if result.is_beyond and result.e_value >= limits.CONTROL_HINT:
            return size
    return None


def _where(query: Question) -> str:
    if query.process is Process.BERNOULLI or query.bounds is None:
        return "of 0 or 1"
    return f"within the bounds {query.bounds[0]:g} to {query.bounds[1]:g}"


def _is_looked_for_above(estimand: Mapping[str, Any], estimate: float | None) -> bool:
    """Of a claim that there is none, an effect may be planted on either side."""
    expects = Direction(estimand["expects"])
    if expects is Direction.ABSENT:
        return estimate is None or estimate >= float(estimand["null"])
    return expects is Direction.MORE


def _sides(estimand: Mapping[str, Any]) -> tuple[bool, ...]:
    """On which sides of the null an effect is looked for: whether above."""
    if Direction(estimand["expects"]) is Direction.ABSENT:
        return (True, False)
    claimed = Direction(estimand["expects"]) is Direction.MORE
    is_nothing = float(estimand["null"]) == 0.0 and Kind(estimand["kind"]) is not Kind.PROPORTION
    return (claimed, not claimed) if is_nothing else (claimed,)


def check_placebo(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G7: nothing is found where there is nothing."""
    if demands.is_invented and (
        fault := revealing_controls.find_revealing_measures(attempt, demands, (SAME_LOW, SAME_HIGH))
        or revealing_controls.find_revealing_ranks(attempt, demands, CONTROL_NUMBERS[: limits.CONTROL_SEEDS])
    ):
        return GateAnswer(fault=fault)
    if demands.estimands and not demands.controls:
        return refuse_uncontrolled()
    return _controlled(attempt, demands, is_planted=False)


def check_planted(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G8: what was put there is found."""
    return _controlled(attempt, demands, is_planted=True)


def refuse_uncontrolled() -> GateAnswer:
    return GateAnswer(
        fault="it concludes something and declares no control: without a placebo and a planted effect nobody knows "
        "what its estimands are worth",
        advice=f"Add controls=(Control(estimand=…, placebo=…, planted=…),); {_HOW}",
    )


def _controlled(attempt: Attempt, demands: Demands, *, is_planted: bool) -> GateAnswer:
    parts = []
    for control in demands.controls:
        run = next(
            (
                candidate
                for candidate in attempt.controls
                if (candidate.estimand, candidate.is_planted) == (control.estimand, is_planted)
            ),
            None,
        )
        configs = control.configs(is_planted=is_planted)
        computed = {(cell.seed, cell.config) for cell in run.tried} if run else set()
        if run is None or not any(_is_whole(computed, seeds, len(configs)) for seeds in _LOOKS):
            kind = control_kind(is_planted=is_planted)
            return GateAnswer(lacks=f"{kind} of {control.estimand} was not computed at {limits.CONTROL_SEEDS} seeds")
        is_well, reason, most = _weighed(run, control, demands)
        seeds = len({seed for seed, _ in computed})
        if (wanted := count_wanted_seeds(seeds, most)) > seeds:
            more = f"{seeds} seeds, and {wanted} are wanted"
            unsettled = f"{control_kind(is_planted=is_planted)} of {control.estimand} is not settled by {more}"
            return GateAnswer(lacks=f"{unsettled}: {reason}", blind=unsettled)
        if not is_well:
            return GateAnswer(
                fault=_control_fault(control.estimand, f": {reason}", is_planted=is_planted),
                advice=_EXAMPLE,
                blind=_control_fault(control.estimand, "", is_planted=is_planted),
            )
        parts.append(f"{control.estimand}: {reason}")
    bare = sorted(
        {estimand["name"] for estimand in demands.estimands} - {control.estimand for control in demands.controls}
    )
    if bare and not is_planted:
        parts.append(f"not controlled: {', '.join(bare)}")
    return GateAnswer(well="; ".join(parts) or "it concludes nothing")


def find_planted_effect(
    report: Mapping[str, Any], estimand: Mapping[str, Any], planted: Sequence[Mapping[str, object]]
) -> float | None:
    """What the report of a preflight shows of an estimand in these configs, where an effect was planted for it."""
    by_seed: dict[int, dict[int, Mapping[str, Any]]] = {}
    for run in report.get("controls", ()):
        if run["is_planted"] and run["estimand"] == estimand["name"]:
            for cell in run["tried"]:
                measures = cell["measures"] if cell["outcome"] == Outcome.OK else {}
                by_seed.setdefault(cell["seed"], {})[cell["config"]] = measures
    values = [
        estimand_arithmetic.compute_estimand(
            estimand, [(config, measured.get(place)) for place, config in enumerate(planted)]
        )[0]
        for measured in by_seed.values()
    ]
    return control_result(estimand, values).estimate


def list_further_seeds(run: ControlRun, demands: Demands) -> Sequence[int]:
    """The numbers of seeds that this control has to be run at as well; none where those that were say enough."""
    control = next(candidate for candidate in demands.controls if candidate.estimand == run.estimand)
    seeds = len({cell.seed for cell in run.tried})
    _, _, most = _weighed(run, control, demands)
    return CONTROL_NUMBERS[seeds : count_wanted_seeds(seeds, most)]


def count_wanted_seeds(seeds: int, most: int) -> int:
    """At how many seeds a control is looked at next: twice as many, where so many may tell otherwise; else at these."""
    return max(seeds, min(2 * seeds, most))


def _weighed(run: ControlRun, control: ControlDemand, demands: Demands) -> tuple[bool, str, int]:
    """Whether a control shows what it should, the reason, and up to how many seeds could tell otherwise."""
    estimand, values = find_controlled_estimand(demands, control), compute_control_values(run, control, demands)
    if run.is_planted:
        plain = control_result(estimand, values)
        return plain.is_found, plain.reason, 0 if plain.is_found else limits.CONTROL_MOST_SEEDS
    nothing = check_placebo_values(estimand, values)
    return nothing.is_spared, nothing.reason, nothing.most


def _control_fault(estimand: str, reason: str, *, is_planted: bool) -> str:
    if is_planted:
        return (
            f"the effect that was planted for {estimand} is not found{reason}. Are the arms the right way round, and "
            "does `expects` say what the claim says?"
        )
    return (
        f"{estimand} does not show that its placebo is without effect{reason}. Does something of the arm leak into "
        "the data, or is another thing measured than the claim says?"
    )


def _is_whole(computed: Collection[tuple[int, int]], seeds: int, configs: int) -> bool:
    """Is each config there at so many seeds? Reports of before began with others."""
    wanted = (CONTROL_NUMBERS[:seeds], range(1, seeds + 1))
    return any(computed == {(seed, place) for seed in numbers for place in range(configs)} for numbers in wanted)


def compute_control_values(run: ControlRun, control: ControlDemand, demands: Demands) -> list[float | None]:
    estimand, configs = find_controlled_estimand(demands, control), control.configs(is_planted=run.is_planted)
    seeds = sorted({cell.seed for cell in run.tried})
    return [compute_estimate(estimand, configs, [cell for cell in run.tried if cell.seed == seed]) for seed in seeds]


def compute_estimate(
    estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]], tried: Sequence[TriedCell]
) -> float | None:
    measured = {cell.config: cell.measures for cell in tried if cell.outcome is Outcome.OK}
    number, _ = estimand_arithmetic.compute_estimand(
        estimand, [(config, measured.get(place)) for place, config in enumerate(configs)]
    )
    return number if number is None or math.isfinite(number) else None


def find_controlled_estimand(demands: Demands, control: ControlDemand) -> Mapping[str, Any]:
    estimand = next(candidate for candidate in demands.estimands if candidate["name"] == control.estimand)
    return {**estimand, "expects": control.side} if control.side else estimand
