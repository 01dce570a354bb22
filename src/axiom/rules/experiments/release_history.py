"""What the history of a version's release comes to, what is added to it, and what its first tasks show."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.releases import Change, Endings, Place, Release, SentTasks, Stage
from axiom.domain.work import TaskState
from axiom.rules.experiments.release_stages import ReleaseRecord, Rollout

_CERTAIN = frozenset({Blame.EXPERIMENT, Blame.LABORATORY})
_COUNTS = _CERTAIN | {Blame.UNCLEAR}  # the rest is the host's or its volunteer's doing
# A host that has seen a newer bundle begins no task of an older one; what BOINC ends for time was on a busy host, since
# the runner itself ends a cell that takes too much of a processor or hangs.
_NOT_ITS_DOING = frozenset({Cause.BAD_BUNDLE, Cause.TIME_LIMIT})
_STATES = {TaskState.INVALID: Cause.NOT_AS_ORDERED, TaskState.EXPIRED: Cause.SILENT}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseState:
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

    def find_stop(self, bundle: str) -> Release | None:
        """By what nothing of a bundle goes anywhere: somebody paused the version, or it was halted."""
        return self.paused.get("") or self.halted.get(bundle)

    def stopped(self, platform: str) -> str:
        """Why nothing of it goes to a host of this platform, not even again; empty where it may."""
        line = self.paused.get("") or self.paused.get(platform)
        if line is None:
            return ""
        where = f" on computers of the kind {line.platform}" if line.platform else ""
        return f"is {'held back' if line.change is Change.HELD else 'paused'}{where}: {line.reason}"


def release_state(history: Sequence[Release]) -> ReleaseState:
    """Read a version's history, its oldest line first."""
    state = ReleaseState()
    for line in history:
        match line.change:
            case Change.PAUSED | Change.HELD:
                state = replace(state, paused={**state.paused, line.platform: line})
            case Change.RESUMED:
                state = _resumed(state, line)
            case Change.WIDER | Change.OPEN:
                state = replace(state, reached={**state.reached, line.bundle: line})
            case Change.WRITTEN:
                state = replace(state, written=state.written | {line.bundle})
            case Change.APPROVED:
                state = replace(state, approved={**state.approved, line.bundle: line})
            case Change.HALTED:
                state = replace(state, halted={**state.halted, line.bundle: line})
            case Change.ROLLED_BACK:
                state = replace(state, returned=state.returned | {line.bundle})
    return state


def find_final_rollout(state: ReleaseState, bundle: str) -> Rollout | None:
    """The stage of a bundle of which no task need be looked at any more: it was halted, or it is out."""
    if line := state.halted.get(bundle):
        return Rollout(stage=Stage.PAUSED, reason=line.reason)
    if state.stage(bundle) is Stage.OPEN:
        return Rollout(stage=Stage.OPEN, reason=state.reached[bundle].reason)
    return None


def list_release_changes(rollout: Rollout, state: ReleaseState, bundle: str) -> list[tuple[Change, str, str]]:
    """What is to be added to the history: each change with its platform and reason. Said once, it is not said again."""
    added = [
        (Change.HELD, platform, why) for platform, why in rollout.held_back.items() if platform not in state.paused
    ]
    if rollout.stage is Stage.PAUSED:
        return added if bundle in state.halted else [*added, (Change.HALTED, "", rollout.reason)]
    if rollout.stage not in {Stage.PILOT, state.stage(bundle)}:  # what was reached is never lost
        added.append((Change(rollout.stage.value), "", rollout.reason))
    return added


def why_unapproved(state: ReleaseState, bundle: str, approvals: str) -> str:
    """Why a bundle may not go beyond our own hosts, where approvals are asked for or a program wrote it."""
    if bundle in state.approved or not (approvals or bundle in state.written):
        return ""
    return "waits until somebody of the laboratory approves it, before which it goes to no volunteer"


def add_approval_reason(rollout: Rollout, state: ReleaseState, bundle: str, approvals: str) -> Rollout:
    """The stage with the reason that it waits for an approval, if it does."""
    waits = why_unapproved(state, bundle, approvals)
    return replace(rollout, reason=f"{rollout.reason}; it {waits}") if waits else rollout


