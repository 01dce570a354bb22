"""Whoever takes a folder begins with a new file of theirs at once, and with nothing else."""

from pathlib import Path

import pytest

from axiom.cli.taking import compute_ahead, taking
from axiom.engines.ahead import computing_ahead
from axiom.errors import FolderInUse, WrongUse
from axiom.store.folder import Folder, lock

WRAPPED = """from axiom.domain.wrap import wrap

experiment = wrap(
    lambda size, seed: {"total": size + seed % 10}, name="own", question="Is more more?", sweep={"size": [1, 2]},
    measures={"total": float}, seconds=0.01, memory_mb=100,
)
"""


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(path=tmp_path / "lab")


@pytest.fixture
def own(tmp_path) -> Path:
    file = tmp_path / "own.py"
    file.write_text(WRAPPED)
    return file


def has_begun(folder: Folder, name: str) -> bool:
    with computing_ahead() as ahead, taking(folder, 1, quiet=True) as taken:
        compute_ahead(taken, name, ahead)
        return ahead.has_begun


def test_a_new_file_is_begun_with_and_a_published_one_is_not(folder, own):
    assert has_begun(folder, str(own))
    folder.catalogue.mkdir()
    (folder.catalogue / "own.py").write_text(WRAPPED)
    assert not has_begun(folder, str(own))


@pytest.mark.parametrize("line", ["import jax", "from axiom.kit import pace"])
def test_what_compiles_waits_for_its_order(line, folder, own):
    own.write_text(f"{line}\n{WRAPPED}")
    assert not has_begun(folder, str(own))


@pytest.mark.parametrize("name", ["lazy_vs_feature_learning", "nowhere.py", "own.txt"])
def test_a_name_or_a_file_that_is_none_is_left_to_others(name, folder, own):
    assert not has_begun(folder, str(own.parent / name) if "." in name else name)


def test_the_folder_of_a_working_laboratory_is_theirs(folder, own):
    folder.create()
    with lock(folder, "axiom lab") as held:
        held.note(url="http://127.0.0.1:1")
        with computing_ahead() as ahead, taking(folder, 1, quiet=True) as taken:
            assert not taken.is_ours
            compute_ahead(taken, str(own), ahead)
            assert not ahead.has_begun


def test_a_held_folder_is_refused_and_nothing_is_begun(folder):
    folder.create()
    with (
        lock(folder, "axiom experiment run"),
        pytest.raises(FolderInUse, match="axiom experiment run"),
        taking(folder, 1, quiet=True),
    ):
        pass


def test_without_a_core_nothing_is_made(folder):
    with pytest.raises(WrongUse, match="Nothing was started"), taking(folder, 0, quiet=True):
        pass
    assert not folder.path.exists()
