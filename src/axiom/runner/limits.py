"""What a computing process may see and use: its environment, and how much it has taken."""

import os
import subprocess
from pathlib import Path

from axiom.runner.device import Device, surroundings

_KEPT = ("PATH", "LANG", "SYSTEMROOT")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
_PLACES = ("HOME", "TMPDIR", "JAX_COMPILATION_CACHE_DIR")
_PROC = Path("/proc")


def environment(cache: Path | None = None, device: Device | None = None) -> dict[str, str]:
    """Return the whole environment of a child: one thread, the CPU or a GPU, a compile cache, no word of the host's.

    Whatever else the host sets could change numbers (OPENBLAS_CORETYPE, XLA_FLAGS) or tell secrets (AXIOM_*). Without
    a cache it is that of a child that is told later where it may write.
    """
    places = {} if cache is None else dict.fromkeys(_PLACES, str(cache))
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        "PATH": os.defpath,
        **kept,
        **dict.fromkeys(_ONE_THREAD, "1"),  # NPROC sizes XLA's pool; the flag below alone does not
        **places,
        **surroundings(device),
        "MALLOC_ARENA_MAX": "1",  # glibc would hold tens of MB more, for threads that hardly compute
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    }


def usage(pid: int) -> tuple[float, float]:
    """Return the CPU seconds that a process has used and the memory that it holds, in MB; zeros once it is gone."""
    return _usage_from_proc(pid) if (_PROC / "self" / "stat").exists() else _usage_from_ps(pid)


def _usage_from_proc(pid: int) -> tuple[float, float]:
    try:
        # The name of the process, in brackets, may hold anything: the fields are counted from its end.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _usage_from_ps(pid: int) -> tuple[float, float]:
    told = subprocess.run(
        ["/bin/ps", "-o", "time=,rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return parse_ps(told)


def parse_ps(told: str) -> tuple[float, float]:
    """Read `ps -o time=,rss=`: CPU time as [[days-]hours:]minutes:seconds, and memory in kB."""
    words = told.split()
    if len(words) != 2:
        return 0.0, 0.0
    days, _, clock = words[0].rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0), int(words[1]) * 1_024 / 1e6
