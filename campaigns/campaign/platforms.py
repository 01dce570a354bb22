"""Runs Windows' runner by Wine through stories of kills, disks and limits, and it and arm64's, by qemu, in a fleet.

First the stories in tests/platforms, all of them Windows': launcher, child, orders, limits, pause, ends, kills, disks,
paths. Then two computers of Linux, one of Windows and one of arm64, each with the stock client, compute for one
laboratory until so many tasks of each are valid. Last stands what neither Wine nor qemu can show. Needs root, 3 GB and
up to an hour.
"""

import argparse
import functools
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from changed_database import wait_for_change
from emulated_host import LINUX, WINDOWS, build_runner_for
from platform_clients import fleet, laboratory, rounds, type_command
from stories import Endings

ROOT = Path(__file__).resolve().parents[2]
STORIES = ROOT / "tests" / "platforms"
EXPERIMENT = "even_steps"
WANTED = {("windows", "x86_64"): 40, ("linux", "arm64"): 10}
_FOR_ALL = 24  # tasks of a version that is new, which nobody gets more of before they are back
_LONGEST = 2_400.0
NOT_RUN = {
    "Windows itself": "its kernel, its file system NTFS, its access rights, its scanners of viruses, its installer",
    "BOINC's client for Windows": "Linux' plays its part; files, messages and ends are as its interface says",
    "a limit of processor time on Windows": "Wine tells a process the time of no other one",
    "a clock that jumps on Windows": "Wine takes the time from Linux, and no process has a clock of its own there",
    "a folder of 250 characters": "Windows starts no program there for any client: a path may have 260 in all",
    "sleep and hibernation": "neither can be had of what is emulated",
    "a real ARM processor": "its speed, its own errors of rounding where a library chooses by its model",
    "macOS": "nothing runs its programs here",
}
_TASKS = """
SELECT h.system, h.processor, t.state, t.cause, count(*), sum(t.agreement = 'agrees')
FROM task t JOIN host h ON h.id = t.host_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3
"""
_VALID = """
SELECT count(*) FROM task t JOIN host h ON h.id = t.host_id
WHERE t.state = 'valid' AND h.system = ? AND h.processor = ?
"""


class Figures(Endings):
    """How each story ended, and what it measured."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, object] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one story."""
        super().pytest_runtest_logreport(report)
        self.figures |= {str(name): value for name, value in report.user_properties}


def main() -> int:
    """0 when every story passed and so many tasks of each platform are valid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", action="store_true", help="the stories alone")
    parser.add_argument("--fleet", action="store_true", help="the computers of several platforms alone")
    wanted = parser.parse_args()
    are_good = [wanted.fleet or tell_stories(), wanted.stories or compute_together()]
    print("not run, and why")
    for what, why in NOT_RUN.items():
        print(f"  {what}: {why}")
    return int(not all(are_good))


def tell_stories() -> bool:
    """Tell each story, and print how it ended."""
    build_runner_for(LINUX)
    build_runner_for(WINDOWS)
    endings = Figures()
    words = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", f"--rootdir={ROOT}", str(STORIES)]
    pytest.main(words, plugins=[endings])
    print("run under Wine 10")
    for name, (how, seconds) in endings.told.items():
        print(f"  {how:<8} {seconds:6.0f} s  {name.partition('::')[2].removeprefix('test_').replace('_', ' ')}")
    for name, value in endings.figures.items():
        print(f"  {name}: {value}")
    passed = sum(how == "passed" for how, _ in endings.told.values())
    print(f"  {passed} of {len(endings.told)} stories passed")
    return passed == len(endings.told) > 0


def compute_together() -> bool:
    """Have four computers compute until so many tasks of each emulated platform are valid."""
    with tempfile.TemporaryDirectory(prefix="platforms-") as folder, laboratory(Path(folder), EXPERIMENT) as lab:
        deploy = functools.partial(type_command, "experiment", "deploy", EXPERIMENT, "--replicates", 1, data=lab.data)
        with closing(sqlite3.connect(lab.data / "axiom.db")) as db, fleet(lab, Path(folder)) as clients:
            for platform, count in WANTED.items():
                find = functools.partial(_host, db, platform)
                host = wait_for_change(lab.data, find, lambda: "a computer of each platform")
                for _ in range(count):
                    deploy("--host", host)
            for _ in range(_FOR_ALL):
                deploy()
            seconds = next((seconds for seconds in rounds(clients, _LONGEST) if _is_enough(db)), None)
            print("computed together for", "too long" if seconds is None else f"{seconds:.0f} s")
            for system, processor, state, cause, count, agreeing in db.execute(_TASKS):
                compared = f", {agreeing} of them compared and alike" if agreeing else ""
                print(f"  {system} {processor}: {count} tasks {state} {cause or ''}{compared}")
    return seconds is not None


def _host(db: sqlite3.Connection, platform: tuple[str, str]) -> int | None:
    row = db.execute("SELECT id FROM host WHERE system = ? AND processor = ?", platform).fetchone()
    return row[0] if row else None


def _is_enough(db: sqlite3.Connection) -> bool:
    return all(db.execute(_VALID, platform).fetchone()[0] >= count for platform, count in WANTED.items())


if __name__ == "__main__":
    sys.exit(main())
