"""How far is a version let out, where does one go on that was paused, and how much of it may this host have now?

Three tasks, each at another volunteer; then one fiftieth of the volunteers' cores, until twenty tasks are valid, and
nine for each that failed; then all. A bundle that takes another's place begins anew, since it may be worse, and so does
one that goes on after a halt. The laboratory's own hosts need no more than the first three.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from axiom.domain.releases import Change, Endings, Fleet, Place, Release, Stage
from axiom.limits import experiments as limits
from axiom.rules.experiments.breaker import fails_too_often, find_broken_platforms, why_halt_early
from axiom_weigh.amounts import tell_amount

_WELL_FOR_EACH_FAILED = round(1 / limits.FAILING_SHARE) - 1
_ORDER = (Stage.PILOT, Stage.WIDER, Stage.OPEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseRecord:
    """What came of the tasks that were sent with a bundle while it was let out. `theirs`: at volunteers' hosts."""

    by_source: Mapping[Place, Endings] = field(default_factory=dict)  # by host where one volunteer alone computes
    by_volunteer: Mapping[int, int] = field(default_factory=dict)  # tasks that each has had
    out: int = 0  # and not silent for long
    theirs_out: int = 0
    theirs_well: int = 0
    theirs_badly: int = 0
    lost: Mapping[Place, int] = field(default_factory=dict)  # by the doing of a host, its volunteer, or nobody known
    latest: datetime | None = None  # when one was last sent

    @property
    def well(self) -> int:
        """Tasks that were valid."""
        return sum(endings.well for endings in self.by_source.values())

    @property
    def failed(self) -> int:
        """Tasks that failed, by whosever doing."""
        return sum(self.lost.values()) + sum(endings.badly for endings in self.by_source.values())

    @property
    def failing(self) -> frozenset[Place]:
        """Where any of them did."""
        return frozenset(self.lost) | {place for place, endings in self.by_source.items() if endings.badly}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """The stage that a version is in, and why; on which platforms it is held back, and of which volunteer's there."""

    stage: Stage
    reason: str
    held_back: Mapping[str, str] = field(default_factory=dict)
    benched: Mapping[Place, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutQuota:
    """How many more tasks of a version a host may have, and why not more."""

    most: int | None = None  # None is any number
    reason: str = ""

    @property
    def held_back(self) -> str:
        """Why it may have none; empty where it may have some."""
        return self.reason if self.most == 0 else ""


def decide_rollout(facts: ReleaseRecord, fleet: Fleet, reached: Stage | None = None) -> Rollout:
    """The stage of a bundle, from what came back so far. What it `reached` before it does not lose again."""
    why = partial(why_halt_early, hosts=fleet.hosts, counts_hosts=fleet.is_alone)
    held_back = find_broken_platforms(facts.by_source, why, is_capped=not fleet.is_alone)
    elsewhere = {place: endings for place, endings in facts.by_source.items() if endings.platform not in held_back}
    halted = why(elsewhere) or _in_vain(facts, fleet)
    if halted:
        return Rollout(stage=Stage.PAUSED, reason=f"it was halted: {halted}", held_back=held_back)
    stage = max(_stage(facts), reached or Stage.PILOT, key=_ORDER.index)
    benched = {} if fleet.is_alone else _benched(facts)
    reason = _reason(stage, facts, fleet)
    if benched:
        volunteers = tell_amount(len({volunteer for volunteer, _ in benched}), "volunteer")
        reason += f"; it goes no more to {volunteers} whose computers fail it"
    return Rollout(stage=stage, reason=reason, held_back=held_back, benched=benched)


def _in_vain(facts: ReleaseRecord, fleet: Fleet) -> str:
    is_enough = fleet.is_alone or len({volunteer for volunteer, _ in facts.failing}) > 1
    if facts.well or facts.failed < limits.RELEASED_IN_VAIN or not is_enough:
        return ""
    return f"none of its first {facts.failed} tasks was valid"


def _benched(facts: ReleaseRecord) -> dict[Place, str]:
    """The volunteers, each with a platform, whose computers are given no more of it before it is out, and why."""
    reasons: dict[Place, str] = {}
    for place in facts.failing:
        endings = facts.by_source.get(place, Endings())
        failed = endings.badly + facts.lost.get(place, 0)
        if fails_too_often(endings) or (not endings.well and failed >= limits.RELEASED_IN_VAIN):
            tasks = tell_amount(endings.well + failed, "task")
            reasons[place] = (
                f"is tried on the computers of others first, since {failed} of {tasks} of it failed on yours"
            )
    return reasons


def compute_rollout_quota(
    facts: ReleaseRecord, fleet: Fleet, rollout: Rollout, *, place: Place, is_ours: bool, now: datetime
) -> RolloutQuota:
    """How many more tasks a host of this volunteer and platform may have."""
    volunteer, platform = place
    if why := rollout.held_back.get(platform):
        return RolloutQuota(most=0, reason=f"is held back on computers of the kind {platform}: {why}")
    if why := rollout.benched.get(place):
        return RolloutQuota(most=0, reason=why)
    if rollout.stage is Stage.PAUSED:
        return RolloutQuota(most=0, reason=f"is paused, since {rollout.reason}")
    if rollout.stage is Stage.OPEN or (is_ours and rollout.stage is not Stage.PILOT):
        return RolloutQuota()
    left, size = count_rollout_left(facts, fleet, rollout.stage) or 0, _size(facts, fleet, rollout.stage)
    if not is_ours and (facts.latest is None or now - facts.latest < limits.PILOT_WAITS_FOR):
        left = min(left, math.ceil(size / max(1, fleet.volunteers)) - facts.by_volunteer.get(volunteer, 0))
    return RolloutQuota(
        most=max(0, left), reason=f"is new and tried with {size} tasks first, which other computers have"
    )


def count_rollout_left(facts: ReleaseRecord, fleet: Fleet, stage: Stage) -> int | None:
    """How many more tasks of a version in this stage volunteers' hosts may have, all together; None is any number."""
    if stage is Stage.OPEN:
        return None
    if stage is Stage.PAUSED:
        return 0
    had = facts.well + facts.out if stage is Stage.PILOT else facts.theirs_well + facts.theirs_out
    return max(0, _size(facts, fleet, stage) - had)


def _size(facts: ReleaseRecord, fleet: Fleet, stage: Stage) -> int:
    """Tasks of a pilot, which grows once volunteers brought as many as the first one has."""
    if stage is Stage.PILOT or facts.theirs_well < limits.PILOT_TASKS:
        return limits.PILOT_TASKS
    return max(_well_enough(facts), min(limits.WIDER_OUT, math.ceil(limits.WIDER_SHARE * fleet.cores)))


def _well_enough(facts: ReleaseRecord) -> int:
    """Valid tasks of volunteers after which all may have it."""
    return max(limits.WIDER_TASKS, _WELL_FOR_EACH_FAILED * facts.theirs_badly)


def _stage(facts: ReleaseRecord) -> Stage:
    if facts.well < limits.PILOT_TASKS:
        return Stage.PILOT
    return Stage.OPEN if facts.theirs_well >= _well_enough(facts) else Stage.WIDER


def _reason(stage: Stage, facts: ReleaseRecord, fleet: Fleet) -> str:
    if stage is Stage.PILOT:
        are = "is" if facts.out == 1 else "are"
        return f"the pilot has {facts.well} of {limits.PILOT_TASKS} valid tasks, and {facts.out} {are} not back"
    if stage is Stage.WIDER and not fleet.volunteers:
        return f"{limits.PILOT_TASKS} of its tasks were valid, and nobody but the laboratory computes here"
    if stage is Stage.WIDER:
        needed = _well_enough(facts)
        return f"volunteers have brought {facts.theirs_well} of the {needed} valid tasks of its wider pilot"
    tasks = facts.theirs_well + facts.theirs_badly
    return f"of {tasks} tasks of volunteers {facts.theirs_badly} failed, which is not too many"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseState:
    paused: Mapping[str, Release] = field(default_factory=dict)  # by platform, "" for all of them
    reached: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    halted: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    approved: Mapping[str, Release] = field(default_factory=dict)  # by bundle
    written: frozenset[str] = frozenset()  # bundles whose code is a program's
    begun: Mapping[str, datetime] = field(default_factory=dict)  # by bundle: what failed before counts no more
    returned: Mapping[str, datetime] = field(default_factory=dict)  # since when a former bundle is the newest again

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
                state = replace(state, returned={**state.returned, line.bundle: line.at})
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
