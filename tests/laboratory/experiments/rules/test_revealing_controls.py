"""A control that is the comparison itself is refused: by its configs, or by what its measure sees."""

import pytest

from axiom.domain.preflights import Attempt, ControlDemand, ControlRun, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.revealing_controls import (
    find_revealing_configs,
    find_revealing_measures,
    find_revealing_ranks,
)

SWEEP = [{"arm": arm, "rate": 0.1, "tag": 0} for arm in (0, 1)]
CONTRAST = {"name": "ours_wins", "kind": "contrast", "measure": "score", "between": [{"arm": 1}, {"arm": 0}]}
SLOPE = {"name": "grows", "kind": "slope", "measure": "score", "across": "rate", "between": []}
SEEDS = (17, 18)


def demands(planted, estimand=CONTRAST, sweep=SWEEP, placebo=()) -> Demands:
    control = ControlDemand(estimand=estimand["name"], placebo=placebo, planted=planted)
    estimands = [{"across": "", "null": 0.0, **estimand}]
    seconds = [1.0] * len(sweep)
    return Demands(configs=sweep, seconds=seconds, allowed_seconds=seconds, estimands=estimands, controls=[control])


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ([{}, {}], True),  # equals the estimand's configs
        ([{"rate": 0.1004}, {}], True),  # but for a number in its fourth digit
        ([{}, {"tag": 5}], False),
        ([{"tag": 5}, {"tag": 5}], False),
        ([{"rate": 0.2}, {"rate": 0.2}], False),
    ],
)
def test_a_control_with_the_configs_of_an_estimand_is_told_with_both_named(changes, is_told):
    configs = [{**config, **change} for config, change in zip(SWEEP, changes, strict=True)]
    fault = find_revealing_configs(demands([*configs, {"arm": 2, "rate": 0.1, "tag": 0}]))
    assert bool(fault) == is_told
    assert not is_told or ("planted effect of ours_wins" in fault and "ours_wins compares, (arm 0" in fault)
    assert bool(find_revealing_configs(demands([], placebo=configs))) == is_told


def test_a_slope_is_told_from_the_control_s_own_lowest_and_highest_level():
    sweep = [{"rate": rate, "tag": 0} for rate in (0.1, 0.2, 0.4)]
    assert find_revealing_configs(demands(sweep[::2], SLOPE, sweep))
    assert not find_revealing_configs(demands([*sweep[:2], {"rate": 0.4, "tag": 1}], SLOPE, sweep))


def cells(values) -> tuple[TriedCell, ...]:
    return tuple(
        TriedCell(
            config=place, seed=seed, outcome=Outcome.OK, digest="", mark="", cpu_seconds=1.0, measures={"score": v}
        )
        for place, by_seed in enumerate(values)
        for seed, v in zip(SEEDS, by_seed, strict=True)
    )


@pytest.mark.parametrize(
    ("controlled", "is_told"),
    [
        (((0.25, 0.75), (0.5, 0.125)), True),  # the tag changes nothing that the measure sees
        (((0.25, 0.75), (0.5, 0.126)), False),  # it does at one seed
        (((0.25, 0.75), (0.25, 0.75)), False),  # both are one arm
        (((1.0, 1.0), (0.0, 0.0)), False),  # whole numbers are alike by chance
    ],
)
def test_a_control_that_gives_an_estimand_s_numbers_to_the_bit_is_told(controlled, is_told):
    wanted = demands([{**config, "tag": 1} for config in SWEEP])
    run = ControlRun(estimand="ours_wins", is_planted=True, tried=cells(controlled))
    swept = cells(((0.25, 0.75), (0.5, 0.125)) if controlled[0][0] != 1.0 else controlled)
    attempt = Attempt(bundle="", gates="", platform="", seed=0, others=swept, controls=(run,))
    fault = find_revealing_measures(attempt, wanted, SEEDS)
    assert bool(fault) == is_told
    assert not any(char in fault for char in ("0.25", "0.125"))


EIGHT = tuple(range(8))
OURS, THEIRS = (0.9, 0.7, 0.85, 0.6, 0.95, 0.8, 0.75, 0.65), (0.5, 0.61, 0.4, 0.55, 0.42, 0.44, 0.57, 0.52)
OTHERS = (0.3, 0.9, 0.2, 0.8, 0.7, 0.1, 0.6, 0.4)


@pytest.mark.parametrize(
    ("controlled", "is_told"),
    [
        (([2 * v for v in OURS], [2 * v for v in THEIRS]), True),
        (([1 - v for v in OURS], [1 - v for v in THEIRS]), True),
        (([v**3 for v in OURS], [v**3 for v in THEIRS]), True),  # in each arm, though not in their difference
        (([a - b for a, b in zip(OURS, THEIRS, strict=True)], [0.0] * 8), True),  # in one arm of the control
        ((OTHERS, OTHERS[::-1]), False),
        ((OURS, OTHERS), False),  # one arm alone tells nothing
    ],
)
def test_a_control_that_goes_up_and_down_with_an_estimand_from_seed_to_seed_is_told(controlled, is_told):
    def tried(arms) -> tuple[TriedCell, ...]:
        told = {"outcome": Outcome.OK, "digest": "", "mark": "", "cpu_seconds": 1.0}
        return tuple(
            TriedCell(config=place, seed=seed, measures={"score": score}, **told)
            for place, by_seed in enumerate(arms)
            for seed, score in zip(EIGHT, by_seed, strict=True)
        )

    run = ControlRun(estimand="ours_wins", is_planted=True, tried=tried(controlled))
    swept = tried((OURS, THEIRS))
    others, compared = [part for part in swept if part.seed < 2], [part for part in swept if part.seed >= 2]
    facts = {"bundle": "", "gates": "", "platform": "", "seed": 0, "controls": (run,)}
    attempt = Attempt(others=tuple(others), compared=tuple(compared), **facts)
    assert bool(find_revealing_ranks(attempt, demands([{**config, "tag": 1} for config in SWEEP]), EIGHT)) == is_told
