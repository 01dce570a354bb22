"""The sandbox of untried code: bubblewrap around a process that gives up everything else by itself, too.

    python -m axiom.runner.confine.bubblewrap

says whether one can be entered on this computer. In it there is no network, no other process and no file but the
interpreter's, the system's libraries, one unpacked bundle, and a folder to write to; whoever computes in it has no
rights, also where root started it. It fails closed: without bubblewrap nothing is computed, in no lesser way either.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from axiom.errors import NoSandbox
from axiom.runner.confine import confine

_PROGRAM = "bwrap"
_PACKAGE = Path(__file__).parents[2]  # the folder `axiom`, of which the child's script is a part
_FIRST = Path(__file__).with_name("drop_root.py")
_NOBODY = 65_534  # who computes where root asks for it
_LONGEST = 6 * 3_600  # CPU seconds of one process, for all of its cells
_LEAST_MB = 2_000.0  # of memory for any process: as much as importing may take
_RESERVED, _RESERVED_BYTES = 2, 10**9  # what is reserved and not used counts, too; what is held is seen by looking
_LARGEST_FILE = 256 * 1024 * 1024
_MOST_FILES = 256
_ENTERING = 30.0  # seconds: a world is made in a hundredth of one, and a busy computer takes its time
_LOOK = 0.005
_ROOMY = 512  # processes and threads, beside those that the same account has elsewhere
_MISSING = (
    "There is no bwrap on this computer, and untried code is run in bubblewrap's sandbox alone. Nothing was computed, "
    "and nothing is judged. On Debian and its kin: apt-get install bubblewrap; docs/howto/preflight.md says more."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    tree: Path  # what is read: the bundle
    room: Path  # below which folders are that may be written, once they were given
    memory_mb: float = _LEAST_MB  # that may be held in it
    parent: int = 1  # bubblewrap's own process in that world: it ends the others when it is ended itself

    @property
    def own(self) -> Path:
        return self.room / "own"

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
        program = shutil.which(_PROGRAM)
        if sys.platform != "linux" or program is None:
            raise NoSandbox(_MISSING)
        if os.geteuid() == 0:
            _open_up(self.tree)
        self.own.mkdir(exist_ok=True)
        self.give(self.own)
        hear, say = os.pipe()
        with os.fdopen(hear, "rb") as info:
            try:
                process = subprocess.Popen(
                    [program, *_walls(self.tree, self.room, say), *_first(self.memory_mb), *words],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=dict(environment),
                    pass_fds=[say],
                    start_new_session=True,
                )
            except OSError as error:
                raise NoSandbox(_refusal(str(error))) from error
            finally:
                os.close(say)
            try:
                return process, _await_command(process, info)
            except BaseException:
                _end(process)
                raise

    def give(self, folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)


def missing_sandbox_advice() -> str:
    if sys.platform == "linux" and shutil.which(_PROGRAM) is not None:
        return ""
    return "No sandbox here, so nothing new reaches volunteers. On Debian and its kin: sudo apt-get install bubblewrap"


def demand_sandbox() -> None:
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        tree, room = Path(folder) / "tree", Path(folder) / "room"
        tree.mkdir()
        room.mkdir()
        words = [sys.executable, "-I", "-c", "input()"]
        process, _ = Sandbox(tree=tree, room=room).start(words, {"PATH": os.defpath})
        try:
            _, printed = process.communicate(b"\n", timeout=_ENTERING)
        except subprocess.TimeoutExpired:
            raise NoSandbox(_refusal("what was started in it does not end")) from None
        finally:
            _end(process)
        if process.returncode != 0:
            raise NoSandbox(_refusal(_last_line(printed)))


def _await_command(process: subprocess.Popen[bytes], info: IO[bytes]) -> int:
    until = time.monotonic() + _ENTERING
    raw = info.read() if select.select([info], [], [], _ENTERING)[0] else b""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        first = int(json.loads(raw)["child-pid"])
        while time.monotonic() < until and process.poll() is None:
            for number in _children_of(first):
                if _is_command(number):
                    return number
            time.sleep(_LOOK)
    try:
        _, printed = process.communicate(timeout=max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise NoSandbox(_refusal(f"bubblewrap makes no world in {_ENTERING:.0f} seconds")) from None
    raise NoSandbox(_refusal(_last_line(printed)))


def _children_of(parent: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):  # it has ended meanwhile
            if folder.name.isdecimal():
                # The name of a process, in brackets, is its own to choose: fields are counted from its end.
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[1]) == parent:
                    yield int(folder.name)


def _is_command(number: int) -> bool:
    """Is it ours, and no step of bubblewrap's own on the way?"""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/cmdline").read_bytes().startswith(os.fsencode(sys.executable) + b"\0")
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _walls(tree: Path, room: Path, say: int) -> list[str]:
    rights = ["--cap-drop", "ALL"]
    rights += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if os.geteuid() == 0 else ["--unshare-user"]
    shown = [path for path in _readable_folders() if os.path.exists(path)]  # noqa: PTH110  False, too, where one may not look
    _demand_no_home(shown)
    above = {parent for path in (*shown, tree, room) for parent in path.parents if parent != Path("/")}
    return [
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--hostname", "sandbox", "--info-fd", str(say), *rights),
        *(word for path in sorted(above) for word in ("--dir", str(path))),
        *("--proc", "/proc", "--dev", "/dev"),
        *(word for path in shown for word in ("--ro-bind", str(path), str(path))),
        *("--bind", str(room), str(room), "--ro-bind", str(tree), str(tree)),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(room / "own")),
    ]


