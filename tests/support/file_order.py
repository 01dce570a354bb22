"""In which order files of tests begin: those that wait for other programs beside those that compute, the longest first.

All that wait at once would start as many laboratories at once, and leave nothing that waits beside what computes later.
So both kinds begin at the same pace by what they take, from the longest of each to the shortest.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

_WAITING = "acceptance"  # the folder
_SECONDS = {  # about, in a whole round on two cores; all others take a few
    "acceptance/test_whole_lab.py": 130,
    "acceptance/test_browser.py": 120,
    "acceptance/test_built_runner.py": 110,
    "acceptance/test_boinc_client.py": 105,
    "acceptance/test_sweep.py": 75,
    "acceptance/test_programs.py": 60,
    "acceptance/test_browser_account.py": 55,
    "acceptance/test_installed_program.py": 50,
    "acceptance/test_model_sdks.py": 50,
    "acceptance/test_dask.py": 45,
    "acceptance/test_disk.py": 40,
    "acceptance/test_mail_server.py": 40,
    "acceptance/test_slurm.py": 35,
    "acceptance/test_ssh.py": 30,
    "catalogue/test_every_experiment.py": 130,
    "catalogue/test_controls.py": 115,
    "notebook/test_weigh.py": 90,
    "pi/test_scripted_months.py": 80,
    "mcp/test_clients.py": 70,
    "simulation/test_worlds.py": 65,
    "scripts/test_evidence_campaign.py": 60,
    "lab/test_session.py": 60,
    "pi/test_scientist.py": 60,
    "test_tutorial.py": 60,
    "simulation/test_simulation.py": 55,
    "server/returns/test_every_order_of_events.py": 50,
    "scripts/test_suite.py": 40,
    "preflight/test_defective.py": 40,
    "notebook/test_doubts.py": 35,
    "build_runner/test_launcher.py": 30,
    "web/account/test_operator.py": 30,
    "simulation/test_boundaries.py": 30,
    "lab/test_draw_figures.py": 30,
    "web/account/test_accounts.py": 30,
    "decisions/evidence/test_weigh.py": 25,
    "pi/test_asking_on.py": 25,
}
_OTHERS = {True: 15, False: 3}  # seconds of a file that waits, and of one that computes


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
    return _SECONDS.get(path.as_posix().rpartition("tests/")[2], _OTHERS[_waits(path)])


def _waits(path: Path) -> bool:
    return path.parent.name == _WAITING
