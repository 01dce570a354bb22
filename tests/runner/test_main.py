import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE, until
from processes import fields, is_gone, ran

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
    return ran(command)


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
    ended = once(lab, make(lab), tmp_path / "slot")
    assert ended.returncode == status
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_home_or_an_output_without_room_is_said_and_with_room_it_goes_on(lab, tmp_path):
    order = lab.order({"act": "ok", "amount": 2.0}, {"act": "diverge"})
    ended = once(lab, order, tmp_path / "slot", limit="ulimit -f 1")
    assert (ended.returncode, lab.nothing_was_imported) == (Exit.NO_ROOM, True)
    assert "There is no room left in" in ended.stderr
    lab.home.log.unlink(missing_ok=True)
    ended = once(lab, lab.order(), tmp_path / "first")  # unpacks, which needs room of its own
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    ended = once(lab, order, tmp_path / "slot", limit="ulimit -f 2")
    assert ended.returncode == Exit.NO_ROOM
    assert "File too large" in ended.stderr
    assert once(lab, order, tmp_path / "slot").returncode == 0
    assert len(read_output((tmp_path / "slot" / "output.jsonl").read_bytes(), limit=10**6).cells) == 4


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
        while "exit" not in (line := self.hear()):
            assert set(line) == {"task", "progress", "kept"}
        return line

    def close(self) -> int:
        self.process.stdin.close()
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        return status

    def end(self, how: signal.Signals | None) -> int:
        """By a signal, or by the end of its input."""
        if how is None:
            return self.close()
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def ahead(ending):
    """One that was not told yet for whom it computes."""
    runner = Serving(ending)
    yield runner
    if runner.process.poll() is None:
        runner.process.kill()
        runner.process.wait()
    for stream in (runner.process.stdin, runner.process.stdout):
        stream.close()


@pytest.fixture
def serving(ahead, lab):
    ahead.give({"home": str(lab.home.path), "host": 1, "is_ours": False})
    return ahead


def wait_for_cells(lab, count: int) -> int:
    """Wait until so many cells have begun, and return the number of the process that computes them."""
    until(lambda: len(lab.computed) >= count)
    return int(lab.computed[count - 1].split()[-1])


def child_of(process) -> int:
    """The number of the only process below it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(children.read_text)
    (child,) = children.read_text().split()
    return int(child)


def test_orders_are_served_one_after_the_other_by_the_child_that_was_started_first(lab, serving, tmp_path):
    child = child_of(serving.process)
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
    assert {int(line.split()[-1]) for line in lab.computed} == {child}


def test_a_line_that_is_no_order_is_answered(lab, serving, tmp_path):
    for line in ("", "nonsense", "[]", '{"order":[]}', '{"order":[5],"slot":"x"}', "[" * 100_000):
        serving.give(line)
        answer = serving.answer()
        assert (answer["task"], answer["exit"], answer["output"]) == (None, 13, None)
        assert "an order and a slot was expected" in answer["message"]
    serving.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert serving.answer()["exit"] == 0


@pytest.mark.parametrize(
    ("act", "how", "statuses"),
    [
        ("sleep", None, {0}),
        ("sleep", signal.SIGTERM, {0}),
        ("sleep", signal.SIGKILL, {-9}),
        ("spin", signal.SIGKILL, {-9}),
        (None, None, {0}),
        (None, signal.SIGTERM, {0, -15}),
        (None, signal.SIGKILL, {-9}),
    ],
)
def test_a_child_ends_with_its_runner_amid_a_cell_and_before_any(act, how, statuses, ahead, lab, ending, tmp_path):
    child = child_of(ahead.process)
    ending(child)
    if act:
        ahead.give({"home": str(lab.home.path), "host": 1, "is_ours": False})
        ahead.give({"order": lab.order({"act": act, "amount": 60.0}).argv(), "slot": str(tmp_path / "slot")})
        assert wait_for_cells(lab, 1) == child
    assert ahead.end(how) in statuses
    until(lambda: is_gone(child))


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
    before = int(fields(child)[11])
    until(lambda: int(fields(child)[11]) > before + 10)  # a tenth of a second: it is amid the call
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: is_gone(child))


def test_a_child_that_is_gone_is_replaced(ahead, lab, tmp_path, ending):
    child = child_of(ahead.process)
    ending(child)
    os.kill(child, signal.SIGKILL)
    ahead.give({"home": str(lab.home.path), "host": 1, "is_ours": False})
    ahead.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert ahead.answer()["exit"] == 0


def test_one_order_wants_a_slot(lab):
    command = [*RUNNER, "--home", str(lab.home.path)]
    ended = ran(command)
    assert ended.returncode == 2
    assert "required: --slot" in ended.stderr


def test_the_parent_loads_nothing_that_computes():
    code = (
        "import sys, axiom.runner.main, axiom.runner.direct; "
        "names = {'numpy', 'jax', 'scipy', 'pydantic', 'starlette'}; "
        "print(names & {name.partition('.')[0] for name in sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert ended.stdout == "set()\n"


@pytest.mark.parametrize(("words", "more"), [((), 0), (("--low-priority",), 10)])
def test_it_computes_at_the_priority_that_it_was_started_for(words, more, lab, tmp_path, ending):
    runner = Serving(ending, *words)
    runner.give({"home": str(lab.home.path), "host": 1, "is_ours": False})
    runner.give({"order": lab.order().argv(), "slot": str(tmp_path / "slot")})
    assert runner.answer()["exit"] == 0
    child = int(lab.computed[0].split()[-1])
    niceness = os.getpriority(os.PRIO_PROCESS, child)
    runner.close()
    assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + more)
