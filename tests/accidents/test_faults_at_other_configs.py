"""An index, a shape and a forgotten weight decay: each script had been run once, at one config, before it went out."""

from pathlib import Path

import pytest
from patience import PATIENCE

import axiom
from axiom.errors import ExperimentError
from axiom.laboratory.experiments.preflight import preflight_file
from axiom.laboratory.experiments.publish import pack_experiment
from axiom.runner.direct import compute_here
from axiom.signed.bundles import read_bundle_files
from axiom.signed.manifests import read_manifest

PACKAGE = Path(axiom.__file__).parent
SOUND = Path(__file__).parents[1] / "preflight" / "sound.py"
BEFORE = "    progress.early(guesses)\n"
SHAPES = "    _ = np.zeros(config.inputs) + np.zeros(2 if config.inputs < 9 else 9)\n"
FAULTS = {
    "an index beyond the end": (BEFORE, "    _ = ([0.0] * 9)[config.inputs]\n" + BEFORE),
    "shapes that do not fit": (BEFORE, SHAPES + BEFORE),
    "a factor that was forgotten": ("config.signal *", "0.25 *"),
}


@pytest.fixture
def faulty(tmp_path):
    """Makes the sound experiment with one fault, which its first config does not show."""

    def make(fault: str) -> Path:
        old, new = FAULTS[fault]
        text = SOUND.read_text(encoding="utf-8")
        assert text.count(old) == 1
        (path := tmp_path / "sound.py").write_text(text.replace(old, new), encoding="utf-8")
        return path

    return make


def passes_preflight(path: Path) -> bool:
    """As we try it: every config twice, some at other seeds, and the controls."""
    return preflight_file(PACKAGE, path).judged.passed


def passes_once(path: Path) -> bool:
    """As it was tried then: the first config, once."""
    files = read_bundle_files(pack_experiment(PACKAGE, path).archive)
    first = read_manifest(files["manifest.json"]).configs[0]
    limits = {"cpu_limit": PATIENCE, "wall_limit": PATIENCE, "memory_mb": 1_000.0}
    try:
        (answer,) = compute_here(
            files, "axiom.catalogue.sound", [(first, 42)], **limits, on_progress=lambda _cell, _share: None
        )
    except ExperimentError:
        return False
    return answer.error is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_config_keeps_an_experiment_at_home(fault, faulty):
    assert not passes_preflight(faulty(fault)), "it would have gone out"


def test_the_old_way_saw_one_config_and_let_it_out(faulty):
    assert passes_once(faulty("an index beyond the end"))


def test_what_was_not_tried_is_sent_to_no_volunteer(small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    small_lab.host("ours", volunteer="Ada")
    theirs = small_lab.host("theirs", volunteer="Ben")
    small_lab.deploy(workunits=3)
    assert small_lab.ask(theirs, wanted=2) == ()
    small_lab.say_tried(prepared().digest)
    assert len(small_lab.ask(theirs, wanted=2)) == 2
