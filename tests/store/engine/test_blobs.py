"""Bytes come back as they went in, or not at all."""

import errno
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.errors import NotFound, StorageFull, StoreDamaged, StoreError
from axiom.store.engine import blobs

SMALL, LARGE = b"small", bytes(range(256)) * 300
DAY = timedelta(days=1)


def file_of(folder, digest):
    return folder.blobs / digest[:2] / digest[2:]


def test_bytes_come_back(database, folder, now):
    for size in (0, 1, blobs.LIMIT - 1, blobs.LIMIT, blobs.LIMIT + 1, 300_000):
        body = b"a" * size
        digest = blobs.store_blob(database, folder, body, now)
        assert digest == hashlib.sha256(body).hexdigest()
        assert blobs.store_blob(database, folder, body, now + DAY) == digest
        assert blobs.read_blob(database, folder, digest) == body
        assert file_of(folder, digest).exists() == (size > blobs.LIMIT)
    assert database.row("SELECT count(*) AS amount FROM blob") == {"amount": 6}
    assert len(list(folder.blobs.glob("*/*"))) == 2
    assert blobs.list_blob_problems(database, folder, now + 2 * DAY) == []
    bodies = [b"small", LARGE, b"", b"small"]
    with database.transaction():
        digests = blobs.store_output_blobs(database, folder, bodies, now)
    assert [blobs.read_blob(database, folder, digest) for digest in digests] == bodies
    with pytest.raises(NotFound, match="0000"):
        blobs.read_blob(database, folder, "00" * 32)
    assert not blobs.is_blob_intact(database, folder, "0" * 64)


def test_nothing_is_stored_where_the_folder_was_before_somebody_moved_it(database, folder, now):
    """The open database goes along with the folder; a file that is made anew in the old place would not."""
    elsewhere = folder.path.rename(folder.path.with_name("elsewhere"))
    folder.engine.mkdir(parents=True)  # whoever computes makes what it lacks
    with pytest.raises(StoreError, match="moved"):
        blobs.store_blob(database, folder, LARGE, now)
    assert not folder.blobs.exists()
    folder.engine.rmdir()
    folder.path.rmdir()
    elsewhere.rename(folder.path)
    assert blobs.read_blob(database, folder, blobs.store_blob(database, folder, LARGE, now)) == LARGE


FLIPPED = bytes([LARGE[0] ^ 1]) + LARGE[1:]


@pytest.mark.parametrize(
    ("body", "damage", "problem"),
    [
        (SMALL, "UPDATE blob SET body = x'00' WHERE size = 5", "the 5 bytes"),
        (SMALL, "UPDATE blob SET size = 6 WHERE size = 5", "the 6 bytes"),
        (LARGE, lambda path: path.write_bytes(FLIPPED), "the 76800 bytes"),
        (LARGE, lambda path: os.truncate(path, 70_000), "the 76800 bytes"),
        (LARGE, lambda path: path.unlink(), "no file"),
    ],
)
def test_damage_is_noticed_and_never_served_until_the_same_bytes_come_again(
    database, folder, now, body, damage, problem
):
    digest = blobs.store_blob(database, folder, body, now)
    blobs.store_blob(database, folder, b"another", now)
    assert blobs.is_blob_intact(database, folder, digest)
    if isinstance(damage, str):
        assert not file_of(folder, digest).exists()
        database.execute(damage)
    else:
        assert database.row("SELECT body FROM blob WHERE size > 7") == {"body": None}
        damage(file_of(folder, digest))
    with pytest.raises(StoreDamaged, match=digest):
        blobs.read_blob(database, folder, digest)
    [found] = blobs.list_blob_problems(database, folder)
    assert digest in found
    assert problem in found
    assert not blobs.is_blob_intact(database, folder, digest)
    if problem != "the 6 bytes":
        assert blobs.store_blob(database, folder, body, now) == digest
        assert blobs.read_blob(database, folder, digest) == body


