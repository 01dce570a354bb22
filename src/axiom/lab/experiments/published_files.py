"""The files of experiments that were published here and that Axiom does not bring along.

A backup holds none of them, but every bundle, and each bundle holds the file that was sealed. Without its file no
experiment is published again, so its seal would run out and hosts would refuse it.
"""

import logging
from collections.abc import Collection
from pathlib import Path

from axiom.errors import AxiomError
from axiom.signed import bundles
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, keep
from axiom.store.experiments import drafts, experiments

log = logging.getLogger("axiom.own_files")


def lay_out(db: Database, folder: Folder, shipped: Collection[str]) -> list[str]:
    """Each open experiment that is not `shipped`, or was mended here, has its file in the folder; which ones lacked it.

    What cannot be read from its bundle is logged, and holds up no other.
    """
    laid_out = []
    for name, experiment_id in experiments.open_now(db).items():
        file = folder.catalogue / f"{name}.py"
        if file.exists():
            continue
        try:
            if _lay_out(db, folder, experiment_id, file, is_shipped=name in shipped):
                laid_out.append(name)
        except AxiomError as error:
            log.error("file.lost experiment=%s %s", name, error)
    return laid_out


def _lay_out(db: Database, folder: Folder, experiment_id: int, file: Path, *, is_shipped: bool) -> bool:
    """The file holds what was sealed in the newest bundle, if there is one."""
    if is_shipped and not drafts.is_approved(db, file.stem):
        return False
    newest = experiments.bundle_now(db, experiment_id)
    files = bundles.contents(blobs.get(db, folder, newest.digest)) if newest else {}
    body = files.get(bundles.experiment_path(file.stem))
    if newest is None or body is None:
        return False
    if is_shipped and not drafts.is_approved(db, file.stem, bundles.digest(body)):
        return False
    keep(file, body)
    log.info("file.laid_out experiment=%s serial=%d", file.stem, newest.serial)
    return True
