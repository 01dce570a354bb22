"""Bytes by their digest: small ones in the database, where they cost no fsync of their own, larger ones in files.

A file is complete and on the disk before its row is written, so a row always has its file. A file whose row was never
committed may be left behind; it harms nothing, and after a day it is swept away.
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from axiom.errors import NotFound, StorageFull, StoreBusy, StoreDamaged, StoreError
from axiom.signed.atomic_files import AS_UMASK, fsync_path, open_atomically
from axiom.store.engine.database import Database, from_microseconds, to_microseconds
from axiom.store.engine.folder import Folder, is_disk_full

LIMIT = 64 * 1024
_NOT_NOW = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}  # that is nothing about the file
GRACE = timedelta(hours=24)

_RECORD = """
INSERT INTO blob (digest, size, body, created_at) VALUES (:digest, :size, :body, :created_at)
ON CONFLICT (digest) DO UPDATE SET size = excluded.size, body = excluded.body
WHERE blob.size <> excluded.size OR (blob.body IS NULL) <> (excluded.body IS NULL) OR blob.body <> excluded.body"""
_BRING = """
INSERT INTO blob (digest, size, body, created_at, brought) VALUES (:digest, :size, :body, :created_at, 1)
ON CONFLICT (digest) DO UPDATE SET size = excluded.size, body = excluded.body, brought = blob.brought + 1"""
# Anybody may bring, and let go of, the bytes of a bundle, of its seal or of a picture: all of them are public.
_FORGET = """
DELETE FROM blob WHERE digest = :digest AND brought = 0
    AND NOT EXISTS (SELECT 1 FROM bundle WHERE digest = blob.digest OR seal = CAST(blob.body AS TEXT))
    AND NOT EXISTS (SELECT 1 FROM figure WHERE svg = blob.digest)
    AND NOT EXISTS (SELECT 1 FROM archive WHERE digest = blob.digest)
"""
_UNNEEDED = """
SELECT b.digest FROM blob b WHERE b.digest >= :first AND b.digest < :end AND b.brought = 0 AND b.created_at < :before
    AND NOT EXISTS (SELECT 1 FROM bundle WHERE digest = b.digest)
    AND b.digest NOT IN (SELECT svg FROM figure) AND b.digest NOT IN (SELECT digest FROM archive)