def test_a_file_without_its_row_is_a_problem_after_a_day(database, folder, now, taken_back):
    with taken_back(database):
        blobs.store_blob(database, folder, LARGE, now)
    assert (
        blobs.list_blob_problems(database, folder)
        == blobs.list_blob_problems(database, folder, now + timedelta(hours=23))
        == []
    )
    [found] = blobs.list_blob_problems(database, folder, now + timedelta(hours=25))
    assert "no row" in found
    (folder.blobs / "ab").mkdir()
    (folder.blobs / "ab" / "c").symlink_to("nowhere")  # as one that is deleted between its name and its age
    assert blobs.list_blob_problems(database, folder, now + timedelta(hours=25)) == [found]
    blobs.store_blob(database, folder, LARGE, now)
    assert blobs.list_blob_problems(database, folder, now + 2 * DAY) == []
    with database.transaction():
        for number in range(230):  # more than a page
            blobs.store_blob(database, folder, str(number).encode(), now)
        database.execute("UPDATE blob SET body = x'00' WHERE body IS NOT NULL")
    assert len(blobs.list_blob_problems(database, folder)) == 230


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EIO, StoreError)])
def test_a_disk_that_does_not_take_the_file_leaves_no_row_and_no_file(
    database, folder, now, monkeypatch, number, error
):
    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    file_of(folder, hashlib.sha256(LARGE).hexdigest()).parent.mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(error) as caught:
        blobs.store_blob(database, folder, LARGE, now)
    assert type(caught.value) is error
    assert database.select("SELECT * FROM blob") == []
    assert list(folder.blobs.glob("*/*")) == []


def test_a_file_is_on_the_disk_before_its_row(database, folder, now, monkeypatch):
    order = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor):
        order.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name[-5:])
        real_fsync(descriptor)

    def replace(path, target):
        order.append(database.row("SELECT count(*) AS amount FROM blob"))
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    digest = blobs.store_blob(database, folder, LARGE, now)
    assert order == ["sync lab", "sync blobs", "sync .part", {"amount": 0}, f"sync {digest[:2]}"]


@pytest.mark.usefixtures("database")
def test_two_who_store_the_same_bytes_at_once_are_in_nobody_s_way(folder, now, monkeypatch):
    digest, real_fsync = hashlib.sha256(LARGE).hexdigest(), os.fsync
    is_second = threading.Event()

    def meanwhile(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".part" and not is_second.is_set():
            is_second.set()
            with ThreadPoolExecutor(1) as other:
                other.submit(blobs.write_blob_file, folder, digest, LARGE, now).result(PATIENCE)
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    blobs.write_blob_file(folder, digest, LARGE, now)
    assert file_of(folder, digest).read_bytes() == LARGE
    assert list(folder.blobs.glob("??/*")) == [file_of(folder, digest)]


def test_an_output_stays_until_the_last_of_those_who_brought_it_lets_it_go(database, folder, now):
    with database.transaction():
        first, other, large = blobs.store_output_blobs(database, folder, [b"same", b"same", LARGE], now)
        assert first == other
        bodies = {row["digest"]: row["body"] for row in database.select("SELECT digest, body FROM blob")}
        assert bodies == {first: b"same", large: None}
        assert blobs.delete_unused_blob(database, folder, blobs.store_blob(database, folder, b"of nobody", now), now)
        assert not blobs.delete_unused_blob(database, folder, first, now)  # as nobody may who does not know the others

        blobs.release_output_blob(database, folder, first, now)
        assert blobs.read_blob(database, folder, first) == b"same"
        blobs.release_output_blob(database, folder, first, now)
        later = now + timedelta(days=30)
        blobs.release_output_blob(database, folder, large, later)
    assert blobs.list_orphan_files(database, folder, later) == []  # a backup that is under way still finds it
    assert blobs.list_orphan_files(database, folder, later + timedelta(seconds=1)) == [file_of(folder, large)]
    for digest in (first, large):
        with pytest.raises(NotFound):
            blobs.read_blob(database, folder, digest)
