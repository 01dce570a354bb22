"""Voids what a faulty version concluded, and opens again what was closed for a reason that is gone."""

import logging
from datetime import datetime

from axiom.errors import NotFound, Refused, Withdrawn
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments.retire import retire_version
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import blocks
from axiom.store.registrations import registrations

log = logging.getLogger("axiom.recall")


def recall_version(db: Database, version: StoredExperiment, why: str, now: datetime) -> int:
    """Void a version: what is not sent is cancelled, and how many workunits that is.

    Results stay and stay paid; they leave the evidence. Its findings are recalled, and never opened again.
    """
    if version.status == "recalled":
        raise Withdrawn(f"{version.whole_name} is recalled already. Nothing was changed.")
    cancelled = retire_version(db, version.id, f"recalled: {why}", now)
    experiments.mark_experiment_recalled(db, version.id, now)
    for number in registrations.list_finding_statuses(db, version.id):
        registrations.set_finding_status(db, number, "recalled", why)
    db.log_once_stored(log, "experiment.recalled id=%d workunits=%d", version.id, cancelled)
    return cancelled


def reopen_version(db: Database, version: StoredExperiment, why: str, now: datetime) -> None:
    name = version.whole_name
    if version.status == "recalled":
        raise Refused(
            f"{name} was recalled, and what was recalled is never opened again: its numbers cannot be told from faulty "
            "ones. Nothing was changed; raise `version` in the file and publish it."
        )
    if version.status == "open":
        raise Refused(f"{name} is open. Nothing was changed.")
    newest = experiments.find_experiment_by_name(db, version.name)
    if newest is not None and newest.version > version.version:
        raise Refused(f"{name} gave way to version {newest.version}. Nothing was changed; open that one again instead.")
    experiments.reopen_experiment(db, version.id)
    release_stages.restart_release(db, version, reason=why, by=release_stages.LABORATORY, now=now)
    db.log_once_stored(log, "experiment.reopened id=%d", version.id)


def reopen_finding(db: Database, number: int, why: str) -> str:
    """Have a retired or suspended finding go on; how it stood before."""
    origin = registrations.find_finding_registration(db, number)
    if origin is None:
        raise NotFound(f"There is no finding {number}. Nothing was changed; `axiom finding list` shows all.")
    status, _ = registrations.list_finding_statuses(db, origin[0].experiment_id)[number]
    if status == "recalled":
        raise Refused(
            f"Finding {number} was recalled with its version, and is never opened again. Nothing was changed; a new "
            "version asks the question anew."
        )
    if not registrations.set_finding_status(db, number, "open", why):
        raise Refused(f"Finding {number} is open. Nothing was changed.")
    blocks.request_reweighing(db, origin[0].experiment_id)  # what kept it from being weighed may have been mended
    return status
