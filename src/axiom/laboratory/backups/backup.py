"""A whole laboratory in one file, taken while it works, and a laboratory from such a file, proven before it is there.

A backup is a tar archive: the database as SQLite's own online copy, the files that this copy names, keys, settings,
and last a manifest with the SHA-256 of each. A line with the SHA-256 of all that comes before ends the file, so that
neither a missing end nor a single changed bit anywhere is overlooked.
"""

import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from axiom.errors import AxiomError, FolderUnusable, Refused, StoreDamaged
from axiom.laboratory.backups.invariants import find_broken_promises
from axiom.laboratory.backups.recovery import Recovery, RecoveryOptions, recover_from_journal
from axiom.signed import canonical_json
from axiom.signed.atomic_files import fsync_path, replace_durably
from axiom.signed.boinc_code_signing import CARRIED
from axiom.signed.keys import load_keys
from axiom.signed.trust import read_trust
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_writer, copy_database
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.migrate import list_foreign_objects, migrate_database
from axiom.store.upkeep import audit
from axiom.store.views import tables

_FORMAT = "axiom-backup-1"
_MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 64 * 1024 * 1024
_END = re.compile(rb"axiom-backup-1 ([0-9a-f]{64})\n")
_END_BYTES = len("axiom-backup-1 \n") + 64
_NAMES = re.compile(
    r"axiom\.db|axiom\.toml|manifest\.json|keys/((trust|code)\.json|[a-z0-9-]+\.key)|blobs/[0-9a-f]{2}/[0-9a-f]{62}"
)
_TRUST = "keys/trust.json"
_MOMENT = re.compile(r"[0-9T:.+-]{20,40}")
_LAB = re.compile(r"[0-9a-f]{64}")
_NUMBERS = ("experiments", "results", "findings", "audited", "files", "bytes", "position")
_BLOCK = 1024 * 1024


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


@dataclass(frozen=True, kw_only=True)
class RestoredBackup:
    """What was in a backup, what a journal added to it, and which promises are broken there."""

    backup: Backup
    recovered: Recovery
    broken: Sequence[str] = ()


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


