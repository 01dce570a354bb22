"""What commands cost before they do anything: CPU of the whole process, against Python alone and a bare click program.

`axiom --help` imports little. What a sweep imports before its first line is measured once more with the dataclasses of
the standard library, from which ours differ by what they cost to make.
"""

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

MOST_MS = 100.0
MOST_SHARE = 0.8  # of what a sweep imports, against the same with the dataclasses of the standard library
ROUNDS = 7
SWEEP = "import axiom.cli.main, axiom.cli.replicates"
PLAIN = f"import dataclasses, axiom.domain.dataclass as ours; ours.dataclass = dataclasses.dataclass; {SWEEP}"
ARMS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "axiom --help": [str(Path(sys.executable).parent / "axiom"), "--help"],
    "sweep": [sys.executable, "-c", SWEEP],
    "sweep, plain": [sys.executable, "-c", PLAIN],
}


def main() -> int:
    """0 when the help costs at most a tenth of a second, and a sweep's imports as much less as they should."""
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
    share = medians["sweep"] / medians["sweep, plain"]
    print(f"a sweep's imports take {share:.2f} of what they take with plain dataclasses (at most {MOST_SHARE})")
    return int(medians["axiom --help"] > MOST_MS or share > MOST_SHARE)


def spent() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
