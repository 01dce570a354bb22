import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from axiom.limits import runner as limits
from axiom.runner.files.bundle_folders import Scratch, folder_size_mb, forget_unused, open_bundle_folder, remove_folder


def fill(cache: Path, digest: str, megabytes: float, hours: float) -> Path:
    """A folder of a bundle that was used so many hours ago."""
    place = open_bundle_folder(cache, digest)
    (place / "jit").mkdir()
    (place / "jit" / "program").write_bytes(b"x" * int(megabytes * 1e6))
    code = cache.parent / "unpacked" / digest
    code.mkdir(parents=True)
    moment = time.time() - 3600 * hours
    os.utime(place, (moment, moment))
    return place


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_bundle_finds_its_folder_again_until_it_is_the_least_used_of_too_many(tmp_path):
    cache = tmp_path / "home" / "cache"
    first = open_bundle_folder(cache, "first")
    (first / "program").write_text("compiled")
    assert first.stat().st_mode & 0o777 == 0o700
    assert (open_bundle_folder(cache, "first") / "program").read_text() == "compiled"
    oldest, older, recent = (fill(cache, name, 1.0, hours) for name, hours in (("a", 30), ("b", 20), ("c", 0.1)))
    open_bundle_folder(cache, "new", most_mb=2.5)
    assert not oldest.exists()
    assert older.exists()
    assert recent.exists()
    assert names(tmp_path / "home" / "unpacked") == ["b", "c"]
    open_bundle_folder(cache, "newer", most_mb=0.5)
    assert not older.exists()
    assert recent.exists()  # it was asked for a moment ago


def test_what_no_task_has_used_for_two_months_goes_with_its_code_and_its_archive(tmp_path):
    cache, bundles = tmp_path / "home" / "cache", tmp_path / "home" / "bundles"
    bundles.mkdir(parents=True)
    for name in ("old", "held", "young"):
        fill(cache, name, 0.1, 0)
        for ending in ("zip", "seal"):
            (bundles / f"{name}.{ending}").write_bytes(b"x")
    scratch = Scratch(cache / "held")
    for name, days in (("old", 61), ("held", 61), ("young", 59)):
        moment = time.time() - 86_400 * days
        os.utime(cache / name, (moment, moment))
    open_bundle_folder(cache, "new")
    assert names(cache)[-3:] == ["held", "new", "young"]
    assert names(tmp_path / "home" / "unpacked") == ["held", "young"]
    assert sorted({path.stem for path in bundles.iterdir()}) == ["held", "young"]
    assert forget_unused(cache, 60 * 86_400) == 0
    scratch.clear()
    assert forget_unused(cache, 60 * 86_400) == 1
    assert names(tmp_path / "home" / "unpacked") == ["young"]
    assert forget_unused(tmp_path / "nowhere", 0.0) == 0


def test_what_was_half_written_when_a_runner_was_killed_goes(tmp_path):
    home = tmp_path / "home"
    left = [home / name for name in (".new-a", "bundles/.new-b", "unpacked/.new-c/axiom/x.py")]
    fresh = [path.with_name(f"{path.name}-fresh") for path in left[:2]] + [home / "unpacked/.new-d/axiom/x.py"]
    for path in (*left, *fresh):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    for path in (*left, home / "unpacked/.new-c"):
        os.utime(path, (1, 1))
    open_bundle_folder(home / "cache", "a")
    assert [path.exists() for path in left] == [False] * 3
    assert [path.exists() for path in fresh] == [True] * 3
    assert not (home / "unpacked/.new-c").exists()


def test_what_a_process_uses_stays_with_its_code_however_long_it_takes(tmp_path):
    cache = tmp_path / "home" / "cache"
    mine, other = fill(cache, "a", 3.0, 30.0), fill(cache, "b", 3.0, 20.0)
    own = Scratch(mine)
    (own.path / "state").write_text("half done")
    open_bundle_folder(cache, "new", most_mb=1.0)
    assert mine.exists()
    assert not other.exists()
    assert (own.path / "state").exists()
    assert names(tmp_path / "home" / "unpacked") == ["a"]
    own.clear()
    assert open_bundle_folder(cache, "newer", most_mb=1.0).exists()
    assert not mine.exists()
    assert names(cache) == [".lock", ".swept", "new", "newer"]


