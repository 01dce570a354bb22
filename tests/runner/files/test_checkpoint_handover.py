"""A long cell, interrupted: what was kept of it, and what is made of that."""

import os
import subprocess
import sys

import pytest

from axiom.domain.work import Exit, Outcome
from axiom.runner.child import resource_limits
from axiom.runner.child.pause import Ended, PauseGate
from axiom.runner.confine import confine
from axiom.runner.files import checkpoint_handover
from axiom.runner.files.checkpoint import SIZE_LIMIT, Checkpoint, largest_state, read_kept, write_kept
from axiom.runner.files.checkpoint_handover import CheckpointHandover
from axiom.runner.files.slot import Slot
from axiom.runner.tasks import Runner
from axiom.signed.outputs import read_output, ticket_digest

BLOCKS = list(range(20))


@pytest.fixture
def obey(lab, now, tmp_path):
    """Obey an order in a runner of its own, as a process that was started again would."""

    def obey(order, *, slot="slot", gate=None, pause=0.05, report=lambda *_: None):
        runner = Runner(lab.home, 1, gate, pause=pause)
        try:
            return runner.obey(order.argv(), tmp_path / slot, now=now, report=report)
        finally:
            runner.stop()

    return obey


@pytest.fixture
def stopped(obey):
    """Stop a task once this much more than its first share is kept."""

    def stopped(order, after, **options):
        gate, told = PauseGate(), []

        def report(_task, fraction, kept):
            told.append((fraction, kept))
            if kept >= after:
                gate.end()

        with pytest.raises(Ended):
            obey(order, gate=gate, report=report, **options)
        return told

    return stopped


def cells(answer):
    with open(answer.output, "rb") as file:  # noqa: PTH123
        return read_output(file.read(), limit=10**6).cells


def one(lab, act="loop", amount=0.8, **changes):
    """An order of one cell."""
    ticket = lab.ticket(**changes)
    return lab.order({"act": act, "amount": amount}, replicates=ticket.replicates[:1], seeds=ticket.seeds[:1])


def test_an_interrupted_cell_goes_on_and_ends_with_the_same_bits(obey, stopped, lab):
    (undisturbed,) = cells(obey(one(lab), slot="other", pause=600.0))
    assert lab.blocks == BLOCKS
    (lab.room / "blocks").unlink()
    told = stopped(one(lab), 3)
    first = lab.blocks
    assert len(first) < 20
    again = []
    (resumed,) = cells(obey(one(lab), report=lambda *what: again.append(what[1:])))
    assert resumed.measures == undisturbed.measures
    assert resumed.early == undisturbed.early
    second = lab.blocks[len(first) :]
    assert second == list(range(second[0], 20))
    assert 0 < second[0] <= len(first)  # at most the block after the last state is computed twice
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert again[0] == pytest.approx((fractions[-1], 0))
    assert [fraction for fraction, _ in again] == sorted(fraction for fraction, _ in again)


def test_the_cpu_time_of_earlier_processes_is_the_cell_s(obey, stopped, lab):
    stopped(one(lab), 3)
    (resumed,) = cells(obey(one(lab)))
    assert resumed.cpu_seconds > 0.72


def test_the_limit_of_a_cell_counts_the_cpu_time_of_earlier_processes(obey, stopped, lab):
    order = lab.order({"act": "loop", "amount": 1.0}, cell_seconds=(0.6,))
    stopped(order, 2)
    late = cells(obey(order))[0]
    assert (late.outcome, late.early) == (Outcome.LATE, (1.5, 0.5))
    assert 0.6 <= late.cpu_seconds < 1
    assert len(lab.blocks) < 40


def test_a_cell_that_is_shorter_than_the_pause_keeps_nothing(obey, lab, tmp_path):
    told = []
    obey(one(lab), pause=600.0, report=lambda *what: told.append(what[2]))
    assert set(told) <= {0, 1}
    assert sorted(path.name for path in (tmp_path / "slot").iterdir()) == ["output.jsonl", "starts"]


def test_a_stop_that_is_asked_for_waits_for_the_state(obey, lab, monkeypatch):
    monkeypatch.setattr(checkpoint_handover, "_WORTH_SECONDS", 0.1)
    gate = PauseGate()

    def report(_task, fraction, _kept):
        if fraction > 0.2:
            gate.end()

    with pytest.raises(Ended):
        obey(one(lab, amount=1.2), gate=gate, pause=600.0, report=report)
    first = len(lab.blocks)
    obey(one(lab, amount=1.2))
    second = lab.blocks[first:]
    assert second == list(range(second[0], 20))
    assert first - second[0] <= 1  # the one that was begun while the state was taken


