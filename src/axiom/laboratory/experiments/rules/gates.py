"""The gates of a preflight in their order, and what they say together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from axiom.domain.preflights import Attempt, Demands, Refusal
from axiom.laboratory.experiments.rules import revealing_controls
from axiom.laboratory.experiments.rules.controls import check_placebo, check_planted, refuse_uncontrolled
from axiom.laboratory.experiments.rules.declared_costs import check_costs
from axiom.laboratory.experiments.rules.gate_answers import GateAnswer
from axiom.laboratory.experiments.rules.same_seed_twice import check_repeat
from axiom.laboratory.experiments.rules.sandboxed_run import check_run
from axiom.laboratory.experiments.rules.schema_and_bounds import check_measures, list_declared_faults
from axiom.laboratory.experiments.rules.seeds_and_factors import check_seeds

_MEND = "Mend the file; once it is published, the mended one is tried anew"
_NOT_YOURS = (
    "Axiom brought this file along; no volunteer gets it. A draft of the same name mends it here; report it to Axiom, "
    "too"
)
_WHEN_IDLE = (
    "Axiom brought this file along; no volunteer gets it. `axiom experiment preflight` tries it again: type it when "
    "this computer has nothing else to do, and report it to Axiom if it fails once more"
)
_AGAIN = "Start the preflight again"
_NOTHING = Demands(configs=(), seconds=(), allowed_seconds=())  # of a file of which no bundle could be made


class GateState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateVerdict:
    name: str  # G0 to G8
    title: str
    state: GateState
    reason: str
    unseen: str = ""  # the reason why it failed, without what was measured


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightVerdict:
    """Yes or no, and why; of a preflight, what each gate says."""

    passed: bool
    reason: str
    unseen: str = ""  # the reason without what was measured: programs read it, and whoever reads a page
    gates: tuple[GateVerdict, ...] = ()
    is_lacking: bool = False  # nothing is wrong in what was computed, and not all of it was

    @property
    def failed(self) -> str:
        """The gate that says no; nothing where none does."""
        return next((gate.name for gate in self.gates if gate.state is GateState.FAILED), "")


def check_parse(attempt: Attempt, _demands: Demands) -> GateAnswer:
    """G0: it is an experiment's file at all."""
    return GateAnswer(fault=_refusals(attempt, "G0"), well="the file is an experiment's")


def check_allowed_names(attempt: Attempt, _demands: Demands) -> GateAnswer:
    """G1: it imports and calls nothing that an experiment does not need."""
    return GateAnswer(fault=_refusals(attempt, "G1"), well="it imports and calls what experiments may")


def _refusals(attempt: Attempt, gate: str) -> str:
    sentences = [f"line {refusal.line}: {refusal.sentence}" for refusal in attempt.refusals if refusal.gate == gate]
    more = f" (and {len(sentences) - 3} more)" if len(sentences) > 3 else ""
    return " ".join(sentence.rstrip(".") + "." for sentence in sentences[:3]).rstrip(".") + more


GATES: Mapping[str, tuple[str, Callable[[Attempt, Demands], GateAnswer]]] = {
    "G0": ("parse", check_parse),
    "G1": ("allow-list", check_allowed_names),
    "G2": ("sandboxed run", check_run),
    "G3": ("same seed twice", check_repeat),
    "G4": ("seeds and factors", check_seeds),
    "G5": ("schema and bounds", check_measures),
    "G6": ("cost", check_costs),
    "G7": ("placebo", check_placebo),
    "G8": ("planted effect", check_planted),
}


def declared_fault(demands: Demands) -> tuple[str, str]:
    """The gate that refuses what a file declares, and why, before anything of it runs; both empty where none does."""
    for fault in list_declared_faults(demands):
        return "G5", fault
    if demands.estimands and not demands.controls:
        answer = refuse_uncontrolled()
        return "G7", f"{answer.fault}. {answer.advice}"
    revealing = revealing_controls.find_revealing_configs(demands) if demands.is_invented else ""
    return ("G7", revealing) if revealing else ("", "")


def judge_preflight(attempt: Attempt, demands: Demands | None, *, is_shipped: bool = False) -> PreflightVerdict:
    """The first gate with a fault decides; without any, all must have seen what they want.

    What to do about it depends on who wrote the file: Axiom, where it `is_shipped`, or whoever reads this.
    """
    answers: dict[str, GateAnswer] = {}
    for name, (_, ask) in GATES.items():
        answers[name] = ask(attempt, demands or _NOTHING)
        if answers[name].fault:
            break
    failed = next((name for name, answer in answers.items() if answer.fault), "")
    failed = failed or next((name for name, answer in answers.items() if answer.lacks), "")
    listed = tuple(_gate(name, answers.get(name), failed) for name in GATES)
    if failed:
        answer = answers[failed]
        title, cure = GATES[failed][0], _cure(failed, answer, is_shipped=is_shipped)
        return PreflightVerdict(
            passed=False,
            reason=f"{failed}, {title}: {_with_stop(answer.fault or answer.lacks)} {cure}",
            unseen=f"{failed}, {title}: {_with_stop(answer.unseen)} {cure}",
            gates=listed,
            is_lacking=not answer.fault,
        )
    reason = f"all gates, G0 to G8: {answers['G3'].well}"
    return PreflightVerdict(passed=True, reason=reason, unseen=reason, gates=listed)


def _cure(failed: str, answer: GateAnswer, *, is_shipped: bool) -> str:
    """What whoever reads this can do. Only an author is told what to write; a cell may take long in a busy hour."""
    if not answer.fault:
        return f"{_AGAIN}."
    if is_shipped:
        return f"{_WHEN_IDLE if failed == 'G6' else _NOT_YOURS}."
    return f"{_with_stop(answer.advice)} {_MEND}." if answer.advice else f"{_MEND}."


def judge_own_host_gates(refusals: Sequence[Refusal]) -> PreflightVerdict:
    """May the laboratory's own hosts have it? Its file must read as an experiment, G0; what G1 says is told only.

    A function of one's own that is wrapped may draw from NumPy's generator or write down how far it is. Whoever has
    written it computes it; other people's computers do not get it as it stands.
    """
    unread = [refusal for refusal in refusals if refusal.gate == "G0"]
    if unread:
        words = f"line {unread[0].line}: {unread[0].sentence}"
        return PreflightVerdict(passed=False, reason=f"G0, {GATES['G0'][0]}: {_with_stop(words)} {_MEND}.")
    others = f"; {_in_the_way(refusals)}" if refusals else ""
    return PreflightVerdict(
        passed=True,
        reason=f"for the laboratory's own hosts: it reads as an experiment and said what it declares, held{others}",
    )


def _in_the_way(refusals: Sequence[Refusal]) -> str:
    first = refusals[0]
    more = f" and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    return f"volunteers will not get it as it stands: line {first.line}: {first.sentence.rstrip('.')}{more}"


def _with_stop(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence.rstrip('.')}."


def _gate(name: str, answer: GateAnswer | None, failed: str) -> GateVerdict:
    """What lies behind the gate that says no is not reached, though some of it may be known."""
    if answer is None or (failed and name > failed):
        state, reason = GateState.NOT_REACHED, ""
    elif name == failed:
        state, reason = GateState.FAILED, answer.fault or answer.lacks
    else:
        state, reason = GateState.PASSED, answer.well
    unseen = answer.unseen if answer is not None and state is GateState.FAILED else ""
    return GateVerdict(name=name, title=GATES[name][0], state=state, reason=reason, unseen=unseen)
