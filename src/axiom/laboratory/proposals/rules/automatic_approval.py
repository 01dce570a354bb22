"""Which of its own proposals may the autopilot approve by itself?"""

from collections.abc import Sequence

from axiom.domain.proposals import AUTOPILOT, ProposalState, StoredProposal


def choose_admitted_proposal(
    earlier: Sequence[StoredProposal], *, open_core_seconds: float, most_core_hours: float
) -> StoredProposal | None:
    """The proposal that the autopilot approves next: its own alone, the most telling for its cost, within the cap.

    Each counts with what it will likely cost: what it may cost is hundreds of times as much, as each cell may run for a
    minute.
    """
    room = most_core_hours * 3_600.0 - open_core_seconds
    mine = [
        entry
        for entry in earlier
        if entry.state is ProposalState.OPEN
        and entry.proposal.author == AUTOPILOT
        and entry.proposal.core_seconds <= room
    ]
    return min(mine, key=_rank, default=None) if most_core_hours > 0 else None


def _rank(entry: StoredProposal) -> tuple[bool, float, int]:
    return entry.proposal.most_core_seconds > 0, -entry.proposal.per_core_hour, entry.number
