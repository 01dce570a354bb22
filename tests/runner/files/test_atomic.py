import threading

import pytest

from axiom.runner.files import atomic
from axiom.runner.files.atomic import place


def test_a_file_is_on_the_disk_before_it_takes_the_place_and_no_draft_stays(tmp_path, monkeypatch):
    place(tmp_path / "file", b"before")
    seen = []
    monkeypatch.setattr(atomic.os, "fsync", lambda _handle: seen.append((tmp_path / "file").read_bytes()))
    place(tmp_path / "file", b"head\n", b"body")
    assert seen == [b"before"]
    assert (tmp_path / "file").read_bytes() == b"head\nbody"

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        place(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"head\nbody"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_several_may_place_the_same_file_at_once(tmp_path):
    bodies = [bytes([number]) * 100_000 for number in range(4)]
    threads = [threading.Thread(target=place, args=(tmp_path / "file", body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file").read_bytes() in bodies
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
