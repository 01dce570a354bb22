"""A Python that runs from any folder, with nothing of the computer's but the C library."""

import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from build_runner.interpreter import is_kept, version_of

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
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={}, cwd=tmp_path).stdout
    names = {Path(line).name.partition(".")[0].partition("-")[0] for line in said.splitlines()}
    assert names <= {"libc", "libm", "ld"}


def test_no_file_of_it_looks_for_libraries_where_it_was_built(movable):
    prefix = str(sys.base_prefix).encode()
    extensions = sorted(movable.rglob("lib-dynload/*.so"))
    places = [movable / "bin" / "python3", *extensions]
    library = Path(sys.base_prefix, "lib", f"python{HERE}")
    names = (PurePosixPath(path.relative_to(library)) for path in library.glob("lib-dynload/*.so"))
    assert [path.name for path in extensions] == sorted(name.name for name in names if is_kept(name)) != []
    assert [path.name for path in places if b"$ORIGIN" not in path.read_bytes()] == []
    if prefix not in {b"/usr", b"/usr/local"}:
        assert [path.name for path in places if b"\0" + prefix + b"/lib\0" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("os.py", True),
        ("test/test_os.py", False),
        ("site-packages/numpy/__init__.py", False),
        ("config-3.11-x86_64-linux-gnu/Makefile", False),
        ("lib-dynload/_lzma.cpython-311-x86_64-linux-gnu.so", True),
        ("lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", False),  # a runner speaks to nobody
        ("DLLs/_ctypes.pyd", True),
        ("__pycache__/os.cpython-311.pyc", False),
    ],
)
def test_what_a_runner_needs_of_the_standard_library(name, needed):
    assert is_kept(PurePosixPath(name)) is needed


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (["lib/python3.12", "lib/python3"], "3.12"),
        ([f"lib/python{HERE}", "lib/python3.19"], HERE),
        (["python.exe/", "python312.dll/", "python3.dll/"], "3.12"),
    ],
)
def test_the_version_of_a_python_is_read_off_its_folder(tmp_path, names, version):
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    assert version_of(tmp_path) == version


@pytest.mark.parametrize("names", [[], ["lib/python3.9"], ["lib/python3.18", "lib/python3.19"]])
def test_a_folder_without_one_usable_python_is_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ValueError, match=str(tmp_path)):
        version_of(tmp_path)
