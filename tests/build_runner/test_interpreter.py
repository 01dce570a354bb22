"""What a runner is made of: a Python that runs from any folder, and locked packages without what no host needs."""

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest
from build_runner import interpreter
from build_runner.elf import cut, glibc, is_elf, needed, newest_glibc, segments
from build_runner.interpreter import version_of
from build_runner.plan import LOCKS, PLATFORMS, ROOT
from build_runner.wheels import installed, is_kept, kept, locked

HERE = f"3.{sys.version_info.minor}"
# What the runner and JAX import of the standard library that is compiled, and where from it comes.
ASK = (
    "import sys, ctypes, hashlib, json, lzma, mmap, multiprocessing, pickle, select, socket, sysconfig, zlib, fcntl\n"
    "import email.parser, importlib.metadata, unittest.mock, xml.parsers.expat\n"
    "assert hashlib.sha256(b'').hexdigest().startswith('e3b0')\n"
    "files = {module.__file__ for module in sys.modules.values() if getattr(module, '__file__', None)}\n"
    "maps = {line.split(maxsplit=5)[-1].strip() for line in open('/proc/self/maps') if '.so' in line}\n"
    "print(*(name for name in files | maps if not name.startswith(sys.argv[1])), sep=chr(10))"
)


def test_it_runs_from_another_folder_without_a_word_from_outside(movable, tmp_path):
    moved = tmp_path / "an other place"
    shutil.copytree(movable, moved)
    command = [moved / "bin" / "python3", "-I", "-B", "-c", ASK, moved]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env={}, cwd=tmp_path).stdout
    names = {Path(line).name.partition(".")[0].partition("-")[0] for line in printed.splitlines()}
    assert names <= {"libc", "libm", "ld"}


def test_no_file_of_it_looks_for_libraries_where_it_was_built(movable):
    prefix = str(sys.base_prefix).encode()
    extensions = sorted(movable.rglob("lib-dynload/*.so"))
    places = [movable / "bin" / "python3", *extensions]
    library = Path(sys.base_prefix, "lib", f"python{HERE}")
    names = (PurePosixPath(path.relative_to(library)) for path in library.glob("lib-dynload/*.so"))
    assert [path.name for path in extensions] == sorted(name.name for name in names if interpreter.is_kept(name)) != []
    assert [path.name for path in places if b"$ORIGIN" not in path.read_bytes()] == []
    if prefix not in {b"/usr", b"/usr/local"}:
        assert [path.name for path in places if b"\0" + prefix + b"/lib\0" in path.read_bytes()] == []


def test_what_a_runner_needs_of_the_standard_library():
    needed = {"os.py", "lib-dynload/_lzma.cpython-311-x86_64-linux-gnu.so", "DLLs/_ctypes.pyd"}
    others = {
        *("test/test_os.py", "site-packages/numpy/__init__.py", "__pycache__/os.cpython-311.pyc"),
        "config-3.11-x86_64-linux-gnu/Makefile",
        "lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so",  # a runner speaks to nobody
    }
    assert {name for name in needed | others if interpreter.is_kept(PurePosixPath(name))} == needed


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (["lib/python3.12", "lib/python3"], "3.12"),
        ([f"lib/python{HERE}", "lib/python3.19"], HERE),
        (["python.exe/", "python312.dll/", "python3.dll/"], "3.12"),
        ([], None),
        (["lib/python3.9"], None),
        (["lib/python3.18", "lib/python3.19"], None),
    ],
)
def test_the_version_of_a_python_is_read_off_its_folder_or_refused(tmp_path, names, version):
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    if version:
        assert version_of(tmp_path) == version
    else:
        with pytest.raises(ValueError, match=str(tmp_path)):
            version_of(tmp_path)


EXTENSIONS = {name: Path(str(find_spec(name).origin)) for name in ("_cffi_backend", "markupsafe._speedups")}
LOAD = "import sys, importlib; sys.path.insert(0, sys.argv[1]); print(importlib.import_module(sys.argv[2]).__file__)"


@pytest.mark.parametrize("name", EXTENSIONS)
def test_what_is_cut_still_loads_and_says_the_same_to_the_linker(name, tmp_path):
    raw = EXTENSIONS[name].read_bytes()
    short = cut(raw)
    assert len(short) < len(raw)
    assert (needed(short), glibc(short), segments(short)) == (needed(raw), glibc(raw), segments(raw))
    assert cut(short) == short
    module = name.rpartition(".")[2]
    place = tmp_path / f"{module}.so"
    place.write_bytes(short)
    command = [sys.executable, "-I", "-c", LOAD, tmp_path, module]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == str(place)


def test_the_newest_c_library_that_a_folder_asks_for_is_found(tmp_path):
    for path in EXTENSIONS.values():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "text").write_text("GLIBC_9.9")
    newest = newest_glibc(tmp_path)
    assert newest == max(glibc(path.read_bytes()) for path in EXTENSIONS.values())
    assert (2, 0) < newest <= tuple(int(part) for part in platform.libc_ver()[1].split("."))


