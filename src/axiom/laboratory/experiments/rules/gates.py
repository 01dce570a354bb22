"""What each gate says of the facts that a preflight brought. Pure: a fault in a sentence, or that all is well."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from axiom.domain.estimands import Kind
from axiom.domain.preflights import Attempt, ControlDemand, ControlRun, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules import revealing_controls
from axiom.laboratory.experiments.rules.controls import check_placebo_values, control_result
from axiom.laboratory.failures.rules.tracebacks import known_exception_name
from axiom.limits import experiments as limits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.grouping import group_pairs
from axiom_weigh.statistics import estimand_arithmetic

# Numbers of the seeds that share their low or their high bits with seed 0.
SAME_LOW, SAME_HIGH = limits.CONTROL_MOST_SEEDS + 1, limits.CONTROL_MOST_SEEDS + 2
# The seeds of controls: the first two are the sweep's as well, so that what is alike is seen.
CONTROL_NUMBERS = (SAME_LOW, SAME_HIGH, *range(3, limits.CONTROL_MOST_SEEDS + 1))
_OF_SCHEMA = "measure "  # so begins what is said of a measure that is missing or of another type
_SCHEMA_FAULT = re.compile(
    r"measure \w+ (is missing in what run returned|must be (a sequence of numbers|\w+))", re.ASCII
)
_MOST_PAIRS = 5  # of configs that return the same, and are told
_IDLE = "Take it out of the sweep, or, if that must be so, put them into the placebo of a control"
_HOW = "docs/howto/preflight.md says how"
_EXAMPLE = "docs/tutorial/control-an-experiment.md finds such a mistake in an example"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateAnswer:
    """What one gate says: a fault; or, without one, whether it saw all that it wants, and what it saw."""

    fault: str = ""
    lacks: str = ""  # what was not computed
    well: str = ""
    blind: str = ""  # the fault without what was measured, where it tells that
    advice: str = ""  # what whoever wrote the file can write instead

    @property
    def unseen(self) -> str:
        """What is amiss, for somebody who must not see what was measured."""
        return self.blind or self.fault or self.lacks


def check_parse(attempt: Attempt, _demands: Demands) -> GateAnswer:
    """G0: it is an experiment's file at all."""
    return GateAnswer(fault=_refusals(attempt, "G0"), well="the file is an experiment's")


def check_allowed_names(attempt: Attempt, _demands: Demands) -> GateAnswer:
    """G1: it imports and calls nothing that an experiment does not need."""
    return GateAnswer(fault=_refusals(attempt, "G1"), well="it imports and calls what experiments may")


