"""boinc-client as a test plays it: a host's folders, a task's own, and both ends of what is said between them."""

import mmap
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from patience import PATIENCE

from axiom.laboratory.runner.code_archive import runner_file_name
from axiom.runner.files.home import RunnerHome
from axiom.signed.bundles import write_seal
from axiom.signed.outputs import Output, read_output
from axiom.signed.tickets import Order
from axiom.signed.trust import write_trust

KEY_OF_THE_ACCOUNT = "0123456789abcdef0123456789abcdef"
INIT_DATA = """<app_init_data>
<major_version>7</major_version>
<userid>1</userid>
<hostid>{host}</hostid>
<project_preferences>
<hostid>77</hostid>
</project_preferences>
<project_dir>{project}</project_dir>
<authenticator>{secret}</authenticator>
<client_pid>{pid}</client_pid>
<host_info>
    <timezone>0</timezone>
</host_info>
<wu_cpu_time>{cpu}</wu_cpu_time>
</app_init_data>
"""


class Started:
    """A process in a slot, and what its client says and hears."""

    def __init__(self, slot: Path, command: list[str], ending: Callable[[int], None]) -> None:
        self.slot = slot
        shared = slot / "boinc_mmap_file"
        shared.write_bytes(bytes(8192))
        with shared.open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 8192)
        self.told: list[dict[str, float]] = []
        with (slot / "stderr.txt").open("ab") as stderr:
            self.process = subprocess.Popen(command, cwd=slot, stdout=subprocess.DEVNULL, stderr=stderr)
        ending(self.process.pid)

    def say(self, channel: int, text: str) -> None:
        self.shared[channel * 1024 + 1 : channel * 1024 + 2 + len(text)] = text.encode() + b"\0"
        self.shared[channel * 1024] = 1

    def hear(self) -> None:
        self.say(4, "<heartbeat/>")
        if self.shared[5 * 1024]:
            text = self.shared[5 * 1024 + 1 : 6 * 1024].partition(b"\0")[0].decode()
            self.shared[5 * 1024] = 0
            self.told.append({name: float(value) for name, value in re.findall(r"<(\w+)>([^<]+)<", text)})

    def until(self, happened: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < until, (self.told, self.stderr)
            self.hear()
            time.sleep(0.01)

    def end(self) -> int:
        self.until(lambda: self.process.poll() is not None)
        self.hear()
        return self.process.returncode

    @property
    def finished(self) -> list[str] | None:
        path = self.slot / "boinc_finish_called"
        return path.read_text().splitlines() if path.exists() else None

    @property
    def stderr(self) -> str:
        return (self.slot / "stderr.txt").read_text()


class Client:
    def __init__(self, lab: Any, folder: Path, raw: bytes, ending: Callable[[int], None]) -> None:
        self.project = folder / "projects" / "lab.example_axiom"
        self.project.mkdir(parents=True)
        self.folder = folder
        self.ending = ending
        self.lab = replace(lab, home=RunnerHome(self.project / "axiom"))
        self.program = self.project / runner_file_name(raw)
        self.program.write_bytes(raw)
        self.program.chmod(0o755)
        self.files = {
            "trust.json": write_trust(lab.keys.trust, [lab.keys.root]),
            "bundle.zip": lab.archive,
            "bundle.seal": write_seal(lab.seal(), lab.keys.bundle).encode(),
        }

    def slot(self, number: int = 0, *, host: int = 1, pid: int | None = None, cpu: float = 0.0) -> Path:
        """A folder for one task, with links to its files and its output, as the client makes it."""
        slot = self.folder / "slots" / str(number)
        slot.mkdir(parents=True, exist_ok=True)
        for name, body in self.files.items():
            (self.project / f"file_{name}").write_bytes(body)
        for name in (*self.files, "output.jsonl"):
            target = f"../../projects/{self.project.name}/file_{name}" if name in self.files else self.output(number)
            (slot / name).write_text(f"<soft_link>{target}</soft_link>\n")
        (slot / "init_data.xml").write_text(
            INIT_DATA.format(
                host=host, project=self.project, pid=pid or os.getpid(), cpu=cpu, secret=KEY_OF_THE_ACCOUNT
            )
        )
        return slot

    def output(self, number: int = 0) -> str:
        return f"../../projects/{self.project.name}/task_5_{number}"

    def start(self, slot: Path, order: Order | list[str]) -> Started:
        words = order.argv() if isinstance(order, Order) else order
        return Started(slot, [os.path.relpath(self.program, slot), *words], self.ending)

    def read(self, number: int = 0) -> Output:
        return read_output((self.project / f"task_5_{number}").read_bytes(), limit=10**6)


def child(client: Client, cells: int = 1) -> int:
    return int(client.lab.computed[cells - 1].split()[-1])