def test_the_folder_of_a_process_goes_once_its_runner_is_gone(tmp_path):
    place = open_bundle_folder(tmp_path / "cache", "a")
    code = (
        "import sys\nfrom pathlib import Path\nfrom axiom.runner.files.bundle_folders import Scratch\n"
        "own = Scratch(Path(sys.argv[1]))\n(own.path / 'big').write_bytes(b'x')\nprint(own.path, flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        left = Path(process.stdout.readline().strip())
        mark = left.with_name(f"{left.name}.held")
        os.utime(mark, (0, 0))  # it began long ago
        open_bundle_folder(tmp_path / "cache", "a")
        assert (left / "big").exists()
        process.kill()
    cache = place.parent
    (cache / ".scratch-a-unmarked").mkdir()
    (cache / ".scratch-a-new").mkdir()  # just being made
    (cache / ".scratch-a-new.held").touch()
    open_bundle_folder(cache, "b")
    assert sorted(path.name for path in cache.glob(".scratch-*")) == [".scratch-a-new", ".scratch-a-new.held"]
    assert not mark.exists()


def test_a_bundle_that_left_very_much_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SCRATCH_MB_OF_BUNDLE", 2.0)
    place = fill(tmp_path / "cache", "a", 1.0, 0.0)
    open_bundle_folder(tmp_path / "cache", "a")
    assert (place / "jit" / "program").exists()
    (place / "more").write_bytes(b"x" * 10**6)
    (tmp_path / "cache" / "b").mkdir()
    assert open_bundle_folder(tmp_path / "cache", "a") == place
    assert list(place.iterdir()) == []


def test_no_folder_is_held_that_could_not_be_made(tmp_path, monkeypatch):
    place = open_bundle_folder(tmp_path / "cache", "a")
    monkeypatch.setattr(Path, "mkdir", lambda *_words, **_more: (_ for _ in ()).throw(OSError(28, "no room")))
    with pytest.raises(OSError, match="no room"):
        Scratch(place)
    assert list((tmp_path / "cache").glob(".scratch-*")) == []


def test_a_folder_that_is_known_is_swept_for_once_an_hour(tmp_path):
    old, mine = fill(tmp_path / "cache", "a", 3.0, 5.0), tmp_path / "cache" / "b"
    open_bundle_folder(tmp_path / "cache", "b")
    open_bundle_folder(tmp_path / "cache", "b", most_mb=1.0)
    assert old.exists()
    moment = time.time() - 3601
    os.utime(tmp_path / "cache" / ".swept", (moment, moment))
    open_bundle_folder(tmp_path / "cache", "b", most_mb=1.0)
    assert not old.exists()
    assert mine.exists()


def test_what_is_held_counts_small_files_and_no_links(tmp_path):
    assert folder_size_mb(tmp_path) == 0
    assert folder_size_mb(tmp_path / "nowhere") == 0
    (tmp_path / "big").write_bytes(b"x" * 10**6)
    assert 1.0 <= folder_size_mb(tmp_path) < 1.1
    (tmp_path / "link").symlink_to("/")
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert 2.6 <= folder_size_mb(tmp_path) < 2.8


@contextlib.contextmanager
def unprivileged(folder: Path):
    """Stand in a folder as somebody whom the modes of files concern."""
    here, is_root = Path.cwd(), os.geteuid() == 0
    os.chdir(folder)
    try:
        if is_root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        os.chdir(here)


def test_a_folder_that_its_maker_shut_hides_nothing_and_goes(tmp_path):
    with unprivileged(tmp_path):
        folder = Path("folder")
        for mode in (0o300, 0o000):
            (folder / "d").mkdir(parents=True)
            (folder / "d" / "big").write_bytes(b"x" * 10**6)
            (folder / "d").chmod(mode)
            assert folder_size_mb(folder) == float("inf")
            remove_folder(folder)
            assert not folder.exists()


def test_what_goes_while_it_is_counted_hides_nothing_and_what_cannot_be_listed_all(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / str(number)).write_bytes(b"x" * 10**6)
    scandir = os.scandir

    @contextlib.contextmanager
    def late(place):
        with scandir(place) as entries:
            listed = list(entries)
        Path(listed[0].path).unlink(missing_ok=True)
        yield listed

    monkeypatch.setattr(os, "scandir", late)
    assert 2.0 <= folder_size_mb(tmp_path) < 2.1

    def refusing(_place):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refusing)
    assert folder_size_mb(tmp_path) == float("inf")


def deep(folder: Path, levels: int, name: str) -> None:
    """Make a folder so many levels deep, each by the name of the one before alone."""
    here = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(levels):
            os.mkdir(name)  # noqa: PTH102  the whole path may be longer than a path can be
            os.chdir(name)
        Path("written").write_bytes(b"x" * 10**6)
    finally:
        os.chdir(here)


def test_what_lies_too_deep_to_be_seen_could_be_anything_and_is_removed(tmp_path):
    deep(tmp_path, 30, "honest")
    assert 1.0 <= folder_size_mb(tmp_path) < 2.0
    for levels, name in ((34, "x"), (20, "x" * 250), (1_100, "y"), (40, "y" * 250)):
        deep(tmp_path, levels, name)
        assert folder_size_mb(tmp_path) == float("inf")
        remove_folder(tmp_path / name)
        assert names(tmp_path) == ["honest"]


def test_a_folder_is_removed_whatever_its_parts_permit_and_no_link_is_followed(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (folder / "shut" / "within").mkdir(parents=True)
    outside.mkdir()
    (outside / "diary").write_text("private")
    for place in (folder, folder / "shut" / "within"):
        (place / "way").symlink_to(outside)
        (place / "file").touch(0)
    (folder / "shut" / "within").chmod(0)
    (folder / "shut").chmod(0o300)
    remove_folder(folder)
    remove_folder(folder)  # it is gone
    (tmp_path / "link").symlink_to(outside)
    remove_folder(tmp_path / "link")
    assert names(tmp_path) == ["link", "outside"]
    assert (outside / "diary").read_text() == "private"
