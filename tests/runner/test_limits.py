import os
import subprocess
import sys
from pathlib import Path

import pytest

from axiom.runner.host import platform_here
from axiom.runner.limits import environment, parse_ps, usage


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
        "MALLOC_ARENA_MAX": "1",
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    }


def test_usage_counts_cpu_and_memory_of_a_process():
    code = "held = bytearray(10**8); any(range(0)); sum(range(3 * 10**6)); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        cpu, held_mb = usage(process.pid)
        process.communicate("\n")
    assert 0.01 <= cpu < 5
    assert 100 <= held_mb < 200
    assert usage(process.pid) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("00:00:01   2000\n", (1.0, 2.048)),
        ("  0:01.50 1000", (1.5, 1.024)),
        ("2-03:04:05 1000", (183_845.0, 1.024)),
        ("", (0.0, 0.0)),
    ],
)
def test_ps_is_read_where_there_is_no_proc(told, found):
    assert parse_ps(told) == found


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