def test_nothing_of_it_is_left_when_the_cell_is_done(obey, lab, tmp_path):
    order = lab.order({"act": "loop", "amount": 0.3})
    assert len(cells(obey(order))) == 2
    assert sorted(path.name for path in (tmp_path / "slot").iterdir()) == ["output.jsonl", "starts"]
    assert not list(lab.home.cache.rglob("kept-*"))


def test_a_process_killed_by_the_host_may_be_started_again_and_goes_on(obey, lab):
    first = obey(one(lab, "fragile"))
    assert (first.exit, first.may_pass) == (Exit.CHILD_LOST, True)
    assert "SIGKILL" in first.message
    assert [cell.outcome for cell in cells(obey(one(lab, "fragile")))] == [Outcome.OK]
    assert len(lab.blocks) < 31


def test_what_is_killed_again_and_again_is_given_up_and_kept_blocks_count_as_progress(obey, lab):
    order = one(lab, "doomed", 1.2)
    answers = [obey(order) for _ in range(6)]
    assert [answer.exit for answer in answers] == [Exit.CHILD_LOST] * 4 + [Exit.TOO_MANY_STARTS] * 2
    assert [answer.may_pass for answer in answers] == [True] * 4 + [False] * 2
    assert lab.blocks[:4] == [0, 1, 2, 3]
    assert set(lab.blocks[4:]) == {3}


def test_a_state_of_another_order_is_passed_over(obey, stopped, lab):
    stopped(one(lab), 1)
    first = len(lab.blocks)
    assert len(cells(obey(lab.order({"act": "loop", "amount": 0.1})))) == 2
    assert lab.blocks[first:] == BLOCKS * 2


def test_a_state_that_the_kit_cannot_read_is_passed_over(obey, stopped, lab, tmp_path):
    order = one(lab)
    stopped(order, 1)
    first, path = len(lab.blocks), tmp_path / "slot" / "kept"
    write_kept(path, Checkpoint(times=3, fraction=0.5, state=b"no state"), ticket=ticket_digest(order.ticket), cell=0)
    assert cells(obey(order))[0].outcome is Outcome.OK
    assert lab.blocks[first:] == BLOCKS


def test_what_is_kept_comes_back_for_the_same_cell_of_the_same_ticket_alone(tmp_path):
    path, kept = tmp_path / "kept", Checkpoint(times=2, cpu_seconds=1.5, fraction=0.25, state=b"a\nb\0" * 1000)
    assert read_kept(path, ticket="t", cell=4) == Checkpoint()
    write_kept(path, kept, ticket="t", cell=4)
    assert read_kept(path, ticket="t", cell=4) == kept
    assert read_kept(path, ticket="t", cell=5) == read_kept(path, ticket="u", cell=4) == Checkpoint()
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[:50],
        lambda _: b"",
        lambda raw: raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:],
        lambda raw: raw.replace(b'"times":2', b'"times":2.5'),
        lambda raw: raw.replace(b'"fraction":0.25', b'"fraction":1.25'),
        lambda raw: b"x" * 2000 + raw,
    ],
    ids=["cut", "head", "empty", "bit", "type", "share", "line"],
)
def test_a_damaged_state_is_passed_over(damage, tmp_path):
    path = tmp_path / "kept"
    write_kept(path, Checkpoint(times=2, cpu_seconds=1.5, fraction=0.25, state=b"a\nb" * 1000), ticket="t", cell=4)
    path.write_bytes(damage(path.read_bytes()))
    assert read_kept(path, ticket="t", cell=4) == Checkpoint()


@pytest.fixture
def taking(tmp_path):
    """What takes from a scratch folder in which an experiment may have laid anything."""
    (tmp_path / "slot").mkdir()
    (tmp_path / "scratch").mkdir()
    told = []
    made = CheckpointHandover(Slot(tmp_path / "slot"), pause=0.0, most=SIZE_LIMIT, told=told.append)
    return made, tmp_path / "scratch", told, made.begin(tmp_path / "scratch")


