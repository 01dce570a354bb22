"""The files of experiments that were published here and that Axiom does not bring along.

A backup holds none of them, but every bundle, and each bundle holds the file that was sealed. Without its file no
experiment is published again, so its seal would run out and hosts would refuse it.
"""

import contextlib
import itertools
import logging
from collections.abc import Collection
from pathlib import Path

from axiom.errors import AxiomError, StoreError
from axiom.signed import bundles
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, write_file_atomically
from axiom.store.experiments import drafts, experiments
from axiom.store.experiments.experiments import StoredBundle

log = logging.getLogger("axiom.own_files")


def write_published_files(db: Database, folder: Folder, shipped: Collection[str]) -> list[str]:
    """Each open experiment that is not `shipped`, or was mended here, has its newest file in the folder; whose had not.

    What a person changed in it stays. What cannot be read from its bundle is logged, and holds up no other.
    """
    laid_out = []
    for name, experiment_id in experiments.list_open_experiments(db).items():
        file = folder.catalogue / f"{name}.py"
        try:
            if _lay_out(db, folder, experiment_id, file, is_shipped=name in shipped):
                laid_out.append(name)
        except (AxiomError, OSError) as error:
            if not file.exists():
                log.error("file.lost experiment=%s %s", name, error)
    return laid_out


def keep_experiment_file(folder: Folder, name: str, text: bytes) -> None:
    """The text lies among the laboratory's own files. Where there is no room, it is laid out another day."""
    try:
        write_file_atomically(folder.catalogue / f"{name}.py", text)
    except StoreError as error:
        log.error("file.not_kept experiment=%s; once there is room it is laid out by itself: %s", name, error)


def _lay_out(db: Database, folder: Folder, experiment_id: int, file: Path, *, is_shipped: bool) -> bool:
    """The file holds what was sealed in the newest bundle, if there is one."""
    name = file.stem
    if is_shipped and not drafts.is_draft_approved(db, name):
        return False
    newest = experiments.find_newest_bundle(db, experiment_id)
    body = _text(db, folder, newest, name) if newest else None
    if newest is None or body is None:
        return False
    if is_shipped and not drafts.is_draft_approved(db, name, bundles.digest_bundle(body)):
        return False
    if file.exists() and not _is_outdated(db, folder, newest, name, file.read_bytes()):
        return False
    write_file_atomically(file, body)
    log.info("file.laid_out experiment=%s serial=%d", name, newest.serial)
    return True


def _is_outdated(db: Database, folder: Folder, newest: StoredBundle, name: str, body: bytes) -> bool:
    """Is this the text of an older bundle, left by a stop between publishing a newer one and keeping its text?"""
    if body == _text(db, folder, newest, name):
        return False
    versions = [version.id for version in experiments.list_experiment_versions(db) if version.name == name]
    for bundle in itertools.chain.from_iterable(
        experiments.list_experiment_bundles(db, version) for version in versions
    ):
        with contextlib.suppress(AxiomError):  # what is lost cannot be compared
            if body == _text(db, folder, bundle, name):
                return True
    return False


def _text(db: Database, folder: Folder, bundle: StoredBundle, name: str) -> bytes | None:
    return bundles.read_bundle_files(blobs.read_blob(db, folder, bundle.digest)).get(bundles.experiment_path(name))
