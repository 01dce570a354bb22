"""Says of an experiment that it passed its preflight, where a test's own could not: it sleeps, or does worse.

No command says so: the laboratory reads the file itself, and what sleeps is none that it lets through. So the row is
written beside the laboratory, as nobody does who has not its folder.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import vouching
from patience import PATIENCE

from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments


def vouch(data: Path, name: str) -> None:
    """Have the laboratory in this folder remember that the newest bundle of an experiment passed every gate."""
    with closing(sqlite3.connect(Folder(path=data).database, isolation_level=None, timeout=PATIENCE)) as connection:
        db = Database(connection)
        with db.transaction():
            found = experiments.find_experiment_by_name(db, name)
            newest = experiments.find_newest_bundle(db, found.id) if found else None
            assert newest is not None
            vouching.vouch(db, newest.digest, datetime.now(UTC))
