"""What the history of a version's release comes to, what is added to it, and what its first tasks show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from axiom.decisions.experiments.release_stages import Let, ReleaseRecord
from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.releases import Came, Change, Place, Release, Sent, Stage
from axiom.domain.work import TaskState

_CERTAIN = frozenset({Blame.EXPERIMENT, Blame.LABORATORY})
_COUNTS = _CERTAIN | {Blame.UNCLEAR}  # the rest is the host's or its volunteer's doing
# A host that has seen a newer bundle begins no task of an older one; what BOINC ends for time was on a busy host, since
# the runner itself ends a cell that takes too much of a processor or hangs.
_NOT_ITS_DOING = frozenset({Cause.BAD_BUNDLE, Cause.TIME_LIMIT})
_STATES = {TaskState.INVALID: Cause.NOT_AS_ORDERED, TaskState.EXPIRED: Cause.SILENT}
_ORDER = (Stage.WIDER, Stage.OPEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseState:
    """What a version's history comes to."""

    paused: Mapping[str, Release] = field(default_factory=dict)  # by platform, "" for all of them
    reached: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    halted: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    approved: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    written: frozenset[str] = frozenset()  # bundles whose code is a program's
    begun: Mapping[str, datetime] = field(default_factory=dict)  # by bundle: what failed before counts no more
    returned: frozenset[str] = frozenset()  # bundles that were the newest once and are so again

    def stage(self, bundle: str) -> Stage | None:
        """The furthest stage that a bundle has reached, beyond the first."""
        line = self.reached.get(bundle)
        return Stage(line.change.value) if line else None

    def stopped(self, platform: str) -> str:
        """Why nothing of it goes to a host of this platform, not even again; empty where it may."""
        line = self.paused.get("") or self.paused.get(platform)
        if line is None:
            return ""
        where = f" on computers of the kind {line.platform}" if line.platform else ""
        return f"is {'held back' if line.change is Change.HELD else 'paused'}{where}: {line.reason}"


def standing(history: Sequence[Release]) -> ReleaseState:
    """Read a version's history, its oldest line first."""
    found = ReleaseState()
    for line in history:
        match line.change:
            case Change.PAUSED | Change.HELD:
                found = replace(found, paused={**found.paused, line.platform: line})
            case Change.RESUMED:
                found = _resumed(found, line)
            case Change.WIDER | Change.OPEN:
                found = replace(found, reached={**found.reached, line.bundle: line})
            case Change.WRITTEN:
                found = replace(found, written=found.written | {line.bundle})
            case Change.APPROVED:
                found = replace(found, approved={**found.approved, line.bundle: line})
            case Change.HALTED:
                found = replace(found, halted={**found.halted, line.bundle: line})
            case Change.ROLLED_BACK:
                found = replace(found, returned=found.returned | {line.bundle})
    return found


def settled(known: ReleaseState, bundle: str) -> Let | None:
    """The stage of a bundle of which no task need be looked at any more: it was halted, or it is out."""
    if said := known.halted.get(bundle):
        return Let(stage=Stage.PAUSED, reason=said.reason)
    if known.stage(bundle) is Stage.OPEN:
        return Let(stage=Stage.OPEN, reason=known.reached[bundle].reason)
    return None


def news(let: Let, known: ReleaseState, bundle: str) -> list[tuple[Change, str, str]]:
    """What is to be added to the history: each change with its platform and reason. Said once, it is not said again."""
    added = [(Change.HELD, platform, why) for platform, why in let.held.items() if platform not in known.paused]
    if let.stage is Stage.PAUSED:
        return added if bundle in known.halted else [*added, (Change.HALTED, "", let.reason)]
    before = known.stage(bundle)
    if let.stage in _ORDER and (before is None or _ORDER.index(let.stage) > _ORDER.index(before)):
        added.append((Change(let.stage.value), "", let.reason))
    return added


def unapproved(known: ReleaseState, bundle: str, approvals: str) -> str:
    """Why a bundle may not go beyond our own hosts, where approvals are asked for or a program wrote it."""
    if bundle in known.approved or not (approvals or bundle in known.written):
        return ""
    return "waits until somebody of the laboratory approves it, before which it goes to no volunteer"


