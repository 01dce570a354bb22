"""A placebo as a preflight runs it: at as many seeds as it takes."""

from collections.abc import Callable, Mapping
from typing import Any

from axiom.laboratory.experiments.rules.controls import check_placebo_values, count_wanted_seeds
from axiom.limits import experiments as limits


def is_refused(estimand: Mapping[str, Any], draw: Callable[[], float]) -> bool:
    """Is it refused in the end? `draw` gives the value at a further seed."""
    values: list[float] = []
    wanted = limits.CONTROL_SEEDS
    while True:
        values += [draw() for _ in range(wanted - len(values))]
        answer = check_placebo_values(estimand, values)
        wanted = count_wanted_seeds(len(values), answer.most)
        if wanted == len(values):
            return not answer.is_spared
