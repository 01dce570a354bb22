"""The process that copies itself: copies compute like processes of their own, and fall and end like these."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE, until
from processes import is_gone

from axiom.domain.work import Exit, Outcome
from axiom.engines.local_engine import TemplateProcess
from axiom.errors import ChildKilled, ChildLost, MemoryLimit
from axiom.runner.child.parent_end import Child
from axiom.runner.child.spawn import ask_for_copy
from axiom.runner.tasks import Runner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a template needs Linux's own ways to end processes")

MODULE = "axiom.catalogue.probe_cells"
LIMITS = {"cpu_limit": 20.0, "wall_limit": PATIENCE, "memory_mb": 400.0}
# A runner that asks for a copy, has it compute without end, and is then killed itself.
GONE = """
import socket, sys
from pathlib import Path
from axiom.runner.child.spawn import ask_for_copy
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child
handle, tree, cache = sys.argv[1:]
surroundings = child_environment(Path(cache))
child = Child(surroundings, process=ask_for_copy(socket.socket(fileno=int(handle))))
child.load(Path(tree), "axiom.catalogue.probe_cells", surroundings)
print(child.pid, flush=True)
child.compute({"act": "spin"}, 1, cpu_limit=1e6, wall_limit=1e6, memory_mb=400, on_progress=lambda _: None)
"""


@pytest.fixture(scope="module")
def template():
    template = TemplateProcess()
    yield template
    template.end()


@pytest.fixture
def copied(template, surroundings):
    children = []

    def copied(of=template) -> Child:
        child = Child(surroundings[1], process=ask_for_copy(of.asked))
        children.append(child)
        child.load(surroundings[0], MODULE, surroundings[1])
        return child

    yield copied
    for child in children:
        child.stop()


def compute(child, act, amount=0.0):
    return child.compute({"act": act, "amount": amount}, 2**62, on_progress=lambda _: None, **LIMITS)


def test_a_copy_computes_like_a_process_of_its_own_and_is_held_as_well(copied, surroundings):
    plain, copy = Child.start(surroundings[0], MODULE, surroundings[1]), copied()
    try:
        assert compute(copy, "ok", 1.0).measures == compute(plain, "ok", 1.0).measures
        assert copy.held == plain.held != ""
        for word in (b"Seccomp:", b"NoNewPrivs:"):
            assert status(copy, word) == status(plain, word)
        files = [{str(file.readlink()).partition(":")[0] for file in opened(child)} for child in (copy, plain)]
        assert files[0] == files[1], "a copy holds something open that belongs to the template or to another copy"
        assert len(opened(copy)) == len(opened(plain))
        assert os.getsid(copy.pid) == os.getpgid(copy.pid) == copy.pid
    finally:
        plain.stop()


def status(child: Child, word: bytes) -> bytes:
    lines = Path(f"/proc/{child.pid}/status").read_bytes().splitlines()
    return next(line for line in lines if line.startswith(word))


def opened(child: Child) -> list[Path]:
    return list(Path(f"/proc/{child.pid}/fd").iterdir())


def test_a_copy_that_is_killed_takes_nobody_with_it(copied, template):
    beside = copied()
    for _ in range(5):
        child = copied()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildKilled):
            compute(child, "spin")
        assert compute(beside, "ok").outcome is Outcome.OK
        until(lambda child=child: not Path(f"/proc/{child.pid}").exists())  # buried, too
    assert not is_gone(template.pid)


@pytest.mark.parametrize(
    ("act", "fault", "words"),
    [
        ("vanish", ChildLost, "ended by itself with status 7"),
        ("crash", ChildLost, "ended by SIGSEGV"),
        ("hog", MemoryLimit, "the ticket allows 400"),
    ],
)
def test_how_a_copy_ends_is_told_like_that_of_any_process(act, fault, words, copied):
    child = copied()
    with pytest.raises(fault, match=words):
        compute(child, act)
    assert not child.alive


def test_copies_draw_different_numbers_and_one_over_its_time_is_ended(copied):
    children = [copied() for _ in range(2)]
    drawn = [compute(child, "dice").measures["value"] for child in children]
    assert drawn[0] != drawn[1]  # where no seed is given
    answer = children[0].compute({"act": "spin"}, 1, on_progress=lambda _: None, **(LIMITS | {"cpu_limit": 0.3}))
    assert (answer.outcome, children[0].alive) == (Outcome.LATE, False)


def test_a_copy_ends_with_its_runner_and_the_template_goes_on(template, surroundings, copied, tmp_path):
    tree, handle = surroundings[0], template.asked.fileno()
    runner = subprocess.Popen(
        [sys.executable, "-c", GONE, str(handle), str(tree), str(tmp_path)], stdout=subprocess.PIPE, pass_fds=(handle,)
    )
    pid = int(runner.stdout.readline())
    runner.kill()
    runner.communicate()
    until(lambda: is_gone(pid))
    assert compute(copied(), "ok").outcome is Outcome.OK


def test_copies_end_with_their_template_and_runners_start_their_own(copied, lab_with_jax, now, tmp_path):
    mortal = TemplateProcess()
    runner = Runner(lab_with_jax.home, 1, template=mortal.asked)
    try:
        child = copied(mortal)
        pids = obeyed(runner, lab_with_jax, now, tmp_path / "before")
        os.kill(mortal.pid, signal.SIGKILL)
        with pytest.raises(ChildKilled):
            compute(child, "spin")
        until(lambda: is_gone(pids[0]))
        after = obeyed(runner, lab_with_jax, now, tmp_path / "after")
        assert after[-1] not in {pids[0], child.pid}
        assert os.getpid() == parent_of(after[-1])
    finally:
        runner.stop()
        mortal.end()


def test_a_template_ends_with_the_engine_that_started_it():
    imports = "import os; from axiom.engines.local_engine import TemplateProcess"
    script = f"{imports}; print(TemplateProcess().pid, flush=True); os.kill(os.getpid(), 9)"
    engine = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False)
    assert engine.returncode == -signal.SIGKILL
    until(lambda: is_gone(int(engine.stdout)))


def test_a_runner_has_copies_for_jax_alone(template, lab, lab_with_jax, now, tmp_path):
    for number, (of, parent) in enumerate(((lab, os.getpid()), (lab_with_jax, template.pid))):
        runner = Runner(of.home, 1, template=template.asked)
        try:
            pids = obeyed(runner, of, now, tmp_path / str(number))
            assert parent_of(pids[-1]) == parent
        finally:
            runner.stop()


def obeyed(runner, lab, now, slot) -> list[int]:
    """The processes in which a task was computed, and those before it."""
    answer = runner.obey(lab.order(memory_mb=600).argv(), slot, now=now, report=lambda *_: None)
    assert answer.exit == Exit.DONE, answer.message
    return [int(line.split()[-1]) for line in lab.computed]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
