"""How far each version is let out, since when and why, what nothing goes out of, and who decided what about it."""

from axiom.domain.releases import Change, Fleet, Release, Stage
from axiom.reads.base.request import Answer, Reading
from axiom.rules.experiments.counted_endings import sum_release_tasks
from axiom.rules.experiments.release_stages import (
    ReleaseState,
    Rollout,
    add_approval_reason,
    decide_rollout,
    find_final_rollout,
    release_state,
    why_unapproved,
)
from axiom.store.engine.database import Database, from_microseconds
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment

_BEGINNING = from_microseconds(0)  # before anything was sent: whether a host is silent changes no stage


def list_releases(reading: Reading) -> list[Answer]:
    """Every open version with its stage, those first that are not out yet."""
    newest = {bundle.experiment_id: bundle for bundle in experiments.list_newest_bundles(reading.db)}
    histories, fleet = releases.list_releases_by_experiment(reading.db), releases.measure_fleet(reading.db)
    rows = [
        _row(reading, stored, newest[stored.id], histories.get(stored.id, []), fleet)
        for stored in experiments.list_experiment_versions(reading.db)
        if stored.status == "open" and stored.id in newest
    ]
    return sorted(rows, key=lambda row: (row["stage"] == Stage.OPEN, row["name"]))


def describe_release(reading: Reading, stored: StoredExperiment) -> Answer | None:
    """One version's stage and the whole history of its release."""
    bundle = experiments.find_newest_bundle(reading.db, stored.id)
    if bundle is None:
        return None
    history = releases.list_version_releases(reading.db, stored.id)
    return _row(reading, stored, bundle, history, releases.measure_fleet(reading.db)) | {
        "history": [
            {
                "change": line.change.value,
                "bundle": line.bundle,
                "platform": line.platform,
                "reason": line.reason,
                "by": line.by,
                "at": line.at.isoformat(),
            }
            for line in reversed(history)
        ]
    }


def list_stopped_versions(db: Database) -> dict[int, Answer]:
    """Each open version of which nothing goes out any more, by its number: since when, why, and what to do."""
    stops = {}
    for number, history in releases.list_releases_by_experiment(db).items():
        state = release_state(history)
        version = experiments.find_experiment(db, number) if state.paused or state.halted else None
        if version is not None and (stop := describe_stop(db, version)) is not None:
            stops[number] = stop
    return stops


def describe_stop(db: Database, version: StoredExperiment) -> Answer | None:
    """The same of one version; None while some of it may go out."""
    bundle = experiments.find_newest_bundle(db, version.id)
    history = releases.list_version_releases(db, version.id)
    line = release_state(history).find_stop(bundle.digest if bundle else "")
    if line is None or version.status != "open":
        return None
    is_halted, name = line.change is Change.HALTED, version.whole_name
    resume = f"`axiom experiment resume {name}` lets it go on"
    mend = f"`axiom failure list {name}` tells what failed; mend the file and publish it again, or {resume} as it is"
    return {
        "experiment": name,
        "state": "halted" if is_halted else "paused",
        "at": line.at.isoformat(),
        "why": _why(line),
        "next": mend if is_halted else resume,
    }


def _why(line: Release) -> str:
    return line.reason if line.change is Change.HALTED else f"{line.by} paused it: {line.reason}"


def _row(
    reading: Reading, stored: StoredExperiment, bundle: StoredBundle, history: list[Release], fleet: Fleet
) -> Answer:
    state, digest = release_state(history), bundle.digest
    sent = releases.list_sent_tasks(reading.db, digest, since=state.begun.get(digest), before=_BEGINNING)
    facts = sum_release_tasks(sent, counts_hosts=fleet.is_alone)
    rollout = find_final_rollout(state, digest) or decide_rollout(facts, fleet, state.stage(digest))
    if paused := state.paused.get(""):
        rollout = Rollout(stage=Stage.PAUSED, reason=_why(paused))
    approved = state.approved.get(digest)
    return {
        "name": stored.whole_name,
        "serial": bundle.serial,
        "stage": rollout.stage.value,
        "reason": add_approval_reason(rollout, state, digest, reading.approvals).reason,
        "waits_for_approval": bool(why_unapproved(state, digest, reading.approvals)),
        "since": _since(state, bundle, rollout.stage, paused),
        "well": facts.well,
        "badly": facts.failed,
        "out": facts.out,
        "held": [
            {"platform": where, "reason": line.reason, "by": line.by} for where, line in state.paused.items() if where
        ],
        "approved_by": approved.by if approved else None,
        "approved_at": approved.at.isoformat() if approved else None,
    }


def _since(state: ReleaseState, bundle: StoredBundle, stage: Stage, paused: Release | None) -> str:
    """When the stage was reached, as far as it is written down already."""
    if paused:
        return paused.at.isoformat()
    line = state.halted.get(bundle.digest) or state.reached.get(bundle.digest)
    if line is None or (stage is not Stage.PAUSED and line.change.value != stage.value):
        return state.begun.get(bundle.digest, bundle.created_at).isoformat()
    return line.at.isoformat()
