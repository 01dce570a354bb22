"""Makes BOINC's main program: a text for the system's shell, and behind it the interpreter that unpacks the runtime."""

import base64
import hashlib
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from build_runner.archive import mode_of, tar_gz
from build_runner.elf import is_elf, needed

_HERE = Path(__file__).parent
_COMPARED_FROM = 3  # lines of the head that the rest's checksum does not cover, since it stands in them
_PLACE = re.compile(rb"@([A-Z0-9]+)@")
_LINE = 64  # letters, as in every certificate
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

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


def windows_launcher(runtime: Runtime, boot: Files) -> bytes:
    """Return the launcher for Windows' command processor, with the interpreter in the text form of certificates."""
    payload = tar_gz(boot)
    values = {
        "BOOT": hashlib.sha256(payload).hexdigest()[:16],
        "RUNTIME": runtime.name,
        "SHA256": runtime.digest,
    }
    text = _filled((_HERE / "head.cmd").read_bytes(), values).decode()
    letters = base64.b64encode(payload).decode()
    body = [letters[start : start + _LINE] for start in range(0, len(letters), _LINE)]
    return "\r\n".join([*text.splitlines(), _BEGIN, *body, _END, ""]).encode()


def _filled(text: bytes, values: dict[str, str]) -> bytes:
    """The text with its places filled; one that has no value yet stays."""
    return _PLACE.sub(lambda place: values.get(place[1].decode(), place[0].decode()).encode(), text)


def checksum(raw: bytes) -> str:
    """Return what POSIX's `cksum` says of these bytes: every host has it, and few have a digest in their shell."""
    return subprocess.run(["cksum"], input=raw, check=True, capture_output=True).stdout.decode().strip()


def boot_files(tree: Path) -> Files:
    """Return what the small interpreter needs of a runtime's, asked of that interpreter itself: it must run here."""
    is_windows = (tree / "python.exe").exists()
    python = tree / "python.exe" if is_windows else tree / "bin" / "python3"
    paths = {python, *_imported(python, tree)}
    paths |= set(tree.glob("*.dll")) | set((tree / "lib").glob("*.dylib")) | _libraries(paths, tree)
    files = {name: (path.read_bytes(), mode_of(path)) for name, path in (_short(path, tree) for path in paths)}
    return files | {"boot.py": ((_HERE / "boot.py").read_bytes(), 0o644)}


def _short(path: Path, tree: Path) -> tuple[str, Path]:
    """A module's bytecode in place of its source, where there is any; the interpreter takes either."""
    compiled = next(iter((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")), None)
    if path.suffix != ".py" or compiled is None:
        return path.relative_to(tree).as_posix(), path
    return path.with_suffix(".pyc").relative_to(tree).as_posix(), compiled


def _imported(python: Path, tree: Path) -> set[Path]:
    """The files of every module that is there once `boot.py` has all that it may import."""
    ask = (
        "import sys; sys.path.insert(0, sys.argv[1]); import boot, importlib, encodings.utf_8\n"
        "for name in boot.MODULES: importlib.import_module(name)\n"
        "for module in list(sys.modules.values()):\n"
        "    print(getattr(getattr(module, '__spec__', None), 'origin', None) or '')\n"
    )
    output = subprocess.run(
        [str(python), "-I", "-S", "-B", "-X", "utf8", "-c", ask, str(_HERE)],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}},
    ).stdout
    paths = {Path(line) for line in output.splitlines() if line.startswith(f"{tree}{os.sep}")}
    return paths | set(tree.glob("lib/python3.*/os.py")) | set(tree.glob("Lib/os.py"))  # by these it knows its folder


def _libraries(paths: set[Path], tree: Path) -> set[Path]:
    """The libraries beside the interpreter that these files ask for, and those that they ask for."""
    libraries: set[Path] = set()
    waiting = list(paths)
    while waiting:
        raw = waiting.pop().read_bytes()
        names = needed(raw) if is_elf(raw) else []
        fresh = {path for name in names if (path := tree / "lib" / name).exists()} - libraries
        libraries |= fresh
        waiting += fresh
    return libraries


def needs_of(glibc: tuple[int, int]) -> str:
    """Say what a host must have, for the sentence that it reads where the interpreter does not run."""
    return f"it needs glibc {'.'.join(map(str, glibc))} or newer" if any(glibc) else "its system's log says more"
