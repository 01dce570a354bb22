"""How far each version is let out: what its first tasks show is written down, and what people decide about it."""

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from axiom.domain.preflights import GATES
from axiom.domain.releases import Change, Fleet, Release, Stage
from axiom.domain.rounds import Note
from axiom.domain.work import TaskState
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.limits import experiments as limits
from axiom.rules.experiments.counted_endings import sum_release_tasks
from axiom.rules.experiments.release_stages import (
    ReleaseRecord,
    ReleaseState,
    Rollout,
    add_approval_reason,
    count_rollout_left,
    decide_rollout,
    find_final_rollout,
    list_release_changes,
    release_state,
    why_unapproved,
)
from axiom.store.engine import counters
from axiom.store.engine.database import Database, from_microseconds
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.experiments import StoredExperiment
from axiom_weigh.grouping import group_pairs

log = logging.getLogger("axiom.releasing")

LABORATORY = "the laboratory"  # who writes down what follows from the tasks
_BEGINNING = from_microseconds(0)  # before anything was sent: whether a host is silent changes no stage


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionStage:
    """A version's stage, what its pilot lacks, and how much more of it volunteers' hosts may have."""

    rollout: Rollout
    missing: int = 0  # tasks of a pilot that are neither valid, nor waiting, nor out at a host that is not silent
    theirs: int | None = 0  # tasks; None is any number


@dataclass(frozen=True, kw_only=True, slots=True)
class _ReleasedBundle:
    rollout: Rollout
    facts: ReleaseRecord = field(default_factory=ReleaseRecord)  # of one that is settled no task is looked at
    theirs: int | None = 0  # tasks that volunteers' hosts may still have: none of what has not passed its preflight


NOWHERE = VersionStage(rollout=Rollout(stage=Stage.PAUSED, reason="it has no bundle that any computer may have"))


def read_version_stages(db: Database, now: datetime, approvals: str = "") -> dict[int, VersionStage]:
    """How far each open version is let out. `approvals`: what somebody must approve before volunteers get it."""
    staged: dict[int, VersionStage] = {}
    counted = counters.read_counters(db)
    for version, state, bundles in _versions(db, now - limits.RELEASE_TASK_OUT_FOR):
        if pausing := state.paused.get(""):
            why = f"it is paused by {pausing.by}: {pausing.reason}"
            staged[version.id] = VersionStage(rollout=Rollout(stage=Stage.PAUSED, reason=why))
            continue
        digest = next((digest for digest in bundles if bundles[digest].rollout.stage.takes_blocks), next(iter(bundles)))
        rollout, facts, missing = bundles[digest].rollout, bundles[digest].facts, 0
        if rollout.stage is Stage.PILOT:
            unsent = counted.get(("task", version.id, TaskState.UNSENT), 0)
            missing = max(0, limits.PILOT_TASKS - facts.well - facts.out - unsent)
        staged[version.id] = VersionStage(
            rollout=add_approval_reason(rollout, state, digest, approvals),
            missing=missing,
            theirs=_most_for_volunteers(bundles, state, approvals),
        )
    return staged


def is_release_change_due(db: Database) -> bool:
    """Is there anything to write down? Finding out takes as long as a large fleet has hosts, and needs no writer."""
    return any(True for _ in _due(db))


def record_stages(db: Database, now: datetime) -> int:
    """Write down which stages were reached, and what was halted or held back; how many lines that took."""
    due = list(_due(db))
    for version, bundle, (change, platform, reason) in due:
        record_change(db, change, version, bundle, reason, LABORATORY, now, platform)
    return len(due)


def _due(db: Database) -> Iterator[tuple[StoredExperiment, str, tuple[Change, str, str]]]:
    """What is to be written down of each open version's bundles: a change, the platform, and why."""
    for version, state, bundles in _versions(db, _BEGINNING):
        for digest, bundle in bundles.items():
            for change in list_release_changes(bundle.rollout, state, digest):
                yield version, digest, change


def tell_releases(this_round: OpenRound) -> list[Note]:
    """Which stages were reached, and who paused, approved or took back what. This session's own are the next one's."""
    window = this_round.window
    notes = [
        _release_note(name, line)
        for name, line in releases.list_releases_between(this_round.db, window.since, window.until)
    ]
    return shorten_notes(notes, "Changes of releases", "/plan")


