"""G3: does the same seed give the same numbers again, and a mended text those of the published one?"""

from axiom.domain.preflights import Attempt, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer, describe_config
from axiom_weigh.amounts import tell_amount


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
