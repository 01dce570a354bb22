"""Decisions of people on a version that is let out: hold it, let it go on, or, where that is asked for, approve it."""

from datetime import datetime

from axiom.domain.estimands import name_choices
from axiom.domain.fleet import GPU_KINDS, INSTRUCTIONS, Platform
from axiom.domain.releases import Change
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, WrongUse
from axiom.laboratory.experiments.release_stages import record_change
from axiom.rules.experiments.release_stages import release_state
from axiom.server.scheduler.host_programs import PLATFORMS
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment
from axiom.store.tasks import endings


def pause_version(
    db: Database, version: StoredExperiment, *, platform: str, reason: str, by: str, now: datetime
) -> int:
    """Nothing of it is given from now on, not even again; how many tasks are out and go on."""
    _demand_open(version)
    _demand_platform(db, platform)
    state = release_state(releases.list_version_releases(db, version.id))
    if platform in state.paused or "" in state.paused:
        raise Refused(f"{version.whole_name} is paused already. Nothing was changed.")
    record_change(db, Change.PAUSED, version, _newest(db, version).digest, reason, by, now, platform)
    return counters.read_counter(db, "task", version.id, TaskState.SENT)


def _demand_platform(db: Database, platform: str) -> None:
    """Refuse one on which neither a program of ours runs nor a task has ended: nothing would be paused."""
    kinds = [
        Platform(system=system, processor=processor, instructions=instructions)
        for system, processor in PLATFORMS.values()
        for instructions in INSTRUCTIONS[processor]
    ]
    names = {str(kind.with_gpu(gpu)) for kind in kinds for gpu in ("", *GPU_KINDS)}
    names |= {ended for _, ended in endings.count_endings_by_platform(db)}
    if platform and platform not in names:
        choices = name_choices(platform, sorted(names))
        raise WrongUse(f"There is no platform {platform}; {choices}. Nothing was changed.")


def resume_version(
    db: Database, version: StoredExperiment, *, platform: str, reason: str, by: str, now: datetime
) -> str:
    """It goes on: what somebody paused where it was, what was halted from its pilot on. What is lifted."""
    _demand_open(version)
    newest, state = _newest(db, version), release_state(releases.list_version_releases(db, version.id))
    is_halted = newest.digest in state.halted and not platform
    lifted = [where or "all platforms" for where in state.paused if platform in {"", where}]
    if not lifted and not is_halted:
        where = f" on {platform}" if platform else ""
        raise Refused(f"{version.whole_name} is not paused{where}. Nothing was changed.")
    endings.forgive_failures(db, version.id)
    record_change(db, Change.RESUMED, version, newest.digest, reason, by, now, platform)
    return "its halt" if is_halted else ", ".join(lifted)


def approve_version(db: Database, version: StoredExperiment, *, reason: str, by: str, now: datetime) -> StoredBundle:
    """Its newest bundle may go beyond the laboratory's own hosts."""
    _demand_open(version)
    newest, state = _newest(db, version), release_state(releases.list_version_releases(db, version.id))
    if approval := state.approved.get(newest.digest):
        raise Refused(f"The bundle of {version.whole_name} was approved by {approval.by} already. Nothing was changed.")
    record_change(db, Change.APPROVED, version, newest.digest, reason, by, now)
    return newest


def _newest(db: Database, version: StoredExperiment) -> StoredBundle:
    newest = experiments.find_newest_bundle(db, version.id)
    if newest is None:
        raise NotFound(f"{version.whole_name} has no bundle, so nothing of it goes out. Nothing was changed.")
    return newest


def _demand_open(version: StoredExperiment) -> None:
    if version.status != "open":
        raise Refused(f"{version.whole_name} is {version.status}, so nothing of it goes out. Nothing was changed.")
