"""The runner's one file, started as boinc-client starts it, with a client that the test plays itself."""

import json
import mmap
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from axiom.domain.work import Exit, Outcome
from axiom.lab.runner_file import runner_name, stand_in
from axiom.runner.home import Home
from axiom.signed.bundles import write_seal
from axiom.signed.outputs import read_output
from axiom.signed.roles import write_trust
from axiom.signed.tickets import Order

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
SLEEPY = {"act": "sleep", "amount": 60.0}


@pytest.fixture(scope="session")
def pyz():
    return stand_in(Path(sys.executable))


class Started:
    """A process in a slot, and what its client says and hears."""

    def __init__(self, slot: Path, program: Path, words: list[str], ending) -> None:
        self.slot = slot
        shared = slot / "boinc_mmap_file"
        shared.write_bytes(bytes(8192))
        with shared.open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 8192)
        self.told: list[dict[str, float]] = []
        with (slot / "stderr.txt").open("ab") as stderr:
            self.process = subprocess.Popen(
                [os.path.relpath(program, slot), *words], cwd=slot, stdout=subprocess.DEVNULL, stderr=stderr
            )
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

    def until(self, happened, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < until, (self.told, self.stderr)
            self.hear()
            time.sleep(0.02)

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
    """A host's folders as boinc-client keeps them."""

    def __init__(self, lab, folder: Path, raw: bytes, ending) -> None:
        self.project = folder / "projects" / "lab.example_axiom"
        self.project.mkdir(parents=True)
        self.folder = folder
        self.ending = ending
        self.lab = replace(lab, home=Home(self.project / "axiom"))
        self.program = self.project / runner_name(raw)
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
        return Started(slot, self.program, words, self.ending)

    def read(self, number: int = 0):
        return read_output((self.project / f"task_5_{number}").read_bytes(), limit=10**6)


@pytest.fixture
def client(lab, pyz, ending, tmp_path):
    return Client(lab, tmp_path / "data", pyz, ending)


def state(pid: int) -> str:
    """The kernel's letter for what a process does; X when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else "X"


def child(client, cells: int = 1) -> int:
    """The process that computes so many-th cell."""
    return int(client.lab.computed[cells - 1].split()[-1])


def test_a_task_is_computed_and_its_output_lies_where_the_link_leads(client):
    order = client.lab.order({"act": "steps", "amount": 1.5}, {"act": "diverge"})
    started = client.start(client.slot(cpu=40.0), order)
    assert started.end() == 0
    assert (started.finished, started.stderr) == (["0"], "")
    output = client.read()
    assert [cell.outcome for cell in output.cells] == [Outcome.OK, Outcome.DIVERGED] * 2
    assert output.header.ticket_text == order.ticket
    assert (started.slot / "output.jsonl").read_text().startswith("<soft_link>")
    fractions = [told["fraction_done"] for told in started.told]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 1
    assert len(started.told) >= 3
    for told in started.told:
        assert 40 <= told["checkpoint_cpu_time"] <= told["current_cpu_time"] < 60
    assert started.told[-1]["checkpoint_cpu_time"] > 40


def test_files_that_the_client_copied_are_used_as_they_are(client):
    slot = client.slot()
    for name, body in client.files.items():
        (slot / name).write_bytes(body)
        (client.project / f"file_{name}").unlink()
    (slot / "output.jsonl").unlink()
    assert client.start(slot, client.lab.order()).end() == 0
    assert len(read_output((slot / "output.jsonl").read_bytes(), limit=10**6).cells) == 2


def test_a_suspended_task_stands_still_and_goes_on(client):
    order = client.lab.order({"act": "spin"}, {"act": "ok"}, cell_seconds=(1.5, 20.0))
    started = client.start(client.slot(), order)
    started.until(lambda: client.lab.computed)
    pid = child(client)
    started.say(0, "<suspend/>")
    started.until(lambda: state(pid) == "T", seconds=2)
    told = len(started.told)
    started.until(lambda: len(started.told) >= told + 2)
    assert state(pid) == "T"
    assert started.told[-1]["current_cpu_time"] - started.told[-2]["current_cpu_time"] < 0.3
    started.say(0, "<resume/>")
    assert started.end() == 0
    assert [cell.outcome for cell in client.read().cells] == [Outcome.LATE, Outcome.OK] * 2


def test_a_task_that_was_asked_to_quit_goes_on_behind_its_last_whole_cell(client):
    slot = client.slot()
    order = client.lab.order({"act": "ok"}, {"act": "sleep", "amount": 0.8})
    for cells in (2, 3, 4, 5):  # four times in one cell: a stop that was asked for is no failed start
        started = client.start(slot, order)
        started.until(lambda cells=cells: len(client.lab.computed) == cells)
        pid = child(client, cells)
        started.say(0, "<quit/>")
        assert (started.end(), started.finished) == (0, None)
        assert state(pid) in {"X", "Z"}
        assert "stopped: boinc-client asks for a stop" in started.stderr
    started = client.start(slot, order)
    started.until(lambda: started.told)
    assert started.told[0]["fraction_done"] >= 0.25
    assert (started.end(), started.finished) == (0, ["0"])
    acts = [line.split()[0] for line in client.lab.computed]
    assert acts == ["ok", *["sleep"] * 5, "ok", "sleep"]
    assert len(client.read().cells) == 4


def test_a_suspended_task_can_be_asked_to_quit(client):
    started = client.start(client.slot(), client.lab.order(SLEEPY))
    started.until(lambda: client.lab.computed)
    started.say(0, "<suspend/>")
    started.until(lambda: state(child(client)) == "T", seconds=2)
    started.say(0, "<quit/>")
    assert (started.end(), started.finished) == (0, None)
    assert state(child(client)) in {"X", "Z"}


def test_an_aborted_task_ends_with_its_child(client):
    started = client.start(client.slot(), client.lab.order(SLEEPY))
    started.until(lambda: client.lab.computed)
    started.say(0, "<abort/>")
    assert (started.end(), started.finished) == (0, None)
    assert "stopped: boinc-client gives the task up" in started.stderr
    assert state(child(client)) in {"X", "Z"}


def test_a_task_whose_client_is_gone_stops(client):
    keeper = subprocess.Popen(["/bin/sleep", "60"])
    client.ending(keeper.pid)
    started = client.start(client.slot(pid=keeper.pid), client.lab.order(SLEEPY))
    started.until(lambda: client.lab.computed)
    keeper.kill()
    keeper.wait()
    assert (started.end(), started.finished) == (0, None)
    assert "stopped: boinc-client is gone" in started.stderr
    assert state(child(client)) in {"X", "Z"}


def test_a_task_that_is_killed_again_and_again_is_given_up(client):
    slot = client.slot()
    for start in (1, 2, 3):
        started = client.start(slot, client.lab.order(SLEEPY))
        started.until(lambda start=start: len(client.lab.computed) == start)
        started.process.kill()
        started.process.wait()
    started = client.start(slot, client.lab.order(SLEEPY))
    assert started.end() == Exit.TOO_MANY_STARTS
    assert started.finished[0] == "12"
    assert "The task began 3 times" in started.finished[1]
    assert "The task began 3 times" in started.stderr


REFUSED = {
    "no order": (lambda _: [], {}, Exit.BAD_TICKET, "The order is empty"),
    "other plain words": (lambda client: replace(client.lab.order(), task=9), {}, Exit.BAD_TICKET, "says task 9"),
    "another host": (lambda client: client.lab.order(), {"host": 2}, Exit.BAD_TICKET, "and this is host 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_order_is_refused_for_good(name, client):
    make, given, status, words = REFUSED[name]
    started = client.start(client.slot(**given), make(client))
    assert started.end() == status
    assert started.finished[0] == str(int(status))
    assert words in started.stderr
    assert client.lab.nothing_was_imported
    assert not (client.project / "task_5_0").exists()


def flipped(raw: bytes) -> bytes:
    return raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:]


@pytest.mark.parametrize(
    ("name", "change", "status", "words"),
    [
        ("bundle.zip", flipped, Exit.BAD_BUNDLE, "came with the task has the digest"),
        ("bundle.zip", None, Exit.BAD_BUNDLE, "is missing"),
        ("bundle.seal", None, Exit.BAD_BUNDLE, "is missing"),
        ("bundle.seal", lambda raw: raw[:-9], Exit.BAD_BUNDLE, "seal cannot be read"),
        ("trust.json", None, Exit.BAD_TICKET, "There is no trust.json"),
        ("trust.json", lambda raw: raw[:-9], Exit.BAD_TICKET, "The trust file is damaged"),
    ],
)
def test_a_file_that_is_missing_or_altered_ends_the_task_before_anything_is_imported(
    name, change, status, words, client
):
    if change is None:
        slot = client.slot()
        (client.project / f"file_{name}").unlink()
    else:
        client.files[name] = change(client.files[name])
        slot = client.slot()
    started = client.start(slot, client.lab.order())
    assert started.end() == status
    assert started.finished[0] == str(int(status))
    assert words in started.stderr
    assert client.lab.nothing_was_imported


def test_two_tasks_at_once_share_one_home(client):
    both = [client.start(client.slot(number), client.lab.order()) for number in (0, 1)]
    assert [started.end() for started in both] == [0, 0]
    assert client.read(0).cells[0].measures == client.read(1).cells[0].measures
    assert [path.name for path in (client.project / "axiom" / "unpacked").iterdir()] == [client.lab.digest]
    assert len(list((client.project / "axiom" / "bundles").iterdir())) == 2


def test_a_cell_that_raises_fails_the_task_and_its_output_says_where(client):
    started = client.start(client.slot(), client.lab.order({"act": "refuse"}))
    assert started.end() == Exit.CELL_FAILED
    assert started.finished[0] == "10"
    assert "secret words" not in started.stderr
    assert client.read().cells[0].error.kind == "KeyError"


def test_an_experiment_sees_neither_the_accounts_key_nor_the_task_s_folder(client, monkeypatch):
    monkeypatch.setenv("AXIOM_SECRET", KEY_OF_THE_ACCOUNT)
    started = client.start(client.slot(), client.lab.order({"act": "look"}))
    assert started.end() == 0
    notes = client.project / "axiom" / "cache"
    assert KEY_OF_THE_ACCOUNT not in (notes / "environ").read_text()
    assert json.loads((notes / "environ").read_text())["TMPDIR"] == str(notes)
    own, head = json.loads((notes / "modules").read_text())[:2]
    assert (own, head) == (f"{head}/axiom", str(client.project / "axiom" / "unpacked" / client.lab.digest))


def test_a_runner_that_no_client_started_says_so(client):
    slot = client.slot()
    (slot / "init_data.xml").unlink()
    started = client.start(slot, client.lab.order())
    assert started.end() == Exit.RUNNER_FAULT
    assert "This runner is started by boinc-client" in started.stderr


def test_the_file_starts_quickly(client):
    slot = client.slot()
    (slot / "init_data.xml").unlink()
    spent = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([client.program], cwd=slot, stderr=subprocess.DEVNULL, check=False, timeout=20)
        spent.append(time.monotonic() - began)
    assert min(spent) < 0.5
