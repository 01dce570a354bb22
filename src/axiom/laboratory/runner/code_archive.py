"""The runner's own code as one file: what a built runner starts, and what borrows this computer's Python by itself.

The latter is a stand-in for the self-contained runner: it has interpreter, `cryptography`, NumPy and JAX from the
Python that it was made for. So it runs on the laboratory's own computers, and nowhere else.
"""

import hashlib
import shlex
from pathlib import Path

import axiom
from axiom.laboratory.runner.parts import runner_parts
from axiom.signed.bundles import pack_files

_MAIN = b"import sys\n\nfrom axiom.runner.boinc_task import main\n\nsys.exit(main())\n"
_LONGEST = 120  # the kernel reads 127 characters of a first line


def pack_runner_code() -> bytes:
    """Return the code as a file that any Python with its packages starts, the same bytes for the same code."""
    package = Path(axiom.__file__).parent
    files = {f"axiom/{path.relative_to(package).as_posix()}": path.read_bytes() for path in runner_parts(package)}
    return pack_files(files | {"__main__.py": _MAIN})


def pack_stand_in_runner(python: Path) -> bytes:
    return _head(str(python)).encode() + pack_runner_code()


def runner_file_name(raw: bytes) -> str:
    """Name the file after its content: boinc-client keeps what it has under a name, whatever comes later."""
    return f"axiom_runner_{hashlib.sha256(raw).hexdigest()[:16]}.pyz"


def _head(python: str) -> str:
    """The first line, by which the system finds the interpreter; -I: no word of the host's reaches it."""
    if len(python) <= _LONGEST and not any(sign.isspace() for sign in python):
        return f"#!{python} -I\n"
    return f'#!/bin/sh\nexec {shlex.quote(python)} -I "$0" "$@"\n'
