"""Is a control the very comparison that is asked? Then whether it passes its gate tells the answer beforehand.

A control is that if an estimand can be concluded from its configs which are also the estimand's own, where numbers
that differ by a quarter are the same; or from configs that differ from the estimand's own in what its measure does
not see: at two seeds, at which both were computed, it is the same to the last bit. So is one whose value goes up and
down with an estimand's from seed to seed: twice the comparison, or another function of it, is that.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from axiom.domain.preflights import Attempt, ControlDemand, Demands, TriedCell
from axiom.limits import experiments as limits
from axiom_weigh.statistics import estimand_arithmetic

_Config = Mapping[str, object]


def find_revealing_configs(demands: Demands) -> str:
    """Which control holds an estimand's own configs, or nothing."""
    for control, is_planted in _controls(demands):
        configs = control.configs(is_planted=is_planted)
        for estimand in demands.estimands:
            own = [
                demands.configs[place] for place in estimand_arithmetic.list_needed_configs(estimand, demands.configs)
            ]
            shared = [config for config in own if any(_is_near(config, other) for other in configs)]
            if _is_concluded(estimand, shared, configs):
                return _fault(control, estimand, shared, "holds", is_planted=is_planted)
    return ""


def find_revealing_measures(attempt: Attempt, demands: Demands, seeds: tuple[int, int]) -> str:
    """Which control gives an estimand's own numbers, or nothing. `seeds`: those of the sweep and of controls alike."""
    swept = _measured(attempt.others, seeds)
    for run in attempt.controls:
        control = next((control for control in demands.controls if control.estimand == run.estimand), None)
        if control is None:
            continue
        controlled = _measured(run.tried, seeds)
        for estimand in demands.estimands:
            seen = {_numbers(measures, estimand["measure"]) for measures in controlled.values()}
            alike = [
                demands.configs[place]
                for place in estimand_arithmetic.list_needed_configs(estimand, demands.configs)
                if (numbers := _numbers(swept.get(place, {}), estimand["measure"])) and numbers in seen
            ]
            if _is_concluded(estimand, alike, control.configs(is_planted=run.is_planted)):
                return _fault(control, estimand, alike, "gives the numbers of", is_planted=run.is_planted)
    return ""


def find_revealing_ranks(attempt: Attempt, demands: Demands, seeds: Sequence[int]) -> str:
    """Which control follows an estimand over these seeds, by its number or by its measure in all that is compared."""
    swept = _by_seed((*attempt.others, *attempt.compared))
    for run in attempt.controls:
        control = next((control for control in demands.controls if control.estimand == run.estimand), None)
        if control is None:
            continue
        concluded = next(estimand for estimand in demands.estimands if estimand["name"] == run.estimand)
        configs, tried = control.configs(is_planted=run.is_planted), _by_seed(run.tried)
        controlled = _concluded(concluded, configs, tried, seeds)
        for estimand in demands.estimands:
            own = _concluded(estimand, demands.configs, swept, seeds)
            series = [_series(tried, place, estimand, seeds) for place in range(len(configs))]
            compared = estimand_arithmetic.list_needed_configs(estimand, demands.configs)
            alike = [
                demands.configs[place]
                for place in compared
                if any(_follows(_series(swept, place, estimand, seeds), other) for other in series)
            ]
            if _follows(own, controlled) or _is_concluded(estimand, alike, configs):
                shown = alike or [demands.configs[place] for place in compared]
                return _fault(control, estimand, shown, "follows, from seed to seed,", is_planted=run.is_planted)
    return ""


def _series(
    by_seed: Mapping[int, Mapping[int, Mapping[str, float | None]]],
    place: int,
    estimand: Mapping[str, Any],
    seeds: Sequence[int],
) -> list[float | None]:
    return [by_seed.get(seed, {}).get(place, {}).get(estimand["measure"]) for seed in seeds]


def _follows(own: Sequence[float | None], other: Sequence[float | None]) -> bool:
    """Without an exception: an honest control on the same draws may follow nearly."""
    return abs(_rank_correlation(own, other)) > 1.0 - 1e-9