ORDER BY b.digest
"""
_INLINE = """
SELECT b.digest, b.size, b.body FROM json_each(:digests) j CROSS JOIN blob b ON b.digest = j.value
WHERE b.body IS NOT NULL
"""
_SIZES = "SELECT b.digest, b.size FROM json_each(:digests) j CROSS JOIN blob b ON b.digest = j.value"
_NEXT = "SELECT digest, size, body FROM blob WHERE digest > :digest ORDER BY digest LIMIT 100"
_IN_FILES = "SELECT digest FROM blob WHERE body IS NULL ORDER BY digest"
_EXISTS = "SELECT 1 FROM blob WHERE digest = :digest AND body IS NULL"


def store_blob(db: Database, folder: Folder, body: bytes, now: datetime, *, as_file: bool = False) -> str:
    """Keep these bytes; returns their SHA-256. The same bytes twice are one blob, mended where it was damaged.

    `as_file`: in a file of their own, however few they are.
    """
    digest = hashlib.sha256(body).hexdigest()
    inline = body if len(body) <= LIMIT and not as_file else None
    if inline is None:
        write_blob_file(folder, digest, body, now)
    changed = db.execute(_RECORD, digest=digest, size=len(body), body=inline, created_at=to_microseconds(now))
    if changed and inline is None:
        db.record_file(digest, body)
    return digest


def store_output_blobs(db: Database, folder: Folder, bodies: Sequence[bytes], now: datetime) -> list[str]:
    stamp = to_microseconds(now)
    rows = [
        {
            "digest": hashlib.sha256(body).hexdigest(),
            "size": len(body),
            "body": body if len(body) <= LIMIT else None,
            "created_at": stamp,
        }
        for body in bodies
    ]
    large = [(str(row["digest"]), body) for row, body in zip(rows, bodies, strict=True) if row["body"] is None]
    for digest, body in large:
        write_blob_file(folder, digest, body, now)
    db.execute_many(_BRING, rows)
    for digest, body in large:
        db.record_file(digest, body)
    return [str(row["digest"]) for row in rows]


def write_blob_file(folder: Folder, digest: str, body: bytes, now: datetime) -> None:
    _keep_file(folder, _place(folder, digest), body, now)


def read_blob(db: Database, folder: Folder, digest: str) -> bytes:
    row = db.row("SELECT digest, size, body FROM blob WHERE digest = :digest", digest=digest)
    if row is None:
        raise NotFound(f"There is no stored file {digest}. It was never stored here, or was cleaned away.")
    body: bytes | None = row["body"]
    if body is None:
        body = _read(_place(folder, digest))
    if body is None or _differs(body, digest, row["size"]):
        raise StoreDamaged(
            f"The stored file {digest} is {'gone' if body is None else 'not what was stored'}: the disk lost it or "
            "somebody changed it. It was not used; restore it from a backup."
        )
    return body


def read_inline_blobs(db: Database, digests: Iterable[str]) -> dict[str, bytes]:
    """The bytes of those that stand in the database and are proven; for the others ask one by one, and be told why."""
    rows = db.select(_INLINE, digests=json.dumps(list(digests)))
    return {row["digest"]: row["body"] for row in rows if not _differs(row["body"], row["digest"], row["size"])}


def read_blob_sizes(db: Database, digests: Iterable[str]) -> dict[str, int]:
    return {row["digest"]: row["size"] for row in db.select(_SIZES, digests=json.dumps(list(digests)))}


def is_blob_intact(db: Database, folder: Folder, digest: str) -> bool:
    try:
        read_blob(db, folder, digest)
    except (NotFound, StoreDamaged):
        return False
    return True


def list_blob_problems(
    db: Database, folder: Folder, now: datetime | None = None, grace: timedelta = GRACE
) -> list[str]:
    """Every row without its bytes, every wrong byte; with `now`, also files without a row that are past the grace."""
    sentences: list[str] = []
    last = ""
    while rows := db.select(_NEXT, digest=last):
        last = rows[-1]["digest"]
        for row in rows:
            try:
                body = row["body"] if row["body"] is not None else _read(_place(folder, row["digest"]))
            except StoreDamaged as error:
                sentences.append(f"blob {row['digest']}: {error}")
                continue
            if body is None:
                sentences.append(f"blob {row['digest']} has a row but no file")
            elif _differs(body, row["digest"], row["size"]):
                sentences.append(f"blob {row['digest']} is not the {row['size']} bytes that were stored")
    if now is not None:
        sentences += [
            f"file {path.relative_to(folder.path)} has no row" for path in list_orphan_files(db, folder, now - grace)
        ]
    return sentences


def blob_path(folder: Folder, digest: str) -> Path:
    return _place(folder, digest)


def list_blob_files(db: Database, folder: Folder) -> list[Path]:
    return [_place(folder, row["digest"]) for row in db.select(_IN_FILES)]


def measure_blob_files(folder: Folder) -> int:
    """How many bytes the larger ones take now, and what is just being written."""
    return sum(stat.st_size for path in folder.blobs.glob("??/*") if (stat := _stat(path)))


def release_output_blob(db: Database, folder: Folder, digest: str, now: datetime) -> None:
    """One of the uploads for which an output was brought is no more; without the last of them it is forgotten.

    What the laboratory itself put here stays, whoever brought the same bytes.
    """
    db.execute("UPDATE blob SET brought = brought - 1 WHERE digest = :digest AND brought > 0", digest=digest)
    delete_unused_blob(db, folder, digest, now)


def delete_unused_blob(db: Database, folder: Folder, digest: str, now: datetime) -> bool:
    """Drop a blob if nothing needs it any more; the file of a large one stays for its grace from now on.

    A backup that has copied the database already still finds it.
    """
    is_gone = db.execute(_FORGET, digest=digest) == 1
    if is_gone:
        with contextlib.suppress(OSError):
            os.utime(_place(folder, digest), ns=(to_microseconds(now) * 1000, to_microseconds(now) * 1000))
    return is_gone


def list_unneeded_blobs(db: Database, before: datetime) -> list[str]:
    """What was put here before this and is no output, no bundle and no picture.

    Every row is looked at, and there may be millions: a part of them at a time, so that no checkpoint waits for all.
    """
    edges = [f"{part:02x}" for part in range(256)]
    ranges = zip(edges, [*edges[1:], "g"], strict=True)
    parts = (db.select(_UNNEEDED, first=first, end=end, before=to_microseconds(before)) for first, end in ranges)
    return [row["digest"] for rows in parts for row in rows]


def list_orphan_files(db: Database, folder: Folder, before: datetime) -> list[Path]:
    """Files that no row names and nobody wrote since. It walks through all of them."""
    return [path for path in sorted(folder.blobs.glob("??/*")) if _is_orphan(db, path, before)]


def delete_orphan_files(db: Database, files: Iterable[Path], before: datetime) -> int:
    """Delete those of the files that are orphans still; returns how many."""
    left = [path for path in files if _is_orphan(db, path, before)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _is_orphan(db: Database, path: Path, before: datetime) -> bool:
    stat = _stat(path)
    is_old = stat is not None and from_microseconds(stat.st_mtime_ns // 1000) < before
    return is_old and db.row(_EXISTS, digest=path.parent.name + path.name) is None


def _stat(path: Path) -> os.stat_result | None:
    """None of a file that was moved to its place, or deleted, since its name was read."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _differs(body: bytes, digest: str, size: int) -> bool:
    return len(body) != size or hashlib.sha256(body).hexdigest() != digest


