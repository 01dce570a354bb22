"""The folder that the zip is made of: its bytes follow from its content, and a build that is cut goes on."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from build_runner import building, tree
from build_runner.archive import BEST, QUICK, files_below, tar_gz, write_zip
from build_runner.bytecode import compile_below
from build_runner.plan import PLATFORMS, Order
from build_runner.sbom import sbom
from hypothesis import given
from hypothesis import strategies as st
from processes import ran

HERE = f"3.{sys.version_info.minor}"


def test_our_own_code_is_what_the_runner_may_import_and_runs_alone(tmp_path):
    tree.put_ours(tmp_path)
    names = {path.name for path in (tmp_path / "axiom").iterdir()}
    assert names == {"__init__.py", "errors.py", "domain", "limits", "runner", "signed"}
    ask = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import axiom.runner.boinc_task as a; print(a.__file__)"
    printed = ran([sys.executable, "-B", "-c", ask]).stdout
    assert printed.strip() == str(tmp_path / "axiom/runner/boinc_task.py")


def test_the_same_packages_make_the_same_zip_in_any_folder(tmp_path):
    digests = set()
    for name in ("one", "an/other"):
        folder = tmp_path / name
        tree.put_ours(folder)
        tree.put_packages({"one.py": Path(tree.__file__), "so.so": Path(sys.executable)}, folder)
        assert compile_below(folder, HERE) > 20
        write_zip(tmp_path / "a.zip", files_below(folder), QUICK)
        digests.add(hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_bytecode_is_taken_as_it_is_and_shows_where_it_lies(tmp_path):
    (tmp_path / "sample.py").write_text("def where():\n    return where.__code__.co_filename\nvalue = 1\n")
    (tmp_path / "broken.py").write_text("no python at all")
    assert compile_below(tmp_path, "3.99") == 0  # another Python than this
    assert not (tmp_path / "__pycache__").exists()
    assert compile_below(tmp_path, HERE) == 1
    (tmp_path / "sample.py").write_text("value = 2\n")
    ask = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import sample; print(sample.value, sample.where())"
    printed = ran([sys.executable, "-c", ask]).stdout
    assert printed.split() == ["1", str(tmp_path / "sample.py")]


def order(**changes) -> Order:
    values = {"platform": PLATFORMS["x86_64-pc-linux-gnu"], "interpreter": None, "has_gpu": False, "preset": QUICK}
    return Order(**(values | changes))


def test_a_folder_is_whole_only_with_all_its_files_and_for_the_same_inputs(tmp_path):
    (tmp_path / "a").write_text("1234")
    facts = {"inputs": "now", "files": [{"name": "a", "size": 4}]}
    assert not building.is_whole(tmp_path, {"now"})
    (tmp_path / "built.json").write_text(json.dumps(facts))
    assert building.is_whole(tmp_path, {"now", "later"})
    assert not building.is_whole(tmp_path, {"later"})
    (tmp_path / "a").write_text("123")
    assert not building.is_whole(tmp_path, {"now"})


def test_a_new_build_takes_the_place_of_the_one_before(tmp_path):
    target, aside = tmp_path / "target", tmp_path / "aside"
    for content in ("one", "two"):
        draft = tmp_path / "draft"
        draft.mkdir()
        (draft / "built.json").write_text(content)
        building.put(draft, target, aside)
        assert (target / "built.json").read_text() == content
    assert (aside / "built.json").read_text() == "one"


def test_inputs_and_names_tell_orders_apart_and_what_was_made_as_well_is_enough(tmp_path):
    changes = [{}, {"has_gpu": True}, {"platform": PLATFORMS["windows_x86_64"]}, {"interpreter": Path("/usr")}]
    orders = [order(preset=preset, **change) for preset in (QUICK, BEST) for change in changes]
    assert len(set(map(building.inputs_of, orders))) == len(orders)
    assert order().name == "x86_64-pc-linux-gnu"
    assert order(has_gpu=True).name == "x86_64-pc-linux-gnu-nv_13"
    folder = tmp_path / order().name
    folder.mkdir()
    for there, wanted, is_enough in ((QUICK, QUICK, True), (BEST, QUICK, True), (QUICK, BEST, False)):
        (folder / "built.json").write_text(json.dumps({"inputs": building.inputs_of(order(preset=there)), "files": []}))
        assert building.is_there(order(preset=wanted), tmp_path) is is_enough


def test_the_list_of_parts_names_everything_and_no_moment(tmp_path):
    arguments = {"name": "axiom-runner", "version": "1"}
    arguments |= {"digest": "ab" * 32, "python": "3.11.7", "packages": {"jax": "0.10.2"}}
    raw = sbom(**arguments, libraries=[tmp_path / "libz.so.1"])
    assert raw == sbom(**arguments, libraries=[Path("/elsewhere/libz.so.1")])
    data = json.loads(raw)
    assert (data["bomFormat"], data["specVersion"]) == ("CycloneDX", "1.6")
    names = [part["bom-ref"] for part in data["components"]]
    assert names == ["file:libz.so.1", "pkg:generic/python@3.11.7", "pkg:pypi/jax@0.10.2"]


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
        for file in order:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.encode() * 5_000)
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
    for target in ("elsewhere", tmp_path):
        (folder / "link").symlink_to(target)
        with pytest.raises(ValueError, match="link"):
            files_below(folder)
        (folder / "link").unlink()


def test_a_tar_is_the_same_in_any_order_and_tar_reads_it(tmp_path):
    files = {"b/c": (b"text", 0o644), "a": (b"#!/bin/sh", 0o755)}
    raw = tar_gz(files)
    assert raw == tar_gz(dict(reversed(files.items())))
    subprocess.run([shutil.which("tar"), "-xzf", "-"], input=raw, cwd=tmp_path, check=True)
    assert (tmp_path / "b/c").read_bytes() == b"text"
    assert Path(tmp_path / "a").stat().st_mode & 0o777 == 0o755


def test_how_far_it_is_is_told_amid_a_large_file(tmp_path):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 16_384)
    shares: list[float] = []
    write_zip(tmp_path / "a.zip", {"file": tmp_path / "file"}, QUICK, shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


BUILD = """
import os, signal, sys
from pathlib import Path
from build_runner.workbench import workbench

