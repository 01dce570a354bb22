"""Does the suite pass on a slow or a busy computer? Runs it again and again, and lists every test that failed.

    scripts/campaign strain --share 0.33                          each process that tests has a third of a core
    scripts/campaign strain --beside 4 --rounds 3                 four busy processes compute beside it
    scripts/campaign strain --beside 4 --rounds 20 tests/acceptance/test_lab.py …

A share needs root and control groups. Ends with 0 only if no test failed in any round.
"""

import argparse
import collections
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from busy_programs import busy

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "campaigns" / "parts"


def main() -> int:
    """0 when nothing failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tests", nargs="*", help="by default all")
    parser.add_argument("--share", type=float, default=0.0, help="of a core, for each process that tests")
    parser.add_argument("--beside", type=int, default=0, help="busy processes")
    parser.add_argument("--rounds", type=int, default=1)
    wanted = parser.parse_args()
    failed: collections.Counter[str] = collections.Counter()
    sound = 0
    for number in range(1, wanted.rounds + 1):
        with busy(wanted.beside):
            began = time.monotonic()
            lines = tested(wanted.tests, wanted.share)
        sound += bool(lines) and ", 0 failed" in lines[-1]
        failures = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
        failed.update(line.split()[1] for line in failures)
        summary = lines[-1] if lines else "nothing said"
        print(f"round {number:2}: {summary} in {time.monotonic() - began:.0f} s", *failures, sep="\n  ", flush=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{spent.ru_utime + spent.ru_stime:.0f} s of CPU in all, with what computed beside the tests")
    for test, times in failed.most_common():
        print(f"failed in {times} of {wanted.rounds} rounds: {test}")
    return int(sound < wanted.rounds)


def tested(tests: list[str], share: float) -> list[str]:
    """What one run of the suite prints."""
    plugin = ["-p", "held_to_a_share"] if share else []
    environment = os.environ | {"CORE_SHARE": str(share), "PYTHONPATH": str(PLUGINS)}
    command = [sys.executable, str(ROOT / "scripts" / "suite.py"), *plugin, *tests]
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return ended.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
