import os
import time
from pathlib import Path

from axiom.runner.rooms import held_mb, room


def fill(cache: Path, digest: str, megabytes: float, hours: float) -> Path:
    """A folder of a bundle that was used so many hours ago."""
    place = room(cache, digest)
    (place / "jit").mkdir()
    (place / "jit" / "program").write_bytes(b"x" * int(megabytes * 1e6))
    code = cache.parent / "unpacked" / digest
    code.mkdir(parents=True)
    moment = time.time() - 3600 * hours
    os.utime(place, (moment, moment))
    return place


def test_each_bundle_has_a_folder_of_its_own_and_finds_it_again(tmp_path):
    first = room(tmp_path / "cache", "a")
    (first / "program").write_text("compiled")
    assert first.stat().st_mode & 0o777 == 0o700
    assert room(tmp_path / "cache", "b") != first
    assert (room(tmp_path / "cache", "a") / "program").read_text() == "compiled"


def test_the_least_recently_used_go_with_their_code_when_there_is_too_much(tmp_path):
    cache = tmp_path / "home" / "cache"
    oldest, older, recent = (fill(cache, name, 1.0, hours) for name, hours in (("a", 30), ("b", 20), ("c", 10)))
    room(cache, "new", most_mb=2.5)
    assert (oldest.exists(), older.exists(), recent.exists()) == (False, True, True)
    assert sorted(path.name for path in (tmp_path / "home" / "unpacked").iterdir()) == ["b", "c"]


def test_what_was_used_within_the_hour_stays_however_much_it_is(tmp_path):
    mine = fill(tmp_path / "cache", "a", 3.0, 0.5)
    room(tmp_path / "cache", "b", most_mb=1.0)
    assert mine.exists()


def test_a_folder_that_is_known_is_swept_for_once_an_hour(tmp_path):
    old, mine = fill(tmp_path / "cache", "a", 3.0, 5.0), tmp_path / "cache" / "b"
    room(tmp_path / "cache", "b")
    room(tmp_path / "cache", "b", most_mb=1.0)
    assert old.exists()
    moment = time.time() - 3601
    os.utime(tmp_path / "cache" / ".swept", (moment, moment))
    room(tmp_path / "cache", "b", most_mb=1.0)
    assert (old.exists(), mine.exists()) == (False, True)


def test_what_is_held_counts_small_files_and_no_links(tmp_path):
    assert held_mb(tmp_path) == 0
    assert held_mb(tmp_path / "nowhere") == 0
    (tmp_path / "big").write_bytes(b"x" * 10**6)
    assert 1.0 <= held_mb(tmp_path) < 1.1
    (tmp_path / "link").symlink_to("/")
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert 2.6 <= held_mb(tmp_path) < 2.8
