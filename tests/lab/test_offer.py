"""The runner for volunteers' computers is laid out once, and anew with another version when anything of it differs."""

import hashlib
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.fleet import Platform
from axiom.errors import CannotStart
from axiom.lab.offer import offer_here
from axiom.signed.code_signing import CodeKey, is_code_signed

LINUX, WINDOWS = "x86_64-pc-linux-gnu", "windows_x86_64"
HERE = Platform(system="linux", processor="x86_64", instructions="avx2")
THERE = Platform(system="windows", processor="x86_64", instructions="avx2")
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
VERSION = 3_243_725  # minutes since 2020


@pytest.fixture(scope="module")
def key():
    return CodeKey.make()


@pytest.fixture
def folder(small_lab):
    """A laboratory's folder with a trust file."""
    small_lab.folder.keys.mkdir(exist_ok=True)
    (small_lab.folder.keys / "trust.json").write_bytes(b"whom to trust")
    return small_lab.folder


def laid_out(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder.runners / "files").iterdir()}


def test_the_files_are_there_as_they_are_described_and_signed_for_boinc(folder, key):
    (runner,) = offer_here(folder, key, HERE, NOW).values()
    assert (runner.platform, runner.version) == (LINUX, VERSION)
    there = laid_out(folder)
    assert sorted(there) == sorted(file.name for file in runner.files)
    for file in runner.files:
        body = there[file.name]
        assert file.md5 == hashlib.md5(body, usedforsecurity=False).hexdigest()
        assert file.size == len(body)
        assert is_code_signed(body, file.signature, key.public_text)
    program, trust = runner.files
    assert (program.is_main, program.open_name) == (True, "")
    assert (trust.is_main, trust.open_name, there[trust.name]) == (False, "trust.json", b"whom to trust")
    assert there[program.name].startswith(f"#!{sys.executable} -I\n".encode())


def test_the_same_files_are_the_same_version(folder, key):
    first, files = offer_here(folder, key, HERE, NOW), laid_out(folder)
    written = (folder.runners / "offer.json").stat().st_mtime_ns
    assert offer_here(folder, key, HERE, NOW) == first
    assert laid_out(folder) == files
    assert (folder.runners / "offer.json").stat().st_mtime_ns == written


@pytest.mark.parametrize(("trust", "python"), [(b"whom to trust from now on", ""), (b"whom to trust", "/opt/python")])
def test_other_files_are_the_next_version_and_the_old_ones_stay(folder, key, monkeypatch, trust, python):
    (first,) = offer_here(folder, key, HERE, NOW).values()
    before = laid_out(folder)
    (folder.keys / "trust.json").write_bytes(trust)
    monkeypatch.setattr(sys, "executable", python or sys.executable)
    (second,) = offer_here(folder, key, HERE, NOW).values()
    assert (first.version, second.version) == (VERSION, VERSION + 1)
    assert len({file.name for file in first.files} & {file.name for file in second.files}) == 1
    assert laid_out(folder).items() > before.items()
    assert offer_here(folder, key, HERE, NOW) == {LINUX: second}


def test_each_platform_has_its_own_and_no_version_means_two_things(folder, key):
    (first,) = offer_here(folder, key, HERE, NOW).values()
    both = offer_here(folder, key, THERE, NOW)
    assert {name: runner.version for name, runner in both.items()} == {LINUX: VERSION, WINDOWS: VERSION + 1}
    assert both[LINUX] == first
    (folder.keys / "trust.json").write_bytes(b"another")
    assert {name: runner.version for name, runner in offer_here(folder, key, HERE, NOW).items()} == {
        LINUX: VERSION + 2,
        WINDOWS: VERSION + 1,
    }


def test_a_computer_that_boinc_does_not_know_is_offered_nothing(folder, key):
    odd = Platform(system="plan9", processor="vax", instructions="none")
    assert offer_here(folder, key, odd, NOW) == {}
    offered = offer_here(folder, key, HERE, NOW)
    assert offer_here(folder, key, odd, NOW) == offered


def test_a_damaged_offer_stops_the_start_and_says_what_to_do(folder, key):
    offer_here(folder, key, HERE, NOW)
    data = json.loads((folder.runners / "offer.json").read_text())
    del data["runners"][LINUX]["files"][0]["md5"]
    (folder.runners / "offer.json").write_text(json.dumps(data))
    with pytest.raises(CannotStart, match=r"cannot be read \('md5'\).*Delete the folder `runners`"):
        offer_here(folder, key, HERE, NOW)


def test_after_the_folder_was_lost_no_number_is_given_again(folder, key, monkeypatch):
    (first,) = offer_here(folder, key, HERE, NOW).values()
    monkeypatch.setattr(sys, "executable", "/opt/python")
    (second,) = offer_here(folder, key, HERE, NOW + timedelta(seconds=9)).values()
    shutil.rmtree(folder.runners)
    monkeypatch.setattr(sys, "executable", "/opt/another/python")
    (third,) = offer_here(folder, key, HERE, NOW + timedelta(minutes=5)).values()
    assert (first.version, second.version, third.version) == (VERSION, VERSION + 1, VERSION + 5)
