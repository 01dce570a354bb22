"""A folder is taken by one process at a time."""

import pytest

from axiom.errors import FolderInUse, WrongUse
from axiom.service.folder import taking
from axiom.store.engine.folder import Folder, lock


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(path=tmp_path / "lab")


def test_the_folder_of_a_working_laboratory_is_theirs(folder):
    folder.create()
    with lock(folder, "axiom lab") as held:
        held.note(url="http://127.0.0.1:1")
        with taking(folder, 1, quiet=True) as taken:
            assert not taken.is_ours


def test_a_held_folder_is_refused_(folder):
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
