import ast
import functools
import json
import math
import sys
import time
import types
import typing
from dataclasses import asdict
from pathlib import Path

import make_golden
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import pace

HERE = Path(__file__).parent
NAMES = make_golden.names()
every_experiment = pytest.mark.parametrize("name", NAMES)


def golden(name):
    path = make_golden.GOLDEN / f"{name}.json"
    assert path.exists(), f"{name} has no golden numbers: run python tests/catalogue/make_golden.py {name}"
    return json.loads(path.read_text(encoding="utf-8"))


def cheap(experiment):
    """The cheapest config of the sweep, or the golden one where even that is dear."""
    config = make_golden.cheapest(experiment)
    return config if experiment.needs.seconds(config) <= 2 else type(config)(**golden(experiment.name)["config"])


@functools.cache
def cell(name, replicate):
    experiment = make_golden.load(name)
    seed = seed_of(name, experiment.version, replicate)
    return make_golden.compute(experiment, cheap(experiment), seed)


def floats(measures):
    for value in vars(measures).values():
        yield from (value if isinstance(value, tuple) else (value,))


def fits(value, hint):
    """Is this exactly of the declared type? A NumPy float is a float to isinstance, and no float to JSON."""
    if isinstance(hint, types.UnionType):
        return any(fits(value, one) for one in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return type(value) is tuple and all(fits(one, typing.get_args(hint)[0]) for one in value)
    return type(value) is hint


@every_experiment
def test_it_declares_itself_under_the_name_of_its_file(name):
    assert make_golden.load(name).name == name


@every_experiment
def test_what_it_measures_is_finite_and_of_the_declared_types(name):
    measures, _ = cell(name, 0)
    hints = typing.get_type_hints(make_golden.load(name).measures)
    assert type(measures) is make_golden.load(name).measures
    assert {field for field, hint in hints.items() if not fits(getattr(measures, field), hint)} == set()
    assert all(value is None or isinstance(value, str) or math.isfinite(value) for value in floats(measures))


@every_experiment
def test_the_same_seed_measures_the_same_and_within_its_time(name):
    experiment = make_golden.load(name)
    first, heard = cell(name, 0)  # compiles what there is to compile
    began = time.process_time()
    second, again = make_golden.compute(experiment, cheap(experiment), seed_of(name, experiment.version, 0))
    spent = time.process_time() - began
    assert (second, again.early_values) == (first, heard.early_values)
    assert spent <= 5 * experiment.needs.seconds(cheap(experiment))  # where the runner stops a cell


@every_experiment
def test_another_seed_measures_something_else(name):
    (first, one), (second, other) = cell(name, 0), cell(name, 1)
    assert first != second
    assert one.early_values != other.early_values


@every_experiment
def test_it_gives_its_early_fingerprint_and_says_when_it_is_done(name):
    _, heard = cell(name, 0)
    assert 1 <= len(heard.early_values) <= pace.LONGEST
    assert all(map(math.isfinite, heard.early_values))
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 1.0


@every_experiment
def test_its_golden_numbers_hold(name):
    old = golden(name)
    experiment = make_golden.load(name)
    config = type(experiment.sweep[0])(**old["config"])
    problem = make_golden.complaint(name, old, make_golden.numbers(experiment, config, old["seed"]))
    assert not problem, problem


@every_experiment
def test_the_sweep_lies_within_the_ranges_and_has_a_price(name):
    experiment = make_golden.load(name)
    golden_config = type(experiment.sweep[0])(**golden(name)["config"])
    for config in (*experiment.sweep, golden_config):
        for factor, (low, high) in experiment.ranges.items():
            assert low <= getattr(config, factor) <= high, f"{factor} of {config}"
        assert 0 < experiment.needs.seconds(config) < math.inf


@every_experiment
def test_its_estimands_and_its_figure_speak_of_what_there_is(name):
    experiment = make_golden.load(name)
    for estimand in experiment.estimands:
        for arm in estimand.between:
            assert any(arm.items() <= asdict(config).items() for config in experiment.sweep), f"no cell has {arm}"
        assert not estimand.across or len({getattr(config, estimand.across) for config in experiment.sweep}) >= 3
    if experiment.figure:
        hints = typing.get_type_hints(experiment.measures)
        assert experiment.figure.x in experiment.factors
        assert experiment.figure.y in hints
        assert set(experiment.figure.log) <= {"x", "y"}


@every_experiment
def test_it_imports_what_travels_with_it_and_no_other_experiment(name):
    source = Path(sys.modules[type(cheap(make_golden.load(name))).__module__].__file__)
    tree = ast.parse(source.read_text(encoding="utf-8"))
    wanted = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    wanted |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    travels = ("axiom.domain", "axiom.kit", "numpy", "jax", *sys.stdlib_module_names)
    assert {module for module in wanted if not any(f"{module}.".startswith(f"{one}.") for one in travels)} == set()


OLD = {"version": 3, "measures": {"slope": -0.8, "curve": [1.0, 0.5], "reached": None}, "early": [1.6, 1.5]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, ""),
        ({"early": [1.6 * (1 + 1e-5), 1.5]}, ""),  # another processor
        ({"early": [1.6, 1.49]}, "early changed, and the version is still 3"),
        ({"measures": OLD["measures"] | {"slope": -0.79}}, "measures.slope changed, and the version is still 3"),
        ({"measures": OLD["measures"] | {"curve": [1.0]}}, "measures.curve changed"),
        ({"measures": OLD["measures"] | {"reached": 4.0}}, "measures.reached changed"),
        ({"measures": OLD["measures"] | {"new": 1.0}}, "measures.new changed"),
        ({"measures": {"slope": -0.8}}, "raise version to 4"),
        ({"version": 4}, "golden numbers are of 3: run python tests/catalogue/make_golden.py sums"),
        ({"version": 2}, "went back from version 3 to 2"),
    ],
)
def test_changed_numbers_need_another_version(change, sentence):
    said = make_golden.complaint("sums", OLD, OLD | change)
    assert sentence in said
    assert bool(said) == bool(sentence)


def test_a_golden_file_is_not_overwritten_where_that_would_hide_a_change(tmp_path):
    few = {"points": 100_000}
    assert "Wrote test_deploy.json: version 2" in make_golden.make("test_deploy", few, tmp_path)
    path = tmp_path / "test_deploy.json"
    true = path.read_text(encoding="utf-8")

    make_golden.make("test_deploy", {}, tmp_path)  # nothing changed: the same file, with the config that it has
    assert path.read_text(encoding="utf-8") == true

    forged = json.loads(true)
    forged["measures"]["share"] += 0.01
    path.write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"Refused, nothing was written\..*raise version to 3"):
        make_golden.make("test_deploy", {}, tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == forged

    forged["version"] = 0  # an older version's numbers give way to the new one's
    path.write_text(json.dumps(forged), encoding="utf-8")
    make_golden.make("test_deploy", {}, tmp_path)
    assert path.read_text(encoding="utf-8") == true
