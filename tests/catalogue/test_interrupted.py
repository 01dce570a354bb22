"""A cell that was interrupted measures the same, to the last bit."""

import json
from dataclasses import asdict, replace

import make_golden
import pytest
from cell_host import Notebook, Shelf

from axiom.domain.experiments import seed_of
from axiom.kit import pace

LONG = 2.0  # seconds; a cell that takes longer goes on where it was interrupted
MORE = {  # steps than the golden cell has, where that is over before anything is kept
    "lazy_vs_feature_learning": {"epochs": 5},
    "optimizer_comparison": {"epochs": 5},
    "rank_dynamics": {"epochs": 90},
}


def short(name):
    """A cheap cell of several blocks."""
    experiment = make_golden.load(name)
    golden = json.loads((make_golden.GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["config"]
    return experiment, replace(type(experiment.sweep[0])(**golden), **MORE.get(name, {}))


def computed(experiment, config, notebook, shelf):
    pace.attach(notebook, shelf)
    try:
        return experiment.run(config, seed_of(experiment.name, experiment.version, 0))
    finally:
        pace.attach(None)


def dearest(experiment):
    return max(experiment.needs.seconds(config) for config in experiment.sweep)


LOOPS = [name for name in make_golden.names() if dearest(make_golden.load(name)) > LONG or name in MORE]


@pytest.mark.parametrize("name", LOOPS)
def test_an_interrupted_cell_measures_the_same_to_the_last_bit(name):
    experiment, config = short(name)
    whole = computed(experiment, config, heard := Notebook(), shelf := Shelf())
    assert len(shelf.states) >= 2, "nothing was kept before the end: give it more steps, or compute in pace.blocks"
    for state in (shelf.states[0], shelf.states[len(shelf.states) // 2]):
        again = computed(experiment, config, afterwards := Notebook(), resumed := Shelf(state))
        assert asdict(again) == asdict(whole)
        assert afterwards.fingerprints == heard.fingerprints
        assert len(resumed.states) < len(shelf.states)
