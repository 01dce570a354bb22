import os
from pathlib import Path

import pytest

from axiom.runner.child.environment import environment
from axiom.runner.platform.host import platform_here


def test_an_environment_holds_one_thread_and_nothing_of_the_hosts(monkeypatch, tmp_path):
    for name in ("AXIOM_HOME", "OPENBLAS_CORETYPE", "XLA_FLAGS", "JAX_ENABLE_X64", "LD_PRELOAD", "PYTHONPATH"):
        monkeypatch.setenv(name, "the host's")
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("SYSTEMROOT", raising=False)
    cache = str(tmp_path)
    assert environment(tmp_path) == {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "HOME": cache,
        "TMPDIR": cache,
        "NPROC": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "1",
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    }


@pytest.mark.parametrize(
    ("flags", "instructions"),
    [
        ("flags : fpu sse4_2", "none"),
        ("flags : fpu avx", "avx"),
        ("flags : avx avx2 avx512f", "avx2"),
        ("flags : avx avx2 avx512f avx512dq avx512vl", "avx512"),
        (None, "avx2"),
    ],
)
def test_the_widest_instructions_name_the_platform(flags, instructions, monkeypatch, tmp_path):
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(flags)
    found = platform_here(path)
    assert (found.system, found.processor, found.instructions) == ("macos", "x86_64", instructions)


def test_an_arm_processor_has_one_set_of_instructions(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert (platform_here().processor, platform_here().instructions) == ("arm64", "neon")


def test_this_host_is_some_platform():
    found = platform_here()
    assert found.system == os.uname().sysname.lower() or found.system == "macos"
    assert Path("/proc/cpuinfo").exists() == (found.system == "linux")
