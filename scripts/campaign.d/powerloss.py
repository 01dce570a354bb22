"""What a power cut leaves behind, made on purpose, many times.

The real Writer and Database work on a disk that remembers, for each file, what has been synced and which writes have
not. At random moments, also in the middle of a commit or a checkpoint, it makes an image: everything synced is there;
of the writes since the last sync of a file each one is dropped, torn or there, in any order. Every image is opened
with the standard library's SQLite. It must be whole, and every row that was acknowledged before that moment must be
in it. The same with synchronous = NORMAL shows that the campaign finds a loss where there is one.

    .venv/bin/python scripts/campaign.d/powerloss.py --images 200 --seed 1
"""

import argparse
import contextlib
import hashlib
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import Queue

import apsw

from axiom.errors import AxiomError
from axiom.store import blobs, counters
from axiom.store.database import Database, make_durable
from axiom.store.folder import Folder
from axiom.store.migrate import migrate
from axiom.store.writer import Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IMAGES_PER_LIFE = 25  # then the store starts again from an empty folder
SUBMITTERS = 4
CHECKPOINT_PAGES = 60  # small, so that images also fall into checkpoints and into a log that starts over
STEPS_BETWEEN_IMAGES = 600

WRITE, TRUNCATE = "write", "truncate"


@dataclass(kw_only=True)
class History:
    """One file: what is surely on the disk, and what was asked for since."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        """All that was asked for is on the disk."""
        for change in self.pending:
            _apply(self.synced, change)
        self.pending.clear()

    def after_power_cut(self, chance: random.Random) -> bytes:
        """One of the many things that the disk may hold when the power comes back."""
        content = bytearray(self.synced)
        changes = list(self.pending)
        if chance.random() < 0.5:
            chance.shuffle(changes)
        survival = chance.random() ** 2  # some cuts take nearly all, few take nearly nothing
        for kind, offset, data in changes:
            fate = chance.random()
            if fate < survival * 0.7:
                _apply(content, (kind, offset, data))
            elif fate < survival and kind == WRITE:
                start, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
                _apply(content, (kind, offset + start, data[start:end]))
        return bytes(content)


def _apply(content: bytearray, change: tuple[str, int, bytes]) -> None:
    kind, offset, data = change
    if kind == TRUNCATE:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """Passes everything on to the real disk, and calls `step` before each change of the database or its log."""

    def __init__(self, name: str, step: Callable[[dict[str, History]], None]) -> None:
        super().__init__(name, "")
        self.histories: dict[str, History] = {}
        self.step = step

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file and remember what it holds now."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        opened = RecordedFile(name, flags, self, "" if path is None else path)
        if path is not None and path not in self.histories:
            self.histories[path] = History(synced=bytearray(Path(path).read_bytes()))
        return opened


class RecordedFile(apsw.VFSFile):
    """A file whose writes, truncations and syncs are remembered."""

    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int], disk: Disk, path: str) -> None:
        super().__init__("", name, flags)
        self.disk = disk
        self.path = path

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Remember a write that a power cut may still take."""
        self._change(WRITE, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        """Remember a truncation that a power cut may still take."""
        self._change(TRUNCATE, size, b"")
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802, ARG002 - SQLite's name and arguments
        """From here on no power cut takes what was written. The real disk is not troubled."""
        if self.path:
            self.disk.step(self.disk.histories)
            self.disk.histories[self.path].sync()

    def _change(self, kind: str, offset: int, data: bytes) -> None:
        if self.path:  # SQLite's own temporary files have no name, and nothing of them has to last
            self.disk.step(self.disk.histories)
            self.disk.histories[self.path].pending.append((kind, offset, data))


@dataclass(kw_only=True)
class Image:
    """What was left on the disk, and what had been promised by then."""

    database: bytes
    log: bytes
    in_commit: bool
    in_checkpoint: bool
    acknowledged: list[int]


@dataclass(kw_only=True)
class Tally:
    """What a campaign found."""

    images: int = 0
    acknowledged: int = 0
    lost: int = 0
    losing: int = 0  # images that lost at least one row
    corrupt: int = 0
    in_commit: int = 0  # images with writes to the log that were not yet synced
    in_checkpoint: int = 0  # images with such writes to the database itself
    complaints: list[str] = field(default_factory=list)


class Life:
    """One store from an empty folder to its last image."""

    def __init__(self, place: Path, seed: int, images: int, synchronous: str) -> None:
        self.folder = Folder(path=place)
        self.chance = random.Random(seed)
        self.synchronous = synchronous
        self.images: Queue[Image] = Queue(maxsize=2)
        self._wanted = images
        self._missing = images
        self._name = f"powerloss-{synchronous}-{seed}"
        self._disk = Disk(self._name, self._step)
        self._until_image: int | None = None
        self._acknowledged: list[int] = []
        self._enough = threading.Event()

    def work(self) -> Iterator[Image]:
        """Write from several threads; yields each image as soon as it is made."""
        self.folder.create()
        writer = Writer(self._connect, max_group=16)
        writer.start()
        self._until_image = self.chance.randrange(STEPS_BETWEEN_IMAGES)
        submitters = [threading.Thread(target=self._submit, args=(writer, lane)) for lane in range(SUBMITTERS)]
        for thread in submitters:
            thread.start()
        try:
            for _ in range(self._wanted):
                yield self.images.get(timeout=60)
        finally:
            self._enough.set()
            for thread in submitters:
                thread.join()
            writer.stop()
            self._disk.unregister()

    def _connect(self) -> Database:
        database = Database(apsw.Connection(str(self.folder.database), vfs=self._name))
        make_durable(database)
        if self.synchronous != "FULL":  # what the laboratory itself asks for is what is tested
            database.select(f"PRAGMA synchronous = {self.synchronous}")
        database.select(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        migrate(database, None, NOW)
        database.select("PRAGMA wal_checkpoint(TRUNCATE)")
        return database

    def _submit(self, writer: Writer, lane: int) -> None:
        chance = random.Random(f"{self._name} {lane}")
        count = 0
        while not self._enough.is_set():
            name, body = f"{lane}-{count}", chance.randbytes(chance.randrange(6_000))
            answer = writer.submit(partial(_record, folder=self.folder, name=name, body=body))
            answer.add_done_callback(lambda answer: self._acknowledged.append(answer.result()))
            answer.result()
            count += 1

    def _step(self, histories: dict[str, History]) -> None:
        """Called in the writer's thread, so nothing is written while the image is made."""
        if self._until_image is None or self._enough.is_set():
            return
        if self._until_image > 0:
            self._until_image -= 1
            return
        self._until_image = self.chance.randrange(STEPS_BETWEEN_IMAGES)
        database = histories[str(self.folder.database)]
        log = histories[f"{self.folder.database}-wal"]
        self.images.put(
            Image(
                database=database.after_power_cut(self.chance),
                log=log.after_power_cut(self.chance),
                in_commit=bool(log.pending),
                in_checkpoint=bool(database.pending),
                acknowledged=list(self._acknowledged),
            )
        )
        self._missing -= 1
        if self._missing == 0:
            self._until_image = None


def _record(db: Database, folder: Folder, name: str, body: bytes) -> int:
    """One work: a row, the count of such rows and some bytes, all or nothing."""
    blobs.put(db, folder, body, NOW)
    counters.add(db, "volunteer", 0, "known", 1)
    return db.insert(
        "INSERT INTO volunteer (name, created_at) VALUES (:name, :body)", name=name, body=int(_digest(body)[:12], 16)
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def examine(image: Image, place: Path, tally: Tally) -> None:
    """Open the image with plain SQLite and add what is found to the tally."""
    place.mkdir()
    database = place / "axiom.db"
    database.write_bytes(image.database)
    database.with_name("axiom.db-wal").write_bytes(image.log)
    tally.images += 1
    tally.in_commit += image.in_commit
    tally.in_checkpoint += image.in_checkpoint
    tally.acknowledged += len(image.acknowledged)
    try:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            lost = _lost(connection, image)
    except (sqlite3.DatabaseError, ValueError) as error:
        tally.corrupt += 1
        tally.complaints.append(str(error))
    else:
        tally.lost += lost
        tally.losing += lost > 0
    for path in place.iterdir():
        path.unlink()
    place.rmdir()


def _lost(connection: sqlite3.Connection, image: Image) -> int:
    """How many acknowledged rows are missing; raises ValueError when what is there does not fit together."""
    if (verdict := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        raise ValueError(verdict)
    if dangling := connection.execute("PRAGMA foreign_key_check").fetchall():
        raise ValueError(f"foreign keys: {dangling}")
    digests = dict(connection.execute("SELECT digest, body FROM blob"))
    if wrong := [digest for digest, body in digests.items() if _digest(body) != digest]:
        raise ValueError(f"{len(wrong)} blobs are not what was stored")
    rows = dict(connection.execute("SELECT id, created_at FROM volunteer"))
    counted = connection.execute("SELECT COALESCE(SUM(amount), 0) FROM counter").fetchone()[0]
    bodies = {int(digest[:12], 16) for digest in digests}
    if counted != len(rows) or any(body not in bodies for body in rows.values()):
        raise ValueError(f"a work is there in part: {len(rows)} rows, {counted} counted, {len(digests)} blobs")
    return sum(number not in rows for number in image.acknowledged)


def campaign(*, images: int, seed: int, synchronous: str) -> Tally:
    """Make and examine so many images."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="axiom-powerloss-") as root:
        for number, start in enumerate(range(0, images, IMAGES_PER_LIFE)):
            count = min(IMAGES_PER_LIFE, images - start)
            life = Life(Path(root) / f"life-{number}", seed * 1_000 + number, count, synchronous)
            for image in life.work():
                examine(image, Path(root) / "image", tally)
    return tally


def main() -> int:
    """Run both arms; 0 when nothing was lost and the test of the test found its loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synchronous", choices=["FULL", "NORMAL"], default="FULL", help="NORMAL: that arm alone")
    options = parser.parse_args()
    began = time.monotonic()
    arms = {"FULL": options.images, "NORMAL": max(10, options.images // 10)}
    if options.synchronous == "NORMAL":
        arms = {"NORMAL": options.images}
    tallies = {arm: campaign(images=count, seed=options.seed, synchronous=arm) for arm, count in arms.items()}
    for arm, tally in tallies.items():
        print(
            f"{arm:6} {tally.images} images ({tally.in_commit} in a commit, {tally.in_checkpoint} in a checkpoint): "
            f"lost {tally.lost} of {tally.acknowledged} acknowledged rows in {tally.losing} images; "
            f"{tally.corrupt} corrupt"
        )
        for complaint in tally.complaints[:5]:
            print(f"       {complaint}")
    print(f"{time.monotonic() - began:.0f} s; SQLite {apsw.sqlite_lib_version()} wrote, {sqlite3.sqlite_version} read")
    if "FULL" not in tallies:
        return 0 if tallies["NORMAL"].lost == 0 and tallies["NORMAL"].corrupt == 0 else 1
    full, normal = tallies["FULL"], tallies["NORMAL"]
    if full.lost or full.corrupt:
        print("FAILED: something that was acknowledged is gone, or an image is damaged.")
        return 1
    if normal.lost == 0:
        print("FAILED: the arm that must lose rows lost none, so this campaign would not notice a loss.")
        return 1
    print("Nothing acknowledged was lost, and the campaign does notice a loss.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AxiomError as error:
        sys.exit(str(error))
