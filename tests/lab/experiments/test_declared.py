"""What the catalogue declares is shipped with it, and counts for the very bytes that were asked."""

import json
import shutil
from pathlib import Path

import pytest

import axiom
from axiom.errors import BundleError
from axiom.lab.experiments import declared
from axiom.runner.child.process import ModuleDeclaration
from axiom.signed.manifests import read_manifest
from axiom.signed.sources import collect

PACKAGE = Path(axiom.__file__).parent
NAMES = ("rank_dynamics", "test_deploy")


@pytest.fixture
def package(tmp_path):
    """A package with two experiments, and no list yet."""
    made = tmp_path / "axiom"
    for room in ("kit", "domain"):
        shutil.copytree(PACKAGE / room, made / room)
    (made / "catalogue").mkdir()
    for file in ("__init__.py", "catalogue/__init__.py", *(f"catalogue/{name}.py" for name in NAMES)):
        shutil.copy(PACKAGE / file, made / file)
    return made


@pytest.fixture
def describe():
    """Tells what is shipped, starts no process, and knows of which modules it was asked."""
    shipped = json.loads((PACKAGE / "catalogue" / declared.LIST).read_text())["experiments"]

    def tell(_, modules):
        tell.asked.extend(module.rpartition(".")[2] for module in modules)
        return tuple(
            ModuleDeclaration(module=module, manifest=shipped[module.rpartition(".")[2]]["manifest"])
            for module in modules
        )

    tell.asked = []
    return tell


def write(package, describe):
    text = declared.written(package, describe)
    (package / "catalogue" / declared.LIST).write_text(text)
    return text


def told(package, name):
    file = package / "catalogue" / f"{name}.py"
    return declared.declaration(file.parent, name, collect(package, file))


def test_what_is_shipped_is_current():
    assert declared.outdated(PACKAGE) == []
    files = collect(PACKAGE, PACKAGE / "catalogue" / "test_deploy.py")
    assert declared.declaration(PACKAGE / "catalogue", "nothing", files) is None


def test_what_is_shipped_is_what_a_process_says(package):
    """JAX is asked for by one of the two, and what the first imports must not count for the second."""
    write(package, declared.describe_files)
    for name in NAMES:
        assert told(package, name) == told(PACKAGE, name)
    assert [read_manifest(told(package, name)).avx for name in NAMES] == [True, False]


def test_only_what_was_changed_is_asked_again(package, describe):
    assert told(package, "rank_dynamics") is None
    assert declared.outdated(package) == list(NAMES)
    first = write(package, describe)
    assert sorted(describe.asked) == list(NAMES)
    file = package / "catalogue" / "rank_dynamics.py"
    file.write_bytes(file.read_bytes() + b"\n")
    assert told(package, "rank_dynamics") is None
    assert told(package, "test_deploy") == told(PACKAGE, "test_deploy")
    assert declared.outdated(package) == ["rank_dynamics"]
    describe.asked.clear()
    assert write(package, describe) != first
    assert describe.asked == ["rank_dynamics"]
    assert declared.outdated(package) == []
    (package / "kit" / "newer.py").write_text('"""Something new."""\n')  # another kit is another declaration for all
    assert declared.outdated(package) == list(NAMES)
    (package / "catalogue" / "test_deploy.py").unlink()
    assert "test_deploy" not in write(package, describe)
    assert declared.outdated(package) == []


def test_a_file_with_something_to_refuse_is_never_listed(package, describe):
    """Whoever publishes what is listed does not read it again."""
    file = package / "catalogue" / "rank_dynamics.py"
    file.write_text(file.read_text().replace("\nimport ", "\nimport os\nimport ", 1))
    with pytest.raises(BundleError, match=r"rank_dynamics.py.* os "):
        declared.written(package, describe)
    assert "rank_dynamics" not in describe.asked, "what may not be run is not asked"
