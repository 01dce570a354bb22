"""Which bundle is tried next, so that nobody waits for it in vain?"""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.preflights import Circumstances


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
