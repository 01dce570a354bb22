"""The first process in the sandbox of untried code: limits itself, gives root's rights away, and becomes another one.

Started as `python -I drop_root.py LIMITS COMMAND...` by `bubblewrap.py`, where the names of limits and the account are
explained. Standard library only. It does this before the command is there, so that nobody need reach into the process.
"""

import json
import os
import sys
from collections.abc import Mapping

if sys.platform != "win32":
    import resource

_NOBODY = 65_534


def main(limits: str, command: list[str]) -> None:
    _hold(json.loads(limits))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    os.execv(command[0], command)  # noqa: S606  there is no shell, on purpose


def _hold(limits: Mapping[str, int]) -> None:
    for name, most in limits.items():
        what = getattr(resource, name)
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
