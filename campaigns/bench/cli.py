"""What commands cost before they do anything: CPU of the whole process, against Python alone and a bare click program.

`axiom --help` imports little. What a sweep imports before its first line is measured beside it.
"""

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

MOST_MS = 100.0
ROUNDS = 7
SWEEP = "import axiom.cli.main, axiom.cli.experiment.run_sweep"
ARMS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "axiom --help": [str(Path(sys.executable).parent / "axiom"), "--help"],
    "sweep": [sys.executable, "-c", SWEEP],
}


def main() -> int:
    """0 when the help costs at most a tenth of a second."""
    costs: dict[str, list[float]] = {name: [] for name in ARMS}
    for _ in range(ROUNDS):
        for name, command in ARMS.items():
            before = spent()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            costs[name].append(1000 * (spent() - before))
    medians = {name: statistics.median(spent) for name, spent in costs.items()}
    print(f"load  {os.getloadavg()[0]:.2f}")
    for name, median in medians.items():
        print(f"{name.ljust(16)} {median:6.0f} ms of CPU, {median / medians['import click']:.2f} of `import click`")
    return int(medians["axiom --help"] > MOST_MS)


def spent() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
