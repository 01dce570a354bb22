"""A world of its own for a Linux process: a file system in which nothing exists but what it may see, and no network.

For kernels without Landlock that let anybody make such worlds (user, mount and network namespaces). What may be seen is
mounted again below an empty root, and the root of before is gone. Standard library only.
"""

import contextlib
import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

from axiom.runner.confine.landlock import Place

_NEW = 0x10000000 | 0x00020000 | 0x40000000 | 0x08000000  # user, mount, network, shared memory
_BIND, _RECURSIVE, _PRIVATE, _AGAIN = 4096, 16384, 1 << 18, 32
_READ_ONLY, _NO_RIGHTS, _NO_DEVICES = 1, 2, 4
_KEPT = 0xF | 1024 | 2048  # flags of a mount that may not be taken off, as statvfs gives them
_DETACHED = 2
_PIVOT = {"x86_64": 155, "aarch64": 41}  # the number of pivot_root
_ROOT = ".root"


def enter_namespaces(reads: Sequence[Place], writes: Sequence[Place], uses: Sequence[Place] = ()) -> bool:
    """Move this process into its own world; False where it may not, and then nothing has changed.

    It must have no second thread, and stand in a folder that it may write. What does not exist is passed over.
    """
    copy = os.fork()  # a step that fails leaves a process between two worlds, so another one goes ahead
    if copy == 0:
        with contextlib.suppress(BaseException):
            _enter(reads, writes, uses)
            os._exit(0)
        os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) != 0:
        return False
    _enter(reads, writes, uses)
    return True


def _enter(reads: Sequence[Place], writes: Sequence[Place], uses: Sequence[Place]) -> None:
    from pathlib import Path  # here alone: where Landlock holds, nobody comes here

    here, own = Path.cwd(), (f"{os.getuid()} {os.getuid()} 1", f"{os.getgid()} {os.getgid()} 1")
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.unshare(_NEW), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", own[0]), ("gid_map", own[1])):
        Path("/proc/self", name).write_text(text)
    root = Path(writes[0]) / _ROOT
    root.mkdir(exist_ok=True)
    _mount(libc, None, "/", _RECURSIVE | _PRIVATE)
    _mount(libc, "tmpfs", root, _NO_RIGHTS | _NO_DEVICES, kind="tmpfs")
    for paths, flags in ((reads, _READ_ONLY | _NO_DEVICES), (writes, _NO_DEVICES), (uses, 0)):
        for path in map(Path, paths):
            if path.exists():
                _show(libc, root, path, flags)
    _turn(libc, root)
    os.chdir(here)


def _show(libc: ctypes.CDLL, root: Path, path: Path, flags: int) -> None:
    real = path / os.path.realpath(path)  # which is absolute
    place = root / real.relative_to("/")
    _links(root, path)
    if flags & _READ_ONLY and place.exists() and place.samefile(real):
        return  # a folder above it is there already
    if real.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _mount(libc, real, place, _BIND | _RECURSIVE)
    kept = os.statvfs(place).f_flag & _KEPT
    _mount(libc, None, place, _BIND | _AGAIN | _NO_RIGHTS | flags | kept)


def _links(root: Path, path: Path) -> None:
    for step in (*reversed(path.parents), path):
        copy = root / step.relative_to("/")
        if step.is_symlink() and not copy.is_symlink() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(step.readlink())
            _links(root, step.parent / os.path.normpath(step.parent / step.readlink()))


def _turn(libc: ctypes.CDLL, root: Path) -> None:
    os.chdir(root)
    _checked(libc.syscall(ctypes.c_long(_PIVOT[os.uname().machine]), b".", b"."), "pivot_root")
    _checked(libc.umount2(b".", _DETACHED), "umount")
    _mount(libc, None, "/", _BIND | _AGAIN | _READ_ONLY | _NO_RIGHTS | _NO_DEVICES)


def _mount(libc: ctypes.CDLL, source: object, place: object, flags: int, kind: str | None = None) -> None:
    words = (None if word is None else os.fsencode(str(word)) for word in (source, place, kind))
    _checked(libc.mount(*words, ctypes.c_ulong(flags), None), f"mount {place}")


def _checked(answer: int, what: str) -> None:
    if answer != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
