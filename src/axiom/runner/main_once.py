"""A runner for one order, which stands in its command line."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from axiom.runner.files.home import Home
from axiom.runner.tasks import Runner


def once(words: Sequence[str]) -> int:
    """Obey it, say what went wrong, and return the task's exit status."""
    parser = argparse.ArgumentParser(prog="axiom-runner", allow_abbrev=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--slot", type=Path, required=True)
    known, order = parser.parse_known_args(words)
    home = Home(known.home)
    home.create()
    said = dict(zip(order[::2], order[1::2], strict=False))
    host = said.get("--host", "")
    runner = Runner(home, int(host) if host.isdecimal() else 0)  # an order without a host is refused as such
    now = datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument
    try:
        answer = runner.obey(order, known.slot, now=now, report=_ignore)
    finally:
        runner.stop()
    if answer.message:
        sys.stderr.write(answer.message + "\n")
    return answer.exit


def _ignore(_task: int, _fraction: float, _kept: int) -> None:
    """One order in a command line has nobody who listens."""
