"""What was built is read with care and laid byte by byte into the laboratory; before it there is a stand-in."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fake_builds import LINUX, PROGRAM, build, row
from patience import PATIENCE

from axiom.errors import Refused, StoreError
from axiom.laboratory.runner.built import hash_file, list_built_folders, place_piece, read_built
from axiom.laboratory.runner.code_archive import pack_stand_in_runner, runner_file_name

MAIN, RUNTIME = row("runner", "", PROGRAM), row("runtime", ".zip", b"the runtime")
ODD = [
    ({"format": "axiom-runner-2"}, "format"),
    ({"platform": "vax"}, "platform"),
    ({"plan_class": "generation"}, "ati"),  # a word of BOINC's is in it
    ({"plan_class": "nv cuda"}, "plan_class"),
    ({"files": []}, "files"),
    ({"files": [RUNTIME]}, "program"),
    ({"files": [MAIN, MAIN]}, "twice"),
    ({"files": [MAIN | {"name": "axiom_runner"}]}, "axiom_runner"),
    ({"files": [MAIN | {"name": "../axiom_runner_0123456789abcdef"}]}, "content"),
    ({"files": [MAIN | {"sha256": "0" * 64}]}, "content"),
    ({"files": [MAIN | {"size": 0}]}, "size"),
    ({"files": [MAIN | {"signature": 5}]}, "signature"),
    ({"files": ["x"]}, "object"),
    ({"needs_avx": 1}, "needs_avx"),
    ({"glibc": "2"}, "glibc"),
    ({"glibc": 2.36}, "glibc"),
    ({"proven_by": None}, "computes"),
    ({"proven_by": ""}, "proven_by"),
]


def test_what_was_built_is_read_from_whole_folders_and_a_wrong_description_refused(tmp_path):
    whole = build(tmp_path, plan_class="nv"), build(tmp_path)
    (tmp_path / "half").mkdir()
    assert list_built_folders(tmp_path) == sorted(whole)
    assert list_built_folders(tmp_path / "missing") == []
    runner = read_built(whole[0])
    assert (runner.name, runner.platform, runner.plan_class) == (f"{LINUX}-nv", LINUX, "nv")
    assert (runner.needs_avx, runner.glibc, runner.unpacked_bytes) == (True, (2, 36), 420)
    program, runtime = runner.pieces
    assert program.is_main
    assert program.source == tmp_path / runner.name / program.name
    assert program.signature == ""
    assert (runtime.is_main, runtime.open_name, runtime.size) == (False, "", 11)
    file = build(tmp_path) / "built.json"
    data = json.loads(file.read_text())
    for changes, fact in ODD:
        file.write_text(json.dumps(data | changes))
        with pytest.raises(Refused, match=fact):
            read_built(file.parent)
    for text in ("", "[]", "{", "{}", "[" * 100_000):
        file.write_text(text)
        with pytest.raises(Refused):
            read_built(file.parent)


def test_a_file_takes_no_room_twice_and_one_with_a_flipped_bit_leaves_nothing(tmp_path, monkeypatch):
    program = read_built(build(tmp_path / "built")).pieces[0]
    target = tmp_path / "files" / program.name
    for place_of_flip in (0, 8 * len(PROGRAM) - 1):
        raw = bytearray(PROGRAM)
        raw[place_of_flip // 8] ^= 1 << place_of_flip % 8
        program.source.write_bytes(raw)
        with pytest.raises(Refused, match=program.name):
            place_piece(program, target)
        assert list(target.parent.iterdir()) == []
    program.source.write_bytes(PROGRAM)
    target.write_bytes(b"half of")
    target.with_name(f".{target.name}.part").write_bytes(b"what a power cut left")
    place_piece(program, target)
    assert target.read_bytes() == PROGRAM
    target.unlink()
    shutil.rmtree(tmp_path / "built")
    with pytest.raises(StoreError, match=program.name):
        place_piece(program, target)

    def no_link(*_):
        raise OSError(18, "Invalid cross-device link")

    program = read_built(build(tmp_path / "built")).pieces[0]
    target = tmp_path / "files" / program.name
    place_piece(program, target)
    assert target.read_bytes() == PROGRAM
    assert target.samefile(program.source)
    place_piece(program, target)
    assert sorted(target.parent.iterdir()) == [target]
    target.unlink()
    monkeypatch.setattr(os, "link", no_link)
    place_piece(program, target)
    assert not target.samefile(program.source)
    assert hash_file(target) == (program.sha256, program.md5, program.size)


PYTHON = Path(sys.executable)
EVERYTHING = """
import importlib, json, sys, zipfile
path = sys.argv[1]
sys.path.insert(0, path)
for name in zipfile.ZipFile(path).namelist():
    if name.startswith("axiom/") and not name.endswith("__init__.py"):
        importlib.import_module(name.removesuffix(".py").replace("/", "."))
print(json.dumps({name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "axiom"}))
"""


def test_the_same_code_makes_the_same_file_with_all_that_the_runner_imports(tmp_path):
    path, raw = tmp_path / "runner.pyz", pack_stand_in_runner(PYTHON)
    assert pack_stand_in_runner(PYTHON) == raw
    assert pack_stand_in_runner(Path("/usr/bin/another-python")) != raw
    assert runner_file_name(raw) == f"axiom_runner_{hashlib.sha256(raw).hexdigest()[:16]}.pyz"
    path.write_bytes(raw)
    command = [sys.executable, "-I", "-c", EVERYTHING, path]
    imported = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout)
    assert "axiom.runner.boinc_task" in imported
    assert [name for name, file in imported.items() if not file.startswith(f"{path}/axiom/")] == []
    names = zipfile.ZipFile(path).namelist()
    parts = {name.split("/")[1] for name in names if "/" in name}
    assert parts == {"__init__.py", "domain", "errors.py", "limits", "runner", "signed"}
    python = tmp_path / "a folder" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    path.write_bytes(pack_stand_in_runner(python))
    for file in (python, path):
        file.chmod(0o755)
    done = subprocess.run([path], cwd=tmp_path, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 70