def with_approval(let: Let, known: ReleaseState, bundle: str, approvals: str) -> Let:
    """The same stage, with the reason that it waits for an approval, if it does."""
    waits = unapproved(known, bundle, approvals)
    return replace(let, reason=f"{let.reason}; it {waits}") if waits else let


def _resumed(known: ReleaseState, line: Release) -> ReleaseState:
    """It goes on. After a halt the bundle begins anew; after a platform was held back, its failures count no more."""
    lifted = {where for where in known.paused if line.platform in {"", where}}
    is_anew = line.bundle in known.halted and not line.platform
    was_held = any(known.paused[where].change is Change.HELD for where in lifted)
    return replace(
        known,
        paused={where: one for where, one in known.paused.items() if where not in lifted},
        reached={bundle: one for bundle, one in known.reached.items() if not (is_anew and bundle == line.bundle)},
        halted={bundle: one for bundle, one in known.halted.items() if not (is_anew and bundle == line.bundle)},
        begun={**known.begun, line.bundle: line.at} if is_anew or was_held else known.begun,
    )


def facts_of(sent: Iterable[Sent], *, counts_hosts: bool) -> ReleaseRecord:
    """Add up what was sent while a bundle was let out: by volunteer; where one alone computes, by host."""
    sources: dict[Place, Came] = {}
    lost: dict[Place, int] = {}
    by_volunteer: dict[int, int] = {}
    total = ReleaseRecord()
    for one in sent:
        by_volunteer[one.volunteer] = by_volunteer.get(one.volunteer, 0) + one.amount
        total = replace(total, latest=max(one.latest, total.latest or one.latest))
        place = one.host if counts_hosts else one.volunteer, one.platform
        came = sources.get(place, Came(platform=one.platform))
        came = replace(came, is_proven=came.is_proven or one.is_proven)
        cause = ended_by(one.state, one.cause)
        if one.state in {TaskState.SENT, TaskState.RETURNED}:
            amount = one.amount - one.silent
            total = replace(total, out=total.out + amount, theirs_out=total.theirs_out + amount * (not one.is_ours))
        elif one.state is TaskState.VALID:
            sources[place] = replace(came, well=came.well + one.amount, is_proven=True)
            total = replace(total, theirs_well=total.theirs_well + one.amount * (not one.is_ours))
        elif cause is not None and _counts(cause):
            raised = one.amount if cause.blame in _CERTAIN else 0
            sources[place] = replace(came, badly=came.badly + one.amount, raised=came.raised + raised)
            total = replace(total, theirs_badly=total.theirs_badly + one.amount * (not one.is_ours))
        elif cause is not None:
            lost[place] = lost.get(place, 0) + one.amount
    return replace(total, by_source=sources, counts_hosts=counts_hosts, lost=lost, by_volunteer=by_volunteer)


def came_of(counts: Iterable[tuple[int, str, Cause, int]], proven: frozenset[int]) -> dict[Place, Came]:
    """How counted endings, by host, platform and cause, stand for each host and platform."""
    by_host: dict[Place, Came] = {}
    for host, platform, cause, amount in counts:
        place = host, platform
        came = by_host.get(place, Came(platform=platform, is_proven=host in proven))
        if cause is Cause.SUCCESS:
            by_host[place] = replace(came, well=came.well + amount)
        elif _counts(cause):
            raised = amount if cause.blame in _CERTAIN else 0
            by_host[place] = replace(came, badly=came.badly + amount, raised=came.raised + raised)
    return by_host


def _counts(cause: Cause) -> bool:
    return cause.blame in _COUNTS and cause not in _NOT_ITS_DOING


def ended_by(state: TaskState, cause: str) -> Cause | None:
    """Why a task ended badly; None where the laboratory took it back, which is no failure."""
    if state in _STATES:
        return _STATES[state]
    known = Cause(cause) if cause in set(Cause) else None
    if state is TaskState.FAILED:  # a host that claims success is contradicted by its own output
        return Cause.CELL_FAILED if known is Cause.SUCCESS else known or Cause.UNKNOWN
    return known if known is not None and known.blame is not Blame.NOBODY else None
