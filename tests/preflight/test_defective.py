"""Experiments with one fault each: every gate rejects what it should, and no gate before it does."""

import subprocess
import sys
from pathlib import Path

import pytest
from defects import DEFECTS, SOUND
from patience import PATIENCE
from real_parts import need

import axiom
from axiom.laboratory.experiments.preflight import preflight_file
from axiom.laboratory.experiments.publish import pack_experiment
from axiom.runner.direct import compute_here
from axiom.signed.bundles import read_bundle_files

PACKAGE = Path(axiom.__file__).parent
DEFECT = {defect.name: defect for defect in DEFECTS}
ALIKE = {  # found on the same way as others of their gate: the campaign `attacks` tries them too
    *("data_kept_for_all", "goes_on_where_it_was", "remembers_configs", "seed_modulo_one", "seed_of_the_config"),
    *("text_for_a_number", "measure_that_is_missing", "fifty_times_too_cheap", "class_among_the_inputs"),
    *("classes_shuffled", "writes_elsewhere"),  # the last of them has a test of its own
}
GATES = ("G0", "G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8")
BEYOND = 2.0  # seconds of a processor beyond what a cell may take by what it declares
LEFT_BEHIND = Path("/var/tmp/axiom_was_here")  # noqa: S108  a folder that every Linux has, and that is not ours
RUN = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("deed", sys.argv[1])
sys.modules["deed"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.run(module.Config(inputs=2), 1)
"""


def judged(file):
    return preflight_file(PACKAGE, file, patience=BEYOND).judged


def states(answer):
    return {gate.name: gate.state for gate in answer.gates}


def run_unguarded(file):
    """Compute one cell of a file in a plain process, as nobody should."""
    subprocess.run([sys.executable, "-c", RUN, file], check=True, timeout=PATIENCE)


@need("bwrap")
def test_a_sound_file_passes_every_gate():
    answer = judged(SOUND)
    assert answer.passed, answer.reason
    assert states(answer) == dict.fromkeys(GATES, "passed")


@need("bwrap")
@pytest.mark.parametrize(
    "defect",
    [defect for defect in DEFECTS if defect.name not in ALIKE],
    ids=lambda defect: f"{defect.gate}-{defect.name}",
)
def test_the_gate_that_should_rejects_the_file_and_none_before_it(defect, tmp_path):
    gate, answer = defect.gate, judged(defect.write(tmp_path))
    assert (answer.passed, answer.failed) == (False, gate), answer.reason
    before = GATES[: GATES.index(gate)]
    assert {name: states(answer)[name] for name in before} == dict.fromkeys(before, "passed")
    assert answer.reason.startswith(gate)


def test_half_a_file_and_one_of_another_encoding_are_rejected_for_what_they_are(tmp_path):
    source, file = SOUND.read_bytes(), tmp_path / "sound.py"
    for unreadable in (source[: source.index(b"needs=")], source.replace(b"linear", b"lin\xe9aire")):
        file.write_bytes(unreadable)
        assert judged(file).failed == "G0"


@pytest.mark.parametrize("name", ["asks_the_network", "begins_a_process", "looks_around"])
def test_what_the_sandbox_holds_is_done_without_it(name, tmp_path):
    run_unguarded(DEFECT[name].write(tmp_path))


@need("bwrap")
def test_a_file_is_left_behind_only_outside_of_the_sandbox(tmp_path):
    LEFT_BEHIND.unlink(missing_ok=True)
    file = DEFECT["writes_elsewhere"].write(tmp_path)
    assert judged(file).failed == "G2"
    assert not LEFT_BEHIND.exists()
    try:
        run_unguarded(file)
        assert LEFT_BEHIND.exists()
    finally:
        LEFT_BEHIND.unlink(missing_ok=True)


def test_the_order_of_a_set_is_the_same_in_every_process_but_in_a_preflight(tmp_path):
    files = read_bundle_files(pack_experiment(PACKAGE, DEFECT["order_of_a_set"].write(tmp_path)).archive)

    def accuracy(hash_seed=None):
        (answer,) = compute_here(
            files,
            "axiom.catalogue.order_of_a_set",
            [({"inputs": 8, "signal": 0.25}, 1)],
            cpu_limit=20.0,
            wall_limit=PATIENCE,
            memory_mb=1_000.0,
            on_progress=lambda _cell, _share: None,
            hash_seed=hash_seed,
        )
        return answer.early

    assert len({accuracy() for _ in range(3)}) == 1
    assert len({accuracy(hash_seed) for hash_seed in (None, 1, 2)}) == 3
