"""How far each version is let out, since when and why, and who decided what about it."""

from axiom.decisions.experiments.release_history import (
    ReleaseState,
    facts_of,
    settled,
    standing,
    unapproved,
    with_approval,
)
from axiom.decisions.experiments.release_stages import Let, release
from axiom.domain.releases import Release, Sent, Stage
from axiom.domain.work import TaskState
from axiom.limits import tasks as limits
from axiom.store.engine.database import moment
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment
from axiom.web.base.request import Answer, Reading

_BEGINNING = moment(0)  # before anything was sent: whether a host is silent changes no stage


def listed(reading: Reading) -> list[Answer]:
    """Every open version with its stage, those first that are not out yet."""
    newest = {bundle.experiment_id: bundle for bundle in experiments.newest_bundles(reading.db)}
    histories = releases.everything(reading.db)
    rows = [
        _row(reading, stored, newest[stored.id], histories.get(stored.id, []))
        for stored in experiments.everything(reading.db)
        if stored.status == "open" and stored.id in newest
    ]
    return sorted(rows, key=lambda row: (row["stage"] == Stage.OPEN, row["name"]))


def of_version(reading: Reading, stored: StoredExperiment) -> Answer | None:
    """One version's stage and the whole history of its release."""
    bundle = experiments.bundle_now(reading.db, stored.id)
    if bundle is None:
        return None
    history = releases.of_version(reading.db, stored.id)
    return _row(reading, stored, bundle, history) | {
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


def _row(reading: Reading, stored: StoredExperiment, bundle: StoredBundle, history: list[Release]) -> Answer:
    known = standing(history)
    sent = releases.sent(reading.db, bundle.digest, since=known.begun.get(bundle.digest), before=_BEGINNING)
    facts, paused = facts_of(sent, counts_hosts=releases.is_alone(reading.db)), known.paused.get("")
    let = settled(known, bundle.digest) or release(
        facts, releases.fleet(reading.db, believed=limits.BELIEVED_CORES), known.stage(bundle.digest)
    )
    if paused:
        let = Let(stage=Stage.PAUSED, reason=f"{paused.by} paused it: {paused.reason}", held=let.held)
    approved = known.approved.get(bundle.digest)
    return {
        "name": f"{stored.name}@{stored.version}",
        "serial": bundle.serial,
        "stage": let.stage.value,
        "reason": with_approval(let, known, bundle.digest, reading.approvals).reason,
        "waits_for_approval": bool(unapproved(known, bundle.digest, reading.approvals)),
        "since": _since(known, bundle, let.stage, paused),
        "well": facts.well,
        "badly": facts.failed,
        "out": _out(sent),
        "held": [
            {"platform": where, "reason": line.reason, "by": line.by} for where, line in known.paused.items() if where
        ],
        "approved_by": approved.by if approved else None,
        "approved_at": approved.at.isoformat() if approved else None,
    }


def _out(sent: list[Sent]) -> int:
    return sum(one.amount for one in sent if one.state in {TaskState.SENT, TaskState.RETURNED})


def _since(known: ReleaseState, bundle: StoredBundle, stage: Stage, paused: Release | None) -> str:
    """When the stage was reached, as far as it is written down already."""
    if paused:
        return paused.at.isoformat()
    line = known.halted.get(bundle.digest) or known.reached.get(bundle.digest)
    if line is None or (stage is not Stage.PAUSED and line.change.value != stage.value):
        return known.begun.get(bundle.digest, bundle.created_at).isoformat()
    return line.at.isoformat()
