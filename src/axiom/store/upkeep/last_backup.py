"""When somebody last backed the laboratory up: a note beside the database, since another process makes a backup.

The copies that a laboratory makes by itself lie beside its journal, and are no backup of the disk that they are on.
"""

import json
import logging
from datetime import datetime

from axiom.errors import AxiomError
from axiom.store.engine.folder import Folder, write_file_atomically

log = logging.getLogger("axiom.backup")


def record_backup_time(folder: Folder, made_at: datetime) -> None:
    """A backup holds the laboratory as of this moment. It counts, also where this folder takes no note of it."""
    try:
        write_file_atomically(folder.backed_up, json.dumps({"made_at": made_at.isoformat()}).encode())
    except AxiomError as error:
        log.warning("backup.unnoted %s", error)


def read_backup_time(folder: Folder) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(folder.backed_up.read_bytes())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
