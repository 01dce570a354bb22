"""A task on a GPU whose experiment computes side by side: one step, and the lines that its cells have alone."""

from pathlib import Path

import pytest

import axiom
from axiom.domain.work import Exit, Outcome
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.direct import describe_here
from axiom.runner.platform.device import Device
from axiom.signed.bundles import pack_files
from axiom.signed.outputs import read_output

PROBE, KIT = "axiom/catalogue/probe_cells.py", "axiom/kit/side_by_side.py"
GPU = {"device": Device(number=0)}  # the probe asks nothing of it


@pytest.fixture(scope="session")
def archive_side_by_side(files):
    needs = (b"memory_mb=200)", b"memory_mb=200, may_use_gpu=True, side_by_side=True)")
    source = (Path(axiom.__file__).parent / "kit" / "side_by_side.py").read_bytes()
    changed = files | {PROBE: files[PROBE].replace(*needs), KIT: source}
    return pack_files(changed | {"manifest.json": describe_here(changed)})


@pytest.fixture
def batching(lab, archive_side_by_side):
    return lab.with_bundle(archive_side_by_side)


def cells_of(answer):
    cells = read_output(Path(answer.output).read_bytes(), limit=10**6).cells
    return [(cell.replicate, cell.config, cell.seed, cell.outcome, cell.measures, cell.early) for cell in cells]


def test_a_batch_has_the_lines_of_its_cells_and_is_one_step(batching, obey_anew):
    order = batching.order({"act": "ok"}, {"act": "diverge"}, {"act": "ok", "amount": 2.0})
    alone = obey_anew(batching, order, "alone")
    reports = []
    joined = obey_anew(batching, order, "joined", report=lambda *words: reports.append(words), **GPU)
    assert (joined.exit, joined.message) == (Exit.DONE, "")
    assert cells_of(joined) == cells_of(alone)
    assert len({line.split()[-1] for line in batching.computed}) == 2  # a process for each way
    assert reports[-1] == (order.task, 1.0, 1)
    spent = {cell.cpu_seconds for cell in read_output(Path(joined.output).read_bytes(), limit=10**6).cells}
    assert len(spent) == 1


def test_a_cell_that_raises_fails_alone(batching, obey_anew):
    answer = obey_anew(batching, batching.order({"act": "ok"}, {"act": "refuse"}), **GPU)
    assert answer.exit is Exit.CELL_FAILED
    assert "2 of 4 cells raised, first replicate 1 at config 1: KeyError at axiom/catalogue/" in answer.message
    assert [cell[3] for cell in cells_of(answer)] == [Outcome.OK, Outcome.FAILED] * 2


def test_a_batch_over_its_time_is_late_as_a_whole(batching, obey_anew, monkeypatch):
    monkeypatch.setattr("axiom.runner.tasks.expected_seconds", lambda _manifest, cells: [0.1] * len(cells))
    order = batching.order({"act": "spin"}, {"act": "ok"}, cell_seconds=(0.2, 0.2))
    answer = obey_anew(batching, order, **GPU)
    assert {cell[3:5] for cell in cells_of(answer)} == {(Outcome.LATE, None)}


def test_what_an_earlier_process_finished_is_not_computed_again(batching, obey_anew, tmp_path):
    order = batching.order({"act": "ok"})
    whole = cells_of(obey_anew(batching, order, **GPU))
    output = tmp_path / "slot" / "output.jsonl"
    output.write_bytes(b"".join(output.read_bytes().splitlines(keepends=True)[:2]))
    before = len(batching.computed)
    assert cells_of(obey_anew(batching, order, **GPU)) == whole
    assert len(batching.computed) == before + 1


def test_a_batch_that_is_asked_to_stop_begins_anew(batching, obey_anew):
    order = batching.order({"act": "ok"}, {"act": "wait"})
    with pytest.raises(RunEnded):
        obey_anew(batching, order, gate=PauseGate(seconds=1.0), **GPU)
    (batching.room / "go").touch()
    assert obey_anew(batching, order, **GPU).exit is Exit.DONE


def test_a_core_computes_one_after_the_other(batching, obey_anew):
    reports = []
    obey_anew(batching, batching.order({"act": "ok"}), report=lambda *words: reports.append(words[2]))
    assert max(reports) == 2
