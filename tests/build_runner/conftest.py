"""A small runtime made by the real packer, with the real launcher and the real interpreter in front of it."""

import fcntl
import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

from build_runner import interpreter, tree
from build_runner.archive import QUICK, files_below, write_zip
from build_runner.launcher import Files, Runtime, boot_files, launcher

LARGE = 4_000_000
RUNTIME = Runtime(name="axiom_runtime_00.zip", digest="ab" * 32, needs="it needs glibc 2.35 or newer")
# What stands in the place of the runtime's interpreter: it says who it is, where it runs and what it was asked.
PROGRAM = """#!/bin/sh
echo "$$ {name}" >>started
printf '%s\\n' "$PWD" "$@" >words
env >environment
[ ! -e wait ] || sleep "$(cat wait)"
"""


@dataclass(frozen=True, kw_only=True)
class Built:
    """A launcher and the zip that it was made for."""

    launcher: bytes
    name: str
    zip: bytes

    @property
    def folder(self) -> str:
        return self.name.removeprefix("axiom_").replace("_", "-").removesuffix(".zip")


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Makes a thing that takes seconds, unless another process of this test session has made it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "build_runner"
    folder.mkdir(exist_ok=True)

    def made(name: str, make: Callable[[Path], object]):
        path = folder / f"{name}.pickle"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                place = folder / name
                place.mkdir()
                path.write_bytes(pickle.dumps(make(place)))
        return pickle.loads(path.read_bytes())  # noqa: S301  what another of these processes has just written

    return made


@pytest.fixture(scope="session")
def movable(once) -> Path:
    """This computer's Python, cut down and made to run from any folder."""

    def make(place: Path) -> Path:
        interpreter.copy(Path(sys.base_prefix), place / "tree", tree.patchelf())
        return place / "tree"

    return once("movable", make)


@pytest.fixture(scope="session")
def boot(once, movable) -> Files:
    return once("boot", lambda _: boot_files(movable))


@pytest.fixture(scope="session")
def posix_launcher(once, boot) -> bytes:
    return once("launcher", lambda _: launcher(RUNTIME, boot))


def lay_out(folder: Path, name: str, padding: int = 0) -> Path:
    """A runtime of a few files."""
    files = {
        "bin/python3": PROGRAM.format(name=name).encode(),
        "lib/deep/er/module.py": b"value = 1\n",
        "lib/empty": b"",
        "lib/table": bytes(number % 251 for number in range(20_000)),
    }
    if padding:  # of which nothing compresses the second
        files["lib/long"] = bytes(4 * padding)
        files["lib/large"] = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(padding // 32))
    for file, body in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        path.chmod(0o755 if file.startswith("bin/") else 0o644)
    return folder


def make(folder: Path, boot: Files, name: str, padding: int = 0) -> Built:
    """Build a runner of a small runtime."""
    packed = folder / f"{name}.zip"
    write_zip(packed, files_below(lay_out(folder / name, name, padding)), QUICK)
    raw = packed.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    zip_name = f"axiom_runtime_{digest[:16]}.zip"
    program = launcher(Runtime(name=zip_name, digest=digest, needs="it needs glibc 9.9 or newer"), boot)
    return Built(launcher=program, name=zip_name, zip=raw)


def _runner(name: str, padding: int = 0):
    """A fixture: a runner of this name, made once."""

    @pytest.fixture(scope="session", name=name)
    def made(once, boot) -> Built:
        return once(name, lambda place: make(place, boot, name, padding))

    return made


small, other = _runner("small"), _runner("other")
large = _runner("large", LARGE)  # takes long enough to be killed on the way, with a file longer than any other
