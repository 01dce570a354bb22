"""A laboratory from the one file of a backup, proven before it is there: every sum, chain and promise is checked."""

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from axiom.errors import AxiomError, FolderUnusable, Refused, StoreDamaged
from axiom.laboratory.backups.backup import FORMAT, MANIFEST, TRUST, Backup
from axiom.laboratory.backups.journal_recovery import Recovery, RecoveryOptions, recover_from_journal
from axiom.laboratory.promises import find_broken_promises
from axiom.signed import canonical_json
from axiom.signed.atomic_files import fsync_path, replace_durably
from axiom.signed.trust import read_trust
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.migrate import list_foreign_objects, migrate_database

_MANIFEST_LIMIT = 64 * 1024 * 1024
_END = re.compile(rb"axiom-backup-1 ([0-9a-f]{64})\n")
_END_BYTES = len("axiom-backup-1 \n") + 64
_NAMES = re.compile(
    r"axiom\.db|axiom\.toml|charter\.md|manifest\.json|keys/((trust|code)\.json|[a-z0-9-]+\.(key|public))"
    r"|blobs/[0-9a-f]{2}/[0-9a-f]{62}|foreign-uploads/[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}"
)
_MOMENT = re.compile(r"[0-9T:.+-]{20,40}")
_LAB = re.compile(r"[0-9a-f]{64}")
_NUMBERS = ("experiments", "results", "findings", "audited", "files", "bytes", "position")
_BLOCK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class RestoredBackup:
    """What was in a backup, what a journal added to it, and which promises are broken there."""

    backup: Backup
    recovered: Recovery
    broken: Sequence[str] = ()


def restore_backup(
    archive: Path, folder: Folder, *, now: datetime, options: RecoveryOptions | None = None, dry_run: bool = False
) -> RestoredBackup:
    """A laboratory in a folder that did not exist: every sum, chain and promise was checked before it is there.

    What the laboratory's journal says came after the backup is in it, too, unless there is none or it is not wished.
    After a dry run all was checked, and nothing is there. Who wishes so has it restored although a promise is broken.
    """
    options = options or RecoveryOptions()
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
        if options.to_follow:
            _forget_keys(unproven)
        recovered = _bring_up(unproven, archive, options, now)
        problems = _problems(unproven, made, archive, recovered.until)
        if problems and not options.although_broken:
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
        if path != unproven.path / TRUST and path.suffix != ".public":
            path.unlink()


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
                if not _NAMES.fullmatch(entry.name) or entry.name in sums or MANIFEST in sums:
                    raise _damaged(archive, f"it holds {entry.name[:80]!r}, which no backup does")
                if entry.type != tarfile.REGTYPE or entry.issparse():  # one with holes grows without end
                    raise _damaged(archive, f"{entry.name} is no plain file in it")
                sums[entry.name] = _take(tar, entry, into.path / PurePosixPath(entry.name))
    except tarfile.TarError as error:
        raise _damaged(archive, f"it is not an archive ({error})") from error
    if sums.pop(MANIFEST, None) is None or file.tell() > size:
        raise _damaged(archive, "it has no manifest")
    path = into.path / MANIFEST
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
        fields.text("format", FORMAT)
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


def _bring_up(unproven: Folder, archive: Path, options: RecoveryOptions, now: datetime) -> Recovery:
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
        return recover_from_journal(db, unproven, options, backup_folder=archive.absolute().parent, now=now)
    finally:
        db.close()


def _problems(unproven: Folder, made: Backup, archive: Path, until: datetime | None) -> list[str]:
    """The database has today's tables; what in it breaks a promise."""
    made_at = datetime.fromisoformat(made.made_at)
    try:
        trust = read_trust((unproven.path / TRUST).read_bytes(), lab=made.lab, now=made_at)
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
