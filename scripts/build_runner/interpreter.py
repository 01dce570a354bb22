"""Copies a Python with what it needs and without what no runner uses, so that it runs from any folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

from build_runner.elf import cut, needed
from build_runner.emulation import Emulation

_OLDEST = 11
_FOLDERS = {
    *("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "sqlite3", "distutils", "venv"),
    *("site-packages", "dist-packages", "pydoc_data", "__pycache__", "curses", "dbm", "msilib", "wsgiref"),
}
_FILES = {"turtle.py", "antigravity.py", "this.py", "LICENSE.txt", "EXTERNALLY-MANAGED", "sitecustomize.py"}
# Extensions that need a library which nothing of the runner uses; no TLS, since a runner speaks to nobody.
_EXTENSIONS = re.compile(
    r"^(_ssl|_hashlib|_msi|winsound|_sqlite3|_tkinter|_curses.*|readline|nis|ossaudiodev|spwd|_g?dbm|_crypt|_uuid|_bz2|audioop"
    r"|_test.*|_xx.*|xx.*|_ctypes_test|_codecs_(cn|hk|iso2022|jp|kr|tw)|_multibytecodec|_tkinter)\."
)
# What every Linux that runs boinc-client has (manylinux says so of wheels): glibc's own, and C++'s two.
_SYSTEM = re.compile(r"^(ld-linux.*|lib(c|m|dl|pthread|rt|util|resolv|stdc\+\+|gcc_s)\.so\.[0-9]+)$")
_FOUND = re.compile(r"^\s*(\S+) => (/\S+)", re.MULTILINE)
_SETTINGS = b"# What this Python was built with is of no use on a host.\nbuild_time_vars = {}\n"


def version_of(prefix: Path) -> str:
    """Return the minor version of the Python in a folder; of several, the one that runs this."""
    if (prefix / "python.exe").exists():
        names = {path.stem.removeprefix("python3") for path in prefix.glob("python3?*.dll")}
    else:
        names = {path.name.removeprefix("python3.") for path in (prefix / "lib").glob("python3.*") if path.is_dir()}
    versions = {f"3.{name}" for name in names if name.isdigit() and int(name) >= _OLDEST}
    here = f"3.{sys.version_info.minor}"
    if len(versions) == 1 or here in versions:
        return here if here in versions else versions.pop()
    raise ValueError(
        f"{prefix} holds no Python 3.{_OLDEST} or newer that could be told from others, so nothing was built. Give the "
        "folder that holds bin and lib of a standalone Python, or its python.exe: --interpreter DIR."
    )


def copy(prefix: Path, tree: Path, patchelf: Path | None, emulation: Emulation | None = None) -> Path:
    """Copy the Python of a prefix, which may be that of another system; return the folder of packages in the copy."""
    if (prefix / "python.exe").exists():
        return _copy_windows(prefix, tree)
    python = f"python{version_of(prefix)}"
    library = tree / "lib" / python
    _put(prefix / "bin" / python, tree / "bin" / "python3")
    _copy_library(prefix / "lib" / python, library)
    for path in library.glob("_sysconfigdata*.py"):
        path.write_bytes(_SETTINGS)
    for path in sorted((prefix / "lib").glob(f"lib{python}*.dylib")):
        _put(path, tree / "lib" / path.name)
    if patchelf is not None:
        _make_movable(prefix, tree, library, patchelf, emulation)
    is_debian = "dist-packages" in (library / "site.py").read_text(encoding="utf-8")
    return library / ("dist-packages" if is_debian else "site-packages")


def _copy_windows(prefix: Path, tree: Path) -> Path:
    for path in sorted(prefix.iterdir()):
        if path.suffix in {".exe", ".dll"} and not path.name.startswith("pythonw"):
            _put(path, tree / path.name)
    _copy_library(prefix / "Lib", tree / "Lib")
    _copy_library(prefix / "DLLs", tree / "DLLs")
    return tree / "Lib" / "site-packages"


def _copy_library(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        name = PurePosixPath(path.relative_to(source).as_posix())
        if path.is_file() and is_kept(name):
            _put(path, target / name)


def is_kept(name: PurePosixPath) -> bool:
    """Does a runner need this file of the standard library? Its name is relative to that library."""
    if set(name.parts[:-1]) & _FOLDERS or any(part.startswith("config-") for part in name.parts[:-1]):
        return False
    source = f"{name.stem}.py" if name.suffix == ".pyc" else name.name
    return source not in _FILES and name.suffix not in {".a", ".exe"} and not _EXTENSIONS.match(name.name)


def _make_movable(prefix: Path, tree: Path, library: Path, patchelf: Path, emulation: Emulation | None) -> None:
    """Put the libraries beside the program and let every file look for them there first, wherever the folder lies."""
    source = prefix / "lib" / library.name / "lib-dynload"
    extensions = [source / path.name for path in sorted((library / "lib-dynload").glob("*.so"))]
    files = [prefix / "bin" / library.name, *extensions]
    places = _places(files, emulation)
    for name in sorted(_closure({name for path in files for name in needed(path.read_bytes())}, places)):
        _put(places[name], tree / "lib" / name)
    for path, place in (
        (tree / "bin" / "python3", "$ORIGIN/../lib"),
        *((path, "$ORIGIN") for path in sorted((tree / "lib").glob("*.so*"))),
        *((path, "$ORIGIN/../..") for path in sorted((library / "lib-dynload").glob("*.so"))),
    ):
        subprocess.run([str(patchelf), "--force-rpath", "--set-rpath", place, str(path)], check=True)
        path.write_bytes(cut(path.read_bytes()))


def _closure(names: set[str], places: dict[str, Path]) -> set[str]:
    """The libraries that are asked for, and those that they ask for, but what every Linux has."""
    libraries: set[str] = set()
    waiting = {name for name in names if not _SYSTEM.match(name)}
    while waiting:
        name = waiting.pop()
        libraries.add(name)
        more = {library for library in needed(places[name].read_bytes()) if not _SYSTEM.match(library)}
        waiting |= more - libraries
    return libraries


def _places(paths: list[Path], emulation: Emulation | None) -> dict[str, Path]:
    """Where the dynamic linker finds each library on this computer, or in the folder of another system."""
    root = emulation.root if emulation else Path("/")
    command = ["ldd", *(f"/{path.relative_to(root)}" for path in paths)]
    if emulation is not None:
        output = emulation.run(command)
    else:
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: root / place.lstrip("/") for name, place in _FOUND.findall(output)}


def _put(source: Path, target: Path) -> None:
    """Copy what a path leads to, and whether it may be run."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
