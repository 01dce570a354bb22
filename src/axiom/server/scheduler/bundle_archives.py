"""Bundles and seals as files that clients download."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from axiom.errors import NotFound, StoreDamaged
from axiom.server.dispatch.cache import DamagedBundle
from axiom.server.dispatch.work_request import GrantedTask
from axiom.server.scheduler.reply import Archive, archives_of
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder

log = logging.getLogger("axiom.rpc")


@dataclass(frozen=True, kw_only=True)
class BundleArchives:
    """Remembers those that are in the store; whoever undoes what put them there clears it."""

    folder: Folder
    _stored: dict[tuple[str, str], tuple[Archive, Archive]] = field(default_factory=dict)

    def store_archives(self, db: Database, task: GrantedTask, now: datetime) -> tuple[Archive, Archive]:
        """The task's bundle and its seal; both are in the store from here on."""
        key = (task.bundle, task.seal)
        if key not in self._stored:
            blobs.store_blob(db, self.folder, task.seal.encode(), now)
            try:
                body = blobs.read_blob(db, self.folder, task.bundle)
            except (NotFound, StoreDamaged) as error:
                log.error("bundle.unfit %s", error)
                raise DamagedBundle(task.bundle) from error
            self._stored[key] = archives_of(task.bundle, body, task.seal)
        return self._stored[key]

    def clear(self) -> None:
        self._stored.clear()
