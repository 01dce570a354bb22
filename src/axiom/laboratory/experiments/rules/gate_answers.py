"""What a gate answers, and the words in which it names a config, a cell or a control."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.preflights import Attempt, ControlRun, Demands, TriedCell


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


def describe_config(place: int, configs: Sequence[Mapping[str, object]]) -> str:
    if not 0 <= place < len(configs):
        return f"config {place}"
    return f"config {place} ({', '.join(f'{name} {value}' for name, value in configs[place].items())})"


def control_in_words(run: ControlRun, place: int, demands: Demands) -> str:
    control = next((candidate for candidate in demands.controls if candidate.estimand == run.estimand), None)
    configs = control.configs(is_planted=run.is_planted) if control else ()
    return f"{control_kind(is_planted=run.is_planted)} of {run.estimand}, {describe_config(place, configs)},"


def control_kind(*, is_planted: bool) -> str:
    return "the planted effect" if is_planted else "the placebo"


def name_cells(attempt: Attempt, demands: Demands) -> Iterator[tuple[str, TriedCell]]:
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


def list_sweep_cells(attempt: Attempt) -> Iterator[TriedCell]:
    yield from (*attempt.first, *attempt.again, *attempt.others, *attempt.compared)