def _resumed(state: ReleaseState, line: Release) -> ReleaseState:
    """It goes on. After a halt the bundle begins anew; after a platform was held back, its failures count no more."""
    lifted = {platform for platform in state.paused if line.platform in {"", platform}}
    is_anew = line.bundle in state.halted and not line.platform
    was_held = any(state.paused[platform].change is Change.HELD for platform in lifted)
    anew = {line.bundle} if is_anew else set()
    return replace(
        state,
        paused=_without(state.paused, lifted),
        reached=_without(state.reached, anew),
        halted=_without(state.halted, anew),
        begun={**state.begun, line.bundle: line.at} if is_anew or was_held else state.begun,
    )


def _without(lines: Mapping[str, Release], keys: Collection[str]) -> dict[str, Release]:
    return {key: line for key, line in lines.items() if key not in keys}


def sum_release_tasks(sent: Iterable[SentTasks], *, counts_hosts: bool) -> ReleaseRecord:
    """Add up what was sent while a bundle was let out: by volunteer; where one alone computes, by host."""
    by_source: dict[Place, Endings] = {}
    lost: Counter[Place] = Counter()
    by_volunteer: Counter[int] = Counter()
    out = theirs_out = theirs_well = theirs_badly = 0
    latest = None
    for tasks in sent:
        by_volunteer[tasks.volunteer] += tasks.amount
        latest = max(tasks.latest, latest or tasks.latest)
        place = tasks.host if counts_hosts else tasks.volunteer, tasks.platform
        endings = by_source.get(place, Endings(platform=tasks.platform))
        endings = replace(endings, is_proven=endings.is_proven or tasks.is_proven)
        cause, theirs = find_failure_cause(tasks.state, tasks.cause), 0 if tasks.is_ours else 1
        if tasks.state in {TaskState.SENT, TaskState.RETURNED}:
            out += tasks.amount - tasks.silent
            theirs_out += theirs * (tasks.amount - tasks.silent)
        elif tasks.state is TaskState.VALID:
            by_source[place] = replace(endings, well=endings.well + tasks.amount, is_proven=True)
            theirs_well += theirs * tasks.amount
        elif cause is not None and _counts(cause):
            by_source[place] = _with_failed(endings, cause, tasks.amount)
            theirs_badly += theirs * tasks.amount
        elif cause is not None:
            lost[place] += tasks.amount
    return ReleaseRecord(
        by_source=by_source,
        by_volunteer=by_volunteer,
        out=out,
        theirs_out=theirs_out,
        theirs_well=theirs_well,
        theirs_badly=theirs_badly,
        lost=lost,
        latest=latest,
    )


def group_endings_by_host(
    counts: Iterable[tuple[int, str, Cause, int]], proven: frozenset[int]
) -> dict[Place, Endings]:
    """How counted endings, by host, platform and cause, stand for each host and platform."""
    by_host: dict[Place, Endings] = {}
    for host, platform, cause, amount in counts:
        endings = by_host.get((host, platform), Endings(platform=platform, is_proven=host in proven))
        if cause is Cause.SUCCESS:
            by_host[host, platform] = replace(endings, well=endings.well + amount)
        elif _counts(cause):
            by_host[host, platform] = _with_failed(endings, cause, amount)
    return by_host


def _with_failed(endings: Endings, cause: Cause, amount: int) -> Endings:
    raised = amount if cause.blame in _CERTAIN else 0
    return replace(endings, badly=endings.badly + amount, raised=endings.raised + raised)


def _counts(cause: Cause) -> bool:
    return cause.blame in _COUNTS and cause not in _NOT_ITS_DOING


def find_failure_cause(state: TaskState, cause: str) -> Cause | None:
    """Why a task ended badly; None where the laboratory took it back, which is no failure."""
    if state in _STATES:
        return _STATES[state]
    known_cause = Cause(cause) if cause in set(Cause) else None
    if state is TaskState.FAILED:  # a host that claims success is contradicted by its own output
        return Cause.CELL_FAILED if known_cause is Cause.SUCCESS else known_cause or Cause.UNKNOWN
    return known_cause if known_cause is not None and known_cause.blame is not Blame.NOBODY else None
