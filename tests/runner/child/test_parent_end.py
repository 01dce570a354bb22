import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, ChildLost, ExperimentError, MemoryLimit
from axiom.limits import runner as runner_limits
from axiom.runner.child import parent_end
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child, explain_ending
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.platform.host import platform_here
from axiom.signed import outputs

LIMITS = {"cpu_limit": 20.0, "wall_limit": PATIENCE, "memory_mb": 200.0}


def ignore(fraction: float) -> None:
    """Nobody listens."""


@pytest.fixture
def child(surroundings):
    tree, env = surroundings
    started = Child.start(tree, "axiom.catalogue.probe_cells", env)
    yield started
    started.stop()


def compute(child, act, amount=0.0, on_progress=ignore, **limits):
    return child.compute({"act": act, "amount": amount}, 2**62, on_progress=on_progress, **(LIMITS | limits))


def test_cells_are_computed_one_after_the_other_and_end_as_they_should(child):
    answer = compute(child, "ok", 1.0)
    assert answer.outcome is Outcome.OK
    assert answer.measures == {"value": 1.5, "count": 3, "curve": [1.0, 2.0]}
    assert answer.early == (1.5, 0.5)
    assert answer.error is None
    assert 0 <= answer.cpu_seconds < 1
    assert compute(child, "ok", 1.0).measures == answer.measures
    answer = compute(child, "diverge")
    assert answer.outcome == Outcome.DIVERGED
    assert answer.measures == {"value": None, "count": 1, "curve": None}
    answer = compute(child, "arrays")
    assert (answer.outcome, answer.measures) == (Outcome.OK, {"value": 0.5, "count": 4, "curve": [1.0, 2.0]})
    answer = child.compute({"act": "ok", "amuont": 1.0}, 1, on_progress=ignore, **LIMITS)
    assert (answer.outcome, answer.error.kind) == (Outcome.FAILED, "TypeError")
    assert compute(child, "chatter").outcome is Outcome.OK  # what is printed never mixes with the answers
    assert "to standard output\nto standard error" in child.printed
    assert len(child.printed) <= 64 * 1024
    assert compute(child, "sleep", 60.0, wall_limit=0.3).outcome is Outcome.LATE


def test_what_uses_no_processor_is_stuck_and_what_moves_is_not(child, monkeypatch):
    moments = iter(range(99))
    monkeypatch.setattr("axiom.runner.child.pause.time.monotonic", lambda: float(next(moments)))
    still = parent_end._Stillness()
    assert [still.seconds(cpu) for cpu in (0.0, 0.0, 0.01, 0.01, 0.01)] == [1.0, 2.0, 1.0, 2.0, 3.0]
    monkeypatch.undo()
    monkeypatch.setattr(runner_limits, "STILL_SECONDS", 0.3)
    assert compute(child, "sleep", 60.0).outcome is Outcome.LATE


def test_code_that_raises_fails_the_cell_and_nothing_more(child):
    kinds = {
        "refuse": "KeyError",
        "leave": "SystemExit",
        "mistype": "measure value must be float, and is a str",
        "nothing": "measure value is missing in what run returned, a NoneType",
        "forget": "measure value is missing in what run returned",
        "misname": "measure value is missing in what run returned",
        "mumble": "Speechless",
        "break_lines": "Two Lines",
        "deafen": "KeyError",
    }
    for act, kind in kinds.items():
        answer = compute(child, act)
        assert (answer.outcome, answer.measures) == (Outcome.FAILED, None), act
        assert answer.error is not None
        assert answer.error.kind == kind
        assert "secret" not in repr(answer)
        assert answer.error.where.startswith(("axiom/catalogue/probe_cells.py:", "axiom/domain/wrap.py:"))
        assert compute(child, "ok").outcome is Outcome.OK


def test_a_cell_over_its_cpu_limit_is_late_and_the_child_gone(child):
    answer = compute(child, "spin", cpu_limit=0.3)
    assert (answer.outcome, answer.measures, answer.early) == (Outcome.LATE, None, (1.5, 0.5))
    assert answer.cpu_seconds >= 0.3
    assert not child.alive


