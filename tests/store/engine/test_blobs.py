"""Bytes come back as they went in, or not at all."""

import errno
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import NotFound, StorageFull, StoreDamaged, StoreError
from axiom.store.engine import blobs
from axiom.store.engine.database import sync

SMALL, LARGE = b"small", bytes(range(256)) * 300
DAY = timedelta(days=1)


def file_of(folder, digest):
    return folder.blobs / digest[:2] / digest[2:]


@pytest.mark.parametrize("size", [0, 1, blobs.LIMIT - 1, blobs.LIMIT, blobs.LIMIT + 1, 300_000])
def test_bytes_come_back(database, folder, now, size):
    body = b"a" * size
    digest = blobs.put(database, folder, body, now)
    assert digest == hashlib.sha256(body).hexdigest()
    assert blobs.get(database, folder, digest) == body
    assert file_of(folder, digest).exists() == (size > blobs.LIMIT)
    assert blobs.problems(database, folder, now + 2 * DAY) == []


def test_nothing_is_stored_where_the_folder_was_before_somebody_moved_it(database, folder, now):
    """The open database goes along with the folder; a file that is made anew in the old place would not."""
    elsewhere = folder.path.rename(folder.path.with_name("elsewhere"))
    folder.engine.mkdir(parents=True)  # whoever computes makes what it lacks
    with pytest.raises(StoreError, match=r"was moved away\. Nobody was told"):
        blobs.put(database, folder, LARGE, now)
    assert not folder.blobs.exists()
    folder.engine.rmdir()
    folder.path.rmdir()
    elsewhere.rename(folder.path)
    assert blobs.get(database, folder, blobs.put(database, folder, LARGE, now)) == LARGE


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_any_bytes_come_back(database, folder, now, body):
    assert blobs.get(database, folder, blobs.put(database, folder, body, now)) == body


@pytest.mark.parametrize("body", [SMALL, LARGE])
def test_the_same_bytes_twice_are_one_blob(database, folder, now, body):
    assert blobs.put(database, folder, body, now) == blobs.put(database, folder, body, now + DAY)
    assert database.one("SELECT count(*) AS amount FROM blob") == {"amount": 1}
    assert len(list(folder.blobs.glob("*/*"))) == (1 if body is LARGE else 0)


def test_an_unknown_digest_is_not_found(database, folder):
    with pytest.raises(NotFound, match="no stored file 00"):
        blobs.get(database, folder, "00" * 32)


def flip(body):
    return bytes([body[0] ^ 1]) + body[1:]


def flip_in_row(database, path):
    assert not path.exists()
    database.execute("UPDATE blob SET body = :body WHERE size = 5", body=flip(SMALL))


def flip_in_file(database, path):
    assert database.one("SELECT body FROM blob WHERE size > 7") == {"body": None}
    path.write_bytes(flip(LARGE))


def cut_file(_database, path):
    os.truncate(path, 70_000)


def remove_file(_database, path):
    path.unlink()


def wrong_size(database, path):
    assert not path.exists()
    database.execute("UPDATE blob SET size = 6 WHERE size = 5")


@pytest.mark.parametrize(
    ("body", "damage", "problem"),
    [
        (SMALL, flip_in_row, "is not the 5 bytes"),
        (SMALL, wrong_size, "is not the 6 bytes"),
        (LARGE, flip_in_file, "is not the 76800 bytes"),
        (LARGE, cut_file, "is not the 76800 bytes"),
        (LARGE, remove_file, "has a row but no file"),
    ],
)
def test_damage_is_noticed_and_never_served(database, folder, now, body, damage, problem):
    digest = blobs.put(database, folder, body, now)
    blobs.put(database, folder, b"another", now)
    damage(database, file_of(folder, digest))
    with pytest.raises(StoreDamaged, match=digest):
        blobs.get(database, folder, digest)
    [found] = blobs.problems(database, folder)
    assert digest in found
    assert problem in found


@pytest.mark.parametrize("damage", [flip_in_file, remove_file])
def test_the_same_bytes_again_repair_their_file(database, folder, now, damage):
    digest = blobs.put(database, folder, LARGE, now)
    damage(database, file_of(folder, digest))
    blobs.put(database, folder, LARGE, now)
    assert blobs.get(database, folder, digest) == LARGE


