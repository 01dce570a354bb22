"""Brings the packages of a lock, each compared with its hash, and leaves out what no host needs of them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from build_runner.elf import is_elf_at, needed
from build_runner.plan import LOCKS, PYTHON, ROOT

UV = ROOT / ".tools" / "uv" / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
# By the first part of a path: JAX needs `scipy.linalg` alone, and `cryptography` only the compiled part of cffi.
_LEFT_OUT_WHOLE = {"bin", "Scripts", "cffi", "pycparser", "__pycache__"}
_LEFT_OUT_BELOW = (
    *("jax/_src/internal_test_util/", "jax/experimental/jax2tf/", "jax/experimental/pallas/ops/", "jax/tools/"),
    *("scipy/_lib/cobyqa/", "scipy/_lib/pyprima/", "pycparser-"),
)
_LEFT_OUT = {"tests", "__pycache__", "include", "distutils"}
_SUFFIXES = {".pyi", ".pyc", ".h", ".hpp", ".a", ".lib", ".pxd", ".pyx", ".c", ".cpp", ".f90", ".exe", ".pth", ".md"}
_SCIPY = {"_lib", "linalg"}
_INFO = {"METADATA", "entry_points.txt"}
_NAMED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;]+)", re.MULTILINE)
_LOCKED = ("runner", "runner-cuda", "tools")


def lock() -> None:
    """Make the locks anew, with the versions that the laboratory itself is locked to."""
    command = [str(UV), "export", "--frozen", "--no-dev", "--no-emit-workspace", "--no-header", "--no-hashes"]
    pins = subprocess.run(
        [*command, "--quiet", "--format", "requirements-txt"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in _LOCKED:
        compile_one = [str(UV), "pip", "compile", "--quiet", "--universal", "--python-version", PYTHON]
        compile_one += ["--generate-hashes", "--no-annotate", "--no-header", "--only-binary", ":all:"]
        files = [f"{LOCKS / name}.in", "--constraints", "-", "--output-file", f"{LOCKS / name}.lock"]
        subprocess.run([*compile_one, *files], cwd=ROOT, check=True, input=pins, text=True, stdout=subprocess.DEVNULL)


def locked(path: Path) -> set[tuple[str, str]]:
    """Every package and version that a lock names."""
    return set(_NAMED.findall(path.read_text(encoding="utf-8")))


def fetch(lock: Path, target: Path, platform: str = "", python: str = PYTHON) -> None:
    """Put the packages of a lock below a folder: for some platform's Python, or for the one that runs this."""
    where = ["--python-platform", platform, "--python-version", python] if platform else ["--python", sys.executable]
    command = [str(UV), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", *where]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    target_words = ["--target", str(target), "--requirements", str(lock)]
    done = subprocess.run([*command, *target_words], cwd=ROOT, check=False, env=environment)
    if done.returncode:
        raise ValueError(
            f"The packages of {lock.name} could not be fetched, for the reason above, so nothing was built. Is there a "
            "network, or a mirror in UV_DEFAULT_INDEX?"
        )


def is_kept(name: str) -> bool:
    """Does a host need this file of a package? Its name is relative to the folder of packages."""
    path = PurePosixPath(name)
    first, inner = path.parts[0], set(path.parts[1:-1])
    if first in _LEFT_OUT_WHOLE or inner & _LEFT_OUT or path.suffix in _SUFFIXES or name.startswith(_LEFT_OUT_BELOW):
        return False
    if first.endswith(".dist-info"):
        return path.name in _INFO or "licen" in name.lower() or "copying" in name.lower()
    if first == "scipy" and len(path.parts) > 2:
        return path.parts[1] in _SCIPY
    return True


def kept(folder: Path) -> dict[str, Path]:
    """The files of fetched packages that a host needs, by name; without libraries that no kept file asks for."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    names = {name: path for name, path in files.items() if is_kept(name)}
    beside = {name for name in names if name.split("/")[0].endswith(".libs")}
    reached = _asked_for(path for name, path in names.items() if name not in beside)
    while more := {name for name in beside if PurePosixPath(name).name in reached}:
        beside -= more
        reached |= _asked_for(names[name] for name in more)
    return {name: path for name, path in names.items() if name not in beside or not is_elf_at(path)}


def _asked_for(paths: Iterable[Path]) -> set[str]:
    return {library for path in paths if is_elf_at(path) for library in needed(path.read_bytes())}


def installed(folder: Path) -> dict[str, str]:
    """The packages below a folder with their versions."""
    names = (path.name.removesuffix(".dist-info").rsplit("-", 1) for path in folder.glob("*.dist-info"))
    return {name.replace("_", "-"): version for name, version in sorted(names)}
