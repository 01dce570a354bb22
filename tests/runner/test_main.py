import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE
from processes import is_gone

from axiom.domain.work import Exit
from axiom.signed.outputs import read_output
from axiom.signed.tickets import Order

RUNNER = [sys.executable, "-m", "axiom.runner.main"]


def once(lab, order, slot: Path, *, limit: str = "") -> subprocess.CompletedProcess[str]:
    argv = order.argv() if isinstance(order, Order) else order
    command = [*RUNNER, "--home", str(lab.home.path), "--slot", str(slot), *argv]
    if limit:
        # Python takes what it could write of a module's bytecode for the whole, and whoever imports it later fails:
        # it keeps none here. The runner that is shipped has its bytecode with it.
        command = ["/bin/sh", "-c", f'{limit}; exec "$@"', "sh", command[0], "-B", *command[1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_one_order_ends_with_its_exit_status(lab, tmp_path):
    done = once(lab, lab.order(), tmp_path / "slot")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(read_output((tmp_path / "slot" / "output.jsonl").read_bytes(), limit=10**6).cells) == 2


@pytest.mark.parametrize(
    ("make", "status", "words"),
    [
        (lambda _: [], Exit.BAD_TICKET, "The order is empty"),
        (lambda lab: lab.order().argv()[:-2], Exit.BAD_TICKET, "must give each of"),
        (lambda lab: replace(lab.order(), task=9), Exit.BAD_TICKET, "says task 9"),
        (lambda lab: lab.order({"act": "refuse"}), Exit.CELL_FAILED, "KeyError at axiom/catalogue/probe_cells.py:"),
        (lambda lab: lab.order({"act": "vanish"}), Exit.CHILD_LOST, "status 7"),
    ],
)
def test_a_failure_is_one_sentence_and_its_status(make, status, words, lab, tmp_path):
    done = once(lab, make(lab), tmp_path / "slot")
    assert done.returncode == status
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_output_that_stops_growing_is_said(lab, tmp_path):
    assert once(lab, lab.order(), tmp_path / "first").returncode == 0  # unpacks, which needs room of its own
    order = lab.order({"act": "ok", "amount": 2.0}, {"act": "diverge"})
    done = once(lab, order, tmp_path / "slot", limit="ulimit -f 2")
    assert done.returncode == Exit.NO_ROOM
    assert "File too large" in done.stderr
    assert once(lab, order, tmp_path / "slot").returncode == 0
    assert len(read_output((tmp_path / "slot" / "output.jsonl").read_bytes(), limit=10**6).cells) == 4


def test_a_home_without_room_is_said(lab, tmp_path):
    done = once(lab, lab.order(), tmp_path / "slot", limit="ulimit -f 1")
    assert (done.returncode, lab.nothing_was_imported) == (Exit.NO_ROOM, True)
    assert "There is no room left in" in done.stderr
    (lab.home.path / "runner.log").unlink(missing_ok=True)
    assert once(lab, lab.order(), tmp_path / "slot").returncode == 0


class Serving:
    """A runner that serves and what is said to it."""

    def __init__(self, ending, *words: str) -> None:
        command = [*RUNNER, "--serve", *words]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ending(self.process.pid)

    def give(self, line: object) -> None:
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, object]:
        return json.loads(self.process.stdout.readline())

    def answer(self) -> dict[str, object]:
        while "exit" not in (said := self.hear()):
            assert set(said) == {"task", "progress", "kept"}
        return said

    def close(self) -> int:
        self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return status


@pytest.fixture
def ahead(ending):
    """One that was not told yet for whom it computes."""
    made = Serving(ending)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    for stream in (made.process.stdin, made.process.stdout):
        stream.close()


@pytest.fixture
def serving(ahead, lab):
    ahead.give({"home": str(lab.home.path), "host": 1})
    return ahead


def gone(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_gone(pid):
            return True
        time.sleep(0.02)
    return False


def wait_for_cells(lab, count: int) -> int:
    """Wait until so many cells have begun, and return the number of the process that computes them."""
    until = time.monotonic() + PATIENCE
    while len(lab.computed) < count and time.monotonic() < until:
        time.sleep(0.01)
    return int(lab.computed[count - 1].split()[-1])


def test_orders_are_served_one_after_the_other_by_one_child(lab, serving, tmp_path):
    for number, words in ((1, ""), (2, "says task 2")):
        order = lab.order() if number == 1 else replace(lab.order(), task=number)
        serving.give({"order": order.argv(), "slot": str(tmp_path / f"slot{number}")})
        answer = serving.answer()
        assert words in answer["message"]
    serving.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot3")})
    answer = serving.answer()
    assert answer.pop("elapsed_seconds") > 0
    assert answer.pop("cpu_seconds") >= 0
    output = str(tmp_path / "slot3" / "output.jsonl")
    assert answer == {"task": lab.order().task, "exit": 0, "output": output, "message": "", "may_pass": False}
    assert len({line.split()[-1] for line in lab.computed}) == 1
    assert serving.close() == 0
    assert gone(int(lab.computed[0].split()[-1]), 2)


@pytest.mark.parametrize("line", ["", "nonsense", "[]", '{"order":[]}', '{"order":[5],"slot":"x"}', "[" * 100_000])
def test_a_line_that_is_no_order_is_answered(line, lab, serving, tmp_path):
    serving.give(line)
    answer = serving.answer()
    assert (answer["task"], answer["exit"], answer["output"]) == (None, 13, None)
    assert "an order and a slot was expected" in answer["message"]
    serving.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert serving.answer()["exit"] == 0


def test_the_end_of_the_input_ends_runner_and_child_amid_a_cell(lab, serving, tmp_path):
    serving.give({"order": lab.order({"act": "sleep", "amount": 60.0}).argv(), "slot": str(tmp_path / "slot")})
    child = wait_for_cells(lab, 1)
    assert serving.close() == 0
    assert gone(child, 2)


def test_a_terminated_runner_takes_its_child_along(lab, serving, tmp_path):
    serving.give({"order": lab.order({"act": "sleep", "amount": 60.0}).argv(), "slot": str(tmp_path / "slot")})
    child = wait_for_cells(lab, 1)
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(timeout=PATIENCE) == 0
    assert gone(child, 2)


@pytest.mark.parametrize("act", ["spin", "sleep"])
def test_an_orphaned_child_is_gone_within_two_seconds(act, lab, serving, ending, tmp_path):
    serving.give({"order": lab.order({"act": act, "amount": 60.0}).argv(), "slot": str(tmp_path / "slot")})
    child = wait_for_cells(lab, 1)
    ending(child)
    serving.process.kill()
    serving.process.wait()
    assert gone(child, 2)


def test_a_task_killed_amid_its_cells_goes_on_and_equals_an_undisturbed_one(lab, serving, tmp_path):
    order = lab.order({"act": "ok", "amount": 1.0}, {"act": "sleep", "amount": 0.3})
    assert once(lab, order, tmp_path / "undisturbed").returncode == 0
    assert len(lab.computed) == 4

    serving.give({"order": order.argv(), "slot": str(tmp_path / "slot")})
    wait_for_cells(lab, 6)  # the second cell of the second time is being computed
    serving.process.kill()
    serving.process.wait()
    assert once(lab, order, tmp_path / "slot").returncode == 0
    assert [line.split()[0] for line in lab.computed[4:]] == ["ok", "sleep", "sleep", "ok", "sleep"]

    outputs = [
        read_output((tmp_path / slot / "output.jsonl").read_bytes(), limit=10**6) for slot in ("undisturbed", "slot")
    ]
    first, second = ((output.header, [replace(cell, cpu_seconds=0.0) for cell in output.cells]) for output in outputs)
    assert first == second


def test_the_kernel_ends_an_orphan_that_never_lets_its_watcher_look(ending):
    """One call that holds the interpreter for good: only the kernel can end such a child."""
    script = (
        "import os, sys; sys.argv = ['child.py', str(os.getppid()), '/']; "
        f"sys.path.insert(0, {str(Path(RUNNER[0]).parent)!r}); "
        "import importlib.util as u; "
        "spec = u.find_spec('axiom.runner.child.child'); "
        "child = u.module_from_spec(spec); spec.loader.exec_module(child); "
        "child._die_with(os.getppid()); print(os.getpid(), flush=True); 7 ** (10 ** 9)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"],
        stdout=subprocess.PIPE,
        text=True,
    )
    ending(parent.pid)
    child = int(parent.stdout.readline())
    ending(child)
    time.sleep(0.2)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child, 2)


