"""Which bundles need a seal, and what becomes of seals that were made where the bundle keys are kept."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from axiom.errors import AxiomError, NotFound, Refused
from axiom.laboratory.experiments.publish import (
    PackedBundle,
    PublishedBundle,
    find_seal_renewal,
    find_wanted_seal,
    is_sealed,
    renew_volunteers_seal,
    store_bundle,
    unpack_bundle,
)
from axiom.signed import bundles
from axiom.signed.bundles import Seal, open_bundle, read_seal, seal_body, write_seal
from axiom.signed.keys import Keys
from axiom.signed.signing_requests import WantedSeal
from axiom.signed.trust import Role, Trust
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment


@dataclass(frozen=True, kw_only=True)
class UnsealedExperiment:
    """An experiment that waits for a seal, and why."""

    experiment: str
    why: str


def list_wanted_seals(
    db: Database,
    folder: Folder,
    prepared: Iterable[Callable[[], PackedBundle]],
    *,
    trust: Trust,
    good_for: timedelta,
    now: datetime,
    problem: Callable[[AxiomError], None],
) -> Iterator[WantedSeal]:
    """What has to be sealed of these experiments; one that cannot be published holds up no other."""
    for prepare in prepared:
        try:
            made = prepare()
            seal = find_wanted_seal(db, made, trust=trust, good_for=good_for, now=now)
        except AxiomError as error:
            problem(error)
            continue
        if seal is not None:
            yield WantedSeal(body=seal_body(seal), archive=made.archive)
    for version in experiments.list_experiment_versions(db):
        renewal = find_seal_renewal(db, folder, version, trust=trust, good_for=good_for, now=now)
        if renewal is not None:
            yield WantedSeal(body=seal_body(renewal.seal), archive=renewal.archive)


def list_unsealed_experiments(
    db: Database,
    folder: Folder,
    package: Path,
    files: Iterable[Path],
    *,
    trust: Trust,
    good_for: timedelta,
    now: datetime,
) -> Iterator[UnsealedExperiment]:
    """Which experiments wait for a seal as far as their sources tell, without asking them anything."""
    for file in files:
        experiment = experiments.find_experiment_by_name(db, file.stem)
        is_open = experiment is None or experiment.status == "open"
        if not is_open and not drafts.is_draft_approved(db, file.stem, bundles.digest_bundle(file.read_bytes())):
            continue
        current = experiments.find_newest_bundle(db, experiment.id) if experiment else None
        if current is None:
            yield UnsealedExperiment(experiment=file.stem, why="it was never sealed")
        elif not _has_sources(db, folder, current, bundles.collect_sources(package, file)):
            yield UnsealedExperiment(experiment=file.stem, why="its sources have changed since it was sealed")
        elif not is_open:
            continue
        elif not is_sealed(current, trust, now):
            yield UnsealedExperiment(experiment=file.stem, why="its seal is not good any more")
        elif not is_sealed(current, trust, now + good_for / 3):
            yield UnsealedExperiment(
                experiment=file.stem, why=f"its seal runs out at {current.expires_at:%Y-%m-%d %H:%M} UTC"
            )
        renewal = (
            find_seal_renewal(db, folder, experiment, trust=trust, good_for=good_for, now=now) if experiment else None
        )
        if renewal is not None:
            until = f"{renewal.bundle.expires_at:%Y-%m-%d %H:%M} UTC"
            yield UnsealedExperiment(
                experiment=file.stem, why=f"the seal of the bundle that volunteers get runs out at {until}"
            )


def renew_seals(db: Database, folder: Folder, keys: Keys, good_for: timedelta, now: datetime) -> list[StoredExperiment]:
    """Seal again, with the keys that are here, what hosts would refuse or soon will."""
    if not keys.can(Role.BUNDLE):
        raise Refused(
            "The bundle keys are kept elsewhere, so nothing can be sealed here. Nothing was changed; "
            "`axiom keys request` writes down what has to be signed."
        )
    renewed: list[StoredExperiment] = []
    for experiment in experiments.list_experiment_versions(db):
        current = experiments.find_newest_bundle(db, experiment.id)
        if current is None or experiment.status != "open":
            continue
        made = unpack_bundle(blobs.read_blob(db, folder, current.digest))
        seal = find_wanted_seal(db, made, trust=keys.trust, good_for=good_for, now=now)
        if seal is not None:
            store_bundle(db, folder, made, seal, write_seal(seal, *keys.sealers), now)
        tried = renew_volunteers_seal(db, folder, experiment, keys=keys, good_for=good_for, now=now)
        if tried or seal is not None:
            renewed.append(experiment)
    return renewed


def unsealed_archive_path(folder: Folder, digest: str) -> Path:
    """Where a bundle lies whose seal was brought."""
    return folder.unsealed / f"{digest}.zip"


def publish_sealed_bundle(
    db: Database,
    folder: Folder,
    text: str,
    trust: Trust,
    now: datetime,
    *,
    has_address: bool = False,
    author_of: Callable[[str], str] = lambda _: "",
) -> PublishedBundle:
    """Publish a bundle with a seal that was brought; its archive lies in `unsealed`."""
    seal = read_seal(text, trust=trust, now=now)
    path = unsealed_archive_path(folder, seal.digest)
    if not path.is_file():
        raise NotFound(
            f"A seal of {seal.experiment}@{seal.version} came without its bundle. Nothing was changed; "
            "`axiom keys accept` brings both."
        )
    archive = path.read_bytes()
    open_bundle(archive, seal)
    stored = experiments.find_bundle(db, seal.digest)
    if stored is not None and stored != experiments.find_newest_bundle(db, stored.experiment_id):
        return _take_tried(db, stored, seal, text)
    made = replace(unpack_bundle(archive), author=author_of(seal.experiment))
    expected = find_wanted_seal(db, made, trust=trust, good_for=seal.expires - now, now=now)
    if expected is None:
        experiment = experiments.find_experiment_by_name(db, seal.experiment, seal.version)
        return PublishedBundle(
            experiment_id=experiment.id if experiment else None,
            serial=seal.serial,
            digest=seal.digest,
            change="unchanged",
        )
    if expected.serial != seal.serial:
        raise Refused(
            f"The seal of {seal.experiment}@{seal.version} has serial {seal.serial}, and the next one here is "
            f"{expected.serial}: something else was published since it was asked for. Nothing was changed; "
            "ask again: `axiom keys request`."
        )
    return store_bundle(db, folder, made, seal, text, now, has_address=has_address)


def _take_tried(db: Database, stored: StoredBundle, seal: Seal, text: str) -> PublishedBundle:
    """An older bundle stays the older one: volunteers get it until the newest has passed its preflight."""
    version = experiments.find_experiment(db, stored.experiment_id)
    is_same = version is not None and (seal.experiment, seal.version) == (version.name, version.version)
    if not is_same or seal.serial != stored.serial:
        raise Refused(
            f"The seal of {seal.experiment}@{seal.version} has serial {seal.serial}, and its bundle was published here "
            f"with {stored.serial}. Nothing was changed; ask again: `axiom keys request`."
        )
    if seal.expires > stored.expires_at:
        experiments.renew_seal(db, stored.id, text, seal.expires)
    change = "renewed" if seal.expires > stored.expires_at else "unchanged"
    return PublishedBundle(experiment_id=stored.experiment_id, serial=seal.serial, digest=seal.digest, change=change)


def _has_sources(db: Database, folder: Folder, current: StoredBundle, sources: dict[str, bytes]) -> bool:
    packed = bundles.read_bundle_files(blobs.read_blob(db, folder, current.digest))
    packed.pop(bundles.MANIFEST)
    return packed == sources
