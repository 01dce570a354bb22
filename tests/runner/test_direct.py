import sys
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom
from axiom.domain.work import Outcome
from axiom.errors import ExperimentError
from axiom.runner.direct import _REFERENCE, compute_here, describe_files, describe_here
from axiom.signed.manifests import read_manifest


def test_an_experiment_describes_itself_in_a_clean_process(files):
    manifest = read_manifest(describe_here(files))
    assert manifest.name == "probe_cells"
    assert manifest.version == 1
    assert manifest.avx is False
    assert manifest.seconds == 2.0
    assert describe_here(files) == describe_here(files)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files.pop("axiom/catalogue/probe_cells.py"), "these files hold 0"),
        (lambda files: files.update({"axiom/catalogue/second.py": b""}), "these files hold 2"),
        (lambda files: files.update({"axiom/catalogue/probe_cells.py": b"def f(:\n"}), "SyntaxError"),
        (lambda files: files.update({"axiom/catalogue/probe_cells.py": b"x = 1\n"}), "AttributeError"),
        (
            lambda files: files.update({"axiom/catalogue/other.py": files.pop("axiom/catalogue/probe_cells.py")}),
            "named probe_cells, and its file other.py",
        ),
    ],
)
def test_files_that_are_no_experiment_are_refused(change, words, files):
    changed = dict(files)
    change(changed)
    with pytest.raises(ExperimentError, match=words):
        describe_here(changed)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"seconds=lambda config: 1.0", b"seconds=lambda config: float('nan')", r"needs\.seconds of sweep\[0\] is nan"),
        (b'question="', b'question="\\0', r"question holds '\\x00'"),
        (b'question="', b'question="\\ud800', r"question holds '\\ud800'"),  # half of a character ended the process
    ],
)
def test_what_no_manifest_can_say_is_refused_by_the_name_of_its_field(old, new, words, files):
    name = "axiom/catalogue/probe_cells.py"
    with pytest.raises(ExperimentError, match=f"at probe_cells.py: {words}"):
        describe_here(files | {name: files[name].replace(old, new)})


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (b"memori_mb=200", r"Did you mean memory_mb\? Needs has seconds, memory_mb, disk_mb, "),
        (b"", "'memory_mb'. Needs has seconds, memory_mb, disk_mb, "),
        (b"memory_mb='much'", "memory_mb of Needs must be int, and is 'much'"),
        (b"memory_mb=Direction.MOR", r"Did you mean MORE\? Direction has MORE, LESS, ABSENT"),
        (b"memory_mb=grid(Config, actt=[1])", r"Did you mean act\? Config has act, "),
        (b"memory_mb=Directoin.MORE", r"Did you mean Direction\? axiom.catalogue.probe_cells has .*Direction"),
        (b"memory_mb=chance.streams(1)", r"Did you mean stream\? axiom.kit.chance has .*orders, "),
        (b"memory_mb=chance.stream(1, purpos='data')", r"Did you mean purpose\? stream has seed, purpose"),
    ],
)
def test_a_wrong_word_is_answered_with_the_line_and_those_that_there_are(new, words, files):
    name = "axiom/catalogue/probe_cells.py"
    imports = b"from axiom.domain.experiments import Direction, grid\nfrom axiom.kit import chance\n"
    text = imports + files[name].replace(b"memory_mb=200", new)
    with pytest.raises(ExperimentError, match=rf"at probe_cells.py:\d+: .*{words}.* {_REFERENCE}"):
        describe_here(files | {name: text})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"from axiom.kit.data import clusterz", r"Did you mean clusters\? axiom.kit.data has .*teacher"),
        (b"from axiom.kit import trainning", r"Did you mean training\? axiom.kit has training"),
        (b"import axiom.kit.optimisers", r"Did you mean optimizers\? axiom.kit has optimizers"),
        (b"from axiom.kit.modles import Network", r"Did you mean models\? axiom.kit has .*models"),
        (b"from axiom.kitt.data import clusters", r"Did you mean kit\? axiom has .*kit"),
        (b"import nmpy", "No module named 'nmpy'"),
    ],
)
def test_a_wrong_import_is_answered_with_the_line_and_those_that_there_are(line, words, files):
    name = "axiom/catalogue/probe_cells.py"
    with pytest.raises(ExperimentError, match=rf"at probe_cells.py:\d+: .*{words}.* {_REFERENCE}"):
        describe_here(files | {name: line + b"\n" + files[name]})


