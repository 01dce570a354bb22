"""In which order files of tests begin: those that wait for other programs beside those that compute, the longest first.

All that wait at once would start as many laboratories at once, and leave nothing that waits beside what computes later.
So both kinds begin at the same pace by what they take, from the longest of each to the shortest.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

_WAITING = "acceptance"  # the folder
_SECONDS = {  # about, in a whole round on two cores; all others take a few
    "acceptance/test_volunteers.py": 390,
    "acceptance/test_runner_troubles.py": 290,
    "acceptance/test_volunteers_ends.py": 250,
    "acceptance/test_lab_ends.py": 200,
    "acceptance/test_runner_fresh.py": 160,
    "acceptance/test_lab.py": 120,
    "catalogue/test_every_experiment.py": 120,
    "catalogue/test_controls.py": 100,
    "lab/test_session.py": 65,
    "acceptance/test_volunteers_manners.py": 90,
    "server/returns/test_every_order_of_events.py": 90,
    "simulation/test_worlds.py": 90,
    "acceptance/test_volunteers_resume.py": 75,
    "acceptance/test_volunteers_gpus.py": 70,
    "acceptance/test_keys_elsewhere.py": 60,
    "cli/laboratory/test_keys.py": 25,
    "acceptance/test_unread.py": 50,
    "acceptance/test_parts.py": 50,
    "acceptance/test_backup.py": 45,
    "acceptance/test_replicates.py": 45,
    "acceptance/test_wheel.py": 40,
    "acceptance/test_bad_input.py": 35,
    "scripts/test_evidence_campaign.py": 40,
}
_OTHERS = {True: 25, False: 3}  # seconds of a file that waits, and of one that computes


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within a file, and of files of which nothing is said, stays as it is."""
    files: dict[object, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    placed = [each for kind in (True, False) for each in _placed(kind, list(files.values()))]
    items[:] = [test for _, tests in sorted(placed, key=lambda each: each[0]) for test in tests]


def _placed(is_waiting: bool, files: list[list[pytest.Item]]) -> Iterator[tuple[float, list[pytest.Item]]]:
    """The files of a kind, each with the share of the kind's time that is begun before it."""
    timed = [(_seconds(tests[0].path), tests) for tests in files if _waits(tests[0].path) is is_waiting]
    begun, total = 0, sum(seconds for seconds, _ in timed)
    for seconds, tests in sorted(timed, key=lambda each: -each[0]):
        yield begun / total, tests
        begun += seconds


def _seconds(path: Path) -> int:
    return _SECONDS.get(f"{path.parent.name}/{path.name}", _OTHERS[_waits(path)])


def _waits(path: Path) -> bool:
    return path.parent.name == _WAITING
