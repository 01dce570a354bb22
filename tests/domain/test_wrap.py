"""Somebody's own function as an experiment."""

import json
from dataclasses import asdict

import pytest

from axiom.domain import declaration
from axiom.domain.estimands import Direction, Estimand, Kind, Prediction
from axiom.domain.experiments import Figure
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


def test_a_wrapped_function_is_an_experiment_like_any_other():
    experiment = wrapped()
    combinations = [(0.01, 8), (0.01, 32), (0.1, 8), (0.1, 32)]
    assert [tuple(asdict(config).values()) for config in experiment.sweep] == combinations
    measured = experiment.run(experiment.sweep[1], 127)
    assert measured == experiment.measures(accuracy=0.01 * 32, steps=7, curve=[0.1, 0.01])
    values = {"accuracy": 0.32, "steps": 7, "curve": [0.1, 0.01]}
    assert declaration.plain(measured, declaration.measures(experiment.measures)) == (values, False)
    declared = json.loads(json.dumps(declaration.declare(experiment, avx=False), allow_nan=False))
    assert declared["factors"] == {"lr": "float", "width": "int"}
    assert declared["measures"] == [["accuracy", "float", False], ["steps", "int", True], ["curve", "floats", False]]
    assert declared["cell_seconds"] == [0.5] * 4
    assert declared["version"] == 1
    assert declared["ranges"] == {}
    assert declared["estimands"] == []
    assert declared["figure"] is None
    by_width = declaration.declare(wrapped(seconds=lambda config: config.width / 8), avx=False)
    assert by_width["cell_seconds"] == [1.0, 4.0, 1.0, 4.0]
    with pytest.raises(ValueError, match="My training"):
        wrapped(name="My training")


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


def test_the_levels_of_a_factor_are_of_one_type():
    for levels in ([1, 0.5], [0.1], ["a", "b"], (True, False)):
        found = [config.lr for config in wrapped(sweep={"lr": levels}).sweep]
        assert found == list(levels)
        assert len({type(level) for level in found}) == 1
    for levels, fact in (([1, "a"], "int, str"), ([True, 1], "bool, int"), ([], "no levels")):
        with pytest.raises(TypeError, match=fact):
            wrapped(sweep={"lr": levels, "width": [8]})


def test_a_function_that_returns_something_else_is_told_what_was_declared():
    more = {"accuracy": 1.0, "steps": 1, "curve": [], "more": 2}
    for returned, fact in (({"accuracy": 1.0}, r"returned \['accuracy'\]"), (more, "'more'"), (0.5, "returned float")):
        experiment = wrapped(lambda returned=returned, **_: returned)
        with pytest.raises(TypeError, match=r"\['accuracy', 'curve', 'steps'\]") as told:
            experiment.run(experiment.sweep[0], 1)
        assert told.match(fact)
