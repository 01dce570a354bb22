"""How quick the Pythons of this computer are at work like Axiom's, in turns: `scripts/bootstrap.sh` chooses by this.

Ends with 0 if the one that Axiom runs on here needs at most a quarter more than the quickest.
"""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

PACE = Path(__file__).resolve().parents[1] / "pace.py"
ROUNDS = 7
MOST = 1.25


def main() -> int:
    """Measure each in each round."""
    times: dict[str, list[int]] = {name: [] for name in pythons()}
    for _ in range(ROUNDS):
        for name, taken in times.items():
            output = subprocess.run([name, "-I", PACE], capture_output=True, text=True, check=True).stdout
            taken.append(int(output))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    quickest = min(medians.values())
    for name, median in sorted(medians.items(), key=lambda pair: pair[1]):
        version = subprocess.run([name, "-V"], capture_output=True, text=True, check=True).stdout.strip()
        rounds = " ".join(str(duration) for duration in times[name])
        print(f"{shown(name):28} {version:16} {median / quickest:5.2f} of the quickest   (µs: {rounds})")
    return int(medians[sys.executable] > MOST * quickest)


def pythons() -> list[str]:
    """Ours, the first of each name on the PATH, and the system's; each file once."""
    minors = [f"python3.{minor}" for minor in range(11, 15)]
    ours = Path(sys.executable).parent
    outside = os.pathsep.join(place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != ours)
    on_path = (shutil.which(name, path=outside) for name in ("python3", *minors))
    by_path = {Path(sys.executable): sys.executable}
    for name in (*on_path, *(f"/usr/bin/{minor}" for minor in minors)):
        if name and Path(name).exists() and works(name):
            by_path.setdefault(Path(name).resolve(), name)
    return list(by_path.values())


def works(name: str) -> bool:
    """Is it new enough, and more than a name?"""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([name, "-c", check], capture_output=True, check=False).returncode == 0


def shown(name: str) -> str:
    """Without the way to somebody's home."""
    if name == sys.executable:
        return "Axiom's, here"
    return name if name.startswith("/usr/bin/") else f"{Path(name).name} elsewhere"


if __name__ == "__main__":
    sys.exit(main())
