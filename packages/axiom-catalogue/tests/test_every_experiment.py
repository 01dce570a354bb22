"""What is asked of every experiment alike; how its claims hold against controls, all preflights of a campaign ask."""

import ast
import functools
import json
import math
import pkgutil
import sys
import types
import typing
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import make_golden
import pytest
from cell_host import Shelf

import axiom_catalogue as catalogue
from axiom import kit
from axiom.domain.experiments import seed_of
from axiom.domain.findings import Kind
from axiom.domain.links import references_in
from axiom.kit import progress
from axiom.laboratory.experiments.rules.source_rules import check_source

NAMES = make_golden.names()
LONG = 2.0  # seconds; a cell that takes longer goes on where it was interrupted
MORE = {  # steps than the golden cell has, where that is over before anything is kept
    "lazy_vs_feature_learning": {"epochs": 5},
    "optimizer_comparison": {"epochs": 5},
    "rank_dynamics": {"epochs": 90},
}
DIVERGING = {  # who says that alone of a network that leaves the numbers
    "lazy_vs_feature_learning": {"epochs": 40, "lr": 1e30},
    "mode_connectivity": {"lr": 1e30},
    "optimizer_comparison": {"optimizer": "sgd", "lr": 1e30},
    "rank_dynamics": {"epochs": 60, "lr": 1e30},
    "rank_transitions": {"lr": 1e30},
    "representation_alignment": {"lr": 1e30},
    "starvation_under_gradient_normalisation": {"epochs": 10, "lr": 1_000.0},
}
RACE = {"width": 32, "strong": 4.0, "weak": 0.5, "decoupling": 0.5, "epochs": 30, "lr": 20.0}
POSSIBLE = {Kind.PROPORTION: (0.0, 1.0), Kind.RANK_CORRELATION: (-1.0, 1.0), Kind.DIMENSION: (0.0, 2.0)}
CLIFF = {"task": "clusters", "activation": "relu", "loss": "mse", "depth": 3, "rows": 50, "epochs": 1}  # one step
SILENT = [  # of cells in which something does not happen: what they say of it, and of what they say nothing
    (
        "border_dimension",
        {"width": 4, "inputs": 0, "examples": 0, "steps": 50, "levels": 5, "goal": 1e-9},
        {"learned": 0.0},
        "dimension shallow deep deepening",
    ),
    ("breakthrough_by_width", {"width": 8, "steps": 40}, {"learned": 0, "nearly": 0, "learned_share": 0.0}, "waited"),
    (
        "catapult_in_networks",
        {"network": "relu", "loss": "mse", "rate": 30.0, "rows": 64, "steps": 150},
        {"diverged": 1, "has_leapt": 1, "has_recovered": 0},
        "spike end_loss sharpness_kept test_accuracy",
    ),
    ("catapult_phase", {"rate": 5.0}, {"diverged": 1}, "spike peak_step kernel_ratio end_rate"),
    ("edge_of_chaos", {"units": 50, "drive": 50.0, "steps": 100, "washout": 20}, {"has_onset": 0}, "onset excess"),
    (
        "feature_competition_dynamics",
        RACE,
        {"diverged": 1},
        "gradient_ratio weak_accuracy stopped_weak_accuracy test_accuracy train_accuracy",
    ),
    (
        "forgetting_over_time",
        {"tasks": "clusters", "lr": 1e-4, "epochs": 1, "doublings": 3},
        {},
        "kept exponent half_life kept_by_time",
    ),
    (
        "frequencies_at_size",
        {"network": "relu", "modulus": 11, "hidden": 64, "steps": 100},
        {"understood": 0, "uses_most": 0},
        "frequencies",
    ),
    ("grokking_patience", {"modulus": 53, "share": 0.4, "steps": 5}, {"steps": 5}, "memorised_at length_kept"),
    (
        "grokking_transition",
        {"modulus": 17, "patience": 1, "steps": 100, "lr": 1e-5},
        {},
        "breadth critical part is_abrupt",
    ),
    ("learning_rate_cliff", CLIFF, {"has_one_cliff": 0}, "cliff log_cliff"),
    (
        "learning_rate_phase_transitions",
        {"network": "affine", "rate": 1e30, "loss": "mse"},
        {"diverged": 1},
        "spike end_rate",
    ),
    ("luck_in_learning", {"shared": "start", "steps": 40}, {"learned": 0}, "apart waited"),
    (
        "micro_scaling_laws",
        {"task": "regression", "items": 512, "width": 4, "steps": 200, "lr": 30.0},
        {"diverged": 1},
        "loss last_loss spread",
    ),
    (
        "random_label_memorization",
        {"task": "teacher", "labels": "random", "examples": 500, "width": 4},  # four units have no room
        {"fitted": 0},
        "epochs_to_fit log_epochs",
    ),
    (
        "rank_dynamics",
        {"depth": 2, "lr": 0.5, "weight_decay": 1.0, "epochs": 60, "task": "teacher"},  # nothing is left
        {"diverged": 0, "weight_compression": 1.0, "last_hidden_rank": 0.0},
        "",
    ),
    (
        "transition_at_size",
        {"modulus": 17, "hidden": 64, "patience": 1, "steps": 100, "lr": 1e-5},
        {},
        "breadth critical part is_abrupt",
    ),
    (
        "ways_of_adding",
        {"network": "relu", "modulus": 11, "steps": 100},
        {"understood": 0, "uses_most": 0, "uses_many": 0},
        "frequencies frequency_share",
    ),
]
QUESTIONS = {"slabs"}  # numbers that say what is asked, and not how much of it
TWO_LOOPS = {"edge_of_chaos_by_radius"}  # which say how far they are one after the other
every_experiment = pytest.mark.parametrize("name", NAMES)


