"""seccomp: a Linux process gives up, for good, every system call but those that computing takes. Standard library only.

A list of what is allowed, because what a kernel will learn to do cannot be listed. What is refused ends with "not
permitted", so that a program fails where it asked and its failure has a name; a call newer than this list does not
exist, so that the C library takes the older way. Only calls of a foreign kind of program (32-bit code) kill.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_PROCESSORS = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # place in the table, the kernel's name for it
_CALLS = {"x86_64": 317, "aarch64": 277}  # the number of seccomp itself
_FILTER, _ALL_THREADS = 1, 1
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _MASK, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _WORDS_AT = 0, 4, 16
_FIRST_UNKNOWN = 440  # calls from here on are newer than this list; the table may still name one
# What is not there, so that the C library takes another way. The arguments of two lie in memory, where a filter cannot
# look. The third takes any room on the disk at once, faster than anybody looks; without it zeros are written.
_MISSING = {"clone3": errno.ENOSYS, "openat2": errno.ENOSYS, "fallocate": errno.EOPNOTSUPP}
_X32 = 0x40000000  # the other kind of program on x86-64 has its numbers above this
_TEXT = """
access 21 -|brk 12 214|chdir 80 49|clock_getres 229 114|clock_gettime 228 113|clock_nanosleep 230 115|close 3 57
close_range 436 436|copy_file_range 326 285|dup 32 23|dup2 33 -|dup3 292 24|epoll_create1 291 20|epoll_ctl 233 21
epoll_pwait 281 22|epoll_wait 232 -|eventfd2 290 19|exit 60 93|exit_group 231 94|faccessat 269 48|faccessat2 439 439
fadvise64 221 223|fallocate 285 47|fchdir 81 50|fdatasync 75 83|flock 73 32|fstat 5 80|fstatfs 138 44|fsync 74 82
ftruncate 77 46|futex 202 98|getcpu 309 168|getcwd 79 17|getdents 78 -|getdents64 217 61|getegid 108 177
geteuid 107 175|getgid 104 176|getgroups 115 158|getitimer 36 102|getpgid 121 155|getpgrp 111 -|getpid 39 172
getppid 110 173|getpriority 140 141|getrandom 318 278|getresgid 120 150|getresuid 118 148|getrlimit 97 163
getrusage 98 165|getsid 124 156|gettid 186 178|gettimeofday 96 169|getuid 102 174|lseek 8 62|lstat 6 -|madvise 28 233
membarrier 324 283|mincore 27 232|mkdir 83 -|mkdirat 258 34|mprotect 10 226|mremap 25 216|msync 26 227|munmap 11 215
nanosleep 35 101|newfstatat 262 79|pause 34 -|pipe 22 -|pipe2 293 59|poll 7 -|ppoll 271 73|pread64 17 67
preadv 295 69|pselect6 270 72|pwrite64 18 68|pwritev 296 70|read 0 63|readlink 89 -|readlinkat 267 78|readv 19 65
restart_syscall 219 128|rseq 334 293|rt_sigaction 13 134
rt_sigpending 127 136|rt_sigprocmask 14 135|rt_sigreturn 15 139|rt_sigsuspend 130 133|rt_sigtimedwait 128 137
sched_get_priority_max 146 125|sched_get_priority_min 147 126|sched_getaffinity 204 123|sched_getparam 143 121
sched_getscheduler 145 120|sched_yield 24 124|select 23 -|sendfile 40 71|set_robust_list 273 99
set_tid_address 218 96|setitimer 38 103|sigaltstack 131 132|stat 4 -|statfs 137 43|statx 332 291|sysinfo 99 179
time 201 -|times 100 153|umask 95 166|uname 63 160|wait4 61 260|waitid 247 95|write 1 64
writev 20 66|alarm 37 -
clone 56 220|clone3 435 435|fcntl 72 25|ioctl 16 29|kill 62 129|mmap 9 222|open 2 -|openat 257 56|openat2 437 437
prctl 157 167|prlimit64 302 261|tgkill 234 131
"""
# NVIDIA's driver gives up where it is refused one of these. It waits for programs that would share a card's memory, so
# it may have a socket with a name, on which nobody is heard or spoken to; and it hears that there is nothing to remove.
_FOR_DEVICES = "socket 41 198|bind 49 200|listen 50 201|unlink 87 -|unlinkat - 35"
_ANSWERED = {"unlink": errno.ENOENT, "unlinkat": errno.ENOENT}
_UNIX, _PACKETS = 1, 0x80005  # of the kind SOCK_SEQPACKET, closed when a program is started
_COPIES = (0, 1, 2, 3, 4, 1030)  # what fcntl may do besides locks: F_DUPFD, F_GETFD …, F_DUPFD_CLOEXEC
_LOCKS = (5, 6, 7, 36, 37, 38)
_PIPE_SIZE = (1032,)  # asked, never set
_TERMINAL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it one, its size, what waits, to wait, to inherit
_TAKEOVER = (0x5412, 0x541C, 0x5452, 0x8901, 0x8902)  # to type for others, to paste, to have signals sent
_NAMES = (15, 16, 0x53564D41)  # prctl: the name of a thread, read it, the name of some memory
_THREAD = 0x00010000
_UNNAMED_FILE = 0x00400000
_TRUNCATE, _ACCESS = 0x200, 3  # a file is opened to read, to write, for both, or for neither, and emptied
_SHARED_BY_NOBODY = 0x21  # shared memory that no file stands for is not counted against a process's data


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What an argument of a call must be: one of some values or none of them, with all of some bits, or never so.

    `never` is a mask and what may not be left under it.
    """

    argument: int
    one_of: tuple[int, ...] = ()
    none_of: tuple[int, ...] = ()
    with_bits: int = 0
    never: tuple[int, int] = (0, 1)