def put_and_fail(database, folder, now):
    with database.savepoint():
        blobs.put(database, folder, LARGE, now)
        raise ZeroDivisionError


def test_a_file_without_its_row_is_a_problem_after_a_day(database, folder, now):
    with pytest.raises(ZeroDivisionError):
        put_and_fail(database, folder, now)
    assert blobs.problems(database, folder) == []
    assert blobs.problems(database, folder, now + timedelta(hours=23)) == []
    [found] = blobs.problems(database, folder, now + timedelta(hours=25))
    assert "has no row" in found
    (folder.blobs / "ab").mkdir()
    (folder.blobs / "ab" / "c").symlink_to("nowhere")  # as one that is deleted between its name and its age
    assert blobs.problems(database, folder, now + timedelta(hours=25)) == [found]
    blobs.put(database, folder, LARGE, now)
    assert blobs.problems(database, folder, now + 2 * DAY) == []


def test_more_blobs_than_a_page_are_all_looked_at(database, folder, now):
    for number in range(230):
        blobs.put(database, folder, str(number).encode(), now)
    database.execute("UPDATE blob SET body = x'00'")
    assert len(blobs.problems(database, folder)) == 230


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EIO, StoreError)], ids=["full", "failing"]
)
def test_a_disk_that_does_not_take_the_file_leaves_no_row_and_no_file(
    database, folder, now, monkeypatch, number, error
):
    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    (folder.blobs / hashlib.sha256(LARGE).hexdigest()[:2]).mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(error, match=r"[Nn]obody was told") as caught:
        blobs.put(database, folder, LARGE, now)
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
        order.append("rename")
        order.append(database.one("SELECT count(*) AS amount FROM blob"))
        return real_replace(path, target)

    digest = hashlib.sha256(LARGE).hexdigest()
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    blobs.put(database, folder, LARGE, now)
    assert order == ["sync lab", "sync blobs", "sync .part", "rename", {"amount": 0}, f"sync {digest[:2]}"]


@pytest.mark.usefixtures("database")
def test_two_who_store_the_same_bytes_at_once_are_in_nobody_s_way(folder, now, monkeypatch):
    digest = hashlib.sha256(LARGE).hexdigest()
    is_second = threading.Event()

    def meanwhile(path):
        if path.suffix == ".part" and not is_second.is_set():
            is_second.set()
            with ThreadPoolExecutor(1) as other:
                other.submit(blobs.keep_file, folder, digest, LARGE, now).result(10)
        sync(path)

    monkeypatch.setattr(blobs, "sync", meanwhile)
    blobs.keep_file(folder, digest, LARGE, now)
    assert file_of(folder, digest).read_bytes() == LARGE
    assert list(folder.blobs.glob("??/*")) == [file_of(folder, digest)]


def test_damaged_bytes_are_mended_by_storing_them_again(database, folder, now):
    for body in (SMALL, LARGE):
        digest = blobs.put(database, folder, body, now)
        assert blobs.intact(database, folder, digest)
        database.execute("UPDATE blob SET body = x'00' WHERE digest = :digest AND body IS NOT NULL", digest=digest)
        if file_of(folder, digest).exists():
            file_of(folder, digest).write_bytes(b"x")
        assert not blobs.intact(database, folder, digest)
        assert blobs.put(database, folder, body, now) == digest
        assert blobs.get(database, folder, digest) == body
    assert not blobs.intact(database, folder, "0" * 64)


def test_many_are_kept_at_once_whatever_their_size(database, folder, now):
    bodies = [b"small", LARGE, b"", b"small"]
    with database.transaction():
        digests = blobs.bring(database, folder, bodies, now)
    assert digests == [hashlib.sha256(body).hexdigest() for body in bodies]
    assert [blobs.get(database, folder, digest) for digest in digests] == bodies


def test_an_output_stays_until_the_last_of_those_who_brought_it_lets_it_go(database, folder, now):
    with database.transaction():
        one, other, large = blobs.bring(database, folder, [b"same", b"same", LARGE], now)
        assert one == other
        blobs.forget(database, one)  # as nobody may who does not know the others
        blobs.let_go(database, one)
        assert blobs.get(database, folder, one) == b"same"
        blobs.let_go(database, one)
        blobs.let_go(database, large)
    for digest in (one, large):
        with pytest.raises(NotFound):
            blobs.get(database, folder, digest)
