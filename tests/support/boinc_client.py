"""A volunteer with the stock BOINC client: each in a folder of its own, started and spoken to as a person would.

The client's own waits are cut to what its command line allows; nothing else of it is changed.
"""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patience import PATIENCE
from processes import fields, free_port

BOINC, BOINCCMD = shutil.which("boinc") or "boinc", shutil.which("boinccmd") or "boinccmd"
_PASSWORD = secrets.token_hex(8)  # of the client's own control port
_CC = """<cc_config><log_flags><sched_op_debug>1</sched_op_debug><unparsed_xml>1</unparsed_xml></log_flags>
<options><allow_multiple_clients>1</allow_multiple_clients><skip_cpu_benchmarks>1</skip_cpu_benchmarks>
<report_results_immediately>1</report_results_immediately><no_info_fetch>1</no_info_fetch>
<dont_contact_ref_site>1</dont_contact_ref_site><suppress_net_info>1</suppress_net_info>
<fetch_on_update>1</fetch_on_update>{options}</options></cc_config>
"""
_PREFERENCES = """<global_preferences><run_on_batteries>1</run_on_batteries>
<run_if_user_active>1</run_if_user_active><suspend_cpu_usage>0</suspend_cpu_usage>
<work_buf_min_days>0.0001</work_buf_min_days><work_buf_additional_days>0.0001</work_buf_additional_days>
<max_ncpus_pct>100</max_ncpus_pct><cpu_usage_limit>100</cpu_usage_limit><disk_interval>5</disk_interval>
<disk_max_used_gb>10</disk_max_used_gb><disk_min_free_gb>0.1</disk_min_free_gb>
<ram_max_used_busy_pct>{memory:.4f}</ram_max_used_busy_pct><ram_max_used_idle_pct>{memory:.4f}</ram_max_used_idle_pct>
{more}</global_preferences>
"""
_STAMP = "%d-%b-%Y %H:%M:%S"  # of a line in the client's log
_CALLS = "Sending scheduler request"  # with which the log begins what it says of a call
_GPUS = (
    "<coproc><type>NVIDIA</type><count>2</count><peak_flops>1e12</peak_flops><device_nums>0 1</device_nums></coproc>"
)


@dataclass(frozen=True, kw_only=True)
class Person:
    email: str
    password: str
    key: str


def register(address: str, name: str = "Ann") -> Person:
    """Open an account as the client does it on behalf of a person."""
    email, password = f"{name.lower()}-{secrets.token_hex(4)}@example.org", secrets.token_hex(8)
    hashed = hashlib.md5((password + email).encode(), usedforsecurity=False).hexdigest()
    query = urllib.parse.urlencode({"email_addr": email, "passwd_hash": hashed, "user_name": name})
    with urllib.request.urlopen(f"{address}create_account.php?{query}", timeout=PATIENCE) as reply:  # noqa: S310  our own
        said = reply.read().decode()
    found = re.search(r"<authenticator>([0-9a-f]{32})</authenticator>", said)
    assert found, said
    return Person(email=email, password=password, key=found[1])


