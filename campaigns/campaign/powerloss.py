"""What a power cut leaves behind, made on purpose, many times.

The real Writer, Database and Journal work on a disk that remembers, for each file, what has been synced and which
writes have not. At random moments, also in the middle of a commit or a checkpoint, it makes an image: everything synced
is there; of the writes since the last sync of a file each one is dropped, torn or there, in any order. Every image is
opened with the standard library's SQLite. It must be whole, and every row that was acknowledged before that moment
must be in it. Three arms:

JOURNAL  as a laboratory works: SQLite's log is not waited for, and a start does what the journal has beyond it. Of some
         images all files of the journal but the newest are deleted; of the others, the journal also brings the empty
         database of the beginning to where every acknowledged row is in it.
FULL     without a journal: every commit waits for SQLite's log.
NORMAL   neither: shows that the campaign finds a loss where there is one. OFF, of the tests, damages databases.

    scripts/campaign powerloss --images 200 --seed 1
"""

import argparse
import contextlib
import hashlib
import logging
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import Queue

import apsw
from powercut import disks

from axiom.errors import AxiomError
from axiom.store.engine import blobs, counters
from axiom.store.engine.database import Database, connect_writer, make_durable
from axiom.store.engine.folder import Folder
from axiom.store.journal.journal import attach_journal
from axiom.store.journal.replay import replay_journal
from axiom.store.migrate import migrate_database
from axiom.store.writer import Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IMAGES_PER_LIFE = 25  # then the store starts again from an empty folder
SUBMITTERS = 4
CHECKPOINT_PAGES = 60  # small, so that images also fall into checkpoints and into a log that starts over
SEGMENT_BYTES = 100_000  # of the journal, likewise
STEPS_BETWEEN_IMAGES = 600
ARMS = ("JOURNAL", "FULL", "NORMAL")


