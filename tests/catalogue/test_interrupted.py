"""A cell that was interrupted measures the same, to the last bit."""

import importlib.util
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hearing import Notebook, Shelf

from axiom.domain.experiments import seed_of
from axiom.kit import pace

_spec = importlib.util.spec_from_file_location("make_golden", Path(__file__).parent / "make_golden.py")
make_golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_golden)

SHORT = {"lazy_vs_feature_learning": 5, "optimizer_comparison": 5, "rank_dynamics": 90}  # epochs


def computed(experiment, config, notebook, shelf):
    pace.attach(notebook, shelf)
    try:
        return experiment.run(config, seed_of(experiment.name, experiment.version, 0))
    finally:
        pace.attach(None)


@pytest.mark.parametrize("name", SHORT)
def test_an_interrupted_cell_measures_the_same_to_the_last_bit(name):
    experiment = make_golden.load(name)
    config = replace(experiment.sweep[-1], epochs=SHORT[name])
    whole = computed(experiment, config, heard := Notebook(), shelf := Shelf())
    assert len(shelf.states) == 5
    for state in shelf.states[:4:2]:
        again = computed(experiment, config, afterwards := Notebook(), resumed := Shelf(state))
        assert asdict(again) == asdict(whole)
        assert afterwards.fingerprints == heard.fingerprints
        assert len(resumed.states) < 5


def test_every_experiment_that_trains_goes_on_where_it_was_interrupted():
    assert set(SHORT) == {name for name in make_golden.names() if hasattr(make_golden.load(name).sweep[0], "epochs")}