@pytest.mark.parametrize(
    ("act", "fault", "cause"),
    [
        ("hog", MemoryLimit, "200"),
        ("vanish", ChildLost, "status 7"),
        ("crash", ChildLost, "SIGSEGV"),
        ("stray", ChildLost, "signal 40"),
        ("hang_up", ChildLost, "pipe"),
    ],
)
def test_a_child_that_takes_too_much_or_ends_is_lost_and_the_cause_named(act, fault, cause, child):
    with pytest.raises(fault, match=cause):
        compute(child, act)
    assert not child.alive


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"hello\n", "it spoke out of form: it is not JSON"),
        (b'{"answer": {}}\n', "it spoke out of form: it is not in canonical form"),
        (b'{"answer":{}}\n', "it answered out of form: the answer lacks"),
        (b'{"answer":{"cpu_seconds":1e999}}\n', "it spoke out of form"),
        (b'{"early":5}\n', "it spoke out of form: early is not a list"),
        (b'{"early":[null]}\n', r"it spoke out of form: early\[0\] is not a finite number"),
        (b"x" * 5_000_000, "it spoke without end"),
        (b'{"answer":"' + b"x" * outputs.ANSWER_LIMIT + b'"}\n', f"and {outputs.ANSWER_LIMIT} are allowed"),
    ],
)
def test_a_child_that_speaks_out_of_form_is_lost(words, reason, child, surroundings):
    (Path(surroundings[1]["TMPDIR"]) / "words").write_bytes(words)
    with pytest.raises(ChildLost, match=reason):
        compute(child, "meddle")
    assert not child.alive


def test_a_child_that_answers_another_question_is_lost(child, surroundings):
    compute(child, "ok")
    tree, env = surroundings
    child._say(do="compute", config={"act": "ok", "amount": 0.0}, seed=1, keep=None)
    with pytest.raises(ChildLost, match="answered amiss"):
        child.describe(tree, [], env)


FORGED = """
import os

for number in range(3, 16):
    try:
        if os.readlink(f"/proc/self/fd/{{number}}").startswith("pipe:"):
            os.write(number, {words!r})
    except OSError:
        continue
"""


@pytest.mark.parametrize(
    "words",
    [
        *(b'{"loaded":5}\n', b'{"loaded":{"kind":"A"}}\n'),
        b'{"loaded":{"kind":"A","text":"\\u001b[2J","where":"x"}}\n',
        *(b'{"described":5}\n', b'{"described":[5]}\n', b'{"described":[{"fault":{"kind":"A"}}]}\n'),
    ],
)
def test_a_module_that_speaks_for_the_child_while_it_is_imported_is_said_to(words, files, surroundings, tmp_path):
    write_tree(tmp_path / "tree", files)
    (tmp_path / "tree" / "axiom" / "catalogue" / "forger.py").write_text(FORGED.format(words=words))
    child, module = Child(surroundings[1]), "axiom.catalogue.forger"
    ask, asked = (child.load, module) if words.startswith(b'{"loaded"') else (child.describe, [module])
    try:
        with pytest.raises(ChildLost, match="it answered amiss"):
            ask(tmp_path / "tree", asked, surroundings[1])
        assert not child.alive
    finally:
        child.stop()


def test_progress_is_told_and_a_process_whose_cell_was_given_up_gets_no_other(child):
    def fails(fraction):
        raise RuntimeError(fraction)

    fractions: list[float] = []
    began = time.monotonic()
    compute(child, "steps", 1.4, on_progress=fractions.append)
    assert fractions == sorted(fractions)
    assert 1 <= len(fractions) <= (time.monotonic() - began) / 0.5 + 1
    assert all(0 < fraction < 1 for fraction in fractions)
    with pytest.raises(RuntimeError):
        compute(child, "steps", 1.4, on_progress=fails)
    assert not child.alive


def test_a_child_that_was_killed_between_cells_is_lost(child):
    os.kill(child.pid, 9)
    with pytest.raises(ChildLost, match="SIGKILL"):
        compute(child, "ok")


