"""The folder that the zip is made of, and our own code beside it: bytecode as it is, the same bytes each time."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from build_runner import building, tree
from build_runner.archive import BEST, QUICK, files_below, write_zip
from build_runner.bytecode import compile_below
from build_runner.plan import PLATFORMS, Order
from build_runner.sbom import sbom

HERE = f"3.{sys.version_info.minor}"


def test_our_own_code_is_what_the_runner_may_import_and_runs_alone(tmp_path):
    tree.put_ours(tmp_path)
    assert {path.name for path in (tmp_path / "axiom").iterdir()} == {
        *("__init__.py", "errors.py", "domain", "runner", "signed"),
    }
    ask = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import axiom.runner.boinc_task as a; print(a.__file__)"
    said = subprocess.run([sys.executable, "-B", "-c", ask], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(tmp_path / "axiom/runner/boinc_task.py")


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
    printed = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
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


def test_inputs_and_names_tell_orders_apart():
    changes = [{}, {"has_gpu": True}, {"platform": PLATFORMS["windows_x86_64"]}, {"interpreter": Path("/usr")}]
    orders = [order(preset=preset, **change) for preset in (QUICK, BEST) for change in changes]
    assert len(set(map(building.inputs_of, orders))) == len(orders)
    assert order().name == "x86_64-pc-linux-gnu"
    assert order(has_gpu=True).name == "x86_64-pc-linux-gnu-nv"


def test_what_is_there_is_enough_if_it_was_made_at_least_as_well(tmp_path):
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
    assert [part["bom-ref"] for part in data["components"]] == [
        *("file:libz.so.1", "pkg:generic/python@3.11.7", "pkg:pypi/jax@0.10.2"),
    ]
