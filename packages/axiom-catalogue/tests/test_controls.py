"""Every claim has a control that was planted and found, and a placebo in which nothing was: of all as they were kept.

A few are computed anew; all are by `scripts/campaign preflights`.
"""

import json

import make_controls
import make_golden
import pytest

from axiom.limits import experiments as limits

NAMES = [name for name in make_golden.names() if make_golden.load(name).estimands]
COMPUTED = {  # the cheapest of a contrast, a slope, a share and a number, with the replicate that is computed anew
    "catapult_phase": 0,
    "double_descent": 3,
    "reservoir_computing": 5,
    "symmetry_breaking_dynamics": 7,
}


def kept(name):
    path = make_controls.KEPT / f"{name}.json"
    assert path.exists(), f"{name} has no kept controls: run make_controls.py {name} in this folder"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_kept_controls_are_those_declared_and_tell_an_effect_from_a_placebo(name):
    experiment, stored = make_golden.load(name), kept(name)
    assert experiment.controls
    again = f"run python packages/axiom-catalogue/tests/make_controls.py {name}"
    assert stored["version"] == experiment.version, again
    declared = {control.estimand: make_controls.sweeps(control) for control in experiment.controls}
    assert {estimand: values["sweeps"] for estimand, values in stored["controls"].items()} == declared, again
    for control in experiment.controls:
        values = stored["controls"][control.estimand]
        assert [len(values[which]) for which in ("planted", "placebo")] == [limits.CONTROL_SEEDS, limits.CONTROL_SEEDS]
        problem = make_controls.complaint(name, control, values["planted"], values["placebo"])
        assert not problem, f"{control.estimand}: {problem}"


@pytest.mark.parametrize("name", COMPUTED)
def test_controls_that_are_computed_anew_say_what_was_kept(name):
    for control in make_golden.load(name).controls:
        values, replicate = kept(name)["controls"][control.estimand], COMPUTED[name]
        for which, sweep in (("planted", control.planted), ("placebo", control.placebo)):
            new = make_controls.over_seed(name, control, sweep, replicate)
            assert new == pytest.approx(values[which][replicate], rel=1e-3, abs=1e-6)
