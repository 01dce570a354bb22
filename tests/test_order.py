"""The order in which files begin loses no test, and tears no file apart."""

from pathlib import Path
from types import SimpleNamespace

import file_order
import pytest


def item(file: str, line: int) -> SimpleNamespace:
    return SimpleNamespace(path=Path("tests") / file, location=(file, line, "test"))


@pytest.mark.parametrize(("waiting", "computing"), [(0, 3), (3, 0), (1, 1), (2, 40), (9, 10)])
def test_every_test_is_there_once_and_stories_are_told_in_their_order(waiting, computing):
    files = [f"acceptance/test_wait_{n}.py" for n in range(waiting)] + [f"lab/test_{n}.py" for n in range(computing)]
    items = [item(file, line) for file in files for line in (3, 1, 2)]
    before = list(items)
    file_order.pytest_collection_modifyitems(items)
    assert sorted(map(id, items)) == sorted(map(id, before))
    for tests in (items[place : place + 3] for place in range(0, len(items), 3)):
        assert len({test.path for test in tests}) == 1
        lines = [test.location[1] for test in tests]
        assert lines == ([1, 2, 3] if tests[0].path.parent.name == "acceptance" else [3, 1, 2])


def test_the_longest_begin_first_and_others_compute_beside_them():
    computing = [item(f"lab/test_{n}.py", 1) for n in range(20)]
    long = [item("autopilot/test_scientist.py", 1), item("acceptance/test_whole_lab.py", 1)]
    items = [item("acceptance/test_systemd.py", 1), *computing, *long]
    file_order.pytest_collection_modifyitems(items)
    names = [test.path.name for test in items]
    assert names[:2] == ["test_whole_lab.py", "test_scientist.py"]
    assert 15 < names.index("test_systemd.py") < len(names) - 1  # short as it is, when the other kind is nearly through


def test_every_file_whose_time_is_known_is_there():
    root = Path(__file__).parents[1]
    folders = [root / "tests", root / "campaigns" / "tests", *root.glob("packages/*/tests")]
    assert [name for name in file_order.SECONDS if not any((folder / name).is_file() for folder in folders)] == []
