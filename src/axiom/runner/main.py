"""The runner's two ways to start: one order in the command line, or many on standard input.

    python -m axiom.runner.main --home DIR --slot DIR --task … --host … --bundle … --seeds … --ticket …
    python -m axiom.runner.main --serve [--low-priority]

The first ends with the task's exit status. The second can be started before it is known for whom: its child imports
meanwhile what nearly every experiment needs. What is said to it stands in `serving.py`. Here nothing is imported that
takes long, so that this child is on its way before its parent is ready.
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from axiom.runner.child.environment import environment
from axiom.runner.child.gate import Ended
from axiom.runner.child.spawn import NEARLY_ALWAYS, spawn

_MODEST = 10  # above the lowest, 19: who builds the runner beside us has that, and comes behind


def main(argv: Sequence[str] | None = None) -> int:
    """Start in one of the two ways and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    is_serving = words[:1] == ["--serve"]
    signal.signal(signal.SIGTERM, _end)
    try:
        if is_serving:
            if "--low-priority" in words:
                _step_back()
            process = spawn(environment(), NEARLY_ALWAYS)
            from axiom.runner.main_serving import serve  # takes as long as the child takes for what it imports

            serve(process)
        from axiom.runner.main_once import once

        return once(words)
    except (Ended, KeyboardInterrupt):
        from axiom.domain.work import Exit

        return 0 if is_serving else Exit.ABORTED_BY_USER


def _step_back() -> None:
    """Let a person's programs on this computer come first, and still get something where they never rest."""
    if hasattr(os, "nice"):
        os.nice(_MODEST)


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the way out is taken once
    raise Ended


if __name__ == "__main__":
    raise SystemExit(main())
