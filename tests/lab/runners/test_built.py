"""What was built is read with care, and laid into the laboratory's folder byte by byte or not at all."""

import json
import os
import shutil

import pytest
from fake_builds import LINUX, PROGRAM, build, row

from axiom.errors import Refused, StoreError
from axiom.lab.runners.built import built_in, digests, place, read_built


def test_what_was_built_is_read(tmp_path):
    found = read_built(build(tmp_path, plan_class="nv"))
    assert (found.name, found.platform, found.plan_class) == (f"{LINUX}-nv", LINUX, "nv")
    assert (found.needs_avx, found.glibc, found.unpacked_bytes) == (True, (2, 36), 420)
    program, runtime = found.pieces
    assert (program.is_main, program.source, program.signature) == (True, tmp_path / found.name / program.name, "")
    assert (runtime.is_main, runtime.open_name, runtime.size) == (False, "", 11)


def test_only_folders_that_are_whole_hold_a_runner(tmp_path):
    whole = build(tmp_path, plan_class="nv"), build(tmp_path)
    (tmp_path / "half").mkdir()
    assert built_in(tmp_path) == sorted(whole)
    assert built_in(tmp_path / "missing") == []


MAIN, RUNTIME = row("runner", "", PROGRAM), row("runtime", ".zip", b"the runtime")
ODD = [
    ({"format": "axiom-runner-2"}, "format 'axiom-runner-2' has not the form"),
    ({"platform": "vax"}, "platform 'vax' has not the form"),
    ({"plan_class": "generation"}, "its plan class 'generation' has ati, cuda, opencl in it"),
    ({"plan_class": "nv cuda"}, "plan_class 'nv cuda' has not the form"),
    ({"files": []}, "the list of files is empty"),
    ({"files": [RUNTIME]}, "not exactly one of its files is the program"),
    ({"files": [MAIN, MAIN]}, "names the same thing twice"),
    ({"files": [MAIN | {"name": "axiom_runner"}]}, "axiom_runner is not named after its content"),
    ({"files": [MAIN | {"name": "../axiom_runner_0123456789abcdef"}]}, "is not named after its content"),
    ({"files": [MAIN | {"sha256": "0" * 64}]}, "is not named after its content"),
    ({"files": [MAIN | {"size": 0}]}, "size is not a whole number of at least 1"),
    ({"files": [MAIN | {"signature": 5}]}, "signature is not a text"),
    ({"files": ["x"]}, "is not an object"),
    ({"needs_avx": 1}, "needs_avx is not true or false"),
    ({"glibc": "2"}, "glibc '2' is not a version like 2.36"),
    ({"glibc": 2.36}, "glibc is not a text"),
]


@pytest.mark.parametrize(("said", "reason"), ODD)
def test_a_description_that_is_off_is_refused_and_says_why(tmp_path, said, reason):
    folder = build(tmp_path)
    data = json.loads((folder / "built.json").read_text())
    (folder / "built.json").write_text(json.dumps(data | said))
    with pytest.raises(Refused) as refused:
        read_built(folder)
    assert reason in str(refused.value)
    assert "What was offered stays" in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "[" * 100_000])
def test_a_description_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "built.json").write_text(text)
    with pytest.raises(Refused, match="cannot be offered"):
        read_built(tmp_path)


def test_a_file_takes_no_room_a_second_time(tmp_path):
    program = read_built(build(tmp_path / "built")).pieces[0]
    target = tmp_path / "files" / program.name
    place(program, target)
    assert target.read_bytes() == PROGRAM
    assert target.samefile(program.source)
    place(program, target)
    assert sorted(target.parent.iterdir()) == [target]


def test_a_file_is_copied_where_a_link_cannot_be(tmp_path, monkeypatch):
    def no_link(*_):
        raise OSError(18, "Invalid cross-device link")

    program = read_built(build(tmp_path / "built")).pieces[0]
    monkeypatch.setattr(os, "link", no_link)
    target = tmp_path / "files" / program.name
    place(program, target)
    assert target.read_bytes() == PROGRAM
    assert not target.samefile(program.source)
    assert digests(target) == (program.sha256, program.md5, program.size)


@pytest.mark.parametrize("place_of_flip", range(0, 8 * len(PROGRAM), 7))
def test_a_file_with_a_flipped_bit_is_refused_by_name_and_leaves_nothing(tmp_path, place_of_flip):
    program = read_built(build(tmp_path / "built")).pieces[0]
    raw = bytearray(PROGRAM)
    raw[place_of_flip // 8] ^= 1 << place_of_flip % 8
    program.source.write_bytes(raw)
    with pytest.raises(Refused, match=f"{program.name} is not the file"):
        place(program, tmp_path / "files" / program.name)
    assert list((tmp_path / "files").iterdir()) == []


def test_a_file_that_was_damaged_where_it_lay_is_laid_anew(tmp_path):
    program = read_built(build(tmp_path / "built")).pieces[0]
    target = tmp_path / "files" / program.name
    target.parent.mkdir()
    target.write_bytes(b"half of")
    target.with_name(f".{target.name}.part").write_bytes(b"what a power cut left")
    place(program, target)
    assert target.read_bytes() == PROGRAM


def test_a_file_that_is_gone_says_so(tmp_path):
    program = read_built(build(tmp_path / "built")).pieces[0]
    shutil.rmtree(tmp_path / "built")
    with pytest.raises(StoreError, match=f"{program.name} could not be written: No such file"):
        place(program, tmp_path / "files" / program.name)
