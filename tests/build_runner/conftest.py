"""A small runtime made by the real packer, with the real launcher and the real interpreter in front of it."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

from runner import interpreter, tree
from runner.archive import QUICK, files_below, write_zip
from runner.launcher import Files, Runtime, boot_files, launcher

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
def movable(tmp_path_factory):
    """This computer's Python, cut down and made to run from any folder."""
    folder = tmp_path_factory.mktemp("movable") / "tree"
    interpreter.copy(Path(sys.base_prefix), folder, tree.patchelf())
    return folder


@pytest.fixture(scope="session")
def boot(movable) -> Files:
    return boot_files(movable)


def lay_out(folder: Path, name: str, padding: int = 0) -> Path:
    """A runtime of a few files."""
    files = {
        "bin/python3": PROGRAM.format(name=name).encode(),
        "lib/deep/er/module.py": b"value = 1\n",
        "lib/empty": b"",
        "lib/table": bytes(number % 251 for number in range(20_000)),
    }
    if padding:  # that nothing compresses
        files["lib/large"] = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(padding // 32))
    for each, body in files.items():
        path = folder / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        path.chmod(0o755 if each.startswith("bin/") else 0o644)
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


@pytest.fixture(scope="session")
def small(tmp_path_factory, boot) -> Built:
    return make(tmp_path_factory.mktemp("small"), boot, "small")


@pytest.fixture(scope="session")
def other(tmp_path_factory, boot) -> Built:
    return make(tmp_path_factory.mktemp("other"), boot, "other")


@pytest.fixture(scope="session")
def large(tmp_path_factory, boot) -> Built:
    """One that takes long enough to be killed on the way."""
    return make(tmp_path_factory.mktemp("large"), boot, "large", padding=16_000_000)
