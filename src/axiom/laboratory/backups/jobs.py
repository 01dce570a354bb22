"""The jobs that copy, and that move old work out of the database.

What they do is imported when they do it: whoever waits for a first result does not wait for that.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from axiom.server.upkeep.jobs import Job
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer


def copy_job(folder: Folder, journal: Path, now: Callable[[], datetime]) -> Job:
    def copy() -> None:
        from axiom.laboratory.backups.daily_copies import make_daily_copy

        make_daily_copy(folder, journal, now())

    return Job(name="copy", every=3_600.0, work=copy, remembered=False)


def archive_job(
    writer: Writer, folder: Folder, days: float, now: Callable[[], datetime], is_stopping: Callable[[], bool]
) -> Job:
    def archive() -> None:
        from axiom.laboratory.backups.archive import archive_old_outputs, is_possible

        if is_possible():  # `axiom doctor` says what is missing once something waits
            archive_old_outputs(writer, folder, now, days, is_stopping)

    return Job(name="archive", every=86_400.0, work=archive)