def restore_backup(
    archive: Path, folder: Folder, *, now: datetime, wish: RecoveryOptions | None = None, dry_run: bool = False
) -> RestoredBackup:
    """A laboratory in a folder that did not exist: every sum, chain and promise was checked before it is there.

    What the laboratory's journal says came after the backup is in it, too, unless there is none or it is not wished.
    After a dry run all was checked, and nothing is there. Who wishes so has it restored although a promise is broken.
    """
    wish = wish or RecoveryOptions()
    if not dry_run and folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        what = "holds a laboratory" if folder.exists() else "is there already, and not empty"
        raise Refused(f"{folder.path} {what}, and nothing is overwritten. Nothing was restored; name a new folder.")
    place = folder.path.with_name(f".{folder.path.name}.restoring")
    try:
        shutil.rmtree(place, ignore_errors=True)
        unproven = Folder(path=place)
        unproven.create()
        with archive.open("rb") as file:
            made = _unpack(file, _size_of_body(file, archive), unproven, archive)
        if wish.to_follow:
            _forget_keys(unproven)
        recovered = _bring_up(unproven, archive, wish, now)
        problems = _problems(unproven, made, archive, recovered.until)
        if problems and not wish.although_broken:
            raise _broken(archive, problems)
        if not dry_run:
            _sync_files(place)
            replace_durably(place, folder.path)
    except OSError as error:
        raise FolderUnusable(
            f"{archive} cannot be restored to {folder.path}: {error.strerror} ({error.filename}). Nothing was restored."
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return RestoredBackup(backup=made, recovered=recovered, broken=problems)


def _forget_keys(unproven: Folder) -> None:
    """A copy that only follows signs nothing. What is public stays."""
    for path in unproven.keys.iterdir():
        if path != unproven.path / _TRUST:
            path.unlink()


def _lost_files(files: Sequence[Path]) -> StoreDamaged:
    more = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
    return StoreDamaged(
        f"The stored file {files[0]}{more} is gone, and a backup without it would not be whole. There is none; put it "
        "back from an earlier one, or back up what is left: axiom backup --although-broken."
    )


def _count_rows(copied: Folder, lab: str, now: datetime, *, with_keys: bool) -> Backup:
    with Connections(folder=copied).reader() as db:
        versions, point = tables.list_experiment_counts(db), history.read_journal_point(db)
        return Backup(
            lab=lab,
            made_at=now.isoformat(),
            with_keys=with_keys,
            experiments=len(versions),
            results=sum(row["results"] for row in versions),
            findings=tables.count_findings(db),
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
    settings = [folder.settings] if folder.settings.is_file() else []
    rest = [*settings, folder.path / _TRUST, *keys, *stored]
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
            body = canonical_json.canonical_bytes({"format": _FORMAT, "made": asdict(made), "sums": sums})
            entry = _entry(_MANIFEST, len(body))
            tar.addfile(entry, io.BytesIO(body))
        file.write(f"{_FORMAT} {summed.sum.hexdigest()}\n".encode())
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


def _size_of_body(file: IO[bytes], archive: Path) -> int:
    """How many bytes come before the last line, once they are seen to be those that were written."""
    size = file.seek(0, os.SEEK_END) - _END_BYTES
    file.seek(max(0, size))
    end = _END.fullmatch(file.read())
    if end is None:
        raise _damaged(archive, "its last line is missing, so it was cut short or is no backup of Axiom's")
    file.seek(0)
    digest, left = hashlib.sha256(), size
    while left > 0:
        block = file.read(min(_BLOCK, left))
        digest.update(block)
        left -= len(block)
    if digest.hexdigest() != end[1].decode():
        raise _damaged(archive, "its bytes are not those that were written")
    file.seek(0)
    return size


def _unpack(file: IO[bytes], size: int, into: Folder, archive: Path) -> Backup:
    sums: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for entry in tar:
                if not _NAMES.fullmatch(entry.name) or entry.name in sums or _MANIFEST in sums:
                    raise _damaged(archive, f"it holds {entry.name[:80]!r}, which no backup does")
                if entry.type != tarfile.REGTYPE or entry.issparse():  # one with holes grows without end
                    raise _damaged(archive, f"{entry.name} is no plain file in it")
                sums[entry.name] = _take(tar, entry, into.path / PurePosixPath(entry.name))
    except tarfile.TarError as error:
        raise _damaged(archive, f"it is not an archive ({error})") from error
    if sums.pop(_MANIFEST, None) is None or file.tell() > size:
        raise _damaged(archive, "it has no manifest")
    path = into.path / _MANIFEST
    made, promised = _manifest(path.read_bytes(), archive)
    path.unlink()
    if promised != sums:
        wrong = sorted(name for name in promised.keys() | sums.keys() if promised.get(name) != sums.get(name))
        raise _damaged(archive, f"{wrong[0]} is not what its manifest says")
    return made


def _take(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> str:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = tar.extractfile(entry)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        while source is not None and (block := source.read(_BLOCK)):
            digest.update(block)
            written.write(block)
    return digest.hexdigest()


def _manifest(raw: bytes, archive: Path) -> tuple[Backup, dict[str, str]]:
    try:
        fields = canonical_json.Fields(
            canonical_json.parse_canonical(raw, limit=_MANIFEST_LIMIT), "the manifest", ("format", "made", "sums")
        )
        fields.text("format", _FORMAT)
        made = canonical_json.Fields(fields.part("made"), "made", Backup.__dataclass_fields__)
        return _read_backup(made), fields.part("sums")
    except ValueError as fault:
        raise _damaged(archive, f"its manifest cannot be read: {fault}") from None


def _read_backup(fields: canonical_json.Fields) -> Backup:
    """Each of its kind, since a person is told of it and its moment is counted with."""
    if datetime.fromisoformat(fields.text("made_at", _MOMENT)).utcoffset() is None:
        raise ValueError("made: made_at has no zone")
    fields.text("lab", _LAB)
    fields.flag("with_keys")
    for name in _NUMBERS:
        fields.whole(name)
    return Backup(**fields.data)


def _bring_up(unproven: Folder, archive: Path, wish: RecoveryOptions, now: datetime) -> Recovery:
    """The database opens, and has what came after the backup."""
    db = connect_writer(unproven.database)
    try:
        try:
            history.read_journal_point(db)
            strange = list_foreign_objects(db)
        except AxiomError as error:
            raise _damaged(archive, f"its database cannot be used: {error}") from error
        if strange:
            raise _damaged(archive, f"in its database is what Axiom did not make ({strange[0][:80]!r})")
        return recover_from_journal(db, unproven, wish, backup_folder=archive.absolute().parent, now=now)
    finally:
        db.close()


def _problems(unproven: Folder, made: Backup, archive: Path, until: datetime | None) -> list[str]:
    """The database has today's tables; what in it breaks a promise."""
    made_at = datetime.fromisoformat(made.made_at)
    try:
        trust = read_trust((unproven.path / _TRUST).read_bytes(), lab=made.lab, now=made_at)
    except (ValueError, FileNotFoundError) as fault:
        raise _damaged(archive, f"its trust file is not the laboratory's: {fault}") from None
    db = connect_writer(unproven.database)
    try:
        if migrate_database(db, None, made_at):
            history.interrupt_history(db)
        reached = max(made_at, until or made_at)
        return [text for problems in find_broken_promises(db, unproven, trust, reached).values() for text in problems]
    except AxiomError as error:
        raise _damaged(archive, f"its database cannot be used: {error}") from error
    finally:
        db.close()


def _sync_files(place: Path) -> None:
    """Every file and folder is on the disk."""
    for path in _files_below(place):
        fsync_path(path)


def _files_below(place: Path) -> Iterator[Path]:
    yield place
    yield from place.rglob("*")


def _broken(archive: Path, problems: Sequence[str]) -> StoreDamaged:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return StoreDamaged(
        f"{archive} is refused: it was taken of a laboratory in which a promise is broken: {problems[0]}{more}. "
        "Nothing was restored; take another backup of the same laboratory, or restore this one --although-broken."
    )


def _damaged(archive: Path, why: str) -> StoreDamaged:
    return StoreDamaged(
        f"{archive} is refused: {why}. Nothing was restored; take another backup of the same laboratory."
    )
