"""`axiom follow`: a read-only copy of a laboratory that goes along with its journal, and the pages of its site.

It has no keys, gives no work and takes no command: whoever reads its pages costs the laboratory nothing. The one who
writes to its database is the journal.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom import __version__
from axiom.errors import NotFound, Refused, StorageFull, StoreBusy
from axiom.laboratory.backups.daily_copies import find_newest_daily_copy
from axiom.laboratory.backups.journal_recovery import RecoveryOptions
from axiom.laboratory.backups.restore import restore_backup
from axiom.limits import backups as limits
from axiom.server.http.serving import ServedSocket, StopSignal, serve_sockets
from axiom.service.logs import set_up_logging
from axiom.service.sockets import socket_address
from axiom.service.volunteer_project import project_address, public_address
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.journal.journal_follower import JournalFollower
from axiom.store.migrate import require_current_schema
from axiom.web.probes import Probes
from axiom.web.site.app import Site, make_site
from axiom_weigh.terminal import print_remark, wall_clock

log = logging.getLogger("axiom.follow")

_PURPOSE = "axiom follow"


def make_copy(folder: Folder, journal: Path, backup: Path | None) -> Path | None:
    """There is a copy in this folder to go on with; the backup that it was made of, if that was now.

    A laboratory's own folder is refused: it has keys, and two that work with the same ones would contradict each other.
    """
    if folder.exists():
        if any(folder.keys.glob("*.key")):
            raise Refused(
                f"{folder.path} holds a laboratory with its keys, and a copy has none. Nothing was started; name a new "
                "folder with --data."
            )
        return None
    source = backup or find_newest_daily_copy(journal)
    if source is None or not source.is_file():
        raise NotFound(
            f"There is no backup to begin with: {source or f'no copy lies in {journal}'}. Nothing was made; name one "
            "with --from."
        )
    restore_backup(source, folder, now=wall_clock(), options=RecoveryOptions(to_follow=True))
    return source


def follow_journal(
    folder: Folder, journal: Path, settings: Settings, listening: socket.socket, *, quiet: bool
) -> signal.Signals | None:
    """The copy goes along and its pages are shown, until somebody stops it; the signal that did.

    A journal that says something else than the copy ends it with an error: nobody reads pages that may be wrong.
    """
    with lock_folder(folder, _PURPOSE) as folder_lock, contextlib.ExitStack() as stack:
        address = socket_address(listening)
        folder_lock.note(port=listening.getsockname()[1], url=address)
        public_at = public_address(settings, address)
        set_up_logging(folder, settings)
        with Connections(folder=folder).reader() as db:
            require_current_schema(db)
        stopping = StopSignal()
        going = _FollowerThread(folder, journal, stopping)
        pages = _pages(folder, settings, address, going)
        stack.callback(pages.readers.close)
        going.start()
        stack.callback(going.stop)
        print(address, flush=True)
        print_remark(
            f"Axiom {__version__} · {address} · a read-only copy in {folder.path} that follows {journal}\n"
            "Ctrl-C stops it; the same command goes on from there.",
            quiet=quiet,
        )
        log.info("follow.started process=%d journal=%s", os.getpid(), journal)
        public = ServedSocket(app=make_site(pages), socket=listening, address=public_at)
        by = serve_sockets([public], stopping)
    if going.failed is not None:
        raise going.failed
    return by


class _FollowerThread:
    def __init__(self, folder: Folder, journal: Path, stopping: StopSignal) -> None:
        self._folder = folder
        self._journal = journal
        self._stopping = stopping
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="axiom-follow", daemon=True)
        self.failed: Exception | None = None
        self.until: datetime | None = None  # when the newest change was written that is shown
        self._looked = time.monotonic()

    def unready(self) -> Sequence[str]:
        silent = time.monotonic() - self._looked
        is_late = silent > limits.FOLLOWER_SILENT_SECONDS
        return [f"nothing was done for {silent:.0f} s of what the journal says"] if is_late else []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            db = Connections(folder=self._folder).writer()
            try:
                self._go_along(db, JournalFollower(db, self._folder, self._journal))
            finally:
                db.close()
        except Exception as error:  # noqa: BLE001 - raised again by who waits for the end
            log.error("follow.stopped %s", error)
            self.failed = error
            self._stopping.now()

    def _go_along(self, db: Database, follower: JournalFollower) -> None:
        while not self._ended.is_set():
            try:
                followed = follower.advance()
            except (StorageFull, StoreBusy) as error:
                log.error("follow.waits %s", error)
                self._ended.wait(limits.FOLLOWER_PAUSE_SECONDS)
                continue
            if followed.changes_form:
                require_current_schema(db)  # the laboratory was brought to a version that may be unknown here
            self.until = followed.until or self.until
            self._looked = time.monotonic()
            if not followed.again:
                self._ended.wait(limits.FOLLOWER_LOOK_SECONDS)


def _pages(folder: Folder, settings: Settings, address: str, going: _FollowerThread) -> Site:
    return Site(
        folder=folder,
        name=settings.name,
        now=wall_clock,
        live=_live(address, going),
        probes=Probes(unready=going.unready),
        is_open=settings.other_pages == "read",
        authors=settings.authors,
        talk=settings.talk,
        approvals=settings.approvals,
        master=project_address(settings, address) if settings.url else "",
    )


def _live(address: str, going: _FollowerThread) -> Callable[[], Mapping[str, Any]]:
    started_at = wall_clock().isoformat()

    def live() -> Mapping[str, Any]:
        return {
            "state": "follows",
            "address": address,
            "started_at": started_at,
            "parts": {"follower": going.failed is None},
            "changed_at": going.until.isoformat() if going.until else None,
            "session": {"due": None},
            "offer": {"problems": [], "building": "", "progress": None, "is_closed": False},
            "computing": [],
        }

    return live
