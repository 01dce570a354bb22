"""A task of which several cells compute at a time: the same output on however many cores."""

from dataclasses import replace
from pathlib import Path

import pytest
from processes import state

from axiom.domain.work import Exit, Outcome
from axiom.runner.boinc.protocol import read_setup
from axiom.runner.cells_by_core import share_out, take_thread_limit
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.direct import describe_here
from axiom.runner.platform.device import Device
from axiom.signed import bundles
from axiom.signed.outputs import read_output

DEEDS = (("ok", 1.0), ("steps", 0.1), ("loop", 0.1), ("diverge", 0.0))
FOUR = [{"act": act, "amount": amount} for act, amount in DEEDS]


@pytest.fixture(scope="module")
def archive_on_cores(files):
    name = "axiom/catalogue/probe_cells.py"
    changed = files | {name: files[name].replace(b"memory_mb=", b"cores=3, memory_mb=")}
    return bundles.pack_files(changed | {"manifest.json": describe_here(changed)})


@pytest.fixture
def lab(lab, archive_on_cores):
    return lab.with_bundle(archive_on_cores)


def processes(lab) -> set[str]:
    return {line.split()[-1] for line in lab.computed}


def measured(path: str) -> list[object]:
    output = read_output(Path(path).read_bytes(), limit=10**6)
    return [replace(cell, cpu_seconds=0.0) for cell in output.cells]


def test_the_output_is_the_same_on_any_number_of_cores(lab, obey_anew):
    order, outputs, used = lab.order(*FOUR), {}, {}
    for cores in (1, 2, 3, 8):
        before = processes(lab)
        answer = obey_anew(lab, order, f"slot-{cores}", cores=cores)
        assert (answer.exit, answer.message) == (Exit.DONE, "")
        outputs[cores], used[cores] = measured(answer.output), len(processes(lab) - before)
    assert used == {1: 1, 2: 2, 3: 3, 8: 3}
    assert outputs[1] == outputs[2] == outputs[3] == outputs[8]
    ordered = [(cell.replicate, cell.config, cell.seed) for cell in lab.ticket(*FOUR).cells]
    assert [(cell.replicate, cell.config, cell.seed) for cell in outputs[1]] == ordered


def test_on_a_gpu_it_is_one_process_with_the_same_output(lab, obey_anew):
    order = lab.order(*FOUR)
    on_cores = measured(obey_anew(lab, order, "cores", cores=3).output)
    before = processes(lab)
    on_gpu = obey_anew(lab, order, "gpu", cores=3, device=Device(number=0))  # the probe asks nothing of it
    assert len(processes(lab) - before) == 1
    assert measured(on_gpu.output) == on_cores


def test_progress_grows_to_the_end_and_counts_every_cell(lab, obey_anew):
    told: list[tuple[float, int]] = []
    obey_anew(lab, lab.order(*FOUR), cores=2, report=lambda _task, share, kept: told.append((share, kept)))
    assert told == sorted(told)
    assert told[-1][0] == pytest.approx(1.0)
    assert told[-1][1] >= 8


def test_a_process_that_is_lost_ends_the_task_and_the_others(lab, obey_anew):
    answer = obey_anew(lab, lab.order({"act": "wait"}, {"act": "vanish"}), cores=3)
    assert answer.exit is Exit.CHILD_LOST
    assert not any(state(int(pid)) not in {"X", "Z"} for pid in processes(lab))


def test_a_cell_that_raises_is_named_and_the_others_are_kept(lab, obey_anew):
    answer = obey_anew(lab, lab.order({"act": "ok"}, {"act": "refuse"}), cores=2)
    assert answer.exit is Exit.CELL_FAILED
    outcomes = [cell.outcome for cell in read_output(Path(answer.output).read_bytes(), limit=10**6).cells]
    assert outcomes == [Outcome.OK, Outcome.FAILED] * 2


def test_it_goes_on_with_another_number_of_cores_where_it_stopped(client):
    slot, order = client.slot(), client.lab.order({"act": "ok"}, {"act": "wait"})
    lend(slot, 3)
    started = client.start(slot, order)
    started.until(lambda: len(client.lab.computed) == 4)  # two of them wait, each in a process of its own
    assert len(processes(client.lab)) == 3
    started.say(0, "<suspend/>")
    started.until(lambda: [state(int(pid)) for pid in waiting(client.lab)] == ["T", "T"])
    started.say(0, "<quit/>")
    assert (started.end(), started.finished) == (0, None)
    (client.lab.room / "go").touch()
    lend(slot, 1)
    started = client.start(slot, order)
    assert (started.end(), started.finished) == (0, ["0"])
    assert sorted(line.split()[0] for line in client.lab.computed) == ["ok"] * 2 + ["wait"] * 4
    assert len(processes(client.lab)) == 4
    assert [cell.outcome for cell in client.read().cells] == [Outcome.OK] * 4


def test_a_volunteer_may_allow_fewer_cores_in_the_order_itself(client):
    slot = client.slot()
    lend(slot, 3)
    words = [*client.lab.order({"act": "ok"}, {"act": "diverge"}).argv(), "--nthreads", "1"]
    started = client.start(slot, words)
    assert (started.end(), started.finished) == (0, ["0"])
    assert len(processes(client.lab)) == 1


def lend(slot: Path, cores: float) -> None:
    """What app_config.xml says of an app version's avg_ncpus, as its client passes it on."""
    path = slot / "init_data.xml"
    text = path.read_text().replace("<host_info>", "<host_info><p_ncpus>64</p_ncpus>").partition("<ncpus>")[0]
    path.write_text(text.replace("</app_init_data>", "") + f"<ncpus>{cores:.6f}</ncpus>\n</app_init_data>\n")
    assert read_setup(slot).cores == max(1, int(cores))


def waiting(lab) -> list[str]:
    return [line.split()[-1] for line in lab.computed if line.startswith("wait")]


def test_shares_are_nearly_equal_and_follow_from_the_order_alone():
    assert share_out((5.0, 1.0, 1.0, 3.0), 2) == ((0,), (1, 2, 3))
    assert share_out((1.0,) * 5, 3) == ((0, 3), (1, 4), (2,))
    assert share_out((2.0,), 4) == ((0,),)


def test_words_that_a_volunteer_adds_are_not_the_orders():
    words = ["--task", "7", "--ticket", "x"]
    assert take_thread_limit(words) == (words, None)
    assert take_thread_limit([*words, "--nthreads", "4"]) == (words, 4)
    assert take_thread_limit([*words, "--nthreads", "many"]) == (words, 1)


def test_a_gate_behind_a_shut_one_is_shut():
    behind = PauseGate()
    gate = PauseGate(behind=behind)
    behind.shut()
    assert gate.is_shut
    behind.end()
    with pytest.raises(RunEnded):
        gate.wait()
