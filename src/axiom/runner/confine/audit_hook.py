"""Python's own audit as a fence: it refuses files, networks and processes to code that asks Python for them.

For systems whose kernel offers nothing. Machine code goes around it, so it keeps honest mistakes out and no attacker.
"""

import os
import sys
from collections.abc import Iterable
from typing import Any

_READING = ("ctypes.dlopen", "os.listdir", "os.scandir", "shutil.copyfile")
_CHANGING = (
    "os.chflags",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.removexattr",
    "os.rename",
    "os.rmdir",
    "os.setxattr",
    "os.symlink",
    "os.truncate",
    "os.utime",
)
_NEVER = (
    "_winapi.CreateProcess",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.",
    "socket.",
    "subprocess.",
    "winreg.",
)


class _Fence:
    def __init__(self, reads: Iterable[str], writes: Iterable[str]) -> None:
        self._inside = tuple(os.path.realpath(path) for path in (*writes, os.devnull))
        self._seen = (*self._inside, *(os.path.realpath(path) for path in reads))

    def refuse(self, event: str, words: tuple[Any, ...]) -> None:
        if event.startswith(_NEVER):
            raise PermissionError(f"{event} is not for a process that computes")
        if event == "open":
            self._demand(event, words[0], self._inside if _writes(words) else self._seen)
        elif event in _READING:
            self._demand(event, words[0], self._seen)
        elif event in _CHANGING:
            for path in words[:2]:
                if not isinstance(path, int):  # a mode, or a file that is open already
                    self._demand(event, path, self._inside)

    def _demand(self, event: str, path: Any, folders: tuple[str, ...]) -> None:
        if isinstance(path, str | bytes):
            target = os.path.realpath(os.fsdecode(path))
            if not any(target == folder or target.startswith(folder + os.sep) for folder in folders):
                raise PermissionError(f"{event} leads out of what a process that computes may see: {target}")


def install_audit_hook(reads: Iterable[str], writes: Iterable[str]) -> None:
    sys.addaudithook(_Fence(reads, writes).refuse)


def _writes(words: tuple[Any, ...]) -> bool:
    mode, flags = words[1], words[2]
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
