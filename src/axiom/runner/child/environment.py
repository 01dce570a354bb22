import os
from pathlib import Path

from axiom.runner.platform.device import Device, device_environment

_KEPT = ("PATH", "LANG", "SYSTEMROOT")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
_PLACES = ("HOME", "TMPDIR", "JAX_COMPILATION_CACHE_DIR")


def child_environment(cache: Path | None = None, device: Device | None = None) -> dict[str, str]:
    """Return the whole environment of a child: one thread, the CPU or a GPU, a compile cache, no word of the host's.

    Whatever else the host sets could change numbers (OPENBLAS_CORETYPE, XLA_FLAGS) or tell secrets (AXIOM_*). Without
    a cache it is that of a child that is told later where it may write.
    """
    places = {} if cache is None else dict.fromkeys(_PLACES, str(cache))
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        "PATH": os.defpath,
        **variables,
        **dict.fromkeys(_ONE_THREAD, "1"),  # NPROC sizes XLA's pool; the flag below alone does not
        **places,
        **({"JAX_PLATFORMS": "cpu"} if device is None else device_environment(device)),
        "PYTHONHASHSEED": "0",  # the order of a set of words is the same in every process of every host
        "MALLOC_ARENA_MAX": "1",  # glibc would hold tens of MB more, for threads that hardly compute
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    }