def child_of(process) -> int:
    """The number of the only process below it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + PATIENCE
    while not (found := children.read_text().split()):
        assert time.monotonic() < until
        time.sleep(0.01)
    (child,) = found
    return int(child)


def test_the_child_that_was_started_first_computes(ahead, lab, tmp_path):
    child = child_of(ahead.process)
    ahead.give({"home": str(lab.home.path), "host": 1})
    ahead.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    said = ahead.answer()
    assert (said["exit"], said["message"]) == (0, "")
    assert {int(line.split()[-1]) for line in lab.computed} == {child}
    assert ahead.close() == 0
    assert gone(child, 2)


def test_a_runner_ahead_ends_with_its_child_before_it_is_told_anything(ahead):
    child = child_of(ahead.process)
    assert ahead.close() == 0
    assert gone(child, 2)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_child_of_a_runner_ahead_ends_however_that_ends(how, ahead):
    child = child_of(ahead.process)
    ahead.process.send_signal(how)
    assert ahead.process.wait(10) in (0, -how)
    assert gone(child, 2)


def test_a_child_that_is_gone_is_replaced(ahead, lab, tmp_path, ending):
    child = child_of(ahead.process)
    ending(child)
    subprocess.run(["/bin/kill", "-9", str(child)], check=True)
    ahead.give({"home": str(lab.home.path), "host": 1})
    ahead.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert ahead.answer()["exit"] == 0


def test_one_order_wants_a_slot(lab):
    done = subprocess.run(
        [*RUNNER, "--home", str(lab.home.path)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    assert "required: --slot" in done.stderr


def test_the_parent_loads_nothing_that_computes():
    code = (
        "import sys, axiom.runner.main, axiom.runner.main, axiom.runner.main, axiom.runner.direct; "
        "print([n for n in sys.modules if n.split('.')[0] in {names}])"
    )
    names = "('numpy', 'jax', 'scipy', 'pydantic', 'starlette')"
    done = subprocess.run(
        [sys.executable, "-c", code.replace("{names}", names)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout == "[]\n"
    assert os.environ.get("NPROC") == "1"


@pytest.mark.parametrize(("words", "niceness"), [((), os.getpriority(os.PRIO_PROCESS, 0)), (("--low-priority",), 10)])
def test_it_computes_at_the_priority_that_it_was_started_for(words, niceness, lab, tmp_path, ending):
    runner = Serving(ending, *words)
    runner.give({"home": str(lab.home.path), "host": 1})
    runner.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert runner.answer()["exit"] == 0
    child = int(lab.computed[0].split()[-1])
    assert os.getpriority(os.PRIO_PROCESS, child) == niceness
    runner.close()