def test_other_files_and_code_for_a_gpu_are_none_of_linuxs():
    assert not any(map(is_elf, (b"MZ\x90\x00\x03\x00", b"", b"\x7fELF\x02\x01")))
    program = b"\x7fELF\x02\x01".ljust(16, b"\0") + b"\x02\x00"
    assert is_elf(program + b"\x3e\x00")
    assert not is_elf(program + b"\xbe\x00")  # of the same form


PACKAGES = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
RUNNERS = [LOCKS / "runner.lock", LOCKS / "runner-cuda.lock"]


@pytest.mark.parametrize("lock", RUNNERS, ids=lambda lock: lock.name)
def test_hosts_compute_with_the_versions_that_the_laboratory_has(lock):
    own = {(package["name"], package["version"]) for package in PACKAGES}
    shared = {(name, version) for name, version in locked(lock) if name in {name for name, _ in own}}
    assert shared <= own
    assert {"jax", "jaxlib", "numpy", "scipy", "cryptography"} <= {name for name, _ in shared}


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.lock")), ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_its_hashes(lock):
    blocks = re.split(r"\n(?=[a-z])", lock.read_text().strip())
    assert len(blocks) == len(locked(lock))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


def test_the_locks_hold_wheels_of_jax_for_every_platform():
    versions = (version for name, version in locked(LOCKS / "runner.lock") if name == "jaxlib")
    oldest = min(versions, key=lambda version: [int(part) for part in version.split(".")])
    (package,) = (row for row in PACKAGES if (row["name"], row["version"]) == ("jaxlib", oldest))
    hashes = set(re.findall(r"sha256:[0-9a-f]{64}", (LOCKS / "runner.lock").read_text()))
    signs = {
        "x86_64-pc-linux-gnu": r"cp311.*manylinux.*x86_64",
        "aarch64-unknown-linux-gnu": r"cp311.*manylinux.*aarch64",
        "windows_x86_64": r"cp311.*win_amd64",
        "arm64-apple-darwin": r"cp311.*macosx.*arm64",
    }
    assert set(signs) == set(PLATFORMS)
    for sign in signs.values():
        wheels = [wheel for wheel in package["wheels"] if re.search(sign, wheel["url"])]
        assert wheels
        assert all(wheel["hash"] in hashes for wheel in wheels)


def test_what_a_host_needs_of_a_package():
    needed = {
        *("jax/_src/core.py", "jax/py.typed", "scipy/linalg/_fblas.so", "scipy.libs/libopenblas.so"),
        *("numpy/testing/__init__.py", "numpy/f2py/__init__.py"),  # scipy asks NumPy for everything that it has
        *("_cffi_backend.so", "jax-0.10.2.dist-info/licenses/LICENSE"),
        "jax_cuda12_plugin-0.10.2.dist-info/entry_points.txt",  # by which JAX finds it
    }
    others = {
        *(
            "jax/_src/internal_test_util/big.py",
            "numpy/_core/tests/test_dot.py",
            "jax/__pycache__/core.cpython-311.pyc",
        ),
        *("numpy/_core/include/numpy/arrayobject.h", "scipy/stats/_stats.so", "cffi/api.py", "bin/f2py"),
        *("jax-0.10.2.dist-info/RECORD", "jax-0.10.2.dist-info/INSTALLER"),  # where it was installed, and when
        "pycparser-3.12.dist-info/METADATA",
    }
    assert {name for name in needed | others if is_kept(name)} == needed


def test_a_library_that_no_kept_file_asks_for_is_left_out(tmp_path):
    site = Path(str(importlib.util.find_spec("scipy").origin)).parents[1]
    libraries, place = tmp_path / "scipy.libs", tmp_path / "scipy" / "linalg"
    libraries.mkdir()
    place.mkdir(parents=True)
    for path in (site / "scipy.libs").iterdir():
        (libraries / path.name).symlink_to(path)
    (libraries / "libnobody-1.so").symlink_to(next((site / "numpy.libs").glob("libscipy_openblas64_*")))
    (fblas,) = (site / "scipy" / "linalg").glob("_fblas.*.so")
    (place / fblas.name).symlink_to(fblas)
    names = {name.split("/")[1].split("-")[0] for name in kept(tmp_path) if name.startswith("scipy.libs/")}
    assert "libnobody" not in names
    assert {"libscipy_openblas", "libgfortran", "libquadmath"} <= names  # the last two asked for by the first
    for name in ("ml_dtypes-0.6.0.dist-info", "jax-0.10.2.dist-info"):
        (tmp_path / name).mkdir()
    assert installed(tmp_path) == {"jax": "0.10.2", "ml-dtypes": "0.6.0"}
