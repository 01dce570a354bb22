import json
import os
from pathlib import Path

import pytest

from axiom.domain.work import Outcome
from axiom.errors import ChildLost, ExperimentError, MemoryLimit
from axiom.runner.child.environment import environment
from axiom.runner.child.process import Child
from axiom.runner.files.trees import write_tree
from axiom.signed import outputs

LIMITS = {"cpu_limit": 20.0, "wall_limit": 30.0, "memory_mb": 200.0}


def ignore(fraction: float) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def surroundings(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    write_tree(folder / "tree", files)
    (folder / "cache").mkdir()
    return folder / "tree", environment(folder / "cache")


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
    assert (answer.outcome, answer.measures) == (Outcome.DIVERGED, {"value": None, "count": 1, "curve": None})
    answer = compute(child, "arrays")
    assert (answer.outcome, answer.measures) == (Outcome.OK, {"value": 0.5, "count": 4, "curve": [1.0, 2.0]})
    answer = child.compute({"act": "ok", "amuont": 1.0}, 1, on_progress=ignore, **LIMITS)
    assert (answer.outcome, answer.error.kind) == (Outcome.FAILED, "TypeError")
    assert compute(child, "chatter").outcome is Outcome.OK  # what is printed never mixes with the answers
    assert "to standard output\nto standard error" in child.printed
    assert len(child.printed) <= 64 * 1024
    assert compute(child, "sleep", 60.0, wall_limit=0.3).outcome is Outcome.LATE


def test_code_that_raises_fails_the_cell_and_nothing_more(child):
    kinds = {
        "refuse": "KeyError",
        "leave": "SystemExit",
        "mistype": "measure value must be float, and is a str",
        "nothing": "measure value is missing in what run returned, a NoneType",
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
        assert answer.error.where.startswith("axiom/catalogue/probe_cells.py:")
        assert compute(child, "ok").outcome is Outcome.OK


def test_a_cell_over_its_cpu_limit_is_late_and_the_child_gone(child):
    answer = compute(child, "spin", cpu_limit=0.3)
    assert (answer.outcome, answer.measures, answer.early) == (Outcome.LATE, None, (1.5, 0.5))
    assert 0.3 <= answer.cpu_seconds < 3
    assert not child.alive


def test_a_cell_over_its_memory_ends_the_task(child):
    with pytest.raises(MemoryLimit, match="the ticket allows 200"):
        compute(child, "hog")
    assert not child.alive


@pytest.mark.parametrize(
    ("act", "cause"), [("vanish", "status 7"), ("crash", "SIGSEGV"), ("stray", "signal 40"), ("hang_up", "pipe")]
)
def test_a_child_that_ends_or_closes_its_pipe_is_lost_and_the_cause_named(act, cause, child):
    with pytest.raises(ChildLost, match=cause):
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
        b'{"loaded":5}\n',
        b'{"loaded":{"kind":"A"}}\n',
        b'{"loaded":{"kind":"A","text":"\x1b[2J","where":"x"}}\n'.replace(b"\x1b", b"\\u001b"),
        b'{"described":5}\n',
        b'{"described":[5]}\n',
        b'{"described":[{"fault":{"kind":"A"}}]}\n',
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


def test_a_process_whose_cell_was_given_up_is_asked_for_no_other(child):
    def fails(fraction):
        raise RuntimeError(fraction)

    with pytest.raises(RuntimeError):
        compute(child, "steps", 1.4, on_progress=fails)
    assert not child.alive


def test_a_child_that_was_killed_between_cells_is_lost(child):
    os.kill(child.pid, 9)
    with pytest.raises(ChildLost, match="SIGKILL, perhaps because"):
        compute(child, "ok")


def test_progress_is_told_while_a_cell_is_computed(child):
    told: list[float] = []
    compute(child, "steps", 1.4, on_progress=told.append)
    assert told == sorted(told)
    assert 1 <= len(told) <= 3
    assert all(0 < fraction < 1 for fraction in told)


def test_an_experiment_sees_its_bundle_and_none_of_the_hosts_words(surroundings, monkeypatch):
    monkeypatch.setenv("AXIOM_SECRET", "x")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    tree, env = surroundings
    env = environment(Path(env["TMPDIR"]))
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
    own, head = json.loads((notes / "modules").read_text())[:2]
    assert (own, head) == (str(tree / "axiom"), str(tree))


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
    assert "ModuleNotFoundError" in bad.fault
    assert not list(tree.rglob("__pycache__"))
    with pytest.raises(ExperimentError, match=r"axiom\.catalogue\.missing"):
        Child.start(tree, "axiom.catalogue.missing", env)
