import ast
import functools
import json
import math
import statistics
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


def once(name):
    """A cell of replicate 0 whose programs are compiled, and the processor's seconds that it takes."""
    experiment = make_golden.load(name)
    cell(name, 0)
    began = time.process_time()
    measures, heard = make_golden.compute(experiment, cheap(experiment), seed_of(name, experiment.version, 0))
    return measures, heard, time.process_time() - began


repeated = functools.cache(once)


def declared_seconds(name):
    experiment = make_golden.load(name)
    return experiment.needs.seconds(cheap(experiment))


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
    assert all(value is None or isinstance(value, str | bytes) or math.isfinite(value) for value in floats(measures))


@every_experiment
def test_the_same_seed_measures_the_same(name):
    (first, heard), (second, again, _) = cell(name, 0), repeated(name)
    assert (second, again.early_values) == (first, heard.early_values)


def test_no_experiment_takes_far_longer_than_it_says():
    """Beside the others, since a slow computer takes longer for all. The runner stops a cell at five times."""
    costs = {name: repeated(name)[2] / declared_seconds(name) for name in NAMES}
    allowed = 5 * max(1.0, statistics.median(costs.values()))
    dear = {name: cost for name, cost in costs.items() if cost > allowed}
    least = {
        name: min(cost, *(once(name)[2] / declared_seconds(name) for _ in range(3))) for name, cost in dear.items()
    }
    assert {name: cost for name, cost in least.items() if cost > allowed} == {}


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
