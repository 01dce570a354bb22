"""G2: does every cell of a preflight end by itself, in the sandbox?"""

from axiom.domain.preflights import Attempt, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer, list_sweep_cells, name_cells
from axiom.laboratory.experiments.rules.schema_and_bounds import is_schema_fault, unseen_error
from axiom_weigh.amounts import tell_amount


def check_run(attempt: Attempt, demands: Demands) -> GateAnswer:
    """G2: every cell ends by itself, in the sandbox."""
    if strange := [cell for cell in list_sweep_cells(attempt) if not 0 <= cell.config < len(demands.configs)]:
        return GateAnswer(fault=f"config {strange[0].config} is none of the {len(demands.configs)} of the sweep")
    for where, tried in name_cells(attempt, demands):
        if fault := run_fault(where, tried):
            return GateAnswer(fault=fault, blind=run_fault(where, unseen_error(tried)))
    if attempt.fault:
        return GateAnswer(fault=attempt.fault)
    done = len({cell.config for cell in attempt.first})
    cells = sum(1 for _ in name_cells(attempt, demands))
    return GateAnswer(
        lacks="" if done == len(demands.configs) > 0 else f"{done} of {len(demands.configs)} configs were computed",
        well=f"{tell_amount(done, 'config')} and {tell_amount(cells, 'cell')} in the sandbox",
    )


def run_fault(where: str, tried: TriedCell) -> str:
    """What is wrong with how a cell ended, or nothing."""
    if tried.outcome is Outcome.FAILED and not is_schema_fault(tried):
        return f"{where} raises {tried.error}"
    if tried.outcome is Outcome.LATE:
        return f"{where} did not end: it was stopped after {tried.cpu_seconds:.0f} s of a processor"
    return ""