@dataclass
class Client:
    folder: Path
    address: str
    port: int
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    within: Sequence[str] = ()  # the words by which its network is entered, where it has one of its own

    def say(self, *words: object) -> str:
        done = subprocess.run(
            [*self.within, BOINCCMD, "--host", f"127.0.0.1:{self.port}", "--passwd", _PASSWORD, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.stdout + done.stderr

    def update(self) -> None:
        """Call the laboratory now, whatever the client is waiting for."""
        self.say("--project", self.address, "update")

    def tasks(self) -> list[dict[str, str]]:
        """What the client has, each with its fields as boinccmd prints them."""
        return _blocks(self.say("--get_tasks"))

    def project(self) -> dict[str, str]:
        found = [each for each in _blocks(self.say("--get_project_status")) if each.get("master URL") == self.address]
        return found[0] if found else {}

    def task(self, number: int) -> dict[str, str]:
        """The laboratory's task of this number as the client has it; empty where it does not."""
        return next((each for each in self.tasks() if each["name"].endswith(f"-t{number}_0")), {})

    def is_computing(self, number: int) -> bool:
        return self.task(number).get("active_task_state") == "EXECUTING"

    def host(self) -> int:
        """The number by which the laboratory knows this computer; 0 before they have met."""
        try:
            said = re.findall(r"<hostid>([0-9]+)</hostid>", (self.folder / "client_state.xml").read_text())
        except FileNotFoundError:
            return 0
        return int(said[0]) if said else 0

    def credit(self) -> float:
        return float(self.project().get("user_total_credit", "0"))

    def log(self) -> str:
        return (self.folder / "client.log").read_text(errors="replace")

    def call(self) -> None:
        """Call the laboratory, and hear what it says; a call that is under way already is not the one that counts."""
        begun = self.log().count(_CALLS)
        self.update()
        self.wait(lambda one: any("Scheduler request completed" in said for said in one.calls()[begun:]), nudge=10)

    def calls(self) -> list[str]:
        """What the log says from the beginning of each of its calls up to the next."""
        return self.log().split(_CALLS)[1:]

    def runners(self) -> list[int]:
        """The processes that it started in the folders of its tasks."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int(fields(process.name)[1])
                if parent == self.process.pid and (process / "cwd").readlink().is_relative_to(self.folder / "slots"):
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def finished(self, number: int) -> str:
        """The name of the task of this number that it has finished to compute."""
        return str(re.findall(rf"Computation for task (\S+-t{number})_0 finished", self.log())[0])

    def pace(self, name: str) -> float:
        """Bytes a second at which the file of the laboratory's came whose name begins so."""
        began, ended = (
            time.mktime(time.strptime(re.findall(rf"(?m)^(.+?) \[.*{word} download of {name}", self.log())[0], _STAMP))
            for word in ("Started", "Finished")
        )
        (file,) = (self.folder / "projects").glob(f"*/{name}*")
        return file.stat().st_size / max(1.0, ended - began)

    def reasons(self) -> list[str]:
        return re.findall(r"No work for this computer now: .*", self.log())

    def wait(self, reached: Callable[["Client"], object], *, nudge: float = 0) -> None:
        """Wait for something; `nudge` asks for contacts every so many seconds meanwhile."""
        until, asked = time.monotonic() + PATIENCE, time.monotonic()
        while not reached(self):
            if time.monotonic() > until:
                raise AssertionError(f"not reached within {PATIENCE:.0f} s\n{self.log()[-6_000:]}")
            if nudge and time.monotonic() - asked > nudge:
                asked = time.monotonic()
                self.update()
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)


def _blocks(said: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in said.splitlines():
        if re.fullmatch(r"\d+\) -+", line.strip()):
            found.append({})
        elif found and ": " in line:
            name, _, value = line.strip().partition(": ")
            found[-1].setdefault(name, value)  # links of a project have names, too
    return found


@contextlib.contextmanager
def client(
    folder: Path,
    address: str,
    key: str = "",
    *,
    gpus: bool = False,
    news: bool = False,
    keep: bool = False,
    cores: int | None = None,
    memory: float = 90.0,
    preferences: str = "",
    before: Sequence[str | Path] = (),
    within: Sequence[str] = (),
    program: str = BOINC,
    is_modest: bool = False,
) -> Iterator[Client]:
    """Start the stock client in this folder, attached with this key; it is ended afterwards with all it started.

    With `news` it reads feeds, as clients do unless they are told otherwise, and looks for BOINC's own lists as well.
    With `cores` it believes that the computer has so many; `memory` is the share that it may have, in percent, and
    `preferences` are more of what its person wants, which count over ours. It is started by the words of `before`, and
    spoken to by those of `within`, where it has a network of its own.
    A modest one computes at the lowest priority, as clients do unless they are told otherwise.
    """
    folder.mkdir(exist_ok=keep, parents=True)
    if not (folder / "cc_config.xml").exists():
        options = (_GPUS if gpus else "<no_gpus>1</no_gpus>") + ("<no_info_fetch>0</no_info_fetch>" if news else "")
        _configure(folder, options + (f"<ncpus>{cores}</ncpus>" if cores else ""), memory, preferences)
    port = free_port()
    words = ["--dir", str(folder), "--allow_multiple_clients", "--gui_rpc_port", str(port), "--insecure"]
    words += ["--sched_retry_delay_min", "3", "--sched_retry_delay_max", "6"]
    words += [] if is_modest else ["--no_priority_change"]
    words += ["--pers_retry_delay_min", "2", "--pers_retry_delay_max", "4", *([] if gpus else ["--no_gpus"])]
    words += ["--attach_project", address, key] if key else []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AXIOM_")}
    with (folder / "client.log").open("ab") as log:
        process = subprocess.Popen(
            [*within, *before, program, *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
    started = Client(folder=folder, address=address, port=port, process=process, within=within)
    try:
        started.wait(lambda each: "Client version" in each.say("--client_version"))
        yield started
    finally:
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.stop()
        with contextlib.suppress(ProcessLookupError):  # the client's session: whatever it started and left behind
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _configure(folder: Path, options: str, memory: float, more: str) -> None:
    (folder / "gui_rpc_auth.cfg").write_text(_PASSWORD)
    (folder / "gui_rpc_auth.cfg").chmod(0o600)
    (folder / "cc_config.xml").write_text(_CC.format(options=options))
    (folder / "global_prefs_override.xml").write_text(_PREFERENCES.format(memory=memory, more=more))