def test_a_state_is_taken_from_the_scratch_folder(taking, tmp_path):
    made, _, told, words = taking
    with open(words["path"] + ".1", "wb") as file:  # noqa: PTH123
        file.write(b"state")
    assert not made.hear({"progress": 0.5}, 1.0)
    assert made.hear({"kept": 1}, 2.0)
    assert (told[0].times, told[0].cpu_seconds, told[0].fraction) == (1, 2.0, 0.5)
    assert (tmp_path / "slot/kept").read_bytes().endswith(b"\nstate")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing", "large"])
def test_what_is_no_ordinary_file_is_not_taken(kind, taking, tmp_path):
    made, scratch, told, words = taking
    (tmp_path / "secret").write_text("0123456789abcdef")
    path = words["path"] + ".0"
    if kind == "link":
        (scratch / os.path.basename(path)).symlink_to(tmp_path / "secret")  # noqa: PTH119
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        (scratch / os.path.basename(path)).mkdir()  # noqa: PTH119
    elif kind == "large":
        with open(path, "wb") as file:  # noqa: PTH123
            file.truncate(2**40)
    assert not made.hear({"kept": 0}, 1.0)
    assert told == []
    assert not (tmp_path / "slot/kept").exists()


@pytest.mark.parametrize("end", ["", ".now", ".0", ".1"])
def test_whatever_an_experiment_lays_where_its_state_goes_ends_nothing_and_is_not_followed(end, taking, tmp_path):
    made, scratch, told, words = taking
    path = scratch / (words["path"].rpartition("/")[2] + end)
    path.mkdir()
    made.hear({"keeps": True}, 5.0)
    made.hurry(5.0)
    made.end()
    path.rmdir()
    path.symlink_to(tmp_path / "foreign")
    made.hurry(5.0)
    made.hear({"kept": 0}, 5.0)
    made.end()
    assert list(scratch.iterdir()) == []
    assert told == []
    assert not (tmp_path / "foreign").exists()
    assert made.begin(scratch)["path"] != words["path"]


_KILLED_WHILE_IT_KEEPS = """
import os, pathlib, sys
from axiom.runner.files.checkpoint import Checkpoint, write_kept
os.fsync = lambda handle: os.kill(os.getpid(), 9)
write_kept(pathlib.Path(sys.argv[1]), Checkpoint(times=1, state=b"x" * 10**6), ticket="a" * 64, cell=0)
"""


def test_what_was_being_kept_when_its_runner_was_killed_does_not_pile_up(obey, stopped, lab, tmp_path):
    stopped(one(lab), 1)
    slot = tmp_path / "slot"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", _KILLED_WHILE_IT_KEEPS, slot / "kept"], check=False)
    assert len([*slot.glob(".new-*")]) == 3
    assert obey(one(lab)).exit is Exit.DONE
    assert [*slot.glob(".new-*")] == []


def test_the_largest_state_that_is_kept_is_said_to_the_process_and_three_of_it_are_within_its_bounds(taking):
    _, _, _, words = taking
    assert words["limit"] == SIZE_LIMIT
    assert 3 * SIZE_LIMIT / 1e6 < resource_limits._DISK_MB
    assert SIZE_LIMIT < confine._LARGEST_FILE


@pytest.mark.parametrize(("disk_mb", "most"), [(1, 333_333), (100, 33_333_333), (10_000, SIZE_LIMIT)])
def test_two_states_leave_room_on_the_disk_that_the_experiment_asked_for(disk_mb, most):
    assert largest_state(disk_mb) == most


def test_a_state_beyond_what_the_experiment_s_disk_allows_is_kept_by_nobody(obey, lab, monkeypatch):
    asked = []
    monkeypatch.setattr("axiom.runner.tasks.largest_state", lambda disk_mb: asked.append(disk_mb) or 10)
    told = []
    assert cells(obey(one(lab), report=lambda *what: told.append(what[2])))[0].outcome is Outcome.OK
    assert set(told) <= {0, 1}  # the cell at its end, and no state before
    assert asked == [100]


def test_a_process_that_offers_states_without_end_is_not_heard_each_time(tmp_path):
    (tmp_path / "slot").mkdir()
    told = []
    made = CheckpointHandover(Slot(tmp_path / "slot"), pause=10.0, most=1_000, told=told.append)
    words = made.begin(tmp_path)
    for _ in range(100):
        with open(words["path"] + ".0", "wb") as file:  # noqa: PTH123
            file.write(b"state")
        made.hear({"kept": 0}, 1.0)
    assert told == []
