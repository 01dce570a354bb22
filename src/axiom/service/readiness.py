"""Whether the laboratory that runs here can work now, by its writer, its disks and its jobs."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from axiom.limits import server as limits
from axiom.rules.upkeep.readiness import VitalSigns, list_unready_reasons
from axiom.server.upkeep.jobs import Jobs
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Readiness:
    folder: Folder
    journal: Path
    writer: Writer
    jobs: Jobs
    now: Callable[[], datetime]
    up_since: datetime

    def unready(self) -> tuple[str, ...]:
        return tuple(self.ailments().values())

    def ailments(self) -> dict[str, str]:
        """Why the laboratory is not ready to work, by what ails."""
        signs = VitalSigns(
            writer_failed=self.writer.failed is not None,
            found_no_room=self.writer.found_no_room,
            oldest_wait=timedelta(seconds=self.writer.oldest_wait),
            free=min(self.free().values()),
            needed=limits.FREE_DISK_BYTES,
            jobs=self.jobs.turns(),
            up_since=self.up_since,
        )
        return list_unready_reasons(signs, self.now())

    def free(self) -> dict[str, int]:
        return {"data": _free(self.folder.path), "journal": _free(self.journal)}


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return 0  # whoever cannot look there cannot write there