def test_cells_are_computed_here_and_a_late_one_does_not_stop_the_rest(files):
    moved = []
    cells = {"act": "spin"}, {"act": "steps", "amount": 0.8}, {"act": "refuse"}, {"act": "arrive"}
    limits = {"cpu_limit": 0.2, "on_progress": lambda cell, _fraction: moved.append(cell)}
    answers = computed(files, *cells, seed=2**62, **limits)
    assert [answer.outcome for answer in answers] == [Outcome.LATE, Outcome.OK, Outcome.FAILED, Outcome.OK]
    assert answers[1].measures["value"] == 1.3
    goal = answers[3].measures  # what it has, after a third of its steps
    assert (goal["value"], goal["count"]) == (3.0, None)
    assert set(moved) - {3} == {1}  # the last is over before anybody hears of it


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone holds a process like this")
def test_what_is_described_or_computed_here_cannot_write_among_its_own_files(files):
    name = "axiom/catalogue/probe_cells.py"
    writing = b"\nfrom pathlib import Path\n\nPath(__file__).with_name('more.py').write_text('')\n"
    changed = files | {name: files[name] + writing}
    (described,) = describe_files(changed, ["axiom.catalogue.probe_cells"])
    assert described.fault["kind"] == "PermissionError"
    with pytest.raises(ExperimentError, match="PermissionError"):
        computed(changed, {"act": "ok"})


UNWAITED = '''

import threading

import jax
import jax.numpy as jnp

burning = []


def left_running(config, seed):
    """Begin a thread that computes on once the cell has ended."""
    def burn():
        began = time.process_time()
        while time.process_time() < began + config.amount:
            pass

    burning.append(threading.Thread(target=burn, daemon=True))
    burning[0].start()
    return ok(config, seed)


def burned_out(config, seed):
    burning[0].join()
    return ok(config, seed)


def dispatched(config, seed):
    """Tell JAX to multiply matrices, and wait for nothing."""
    multiply = jax.jit(lambda times, square: jax.lax.fori_loop(0, times, lambda _, x: x @ x / 600, square))
    multiply(int(config.amount), jnp.ones((600, 600)))
    return ok(config, seed)
'''


def computed(files, *cells, seed=1, **changes):
    limits = {"cpu_limit": 60.0, "wall_limit": PATIENCE, "memory_mb": 2_000.0, "on_progress": lambda *_: None} | changes
    return list(compute_here(files, "axiom.catalogue.probe_cells", [(cell, seed) for cell in cells], **limits))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reached = chance.stram(seed, 'data')", "Did you mean stream? axiom.kit.chance has "),
        ("reached = config.amuont", "Did you mean amount? Config has "),
        ("reached = 1; raeched", "Did you mean reached? axiom.catalogue.probe_cells has reached"),
        ("reached = [raeched for reached in (1,)]", "Did you mean reached? axiom.catalogue.probe_cells has reached"),
        ("reached += 1", ""),  # it is there, only not yet
    ],
)
def test_a_wrong_name_in_a_cell_is_answered_with_those_that_are_near(line, words, files):
    name, printed = "axiom/catalogue/probe_cells.py", []
    text = f"from axiom.kit import chance\n{{}}\n\ndef misspelt(config, seed):\n    {line}\n"
    changed = files | {name: text.format(files[name].decode()).encode()}
    (answer,) = computed(changed, {"act": "misspelt"}, on_failed=printed.append)
    assert answer.outcome is Outcome.FAILED
    assert printed[0].startswith(f"{words}" if words else "\nTraceback")


def unwaited(files, *cells):
    name = "axiom/catalogue/probe_cells.py"
    return computed(files | {name: files[name] + UNWAITED.encode()}, *cells)


def test_what_a_cell_leaves_running_is_charged(files):
    first, second, third = unwaited(files, {"act": "left_running", "amount": 0.3}, {"act": "burned_out"}, {"act": "ok"})
    assert first.cpu_seconds + second.cpu_seconds >= 0.3
    assert third.cpu_seconds < 0.2


def test_what_jax_was_told_to_compute_is_charged_to_the_cell_that_told_it(files):
    _, few, many, after = unwaited(
        files, *({"act": "dispatched", "amount": float(amount)} for amount in (1, 1, 200)), {"act": "ok"}
    )
    assert many.cpu_seconds > 5 * few.cpu_seconds
    assert after.cpu_seconds < many.cpu_seconds / 5


@pytest.mark.parametrize(
    ("act", "name"),
    [
        ("chance.stream = lambda seed, purpose: None", "axiom.kit.chance.stream"),
        ("chance.stream.__code__ = (lambda seed, purpose: None).__code__", "axiom.kit.chance.stream"),
        ("progress._Door.end = None", "axiom.kit.progress._Door.end"),
        ("import numpy.random; numpy.random.Generator = None", "numpy.random.Generator"),
        ("sys.modules['axiom.domain.declaration'].plain = None", "axiom.domain.declaration.plain"),
    ],
)
def test_whoever_replaces_the_library_has_no_measures(files, act, name):
    name_of_file = "axiom/catalogue/probe_cells.py"
    more = f"""

from axiom.kit import chance


def replace(config, seed):
    {act}
    return ok(config, seed)
""".encode()
    changed = files | {
        "axiom/kit/chance.py": (Path(axiom.__file__).parent / "kit" / "chance.py").read_bytes(),
        name_of_file: files[name_of_file] + more,
    }
    answers = computed(changed, {"act": "ok"}, {"act": "replace"}, {"act": "ok"})
    assert [answer.outcome for answer in answers] == [Outcome.OK, Outcome.FAILED, Outcome.FAILED]
    assert answers[1].error.kind == "LibraryReplaced"
    assert answers[1].error.where.startswith(name)
