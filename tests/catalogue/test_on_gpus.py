"""What may be computed on a GPU as well as on a core: code that uses one, and the same picture from both."""

import json
from pathlib import Path

import jax
import make_golden
import numpy as np
import pytest

import axiom.catalogue
from axiom.decisions.tasks.duplicates import near
from axiom.kit import pace, planes

MAPS = ("catapult_map", "grokking_map", "lazy_map", "trainability", "trainability_of_starts")
OF_THE_OLD_LABORATORY = (
    *("compositional_generalization", "feature_competition_dynamics", "feature_rank_dynamics"),
    *("memorization_dynamics", "neuron_specialization", "spectral_dynamics"),
)
SMALL = {
    "catapult_map": {"width": 16, "steps": 20},
    "grokking_map": {"modulus": 7, "hidden": 8, "steps": 40},
    "lazy_map": {"steps": 20},
    "trainability": {"examples": 1, "width": 8, "steps": 60},
    "trainability_of_starts": {"examples": 8, "width": 8, "steps": 50},
}


def test_the_maps_and_the_old_laboratory_s_gpu_experiments_say_that_they_may_use_a_gpu():
    declared = {name: make_golden.load(name).needs for name in make_golden.names()}
    assert sorted(name for name, needs in declared.items() if needs.may_use_gpu) == sorted(
        (*MAPS, *OF_THE_OLD_LABORATORY)
    )
    assert not any(needs.gpu for needs in declared.values())  # what a GPU alone may compute, most hosts never could


def test_what_may_use_a_gpu_computes_with_jax():
    shipped = Path(axiom.catalogue.__file__).with_name("declared.json")
    manifests = [each["manifest"] for each in json.loads(shipped.read_text(encoding="utf-8"))["experiments"].values()]
    may = {said["name"]: said["avx"] for said in manifests if said.get("may_use_gpu")}
    assert may == dict.fromkeys((*MAPS, *OF_THE_OLD_LABORATORY), True)  # a process found JAX among what it imports
    assert not any(said.get("may_use_gpu", True) is not True for said in manifests)  # who may not says nothing


class _Heard:
    """Who listens to a cell."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.steps: list[float] = []

    def early(self, values):
        self.values = list(values)

    def progress(self, fraction):
        self.steps.append(fraction)


def drawn(name: str):
    """A small tile of a map, the early values that it told, and how often it said how far it was."""
    experiment = make_golden.load(name)
    heard = _Heard()
    pace.attach(heard)
    measures = experiment.run(type(experiment.sweep[0])(**SMALL[name]), 7)
    pace.attach(None)
    return getattr(measures, experiment.map.measure), heard


@pytest.mark.parametrize("name", MAPS)
def test_a_tile_is_one_program_on_a_gpu_and_the_picture_of_a_core(name, monkeypatch):
    pixels, on_core = drawn(name)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")  # its programs still run here: only their size differs
    other, on_gpu = drawn(name)
    assert on_gpu.steps == [1.0]
    assert len(on_core.steps) > 5
    assert np.mean(np.frombuffer(pixels, np.uint8) == np.frombuffer(other, np.uint8)) > 0.98
    assert len(on_core.values) == len(on_gpu.values)
    tolerance = make_golden.load(name).tolerance
    assert all(near(*pair, tolerance) for pair in zip(on_core.values, on_gpu.values, strict=True))


def test_a_gpu_has_room_for_so_many_networks_and_a_core_for_a_few(monkeypatch):
    assert planes.side_by_side(8, 10_000) == 8
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert planes.side_by_side(8, 10_000) == planes.ROOMY // 10_000
    assert planes.side_by_side(8, 2 * planes.ROOMY) == 8  # no fewer than a core has in its cache
