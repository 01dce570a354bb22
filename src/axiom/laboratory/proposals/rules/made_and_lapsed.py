"""Which of the proposals that follow from the findings are made, and which lapse?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.proposals import AUTOPILOT, Proposal, ProposalState, StoredProposal
from axiom.limits import proposals as limits


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmittedProposals:
    """What becomes of the proposals that follow from the findings today."""

    new: tuple[Proposal, ...]
    lapsed: tuple[StoredProposal, ...]
    left: int  # that would follow, and for which there is no room


def decide_proposals(
    following: Sequence[Proposal],
    earlier: Sequence[StoredProposal],
    *,
    most_core_hours: float = 0.0,
    floor: float = 0.0,
) -> AdmittedProposals:
    """Make what is new while there is room; let lapse what no longer follows.

    A proposal is never made twice. One that was refused comes back only when what it follows from has changed, and so
    does one that orders nothing, since a finding may be retired again. What costs more than all that the autopilot may
    have open (`most_core_hours`; 0: it approves none) waits for a person, and takes no room from what it may approve.
    What tells less than `floor` bits a core-hour is not made: no plan would order it.
    """
    by_slug = {entry.proposal.slug: entry for entry in earlier}  # of several with one slug the newest counts
    follows = {entry.slug for entry in following}
    waiting = [entry for entry in earlier if entry.state is ProposalState.OPEN]
    lapsed = tuple(
        entry for entry in waiting if entry.proposal.author == AUTOPILOT and entry.proposal.slug not in follows
    )
    waits = [entry for entry in waiting if entry not in lapsed]
    of_finding: dict[bool, Counter[int | None]] = {False: Counter(), True: Counter()}
    for wait in waits:
        of_finding[_is_too_dear(wait.proposal, most_core_hours)][wait.proposal.finding] += 1
    new: list[Proposal] = []
    left = 0
    for proposal in following:
        if not _is_new(proposal, by_slug) or (proposal.core_seconds > 0 and proposal.per_core_hour < floor):
            continue
        alike = of_finding[_is_too_dear(proposal, most_core_hours)]
        if alike.total() >= limits.OPEN_AT_ONCE or alike[proposal.finding] >= limits.OF_ONE_FINDING:
            left += 1
            continue
        new.append(proposal)
        alike[proposal.finding] += 1
    return AdmittedProposals(new=tuple(new), lapsed=lapsed, left=left)


def _is_too_dear(proposal: Proposal, most_core_hours: float) -> bool:
    return 0.0 < most_core_hours * 3_600.0 < proposal.core_seconds


def _is_new(proposal: Proposal, by_slug: Mapping[str, StoredProposal]) -> bool:
    before = by_slug.get(proposal.slug)
    if before is None or before.state is ProposalState.LAPSED:
        return True
    orders_nothing = proposal.most_core_seconds == 0
    may_return = before.state is ProposalState.REFUSED or (before.state is ProposalState.APPROVED and orders_nothing)
    return may_return and before.proposal.basis != proposal.basis
