import sys

import pytest

from axiom.domain.work import Outcome
from axiom.errors import ExperimentError
from axiom.runner.here import compute_here, describe_files, describe_here
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
