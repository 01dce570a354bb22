"""The catalogue is described in a few processes, and what is told of a file is what it tells by itself."""

from pathlib import Path

import pytest

import axiom
from axiom.errors import ExperimentError
from axiom.lab.describing import Together
from axiom.lab.publish import prepare
from axiom.runner.children import Described
from axiom.runner.here import describe_tree
from axiom.runner.trees import write_tree
from axiom.signed.sources import collect

PACKAGE = Path(axiom.__file__).parent
NAMES = ["benford_law", "rank_dynamics", "sam_vs_sgd", "test_deploy"]  # the last one does without JAX
FILES = [PACKAGE / "catalogue" / f"{name}.py" for name in NAMES]


class Asked:
    """Describes, and writes down what it was asked in one go. What is quickly told of a file is its text."""

    def __init__(self, describe=None, fault=None):
        self.together = []
        self.describe = describe or self._quickly
        self.fault = fault

    def __call__(self, tree, modules):
        self.together.append([module.rpartition(".")[2] for module in modules])
        if self.fault and len(modules) > 1:
            raise self.fault
        return self.describe(tree, modules)

    def _quickly(self, tree, modules):
        return tuple(
            Described(module=name, manifest={"text": (tree / f"{name.replace('.', '/')}.py").read_text()})
            for name in modules
        )


@pytest.fixture
def told(tmp_path):
    """What a describer tells of a file."""

    def told(describe, file, package=PACKAGE):
        tree = tmp_path / f"tree of {len(list(tmp_path.iterdir()))}"
        write_tree(tree, collect(package, file))
        (found,) = describe(tree, [f"axiom.catalogue.{file.stem}"])
        return found.manifest["text"]

    return told


def test_the_first_is_described_alone_and_the_next_together():
    asked = Asked(describe_tree)
    together = Together(PACKAGE, FILES, asked)
    prepared = [prepare(PACKAGE, file, describe=together) for file in FILES]
    assert asked.together == [NAMES[:1], NAMES[1:3], NAMES[3:]]
    assert [each.manifest.name for each in prepared] == NAMES
    assert [each.manifest.avx for each in prepared] == [True, True, True, False]
    assert prepared[2] == prepare(PACKAGE, FILES[2])


def test_whoever_asks_again_has_it_asked_again(told):
    asked = Asked()
    together = Together(PACKAGE, FILES, asked, amount=4)
    for _ in range(2):
        assert told(together, FILES[2]) == FILES[2].read_text()
    assert asked.together == [NAMES[2:3]] * 2
    assert [told(together, file) for file in FILES[:3]] == [file.read_text() for file in FILES[:3]]
    assert asked.together[2:] == [NAMES[:3]]


def test_who_ends_the_process_of_all_leaves_each_by_itself(told):
    asked = Asked(fault=ExperimentError("it died"))
    together = Together(PACKAGE, FILES, asked, amount=2)
    assert told(together, FILES[1]) == FILES[1].read_text()
    assert asked.together == [NAMES[1:3], NAMES[1:2]]


def test_a_file_that_changed_since_is_asked_again(tmp_path, told):
    package, asked = tmp_path / "axiom", Asked()
    for part in ("domain", "kit", "catalogue"):
        (package / part).mkdir(parents=True)
        for file in (PACKAGE / part).glob("*.py"):
            if part != "catalogue" or file.stem in {*NAMES[1:3], "__init__"}:
                (package / part / file.name).write_bytes(file.read_bytes())
    (package / "__init__.py").write_bytes((PACKAGE / "__init__.py").read_bytes())
    files = sorted((package / "catalogue").glob("[a-z]*.py"))
    together = Together(package, files, asked, amount=2)
    told(together, files[0], package)
    files[1].write_text(files[1].read_text() + "# changed\n")
    assert told(together, files[1], package).endswith("# changed\n")
    assert asked.together == [NAMES[1:3], NAMES[2:3]]


def test_a_file_of_somebodys_own_is_described_by_itself(tmp_path, told):
    own, asked = tmp_path / "sam_vs_own.py", Asked()
    own.write_text(FILES[2].read_text())
    assert told(Together(PACKAGE, FILES, asked, amount=4), own) == own.read_text()
    assert asked.together == [["sam_vs_own"]]
