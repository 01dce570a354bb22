"""Archives are whole, and their bytes follow from their content alone."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from build_runner.archive import BEST, QUICK, files_below, tar_gz, write_zip
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text("abcö-", min_size=1, max_size=6), min_size=1, max_size=3).map("/".join)


@given(contents=st.dictionaries(NAMES, st.binary(max_size=3_000), max_size=6), preset=st.sampled_from([BEST, QUICK]))
def test_any_zip_program_reads_what_was_written(contents, preset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip")
    files = {}
    for number, (name, body) in enumerate(contents.items()):
        files[name] = folder / str(number)
        files[name].write_bytes(body)
    write_zip(folder / "a.zip", files, preset)
    with zipfile.ZipFile(folder / "a.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist() == sorted(contents)


def test_the_same_files_make_the_same_bytes_wherever_and_whenever_they_lie(tmp_path):
    for name, order, moment in (("one", ("a", "b/c"), 1), ("two", ("b/c", "a"), 2_000_000_000)):
        for each in order:
            path = tmp_path / name / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each.encode() * 5_000)
            path.chmod(0o640 if name == "one" else 0o604)
            os.utime(path, (moment, moment))
        write_zip(tmp_path / f"{name}.zip", files_below(tmp_path / name), BEST)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_who_may_run_a_file_is_kept_and_a_link_is_refused(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, mode in (("program", 0o700), ("text", 0o666)):
        (folder / name).write_text(name)
        (folder / name).chmod(mode)
    write_zip(tmp_path / "a.zip", files_below(folder), QUICK)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes == {"program": 0o100755, "text": 0o100644}
    (folder / "link").symlink_to("elsewhere")
    with pytest.raises(ValueError, match="link"):
        files_below(folder)


def test_a_tar_is_the_same_in_any_order_and_tar_reads_it(tmp_path):
    files = {"b/c": (b"text", 0o644), "a": (b"#!/bin/sh", 0o755)}
    raw = tar_gz(files)
    assert raw == tar_gz(dict(reversed(files.items())))
    subprocess.run([shutil.which("tar"), "-xzf", "-"], input=raw, cwd=tmp_path, check=True)
    assert (tmp_path / "b/c").read_bytes() == b"text"
    assert Path(tmp_path / "a").stat().st_mode & 0o777 == 0o755


def test_how_far_it_is_is_told_amid_a_large_file(tmp_path):
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "one").write_bytes(bytes(range(256)) * 16_384)
    shares: list[float] = []
    write_zip(tmp_path / "a.zip", files_below(tmp_path / "large"), QUICK, shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]
