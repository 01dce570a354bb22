"""Somebody's own function as an experiment."""

import json
from dataclasses import asdict

import pytest

from axiom.domain import declaration
from axiom.domain.experiments import Figure
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.domain.wrap import wrap


def train(lr, width, seed):
    return {"accuracy": lr * width, "steps": seed % 10, "curve": [0.1, lr]}


def wrapped(function=train, **changes):
    words = {
        "name": "my_training",
        "question": "Does it learn?",
        "sweep": {"lr": [0.01, 0.1], "width": [8, 32]},
        "measures": {"accuracy": float, "steps": int | None, "curve": tuple[float, ...]},
        "seconds": 0.5,
        "memory_mb": 100,
    }
    return wrap(function, **words | changes)


def test_the_sweep_is_every_combination_of_the_levels():
    assert [tuple(asdict(config).values()) for config in wrapped().sweep] == [
        (0.01, 8), (0.01, 32), (0.1, 8), (0.1, 32),
    ]  # fmt: skip


def test_the_function_gets_the_config_and_the_seed_and_its_numbers_are_the_measures():
    experiment = wrapped()
    measured = experiment.run(experiment.sweep[1], 127)
    assert measured == experiment.measures(accuracy=0.01 * 32, steps=7, curve=[0.1, 0.01])
    assert declaration.plain(measured, declaration.measures(experiment.measures)) == (
        {"accuracy": 0.32, "steps": 7, "curve": [0.1, 0.01]},
        False,
    )


def test_it_declares_itself_as_any_other_experiment():
    declared = json.loads(json.dumps(declaration.declare(wrapped(), avx=False), allow_nan=False))
    assert declared["factors"] == {"lr": "float", "width": "int"}
    assert declared["measures"] == [["accuracy", "float", False], ["steps", "int", True], ["curve", "floats", False]]
    assert declared["cell_seconds"] == [0.5] * 4
    assert (declared["version"], declared["ranges"], declared["estimands"], declared["figure"]) == (1, {}, [], None)


def test_a_cost_may_depend_on_the_config():
    declared = declaration.declare(wrapped(seconds=lambda config: config.width / 8), avx=False)
    assert declared["cell_seconds"] == [1.0, 4.0, 1.0, 4.0]


def test_estimands_controls_ranges_and_a_figure_are_handed_on():
    estimand = Estimand(
        name="wider",
        claim="wider is worse",
        kind=Kind.CONTRAST,
        measure="accuracy",
        between=({"width": 32}, {"width": 8}),
        smallest=0.1,
        expects=Direction.LESS,
        prediction=Prediction(positive=1, negative=0, absent=0, interval=(0, 1), because="a test"),
    )
    figure = Figure(x="width", y="accuracy", title="Accuracy")
    controls = {"wider": ({"lr": [0.0], "width": [8, 32]}, {"lr": [1, 0.5], "width": [8, 32]})}
    experiment = wrapped(estimands=(estimand,), controls=controls, figure=figure, ranges={"width": (1, 64)}, version=3)
    assert (experiment.estimands, experiment.figure, experiment.version) == ((estimand,), figure, 3)
    assert experiment.ranges == {"width": (1, 64)}
    declared = declaration.declare(experiment, avx=False)
    assert declared["estimands"][0]["expects"] == "-"
    assert declared["controls"][0]["placebo"] == [{"lr": 0.0, "width": 8}, {"lr": 0.0, "width": 32}]
    assert [config["lr"] for config in declared["controls"][0]["planted"]] == [1.0, 1.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("levels", "meant"),
    [([1, 0.5], [1.0, 0.5]), ([0.1], [0.1]), (["a", "b"], ["a", "b"]), ((True, False), [True, False])],
)
def test_the_levels_of_a_factor_are_of_one_type(levels, meant):
    experiment = wrap(
        lambda **words: {"m": 1.0 * words["seed"]}, name="one_factor", question="?", sweep={"factor": levels},
        measures={"m": float}, seconds=1, memory_mb=1,
    )  # fmt: skip
    found = [config.factor for config in experiment.sweep]
    assert found == meant
    assert len({type(value) for value in found}) == 1


@pytest.mark.parametrize(
    ("levels", "problem"), [([1, "a"], "int, str"), ([True, 1], "bool, int"), ([], "there are: no levels")]
)
def test_levels_of_several_types_are_refused(levels, problem):
    with pytest.raises(TypeError, match=problem):
        wrapped(sweep={"lr": levels, "width": [8]})


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ({"accuracy": 1.0}, r"returned \['accuracy'\]"),
        ({"accuracy": 1.0, "steps": 1, "curve": [], "more": 2}, "'more'"),
        (0.5, "returned float"),
        (None, "returned NoneType"),
    ],
)
def test_a_function_that_returns_something_else_is_told_what_was_declared(returned, said):
    experiment = wrapped(lambda **_: returned)
    with pytest.raises(TypeError, match=r"my_training declares the measures \['accuracy', 'curve', 'steps'\]") as told:
        experiment.run(experiment.sweep[0], 1)
    assert told.match(said)


def test_a_wrong_name_is_refused_as_everywhere():
    with pytest.raises(ValueError, match="the name 'My training' must be"):
        wrapped(name="My training")
