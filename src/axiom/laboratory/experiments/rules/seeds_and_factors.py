"""G4: does another seed give other numbers, and another level of each factor?"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from axiom.domain.preflights import Attempt, Demands
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer, describe_config
from axiom_weigh.grouping import group_pairs

SAME_LOW, SAME_HIGH = 17, 18  # Numbers of the seeds that share their low or their high bits with seed 0
_MOST_PAIRS = 5  # of configs that return the same, and are told
_IDLE = "Take it out of the sweep, or, if that must be so, put them into the placebo of a control"


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
