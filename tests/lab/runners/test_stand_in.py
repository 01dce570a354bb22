import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from patience import PATIENCE

from axiom.lab.runners.stand_in import runner_name, stand_in

PYTHON = Path(sys.executable)
EVERYTHING = """
import importlib, json, sys, zipfile
path = sys.argv[1]
sys.path.insert(0, path)
for name in zipfile.ZipFile(path).namelist():
    if name.startswith("axiom/") and not name.endswith("__init__.py"):
        importlib.import_module(name.removesuffix(".py").replace("/", "."))
found = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "axiom"}
print(json.dumps(found))
"""


def test_the_same_code_makes_the_same_bytes_and_they_name_the_file():
    raw = stand_in(PYTHON)
    assert stand_in(PYTHON) == raw
    assert stand_in(Path("/usr/bin/another-python")) != raw
    assert runner_name(raw) == f"axiom_runner_{hashlib.sha256(raw).hexdigest()[:16]}.pyz"


def test_the_file_holds_all_that_the_runner_imports_and_nothing_that_it_does_not_need(tmp_path):
    path = tmp_path / "runner.pyz"
    path.write_bytes(stand_in(PYTHON))
    done = subprocess.run(
        [sys.executable, "-I", "-c", EVERYTHING, path], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    found = json.loads(done.stdout)
    assert "axiom.runner.boinc_task" in found
    assert [name for name, file in found.items() if not file.startswith(f"{path}/axiom/")] == []
    names = zipfile.ZipFile(io.BytesIO(path.read_bytes())).namelist()
    assert {name.split("/")[1] for name in names if "/" in name} == {
        "__init__.py",
        "domain",
        "errors.py",
        "runner",
        "signed",
    }


def test_a_python_in_a_folder_with_spaces_starts_too(tmp_path):
    python, path = tmp_path / "a folder" / "python", tmp_path / "runner.pyz"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    path.write_bytes(stand_in(python))
    for file in (python, path):
        file.chmod(0o755)
    done = subprocess.run([path], cwd=tmp_path, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 70
