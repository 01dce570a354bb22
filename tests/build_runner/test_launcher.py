"""The launcher and the interpreter behind it, on a host: real shells, real unpacking, real damage."""

import contextlib
import hashlib
import io
import os
import random
import re
import shutil
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest
from build_runner import boot as program
from build_runner.archive import tar_gz
from build_runner.launcher import Runtime, checksum, launcher, needs_of, windows_launcher
from patience import PATIENCE, until

LARGE = 4_000_000
CODE = b"the runner's own code"
CODE_NAME = f"axiom_code_{hashlib.sha256(CODE).hexdigest()[:16]}.pyz"
PLACE = "a folder/with 'quotes' $HOME"


class Host:
    """The folders of boinc-client: one for the project's files, one for each task."""

    def __init__(self, root: Path, project: str = "projects/http___lab.example") -> None:
        self.project = root / project
        self.project.mkdir(parents=True)
        self.slots = root / "slots"
        self.slots.mkdir()
        self.home = self.project / "axiom"

    def bring(self, built) -> Path:
        """What boinc-client has fetched."""
        (self.project / built.name).write_bytes(built.zip)
        (self.project / CODE_NAME).write_bytes(CODE)
        program = self.project / f"axiom_runner_{built.folder[8:]}"
        program.write_bytes(built.launcher)
        program.chmod(0o755)
        return program

    def slot(self, name: str = "0") -> Path:
        folder = self.slots / name
        folder.mkdir(exist_ok=True)
        way = os.path.relpath(self.project / CODE_NAME, folder)
        (folder / "axiom.pyz").write_text(f"<soft_link>{way}</soft_link>\n")
        return folder

    def start(self, program: Path, *words: str, slot: str = "0", **options) -> subprocess.Popen:
        folder = self.slot(slot)
        way = os.path.relpath(program, folder)  # as boinc-client names it
        settings = {"env": {}, "stderr": subprocess.PIPE, "text": True, "errors": "replace"} | options
        return subprocess.Popen([way, *words], cwd=folder, **settings)

    def run(self, program: Path, *words: str, slot: str = "0", **options) -> tuple[int, str]:
        with self.start(program, *words, slot=slot, **options) as process:
            printed = process.communicate(timeout=PATIENCE)[1]
        return process.returncode, printed


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def words(slot: Path, name: str = "words") -> list[str]:
    return (slot / name).read_text().splitlines()


def stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def test_the_runner_starts_in_the_folder_of_the_task_and_unpacks_once(tmp_path, small):
    host = Host(tmp_path, PLACE)
    program = host.bring(small)
    strange = {"LD_LIBRARY_PATH": "../../projects:.", "LD_PRELOAD": "", "PYTHONPATH": "/no", "PYTHONHOME": "/no"}
    orders = ["--task", "a b", "$(touch here)", ""]
    with host.start(program, *orders, env=strange) as process:
        assert process.communicate(timeout=PATIENCE)[1] == ""
    assert process.returncode == 0
    assert (host.slot() / "started").read_text() == f"{process.pid} small\n"
    assert words(host.slot()) == [str(host.slot()), "-I", "-B", str(host.project / CODE_NAME), *orders]
    assert not list(host.slot().glob("boinc_*"))
    environment = (host.slot() / "environment").read_text()
    assert "LD_" not in environment
    assert "PATH=/usr/bin:/bin\n" in environment
    tree = host.home / small.folder
    assert (tree / "lib/deep/er/module.py").read_bytes() == b"value = 1\n"
    assert (tree / "lib/empty").read_bytes() == b""
    modes = {path.name: path.stat().st_mode & 0o777 for path in tree.rglob("*") if path.is_file()}
    assert modes == {"python3": 0o755, "module.py": 0o644, "empty": 0o644, "table": 0o644}
    before = stamps(host.home)
    assert host.run(program) == (0, "")
    assert stamps(host.home) == before


