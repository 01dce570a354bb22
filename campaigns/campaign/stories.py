"""Tells the long stories of real parts: clients, runners and pilots that are killed, and every page in a browser.

They are the tests in tests/campaign, which `scripts/test` leaves out: kills, restarts and rounds that take minutes
each and that no test of a floor below can tell. Words go to pytest, such as `-k pilots`. Prints how each of them ended.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "campaign"


class Endings:
    """How each story ended, and for how long it was told."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, float]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one story: its worst end counts, and all of its time."""
        how, seconds = self.told.get(report.nodeid, ("passed", 0.0))
        worst = how if report.outcome == "passed" or how == "failed" else report.outcome
        self.told[report.nodeid] = (worst, seconds + report.duration)


def main(words: list[str]) -> int:
    """0 when every story passed; one that was skipped, for want of a part, did not."""
    endings = Endings()
    status = pytest.main(["-q", "-p", "no:randomly", f"--rootdir={ROOT}", str(FOLDER), *words], plugins=[endings])
    for name, (how, seconds) in endings.told.items():
        print(f"{how:<8} {seconds:6.0f} s  {name.removeprefix('tests/campaign/')}")
    passed = sum(how == "passed" for how, _ in endings.told.values())
    print(f"{passed} of {len(endings.told)} stories passed")
    return int(status) or int(passed < len(endings.told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
