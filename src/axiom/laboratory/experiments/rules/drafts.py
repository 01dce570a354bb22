"""May a draft be tried, and may it be proposed? What its author expects stands in the file before anything of it runs.

The text stands in the audit's chain before its preflight. Of that its author is told one bit, passed or failed: a line
that fails, a second or a count of values could be written so that it tells a measure. More of a failure is told to who
asks for it, and that is kept. Yet a file can be written so that it fails where one side wins: tries are counted by kin,
and what is predicted after a try of its kin is informed.
"""

import ast
import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.preflights import DraftState, StoredDraft
from axiom.laboratory.experiments.rules.gates import GateState, PreflightVerdict
from axiom.limits import experiments as limits
from axiom.signed.canonical_json import canonical_bytes

_ASKED = ("configs", "estimands")  # what a file asks and expects
_CONTROLLED = ("estimand", "placebo", "planted")  # of a control, without what that costs
_BLIND = ("name", "title", "state")
_BY_READING = ("G0", "G1")
_BESIDE = {"needs", "setting", "words"}  # words of an experiment on which no number hangs
_UNTOLD = "not told"


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftDecision:
    """Yes or no, and why not."""

    may: bool
    reason: str = ""


def may_try_draft(draft: StoredDraft, tried: Sequence[StoredDraft]) -> DraftDecision:
    """May it be put to all gates? `tried`: the texts of its name or kin that were, since one was proposed."""
    match draft.state:
        case DraftState.REFUSED:
            first = draft.refusals[0]
            return _no(f"it is refused at {first.gate}, line {first.line}: {first.sentence.rstrip('.')}")
        case DraftState.WAITING:
            return _no("its preflight waits already")
        case DraftState.FAILED:
            return _no("this very text failed; write one that is mended, which is another draft")
        case DraftState.DROPPED:
            return _no("it was dropped")
        case DraftState.PASSED:
            return DraftDecision(may=True)  # with a newer kit it is another bundle, which has to pass by itself
    if len(tried) >= limits.DRAFT_TRIES:
        texts = f"{len(tried)} texts of {draft.name} and its kin were tried ({', '.join(map(draft_title, tried))})"
        return _no(f"{texts}, and the draft rests; begin another question")
    return DraftDecision(may=True)


def describe_tries_left(tried: Sequence[StoredDraft]) -> dict[str, Any]:
    """How many more texts of a name and its kin may be tried, and which were."""
    return {"tries_left": max(0, limits.DRAFT_TRIES - len(tried)), "tries_of": [*map(draft_title, tried)]}


def draft_title(draft: StoredDraft) -> str:
    return f"draft {draft.number} ({draft.name})"


def may_propose_draft(draft: StoredDraft, newest: int) -> DraftDecision:
    """May it be proposed? `newest`: the number of its author's newest text of its name that passed."""
    if draft.state is not DraftState.PASSED:
        return _no(f"it is {draft.state}, and only what passed all gates can be published")
    if draft.number != newest:
        return _no(f"draft {newest} is a newer text of {draft.name} that passed")
    return DraftDecision(may=True)


def preflight_seconds(cell_seconds: Sequence[float], controls: Sequence[float], seeds: int) -> float:
    """What a preflight takes at most by what the file declares: all at `seeds` seeds, the sweep twice at one more."""
    return (seeds + 2) * sum(cell_seconds) + seeds * sum(controls)


def find_same_try(draft: StoredDraft, tried: Sequence[StoredDraft]) -> StoredDraft | None:
    """The tried text of the same author that passed or failed by its costs, where this one differs in nothing computed.

    So it is the same try, with the forecast that was sealed then: nothing that was told of it can change that.
    """
    text = _what_is_computed(draft.text)
    for before in tried:
        is_theirs = (before.author, before.name) == (draft.author, draft.name)
        is_mendable = before.state is DraftState.PASSED or failed_gate(before) == "G6"
        if is_theirs and is_mendable and _what_is_computed(before.text) == text:
            return before
    return None


def _what_is_computed(text: str) -> str:
    """What a text says, comments, labels and `needs` left aside; of one that is no Python, the text."""
    try:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Experiment":
                node.keywords = [word for word in node.keywords if word.arg not in _BESIDE]
        return ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def failed_gate(draft: StoredDraft) -> str:
    """The gate that said no; nothing where none did."""
    return next((str(gate["name"]) for gate in draft.gates if gate["state"] == GateState.FAILED), "")


def question_digest(declaration: Mapping[str, Any]) -> str:
    """The digest of what a manifest asks, expects and is controlled by: with another one it is another question."""
    controls = [{name: control[name] for name in _CONTROLLED} for control in declaration["controls"]]
    question = {name: declaration[name] for name in _ASKED} | {"controls": controls}
    return hashlib.sha256(canonical_bytes(question)).hexdigest()


def blind_gates(judged: PreflightVerdict) -> list[dict[str, str]]:
    """How it stands at each gate, for an author who must not see what was measured."""
    return [{name: str(getattr(gate, name)) for name in _BLIND} | {"fault": gate.unseen} for gate in judged.gates]


def reason_for_persons(judged: PreflightVerdict) -> str:
    """Why it passed or failed, with what its controls measured: who may approve it reads that, and its author not."""
    controls = [f"{gate.title}: {gate.reason}" for gate in judged.gates if gate.name in ("G7", "G8") and judged.passed]
    return "; ".join([judged.reason, *controls])


def public_gates(draft: StoredDraft) -> list[dict[str, str]]:
    """How it stands at each gate, for everybody: of one that failed no more than that, until its author asks."""
    if draft.told_at is not None or not failed_gate(draft):
        return [dict(gate) for gate in draft.gates]
    return [
        dict(gate) if gate["name"] in _BY_READING else {**gate, "state": _UNTOLD, "fault": ""} for gate in draft.gates
    ]


def describe_draft_failure(draft: StoredDraft) -> dict[str, Any]:
    """What an author is told who asks why a draft failed: the gate, the place, the kind of fault, no measure."""
    return {
        "gate": failed_gate(draft),
        "fault": next((gate["fault"] for gate in draft.gates if gate["fault"]), ""),
    }


def diff_texts(before: str, after: str) -> str:
    """The lines of a published text that a draft changes, old and new, with two around them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "published", "draft", lineterm="", n=2)
    return "\n".join(lines)


def _no(reason: str) -> DraftDecision:
    return DraftDecision(may=False, reason=reason)