def test_sixteen_first_starts_at_once_unpack_once(host, large):
    program = host.bring(large)
    with contextlib.ExitStack() as stays_open:
        started = [host.start(program, slot=str(number)) for number in range(16)]
        seen = {}
        until(lambda: see(seen, host.home, large.folder, stays_open) or None not in {run.poll() for run in started})
        assert [run.communicate()[1] for run in started] == [""] * 16
        assert {run.returncode for run in started} == {0}
        see(seen, host.home, large.folder, stays_open)
    assert len(seen) == 1
    assert {words(host.slot(str(number)))[0] for number in range(16)} == {str(host.slot(str(n))) for n in range(16)}
    kinds = {path.name.split("-")[0] for path in host.home.iterdir()}
    assert kinds == {"boot", "boot.lock", "runtime", "runtimes.lock"}


def see(seen: dict[int, BinaryIO], home: Path, folder: str, stays_open: contextlib.ExitStack) -> None:
    """Note which file lies there as the runtime's table, unpacked or while the rest is being unpacked.

    It stays open, so that its number is given to no other file; its times change while it is being written.
    """
    for path in home.glob(f"{folder}*/lib/table"):
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as once:
            table = once.enter_context(path.open("rb"))
            if seen.setdefault(os.fstat(table.fileno()).st_ino, table) is table:
                stays_open.push(once.pop_all())


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_small_interpreter_is_put_right_once_while_many_start(host, small, is_damaged):
    program = host.bring(small)
    if is_damaged:
        host.run(program)
        (folder,) = host.home.glob("boot-*")
        change(folder / "boot.py")
    started = [host.start(program, slot=f"many-{number}") for number in range(12)]
    assert [process.communicate()[1] for process in started] == [""] * 12
    assert {process.returncode for process in started} == {0}
    (put,) = host.home.glob("*boot-*")
    assert not is_damaged or put.name == folder.name
    assert not list(host.home.glob(".boot*"))


def killed_half_way(host: Host, program: Path, sign: str) -> bool:
    """Start from nothing and kill it at a sign; False where it was quicker."""
    shutil.rmtree(host.home, ignore_errors=True)
    (host.slot() / "started").unlink(missing_ok=True)
    with host.start(program, start_new_session=True) as process:
        until(lambda: process.poll() is not None or list(host.home.glob(sign)))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode == -signal.SIGKILL and not (host.slot() / "started").exists()


@pytest.mark.parametrize("sign", [".boot.*/lib", "boot-*", "runtime-*.draft", "runtime-*.draft/lib/large"])
def test_a_start_that_is_killed_half_way_is_repaired_by_the_next(host, large, sign):
    program = host.bring(large)
    assert any(killed_half_way(host, program, sign) for _ in range(10))
    assert host.run(program) == (0, "")
    assert (host.home / large.folder / "lib/large").stat().st_size == LARGE
    assert not list(host.home.glob("*.draft"))


