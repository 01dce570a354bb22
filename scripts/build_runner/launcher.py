"""Makes BOINC's main program: a text for the system's shell, and with it the interpreter that unpacks the runtime."""

import hashlib
import io
import os
import re
import shlex
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from build_runner.archive import mode_of, tar_gz
from build_runner.elf import is_elf, needed
from build_runner.emulation import Emulation
from build_runner.libraries import read_imports

_HERE = Path(__file__).parent
_COMPARED_FROM = 3  # lines of the head that the rest's checksum does not cover, since it stands in them
_PLACE = re.compile(rb"@([A-Z0-9]+)@")
_LIBRARY = re.compile(r"python3[0-9]+\.dll")

Files = dict[str, tuple[bytes, int]]  # contents and modes by name


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """What a launcher is made for: the zip, and what a host must have, in words."""

    name: str
    digest: str
    needs: str


def launcher(runtime: Runtime, boot: Files) -> bytes:
    """Return the launcher for POSIX's shell; the same bytes for the same files."""
    names = sorted(boot)
    whole = checksum(b"".join(boot[name][0] for name in names))
    head = (_HERE / "head.sh").read_bytes()
    values = {
        "BOOT": whole.replace(" ", "-"),
        "FILES": " ".join(shlex.quote(name) for name in names),
        "SUM": whole,
        "NEEDS": runtime.needs,
        "RUNTIME": shlex.quote(runtime.name),
        "SHA256": runtime.digest,
        "LINE": str(head.count(b"\n") + 1),
    }
    lines = _filled(head, values).split(b"\n", _COMPARED_FROM)
    rest = lines.pop() + tar_gz(boot)
    return _filled(b"\n".join(lines), {"REST": checksum(rest)}) + b"\n" + rest


def windows_launcher(runtime: Runtime, boot: Files) -> Files:
    """Return what boinc-client brings to Windows: the launcher for its command processor, and the interpreter's files.

    Each goes by a name that says what is in it. Windows has no program that unpacks what a text carries and that no
    scanner of viruses minds; so every program stays the file that its maker signed.
    """
    parts = {_part_name(name, raw): (name, raw) for name, (raw, _) in sorted(_together(boot).items())}
    copies = [f'copy /b "%project%{part}" "%draft%\\{name}" >nul || goto full' for part, (name, _) in parts.items()]
    values = {
        "BOOT": hashlib.sha256("".join(parts).encode()).hexdigest()[:16],
        "COPIES": "\r\n".join(copies),
        "RUNTIME": runtime.name,
        "SHA256": runtime.digest,
    }
    text = _filled((_HERE / "head.cmd").read_bytes().replace(b"\n", b"\r\n"), values)
    return {_part_name("runner.cmd", text): (text, 0o755)} | {name: (raw, 0o644) for name, (_, raw) in parts.items()}


def _part_name(name: str, raw: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    letters = "".join(letter for letter in stem if letter.isalpha())
    return f"axiom_{letters}_{hashlib.sha256(raw).hexdigest()[:16]}.{ending.strip('_')}"


def _together(boot: Files) -> Files:
    """The files of Windows' small interpreter as they lie in one folder: its library as the zip that it looks for."""
    programs = {name.rpartition("/")[2]: file for name, file in boot.items() if not name.startswith("Lib/")}
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as library:  # stored: what opens it has nothing yet that unpacks
        for name, (raw, _) in sorted(boot.items()):
            if name.startswith("Lib/"):
                library.writestr(zipfile.ZipInfo(name.removeprefix("Lib/")), raw)
    stem = next(name for name in programs if _LIBRARY.fullmatch(name)).removesuffix(".dll")
    path = f"{stem}.zip\r\n.\r\n".encode()  # and nowhere else, whatever else that computer has of Python
    return programs | {f"{stem}.zip": (zipped.getvalue(), 0o644), f"{stem}._pth": (path, 0o644)}


def _filled(text: bytes, values: dict[str, str]) -> bytes:
    """The text with its places filled; one that has no value yet stays."""
    return _PLACE.sub(lambda place: values.get(place[1].decode(), place[0].decode()).encode(), text)


def checksum(raw: bytes) -> str:
    """Return what POSIX's `cksum` says of these bytes: every host has it, and few have a digest in their shell."""
    return subprocess.run(["cksum"], input=raw, check=True, capture_output=True).stdout.decode().strip()


def boot_files(tree: Path, emulation: Emulation | None = None) -> Files:
    """Return what the small interpreter needs of a runtime's, asked of that interpreter itself: it must run here."""
    is_windows = (tree / "python.exe").exists()
    python = tree / "python.exe" if is_windows else tree / "bin" / "python3"
    paths = {python, *_imported(python, tree, emulation)}
    paths |= set((tree / "lib").glob("*.dylib")) | _libraries(paths, tree)
    files = {name: (path.read_bytes(), mode_of(path)) for name, path in (_short(path, tree) for path in paths)}
    return files | {"boot.py": ((_HERE / "boot.py").read_bytes(), 0o644)}


def _short(path: Path, tree: Path) -> tuple[str, Path]:
    """A module's bytecode in place of its source, where there is any; the interpreter takes either."""
    compiled = next(iter((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")), None)
    if path.suffix != ".py" or compiled is None:
        return path.relative_to(tree).as_posix(), path
    return path.with_suffix(".pyc").relative_to(tree).as_posix(), compiled


def _imported(python: Path, tree: Path, emulation: Emulation | None) -> set[Path]:
    """The files of every module that is there once `boot.py` has all that it may import."""
    ask = (
        "import sys; sys.path.insert(0, sys.argv[1]); import boot, importlib, encodings.utf_8, os\n"
        "for name in boot.MODULES: importlib.import_module(name)\n"
        "for module in list(sys.modules.values()):\n"
        "    origin = getattr(getattr(module, '__spec__', None), 'origin', None) or ''\n"
        "    if origin.startswith(sys.prefix + os.sep):\n"
        "        print(os.path.relpath(origin, sys.prefix).replace(os.sep, '/'))\n"
    )
    words = ["-I", "-S", "-B", "-X", "utf8", "-c", ask, str(_HERE)]
    if emulation is not None:
        output = emulation.run(emulation.start(python, *words), [tree, _HERE])
    else:
        output = _said_by([str(python), *words])
    paths = {tree / line for line in output.splitlines()}
    return paths | set(tree.glob("lib/python3.*/os.py")) | set(tree.glob("Lib/os.py*"))  # by these it knows its folder


def _said_by(command: Sequence[str]) -> str:
    environment = {"PATH": os.defpath, **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def _libraries(paths: set[Path], tree: Path) -> set[Path]:
    """The libraries beside the interpreter that these files ask for, and those that they ask for."""
    libraries: set[Path] = set()
    waiting = list(paths)
    while waiting:
        fresh = {path for path in _asked_for(waiting.pop(), tree) if path.exists()} - libraries
        libraries |= fresh
        waiting += fresh
    return libraries


def _asked_for(path: Path, tree: Path) -> set[Path]:
    if path.suffix in {".exe", ".dll", ".pyd"}:
        return {tree / name for name in read_imports(path)}
    raw = path.read_bytes()
    return {tree / "lib" / name for name in needed(raw)} if is_elf(raw) else set()


def needs_of(glibc: tuple[int, int]) -> str:
    """Say what a host must have, for the sentence that it reads where the interpreter does not run."""
    return f"it needs glibc {'.'.join(map(str, glibc))} or newer" if any(glibc) else "its system's log says more"