def demands(own: int, *, devices: bool) -> dict[str, tuple[Demand, ...]]:
    signals = (Demand(argument=0, one_of=(own,)),)
    unnamed = (_UNNAMED_FILE, _UNNAMED_FILE)
    # Landlock before its third version asks nobody whether a file may be emptied that is not opened to be written,
    # and whoever opens for neither is asked for nothing at all.
    emptied, neither = (_TRUNCATE | _ACCESS, _TRUNCATE), (_ACCESS, _ACCESS)
    opened = (unnamed, emptied, neither)
    return {
        "clone": (Demand(argument=0, with_bits=_THREAD),),
        "fcntl": (Demand(argument=1, one_of=_COPIES + _LOCKS + _PIPE_SIZE),),
        "kill": signals,
        "tgkill": signals,
        "mmap": () if devices else (Demand(argument=3, never=(_SHARED_BY_NOBODY, _SHARED_BY_NOBODY)),),
        "open": tuple(Demand(argument=1, never=bits) for bits in opened),
        "openat": tuple(Demand(argument=2, never=bits) for bits in opened),
        "prctl": (Demand(argument=0, one_of=_NAMES),),
        # Limits may be read: nothing is set where no new ones are given (both halves of that address are zero).
        "prlimit64": (Demand(argument=0, one_of=(0, own)), Demand(argument=2, one_of=(0,)), Demand(argument=-2)),
        "socket": (Demand(argument=0, one_of=(_UNIX,)), Demand(argument=1, one_of=(_PACKETS,))),
        "ioctl": (Demand(argument=1, none_of=_TAKEOVER) if devices else Demand(argument=1, one_of=_TERMINAL),),
    }


def table(processor: str, *, devices: bool = False) -> dict[str, int]:
    place, text = _PROCESSORS[processor][0], _TEXT + _FOR_DEVICES if devices else _TEXT
    rows = (row.split() for row in text.replace("\n", "|").strip("|").split("|"))
    return {name: int(numbers[place]) for name, *numbers in rows if numbers[place] != "-"}


def program(processor: str, own: int, *, devices: bool = False) -> bytes:
    steps = [_step(_LOAD, _ARCHITECTURE_AT), _step(_EQUAL, _PROCESSORS[processor][1], 1, 0), _step(_RETURN, _KILL)]
    steps.append(_step(_LOAD, _NUMBER_AT))
    numbers, demanded = table(processor, devices=devices), demands(own, devices=devices)
    answers = _MISSING | _ANSWERED if devices else _MISSING
    for name, number in numbers.items():
        steps += _steps_for(number, demanded.get(name, ()), answer=answers.get(name))
    if processor == "x86_64":
        steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _REFUSE | errno.EPERM)]
    steps += [_step(_AT_LEAST, _FIRST_UNKNOWN, 0, 1), _step(_RETURN, _REFUSE | errno.ENOSYS)]
    steps.append(_step(_RETURN, _REFUSE | errno.EPERM))
    return b"".join(steps)


def _steps_for(number: int, demanded: tuple[Demand, ...], *, answer: int | None) -> list[bytes]:
    if answer is not None:
        body = [_step(_RETURN, _REFUSE | answer)]
    else:
        checks = [step for demand in demanded for step in _check(demand)]
        body = [*checks, _step(_RETURN, _ALLOW)]
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _check(demand: Demand) -> Iterator[bytes]:
    """Load a half of an argument and refuse what is not demanded. A negative argument: the upper half of it is zero.

    The other demands are of the lower half, as the kernel takes no more of those arguments.
    """
    refuse = _step(_RETURN, _REFUSE | errno.EPERM)
    if demand.argument < 0:
        yield from (_step(_LOAD, _WORDS_AT - 8 * demand.argument + 4), _step(_EQUAL, 0, 1, 0), refuse)
        return
    yield _step(_LOAD, _WORDS_AT + 8 * demand.argument)
    if demand.one_of:
        for place, value in enumerate(demand.one_of):
            yield _step(_EQUAL, value, len(demand.one_of) - place, 0)
    elif demand.none_of:
        for place, value in enumerate(demand.none_of):
            yield _step(_EQUAL, value, len(demand.none_of) - place - 1, int(place == len(demand.none_of) - 1))
    elif demand.with_bits:
        yield _step(_MASK, demand.with_bits)
        yield _step(_EQUAL, demand.with_bits, 1, 0)
    else:
        yield _step(_MASK, demand.never[0])
        yield _step(_EQUAL, demand.never[1], 0, 1)
    yield refuse


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)


def install_seccomp(*, devices: bool = False) -> bool:
    """Hold every thread of this process to the list; False where the kernel or the processor knows no such thing.

    no_new_privs has to be set before.
    """
    processor = os.uname().machine
    if sys.platform != "linux" or processor not in _PROCESSORS:
        return False
    steps = program(processor, os.getpid(), devices=devices)
    buffer = ctypes.create_string_buffer(steps, len(steps))
    frame = struct.pack("@HP", len(steps) // 8, ctypes.addressof(buffer))
    words = (ctypes.c_long(word) for word in (_CALLS[processor], _FILTER, _ALL_THREADS))
    return int(ctypes.CDLL(None, use_errno=True).syscall(*words, frame)) == 0
