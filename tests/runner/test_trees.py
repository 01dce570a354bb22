"""Of a bundle that a process is given ahead, there is what its experiment may import, and nothing that takes time."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import axiom
from axiom.runner.bytecode import bytecode
from axiom.runner.trees import importable, write_tree
from axiom.signed.sources import collect

PACKAGE = Path(axiom.__file__).parent
CATALOGUE = sorted(path.stem for path in (PACKAGE / "catalogue").glob("[a-z]*.py"))
MODULE = "axiom.catalogue.mine"


def named(text: str) -> set[str]:
    """What of a small bundle an experiment with this text may import, by the names of the files."""
    other = {f"axiom/kit/{name}.py": b"" for name in ("one", "two", "three")}
    files = {**other, "axiom/kit/four.py": b"from axiom.kit.one import x", "axiom/kit/__init__.py": b""}
    found = importable(files | {"axiom/catalogue/mine.py": text.encode()}, MODULE)
    return {Path(name).stem for name in found} - {"mine", "__init__"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("one = two = 3", set()),
        ("import axiom.kit.one as two_of_them", {"one"}),
        ("import math, axiom.kit.one", {"one"}),
        ("from axiom.kit import one, two", {"one", "two"}),
        ("from axiom.kit import (  # a word\n    one,\n    two as x,\n)", {"one", "two"}),
        ("from axiom.kit import \\\n    one", {"one"}),
        ("from axiom.kit.four import y", {"four", "one"}),
        ("from ..kit import one", {"one"}),
        ("def f():\n    x = 1; from axiom.kit import one", {"one"}),
        ("if True: import axiom.kit.three", {"three"}),
    ],
)
def test_what_stands_behind_an_import_is_there(text, expected):
    assert named(text) == expected


def test_each_part_of_a_package_and_what_is_asked_for_anyway_is_there():
    files = collect(PACKAGE, PACKAGE / "catalogue" / "rank_dynamics.py")
    found = importable(files, "axiom.catalogue.rank_dynamics")
    asked = {"axiom/domain/declaration.py", "axiom/kit/pace.py", "axiom/catalogue/rank_dynamics.py"}
    assert asked | {name for name in files if name.endswith("__init__.py")} <= found.keys()
    assert len(found) < len(files) / 2
    assert found.items() <= files.items()


def asked_for(body: bytes) -> set[str]:
    """The modules that a file's statements name, and those that they might."""
    found = set()
    for one in ast.walk(ast.parse(body)):
        if isinstance(one, ast.Import):
            found |= {each.name for each in one.names}
        elif isinstance(one, ast.ImportFrom):
            assert one.level == 0
            found |= {str(one.module), *(f"{one.module}.{each.name}" for each in one.names)}
    return found


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_experiment_finds_all_that_it_imports(name):
    files = collect(PACKAGE, PACKAGE / "catalogue" / f"{name}.py")
    found = importable(files, f"axiom.catalogue.{name}")
    for body in found.values():
        named = {f"{module.replace('.', '/')}.py" for module in asked_for(body)}
        assert named & files.keys() <= found.keys()


def test_bytecode_is_taken_by_an_import_and_leads_to_the_tree(tmp_path):
    files = {name: (PACKAGE.parent / name).read_bytes() for name in ("axiom/__init__.py", "axiom/errors.py")}
    compiled = bytecode(files, PACKAGE)
    assert len(compiled) == 2
    write_tree(tmp_path, files | compiled)
    code = (
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport importlib.util as u\n"
        "spec = u.find_spec('axiom.errors')\nspec.loader.source_to_code = None  # nothing is compiled\n"
        "module = u.module_from_spec(spec)\nspec.loader.exec_module(module)\n"
        "print(module.AxiomError.__init__.__code__.co_filename if '__init__' in vars(module.AxiomError) else "
        "spec.loader.get_code('axiom.errors').co_filename)"
    )
    command = [sys.executable, "-I", "-B", "-c", code, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert told.stdout.strip() == str(tmp_path / "axiom" / "errors.py"), told.stderr


def test_only_files_of_our_own_have_bytecode_and_it_holds_for_these_bytes_alone(tmp_path):
    own = (PACKAGE / "errors.py").read_bytes()
    changed = own + b"\nCHANGED = True\n"
    assert bytecode({"axiom/errors.py": changed, "axiom/catalogue/mine.py": b"x = 1\n"}, PACKAGE) == {}
    files = {"axiom/__init__.py": b"", "axiom/errors.py": changed}
    write_tree(tmp_path, files | bytecode({"axiom/errors.py": own}, PACKAGE))
    code = "import sys\nsys.path.insert(0, sys.argv[1])\nfrom axiom.errors import CHANGED\nprint(CHANGED)"
    command = [sys.executable, "-I", "-B", "-c", code, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "True\n"


def test_without_assertions_there_is_none(tmp_path):
    code = (
        "import axiom, pathlib\nfrom axiom.runner.bytecode import bytecode\n"
        "package = pathlib.Path(axiom.__file__).parent\n"
        "print(len(bytecode({'axiom/errors.py': (package / 'errors.py').read_bytes()}, package)))"
    )
    for options, count in (([], "1"), (["-O"], "0")):
        command = [sys.executable, *options, "-B", "-c", code]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
        assert told.stdout.strip() == count
