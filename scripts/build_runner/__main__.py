"""Builds the runner: scripts/build-runner [--platform P] [--interpreter DIR] [--gpu] [--quick] [--out DIR].

What a host gets lies in OUT/<platform>[-<plan class>]/: the launcher, the runtime's zip, the list of what is in it, and
`built.json`, which is written last and says that the folder is whole, and what the runner was proven by. OUT is
build/runners, or build/test-runners for --quick. On Linux the runners for Windows and for arm64 are made, too: Windows'
Python is fetched, arm64's is Debian's, and both compute here by Wine or qemu before anybody is offered them; root makes
the Debian for that once. For macOS the wheels alone are packed, which nobody is offered, unless it has an interpreter.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from build_runner import building, wheels
from build_runner.archive import BEST, QUICK
from build_runner.emulation import can_emulate, find_emulation
from build_runner.plan import PLATFORMS, ROOT, Order


def main(arguments: Sequence[str]) -> int:
    """0 when what was asked for is there."""
    wanted = _parser().parse_args(arguments)
    if wanted.lock:
        wheels.lock()
        return 0
    platform = PLATFORMS[wanted.platform]
    own = platform.system == sys.platform and platform.processor == building.processor()
    try:
        emulation = None if own or not can_emulate(platform) else find_emulation(platform)
        here = Path(sys.base_prefix) if own else None
        order = Order(
            platform=platform,
            interpreter=wanted.interpreter or (emulation.python if emulation else here),
            has_gpu=wanted.gpu,
            preset=QUICK if wanted.quick else BEST,
        )
        out = (wanted.out or _usual(is_quick=wanted.quick)).resolve()
        built = building.build(order, out, is_enough=wanted.if_missing, emulation=emulation)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 2
    for line in built:
        print(line)
    return 0


def _usual(*, is_quick: bool) -> Path:
    """Where a build belongs: what was made for tests must not lie where a laboratory looks for what it offers."""
    return ROOT / "build" / ("test-runners" if is_quick else "runners")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/build-runner", description="Builds the self-contained runner.")
    parser.add_argument("--platform", choices=sorted(PLATFORMS), default="x86_64-pc-linux-gnu", help="BOINC's name")
    parser.add_argument(
        "--interpreter", type=Path, metavar="DIR", help="a Python for that platform (default: this one)"
    )
    parser.add_argument("--gpu", action="store_true", help="with CUDA, for the plan class nv")
    parser.add_argument("--quick", action="store_true", help="a larger zip, in a fraction of the time: for tests")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/runners, quick ones build/test-runners")
    parser.add_argument("--if-missing", action="store_true", help="nothing to do where a whole one of this code lies")
    parser.add_argument("--lock", action="store_true", help="make the locks of packages anew, and nothing else")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