def check_run(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G2: every cell ends by itself, in the sandbox."""
    if strange := [cell for cell in _all_cells(attempt) if not 0 <= cell.config < len(demands.configs)]:
        return GateAnswer(fault=f"config {strange[0].config} is none of the {len(demands.configs)} of the sweep")
    for where, tried in _cells(attempt, demands):
        if fault := run_fault(where, tried):
            return GateAnswer(fault=fault, blind=run_fault(where, unseen_error(tried)))
    if attempt.fault:
        return GateAnswer(fault=attempt.fault)
    done = len({cell.config for cell in attempt.first})
    cells = sum(1 for _ in _cells(attempt, demands))
    return GateAnswer(
        lacks="" if done == len(demands.configs) > 0 else f"{done} of {len(demands.configs)} configs were computed",
        well=f"{tell_amount(done, 'config')} and {tell_amount(cells, 'cell')} in the sandbox",
    )


def check_repeat(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G3: the same seed gives the same bits in another process, in another order, and after other seeds.

    So it does in a mended text of a published version, wherever that gave any.
    """
    first = {cell.config: cell for cell in attempt.first}
    for cell in attempt.again:
        if fault := repeat_fault(cell, first.get(cell.config), demands):
            return GateAnswer(fault=fault)
    mended = {(cell.config, cell.seed): cell for cell in (*attempt.first, *attempt.others)}
    for before in attempt.published:
        now = mended.get((before.config, before.seed))
        if now and gives_other_numbers(now, before):
            return GateAnswer(
                fault=f"{describe_config(before.config, demands.configs)} gives other numbers than the published text "
                "of this version at the same seed",
                advice="Raise `version` in the file: other numbers are asked anew, under a registration of their own",
            )
    twice, wanted = len(first.keys() & {cell.config for cell in attempt.again}), len(demands.configs)
    return GateAnswer(
        lacks="" if twice == wanted else f"only {twice} of {tell_amount(wanted, 'config')} were computed twice",
        well=f"{tell_amount(twice, 'config')} twice the same in every bit",
    )


def check_seeds(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G4: another seed gives another beginning, or other measures that are concluded from; another config, too."""
    lacks = ""
    for place in range(len(demands.configs)):
        marks = {cell.seed: cell.mark for cell in (*attempt.first, *attempt.others) if cell.config == place}
        if len(set(marks.values())) < len(marks):
            return GateAnswer(
                fault=f"{describe_config(place, demands.configs)} at {len(marks)} seeds gives "
                f"{len(set(marks.values()))} different results: {_alike_in_words(marks)}",
                advice="Draw from chance.stream(seed, purpose), and hand the first losses or values to progress.early",
            )
        if marks.keys() != {0, SAME_LOW, SAME_HIGH}:
            lacks = lacks or f"{describe_config(place, demands.configs)} was not computed at three seeds"
    pairs = list(_same_to_the_bit(attempt))
    for factor in _idle_factors(pairs, demands):
        if unsaid := next((p for p in pairs if _differing(p, demands) == [factor] and not _is_said(p, demands)), None):
            return GateAnswer(fault=_idle_fault(factor, unsaid, demands), advice=_IDLE)
    idle = [
        f"{' and '.join(_differing(pair, demands))} changes nothing between configs {pair[0]} and {pair[1]}"
        for pair in pairs[:_MOST_PAIRS]
    ]
    return GateAnswer(lacks=lacks, well="; ".join(["every config gives other numbers at other seeds", *idle]))


def _same_to_the_bit(attempt: Attempt) -> Iterator[tuple[int, int]]:
    """The pairs of configs whose cells, all of which ended well, agree at every seed in all that they returned."""
    returned: dict[int, set[tuple[int, str]]] = {}
    for cell in (*attempt.first, *attempt.others):
        returned.setdefault(cell.config, set()).add((cell.seed, cell.digest if cell.outcome is Outcome.OK else ""))
    by_numbers = group_pairs((frozenset(returned[place]), place) for place in sorted(returned))
    for numbers, places in by_numbers.items():
        if all(digest for _, digest in numbers):
            yield from itertools.combinations(places, 2)


def _idle_factors(pairs: Sequence[tuple[int, int]], demands: Demands) -> list[str]:
    """Factors that change nothing wherever they vary alone. A limit may bind at some configs and not at others."""
    alone = [_differing(pair, demands) for pair in pairs]
    idle = dict.fromkeys(names[0] for names in alone if len(names) == 1)
    return [factor for factor in idle if alone.count([factor]) == _pairs_that_vary(factor, demands)]


def _pairs_that_vary(factor: str, demands: Demands) -> int:
    """How many pairs of the sweep differ in this factor alone."""
    rest = Counter(tuple(level for name, level in config.items() if name != factor) for config in demands.configs)
    return sum(math.comb(levels, 2) for levels in rest.values())


def _idle_fault(factor: str, pair: tuple[int, int], demands: Demands) -> str:
    first, other = (describe_config(place, demands.configs) for place in pair)
    return (
        f"the factor {factor} changes nothing: {first} and {other}, like all others that differ in it alone, give the "
        "same numbers to the last bit at three seeds"
    )


def _differing(pair: tuple[int, int], demands: Demands) -> list[str]:
    first, other = (demands.configs[place] for place in pair)
    return [name for name in first if first[name] != other[name]]


def _is_said(pair: tuple[int, int], demands: Demands) -> bool:
    """Does the file say that these are alike? It does in a placebo, where an effect is absent by construction."""
    return any(all(demands.configs[place] in control.placebo for place in pair) for control in demands.controls)


def _alike_in_words(marks: Mapping[int, str]) -> str:
    """Which bits of the seed decide nothing."""
    if marks.get(0) == marks.get(SAME_LOW) != marks.get(SAME_HIGH):
        return "the high bits of the seed decide nothing"
    if marks.get(0) == marks.get(SAME_HIGH) != marks.get(SAME_LOW):
        return "the low bits of the seed decide nothing"
    return "the seed decides too little"


def check_measures(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G5: measures are what was declared, finite but for bad luck, and within the bounds of what is concluded."""
    others = (*attempt.others, *attempt.compared)
    left = [other for other in others if other.outcome is Outcome.DIVERGED]
    few = left if len(left) <= limits.RUNAWAY_SHARE * len(others) else []
    for where, tried in _cells(attempt, demands):
        if (fault := value_fault(where, tried)) and not any(tried is cell for cell in few):
            return GateAnswer(fault=fault, blind=value_fault(where, unseen_error(tried)))
    for fault in _declared_faults(demands):
        return GateAnswer(fault=fault)
    learned = [cell.learned for cell in (*attempt.first, *others) if cell.learned is not None]
    if demands.is_invented and learned and not any(learned):
        return GateAnswer(
            fault="by the measure that the file names with `learned`, no cell of the sweep learned anything"
        )
    for name, where, fault in _out_of_bounds(attempt, demands):
        return GateAnswer(fault=fault, blind=f"{name} lies outside its declared bounds in {where}")
    seldom = f"; {tell_amount(len(few), 'cell')} of {len(others)} at other seeds left the real numbers" if few else ""
    return GateAnswer(well=f"measures as declared, finite, within bounds{seldom}")


def check_costs(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G6: cells take about what `Needs` says, at the small end of the sweep and at the large one."""
    if fault := next(_too_dear(attempt, demands), ""):
        return GateAnswer(fault=fault)
    measured = {}
    for place in cost_extremes(demands):
        warm = [other.cpu_seconds for other in attempt.others if other.config == place]
        if not warm:
            return GateAnswer(
                lacks=f"{describe_config(place, demands.configs)} was not computed a second time in one process"
            )
        measured[place] = min(warm)
    if wrong := _cost_fault(measured, demands):
        return wrong
    costs = (f"{spent:.3g} s where {demands.seconds[place]:.3g} are declared" for place, spent in measured.items())
    return GateAnswer(well=f"a warm cell takes {', and '.join(costs)}")


def check_placebo(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G7: nothing is found where there is nothing."""
    if demands.is_invented and (
        fault := revealing_controls.find_revealing_measures(attempt, demands, (SAME_LOW, SAME_HIGH))
        or revealing_controls.find_revealing_ranks(attempt, demands, CONTROL_NUMBERS[: limits.CONTROL_SEEDS])
    ):
        return GateAnswer(fault=fault)
    if demands.estimands and not demands.controls:
        return _uncontrolled()
    return _controlled(attempt, demands, is_planted=False)


def _uncontrolled() -> GateAnswer:
    return GateAnswer(
        fault="it concludes something and declares no control: without a placebo and a planted effect nobody knows "
        "what its estimands are worth",
        advice=f"Add controls=(Control(estimand=…, placebo=…, planted=…),); {_HOW}",
    )


def declared_fault(demands: Demands) -> tuple[str, str]:
    """The gate that refuses what a file declares, and why, before anything of it runs; both empty where none does."""
    for fault in _declared_faults(demands):
        return "G5", fault
    if demands.estimands and not demands.controls:
        answer = _uncontrolled()
        return "G7", f"{answer.fault}. {answer.advice}"
    revealing = revealing_controls.find_revealing_configs(demands) if demands.is_invented else ""
    return ("G7", revealing) if revealing else ("", "")


def check_planted(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G8: what was put there is found."""
    return _controlled(attempt, demands, is_planted=True)


GATES: Mapping[str, tuple[str, Callable[[Attempt, Demands], GateAnswer]]] = {
    "G0": ("parse", check_parse),
    "G1": ("allow-list", check_allowed_names),
    "G2": ("sandboxed run", check_run),
    "G3": ("same seed twice", check_repeat),
    "G4": ("seeds and factors", check_seeds),
    "G5": ("schema and bounds", check_measures),
    "G6": ("cost", check_costs),
    "G7": ("placebo", check_placebo),
    "G8": ("planted effect", check_planted),
}


def cost_extremes(demands: Demands) -> list[int]:
    """The dearest config and the cheapest, as `Needs` has it; one where there is no other."""
    places = sorted(range(len(demands.configs)), key=lambda place: demands.seconds[place])
    return list(dict.fromkeys((places[-1], places[0]))) if places else []


def run_fault(where: str, tried: TriedCell) -> str:
    """What is wrong with how a cell ended, or nothing."""
    if tried.outcome is Outcome.FAILED and not _is_of_schema(tried):
        return f"{where} raises {tried.error}"
    if tried.outcome is Outcome.LATE:
        return f"{where} did not end: it was stopped after {tried.cpu_seconds:.0f} s of a processor"
    return ""


def value_fault(where: str, tried: TriedCell) -> str:
    """What is wrong with what a cell measured, or nothing."""
    if tried.outcome is Outcome.FAILED and _is_of_schema(tried):
        return f"{where} returns something else than Measures declares: {tried.error}"
    if tried.outcome is Outcome.DIVERGED:
        what = " and ".join(tried.missing) or "a measure"
        return f"{where} is not finite: {what} left the real numbers, and a measure that may be missing is None"
    return ""


def unseen_error(tried: TriedCell) -> TriedCell:
    """The cell without what the file can say in an error: names of its own classes could tell what was measured."""
    kind, _, place = tried.error.rpartition(" at ")
    shape = _SCHEMA_FAULT.match(kind)
    of_schema = shape[0] if shape else _OF_SCHEMA.strip()
    kind = of_schema if _is_of_schema(tried) else known_exception_name(kind)
    return replace(tried, error=f"{kind} at {place}" if tried.error else "")


def gives_other_numbers(now: TriedCell | None, before: TriedCell) -> bool:
    """Where the published text gave numbers, does another one give others, or none at all?"""
    return before.outcome in (Outcome.OK, Outcome.DIVERGED) and (now is None or now.digest != before.digest)


def repeat_fault(tried: TriedCell, first: TriedCell | None, demands: Demands) -> str:
    """Whether a cell that was computed again differs from before."""
    if first is None or first.digest == tried.digest:
        return ""
    return (
        f"{describe_config(tried.config, demands.configs)} computed again with the same seed, in another process "
        "and after other cells, gives other numbers: something besides config and seed enters (what an earlier cell "
        "left behind, the clock, a set's order, a global generator)"
    )


def describe_config(place: int, configs: Sequence[Mapping[str, object]]) -> str:
    if not 0 <= place < len(configs):
        return f"config {place}"
    return f"config {place} ({', '.join(f'{name} {value}' for name, value in configs[place].items())})"


def control_in_words(run: ControlRun, place: int, demands: Demands) -> str:
    control = next((candidate for candidate in demands.controls if candidate.estimand == run.estimand), None)
    configs = control.configs(is_planted=run.is_planted) if control else ()
    return f"{_kind(is_planted=run.is_planted)} of {run.estimand}, {describe_config(place, configs)},"


def _cells(attempt: Attempt, demands: Demands) -> Iterator[tuple[str, TriedCell]]:
    for cell in attempt.first:
        yield describe_config(cell.config, demands.configs), cell
    before = {cell.config for cell in attempt.first}
    for cell in attempt.again:
        again = "computed again in a fresh process, " if cell.config in before else ""
        yield f"{again}{describe_config(cell.config, demands.configs)}", cell
    for other in (*attempt.others, *attempt.compared):
        yield f"at another seed, {describe_config(other.config, demands.configs)}", other
    for run in attempt.controls:
        for cell in run.tried:
            yield control_in_words(run, cell.config, demands), cell


def _all_cells(attempt: Attempt) -> Iterator[TriedCell]:
    yield from (*attempt.first, *attempt.again, *attempt.others, *attempt.compared)


def _refusals(attempt: Attempt, gate: str) -> str:
    sentences = [f"line {refusal.line}: {refusal.sentence}" for refusal in attempt.refusals if refusal.gate == gate]
    more = f" (and {len(sentences) - 3} more)" if len(sentences) > 3 else ""
    return " ".join(sentence.rstrip(".") + "." for sentence in sentences[:3]).rstrip(".") + more


def _is_of_schema(tried: TriedCell) -> bool:
    return tried.error.startswith(_OF_SCHEMA)


def _declared_faults(demands: Demands) -> Iterator[str]:
    """What could never be concluded, whatever is measured; and configs outside what others may choose."""
    for place, config in enumerate(demands.configs):
        for factor, (low, high) in demands.ranges.items():
            level = config.get(factor)
            if isinstance(level, int | float) and not low <= level <= high:
                yield f"{describe_config(place, demands.configs)} lies outside the declared range {low:g} to {high:g}"
    # A dimension is concluded from tiles that are not in the sweep; that there are levels for it, the file proves.
    charted = [estimand for estimand in demands.estimands if Kind(estimand["kind"]) is not Kind.DIMENSION]
    sweeps = [(estimand, "the sweep", demands.configs) for estimand in charted]
    for control in demands.controls:
        for is_planted in (False, True):
            name = f"{_kind(is_planted=is_planted)} of {control.estimand}"
            sweeps.append((_estimand(demands, control), name, control.configs(is_planted=is_planted)))
    for estimand, what, configs in sweeps:
        if why := estimand_arithmetic.why_not_concluded(estimand, configs):
            yield f"{estimand['name']} cannot be concluded from {what}: {why}"


def _out_of_bounds(attempt: Attempt, demands: Demands) -> Iterator[tuple[str, str, str]]:
    """Each estimand that lies outside its bounds, where, and the sentence that says so."""
    for estimand in demands.estimands:
        number = _value(estimand, demands.configs, attempt.first)
        yield from _beyond(estimand, "the sweep", [number])
    for run in attempt.controls:
        control = next((candidate for candidate in demands.controls if candidate.estimand == run.estimand), None)
        if control:
            yield from _beyond(
                _estimand(demands, control),
                f"{_kind(is_planted=run.is_planted)}",
                _values(run, control, demands),
            )


def _beyond(estimand: Mapping[str, Any], where: str, values: Sequence[float | None]) -> Iterator[tuple[str, str, str]]:
    if estimand["bounds"] is None:
        return
    low, high = estimand["bounds"]
    for number in values:
        if number is not None and not low <= number <= high:
            fault = f"{estimand['name']} is {number:.4g} in {where}, and its bounds are declared as {low:g} to {high:g}"
            yield estimand["name"], where, fault


def _too_dear(attempt: Attempt, demands: Demands) -> Iterator[str]:
    """Cells that took longer than a host would let them; those of a control may take as long as any of the sweep."""
    cells = [
        (describe_config(cell.config, demands.configs), cell, demands.allowed_seconds[cell.config])
        for cell in _all_cells(attempt)
    ]
    for run in attempt.controls:
        most = max(demands.allowed_seconds)
        cells += [(control_in_words(run, cell.config, demands), cell, most) for cell in run.tried]
    for where, cell, allowed in cells:
        if cell.cpu_seconds > allowed:
            yield (
                f"{where} took {cell.cpu_seconds:.0f} s of a reference core, and {allowed:.0f} s are allowed by what "
                "it declares"
            )


def _cost_fault(measured: Mapping[int, float], demands: Demands) -> GateAnswer | None:
    """What is wrong with `Needs`, by warm cells of the dearest config and of the cheapest."""
    for place, spent in measured.items():
        declared = demands.seconds[place]
        if off := _off(spent, declared, limits.COST_FACTOR_OF_COMPUTERS):
            return GateAnswer(
                fault=f"needs says {off}: a warm cell of {describe_config(place, demands.configs)} takes {spent:.3g} s "
                f"of a reference core, by the speed of this computer, and {declared:.3g} s are declared; a factor of "
                f"{limits.COST_FACTOR_OF_COMPUTERS:.0f} is allowed",
                advice=f"Declare about {spent or limits.COST_FLOOR_SECONDS:.2g} s of it",
            )
    for dearest, place in itertools.pairwise(measured):
        share = demands.seconds[place] / demands.seconds[dearest]
        declared = demands.seconds[dearest] * measured[place] / max(measured[dearest], limits.COST_FLOOR_SECONDS)
        if off := _off(measured[place], measured[dearest] * share, limits.COST_FACTOR):
            return GateAnswer(
                fault=f"needs says {off} of {describe_config(place, demands.configs)}: beside the dearest config a "
                f"warm cell of it should take {measured[dearest] * share:.3g} s of a reference core, and takes "
                f"{measured[place]:.3g}; a factor of {limits.COST_FACTOR:.0f} is allowed",
                advice=f"Declare about {declared:.2g} s of it",
            )
    return None


def _off(spent: float, expected: float, factor: float) -> str:
    if spent > factor * expected + limits.COST_FLOOR_SECONDS:
        return "too little"
    return "too much" if expected > factor * spent + limits.COST_FLOOR_SECONDS else ""


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
        if run is None or not (
            _is_whole(computed, limits.CONTROL_SEEDS, len(configs))
            or _is_whole(computed, limits.CONTROL_MOST_SEEDS, len(configs))
        ):
            kind = _kind(is_planted=is_planted)
            return GateAnswer(lacks=f"{kind} of {control.estimand} was not computed at {limits.CONTROL_SEEDS} seeds")
        is_well, reason, is_near = _weighed(run, control, demands)
        if (is_near or not is_well) and len(computed) < limits.CONTROL_MOST_SEEDS * len(configs):
            more = f"{limits.CONTROL_SEEDS} seeds, and {limits.CONTROL_MOST_SEEDS} are wanted"
            unsettled = f"{_kind(is_planted=is_planted)} of {control.estimand} is not settled by {more}"
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


def is_settled(run: ControlRun, demands: Demands) -> bool:
    """Do the seeds that were computed show of this control what it should show, and not only just?"""
    control = next(candidate for candidate in demands.controls if candidate.estimand == run.estimand)
    is_well, _, is_near = _weighed(run, control, demands)
    return is_well and not is_near


def _weighed(run: ControlRun, control: ControlDemand, demands: Demands) -> tuple[bool, str, bool]:
    """Whether a control shows what it should, the reason, and whether more seeds could tell otherwise."""
    estimand, values = _estimand(demands, control), _values(run, control, demands)
    if run.is_planted:
        plain = control_result(estimand, values)
        return plain.is_found, plain.reason, False
    nothing = check_placebo_values(estimand, values)
    return nothing.is_spared, nothing.reason, nothing.is_near


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


def _values(run: ControlRun, control: ControlDemand, demands: Demands) -> list[float | None]:
    estimand, configs = _estimand(demands, control), control.configs(is_planted=run.is_planted)
    seeds = sorted({cell.seed for cell in run.tried})
    return [_value(estimand, configs, [cell for cell in run.tried if cell.seed == seed]) for seed in seeds]


def _value(
    estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]], tried: Sequence[TriedCell]
) -> float | None:
    measured = {cell.config: cell.measures for cell in tried if cell.outcome is Outcome.OK}
    number, _ = estimand_arithmetic.compute_estimand(
        estimand, [(config, measured.get(place)) for place, config in enumerate(configs)]
    )
    return number if number is None or math.isfinite(number) else None


def _estimand(demands: Demands, control: ControlDemand) -> Mapping[str, Any]:
    estimand = next(candidate for candidate in demands.estimands if candidate["name"] == control.estimand)
    return {**estimand, "expects": control.side} if control.side else estimand


def _kind(*, is_planted: bool) -> str:
    return "the planted effect" if is_planted else "the placebo"
