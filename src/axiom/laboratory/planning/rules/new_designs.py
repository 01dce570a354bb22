"""Of a design whose configs are new one replicate goes first, and of a version one such design after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.work import WorkunitState

FIRST_IS_OUT = "its configs are new, and the first replicate of them is on its way"


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstReplicates:
    """Of a design whose configs are new: may all of it be ordered, one replicate, or nothing?"""

    is_untried: bool = False
    fault: str = ""


def first_replicates(orders: Sequence[tuple[WorkunitState, datetime | None]], bundled: datetime) -> FirstReplicates:
    """Decide from its workunits so far and when each was closed; `bundled`: when its code was last changed."""
    states = {state for state, _ in orders}
    if WorkunitState.DONE in states:
        return FirstReplicates()
    if WorkunitState.OPEN in states:
        return FirstReplicates(fault=FIRST_IS_OUT)
    failed = [closed for state, closed in orders if state is WorkunitState.FAILED and closed is not None]
    if failed and max(failed) >= bundled:
        return FirstReplicates(fault="its configs are new, and the first replicate of them failed on every host")
    return FirstReplicates(is_untried=True)


def begin_one_design(designs: Sequence[FirstReplicates]) -> list[FirstReplicates]:
    """Of a version's new designs one is begun at a time, and none once one has failed: its file says what it can do."""
    waits = next((f"of another design: {design.fault}" for design in designs if design.fault), "")
    in_turn: list[FirstReplicates] = []
    for design in designs:
        in_turn.append(FirstReplicates(fault=waits) if design.is_untried and waits else design)
        waits = waits or (f"of another design: {FIRST_IS_OUT}" if design.is_untried else "")
    return in_turn
