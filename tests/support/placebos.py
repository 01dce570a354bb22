"""A placebo as a preflight runs it: at as many seeds as it takes."""

from collections.abc import Callable, Mapping
from typing import Any

from axiom.laboratory.experiments.rules.controls import check_placebo_values, count_wanted_seeds
from axiom.limits import experiments as limits


def count_seeds_and_judge(estimand: Mapping[str, Any], draw: Callable[[], float | None]) -> tuple[int, bool]:
    """At how many seeds is it run, and is it refused in the end? `draw` gives the value at a further seed."""
    values: list[float | None] = []
    wanted = limits.CONTROL_SEEDS
    while True:
        values += [draw() for _ in range(wanted - len(values))]
        answer = check_placebo_values(estimand, values)
        wanted = count_wanted_seeds(len(values), answer.most)
        if wanted == len(values):
            return wanted, not answer.is_spared


def is_refused(estimand: Mapping[str, Any], draw: Callable[[], float | None]) -> bool:
    """Is it refused in the end?"""
    return count_seeds_and_judge(estimand, draw)[1]
