"""In which order files of tests begin: some that wait for other programs beside many that compute, the longest first.

All that wait at once would start as many laboratories at once, and a longest one begun at the end keeps everybody.
"""

import itertools
from collections.abc import Iterator

import pytest

_WAITING = "acceptance"  # the folder
_BESIDE = 7  # files that compute take together as long as one that waits
_LONGEST = (
    "test_volunteers.py",
    "test_volunteers_ends.py",
    "test_runner_troubles.py",
    "test_runner_fresh.py",
    "test_lab_ends.py",
    "test_lab.py",
    "test_session.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within a file, and of files of which nothing is said, stays as it is."""
    files: dict[object, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    ordered = sorted(files.values(), key=_place)
    waiting = [tests for tests in ordered if tests[0].path.parent.name == _WAITING]
    computing = [tests for tests in ordered if tests[0].path.parent.name != _WAITING]
    items[:] = [test for tests in _mixed(waiting, computing) for test in tests]


def _place(tests: list[pytest.Item]) -> int:
    name = tests[0].path.name
    return _LONGEST.index(name) if name in _LONGEST else len(_LONGEST)


def _mixed(waiting: list[list[pytest.Item]], computing: list[list[pytest.Item]]) -> Iterator[list[pytest.Item]]:
    rest = iter(computing)
    for tests in waiting:
        yield tests
        yield from itertools.islice(rest, _BESIDE)
    yield from rest
