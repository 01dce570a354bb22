"""Real parts that tests meet and that a computer may lack: where they are, and what is said of one that is missing.

A test that needs one is skipped on a person's computer, with the sentence below; where CI=true `scripts/test` counts
that as a failure. `scripts/test` installs most of them, and unpacks Slurm and the ssh server into .tools/parts.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from axiom.runner.confine.landlock import version

SYSTEM_PYTHON = Path("/usr/bin/python3")  # which any account of this computer may run
_LANDLOCK_OF_DEVICES = 5
_PARTS = Path(__file__).resolve().parents[2] / ".tools" / "parts"
_FOLDERS = ("usr/sbin", "usr/bin", "usr/lib/openssh")
_MOUNTS = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount"]
_PARTS_OF = {  # the programs without which a part is not there, and the reason why a test is skipped
    "chromium": (("chromium",), "no Chromium here"),
    "boinc": (("boinc", "boinccmd"), "no BOINC client here"),
    "bwrap": (("bwrap",), "no bubblewrap here"),
    "slurm": (("slurmctld", "slurmd", "slurmstepd", "sbatch", "scontrol", "munged"), "no Slurm here"),
    "ssh": (("ssh", "sshd", "ssh-keygen"), "no ssh server here"),
    "systemd": (("systemd-analyze",), "no systemd here"),
    "uv": (("uv",), "no uv here"),
    "ps": (("ps",), "no ps here"),
    "nginx": (("nginx",), "no nginx here"),
    "caddy": (("caddy",), "no Caddy here"),
}


def part(name: str) -> Path:
    """Where a program is: among the unpacked ones, or in the system."""
    found = _found(name)
    assert found, f"there is no {name}: scripts/test unpacks it, or your system has a package for it"
    return found


def part_environment() -> dict[str, str]:
    """This process's environment, in which the unpacked programs find their libraries and each other."""
    libraries = [str(folder) for folder in _PARTS.glob("usr/lib/*-linux-gnu")]
    libraries += [f"{folder}/slurm-wlm" for folder in libraries]
    paths = [str(_PARTS / folder) for folder in _FOLDERS]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "PATH": os.pathsep.join([*paths, os.environ.get("PATH", "")]),
    }


def missing(*parts: str) -> str:
    """Why these parts cannot be met here; nothing where all are there. `mounts` are disks of a process's own."""
    reasons = [reason for name in parts if (reason := _reason(name))]
    return ", ".join(reasons)


def need(*parts: str) -> pytest.MarkDecorator:
    reason = missing(*parts)
    return pytest.mark.skipif(bool(reason), reason=reason)


def skip_without(*parts: str) -> None:
    if reason := missing(*parts):
        pytest.skip(reason)


@functools.cache
def _reason(name: str) -> str:
    if name == "root":
        return "" if os.geteuid() == 0 else "not root here"
    if name == "mounts":
        return "" if _can_mount() else "no disks of one's own here"
    if name == "system python":
        return "" if _is_new_enough(SYSTEM_PYTHON) else "no new enough Python of the system's own here"
    if name == "landlock of devices":
        return "" if version() >= _LANDLOCK_OF_DEVICES else "no Landlock here that asks who commands a device"
    programs, reason = _PARTS_OF[name]
    return "" if all(map(_found, programs)) else reason


def _found(name: str) -> Path | None:
    """Debian's Slurm adds a word to its names, and our own tools lie apart."""
    ours = [str(_PARTS / folder) for folder in _FOLDERS] + [str(_PARTS.parent / "uv" / "bin")]
    path = os.pathsep.join([*ours, os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=path) or shutil.which(f"{name}-wlm", path=path)
    return Path(found) if found else None


def _is_new_enough(python: Path) -> bool:
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", code], check=False).returncode == 0


def _can_mount() -> bool:
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    return subprocess.run([*_MOUNTS, "true"], capture_output=True, check=False).returncode == 0
