import mmap
import subprocess
import time

import pytest
from patience import until

from axiom.runner.boinc.heartbeat import ClientWish, Heartbeat, decide
from axiom.runner.boinc.protocol import Channels
from axiom.runner.child.pause import AwakeClock, PauseGate, RunEnded


@pytest.mark.parametrize(
    ("control", "silent", "is_there", "turn", "reason"),
    [
        ("", 0.0, True, ClientWish.SAME, "wants nothing"),
        ("", 29.9, True, ClientWish.SAME, "wants nothing"),
        ("", 30.0, True, ClientWish.QUIT, "silent for 30 seconds"),
        ("", 0.0, False, ClientWish.QUIT, "is gone"),
        ("<suspend/>", 0.0, True, ClientWish.HALT, "a pause"),
        ("<resume/>", 0.0, True, ClientWish.GO_ON, "go on"),
        ("<quit/>", 0.0, True, ClientWish.QUIT, "asks for a stop"),
        ("<abort/>", 0.0, True, ClientWish.ABORT, "gives the task up"),
        ("<abort/>", 99.0, False, ClientWish.ABORT, "gives the task up"),
        ("<suspend/><quit/>", 0.0, True, ClientWish.QUIT, "asks for a stop"),
        ("<reread_app_info/>", 0.0, True, ClientWish.SAME, "wants nothing"),
        ("<network_available/>", 31.0, True, ClientWish.QUIT, "silent for 31 seconds"),
    ],
)
def test_what_the_client_says_and_its_silence_decide(control, silent, is_there, turn, reason):
    decided = decide(control, silent=silent, is_there=is_there)
    assert decided.turn is turn
    assert reason in decided.reason


@pytest.fixture
def gate():
    return PauseGate()


@pytest.fixture
def pulse(tmp_path, gate, ending):
    """A pulse, and the shared file as its client sees it. The client is a process that the test may end."""
    path = tmp_path / "boinc_mmap_file"
    path.write_bytes(bytes(8192))
    keeper = subprocess.Popen(["/bin/sleep", "60"])
    ending(keeper.pid)
    with path.open("r+b") as file:
        seen = mmap.mmap(file.fileno(), 8192)
    spent = iter([0.5, 0.25, *[0.75] * 1000])
    words = {"slot": tmp_path, "pid": keeper.pid, "earlier": 100.0, "spent": lambda: next(spent), "every": 1.5}
    yield Heartbeat(Channels(tmp_path), gate, **words), seen, keeper
    keeper.kill()
    keeper.wait()


def say(seen, text: bytes) -> None:
    seen[1 : len(text) + 2] = text + b"\0"
    seen[0] = 1


def test_the_client_turns_the_gate(pulse, gate):
    beat, seen, _ = pulse
    beat.start()
    say(seen, b"<suspend/>")
    until(lambda: gate.is_shut)
    say(seen, b"<resume/>")
    until(lambda: not gate.is_shut)
    say(seen, b"<quit/>")
    until(lambda: beat.ended.reason == "boinc-client asks for a stop")
    with pytest.raises(RunEnded):
        gate.wait()
    beat.stop()


def test_the_end_of_the_client_closes_the_gate_for_good(pulse, gate):
    beat, _, keeper = pulse
    gate.shut()
    beat.start()
    keeper.kill()
    keeper.wait()
    with pytest.raises(RunEnded):
        gate.wait()
    assert beat.ended.reason == "boinc-client is gone"
    beat.stop()
    gate.shut()
    assert not gate.is_shut  # nobody must wait before a gate that nobody turns any more


def test_whoever_is_asked_by_a_signal_to_end_needs_no_lock_for_it(pulse, gate):
    beat, _, _ = pulse
    beat.start()
    with gate._open._cond:  # as a thread holds it that a signal interrupts
        beat.ask()
    until(lambda: gate._is_over)
    assert beat.ended.reason == "this process was asked to end"
    beat.stop()
    assert beat.fault is None


def test_the_last_word_says_how_far_the_task_came_and_cpu_time_never_falls(pulse):
    beat, seen, _ = pulse
    beat.report(5, 0.5, 1)  # asks for the CPU time, 0.5 beside this process's own
    beat.report(5, 0.6, 1)
    beat.start()
    beat.stop()
    status = seen[5 * 1024 + 1 : 6 * 1024].partition(b"\0")[0].decode()
    values = [float(line.split(">")[1].split("<")[0]) for line in status.splitlines()]
    own = time.process_time()
    assert values[2] == 0.6
    assert 100.5 <= values[1] <= values[0] <= 101 + own


def test_the_laboratory_hears_of_a_long_task_now_and_then(pulse, tmp_path):
    beat, seen, _ = pulse
    trickle, flag = tmp_path / "trickle_up.xml", 6 * 1024
    beat.report(5, 0.25, 1)
    beat.start()
    until(lambda: seen[flag])
    assert seen[flag + 1 : flag + 30].partition(b"\0")[0] == b"<have_new_trickle_up/>"
    lines = trickle.read_text().splitlines()
    assert lines[:2] == ["<variety>progress</variety>", "<fraction_done>0.2500</fraction_done>"]
    assert (
        100 <= float(lines[2].removeprefix("<cpu_seconds>").removesuffix("</cpu_seconds>")) < 110 + time.process_time()
    )
    trickle.unlink()
    seen[flag] = 0
    until(lambda: seen[flag])  # and again
    assert trickle.exists()
    beat.stop()


def test_a_disk_without_room_for_it_ends_nothing(pulse, tmp_path):
    beat, seen, _ = pulse
    (tmp_path / "trickle_up.xml").mkdir()
    beat.start()
    for _ in range(3):  # three seconds, and it still speaks
        seen[5 * 1024] = 0
        until(lambda: seen[5 * 1024])
    assert not seen[6 * 1024]
    beat.stop()


def test_a_host_that_slept_counts_as_one_second(monkeypatch):
    moments = iter([0.0, 0.5, 3600.0, 3600.25])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    awake = AwakeClock()
    assert [awake.seconds() for _ in range(3)] == [0.5, 1.5, 1.75]
