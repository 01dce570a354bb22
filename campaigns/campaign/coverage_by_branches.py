"""Which branches of the program do the tests reach that run it in their own process? By package, and in all.

    scripts/campaign coverage_by_branches
    scripts/campaign coverage_by_branches tests/store tests/lab

What runs in processes of its own (acceptance, sandboxes, the runner) is not counted, nor is the catalogue.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import coverage
from mutants import PLUGINS, ROOT, rooms


def main() -> int:
    """0 when every test passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tests", nargs="*", default=[*rooms(), "tests/kit"])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-coverage-") as folder:
        words = ("-n", str(os.cpu_count()), "--dist", "loadfile", "-q", "-p", "branches", "-p", "no:randomly")
        environment = os.environ | {"COVERAGE_IN": folder, "PYTHONPATH": str(PLUGINS)}
        command = [sys.executable, "-m", "pytest", *words, *wanted.tests]
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL)
        show(Path(folder))
    return ended.returncode


def show(folder: Path) -> None:
    """A line a package: how many branches there are, and which share of them is reached."""
    source, report = ROOT / "src" / "axiom", folder / "report.json"
    measured = coverage.Coverage(data_file=str(folder / "all"), branch=True, config_file=False, source=[str(source)])
    measured.combine([str(path) for path in folder.glob("coverage.*")])
    measured.json_report(outfile=str(report))
    packages: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    for path, file in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        package = (ROOT / path).relative_to(source).parts[0]
        if package != "catalogue":
            for name in (package, "all of them"):
                packages[name][0] += file["summary"]["num_branches"]
                packages[name][1] += file["summary"]["covered_branches"]
    for package, (branches, reached) in packages.items():
        print(f"{package:<12} {reached:6} of {branches:6} branches reached, {100 * reached / max(1, branches):5.1f} %")


if __name__ == "__main__":
    sys.exit(main())
