"""A computer of another platform as a story plays it: boinc-client's folders on Linux, the runner by Wine or qemu."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from boinc_files import Client, Started
from build_runner.emulation import Emulation, find_emulation
from build_runner.plan import PLATFORMS, ROOT
from build_runner.windows_python import fetch_python

from axiom.laboratory.runner.code_archive import pack_runner_code
from axiom.signed.tickets import Order

_BUILT = ROOT / "build" / "platforms"
_CLIENT = Path(__file__).with_name("windows_client.py")
LINUX, WINDOWS, ARM = "x86_64-pc-linux-gnu", "windows_x86_64", "aarch64-unknown-linux-gnu"


def build_runner_for(platform: str) -> Path:
    """Return the folder with this checkout's runner for a platform, built where it is not there yet."""
    words = ["--platform", platform, "--quick", "--if-missing", "--out", str(_BUILT)]
    subprocess.run([str(ROOT / "scripts" / "build-runner"), *words], check=True, stdout=sys.stderr)
    return _BUILT / platform


def windows_python(emulation: Emulation) -> Path:
    """Return Windows' own Python in the folder that emulates it, for the client's part."""
    place = emulation.root / "opt" / "client"
    if not (place / "python" / "python.exe").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        fetch_python(place, PLATFORMS[WINDOWS].wheels)
    return place / "python" / "python.exe"


def client_words(emulation: Emulation) -> list[str]:
    """Return what stands before a program that a client starts there: on Windows a part that Linux' cannot play."""
    if not emulation.is_windows:
        return []
    return emulation.start(windows_python(emulation), "-I", "-X", "utf8", emulation.name_of(_CLIENT))


class EmulatedHost(Client):
    """A host whose programs are those of another platform."""

    def __init__(self, platform: str, lab: Any, folder: Path, ending: Callable[[int], None]) -> None:
        super().__init__(lab, folder, b"", ending)
        self.emulation = None if platform == LINUX else find_emulation(PLATFORMS[platform])
        self.program.unlink()
        for path in (_BUILT / platform).iterdir():
            if path.name.startswith("axiom_"):
                shutil.copy(path, self.project / path.name)
        self.program = next(self.project.glob("axiom_runner_*"))
        self.code = pack_runner_code()
        self.code_name = f"axiom_code_{hashlib.sha256(self.code).hexdigest()[:16]}.pyz"
        self.seen = [folder]

    def slot(self, number: int = 0, **words: Any) -> Path:
        slot = super().slot(number, **words)
        (self.project / self.code_name).write_bytes(self.code)
        link = f"<soft_link>../../projects/{self.project.name}/{self.code_name}</soft_link>\n"
        (slot / "axiom.pyz").write_text(link)
        return slot

    def start(self, slot: Path, order: Order | list[str]) -> Started:
        if self.emulation is None:
            return super().start(slot, order)
        words = order.argv() if isinstance(order, Order) else order
        program = os.path.relpath(self.program, slot)
        if self.emulation.is_windows:
            program = program.replace("/", "\\")
        there = [*client_words(self.emulation), program, *words]
        return Started(slot, self.emulation.words(there, self.seen, place=slot), self.ending)

    def computing(self) -> list[int]:
        """The processes whose command or place lies in this computer's folder, as Linux numbers them."""
        places = {str(self.folder).encode(), str(self.folder).replace("/", "\\").encode()}
        return [pid for pid, command in _commands() if any(place in command for place in places)]

    def cut_the_power(self) -> None:
        """End every process of this computer at once."""
        self.end_all()
        if self.emulation and self.emulation.is_windows:
            self.emulation.run(["wineserver", "--kill=9"])

    def end_all(self) -> None:
        """End what is left of its processes."""
        for pid in self.computing():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _commands() -> Iterator[tuple[int, bytes]]:
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(place.name), (place / "cmdline").read_bytes() + os.fsencode((place / "cwd").readlink())
