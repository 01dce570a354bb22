"""Programs of the system that tests need and that `scripts/test` unpacks into .tools/parts, without installing them."""

import os
import shutil
from pathlib import Path

_PARTS = Path(__file__).resolve().parents[2] / ".tools" / "parts"
_FOLDERS = ("usr/sbin", "usr/bin", "usr/lib/openssh")


def part(name: str) -> Path:
    """Where a program is: among the unpacked ones, or in the system. Debian's Slurm adds a word to its names."""
    places = [_PARTS / folder for folder in _FOLDERS]
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", ""), "/usr/sbin"])
    for said in (name, f"{name}-wlm"):
        if found := shutil.which(said, path=path):
            return Path(found)
    raise AssertionError(f"there is no {name}: scripts/test unpacks it, or your system has a package for it")


def part_environment() -> dict[str, str]:
    """This process's environment, in which the unpacked programs find their libraries and each other."""
    libraries = [str(one) for one in _PARTS.glob("usr/lib/*-linux-gnu")]
    libraries += [f"{one}/slurm-wlm" for one in libraries]
    paths = [str(_PARTS / folder) for folder in _FOLDERS]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "PATH": os.pathsep.join([*paths, os.environ.get("PATH", "")]),
    }