def change(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    with path.open("r+b") as file:  # in place, as a failing disk or a careless program would
        file.write(raw)


@pytest.mark.parametrize("damage", ["changed", "added", "removed", "unstamped"])
def test_a_damaged_runtime_is_put_right_before_anything_runs(host, small, damage):
    program = host.bring(small)
    host.run(program)
    tree = host.home / small.folder
    table = tree / "lib/table"
    info, content = table.stat(), table.read_bytes()
    before = sorted(path.relative_to(tree) for path in tree.rglob("*"))
    if damage == "changed":
        change(table)
        os.utime(table, ns=(info.st_atime_ns, info.st_mtime_ns))  # even where its time was put back
    elif damage == "added":
        (tree / "lib" / "deep" / "more.py").write_text("")
    elif damage == "removed":
        table.unlink()
    else:
        tree.with_suffix(".stamp").write_text("")
    assert host.run(program) == (0, "")
    assert sorted(path.relative_to(tree) for path in tree.rglob("*")) == before
    assert table.read_bytes() == content


def test_a_zip_that_is_missing_or_has_a_flipped_bit_runs_nothing(host, small):
    program = host.bring(small)
    for place in (0, 700, -1, None):
        (host.project / small.name).unlink()
        if place is not None:
            raw = bytearray(small.zip)
            raw[place] ^= 4
            (host.project / small.name).write_bytes(raw)
        status, printed = host.run(program)
        assert status == 17
        assert words(host.slot(), "boinc_finish_called") == ["17", printed.strip()[:250]]
        assert not (host.slot() / "started").exists()
        assert not (host.home / small.folder).exists()
        (host.project / small.name).touch()
    shutil.rmtree(host.home)
    (host.home / "boot.lock").mkdir(parents=True)  # nor is an interpreter that cannot be put in its place started
    assert host.run(program)[0] == 17


def flips(raw: bytes) -> list[int]:
    """Every byte of the few lines that nothing covers, and a sample of the rest."""
    head = len(b"\n".join(raw.split(b"\n", 3)[:3]))
    return [*range(0, head, 9), *random.Random(5).sample(range(head + 1, len(raw)), 40)]


def test_a_flipped_bit_in_the_launcher_never_starts_a_runner_of_other_bytes(host, small):
    program = host.bring(small)
    host.run(program)
    table = (host.home / small.folder / "lib/table").read_bytes()
    head = len(b"\n".join(small.launcher.split(b"\n", 3)[:3]))
    for place in flips(small.launcher):
        raw = bytearray(small.launcher)
        raw[place] ^= 1 << place % 7
        program.write_bytes(raw)
        (host.slot() / "started").unlink(missing_ok=True)
        try:
            status, _ = host.run(program)
        except OSError:
            continue  # the kernel does not take the first line, nor would it for boinc-client
        if place > head:
            assert status == 17, place
            assert not (host.slot() / "started").exists(), place
        assert (host.home / small.folder / "lib/table").read_bytes() == table


# No file may get longer than this many blocks of 512 bytes: what a full disk looks like from inside, without one.
SMALL_FILES = "trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""


@pytest.mark.parametrize("blocks", [200, 30_000], ids=["interpreter", "runner"])
def test_a_full_disk_puts_the_task_off_and_leaves_nothing_half_done(host, large, blocks):
    program = host.bring(large)
    limited = (Path("/bin/sh"), "-c", SMALL_FILES.format(blocks=blocks), "sh", str(program))
    put_off = host.slot() / "boinc_temporary_exit"
    put_off.mkdir()
    assert host.run(*limited)[0] == 15  # not even the delay can be written
    put_off.rmdir()
    (host.slot() / "boinc_finish_called").unlink(missing_ok=True)
    status, printed = host.run(*limited)
    assert status == 0
    assert put_off.read_text().splitlines() == ["600", printed.splitlines()[-1][:250]]
    assert not list(host.slot().glob("boinc_finish_called"))
    assert not list(host.home.glob("*.draft"))
    assert not (host.slot() / "started").exists()
    assert host.run(program) == (0, "")  # there is room again
    assert (host.slot() / "started").exists()


def test_small_interpreters_that_no_launcher_names_go_after_a_day(host, small):
    program, second = host.bring(small), host.project / "axiom_runner_second"
    second.write_bytes(b"#!/bin/sh\nboot=$home/boot-needed\n")
    host.run(program)
    for name in ("boot-needed", "boot-old", "boot-young", ".boot.17"):
        (host.home / name).mkdir()
        if name != "boot-young":
            os.utime(host.home / name, (1, 1))
    (own,) = {path.name for path in host.home.glob("boot-*-*")}
    os.utime(host.home / own, (1, 1))
    assert host.run(program) == (0, "")
    assert {path.name for path in host.home.glob("*boot*") if path.is_dir()} == {own, "boot-needed", "boot-young"}


def test_a_runtime_is_neither_mended_nor_removed_while_a_task_computes_with_it(host, small, other):
    old, new = host.bring(small), host.bring(other)
    zipped, module = host.project / small.name, host.home / small.folder / "lib/deep/er/module.py"
    (host.slot("long") / "wait").write_text(str(PATIENCE))
    with host.start(old, slot="long", start_new_session=True) as busy:
        until((host.slot("long") / "started").exists)
        before = module.stat().st_ino
        module.chmod(0o600)  # as a careless program would; its content is what it was
        status, _ = host.run(old, slot="1")
        assert (status, module.stat().st_ino) == (0, before)
        assert (host.slot("1") / "boinc_temporary_exit").read_text().startswith("600\n")
        host.run(new, slot="2")
        assert module.exists()  # two versions are current, as one for GPUs would be
        zipped.unlink()
        host.run(new, slot="2")
        assert module.exists()
        zipped.write_bytes(small.zip)
        os.killpg(busy.pid, signal.SIGKILL)
    assert host.run(old, slot="1") == (0, "")
    assert module.stat().st_mode & 0o777 == 0o644
    zipped.unlink()
    host.run(new, slot="2")
    names = {path.name for path in host.home.glob("runtime-*")}
    assert names == {other.folder, f"{other.folder}.held", f"{other.folder}.stamp"}


ON_WINDOWS = {
    "python.exe": b"program",
    "python311.dll": b"library",
    "DLLs/_lzma.pyd": b"extension",
    "Lib/os.pyc": b"module",
    "Lib/encodings/__init__.pyc": b"package",
    "boot.py": b"boot",
}
RUNTIME = Runtime(name="axiom_runtime_00.zip", digest="ab" * 32, needs="it needs glibc 2.35 or newer")


def test_a_launcher_is_whole_and_the_same_for_the_same_files(boot, posix_launcher):
    assert posix_launcher == launcher(RUNTIME, dict(reversed(boot.items())))
    windows = windows_launcher(RUNTIME, {name: (raw, 0o644) for name, raw in ON_WINDOWS.items()})
    for raw in (posix_launcher, next(iter(windows.values()))[0]):
        assert not re.search(rb"@[A-Z0-9]+@", raw[:8_000].partition(b"exec ")[0])
        assert RUNTIME.digest.encode() in raw
    assert "2.35" in needs_of((2, 35))
    assert "glibc" not in needs_of((0, 0))


def test_the_lines_that_nothing_covers_are_three_and_need_no_more_than_posix(posix_launcher):
    lines = posix_launcher.split(b"\n", 3)
    assert lines[0] == b"#!/bin/sh"
    assert checksum(lines[3]).encode() in lines[2]


def test_the_small_interpreter_brings_what_the_program_imports_and_little_else(boot):
    names = {name.rpartition("/")[2].partition(".")[0] for name in boot}
    assert {"boot", "python3", "lzma", "zipfile", "hashlib", "shutil", "threading"} <= names
    assert not names & {"_ssl", "ctypes", "socket", "asyncio", "site-packages"}
    assert len(tar_gz(boot)) < 12_000_000
    assert boot["boot.py"][0] == Path(program.__file__).read_bytes()


def test_windows_gets_each_file_of_the_interpreter_under_a_name_made_of_its_bytes():
    files = windows_launcher(RUNTIME, {name: (raw, 0o644) for name, raw in ON_WINDOWS.items()})
    for name, (raw, _) in files.items():
        stem, digest, ending = re.fullmatch(r"axiom_([a-z]+)_([0-9a-f]{16})\.([a-z]+)", name).groups()
        assert digest == hashlib.sha256(raw).hexdigest()[:16]
        assert (stem, ending) == ("runner", "cmd") or raw in ON_WINDOWS.values() or ending in {"zip", "pth"}
    text = next(raw for name, (raw, _) in files.items() if name.startswith("axiom_runner_")).decode("ascii")
    copied = dict(re.findall(r'copy /b "%project%(\S+)" "%draft%\\(\S+)"', text))
    assert sorted(copied.values()) == [
        "_lzma.pyd",
        "boot.py",
        "python.exe",
        "python311._pth",
        "python311.dll",
        "python311.zip",
    ]
    assert text.count("\n") == text.count("\r\n")
    library = next(files[part][0] for part, name in copied.items() if name == "python311.zip")
    with zipfile.ZipFile(io.BytesIO(library)) as archive:
        assert archive.namelist() == ["encodings/__init__.pyc", "os.pyc"]
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