def _release_note(name: str, line: Release) -> Note:
    where = f" on {line.platform}" if line.platform else ""
    return Note(
        kind="release.changed",
        text="Release of {experiment}: {change}, by {by}: {reason}",
        facts={"experiment": name, "change": f"{line.change}{where}", "by": line.by, "reason": line.reason},
        about=f"/experiments/{name}",
    )


def record_program_code(db: Database, experiment_id: int, bundle: str, *, by: str, now: datetime) -> None:
    """A program published its code: it goes beyond the laboratory's own hosts once somebody approves it."""
    releases.record_release(
        db, Change.WRITTEN, experiment_id=experiment_id, bundle=bundle, reason="published by a program", by=by, now=now
    )


def restart_release(db: Database, version: StoredExperiment, *, reason: str, by: str, now: datetime) -> None:
    """A version that is opened again after a halt is let out in stages again."""
    newest = experiments.find_newest_bundle(db, version.id)
    if newest and newest.digest in release_state(releases.list_version_releases(db, version.id)).halted:
        record_change(db, Change.RESUMED, version, newest.digest, reason, by, now)


def record_breaker_stop(
    db: Database, version: StoredExperiment, *, reason: str, now: datetime, platform: str = ""
) -> None:
    """The breaker has stopped its newest bundle, or holds it back on a platform."""
    newest = experiments.find_newest_bundle(db, version.id)
    if newest is not None:
        change = Change.HELD if platform else Change.HALTED
        record_change(db, change, version, newest.digest, reason, LABORATORY, now, platform)


def _most_for_volunteers(bundles: Mapping[str, _ReleasedBundle], state: ReleaseState, approvals: str) -> int | None:
    """What volunteers may have of any of its bundles that was approved, where that is asked for."""
    amounts = [0 if why_unapproved(state, digest, approvals) else bundle.theirs for digest, bundle in bundles.items()]
    return None if None in amounts else max((amount for amount in amounts if amount is not None), default=0)


def _versions(
    db: Database, silent: datetime
) -> Iterator[tuple[StoredExperiment, ReleaseState, dict[str, _ReleasedBundle]]]:
    """Each open version that has a bundle, what was done to it, and how far what hosts get is let out.

    A task that was sent before `silent` and is still out holds up nobody.
    """
    histories = releases.list_releases_by_experiment(db)
    fleet = functools.cache(lambda: releases.measure_fleet(db))  # nobody asks for it where all is out
    passed = experiments.list_passed_bundles(db, GATES)
    tried = {bundle.digest for bundle in passed}
    offered = group_pairs((bundle.experiment_id, bundle) for bundle in (*experiments.list_own_bundles(db), *passed))
    for version in experiments.list_experiment_versions(db):
        if version.status == "open" and version.id in offered:
            state = release_state(histories.get(version.id, []))
            digests = dict.fromkeys(bundle.digest for bundle in offered[version.id])
            bundles = {digest: _released_bundle(db, digest, state, fleet, silent) for digest in digests}
            yield (
                version,
                state,
                bundles | {digest: replace(bundles[digest], theirs=0) for digest in digests.keys() - tried},
            )


def _released_bundle(
    db: Database, digest: str, state: ReleaseState, read_fleet: Callable[[], Fleet], silent: datetime
) -> _ReleasedBundle:
    if rollout := find_final_rollout(state, digest):
        return _ReleasedBundle(rollout=rollout, theirs=None if rollout.stage is Stage.OPEN else 0)
    fleet = read_fleet()
    sent = releases.list_sent_tasks(db, digest, since=state.begun.get(digest), before=silent)
    facts = sum_release_tasks(sent, counts_hosts=fleet.is_alone)
    rollout = decide_rollout(facts, fleet, state.stage(digest))
    return _ReleasedBundle(rollout=rollout, facts=facts, theirs=count_rollout_left(facts, fleet, rollout.stage))


def record_change(
    db: Database,
    change: Change,
    version: StoredExperiment,
    bundle: str,
    reason: str,
    by: str,
    now: datetime,
    platform: str = "",
) -> None:
    releases.record_release(
        db, change, experiment_id=version.id, bundle=bundle, platform=platform, reason=reason, by=by, now=now
    )
    db.log_once_stored(log, "release.%s experiment=%s@%d by=%s", change.name.lower(), version.name, version.version, by)
