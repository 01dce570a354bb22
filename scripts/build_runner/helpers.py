"""Programs of the system that a build may need: whoever is root gets what is missing, anybody else the line to type."""

import os
import shutil
import subprocess


def have(program: str, *packages: str) -> str:
    """Return the path of a program, once Debian's packages with it are installed; a ValueError where they are not."""
    path = shutil.which(program)
    line = ["apt-get", "install", "--yes", *packages]
    if path is None and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(line, check=False, env=quiet, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        path = shutil.which(program)
    if path is None:
        raise ValueError(
            f"{program} is not on this computer, so nothing was built. Type this once, on Debian, and then the build "
            f"again: sudo {' '.join(line)}"
        )
    return path
