"""May a bundle go to other people's computers? And which one is tried next, so that nobody waits for it in vain?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from axiom.domain.preflights import Attempt, Circumstances, Demands, Refusal
from axiom.laboratory.experiments.rules import gates

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


@dataclass(frozen=True, kw_only=True, slots=True)
class UntriedBundle:
    bundle: str
    name: str
    seconds: float  # of a reference core, for its sweep once


@dataclass(frozen=True, kw_only=True, slots=True)
class NextPreflight:
    """The bundle to try now, if any, and why."""

    bundle: str | None
    reason: str


def judge_preflight(attempt: Attempt, demands: Demands | None, *, is_shipped: bool = False) -> PreflightVerdict:
    """The first gate with a fault decides; without any, all must have seen what they want.

    What to do about it depends on who wrote the file: Axiom, where it `is_shipped`, or whoever reads this.
    """
    answers: dict[str, gates.GateAnswer] = {}
    for name, (_, ask) in gates.GATES.items():
        answers[name] = ask(attempt, demands or _NOTHING)
        if answers[name].fault:
            break
    failed = next((name for name, answer in answers.items() if answer.fault), "")
    failed = failed or next((name for name, answer in answers.items() if answer.lacks), "")
    listed = tuple(_gate(name, answers.get(name), failed) for name in gates.GATES)
    if failed:
        answer = answers[failed]
        title, cure = gates.GATES[failed][0], _cure(failed, answer, is_shipped=is_shipped)
        return PreflightVerdict(
            passed=False,
            reason=f"{failed}, {title}: {_with_stop(answer.fault or answer.lacks)} {cure}",
            unseen=f"{failed}, {title}: {_with_stop(answer.unseen)} {cure}",
            gates=listed,
            is_lacking=not answer.fault,
        )
    reason = f"all gates, G0 to G8: {answers['G3'].well}"
    return PreflightVerdict(passed=True, reason=reason, unseen=reason, gates=listed)


def _cure(failed: str, answer: gates.GateAnswer, *, is_shipped: bool) -> str:
    """What whoever reads this can do. Only an author is told what to write; a cell may take long in a busy hour."""
    if not answer.fault:
        return f"{_AGAIN}."
    if is_shipped:
        return f"{_WHEN_IDLE if failed == 'G6' else _NOT_YOURS}."
    return f"{_with_stop(answer.advice)} {_MEND}." if answer.advice else f"{_MEND}."


def judge_quick_gates(refusals: Sequence[Refusal]) -> PreflightVerdict:
    """May the laboratory's own hosts have it? Its file must read as an experiment, G0; what G1 says is told only.

    A function of one's own that is wrapped may draw from NumPy's generator or write down how far it is. Whoever has
    written it computes it; other people's computers do not get it as it stands.
    """
    unread = [refusal for refusal in refusals if refusal.gate == "G0"]
    if unread:
        words = f"line {unread[0].line}: {unread[0].sentence}"
        return PreflightVerdict(passed=False, reason=f"G0, {gates.GATES['G0'][0]}: {_with_stop(words)} {_MEND}.")
    others = f"; {_in_the_way(refusals)}" if refusals else ""
    return PreflightVerdict(
        passed=True,
        reason=f"for the laboratory's own hosts: it reads as an experiment and said what it declares, held{others}",
    )


def _in_the_way(refusals: Sequence[Refusal]) -> str:
    first = refusals[0]
    more = f" and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    return f"volunteers will not get it as it stands: line {first.line}: {first.sentence.rstrip('.')}{more}"


def why_out_of_order(attempt: Attempt) -> str:
    """Why these cells are not those of one preflight, or nothing: a seed counts once, and the sweep has number 0."""
    parts = {"first": attempt.first, "again": attempt.again, "others": attempt.others}
    parts |= {f"{run.estimand}, {run.is_planted}": run.tried for run in attempt.controls}
    if len(parts) < 3 + len(attempt.controls):
        return "a control is in it twice"
    for name, part in parts.items():
        cells = [(cell.config, cell.seed) for cell in part]
        if len(cells) > len(set(cells)):
            return f"a cell of {name} is in it twice"
        if any((cell.seed == 0) is not (name in ("first", "again")) for cell in part):
            return f"a cell of {name} has a seed that is not its own"
    return ""


def _with_stop(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence.rstrip('.')}."


def _gate(name: str, answer: gates.GateAnswer | None, failed: str) -> GateVerdict:
    """What lies behind the gate that says no is not reached, though some of it may be known."""
    if answer is None or (failed and name > failed):
        state, reason = GateState.NOT_REACHED, ""
    elif name == failed:
        state, reason = GateState.FAILED, answer.fault or answer.lacks
    else:
        state, reason = GateState.PASSED, answer.well
    unseen = answer.unseen if answer is not None and state is GateState.FAILED else ""
    return GateVerdict(name=name, title=gates.GATES[name][0], state=state, reason=reason, unseen=unseen)


def may_order_more(
    newest: bool | None,
    *,
    is_offered: bool,
    is_for_volunteer: bool,
    had_passed: bool = False,
    is_read: bool = True,
) -> PreflightVerdict:
    """May more of an experiment be ordered? `newest`: whether its newest bundle passed, None before its preflight.

    The laboratory's own hosts compute what its operator wrote once it was read (`is_read`); but nobody is asked for
    more of what is known to be broken, and nothing is meant for a volunteer's host that it could not get.
    `had_passed`: the gates of before let this bundle through, so that what fails those of today is no news to the
    laboratory's own hosts.
    """
    if not is_read:
        return PreflightVerdict(passed=False, reason="not even the laboratory's own hosts may have it")
    if newest is False and not (had_passed and not is_for_volunteer):
        return PreflightVerdict(passed=False, reason="its preflight failed")
    if is_for_volunteer and not is_offered:
        return PreflightVerdict(passed=False, reason="it waits for its preflight, before which it goes to no volunteer")
    if newest is False:
        return PreflightVerdict(
            passed=True,
            reason="it passed the gates of before, and not those of today: only the laboratory's own hosts get it",
        )
    if not is_offered:
        return PreflightVerdict(
            passed=True, reason="it waits for its preflight; until then only the laboratory's own hosts get it"
        )
    return PreflightVerdict(passed=True, reason="any host may have it")


def choose_preflight(waiting: Sequence[UntriedBundle], circumstances: Circumstances) -> NextPreflight:
    """The cheapest one that waits; but not while it would hold up the laboratory's own first answers."""
    if not waiting:
        return NextPreflight(bundle=None, reason="no bundle waits for its preflight")
    cheapest = min(waiting, key=lambda candidate: (candidate.seconds, candidate.name))
    if circumstances.has_volunteers:
        why = "volunteers get nothing of it before"
    elif circumstances.has_evidence:
        why = "the laboratory has its first answers"
    elif not circumstances.computes_itself:
        why = "nothing of the laboratory's own is held up by it"
    else:
        return NextPreflight(
            bundle=None, reason="the laboratory's own first answers come before, and no volunteer waits"
        )
    return NextPreflight(bundle=cheapest.bundle, reason=f"{cheapest.name} waits for its preflight: {why}")
