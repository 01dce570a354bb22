"""Plays boinc-client's part on Windows, by Windows' own Python: what its Linux client cannot be for a Windows program.

    python.exe windows_client.py LAUNCHER WORD...

in the folder of a task that a client of Linux has made. That one keeps its messages in a file; Windows' client keeps
them in memory with a name. Both are kept the same here while the launcher runs, whose status is this one's.
"""

import mmap
import os
import re
import subprocess
import sys
import time
from pathlib import Path

_SIZE, _CHANNELS = 1024, 8
_TO_TASK = (0, 2, 4, 7)  # process control, graphics, heartbeat, trickles down; the others lead back
_NAME = "boinc_under_wine_{}"


def pump(ours: mmap.mmap, theirs: mmap.mmap) -> None:
    """Hand on what waits in either, where there is room for it in the other."""
    for channel in range(_CHANNELS):
        source, target = (theirs, ours) if channel in _TO_TASK else (ours, theirs)
        start = channel * _SIZE
        if source[start] and not target[start]:
            target[start + 1 : start + _SIZE] = source[start + 1 : start + _SIZE]
            target[start] = 1
            source[start] = 0


def main() -> int:
    name = _NAME.format(os.getpid())
    setup = Path("init_data.xml")
    text = setup.read_text(encoding="utf-8")
    text = re.sub(r"\s*<comm_obj_name>[^<]*</comm_obj_name>", "", text)
    words = f"<client_pid>{os.getpid()}</client_pid>\n<comm_obj_name>{name}</comm_obj_name>"
    setup.write_text(re.sub(r"<client_pid>[0-9]+</client_pid>", words, text), encoding="utf-8")
    ours = mmap.mmap(-1, _SIZE * _CHANNELS, tagname=f"shm_{name}")  # type: ignore[call-arg]  # which Windows alone has
    with open("boinc_mmap_file", "r+b") as file:  # noqa: PTH123  as the client does
        theirs = mmap.mmap(file.fileno(), _SIZE * _CHANNELS)
    task = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    while task.poll() is None:
        pump(ours, theirs)
        time.sleep(0.02)
    pump(ours, theirs)
    return task.returncode


if __name__ == "__main__":
    sys.exit(main())
