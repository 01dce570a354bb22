"""G6: do cells cost about what `Needs` declares?"""

import itertools
from collections.abc import Iterator, Mapping

from axiom.domain.preflights import Attempt, Demands
from axiom.laboratory.experiments.rules.gate_answers import (
    GateAnswer,
    control_in_words,
    describe_config,
    list_sweep_cells,
)
from axiom.limits import experiments as limits


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


def cost_extremes(demands: Demands) -> list[int]:
    """The dearest config and the cheapest, as `Needs` has it; one where there is no other."""
    places = sorted(range(len(demands.configs)), key=lambda place: demands.seconds[place])
    return list(dict.fromkeys((places[-1], places[0]))) if places else []


def _too_dear(attempt: Attempt, demands: Demands) -> Iterator[str]:
    """Cells that took longer than a host would let them; those of a control may take as long as any of the sweep."""
    cells = [
        (describe_config(cell.config, demands.configs), cell, demands.allowed_seconds[cell.config])
        for cell in list_sweep_cells(attempt)
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
