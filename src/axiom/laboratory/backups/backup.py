"""A whole laboratory in one file, taken while it works.

A backup is a tar archive: the database as SQLite's own online copy, the files that this copy names, keys, settings,
and last a manifest with the SHA-256 of each. A line with the SHA-256 of all that comes before ends the file, so that
neither a missing end nor a single changed bit anywhere is overlooked.
"""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from axiom.errors import FolderUnusable, Refused, StoreDamaged
from axiom.signed import canonical_json
from axiom.signed.atomic_files import replace_durably
from axiom.signed.boinc_code_signing import CARRIED
from axiom.signed.keys import load_keys
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import copy_database
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.upkeep import audit
from axiom.store.views import exported_rows

FORMAT = "axiom-backup-1"
MANIFEST = "manifest.json"
TRUST = "keys/trust.json"


@dataclass(frozen=True, kw_only=True)
class Backup:
    lab: str
    made_at: str
    with_keys: bool
    experiments: int
    results: int
    findings: int
    audited: int
    files: int
    bytes: int
    position: int  # in the journal; 0 also where there was none yet


def make_backup(
    folder: Folder, target: Path, *, with_keys: bool, now: datetime, although_broken: bool = False
) -> Backup:
    """`target` holds the laboratory as it was at one moment; it appears when it is whole and on the disk.

    Where a stored file is gone, there is none, unless somebody wants what is left.
    """
    if target.exists():
        raise Refused(f"{target} exists already, and a backup is never overwritten. Nothing was written.")
    trust = load_keys(folder.keys, now).trust
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".axiom-backup-", dir=target.parent) as place:
            copied = Folder(path=Path(place))
            copy_database(folder.database, copied.database)
            made = _count_rows(copied, trust.lab, now, with_keys=with_keys)
            sources = _sources(folder, copied, with_keys=with_keys)
            existing = {name: path for name, path in sources.items() if path.exists()}
            if len(existing) < len(sources) and not although_broken:
                raise _lost_files([path for name, path in sources.items() if name not in existing])
            whole = copied.path / "whole.tar"
            made = _write(whole, existing, made)
            replace_durably(whole, target)
    except OSError as error:
        raise FolderUnusable(
            f"The backup {target} cannot be written: {error.strerror} ({error.filename}). The laboratory is "
            "untouched, and there is no backup; choose another place with -o."
        ) from error
    return made


def _lost_files(files: Sequence[Path]) -> StoreDamaged:
    more = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
    return StoreDamaged(
        f"The stored file {files[0]}{more} is gone, and a backup without it would not be whole. There is none; put it "
        "back from an earlier one, or back up what is left: axiom backup --although-broken."
    )


def _count_rows(copied: Folder, lab: str, now: datetime, *, with_keys: bool) -> Backup:
    with Connections(folder=copied).reader() as db:
        versions, point = exported_rows.list_experiment_counts(db), history.read_journal_point(db)
        return Backup(
            lab=lab,
            made_at=now.isoformat(),
            with_keys=with_keys,
            experiments=len(versions),
            results=sum(row["results"] for row in versions),
            findings=exported_rows.count_findings(db),
            audited=audit.count_audit_entries(db),
            files=0,
            bytes=0,
            position=point.position if point else 0,
        )


def _sources(folder: Folder, copied: Folder, *, with_keys: bool) -> dict[str, Path]:
    """What goes in, by name. The files are those that the copy knows: each was on the disk before its row was."""
    with Connections(folder=copied).reader() as db:
        stored = blobs.list_blob_files(db, folder)
    code = [path for path in (folder.keys / CARRIED,) if path.is_file()]
    keys = [*sorted(folder.keys.glob("*.key")), *code] if with_keys else []
    written = [path for path in (folder.settings, folder.charter) if path.is_file()]  # by hand, and nowhere else
    # Of the server before: by which key its clients' uploads are known, and what they brought.
    succeeded = [*sorted(folder.keys.glob("*.public")), *sorted(folder.foreign_uploads.glob("[!.]*"))]
    rest = [*written, folder.path / TRUST, *keys, *succeeded, *stored]
    return {"axiom.db": copied.database} | {path.relative_to(folder.path).as_posix(): path for path in rest}


class _HashedFile(io.RawIOBase):
    """A file that is written once from its beginning, and the SHA-256 of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, body: Any) -> int:
        self.sum.update(body)
        return self._file.write(body)


def _write(path: Path, sources: Mapping[str, Path], made: Backup) -> Backup:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it may hold the keys
    with os.fdopen(descriptor, "wb") as file:
        summed = _HashedFile(file)
        with tarfile.open(fileobj=summed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            sums = {name: _add(tar, name, source) for name, source in sources.items()}
            size = sum(source.stat().st_size for source in sources.values())
            made = Backup(**asdict(made) | {"files": len(sources), "bytes": size})
            body = canonical_json.canonical_bytes({"format": FORMAT, "made": asdict(made), "sums": sums})
            entry = _entry(MANIFEST, len(body))
            tar.addfile(entry, io.BytesIO(body))
        file.write(f"{FORMAT} {summed.sum.hexdigest()}\n".encode())
    return made


def _add(tar: tarfile.TarFile, name: str, source: Path) -> str:
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        entry = _entry(name, file.tell())
        file.seek(0)
        tar.addfile(entry, file)
    return digest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry
