"""Landlock: a Linux process gives up, for good, every file that it did not name. The standard library alone.

The rules are the kernel's (linux/landlock.h); an older kernel knows fewer of them, and is asked for no more than it
knows. Only the calling thread is held, and what it starts from then on.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

Place = str | os.PathLike[str]  # `pathlib` takes longer to import than all else that a process does to be confined

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every processor
_ASK_VERSION = 1
_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_TRUNCATE = 1 << 14  # since version 3; before that, seccomp alone refuses to empty what is only read
_COMMAND = 1 << 15  # an ioctl of a device, since version 5; before that, whoever may open a device may command it
_READ = _READ_FILE | _READ_DIR
# No right to remove, to rename or to link: what was written stays where whoever bounds the disk can see it.
_WRITE = _READ | _WRITE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
_USE = _READ_FILE | _WRITE_FILE
_OF_FILES = _USE | _TRUNCATE | _COMMAND
_FILES_BY_VERSION = {1: 13, 2: 14, 3: 15, 5: 16}  # how many rights over files a version knows
_TCP, _TCP_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6  # abstract sockets and signals of whoever is not held like us


def version() -> int:
    return max(0, _call(_CREATE, None, 0, _ASK_VERSION))


def restrict_thread(
    reads: Iterable[Place],
    writes: Iterable[Place],
    uses: Iterable[Place] = (),
    commands: Iterable[Place] = (),
    overwrites: Iterable[Place] = (),
) -> int:
    """Hold this thread to these files and folders, without network; return the version that does, 0 for none.

    `uses` are read and written, and nothing is made beside them; `commands` are devices that take commands (ioctl) as
    well; what `overwrites` holds is written anew, and not read. A path that does not exist is passed over.
    no_new_privs has to be set before.
    """
    abi = version()
    if not abi:
        return 0
    files = (1 << max(count for since, count in _FILES_BY_VERSION.items() if since <= abi)) - 1
    attributes = struct.pack("=QQQ", files, _TCP if abi >= _TCP_SINCE else 0, _SCOPES if abi >= _SCOPES_SINCE else 0)
    rules = _checked(_CREATE, attributes, 24 if abi >= _SCOPES_SINCE else 16 if abi >= _TCP_SINCE else 8, 0)
    try:
        more = ((_USE | _COMMAND, commands), (_WRITE_FILE | _TRUNCATE, overwrites))
        for rights, paths in ((_READ, reads), (_WRITE, writes), (_USE, uses), *more):
            for path in paths:
                _allow(rules, path, rights & files)
        _checked(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return abi


def _allow(rules: int, path: Place, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112  see `Place`
            rights &= _OF_FILES
        _checked(_ADD, rules, _BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _checked(number: int, *words: int | bytes | None) -> int:
    result = _call(number, *words)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock refused call {number}: {os.strerror(code)}")
    return result


def _call(number: int, *words: int | bytes | None) -> int:
    try:
        syscall = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError, TypeError):
        ctypes.set_errno(errno.ENOSYS)
        return -1
    syscall.restype = ctypes.c_long
    wide = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    return int(syscall(ctypes.c_long(number), *wide))