@dataclass(kw_only=True)
class Image:
    """What was left on the disk, and what had been promised by then."""

    database: bytes
    log: bytes
    beginning: bytes  # the database without any row
    journal: dict[str, bytes]
    is_pruned: bool  # of the journal only the newest file is left
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

    def __init__(self, place: Path, seed: int, images: int, arm: str) -> None:
        self.folder = Folder(path=place)
        self.chance = random.Random(seed)
        self.arm = arm
        self.images: Queue[Image] = Queue(maxsize=2)
        self._wanted = images
        self._missing = images
        self._name = f"powerloss-{arm}-{seed}"
        self._disk = disks.Disk(self._name, self._step)
        self._log = self.folder.database.with_name("axiom.db-wal")
        self._journal = disks.JournalDisk(self.folder.journal, self._log, self._disk)
        self._beginning = b""
        self._until_image: int | None = None
        self._acknowledged: list[int] = []
        self._enough = threading.Event()

    def work(self) -> Iterator[Image]:
        """Write from several threads; yields each image as soon as it is made."""
        with self._journal.watched():
            yield from self._work()

    def _work(self) -> Iterator[Image]:
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
        database.select(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        migrate_database(database, None, NOW)
        if self.arm == "JOURNAL":
            self._journal.begin()
            attach_journal(database, self.folder, self.folder.journal, lambda: NOW, segment_bytes=SEGMENT_BYTES)
        if self.arm not in ("JOURNAL", "FULL"):
            database.select(f"PRAGMA synchronous = {self.arm}")
        database.select("PRAGMA wal_checkpoint(TRUNCATE)")
        self._beginning = self.folder.database.read_bytes()
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

    def _step(self, histories: dict[str, disks.History]) -> None:
        """Called in the writer's thread, so nothing is written while the image is made."""
        if self._until_image is None or self._enough.is_set():
            return
        if self._until_image > 0:
            self._until_image -= 1
            return
        self._until_image = self.chance.randrange(STEPS_BETWEEN_IMAGES)
        database = histories[str(self.folder.database)]
        log = histories[str(self._log)]
        journal = self._journal.after_power_cut(self.chance)
        newest = self._journal.newest_lasting()
        is_pruned = self.chance.random() < 0.3
        self.images.put(
            Image(
                database=database.after_power_cut(self.chance),
                log=log.after_power_cut(self.chance),
                beginning=self._beginning,
                journal={name: body for name, body in journal.items() if not is_pruned or name >= newest},
                is_pruned=is_pruned,
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
    blobs.store_blob(db, folder, body, NOW)
    counters.add_to_counter(db, "volunteer", 0, "known", 1)
    return db.insert(
        "INSERT INTO volunteer (name, created_at) VALUES (:name, :body)", name=name, body=int(_digest(body)[:12], 16)
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def examine(image: Image, place: Path, tally: Tally) -> None:
    """Open the image with plain SQLite and add what is found to the tally."""
    tally.images += 1
    tally.in_commit += image.in_commit
    tally.in_checkpoint += image.in_checkpoint
    tally.acknowledged += len(image.acknowledged)
    try:
        lost = _lost_by(image, Folder(path=place))
    except (sqlite3.DatabaseError, ValueError, AxiomError) as error:
        tally.corrupt += 1
        tally.complaints.append(str(error))
    else:
        tally.lost += lost
        tally.losing += lost > 0
    shutil.rmtree(place)


def _lost_by(image: Image, folder: Folder) -> int:
    """How many acknowledged rows a start on this image does not have, or a restore of the beginning."""
    folder.create()
    folder.database.write_bytes(image.database)
    folder.database.with_name("axiom.db-wal").write_bytes(image.log)
    folder.journal.mkdir(exist_ok=True)
    for name, body in image.journal.items():
        (folder.journal / name).write_bytes(body)
    if image.journal:
        database = connect_writer(folder.database)
        try:
            attach_journal(database, folder, folder.journal, lambda: NOW)
        finally:
            database.close()
    lost = _lost(folder.database, image)
    if image.journal and not image.is_pruned:
        folder.database.write_bytes(image.beginning)
        database = connect_writer(folder.database)
        try:
            replay_journal(database, folder, folder.journal)
        finally:
            database.close()
        lost = max(lost, _lost(folder.database, image))
    return lost


def _lost(database: Path, image: Image) -> int:
    """How many acknowledged rows are missing; raises ValueError when what is there does not fit together."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return _missing(connection, image)


def _missing(connection: sqlite3.Connection, image: Image) -> int:
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


def campaign(*, images: int, seed: int, arm: str) -> Tally:
    """Make and examine so many images."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="axiom-powerloss-") as root:
        for number, start in enumerate(range(0, images, IMAGES_PER_LIFE)):
            count = min(IMAGES_PER_LIFE, images - start)
            life = Life(Path(root) / f"life-{number}", seed * 1_000 + number, count, arm)
            for image in life.work():
                examine(image, Path(root) / "image", tally)
    return tally


def main() -> int:
    """Run the arms; 0 when nothing was lost and the test of the test found its loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--arm", choices=ARMS, help="that arm alone")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # each start says what it did after the journal
    began = time.monotonic()
    arms = {arm: options.images if arm != "NORMAL" else max(10, options.images // 10) for arm in ARMS}
    if options.arm:
        arms = {options.arm: options.images}
    tallies = {arm: campaign(images=count, seed=options.seed, arm=arm) for arm, count in arms.items()}
    for arm, tally in tallies.items():
        print(
            f"{arm:7} {tally.images} images ({tally.in_commit} in a commit, {tally.in_checkpoint} in a checkpoint): "
            f"lost {tally.lost} of {tally.acknowledged} acknowledged rows in {tally.losing} images; "
            f"{tally.corrupt} corrupt"
        )
        for complaint in tally.complaints[:5]:
            print(f"        {complaint}")
    print(f"{time.monotonic() - began:.0f} s; SQLite {apsw.sqlite_lib_version()} wrote, {sqlite3.sqlite_version} read")
    if any(tally.corrupt or tally.lost for arm, tally in tallies.items() if arm != "NORMAL"):
        print("FAILED: something that was acknowledged is gone, or an image is damaged.")
        return 1
    if "NORMAL" in tallies and tallies["NORMAL"].lost == 0:
        print("FAILED: the arm that must lose rows lost none, so this campaign would not notice a loss.")
        return 1
    print("Nothing acknowledged was lost" + (", and the campaign does notice a loss." if "NORMAL" in tallies else "."))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AxiomError as error:
        sys.exit(str(error))
