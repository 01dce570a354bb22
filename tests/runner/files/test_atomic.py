import threading

import pytest

from axiom.runner.files import atomic
from axiom.runner.files.atomic import place


def test_a_file_is_put_in_place_of_the_one_before_and_nothing_beside_it(tmp_path):
    place(tmp_path / "file", b"before")
    place(tmp_path / "file", b"head\n", b"body")
    assert (tmp_path / "file").read_bytes() == b"head\nbody"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_where_it_fails_the_file_before_is_there_and_no_draft(tmp_path, monkeypatch):
    place(tmp_path / "file", b"before")

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        place(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    place(tmp_path / "file", b"before")
    seen = []
    monkeypatch.setattr(atomic.os, "fsync", lambda _handle: seen.append((tmp_path / "file").read_bytes()))
    place(tmp_path / "file", b"after")
    assert seen == [b"before"]


def test_several_may_place_the_same_file_at_once(tmp_path):
    bodies = [bytes([number]) * 100_000 for number in range(4)]
    threads = [threading.Thread(target=place, args=(tmp_path / "file", body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file").read_bytes() in bodies
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
