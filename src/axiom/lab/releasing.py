"""How far each version is let out: what its first tasks show is written down, and what people decide about it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from axiom.decisions.release import PILOT_TASKS, Let, Stage, release
from axiom.decisions.released import Standing, facts_of, news, settled, standing
from axiom.domain.preflights import GATES
from axiom.domain.releases import Change, Fleet
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused
from axiom.store import counters, endings, experiments, releases
from axiom.store.database import Database, moment
from axiom.store.experiments import StoredBundle, StoredExperiment

log = logging.getLogger("axiom.releasing")

LABORATORY = "the laboratory"  # who writes down what follows from the tasks
_BEGINNING = moment(0)  # before anything was sent: whether a host is silent changes no stage
_ALIVE = (TaskState.UNSENT, TaskState.SENT, TaskState.RETURNED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A version's stage, and how many tasks its pilot needs that are neither valid nor on their way."""

    let: Let
    missing: int = 0


NOWHERE = Staged(let=Let(stage=Stage.PAUSED, reason="it has no bundle that any computer may have"))


def stages(db: Database) -> dict[int, Staged]:
    """How far each open version is let out."""
    found: dict[int, Staged] = {}
    counted = counters.read(db)
    for version, known, lets in _versions(db):
        said = known.paused.get("")
        if said is not None:
            let = Let(stage=Stage.PAUSED, reason=f"it is paused by {said.by}: {said.reason}")
            found[version.id] = Staged(let=let)
            continue
        let, well = next((one for one in lets.values() if one[0].stage.takes_blocks), next(iter(lets.values())))
        alive = sum(counted.get(("task", version.id, state), 0) for state in _ALIVE)
        missing = max(0, PILOT_TASKS - well - alive) if let.stage is Stage.PILOT else 0
        found[version.id] = Staged(let=let, missing=missing)
    return found


def settle(db: Database, now: datetime) -> int:
    """Write down which stages were reached, and what was halted or held back; how many lines that took."""
    added = 0
    for version, known, lets in list(_versions(db)):
        for bundle, (let, _) in lets.items():
            for change, platform, reason in news(let, known, bundle):
                _record(db, change, version, bundle, reason, LABORATORY, now, platform)
                added += 1
    return added


def pause(db: Database, version: StoredExperiment, *, platform: str, reason: str, by: str, now: datetime) -> int:
    """Nothing of it is given from now on, not even again; how many tasks are out and go on."""
    _demand_open(version)
    known = standing(releases.of_version(db, version.id))
    if platform in known.paused or "" in known.paused:
        raise Refused(f"{_name(version)} is paused already. Nothing was changed.")
    _record(db, Change.PAUSED, version, _newest(db, version).digest, reason, by, now, platform)
    return counters.amount(db, "task", version.id, TaskState.SENT)


def resume(db: Database, version: StoredExperiment, *, platform: str, reason: str, by: str, now: datetime) -> str:
    """It goes on: what somebody paused where it was, what was halted from its pilot on. What is lifted."""
    _demand_open(version)
    newest, known = _newest(db, version), standing(releases.of_version(db, version.id))
    is_halted = newest.digest in known.halted and not platform
    lifted = [where or "all platforms" for where in known.paused if platform in {"", where}]
    if not lifted and not is_halted:
        where = f" on {platform}" if platform else ""
        raise Refused(f"{_name(version)} is not paused{where}. Nothing was changed.")
    endings.forgive(db, version.id)
    _record(db, Change.RESUMED, version, newest.digest, reason, by, now, platform)
    return "its halt" if is_halted else ", ".join(lifted)


def approve(db: Database, version: StoredExperiment, *, reason: str, by: str, now: datetime) -> StoredBundle:
    """Its newest bundle may go beyond the laboratory's own hosts."""
    _demand_open(version)
    newest, known = _newest(db, version), standing(releases.of_version(db, version.id))
    if said := known.approved.get(newest.digest):
        raise Refused(f"The bundle of {_name(version)} was approved by {said.by} already. Nothing was changed.")
    _record(db, Change.APPROVED, version, newest.digest, reason, by, now)
    return newest


def begin_anew(db: Database, version: StoredExperiment, *, reason: str, by: str, now: datetime) -> None:
    """A version that is opened again after a halt is let out in stages again."""
    newest = experiments.bundle_now(db, version.id)
    if newest and newest.digest in standing(releases.of_version(db, version.id)).halted:
        _record(db, Change.RESUMED, version, newest.digest, reason, by, now)


def stop(db: Database, version: StoredExperiment, *, reason: str, now: datetime, platform: str = "") -> None:
    """The breaker has stopped its newest bundle, or holds it back on a platform."""
    newest = experiments.bundle_now(db, version.id)
    if newest is not None:
        change = Change.HELD if platform else Change.HALTED
        _record(db, change, version, newest.digest, reason, LABORATORY, now, platform)


def _versions(db: Database) -> Iterator[tuple[StoredExperiment, Standing, dict[str, tuple[Let, int]]]]:
    """Each open version that has a bundle, what was done to it, and the stage of what hosts get with the valid ones."""
    histories, fleet = releases.everything(db), releases.fleet(db)
    offered: dict[int, list[StoredBundle]] = {}
    for bundle in (*experiments.own_bundles(db), *experiments.passed_bundles(db, GATES)):
        offered.setdefault(bundle.experiment_id, []).append(bundle)
    for version in experiments.everything(db):
        if version.status == "open" and version.id in offered:
            known = standing(histories.get(version.id, []))
            digests = dict.fromkeys(bundle.digest for bundle in offered[version.id])
            yield version, known, {digest: _let(db, digest, known, fleet) for digest in digests}


def _let(db: Database, bundle: str, known: Standing, fleet: Fleet) -> tuple[Let, int]:
    """A bundle's stage, and how many tasks were valid while it was let out."""
    if said := settled(known, bundle):
        return said, PILOT_TASKS
    facts = facts_of(releases.sent(db, bundle, since=known.begun.get(bundle), before=_BEGINNING))
    return release(facts, fleet, known.stage(bundle)), facts.well


def _record(
    db: Database,
    change: Change,
    version: StoredExperiment,
    bundle: str,
    reason: str,
    by: str,
    now: datetime,
    platform: str = "",
) -> None:
    releases.record(
        db, change, experiment_id=version.id, bundle=bundle, platform=platform, reason=reason, by=by, now=now
    )
    log.info("release.%s experiment=%s by=%s", change.name.lower(), _name(version), by)


def _newest(db: Database, version: StoredExperiment) -> StoredBundle:
    newest = experiments.bundle_now(db, version.id)
    if newest is None:
        raise NotFound(f"{_name(version)} has no bundle, so nothing of it goes out. Nothing was changed.")
    return newest


def _demand_open(version: StoredExperiment) -> None:
    if version.status != "open":
        raise Refused(f"{_name(version)} is {version.status}, so nothing of it goes out. Nothing was changed.")


def _name(version: StoredExperiment) -> str:
    return f"{version.name}@{version.version}"