def golden(name):
    path = make_golden.GOLDEN / f"{name}.json"
    assert path.exists(), f"{name} has no golden numbers: run make_golden.py {name} in this folder"
    return json.loads(path.read_text(encoding="utf-8"))


def short(name, **more):
    """A cheap cell, as its golden file has it."""
    experiment = make_golden.load(name)
    return experiment, replace(type(experiment.sweep[0])(**golden(name)["config"]), **more)


@functools.cache
def whole(name, replicate=0, **more):
    """The golden cell: its measures, what it said, and the states that were kept of it."""
    experiment, config = short(name, **more)
    shelf = Shelf()
    return *make_golden.compute(experiment, config, seed_of(name, experiment.version, replicate), shelf), shelf


def fits(value, hint):
    """Is this exactly of the declared type? A NumPy float is a float to isinstance, and no float to JSON."""
    if isinstance(hint, types.UnionType):
        return any(fits(value, alternative) for alternative in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return type(value) is tuple and all(fits(item, typing.get_args(hint)[0]) for item in value)
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return type(value) is hint


@every_experiment
def test_it_measures_its_golden_numbers_and_says_how_far_it_is(name):
    old, (experiment, config), (measures, heard, _) = golden(name), short(name), whole(name)
    assert old["seed"] == make_golden.seed_of_golden(experiment)
    problem = make_golden.complaint(name, old, make_golden.written(experiment, config, old["seed"], measures, heard))
    assert not problem, problem
    hints = typing.get_type_hints(experiment.measures)
    assert type(measures) is experiment.measures
    assert {field for field, hint in hints.items() if not fits(getattr(measures, field), hint)} == set()
    assert 1 <= len(heard.early_values) <= progress.LONGEST
    assert all(map(math.isfinite, heard.early_values))
    assert heard.fractions == sorted(heard.fractions) or name in TWO_LOOPS
    assert heard.fractions[-1] == 1.0


@every_experiment
def test_another_seed_measures_something_else(name):
    (measures, heard, _), (others, heard_of_others, _) = whole(name), whole(name, 1)
    assert measures != others
    assert heard.early_values != heard_of_others.early_values


@every_experiment
def test_again_or_after_an_interruption_it_measures_the_same_to_the_last_bit(name):
    experiment, config = short(name, **MORE.get(name, {}))
    measures, heard, shelf = whole(name, **MORE.get(name, {}))
    if name in MORE or max(map(experiment.needs.seconds, experiment.sweep)) > LONG:
        assert len(shelf.states) >= 2, (
            "nothing was kept before the end: give it more steps, or compute in progress.blocks"
        )
    resumed = Shelf(shelf.states[len(shelf.states) // 2]) if len(shelf.states) >= 2 else Shelf()
    seed = seed_of(name, experiment.version, 0)
    again, heard_again = make_golden.compute(experiment, config, seed, resumed)
    assert asdict(again) == asdict(measures)
    assert heard_again.early_values == heard.early_values
    assert len(shelf.states) < 2 or len(resumed.states) < len(shelf.states)


def switched(name):
    """Of each switch that only controls have, the first and the last cell, as cheap as the golden one."""
    experiment, golden_config = short(name)
    configs = [config for control in experiment.controls for config in (*control.planted, *control.placebo)]
    for factor in experiment.factors:
        levels = {getattr(config, factor) for config in experiment.sweep}
        for level in (
            {getattr(config, factor) for config in configs} - levels if factor not in experiment.ranges else ()
        ):
            those = [config for config in configs if getattr(config, factor) == level]
            alike = [size for size in experiment.ranges if len({getattr(config, size) for config in those}) == 1]
            sizes = {size: getattr(golden_config, size) for size in alike if size not in QUESTIONS}
            yield [replace(config, **sizes) for config in dict.fromkeys((those[0], those[-1]))]


@every_experiment
def test_controls_are_cells_of_their_own(name):
    experiment, _ = short(name)
    seed, hints = seed_of(name, experiment.version, 0), typing.get_type_hints(experiment.measures)
    for configs in switched(name):
        measured = [experiment.run(config, seed) for config in configs]
        assert len(configs) == 1 or measured[0] != measured[-1]
        for measures in measured:
            assert {field for field, hint in hints.items() if not fits(getattr(measures, field), hint)} == set()


@pytest.mark.parametrize("name", DIVERGING)
def test_a_network_that_diverges_says_that_alone(name):
    experiment, config = short(name, **DIVERGING[name])
    measured = asdict(experiment.run(config, 5))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


@pytest.mark.parametrize(("name", "config", "facts", "silent"), SILENT)
def test_of_what_did_not_happen_it_says_nothing(name, config, facts, silent):
    experiment = make_golden.load(name)
    measured = asdict(experiment.run(type(experiment.sweep[0])(**config), 5))
    assert facts.items() <= measured.items()
    assert [measured[measure] for measure in silent.split()] == [None] * len(silent.split())


@every_experiment
def test_what_it_declares_is_there_and_what_it_uses_is_allowed(name):
    experiment, golden_config = short(name)
    assert experiment.name == name
    for config in (*experiment.sweep, golden_config):
        for factor, (low, high) in experiment.ranges.items():
            assert low <= getattr(config, factor) <= high, f"{factor} of {config}"
        assert 0 < experiment.needs.seconds(config) < math.inf
    for estimand in experiment.estimands:
        for arm in estimand.between:
            assert any(arm.items() <= asdict(config).items() for config in experiment.sweep), f"no cell has {arm}"
        assert not estimand.across or len({getattr(config, estimand.across) for config in experiment.sweep}) >= 3
    if experiment.figure:
        assert experiment.figure.x in experiment.factors
        assert experiment.figure.y in typing.get_type_hints(experiment.measures)
        assert set(experiment.figure.log) <= {"x", "y"}
    source = Path(sys.modules[type(golden_config).__module__].__file__).read_text(encoding="utf-8")
    assert check_source(source, name) == ()


def test_no_two_experiments_share_a_setting():
    settings = [make_golden.load(name).setting or name.replace("_", " ") for name in NAMES]
    assert not [setting for setting, times in Counter(settings).items() if times > 1]


def test_an_experiment_or_the_kit_itself_imports_each_module_of_the_kit():
    sources = [source for package in (kit, catalogue) for source in Path(package.__path__[0]).glob("*.py")]
    imports = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("axiom.kit")
    ]
    named = {alias.name for node in imports if node.module == "axiom.kit" for alias in node.names}
    named |= {node.module.rpartition(".")[2] for node in imports}
    assert {module.name for module in pkgutil.iter_modules(kit.__path__)} - named == set()


def test_what_a_run_does_or_does_not_is_told_as_no_share():
    of_runs = {  # "the share of repetitions with …" stands before it
        (experiment.name, estimand.measure): experiment.words.get(estimand.measure, "")
        for experiment in map(make_golden.load, NAMES)
        for estimand in experiment.estimands
        if estimand.kind is Kind.PROPORTION
    }
    assert len(of_runs) > 10
    assert {place: words for place, words in of_runs.items() if "share" in words} == {}


def test_a_published_number_is_of_the_literature_of_its_file_and_possible():
    asked = [(experiment, estimand) for experiment in map(make_golden.load, NAMES) for estimand in experiment.estimands]
    compared = [(experiment, estimand) for experiment, estimand in asked if estimand.published]
    assert len({experiment.name for experiment, _ in compared}) > 10
    for experiment, estimand in compared:
        named = estimand.published.reference
        assert any(named.startswith(work) for work in references_in(experiment.reference)), (estimand.name, named)
        least, most = POSSIBLE.get(estimand.kind) or estimand.bounds or (-math.inf, math.inf)
        if "{percent}" in estimand.in_words:
            least, most = max(least, -1.0), min(most, 1.0)
        low, high = estimand.published.interval or (estimand.published.value,) * 2
        assert least <= low <= high <= most, (experiment.name, estimand.name)
