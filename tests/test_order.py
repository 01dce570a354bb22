"""The order in which files begin loses no test, and tears no file apart."""

from pathlib import Path
from types import SimpleNamespace

import file_order
import pytest


def item(file: str, name: str) -> SimpleNamespace:
    return SimpleNamespace(path=Path("tests") / file, name=name)


@pytest.mark.parametrize(("waiting", "computing"), [(0, 3), (3, 0), (1, 1), (2, 7), (2, 40), (9, 10)])
def test_every_test_is_there_once_and_files_stay_whole(waiting, computing):
    files = [f"acceptance/test_wait_{n}.py" for n in range(waiting)] + [f"lab/test_{n}.py" for n in range(computing)]
    items = [item(file, f"test_{n}") for file in files for n in range(3)]
    before = list(items)
    file_order.pytest_collection_modifyitems(items)
    assert sorted(map(id, items)) == sorted(map(id, before))
    assert [(one.path, one.name) for one in items[::3]] == [(one.path, "test_0") for one in items[2::3]]


def test_the_longest_begin_first_and_others_compute_beside_them():
    computing = [item(f"lab/test_{n}.py", "test") for n in range(20)]
    long = [item("lab/test_session.py", "test"), item("acceptance/test_whole_lab.py", "test")]
    items = [item("acceptance/test_systemd.py", "test"), *computing, *long]
    file_order.pytest_collection_modifyitems(items)
    names = [one.path.name for one in items]
    assert names[:2] == ["test_whole_lab.py", "test_session.py"]
    assert 15 < names.index("test_systemd.py") < len(names) - 1  # short as it is, when the other kind is nearly through


def test_every_file_whose_time_is_known_is_there():
    assert {name for name in file_order._SECONDS if not (Path(__file__).parent / name).is_file()} == set()


@pytest.mark.parametrize("name", file_order._SECONDS)
def test_a_file_begins_by_its_own_time_however_deep_it_lies(name):
    assert file_order._seconds(Path(__file__).parent / name) == file_order._SECONDS[name]
