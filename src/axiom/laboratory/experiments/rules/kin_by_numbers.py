"""Do two texts give the same numbers at the same seeds, however these are stretched and shifted?

All preflights of a laboratory have their seeds in common. Of each config's measure, and of each estimand, three values
at three of them say in which ratio they lie apart, which no factor and no constant changes. Ratios of small whole
numbers, as of shares of a few hundred rows, are alike by chance, so more of them have to agree. A text that draws from
other seeds than it is given gives other numbers: that is seen in its code alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from axiom.domain.preflights import Attempt, Demands, Kinship, TriedCell
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.limits import experiments as limits
from axiom_weigh.statistics import estimand_arithmetic

_SWEEP, _CONTROL = (0, SAME_LOW, SAME_HIGH), (SAME_LOW, SAME_HIGH, 3)
_FREE, _WHOLE, _VALUES = "ratio ", "whole ratio ", "values "


def comparable_numbers(attempt: Attempt, demands: Demands) -> frozenset[str]:
    """What a preflight gave, in forms that can be compared with another's."""
    return frozenset(
        form for values, is_of_sweep in _triples(attempt, demands) for form in _forms(values, is_of_sweep=is_of_sweep)
    )


def kinship_by_numbers(own: frozenset[str], other: frozenset[str]) -> Kinship | None:
    """Whether two texts give the same: numbers that hardly anybody has by chance, or more that somebody might."""
    free, values, whole = (_shared(own, other, kind) for kind in (_FREE, _VALUES, _WHOLE))
    is_kin = (
        free[0] >= min(limits.KIN_SAME_VALUES, max(1, free[1]))
        or values[0] >= limits.KIN_SAME_VALUES
        or whole[0] >= max(limits.KIN_SAME_RATIOS, whole[1] / 2)
    )
    return Kinship(share=1.0, reason="it gives the same numbers at the same seeds") if is_kin else None


def _shared(own: frozenset[str], other: frozenset[str], kind: str) -> tuple[int, int]:
    """How many forms of a kind two texts share, and how many the one has that has fewer."""
    amounts = [sum(form.startswith(kind) for form in forms) for forms in (own & other, own, other)]
    return amounts[0], min(amounts[1:])


def _forms(values: tuple[float, float, float], *, is_of_sweep: bool) -> Iterator[str]:
    """A control has few numbers, and may have them from nobody's comparison: its whole ratios say nothing."""
    first, second, third = values
    if len({*values}) < 3 or max(values) - min(values) <= limits.KIN_FLOAT_NOISE * max(map(abs, values)):
        return  # it hardly depends on the seed
    ratio = (third - first) / (second - first)
    nearest = Fraction(ratio).limit_denominator(limits.KIN_WHOLE)
    is_whole = abs(nearest - Fraction(ratio)) < 1e-9 * abs(ratio)
    if is_of_sweep or not is_whole:
        yield f"{_WHOLE if is_whole else _FREE}{ratio:.8e}"
    yield f"{_VALUES}{first:.9e} {second:.9e} {third:.9e}"


def _triples(attempt: Attempt, demands: Demands) -> Iterator[tuple[tuple[float, float, float], bool]]:
    """The values at three seeds of each measure of each config, and of each estimand; and whether of the sweep."""
    swept = (*attempt.first, *attempt.others)
    for values in _of_part(swept, demands.configs, demands.estimands, _SWEEP):
        yield values, True
    for run in attempt.controls:
        control = next((control for control in demands.controls if control.estimand == run.estimand), None)
        if control:
            concluded = [estimand for estimand in demands.estimands if estimand["name"] == run.estimand]
            for values in _of_part(run.tried, control.configs(is_planted=run.is_planted), concluded, _CONTROL):
                yield values, False


def _of_part(
    tried: Sequence[TriedCell],
    configs: Sequence[Mapping[str, object]],
    concluded: Sequence[Mapping[str, Any]],
    seeds: tuple[int, int, int],
) -> Iterator[tuple[float, float, float]]:
    measured = {(cell.seed, cell.config): cell.measures for cell in tried}
    rows: list[list[float | None]] = [
        [estimand_arithmetic.compute_estimand(estimand, _cells(configs, measured, seed))[0] for seed in seeds]
        for estimand in concluded
    ]
    for place in range(len(configs)):
        by_seed = [measured.get((seed, place), {}) for seed in seeds]
        rows += [[measures.get(name) for measures in by_seed] for name in by_seed[0]]
    for row in rows:
        first, second, third = row
        if first is not None and second is not None and third is not None:
            yield float(first), float(second), float(third)


def _cells(
    configs: Sequence[Mapping[str, object]], measured: Mapping[tuple[int, int], Mapping[str, float | None]], seed: int
) -> list[tuple[Mapping[str, object], Mapping[str, float | None] | None]]:
    return [(config, measured.get((seed, place))) for place, config in enumerate(configs)]
