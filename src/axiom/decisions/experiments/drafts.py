"""May a draft be tried, and may it be proposed? What its author expects stands in the file before anything of it runs.

The text stands in the audit's chain before its preflight. The report of the preflight
tells no measure. Yet a file can be written so that it fails where one side wins: tries are counted by kin, and what is
predicted after a try of its kin is informed.
"""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.decisions.experiments.preflight import PreflightVerdict
from axiom.domain.preflights import Attempt, DraftState, KeptDraft
from axiom.domain.work import Outcome
from axiom.limits import experiments as limits
from axiom.signed.canonical_json import canonical

_ASKED = ("configs", "estimands", "controls")  # what a file asks, expects and is controlled by
_BLIND = ("name", "title", "state")


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftDecision:
    """Yes or no, and why not."""

    may: bool
    reason: str = ""


def may_try(draft: KeptDraft, tried: Sequence[KeptDraft]) -> DraftDecision:
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
        texts = f"{len(tried)} texts of {draft.name} and its kin were tried ({', '.join(map(title, tried))})"
        return _no(f"{texts}, and the draft rests; begin another question")
    return DraftDecision(may=True)


def left(tried: Sequence[KeptDraft]) -> dict[str, Any]:
    """How many more texts of a name and its kin may be tried, and which were."""
    return {"tries_left": max(0, limits.DRAFT_TRIES - len(tried)), "tries_of": [*map(title, tried)]}


def title(draft: KeptDraft) -> str:
    return f"draft {draft.number} ({draft.name})"


def may_propose(draft: KeptDraft, newest: int) -> DraftDecision:
    """May it be proposed? `newest`: the number of its author's newest text of its name that passed."""
    if draft.state is not DraftState.PASSED:
        return _no(f"it is {draft.state}, and only what passed all gates can be published")
    if draft.number != newest:
        return _no(f"draft {newest} is a newer text of {draft.name} that passed")
    return DraftDecision(may=True)


def preflight_seconds(cell_seconds: Sequence[float], controls: Sequence[float], seeds: int) -> float:
    """What a preflight should take by what the file declares: the sweep four times, each control at `seeds` seeds."""
    return 4 * sum(cell_seconds) + seeds * sum(controls)


def question_of(declaration: Mapping[str, Any]) -> str:
    """The digest of what a manifest asks, expects and is controlled by: with another one it is another question."""
    return hashlib.sha256(canonical({name: declaration[name] for name in _ASKED})).hexdigest()


def blind_gates(judged: PreflightVerdict) -> list[dict[str, str]]:
    """How it stands at each gate, for an author who must not see what was measured."""
    return [{name: str(getattr(gate, name)) for name in _BLIND} | {"fault": gate.unseen} for gate in judged.gates]


def reason_for_persons(judged: PreflightVerdict) -> str:
    """Why it passed or failed, with what its controls measured: who may approve it reads that, and its author not."""
    controls = [f"{gate.title}: {gate.reason}" for gate in judged.gates if gate.name in ("G7", "G8") and judged.passed]
    return "; ".join([judged.reason, *controls])


def smoke(attempt: Attempt) -> dict[str, Any]:
    """What its author is told of a draft that was tried: of the whole sweep together, so that nothing is a contrast.

    Seconds are those of a reference core, for the sweep once. `learned` is nothing where the file says of no measure
    that it tells.
    """
    cells = (*attempt.first, *attempt.others)
    learned = [cell.learned for cell in cells if cell.learned is not None]
    return {
        "cells": len(cells),
        "failed": sum(cell.outcome in (Outcome.FAILED, Outcome.LATE) for cell in cells),
        "missing": sum(cell.outcome is Outcome.DIVERGED or None in cell.measures.values() for cell in cells),
        "seconds": float(f"{sum(cell.cpu_seconds for cell in attempt.first):.3g}"),
        "learned": sum(learned) if learned else None,
    }


def difference(before: str, after: str) -> str:
    """The lines of a published text that a draft changes, old and new, with two around them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "published", "draft", lineterm="", n=2)
    return "\n".join(lines)


def _no(reason: str) -> DraftDecision:
    return DraftDecision(may=False, reason=reason)
