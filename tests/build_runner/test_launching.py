"""What the launchers are made of; `test_launcher.py` starts them."""

import base64
import io
import re
import tarfile
from pathlib import Path

from build_runner import boot as program
from build_runner.archive import tar_gz
from build_runner.launcher import Runtime, checksum, launcher, needs_of

RUNTIME = Runtime(name="axiom_runtime_00.zip", digest="ab" * 32, needs="it needs glibc 2.35 or newer")


def test_a_launcher_is_whole_and_the_same_for_the_same_files(boot, launchers):
    assert launchers["posix"] == launcher(RUNTIME, dict(reversed(boot.items())))
    for raw in launchers.values():
        assert not re.search(rb"@[A-Z0-9]+@", raw[:8_000].partition(b"exec ")[0])
        assert RUNTIME.digest.encode() in raw
    assert "2.35" in needs_of((2, 35))
    assert "glibc" not in needs_of((0, 0))


def test_the_lines_that_nothing_covers_are_three_and_need_no_more_than_posix(launchers):
    lines = launchers["posix"].split(b"\n", 3)
    assert lines[0] == b"#!/bin/sh"
    assert checksum(lines[3]).encode() in lines[2]


def test_the_small_interpreter_brings_what_the_program_imports_and_little_else(boot):
    names = {name.rpartition("/")[2].partition(".")[0] for name in boot}
    assert {"boot", "python3", "lzma", "zipfile", "hashlib", "shutil", "threading"} <= names
    assert not names & {"_ssl", "ctypes", "socket", "asyncio", "site-packages"}
    assert len(tar_gz(boot)) < 12_000_000
    assert boot["boot.py"][0] == Path(program.__file__).read_bytes()


def test_windows_finds_the_interpreter_in_the_text_form_that_certutil_reads(boot, launchers):
    text = launchers["windows"].decode("ascii")
    assert text.startswith("@echo off\r\n")
    assert text.index("exit /b 15") < text.index("-----BEGIN")
    body = re.search(r"-----BEGIN CERTIFICATE-----\r\n(.*)\r\n-----END CERTIFICATE-----\r\n$", text, re.DOTALL)[1]
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(body))) as archive:
        assert sorted(archive.getnames()) == sorted(boot)
