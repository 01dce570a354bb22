"""What the process that computes gives up, for good, before the first line of a bundle runs. Standard library only.

    python -m axiom.runner.confine.confine

says what would hold on this computer. Landlock keeps it from every file but the interpreter's, the system's libraries,
its bundle and its own folder; seccomp from networks, other processes and whatever else computing does not take. Where
Landlock is missing it moves into a file system of its own, and where nothing of that is to be had Python itself
refuses, which keeps honest mistakes out and nobody who means it.
"""

import ctypes
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from axiom.runner.confine import audit_hook, landlock, namespaces, seccomp
from axiom.runner.confine.landlock import Place

if sys.platform != "win32":
    import resource

_NO_NEW_PRIVILEGES = 38  # the kernel's name for it is PR_SET_NO_NEW_PRIVS
_LARGEST_FILE = 256 * 1024 * 1024
_MOST_FILES = 256
_ENDED_FIRST = b"800"  # of 1000: when memory runs out, the kernel ends this process before the volunteer's own
_DISK_TURN = {"x86_64": 251, "aarch64": 30}  # the number of ioprio_set
_WHEN_IDLE = 3 << 13
_LEAST = 19  # the highest niceness
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/usr/share/locale")
WORDS = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/maps",
    "/proc/self/stat",
    "/proc/self/statm",
    "/proc/self/status",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom",
    "/dev/random",
)
# JAX ends without its command line. NVIDIA's driver 570 is said to need the folders and uvm-tools; 580 does not.
_CARD_WORDS = ("/proc/driver/nvidia", "/proc/driver/nvidia-uvm", "/proc/self/cmdline")
_CARDS = re.compile(r"nvidia([0-9]+|ctl|-uvm|-uvm-tools)")
_OWN_THREADS = "/proc/self/task"  # NVIDIA's driver names its threads there, and gives up where it may not


@dataclass(frozen=True, kw_only=True, slots=True)
class Confinement:
    landlock: int  # its version; 0 for none
    enclosure: bool
    seccomp: bool
    fence: bool

    @property
    def sentence(self) -> str:
        holds = [f"Landlock {self.landlock}"] if self.landlock else []
        holds += ["a file system of its own"] if self.enclosure else []
        holds += ["seccomp"] if self.seccomp else []
        holds += ["Python's own audit, which is a fence and no wall"] if self.fence else []
        return "held by " + ", ".join(holds)


def confine(tree: Place, writes: Iterable[Place], *, devices: bool = False) -> Confinement:
    """Hold this process to one bundle and its own folders. It must have no second thread: Landlock would not hold it.

    `devices`: it computes on a graphics card, whose files it needs.
    """
    reads, cards = _readable(os.fspath(tree), devices=devices), _cards() if devices else []
    threads = [_OWN_THREADS] if devices else []
    folders = [os.fspath(folder) for folder in writes]
    _limit()
    if sys.platform != "linux":
        audit_hook.install_audit_hook(reads, folders)
        return Confinement(landlock=0, enclosure=False, seccomp=False, fence=True)
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208  see `Place`
        raise RuntimeError("a thread was started before the process was confined, and would stay free")
    _checked(ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    version = landlock.restrict_thread(reads, folders, [os.devnull], cards, threads)
    is_enclosed = not version and namespaces.enter_namespaces(reads, folders, [os.devnull, *cards, *threads])
    is_filtered = seccomp.install_seccomp(devices=devices)
    needs_fence = not (version or is_enclosed) or not is_filtered
    if needs_fence:
        audit_hook.install_audit_hook(reads, [*folders, *cards, *threads])
    return Confinement(landlock=version, enclosure=is_enclosed, seccomp=is_filtered, fence=needs_fence)


def _readable(tree: str, *, devices: bool) -> list[str]:
    own = {os.path.normpath(place) for place in (sys.base_prefix, sys.prefix, sys.exec_prefix)} - {"/"}
    theirs = () if os.name == "nt" else (*LIBRARIES, *WORDS)  # Windows loads its own whatever Python may open
    return [tree, *sorted(own), *theirs, *(_CARD_WORDS if devices else ())]


def _cards() -> list[str]:
    return sorted(f"/dev/{name}" for name in os.listdir("/dev") if _CARDS.fullmatch(name))  # noqa: PTH208  the same


def _limit() -> None:
    """Limits that the process cannot lift again. Its memory and time are its parent's to watch."""
    if sys.platform == "win32":
        return
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    if sys.platform == "linux":
        _step_back()


def _step_back() -> None:
    """Let everybody else come first at the processors and at the disk, and be the first to go when memory runs out."""
    number = _DISK_TURN.get(os.uname().machine)
    if number is not None:
        ctypes.CDLL(None).syscall(ctypes.c_long(number), 1, 0, _WHEN_IDLE)
    _tell("oom_score_adj", _ENDED_FIRST)
    if os.getsid(0) == os.getpid():
        _tell("autogroup", b"%d" % _niceness())


def _niceness() -> int:
    """How far it gives way. Where Linux shares processors among sessions first, a session of its own has to say so."""
    return _LEAST if os.sched_getscheduler(0) == os.SCHED_IDLE else os.getpriority(os.PRIO_PROCESS, 0)


def _tell(what: str, words: bytes) -> None:
    try:
        place = os.open(f"/proc/self/{what}", os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(place, words)
    except OSError:
        return  # it stands there already, and may not come back
    finally:
        os.close(place)


def _checked(answer: int) -> None:
    if answer != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"the process could not be confined: {os.strerror(code)}")


def main() -> int:
    import tempfile  # not in every process that computes

    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        copy = os.fork() if hasattr(os, "fork") else 0
        if copy:
            return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
        sys.stdout.write(f"What computes is {confine(folder, [folder]).sentence}.\n")
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main())