def _readable_folders() -> list[Path]:
    own = {Path(place) for place in (sys.base_prefix, sys.prefix, sys.exec_prefix)}
    own |= {path.resolve() for path in own}
    own -= {Path("/"), Path("/usr")}  # a system's own interpreter: its libraries are named below
    steps = [path for path in _links(Path(sys.executable)) if not own & set(path.parents)]
    words = [Path(word) for word in confine.WORDS if word.startswith(("/etc/", "/sys/"))]
    return [*sorted(own), *map(Path, confine.LIBRARIES), *steps, *words, _PACKAGE]


def _links(path: Path) -> list[Path]:
    steps = [path]
    while path.is_symlink():
        path = Path(os.path.normpath(path.parent / path.readlink()))
        steps.insert(0, path)
    return steps


def _demand_no_home(shown: Sequence[Path]) -> None:
    home = Path.home()
    for path in shown:
        if path.is_dir() and (home == path or path in home.parents):
            raise NoSandbox(
                f"The sandbox of untried code would show {home}, for the interpreter is installed in {path}. Nothing "
                "was computed, and nothing is judged. Use an interpreter that has a folder of its own, as uv and "
                "python -m venv make one."
            )


def _first(memory_mb: float) -> list[str]:
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": _LONGEST,
        "RLIMIT_DATA": int(_RESERVED * max(_LEAST_MB, memory_mb) * 1e6) + _RESERVED_BYTES,
        "RLIMIT_FSIZE": _LARGEST_FILE,
        "RLIMIT_NOFILE": _MOST_FILES,
        "RLIMIT_NPROC": _ROOMY + _thread_count(),
    }
    return [sys.executable, "-I", str(_FIRST), json.dumps(limits)]


def _open_up(tree: Path) -> None:
    """Let anybody read an unpacked bundle, whatever this process's own files are like; nobody reaches it elsewhere."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _thread_count() -> int:
    account = os.geteuid() or _NOBODY
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                count += sum(1 for _ in (folder / "task").iterdir()) if folder.stat().st_uid == account else 0
            except OSError:  # it has ended meanwhile
                continue
    return count


def _last_line(printed: bytes) -> str:
    words = printed.decode(errors="replace").strip().splitlines()
    return words[-1] if words else "it ended at once"


def _refusal(why: str) -> str:
    what = "docs/howto/preflight.md says what may stand in the way."
    if "namespace" in why or "uid map" in why:
        what = "This system may forbid user namespaces; docs/howto/preflight.md says what to allow."
    return f"The sandbox of untried code cannot be entered: {why}. Nothing was computed, and nothing is judged. {what}"


def main() -> int:
    try:
        demand_sandbox()
    except NoSandbox as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write("Untried code runs in a sandbox: bubblewrap.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
