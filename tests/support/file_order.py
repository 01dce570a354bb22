"""In which order files of tests begin: those that wait for other programs beside those that compute, the longest first.

All that wait at once would start as many laboratories at once, and leave nothing that waits beside what computes later.
So both kinds begin at the same pace by what they take, from the longest of each to the shortest.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

_WAITING = "acceptance"  # the folder
SECONDS = {  # about, in a whole round on two cores; all others take a few
    "acceptance/test_whole_lab.py": 200,
    "acceptance/test_browser.py": 200,
    "acceptance/test_boinc_client.py": 125,
    "acceptance/test_built_runner.py": 200,  # which is built first
    "acceptance/test_disk.py": 70,
    "acceptance/test_sweep.py": 50,
    "acceptance/test_installed_program.py": 45,
    "acceptance/test_browser_account.py": 45,
    "acceptance/test_programs.py": 40,
    "acceptance/test_model_sdks.py": 40,
    "acceptance/test_mail_server.py": 40,
    "acceptance/test_slurm.py": 35,
    "acceptance/test_dask.py": 30,
    "acceptance/test_ssh.py": 30,
    "test_every_experiment.py": 570,
    "autopilot/test_scripted_months.py": 350,
    "simulation/test_worlds.py": 215,
    "mcp/test_clients.py": 145,
    "preflight/test_defective.py": 100,
    "weighing/test_weigh.py": 110,
    "test_tutorial.py": 85,
    "simulation/test_simulation.py": 75,
    "test_maps.py": 70,
    "autopilot/test_scientist.py": 70,
    "build_runner/test_launcher.py": 70,
    "engines/test_local_engine.py": 45,
    "kit/test_training.py": 45,
    "simulation/test_boundaries.py": 45,
    "simulation/test_files.py": 45,
    "runner/test_boinc_task.py": 45,
}
_OTHERS = {True: 15, False: 3}  # seconds of a file that waits, and of one that computes


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A story of a real part is told from its first line to its last; the order within other files stays as it is."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    for path, tests in files.items():
        if _waits(path):
            tests.sort(key=lambda test: test.location[1] or 0)
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
    return SECONDS.get(path.as_posix().rpartition("tests/")[2], _OTHERS[_waits(path)])


def _waits(path: Path) -> bool:
    return path.parent.name == _WAITING
