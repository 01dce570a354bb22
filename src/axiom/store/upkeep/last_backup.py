"""When somebody last backed the laboratory up: a note beside the database, since another process makes a backup.

The copies that a laboratory makes by itself lie beside its journal, and are no backup of the disk that they are on.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from axiom.errors import AxiomError
from axiom.store.engine.folder import Folder, write_file_atomically

log = logging.getLogger("axiom.backup")


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupNote:
    made_at: datetime
    is_beside: bool  # it was written onto the laboratory's own disk
    with_keys: Path | None = None  # the newest that holds the keys


def record_backup(folder: Folder, made_at: datetime, written: Path, *, with_keys: bool = True) -> None:
    """A backup holds the laboratory as of this moment. It counts, also where this folder takes no note of it."""
    try:
        is_beside = written.stat().st_dev == folder.path.stat().st_dev
        note = {"made_at": made_at.isoformat(), "is_beside": is_beside}
        earlier = find_last_backup(folder)
        if holder := written.absolute() if with_keys else earlier and earlier.with_keys:
            note["with_keys"] = str(holder)
        write_file_atomically(folder.backed_up, json.dumps(note).encode())
    except (AxiomError, OSError) as error:
        log.warning("backup.unnoted %s", error)


def find_last_backup(folder: Folder) -> BackupNote | None:
    try:
        note = json.loads(folder.backed_up.read_bytes())
        return BackupNote(
            made_at=datetime.fromisoformat(note["made_at"]),
            is_beside=note.get("is_beside", False),
            with_keys=Path(note["with_keys"]) if "with_keys" in note else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
