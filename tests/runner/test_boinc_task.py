"""The runner's one file, started as boinc-client starts it, with a client that the test plays itself."""

import os
import signal
import subprocess
import sys

import pytest
from boinc_files import child
from patience import PATIENCE
from processes import state

from axiom.domain.work import Exit, Outcome
from axiom.signed.outputs import read_output

SLEEPY = {"act": "sleep", "amount": 60.0}


def test_a_task_is_computed_and_its_output_lies_where_the_link_leads(client):
    order = client.lab.order({"act": "steps", "amount": 1.5}, {"act": "diverge"})
    started = client.start(client.slot(cpu=40.0), order)
    assert started.end() == 0
    assert (started.finished, started.stderr) == (["0"], "")
    output = client.read()
    assert [cell.outcome for cell in output.cells] == [Outcome.OK, Outcome.DIVERGED] * 2
    assert output.header.ticket_text == order.ticket
    assert (started.slot / "output.jsonl").read_text().startswith("<soft_link>")
    fractions = [status["fraction_done"] for status in started.told]
    assert fractions == sorted(fractions)
    assert any(0 < fraction < 1 for fraction in fractions)
    assert len(started.told) >= 3
    for status in started.told:
        assert 40 <= status["checkpoint_cpu_time"] <= status["current_cpu_time"] < 60
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
    started.until(lambda: state(pid) == "T")
    before = len(started.told)
    started.until(lambda: len(started.told) >= before + 2)
    assert state(pid) == "T"
    assert started.told[-1]["current_cpu_time"] - started.told[-2]["current_cpu_time"] < 0.3
    started.say(0, "<resume/>")
    assert started.end() == 0
    assert [cell.outcome for cell in client.read().cells] == [Outcome.LATE, Outcome.OK] * 2


def test_a_task_that_was_asked_to_quit_goes_on_behind_its_last_whole_cell(client):
    slot = client.slot()
    order = client.lab.order({"act": "ok"}, {"act": "wait"})
    for cells in (2, 3, 4, 5):  # four times in one cell: a stop that was asked for is no failed start
        started = client.start(slot, order)
        started.until(lambda cells=cells: len(client.lab.computed) == cells)
        pid = child(client, cells)
        started.say(0, "<quit/>")
        assert (started.end(), started.finished) == (0, None)
        assert state(pid) in {"X", "Z"}
    (client.lab.room / "go").touch()
    started = client.start(slot, order)
    started.until(lambda: started.told)
    assert started.told[0]["fraction_done"] >= 0.25
    assert (started.end(), started.finished) == (0, ["0"])
    acts = [line.split()[0] for line in client.lab.computed]
    assert acts == ["ok", *["wait"] * 5, "ok", "wait"]
    assert len(client.read().cells) == 4


@pytest.mark.parametrize("how", ["abort", "suspend and quit", "client gone", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_task_that_has_to_stop_ends_with_its_child_and_may_go_on(how, client):
    keeper = subprocess.Popen(["/bin/sleep", "60"])
    client.ending(keeper.pid)
    started = client.start(client.slot(pid=keeper.pid), client.lab.order(SLEEPY))
    started.until(lambda: client.lab.computed)
    if how.startswith("SIG"):
        started.process.send_signal(getattr(signal, how))
    elif how == "abort":
        started.say(0, "<abort/>")
    elif how == "suspend and quit":
        started.say(0, "<suspend/>")
        started.until(lambda: state(child(client)) == "T")
        started.say(0, "<quit/>")
    else:
        keeper.kill()
        keeper.wait()
    assert (started.end(), started.finished) == (0, None)
    assert ("stopped: this process was asked to end" in started.stderr) == how.startswith("SIG")
    assert state(child(client)) in {"X", "Z"}
    keeper.kill()
    keeper.wait()


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


@pytest.mark.parametrize(
    ("host", "config", "status"),
    [(1, None, Exit.BAD_TICKET), (2, {"act": "ok"}, Exit.BAD_TICKET), (1, {"act": "refuse"}, Exit.CELL_FAILED)],
    ids=["an empty order", "another host's", "a cell that raises"],
)
def test_what_would_come_again_ends_the_task_for_good(host, config, status, client):
    started = client.start(client.slot(host=host), client.lab.order(config) if config else [])
    assert started.end() == status
    assert started.finished[0] == str(int(status))
    if status is Exit.BAD_TICKET:
        assert client.lab.nothing_was_imported
        assert not (client.project / "task_5_0").exists()
    else:
        assert "secret words" not in started.stderr
        assert client.read().cells[0].error.kind == "KeyError"


def test_two_tasks_at_once_share_one_home(client):
    both = [client.start(client.slot(number), client.lab.order()) for number in (0, 1)]
    assert [started.end() for started in both] == [0, 0]
    assert client.read(0).cells[0].measures == client.read(1).cells[0].measures
    assert [path.name for path in (client.project / "axiom" / "unpacked").iterdir()] == [client.lab.digest]
    assert len(list((client.project / "axiom" / "bundles").iterdir())) == 2


def test_a_runner_that_no_client_started_says_so_and_starts_quickly(client):
    slot = client.slot()
    (slot / "init_data.xml").unlink()
    reference = [sys.executable, "-c", "import asyncio, email.message, http.client, sqlite3, unittest.mock"]
    ours, theirs = [], []
    for _ in range(3):
        for command, spent in (([client.program], ours), (reference, theirs)):
            began = os.times()  # the processor's time, which a computer with other work to do does not stretch
            status = subprocess.run(
                command, cwd=slot, stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE
            ).returncode
            spent.append(sum(os.times()[2:4]) - sum(began[2:4]))
            assert status == (Exit.RUNNER_FAULT if command != reference else 0)
    assert min(ours) < 6 * min(theirs)
