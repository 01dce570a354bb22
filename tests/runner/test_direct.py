import sys
from pathlib import Path

import pytest

import axiom
from axiom.domain.work import Outcome
from axiom.errors import ExperimentError
from axiom.runner.direct import compute_here, describe_files, describe_here
from axiom.signed.manifests import read_manifest


def test_an_experiment_describes_itself_in_a_clean_process(files):
    manifest = read_manifest(describe_here(files))
    assert (manifest.name, manifest.version, manifest.avx, manifest.seconds) == ("probe_cells", 1, False, 2.0)
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


def test_cells_are_computed_here_and_a_late_one_does_not_stop_the_rest(files):
    told = []
    answers = list(
        compute_here(
            files,
            "axiom.catalogue.probe_cells",
            [({"act": "spin"}, 1), ({"act": "steps", "amount": 0.8}, 2**62), ({"act": "refuse"}, 1)],
            cpu_limit=0.2,
            wall_limit=20.0,
            memory_mb=200.0,
            on_progress=lambda cell, _fraction: told.append(cell),
        )
    )
    assert [answer.outcome for answer in answers] == [Outcome.LATE, Outcome.OK, Outcome.FAILED]
    assert answers[1].measures["value"] == 1.3
    assert told == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone holds a process like this")
def test_what_is_described_or_computed_here_cannot_write_among_its_own_files(files):
    name = "axiom/catalogue/probe_cells.py"
    writing = b"\nfrom pathlib import Path\n\nPath(__file__).with_name('more.py').write_text('')\n"
    changed = files | {name: files[name] + writing}
    (described,) = describe_files(changed, ["axiom.catalogue.probe_cells"])
    assert "PermissionError" in described.fault
    limits = {"cpu_limit": 20.0, "wall_limit": 20.0, "memory_mb": 500.0, "on_progress": lambda *_: None}
    with pytest.raises(ExperimentError, match="PermissionError"):
        list(compute_here(changed, "axiom.catalogue.probe_cells", [({"act": "ok"}, 1)], **limits))


def test_a_broken_file_does_not_hide_its_neighbours(files):
    broken = files | {"axiom/catalogue/broken.py": b"1 / 0\n"}
    good, bad = describe_files(broken, ["axiom.catalogue.probe_cells", "axiom.catalogue.broken"])
    assert good.manifest["question"] == "What does the runner make of it?"
    assert bad.fault == (
        "axiom.catalogue.broken cannot be used: ZeroDivisionError at axiom/catalogue/broken.py:1: division by zero. "
        "Nothing of it was computed."
    )


UNWAITED = '''

import jax
import jax.numpy as jnp


def left_running(config, seed):
    """Begin a thread that computes on once the cell has ended."""
    import threading

    def burn():
        began = time.process_time()
        while time.process_time() < began + config.amount:
            pass

    threading.Thread(target=burn, daemon=True).start()
    return ok(config, seed)


def dispatched(config, seed):
    """Tell JAX to multiply matrices, and wait for nothing."""
    multiply = jax.jit(lambda times, square: jax.lax.fori_loop(0, times, lambda _, x: x @ x / 600, square))
    multiply(int(config.amount), jnp.ones((600, 600)))
    return ok(config, seed)
'''


def computed(files, *cells):
    changed = files | {"axiom/catalogue/probe_cells.py": files["axiom/catalogue/probe_cells.py"] + UNWAITED.encode()}
    return list(
        compute_here(
            changed,
            "axiom.catalogue.probe_cells",
            [(cell, 1) for cell in cells],
            cpu_limit=60.0,
            wall_limit=120.0,
            memory_mb=2_000.0,
            on_progress=lambda *_: None,
        )
    )


def test_what_a_cell_leaves_running_is_charged(files):
    first, second, third = computed(
        files, {"act": "left_running", "amount": 0.3}, {"act": "sleep", "amount": 3.0}, {"act": "ok"}
    )
    assert first.cpu_seconds + second.cpu_seconds >= 0.3
    assert third.cpu_seconds < 0.2


def test_what_jax_was_told_to_compute_is_charged_to_the_cell_that_told_it(files):
    _, few, many, after = computed(
        files, *({"act": "dispatched", "amount": float(amount)} for amount in (1, 1, 200)), {"act": "ok"}
    )
    assert many.cpu_seconds > 5 * few.cpu_seconds
    assert after.cpu_seconds < many.cpu_seconds / 5


@pytest.mark.parametrize(
    ("act", "name"),
    [
        ("chance.stream = lambda seed, purpose: None", "axiom.kit.chance.stream"),
        ("chance.stream.__code__ = (lambda seed, purpose: None).__code__", "axiom.kit.chance.stream"),
        ("pace._Door.end = None", "axiom.kit.pace._Door.end"),
        ("import numpy.random; numpy.random.Generator = None", "numpy.random.Generator"),
        ("sys.modules['axiom.domain.declaration'].plain = None", "axiom.domain.declaration.plain"),
    ],
)
def test_whoever_replaces_the_library_has_no_measures(files, act, name):
    files["axiom/kit/chance.py"] = (Path(axiom.__file__).parent / "kit" / "chance.py").read_bytes()
    files["axiom/catalogue/probe_cells.py"] += f"""

from axiom.kit import chance


def replace(config, seed):
    {act}
    return ok(config, seed)
""".encode()
    cells = [({"act": "ok"}, 1), ({"act": "replace"}, 1), ({"act": "ok"}, 1)]
    limits = {"cpu_limit": 20.0, "wall_limit": 60.0, "memory_mb": 500.0, "on_progress": lambda *_: None}
    answers = list(compute_here(files, "axiom.catalogue.probe_cells", cells, **limits))
    assert [answer.outcome for answer in answers] == [Outcome.OK, Outcome.FAILED, Outcome.FAILED]
    assert answers[1].error.kind == "LibraryReplaced"
    assert answers[1].error.where.startswith(name)
