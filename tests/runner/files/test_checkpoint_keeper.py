"""A long cell, interrupted: what was kept of it, and what is made of that."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.domain.work import Exit, Outcome
from axiom.limits import runner as limits
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.confine import confine
from axiom.runner.files.checkpoint_file import SIZE_LIMIT, Checkpoint, largest_state, read_checkpoint, write_checkpoint
from axiom.runner.files.checkpoint_keeper import CheckpointKeeper
from axiom.runner.files.slot import Slot
from axiom.signed.outputs import read_output, ticket_digest

BLOCKS = list(range(20))


@pytest.fixture
def obey(obey_anew, lab):
    return functools.partial(obey_anew, lab, pause=0.05)


@pytest.fixture
def stopped(obey):
    """Stop a task once this much more than its first share is kept."""

    def stopped(order, after, **options):
        gate, reports = PauseGate(), []

        def report(_task, fraction, kept):
            reports.append((fraction, kept))
            if kept >= after:
                gate.end()

        with pytest.raises(RunEnded):
            obey(order, gate=gate, report=report, **options)
        return reports

    return stopped


def cells(answer):
    return read_output(Path(answer.output).read_bytes(), limit=10**6).cells


def order_of(lab, act="loop", amount=0.8, **changes):
    """An order of one cell."""
    ticket = lab.ticket()
    single = {"replicates": ticket.replicates[:1], "seeds": ticket.seeds[:1]}
    return lab.order({"act": act, "amount": amount}, **single, **changes)


def test_an_interrupted_cell_goes_on_and_ends_with_the_same_bits(obey, stopped, lab, tmp_path):
    order, reports = order_of(lab), []
    undisturbed = obey(order, "other", pause=600.0, report=lambda *words: reports.append(words[2]))
    (undisturbed,) = cells(undisturbed)
    assert lab.blocks == BLOCKS
    assert set(reports) <= {0, 1}, "a cell that is shorter than the pause keeps nothing"
    (lab.room / "blocks").unlink()
    before = [fraction for fraction, _ in stopped(order, 3)]
    first = lab.blocks
    assert len(first) < 20
    again = []
    (resumed,) = cells(obey(order, report=lambda *words: again.append(words[1:])))
    assert resumed.measures == undisturbed.measures
    assert resumed.early == undisturbed.early
    assert resumed.cpu_seconds > 0.72, "the time of earlier processes is the cell's"
    second = lab.blocks[len(first) :]
    assert second == list(range(second[0], 20))
    assert 0 < second[0] <= len(first)  # at most the block after the last state is computed twice
    assert before == sorted(before)
    assert again[0] == pytest.approx((before[-1], 0))
    assert [fraction for fraction, _ in again] == sorted(fraction for fraction, _ in again)
    for slot in ("slot", "other"):
        assert sorted(path.name for path in (tmp_path / slot).iterdir()) == ["output.jsonl", "starts"]
    assert not list(lab.home.cache.rglob("kept-*"))


def test_the_limit_of_a_cell_counts_the_cpu_time_of_earlier_processes(obey, stopped, lab):
    order = order_of(lab, amount=3.0, cell_seconds=(1.8,))
    stopped(order, 9)  # of 20 blocks: the rest alone is within the limit
    (late,) = cells(obey(order))
    assert (late.outcome, late.early) == (Outcome.LATE, (1.5, 0.5))
    assert late.cpu_seconds >= 1.8


def test_a_stop_that_is_asked_for_waits_for_the_state(obey, lab, monkeypatch):
    monkeypatch.setattr(limits, "CHECKPOINT_WORTH_SECONDS", 0.1)
    gate, before = PauseGate(), []

    def report(_task, fraction, _kept):
        if fraction > 0.2:
            before.append(len(lab.blocks))
            gate.end()

    with pytest.raises(RunEnded):
        obey(order_of(lab, amount=1.2), gate=gate, pause=600.0, report=report)
    first = len(lab.blocks)
    obey(order_of(lab, amount=1.2))
    second = lab.blocks[first:]
    assert second == list(range(second[0], 20))
    assert before[0] - 1 <= second[0] <= first  # one may have begun before the state was taken


def test_a_process_killed_by_the_host_may_be_started_again_and_goes_on(obey, lab):
    first = obey(order_of(lab, "fragile"))
    assert (first.exit, first.may_pass) == (Exit.CHILD_LOST, True)
    assert "SIGKILL" in first.message
    assert [cell.outcome for cell in cells(obey(order_of(lab, "fragile")))] == [Outcome.OK]
    assert len(lab.blocks) < 31


def test_what_is_killed_again_and_again_is_given_up_and_kept_blocks_are_progress(obey, lab):
    order = order_of(lab, "doomed", 1.2)
    answers = [obey(order) for _ in range(6)]
    assert [answer.exit for answer in answers] == [Exit.CHILD_LOST] * 4 + [Exit.TOO_MANY_STARTS] * 2
    assert [answer.may_pass for answer in answers] == [True] * 4 + [False] * 2
    assert lab.blocks[:4] == [0, 1, 2, 3]
    assert set(lab.blocks[4:]) == {3}


def test_a_state_of_another_order_or_of_none_is_passed_over(obey, stopped, lab, tmp_path):
    order = order_of(lab)
    stopped(order, 1)
    first, path = len(lab.blocks), tmp_path / "slot" / "kept"
    write_checkpoint(
        path, Checkpoint(times=3, fraction=0.5, state=b"no state"), ticket=ticket_digest(order.ticket), cell=0
    )
    assert cells(obey(order))[0].outcome is Outcome.OK
    assert lab.blocks[first:] == BLOCKS
    stopped(order, 1, slot="next")
    first = len(lab.blocks)
    assert len(cells(obey(lab.order({"act": "loop", "amount": 0.1}), "next"))) == 2
    assert lab.blocks[first:] == BLOCKS * 2


def test_what_is_kept_comes_back_whole_for_the_same_cell_of_the_same_ticket_alone(tmp_path):
    path, kept = tmp_path / "kept", Checkpoint(times=2, cpu_seconds=1.5, fraction=0.25, state=b"a\nb\0" * 1000)
    assert read_checkpoint(path, ticket="t", cell=4) == Checkpoint()
    write_checkpoint(path, kept, ticket="t", cell=4)
    assert read_checkpoint(path, ticket="t", cell=4) == kept
    assert read_checkpoint(path, ticket="t", cell=5) == read_checkpoint(path, ticket="u", cell=4) == Checkpoint()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    raw = path.read_bytes()
    for damaged in (
        raw[:-1],
        raw[:50],
        b"",
        raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:],
        raw.replace(b'"times":2', b'"times":2.5'),
        raw.replace(b'"fraction":0.25', b'"fraction":1.25'),
        b"x" * 2000 + raw,
    ):
        assert damaged != raw
        path.write_bytes(damaged)
        assert read_checkpoint(path, ticket="t", cell=4) == Checkpoint()


@pytest.fixture
def taking(tmp_path):
    """What takes from a scratch folder in which an experiment may have laid anything."""
    (tmp_path / "slot").mkdir()
    (tmp_path / "scratch").mkdir()
    states = []
    keeper = CheckpointKeeper(Slot(tmp_path / "slot"), pause=0.0, most=SIZE_LIMIT, on_kept=states.append)
    return keeper, tmp_path / "scratch", states, keeper.begin(tmp_path / "scratch")


def test_a_state_is_taken_from_the_scratch_folder(taking, tmp_path):
    keeper, _, states, words = taking
    Path(words["path"] + ".1").write_bytes(b"state")
    assert not keeper.hear({"progress": 0.5}, 1.0)
    assert keeper.hear({"kept": 1}, 2.0)
    assert (states[0].times, states[0].cpu_seconds, states[0].fraction) == (1, 2.0, 0.5)
    assert (tmp_path / "slot/kept").read_bytes().endswith(b"\nstate")


@pytest.mark.parametrize(
    "lay",
    [
        lambda path, secret: path.symlink_to(secret),
        lambda path, _: os.mkfifo(path),
        lambda path, _: path.mkdir(),
        lambda path, _: (path.touch(), os.truncate(path, 2**40)),
        lambda *_: None,
    ],
    ids=["link", "pipe", "folder", "large", "nothing"],
)
def test_what_is_no_ordinary_file_is_not_taken(lay, taking, tmp_path):
    keeper, _, states, words = taking
    (tmp_path / "secret").write_text("0123456789abcdef")
    lay(Path(words["path"] + ".0"), tmp_path / "secret")
    assert not keeper.hear({"kept": 0}, 1.0)
    assert states == []
    assert not (tmp_path / "slot/kept").exists()


@pytest.mark.parametrize("end", ["", ".now", ".0", ".1"])
def test_whatever_lies_where_a_state_goes_ends_nothing_and_is_not_followed(end, taking, tmp_path):
    keeper, scratch, states, words = taking
    path = Path(words["path"] + end)
    path.mkdir()
    keeper.hear({"keeps": True}, 5.0)
    keeper.hurry(5.0)
    keeper.end()
    path.rmdir()
    path.symlink_to(tmp_path / "foreign")
    keeper.hurry(5.0)
    keeper.hear({"kept": 0}, 5.0)
    keeper.end()
    assert list(scratch.iterdir()) == []
    assert states == []
    assert not (tmp_path / "foreign").exists()
    assert keeper.begin(scratch)["path"] != words["path"]


_KILLED_WHILE_IT_KEEPS = """
import os, pathlib, sys
from axiom.runner.files.checkpoint_file import Checkpoint, write_checkpoint
os.fsync = lambda handle: os.kill(os.getpid(), 9)
write_checkpoint(pathlib.Path(sys.argv[1]), Checkpoint(times=1, state=b"x" * 10**6), ticket="a" * 64, cell=0)
"""


def test_what_was_being_kept_when_its_runner_was_killed_does_not_pile_up(obey, stopped, lab, tmp_path):
    stopped(order_of(lab), 1)
    slot = tmp_path / "slot"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", _KILLED_WHILE_IT_KEEPS, slot / "kept"], check=False)
    assert len([*slot.glob(".new-*")]) == 3
    assert obey(order_of(lab)).exit is Exit.DONE
    assert [*slot.glob(".new-*")] == []


def test_the_largest_state_kept_is_told_and_fits_the_bounds_of_process_and_disk(taking):
    _, _, _, words = taking
    assert words["limit"] == SIZE_LIMIT
    assert 3 * SIZE_LIMIT / 1e6 < limits.DISK_MB
    assert SIZE_LIMIT < confine._LARGEST_FILE
    for disk_mb, most in ((1, 333_333), (100, 33_333_333), (10_000, SIZE_LIMIT)):
        assert largest_state(disk_mb) == most


def test_a_state_beyond_what_the_experiment_s_disk_allows_is_kept_by_nobody(obey, lab, monkeypatch):
    disks, reports = [], []
    monkeypatch.setattr("axiom.runner.tasks.largest_state", lambda disk_mb: disks.append(disk_mb) or 10)
    assert cells(obey(order_of(lab), report=lambda *words: reports.append(words[2])))[0].outcome is Outcome.OK
    assert set(reports) <= {0, 1}  # the cell at its end, and no state before
    assert disks == [100]


def test_a_process_that_offers_states_without_end_is_not_heard_each_time(tmp_path):
    (tmp_path / "slot").mkdir()
    states = []
    keeper = CheckpointKeeper(Slot(tmp_path / "slot"), pause=PATIENCE, most=1_000, on_kept=states.append)
    words = keeper.begin(tmp_path)
    for _ in range(100):
        Path(words["path"] + ".0").write_bytes(b"state")
        keeper.hear({"kept": 0}, 1.0)
    assert states == []
