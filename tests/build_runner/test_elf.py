"""Linux's files are read and cut without any tool of the computer's."""

import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from build_runner.elf import cut, glibc, is_elf, needed, newest_glibc, segments

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
    found = newest_glibc(tmp_path)
    assert found == max(glibc(path.read_bytes()) for path in EXTENSIONS.values())
    assert (2, 0) < found <= tuple(int(part) for part in platform.libc_ver()[1].split("."))


def test_other_files_and_code_for_a_gpu_are_none_of_linuxs():
    assert not is_elf(b"MZ\x90\x00\x03\x00")
    assert not is_elf(b"")
    assert not is_elf(b"\x7fELF\x02\x01")
    program = b"\x7fELF\x02\x01".ljust(16, b"\0") + b"\x02\x00"
    assert is_elf(program + b"\x3e\x00")
    assert not is_elf(program + b"\xbe\x00")  # of the same form
