"""The first cell may be computed before its order is signed. It counts once that is proven, and never otherwise."""

import time
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import is_gone

from axiom.domain.experiments import seed_of
from axiom.domain.work import Exit
from axiom.runner.children import Child
from axiom.runner.gate import Gate
from axiom.runner.headstart import HeadStart
from axiom.runner.here import describe_files
from axiom.runner.limits import environment
from axiom.runner.loading import tell
from axiom.runner.rooms import room
from axiom.runner.spawning import spawn
from axiom.runner.tasks import Runner
from axiom.runner.trees import write_tree
from axiom.signed.outputs import read_output
from axiom.signed.tickets import Order, write_ticket

MODULE = "axiom.catalogue.probe_cells"
PROBE = "axiom/catalogue/probe_cells.py"
FIRST = {"replicates": (0,), "seeds": (seed_of("probe_cells", 1, 0),)}
SWEEP = b'sweep=(Config(act="ok"), Config(act="refuse"))'


@pytest.fixture
def begin(lab, tmp_path):
    """Start on these files; the runner, its head start, and the process that computes."""
    started = []

    def make(**changed):
        tree, files, gate = tmp_path / "ahead", lab.files | changed, Gate()
        write_tree(tree, files)
        process = spawn(environment())
        bounds = tell(process, tree, MODULE, room(lab.home.cache, "ahead"))
        child = Child(environment(), gate, process=process, bounds=bounds)
        head = HeadStart(child, gate, MODULE, files)
        head.begin()
        started.append(Runner(lab.home, 1, gate, ahead=head))
        return started[-1], head, child

    yield make
    for runner in started:
        runner.stop()


def computed(lab) -> list[str]:
    """Every cell that was computed, in any process."""
    return [line for file in lab.home.cache.glob("*/computed") for line in file.read_text().splitlines()]


def obey(runner, order, slot: Path, now):
    return runner.obey(order.argv(), slot, now=now, report=lambda *_: None)


def cells(path: Path):
    return [
        (cell.replicate, cell.config, cell.seed, cell.outcome, cell.measures, cell.early, cell.error)
        for cell in read_output((path / "output.jsonl").read_bytes(), limit=10**6).cells
    ]


def test_the_first_cell_is_computed_once_and_is_what_it_would_have_been(begin, lab, tmp_path, now):
    runner, head, child = begin()
    assert head.described() == describe_files(lab.files, [MODULE])[0]
    while not computed(lab):
        time.sleep(0.01)
    answer = obey(runner, lab.order(**FIRST), tmp_path / "slot", now)
    assert (answer.exit, answer.message) == (Exit.DONE, "")
    assert answer.elapsed_seconds >= answer.cpu_seconds
    (line,) = computed(lab)
    assert int(line.split()[-1]) == child.pid

    assert [*(lab.home.path / "unpacked").iterdir()] == []

    after = obey(runner, lab.order(), tmp_path / "after", now)
    assert after.exit == Exit.DONE
    assert {int(line.split()[-1]) for line in computed(lab)} == {child.pid}

    other = Runner(lab.home, 1)
    assert obey(other, lab.order(**FIRST), tmp_path / "other", now).exit == Exit.DONE
    other.stop()
    assert cells(tmp_path / "slot") == cells(tmp_path / "other")


def test_it_is_given_once(begin, lab, tmp_path, now):
    runner, _, _ = begin()
    for place in ("one", "two"):
        assert obey(runner, lab.order(**FIRST), tmp_path / place, now).exit == Exit.DONE
    assert len(computed(lab)) == 2
    assert cells(tmp_path / "one") == cells(tmp_path / "two")


@pytest.mark.parametrize(
    ("configs", "ordered"),
    [((), {}), (({"act": "ok", "amount": 1.0},), FIRST), ((), {**FIRST, "memory_mb": 190})],
    ids=["another seed", "another config", "less memory"],
)
def test_another_cell_than_the_ordered_one_is_not_used(configs, ordered, begin, lab, tmp_path, now):
    runner, _, _ = begin()
    assert obey(runner, lab.order(*configs, **ordered), tmp_path / "slot", now).exit == Exit.DONE
    assert len(computed(lab)) == 1 + len(cells(tmp_path / "slot"))


def test_other_code_than_the_sealed_one_is_not_used(begin, lab, tmp_path, now):
    runner, head, child = begin(**{PROBE: lab.files[PROBE].replace(b"seed / 2**63", b"seed / 2**62")})
    assert head.described() is not None
    assert obey(runner, lab.order(**FIRST), tmp_path / "slot", now).exit == Exit.DONE
    (cell,) = read_output((tmp_path / "slot" / "output.jsonl").read_bytes(), limit=10**6).cells
    assert cell.measures["value"] == FIRST["seeds"][0] / 2**63
    assert not child.alive
    assert [tree.name for tree in (lab.home.path / "unpacked").iterdir()] == [lab.digest]


def test_without_a_proven_order_nobody_sees_it(begin, lab, strangers, tmp_path, now):
    runner, _, _ = begin()
    while not computed(lab):
        time.sleep(0.01)
    ticket = lab.ticket(**FIRST)
    answer = obey(runner, Order.of(ticket, write_ticket(ticket, strangers.ticket)), tmp_path / "slot", now)
    assert answer.exit not in (Exit.DONE, Exit.CELL_FAILED, Exit.RUNNER_FAULT)
    assert answer.output is None
    assert not (tmp_path / "slot").exists()


def test_what_fails_is_no_answer_and_the_ordered_cell_says_so_itself(begin, lab):
    _, head, child = begin(
        **{PROBE: lab.files[PROBE].replace(SWEEP, b'sweep=(Config(act="refuse"), Config(act="ok"))')}
    )
    head._thread.join()
    assert head._answer is None
    assert child.alive
    assert len(computed(lab)) == 1


@pytest.mark.parametrize(
    ("old", "new"), [(b"lambda config: 1.0", b"lambda config: 3.0"), (b"import json", b"import jax, json")]
)
def test_a_long_cell_and_what_compiles_wait_for_their_order(old, new, begin, lab):
    _, head, child = begin(**{PROBE: lab.files[PROBE].replace(old, new)})
    assert head.described().manifest is not None
    head._thread.join()
    assert computed(lab) == []
    assert not child.alive


def test_a_process_that_is_gone_says_nothing_and_is_replaced(begin, lab, tmp_path, now):
    runner, head, child = begin(**{PROBE: b"import os\nos._exit(3)\n"})
    assert head.described() is None
    assert obey(runner, lab.order(**FIRST), tmp_path / "slot", now).exit == Exit.DONE
    assert not child.alive


def test_it_ends_with_its_runner_amid_its_cell(begin, lab):
    runner, _, child = begin(**{PROBE: lab.files[PROBE].replace(SWEEP, b'sweep=(Config(act="sleep", amount=60.0),)')})
    until = time.monotonic() + PATIENCE
    while not computed(lab):
        assert time.monotonic() < until
        time.sleep(0.01)
    runner.stop()
    assert is_gone(child.pid)
