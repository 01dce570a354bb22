"""What `scripts/test` does: pytest on five processes, then one closing line.

    scripts/test                every test, save the long stories
    scripts/test tests/store    the room you work in; all words go to pytest
    scripts/test --fast         rooms that need no root, browser, client or network: a minute on two cores

The long stories are the tests in tests/campaign: kills, restarts and rounds of the stock BOINC client and other real
parts, which take minutes each. `scripts/campaign stories` runs these, and `scripts/campaign platforms` those of other
systems, in tests/platforms.

Five on two cores, since many tests wait for other programs.
A file's tests stay in one process, so that what they share is made once, in the order of `tests/support/file_order.py`.

A test whose part is missing on this computer is skipped, and the closing line names the part. Where CI=true nothing may
be missing: there it has failed.
"""

import os
import signal
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# They never wait: a process for each core.
_FAST = (
    *(f"tests/{room}" for room in ("boinc", "domain", "rules", "signed", "store")),
    *sorted(str(folder.relative_to(ROOT)) for folder in ROOT.glob("tests/laboratory/*/rules")),
    "packages/axiom-weigh/tests",
)
LEFT_OUT = {  # by folder, the command that runs its tests
    "tests/campaign": "scripts/campaign stories",
    "tests/platforms": "scripts/campaign platforms",
}
_MUST_HAVE_ALL = os.environ.get("CI") == "true"
_SPREAD = ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder")


class Fate(IntEnum):
    """How a test ended; a worse fate is never forgotten for a better one."""

    PASSED = 0
    SKIPPED = 1
    FAILED = 2


class Tally:
    """Counts each test once, at its worst: a test whose clean-up breaks has failed."""

    def __init__(self) -> None:
        self.fates: dict[str, Fate] = {}
        self.reasons: dict[str, None] = {}  # for which tests were skipped, in the order of their first time

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one test."""
        if report.failed:
            self._enter(report.nodeid, Fate.FAILED)
        elif report.skipped and not hasattr(report, "wasxfail"):
            self._skip(report)
        elif report.when == "call":
            self._enter(report.nodeid, Fate.PASSED)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read is one failure, and one that is skipped as a whole is one test."""
        if report.failed:
            self._enter(report.nodeid, Fate.FAILED)
        elif report.skipped:
            self._skip(report)

    def count(self, fate: Fate) -> int:
        """How many tests ended like this?"""
        return list(self.fates.values()).count(fate)

    def _skip(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        self.reasons[reason.removeprefix("Skipped: ")] = None
        self._enter(report.nodeid, Fate.FAILED if _MUST_HAVE_ALL else Fate.SKIPPED)

    def _enter(self, test: str, fate: Fate) -> None:
        self.fates[test] = max(fate, self.fates.get(test, fate))


def main(arguments: Sequence[str]) -> int:
    """0 when at least one test was found and none failed."""
    if {"--help", "-h"} & {*arguments}:
        print(__doc__)
        print("What pytest understands, `.venv/bin/pytest --help` says.")
        return 0
    os.chdir(ROOT)
    # What a shell without job control starts in the background ignores Ctrl-C, and so would all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "--fast" in arguments:
        arguments = ["-n", "auto", *(argument for argument in arguments if argument != "--fast"), *_FAST]
    tally = Tally()
    status = pytest.main([*_SPREAD, *arguments], plugins=[tally])
    passed, failed, skipped = (tally.count(fate) for fate in (Fate.PASSED, Fate.FAILED, Fate.SKIPPED))
    if status == pytest.ExitCode.INTERRUPTED and not failed:
        status = 130
    elif status == pytest.ExitCode.NO_TESTS_COLLECTED:
        print("No test was found, which counts as a failure.")
    failed = failed or int(status != pytest.ExitCode.OK)
    missing = f", {skipped} skipped: {', '.join(tally.reasons)}" if skipped else ""
    elsewhere = "".join(f"; {folder} is run by `{command}`" for folder, command in LEFT_OUT.items() if not arguments)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed{missing}{elsewhere}", flush=True)
    return int(status) or int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