def _by_seed(tried: Sequence[TriedCell]) -> dict[int, dict[int, Mapping[str, float | None]]]:
    by_seed: dict[int, dict[int, Mapping[str, float | None]]] = {}
    for cell in tried:
        by_seed.setdefault(cell.seed, {})[cell.config] = cell.measures
    return by_seed


def _concluded(
    estimand: Mapping[str, Any],
    configs: Sequence[_Config],
    by_seed: Mapping[int, Mapping[int, Mapping[str, float | None]]],
    seeds: Sequence[int],
) -> list[float | None]:
    cells = ([(config, by_seed.get(seed, {}).get(place)) for place, config in enumerate(configs)] for seed in seeds)
    return [estimand_arithmetic.compute_estimand(estimand, measured)[0] for measured in cells]


def _rank_correlation(own: Sequence[float | None], other: Sequence[float | None]) -> float:
    """How far two numbers go up and down together, over the seeds that have both; 0 where that is too few."""
    both = [(a, b) for a, b in zip(own, other, strict=True) if a is not None and b is not None]
    ranks = [
        [sum(w < v for w in values) + sum(w <= v for w in values) for v in values] for values in zip(*both, strict=True)
    ]
    if len(both) < limits.CONTROL_FOLLOWS_SEEDS or any(len(set(row)) < 2 for row in ranks):
        return 0.0
    return statistics.correlation(*ranks)


def _controls(demands: Demands) -> Iterator[tuple[ControlDemand, bool]]:
    for control in demands.controls:
        yield control, False
        yield control, True


def _is_near(config: _Config, other: _Config) -> bool:
    return config.keys() == other.keys() and all(_is_near_level(level, other[name]) for name, level in config.items())


def _is_near_level(level: object, other: object) -> bool:
    if _is_number(level) and _is_number(other):
        return abs(level - other) <= limits.CONTROL_SAME_LEVEL * max(abs(level), abs(other))
    return level == other


def _is_number(level: object) -> TypeGuard[float]:
    return isinstance(level, int | float) and not isinstance(level, bool)


def _is_concluded(estimand: Mapping[str, Any], configs: Sequence[_Config], controlled: Sequence[_Config]) -> bool:
    """Is the estimand's number there, from the lowest to the highest level of the control where it has levels?"""
    levels, across = [config.get(estimand["across"]) for config in configs], estimand["across"]
    ends = [config[across] for config in controlled if across in config] if across else []
    if any(all(not _is_near_level(end, level) for level in levels) for end in _ends(ends)):
        return False
    return bool(configs) and not estimand_arithmetic.why_not_concluded(estimand, configs)


def _ends(levels: Sequence[object]) -> tuple[object, ...]:
    numbers = [level for level in levels if _is_number(level)]
    return (min(numbers), max(numbers)) if numbers else ()


def _measured(tried: Sequence[TriedCell], seeds: tuple[int, int]) -> dict[int, dict[int, Mapping[str, float | None]]]:
    by_config: dict[int, dict[int, Mapping[str, float | None]]] = {}
    for cell in tried:
        if cell.seed in seeds:
            by_config.setdefault(cell.config, {})[cell.seed] = cell.measures
    return {place: by_seed for place, by_seed in by_config.items() if len(by_seed) == len(seeds)}


def _numbers(by_seed: Mapping[int, Mapping[str, float | None]], measure: str) -> tuple[float, ...]:
    """A measure at both seeds; nothing where it is missing or whole, since counts are alike by chance."""
    numbers = [by_seed[seed].get(measure) for seed in sorted(by_seed)]
    fractions = tuple(number for number in numbers if number is not None and number != round(number))
    return fractions if fractions and len(fractions) == len(numbers) else ()


def _fault(
    control: ControlDemand, estimand: Mapping[str, Any], shared: Sequence[_Config], holds: str, *, is_planted: bool
) -> str:
    kind = "planted effect" if is_planted else "placebo"
    configs = " and ".join(
        f"({', '.join(f'{name} {level}' for name, level in config.items())})" for config in shared[:2]
    )
    return (
        f"the {kind} of {control.estimand} {holds} what {estimand['name']} compares, {configs}: its gate would tell "
        "the answer beforehand. Plant something else than what is asked, by a factor of its own, on draws of its own"
    )
