"""Has an authority date each registration before its first task: what waits is asked for, one after the other."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from axiom.errors import NotStamped
from axiom.limits import registrations as limits
from axiom.server.mail.carriers import DeliveryFailed, post_body
from axiom.server.upkeep.jobs import Job
from axiom.signed.time_stamps import obtain_stamp
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.registrations import time_stamps
from axiom.store.registrations.time_stamps import StoredStamp
from axiom.store.writer import Writer

_QUERY = "application/timestamp-query"


@dataclass(kw_only=True)
class StampJob:
    """The job. After a fault it asks nobody for a while: an authority serves others, too."""

    folder: Folder
    writer: Writer
    address: str
    roots: Path
    now: Callable[[], datetime]
    _fault: str = field(default="", init=False)
    _asks_again: datetime | None = field(default=None, init=False)

    def __call__(self) -> None:
        """Have stamped what waits, until the authority fails."""
        with Connections(folder=self.folder).reader() as db:
            waiting = time_stamps.list_unstamped_registrations(db)
        if self._asks_again and waiting and self.now() < self._asks_again:
            raise NotStamped(self._fault)
        for place, registration in enumerate(waiting):
            try:
                roots = self.roots.read_text(encoding="ascii")
                response, stamp = obtain_stamp(
                    registration.hash, roots, lambda query: post_body(self.address, query, _QUERY)
                )
            except (NotStamped, DeliveryFailed, OSError, UnicodeDecodeError) as error:
                others = f" and {len(waiting) - place - 1} more" if waiting[place + 1 :] else ""
                self._fault = (
                    f"{urlsplit(self.address).hostname} did not stamp registration {registration.id}{others}, and "
                    f"nothing of it is ordered before that: {error}"
                )
                self._asks_again = self.now() + limits.STAMP_AGAIN_AFTER
                raise NotStamped(self._fault) from error
            stored = StoredStamp(registration_id=registration.id, stamped_at=stamp.at, response=response, roots=roots)
            self.writer.run(functools.partial(time_stamps.add_stamp, stamp=stored))
        self._asks_again = None


def stamp_job(writer: Writer, folder: Folder, address: str, roots: Path, now: Callable[[], datetime]) -> Job:
    work = StampJob(folder=folder, writer=writer, address=address, roots=roots, now=now)
    return Job(name="stamp", every=2.0, work=work, remembered=False)
