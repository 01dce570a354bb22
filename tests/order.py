"""In which order tests begin: those that wait for other programs, then those that compute and fill what these leave."""

import pytest

# Files that take minutes, longest first: begun at the end, one of them would keep a single process busy.
LONGEST = (
    "test_volunteers.py",
    "test_volunteers_ends.py",
    "test_runner_troubles.py",
    "test_lab.py",
    "test_runner_fresh.py",
    "test_session.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within a file, and of files of which nothing is said, stays as it is."""

    def when(item: pytest.Item) -> tuple[int, bool]:
        name, folder = item.path.name, item.path.parent.name
        return (LONGEST.index(name) if name in LONGEST else len(LONGEST)), folder != "acceptance"

    items.sort(key=when)
