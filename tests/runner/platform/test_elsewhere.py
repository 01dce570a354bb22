"""What the runner is on systems that are not here: it can be imported on Windows, and a child ends with its parent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom.runner
from axiom.runner.platform.system import system

FOLDER = Path(axiom.runner.__file__).parent
MODULES = sorted(
    ".".join(("axiom.runner", *path.relative_to(FOLDER).with_suffix("").parts))
    for path in FOLDER.rglob("*.py")
    if path.stem != "__init__"
)
CHOSEN = "axiom.runner.platform.posix"  # elsewhere alone
# What Python has on Linux and not on Windows, as far as a program could ask for it.
MISSING = ("fcntl", "resource", "termios", "pwd", "grp", "pty", "_posixsubprocess")
LACKING = {
    "os": "fork getuid getgid killpg sysconf uname statvfs O_NOFOLLOW O_NONBLOCK setsid getpriority mkfifo",
    "signal": "SIGKILL SIGSTOP SIGCONT SIGHUP",
    "mmap": "MAP_PRIVATE MAP_ANONYMOUS PROT_READ",
}
AS_ON_WINDOWS = f"""
import ctypes, importlib, os, sys, types
from unittest import mock

modules = {MODULES!r}
for name in modules:  # so that whatever they need of the standard library is there already
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "axiom"]:
    del sys.modules[name]
sys.modules.update(dict.fromkeys({MISSING!r}))  # None: an ImportError
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
for module, names in {LACKING!r}.items():
    for name in names.split():
        delattr(importlib.import_module(module), name)
ctypes.WinDLL = mock.MagicMock()
sys.platform = "win32"
for name in modules:
    if name != {CHOSEN!r}:
        importlib.import_module(name)
assert {CHOSEN!r} not in sys.modules
print(type(sys.modules["axiom.runner.platform.system"].system).__name__)
"""
# A parent that starts a child as on a system whose kernel does not end it, says its number, and waits to be killed.
AS_ELSEWHERE = """
import os, subprocess, sys
script = sys.argv[1] + "/axiom/runner/child/child.py"
words = [sys.executable, "-I", "-c", "import sys; sys.platform = 'darwin'; exec(open(" + repr(script) + ").read())"]
child = subprocess.Popen([*words, str(os.getpid()), sys.argv[1]], stdin=sys.stdin, stdout=sys.stdout)
print(child.pid, flush=True)
sys.exit(child.wait())
"""


def test_every_module_of_the_runner_can_be_imported_on_windows():
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Windows\n"


@pytest.mark.parametrize("ends", ["killed", "closes the pipe"])
def test_a_child_ends_with_its_parent_where_no_kernel_sees_to_that(ends, ending):
    source = str(FOLDER.parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", AS_ELSEWHERE, source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        ending(child)
        if ends == "killed":
            time.sleep(0.7)  # it has looked for its parent at least once
            assert system.threads(child) == 2
            parent.kill()  # its pipes stay open: they are ours
            assert parent.stdout.read() == ""  # the child held this end of the pipe, and is gone
        else:
            parent.communicate(timeout=PATIENCE)
            assert parent.returncode == 0
