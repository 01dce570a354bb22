"""Kept controls: what every experiment's estimands found in eight seeds of what was planted, and of its placebo.

    python packages/axiom-catalogue/tests/make_controls.py NAME [NAME ...]

writes controls/NAME.json. Eight seeds of all experiments take minutes, so a test computes one of the eight anew, each
time another one, and judges it with the seven that are kept. A preflight computes all of them.
"""

import json
import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import make_golden

from axiom.domain.declaration import declare
from axiom.domain.experiments import seed_of
from axiom.laboratory.experiments.rules.controls import check_placebo_values, control_result
from axiom.limits import experiments as limits
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand

TESTS = Path(__file__).parent
KEPT = TESTS / "controls"


def declared(name, control):
    """The estimand of a control, as it is declared."""
    experiment = make_golden.load(name)
    estimands = {estimand["name"]: estimand for estimand in declare(experiment, avx=False)["estimands"]}
    side = {"expects": control.side.value} if control.side else {}
    return estimands[control.estimand] | side


def over_seed(name, control, sweep, replicate):
    """The estimand's value in one replicate of this sweep."""
    experiment = make_golden.load(name)
    seed = seed_of(name, experiment.version, replicate)
    cells = [(asdict(config), asdict(make_golden.compute(experiment, config, seed)[0])) for config in sweep]
    return compute_estimand(declared(name, control), cells)[0]


def sweeps(control):
    """What is computed for a control, so that another one is seen."""
    return json.loads(
        json.dumps([[asdict(config) for config in configs] for configs in (control.planted, control.placebo)])
    )


def complaint(name, control, planted, placebo):
    """Why these values are not those of a claim that can fail; empty when they are."""
    seen, silent = (
        control_result(declared(name, control), planted),
        check_placebo_values(declared(name, control), placebo),
    )
    wrong = [*([] if seen.is_found else [f"planted: {seen.reason}"])]
    wrong += [*([] if silent.is_spared else [f"placebo: {silent.reason}"])]
    return "; ".join(wrong)


def make(name):
    """Compute and keep all controls of an experiment."""
    experiment, controls = make_golden.load(name), {}
    for control in experiment.controls:
        values = [
            [over_seed(name, control, sweep, replicate) for replicate in range(limits.CONTROL_SEEDS)]
            for sweep in (control.planted, control.placebo)
        ]
        if problem := complaint(name, control, *values):
            raise SystemExit(f"Nothing was written of {name}, {control.estimand}. {problem}")
        controls[control.estimand] = {"planted": values[0], "placebo": values[1], "sweeps": sweeps(control)}
    KEPT.mkdir(exist_ok=True)
    text = json.dumps({"version": experiment.version, "controls": controls}, separators=(",", ":"))
    (KEPT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(make_golden.names())
    if unknown or not sys.argv[1:]:
        raise SystemExit("Usage: make_controls.py NAME [NAME ...], each the name of an experiment of the catalogue.")
    root = TESTS.parents[2]
    sys.path += [str(TESTS), str(root / "tests" / "support")]
    runpy.run_path(str(root / "conftest.py"))  # one thread, as in the tests
    for control in sys.argv[1:]:
        make(control)
        print(f"Wrote controls/{control}.json.", flush=True)