def first(place):
    print("first", flush=True)
    (place / "packages").write_text("there")
    return {"python": "3"}

def second(place):
    print("second", *sorted(path.name for path in place.iterdir()), flush=True)
    (place / "half").write_text("")
    if sys.argv[3] != "goes on":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background ignores it
        os.kill(os.getpid(), getattr(signal, sys.argv[3]))
    return None

with workbench(Path(sys.argv[1]), "runner", sys.argv[2], {"one": 1.0, "two": 3.0}) as bench:
    facts = bench.step("one", first)
    bench.step("two", second)
    print(facts["python"], (bench.folder / "one" / "packages").read_text())
"""


def built(out, inputs, end="goes on"):
    """How a build of these inputs ended, and the steps that it took."""
    command, variables = [sys.executable, "-c", BUILD, str(out), inputs, end], {"PYTHONPATH": ":".join(sys.path)}
    process = ran(command, env=variables)
    steps = [line for line in process.stdout.splitlines() if not line.partition(" ")[2].startswith("step ")]
    return process.returncode, steps


def remains(out):
    return [path.name for path in out.glob(".building-*") if path.is_dir()]


@pytest.mark.parametrize("way", ["SIGKILL", "SIGINT"])
def test_it_goes_on_behind_the_last_whole_step(tmp_path, way):
    assert built(tmp_path, "these", way) == (-getattr(signal, way), ["first", "second"])
    assert remains(tmp_path) == [".building-runner"]
    assert built(tmp_path, "these") == (0, ["second", "3 there"])
    assert remains(tmp_path) == []


def test_what_was_made_of_other_inputs_or_by_an_older_builder_is_removed(tmp_path):
    built(tmp_path, "these", "SIGKILL")
    (tmp_path / ".building-x7f3k2aa" / "wheels").mkdir(parents=True)
    assert built(tmp_path, "others", "SIGKILL")[1] == ["first", "second"]
    assert remains(tmp_path) == [".building-runner"]