def test_an_experiment_sees_its_bundle_and_none_of_the_hosts_words(surroundings, monkeypatch):
    monkeypatch.setenv("AXIOM_SECRET", "x")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    tree, env = surroundings
    env = child_environment(Path(env["TMPDIR"]))
    child = Child.start(tree, "axiom.catalogue.probe_cells", env)
    try:
        compute(child, "look")
    finally:
        child.stop()
    notes = Path(env["TMPDIR"])
    seen = json.loads((notes / "environ").read_text())
    own = {name: seen[name] for name in ("HOME", "TMPDIR", "LC_CTYPE") if name in seen}
    assert seen == env | own
    assert own["HOME"] == own["TMPDIR"]
    assert Path(own["TMPDIR"]).parent == Path(env["JAX_COMPILATION_CACHE_DIR"]).parent
    assert not [name for name in seen if name.startswith("AXIOM") or name in ("OPENBLAS_CORETYPE", "PYTHONPATH")]
    assert json.loads((notes / "modules").read_text())[:2] == [str(tree / "axiom"), str(tree)]


def test_what_cannot_be_described_or_imported_is_named(surroundings):
    tree, env = surroundings
    child = Child(env)
    try:
        good, bad = child.describe(tree, ["axiom.catalogue.probe_cells", "axiom.catalogue.missing"], env)
    finally:
        child.stop()
    assert good.manifest is not None
    assert good.manifest["name"] == "probe_cells"
    assert good.manifest["avx"] is False
    assert (bad.manifest, bad.module) == (None, "axiom.catalogue.missing")
    assert bad.fault["kind"] == "ModuleNotFoundError"
    assert not list(tree.rglob("__pycache__"))
    with pytest.raises(ExperimentError, match=r"axiom\.catalogue\.missing"):
        Child.start(tree, "axiom.catalogue.missing", env)


class Ended:
    """A process that has ended so, or has not."""

    def __init__(self, status):
        self._status = status

    def wait(self, timeout):
        if self._status is None:
            raise subprocess.TimeoutExpired("process", timeout)
        return self._status


@pytest.mark.parametrize(
    ("status", "is_boxed", "words"),
    [
        (None, False, "it closed its pipe"),
        (0, False, "it ended by itself with status 0"),
        (7, True, "it ended by itself with status 7"),
        (200, True, "it ended by itself with status 200"),
        (-15, False, "it was ended by SIGTERM"),
        (128 + 11, True, "it was ended by SIGSEGV"),
        (-40, False, "it was ended by signal 40"),
        (128 + 40, True, "it was ended by signal 40"),
        (-9, False, "it was ended by SIGKILL, perhaps because the host ran out of memory"),
        (128 + 9, True, "it was ended by SIGKILL, perhaps because the host ran out of memory"),
    ],
)
def test_every_way_to_end_has_words(status, is_boxed, words):
    kind = ChildKilled if "SIGKILL" in words else ChildLost
    assert explain_ending(Ended(status), is_boxed=is_boxed) == (words, kind)


def test_an_environment_holds_one_thread_and_nothing_of_the_hosts(monkeypatch, tmp_path):
    for name in ("AXIOM_HOME", "OPENBLAS_CORETYPE", "XLA_FLAGS", "JAX_ENABLE_X64", "LD_PRELOAD", "PYTHONPATH"):
        monkeypatch.setenv(name, "the host's")
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("SYSTEMROOT", raising=False)
    cache = str(tmp_path)
    assert child_environment(tmp_path) == {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "HOME": cache,
        "TMPDIR": cache,
        "NPROC": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "1",
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    }


@pytest.mark.parametrize(
    ("flags", "instructions"),
    [
        ("flags : fpu sse4_2", "none"),
        ("flags : fpu avx", "avx"),
        ("flags : avx avx2 avx512f", "avx2"),
        ("flags : avx avx2 avx512f avx512dq avx512vl", "avx512"),
        (None, "avx2"),
    ],
)
def test_the_widest_instructions_name_the_platform(flags, instructions, monkeypatch, tmp_path):
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(flags)
    here = platform_here(path)
    assert (here.system, here.processor, here.instructions) == ("macos", "x86_64", instructions)


def test_an_arm_processor_has_one_set_of_instructions_and_this_host_is_some_platform(monkeypatch):
    here = platform_here()
    assert here.system == os.uname().sysname.lower() or here.system == "macos"
    assert Path("/proc/cpuinfo").exists() == (here.system == "linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert (platform_here().processor, platform_here().instructions) == ("arm64", "neon")
