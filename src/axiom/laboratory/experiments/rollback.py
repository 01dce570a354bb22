"""Puts an earlier bundle of a version in the place of its newest, under a new serial, as hosts demand."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.releases import Change
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused
from axiom.rules.experiments.release_stages import release_state
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.keys import Keys
from axiom.signed.trust import Role
from axiom.store.engine import blobs, counters
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments, preflights, releases
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment
from axiom.store.tasks import endings

log = logging.getLogger("axiom.rolling_back")

_NO_KEYS = (
    "needs a new seal to go back, and the keys that sign bundles are not on this computer. Nothing was changed; "
    "publish the earlier file again with a remark of yours in it, and have that sealed as usual."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackResult:
    """Which bundle took which other's place, and what of the version is on its way."""

    digest: str
    was: int  # the serial that it had
    serial: int
    instead_of: int
    unsent: int
    out: int


def roll_back_version(
    db: Database,
    folder: Folder,
    version: StoredExperiment,
    *,
    to: int | None,
    keys: Keys,
    good_for: timedelta,
    reason: str,
    by: str,
    now: datetime,
) -> RollbackResult:
    """What waits gets the earlier bundle from now on. What is out goes on, is judged and paid as it was ordered."""
    name = version.whole_name
    if not keys.can(Role.BUNDLE):
        raise Refused(f"{name} {_NO_KEYS}")
    newest, wanted = _newest_and_wanted(db, version, to)
    serial = newest.serial + 1
    size = len(blobs.read_blob(db, folder, wanted.digest))
    seal = Seal(
        experiment=version.name,
        version=version.version,
        serial=serial,
        digest=wanted.digest,
        size=size,
        issued=now,
        expires=now + good_for,
    )
    experiments.renumber_bundle(
        db, wanted, serial=serial, seal=write_seal(seal, *keys.sealers), expires_at=seal.expires
    )
    _write_down(db, version, wanted, f"{reason} (bundle {wanted.serial} instead of {newest.serial})", by, now)
    db.log_once_stored(
        log, "bundle.rolled_back experiment=%s from=%d to=%d as=%d", name, newest.serial, wanted.serial, serial
    )
    return RollbackResult(
        digest=wanted.digest,
        was=wanted.serial,
        serial=serial,
        instead_of=newest.serial,
        unsent=counters.read_counter(db, "task", version.id, TaskState.UNSENT),
        out=counters.read_counter(db, "task", version.id, TaskState.SENT),
    )


def _newest_and_wanted(db: Database, version: StoredExperiment, to: int | None) -> tuple[StoredBundle, StoredBundle]:
    """The newest bundle, and the one that is wanted: that of this serial, or the one before."""
    name = version.whole_name
    if version.status != "open":
        raise Refused(f"{name} is {version.status}, so nothing of it goes out. Nothing was changed.")
    bundles = experiments.list_experiment_bundles(db, version.id)
    earlier = {bundle.serial: bundle for bundle in bundles[:-1]}
    if not earlier:
        raise Refused(f"{name} has {len(bundles)} bundle, so there is none to go back to. Nothing was changed.")
    if to == bundles[-1].serial:
        raise Refused(f"Bundle {to} of {name} is its newest already. Nothing was changed.")
    wanted = earlier.get(max(earlier) if to is None else to)
    if wanted is None:
        serials = ", ".join(map(str, earlier))
        raise NotFound(f"{name} has no bundle {to}; there are {serials}. Nothing was changed.")
    if not preflights.has_bundle_passed(db, wanted.digest, is_ours=True):
        raise Refused(f"Bundle {wanted.serial} of {name} passed no preflight, so no host gets it. Nothing was changed.")
    return bundles[-1], wanted


def _write_down(
    db: Database, version: StoredExperiment, wanted: StoredBundle, reason: str, by: str, now: datetime
) -> None:
    """A bundle that was halted before is let out anew; what it failed at until now counts no more."""
    history = releases.list_version_releases(db, version.id)
    changes = [Change.ROLLED_BACK]
    if wanted.digest in release_state(history).halted:
        changes.append(Change.RESUMED)
    endings.forgive_failures(db, version.id)
    for change in changes:
        releases.record_release(
            db, change, experiment_id=version.id, bundle=wanted.digest, reason=reason, by=by, now=now
        )
