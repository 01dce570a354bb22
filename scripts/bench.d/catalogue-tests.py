"""How long the tests of the catalogue take on two processors, as `scripts/test tests/catalogue` runs them.

They start from whatever this computer keeps of compiled programs. Ends with 0 only if all passed, in five minutes.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 300.0
PROCESSORS = 2


def main() -> int:
    """0 when every test passed in time."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    ours = sorted(os.sched_getaffinity(0))[:PROCESSORS]
    os.sched_setaffinity(0, ours)  # what we start has no more either
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as scripts/test does
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "suite.py", "-q", "tests/catalogue"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    print(f"{done.stdout.splitlines()[-1] if done.stdout else 'nothing was said'}")
    print(f"{seconds:.0f} s on {len(ours)} processors (at most {MOST_SECONDS:.0f} s)")
    if done.returncode:
        print(done.stdout)
    return int(done.returncode != 0 or seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
