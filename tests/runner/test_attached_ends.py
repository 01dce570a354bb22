"""How a start of a task ends that boinc-client makes: a stop, a delay, a status for good."""

import functools
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from axiom.domain.work import Exit
from axiom.runner import boinc_task
from axiom.runner.boinc import protocol
from axiom.runner.boinc_task import retry_delay

SLEEPY = {"act": "sleep", "amount": 60.0}


def put_off(slot: Path) -> list[str]:
    """What the client is told of when to start the task again, and why; it takes the file away."""
    path = slot / "boinc_temporary_exit"
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def test_a_long_cell_that_is_asked_to_quit_goes_on_where_it_was(client):
    slot, ticket = client.slot(), client.lab.ticket()
    order = client.lab.order({"act": "slow", "amount": 4.0}, replicates=ticket.replicates[:1], seeds=ticket.seeds[:1])
    started = client.start(slot, order)
    started.until(lambda: started.told and started.told[-1]["fraction_done"] > 0.35)
    before = len(client.lab.blocks)
    started.say(0, "<quit/>")
    assert (started.end(), started.finished) == (0, None)
    last, first = started.told[-1], len(client.lab.blocks)
    assert 0.5 < last["checkpoint_cpu_time"] <= last["current_cpu_time"]
    client.slot(cpu=last["checkpoint_cpu_time"])  # as the client remembers it
    started = client.start(slot, order)
    assert (started.end(), started.finished) == (0, ["0"])
    again = client.lab.blocks[first:]
    assert again == list(range(again[0], 80))
    assert before - 1 <= again[0] <= first  # the state was taken after it was asked to quit
    fractions = [status["fraction_done"] for status in started.told]
    assert fractions == sorted(fractions)
    assert last["fraction_done"] - 0.03 <= fractions[0]
    assert min(status["checkpoint_cpu_time"] for status in started.told) >= last["checkpoint_cpu_time"]


def test_an_output_that_cannot_be_delivered_is_tried_again_later_each_time(client):
    slot, target = client.slot(), client.project / "task_5_0"
    target.mkdir()
    for seconds in ("60", "120"):
        started = client.start(slot, client.lab.order())
        assert (started.end(), started.finished) == (0, None)
        assert put_off(slot)[0] == seconds
        assert "The output cannot be written" in started.stderr
    (slot / "later").write_text("12\n")  # that often it was put off
    started = client.start(slot, client.lab.order())
    assert (started.end(), started.finished[0]) == (Exit.NO_ROOM, "15")
    assert not (slot / "boinc_temporary_exit").exists()
    (slot / "boinc_finish_called").unlink()
    target.rmdir()
    started = client.start(slot, client.lab.order())
    assert (started.end(), started.finished) == (0, ["0"])
    assert len(client.lab.computed) == len(client.read().cells) == 2


@pytest.fixture
def here(client, monkeypatch):
    """Start the task in this very process; returns its status and the folder of the task."""
    before = {number: signal.getsignal(number) for number in map(signal.Signals.__getitem__, boinc_task._STOPS)}

    def here():
        slot = client.slot()
        (slot / "boinc_mmap_file").write_bytes(bytes(8192))
        monkeypatch.chdir(slot)
        monkeypatch.setattr("sys.argv", ["axiom_runner", *client.lab.order(SLEEPY).argv()])
        return boinc_task.main(), slot

    yield here
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_fault_of_the_pulse_ends_the_task_by_name_for_it_would_come_again(here, monkeypatch, capsys):
    monkeypatch.setattr("axiom.runner.boinc.heartbeat.decide", lambda *_, **__: 1 / 0)
    status, slot = here()
    assert status == Exit.RUNNER_FAULT
    assert (slot / "boinc_finish_called").read_text().startswith("70\n")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_task_whose_folder_another_process_holds_is_put_off_however_often(here, client, monkeypatch):
    monkeypatch.setattr("axiom.runner.boinc.protocol.lock_slot", functools.partial(protocol.lock_slot, seconds=0.1))
    slot = client.slot()
    (slot / "later").write_text("12\n")
    code = "import fcntl, sys; held = open(sys.argv[1], 'a'); fcntl.lockf(held, 2); print('', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, slot / "boinc_lockfile"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        assert here() == (0, slot)
        other.communicate(b"\n")
    assert put_off(slot) == ["14400", "another process still computes in this folder"]
    assert not (slot / "boinc_finish_called").exists()


def test_delays_grow_up_to_four_hours_and_end():
    assert [retry_delay(times) for times in (0, 1, 7, 8, 11, 12, 99)] == [60, 120, 7_680, 14_400, 14_400, None, None]


def test_a_child_that_the_host_kills_is_tried_again_and_then_given_up(client):
    slot, order = client.slot(), client.lab.order({"act": "doomed", "amount": 0.2})
    for seconds in ("60", "120", "240"):
        started = client.start(slot, order)
        assert (started.end(), started.finished) == (0, None)
        delayed, reason = put_off(slot)
        assert delayed == seconds
        assert "SIGKILL, perhaps because the host ran out of memory" in reason
    started = client.start(slot, order)
    assert started.end() == Exit.TOO_MANY_STARTS
    assert "The task began 3 times" in started.finished[1]
