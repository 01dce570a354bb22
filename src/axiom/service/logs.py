"""What is written into the log file and onto the terminal, and how a full disk is told of without filling both."""

import logging
import logging.handlers
import math
import time

from axiom.errors import StorageFull
from axiom.settings import Settings
from axiom.store.engine.folder import Folder, is_disk_full
from axiom.store.engine.sqlite_binding import translate_sqlite_error

_FULL_SECONDS = 60.0
_MOST_CAUSES = 10  # of one failure


class _UtcFormatter(logging.Formatter):
    """Says when as 2026-03-04T12:00:00.007Z: whoever reads a log may be in another zone than who wrote it."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


class _FullDisk(logging.Filter):
    """Of all that fails as the disk is full, the log gets one line a minute: none of it is a fault to be traced."""

    def __init__(self) -> None:
        super().__init__()
        self._said = -math.inf
        self._record: logging.LogRecord | None = None  # the newest that was let through, which each handler asks for

    def filter(self, record: logging.LogRecord) -> bool:
        if record is self._record:
            return True
        args = record.args if isinstance(record.args, tuple) else ()
        candidates = [record.exc_info[1] if record.exc_info else None, *args]
        cause = next(
            (candidate for candidate in candidates if isinstance(candidate, Exception) and _is_full(candidate)), None
        )
        if cause is None:
            return True
        now = time.monotonic()
        if now - self._said < _FULL_SECONDS:
            return False
        self._said, self._record = now, record
        message = f"{record.getMessage()}: " if record.exc_info else ""
        record.msg, record.args = "disk.full %s%s (for a minute nothing more is said of it)", (message, cause)
        record.exc_info = record.exc_text = None
        return True


def _is_full(error: BaseException | None) -> bool:
    depth = 0
    while isinstance(error, Exception) and depth < _MOST_CAUSES:
        is_storage = isinstance(error, StorageFull) or isinstance(translate_sqlite_error(error), StorageFull)
        if is_storage or (isinstance(error, OSError) and is_disk_full(error)):
            return True
        error, depth = error.__cause__ or error.__context__, depth + 1
    return False


def set_up_logging(folder: Folder, settings: Settings) -> None:
    folder.logs.mkdir(exist_ok=True)
    file = logging.handlers.RotatingFileHandler(folder.logs / "axiom.log", maxBytes=10_000_000, backupCount=3)
    file.setFormatter(_UtcFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.ERROR)
    terminal.setFormatter(logging.Formatter("axiom: %(message)s"))
    quieter = _FullDisk()
    for handler in (file, terminal):
        handler.addFilter(quieter)
    logging.raiseExceptions = False  # a disk that is full has better things to say than that its log is full, too
    logging.basicConfig(level=settings.log.upper(), handlers=[file, terminal], force=True)
