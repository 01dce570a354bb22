"""A step of rounds, and a job between them: a version that fails more often than anything may is stopped."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from axiom.domain.rounds import Note, Window
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.open_round import OpenRound
from axiom.limits import experiments as limits
from axiom.rules.experiments.breaker import find_broken_platforms, why_stop_version
from axiom.rules.experiments.counted_endings import group_endings_by_host
from axiom.rules.experiments.release_stages import release_state
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.rounds import session_counts
from axiom.store.tasks import endings

_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerStop:
    """A version that should be stopped, or held back on one platform, and why."""

    version: StoredExperiment
    reason: str
    platform: str = ""


def find_failing_versions(db: Database) -> list[BreakerStop]:
    """What should be stopped, and why. Only the newest bundle of a version counts: a repair begins anew."""
    stops: list[BreakerStop] = []
    counted, proven, histories = (
        counters.read_counters(db),
        endings.list_proven_hosts(db),
        releases.list_releases_by_experiment(db),
    )
    for version in experiments.list_experiment_versions(db):
        newest = experiments.find_newest_bundle(db, version.id) if version.status == "open" else None
        ordered = sum(
            amount for (noun, whose, _), amount in counted.items() if (noun, whose) == ("workunit", version.id)
        )
        if newest is None or ordered <= limits.PILOT_TASKS:  # a pilot stops by itself, and a repair can still save it
            continue
        paused = release_state(histories.get(version.id, [])).paused
        by_host = group_endings_by_host(endings.list_bundle_endings(db, version.id, newest.digest), proven)
        by_host = {place: at_host for place, at_host in by_host.items() if at_host.platform not in paused}
        by_platform = find_broken_platforms(by_host, why_stop_version)
        stops += [BreakerStop(version=version, reason=why, platform=platform) for platform, why in by_platform.items()]
        why = why_stop_version(
            {place: at_host for place, at_host in by_host.items() if at_host.platform not in by_platform}
        )
        if why:
            stops.append(BreakerStop(version=version, reason=why))
    return stops


def stop_broken_versions(this_round: OpenRound) -> list[Note]:
    """Stop for a session what is broken; it tells of its own time, not of what the one before has stopped and told."""
    reported = session_counts.list_stopped_versions(this_round.db, this_round.round.id)
    return stop_broken(
        this_round.db, this_round.window.since, this_round.now, until=this_round.window.until, reported=reported
    )


def stop_broken(
    db: Database,
    since: datetime,
    now: datetime,
    *,
    until: datetime = _EVER,
    reported: Collection[tuple[str, str]] = (),
) -> list[Note]:
    """Stop what is broken, and tell what is, and what was retired in this time; also when there is nothing."""
    release_stages.record_stages(db, now)
    window = Window(since=since, until=until)
    stopped: dict[int, int] = {}
    for stop in find_failing_versions(db):
        release_stages.record_breaker_stop(db, stop.version, reason=stop.reason, now=now, platform=stop.platform)
        if not stop.platform:
            stopped[stop.version.id] = retire_version(db, stop.version.id, stop.reason, now)
    notes = [
        _note(version, stopped)
        for version in experiments.list_experiment_versions(db)
        if version.id in stopped or (_is_retired(version, window) and (version.whole_name, version.why) not in reported)
    ]
    return notes or [Note(kind="withdraw.nothing", text="No version was withdrawn, and none fails more than it may.")]


def _is_retired(version: StoredExperiment, window: Window) -> bool:
    return version.status == "retired" and window.holds(version.retired_at)


def _note(version: StoredExperiment, stopped: Mapping[int, int]) -> Note:
    name = version.whole_name
    if version.id in stopped:
        return Note(
            kind="experiment.stopped",
            text="{experiment} was stopped: {reason}. Workunits taken back: {workunits}.",
            facts={"experiment": name, "reason": version.why, "workunits": stopped[version.id]},
            about=f"/failures?experiment={name}",
        )
    return Note(
        kind="experiment.retired",
        text="{experiment} was retired: {reason}",
        facts={"experiment": name, "reason": version.why or "nobody has said why"},
        about=f"/experiments/{name}",
    )