def _place(folder: Folder, digest: str) -> Path:
    return folder.blobs / digest[:2] / digest[2:]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in _NOT_NOW:
            raise StoreBusy(
                f"The stored file {path} cannot be read at the moment: {error.strerror}. Nothing was changed; "
                "try again."
            ) from error
        raise StoreDamaged(
            f"The stored file {path} cannot be read: {error.strerror}. It was not used; check the disk and who may "
            "read it."
        ) from error


def _keep_file(folder: Folder, place: Path, body: bytes, now: datetime) -> None:
    with contextlib.suppress(StoreDamaged):  # what cannot be read there is written anew
        if _read(place) == body:
            return
    try:
        _make_folder(place.parent, folder)
        with open_atomically(place, AS_UMASK) as file:
            file.write(body)
            file.flush()
            # Its age is told by the laboratory's clock.
            os.utime(file.fileno(), ns=(to_microseconds(now) * 1000, to_microseconds(now) * 1000))
    except OSError as error:
        if is_disk_full(error):
            raise StorageFull(
                f"The disk is full: a file of {len(body)} bytes could not be stored, and nobody was told that it was. "
                "Free some space and send it again."
            ) from error
        raise StoreError(
            f"The file {place} could not be stored: {error.strerror}. Nobody was told that it was."
        ) from error


def _make_folder(path: Path, folder: Folder) -> None:
    """The folder exists and its name is on the disk. Where the database is no longer none is made: it was moved."""
    if path == folder.blobs and not path.is_dir() and not folder.database.exists():
        raise FileNotFoundError(errno.ENOENT, f"{folder.path} was moved away", str(path))
    if not path.parent.is_dir():
        _make_folder(path.parent, folder)
    if not path.is_dir():
        path.mkdir(mode=0o700, exist_ok=True)
        fsync_path(path.parent)
