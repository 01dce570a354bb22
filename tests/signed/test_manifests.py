import json
import math
from dataclasses import dataclass, make_dataclass, replace

import pytest

from axiom.domain.declaration import Measure, ValueType, declare, measures, plain
from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction
from axiom.errors import ExperimentError
from axiom.signed.canonical_json import canonical
from axiom.signed.manifests import CUDA_MB, read_manifest


@dataclass(frozen=True, kw_only=True)
class Config:
    width: int
    lr: float = 0.5
    act: str = "relu"
    bias: bool = True


@dataclass(frozen=True, kw_only=True)
class Measures:
    loss: float
    steps: int
    reached: int | None
    alive: bool
    curve: tuple[float, ...]
    sizes: tuple[int, ...] | None


EXPERIMENT = Experiment(
    name="probe",
    version=2,
    question="Is it so?",
    run=divmod,
    measures=Measures,
    sweep=grid(Config, width=[8, 16]),
    ranges={"width": (4, 64)},
    estimands=(
        Estimand(
            name="wide_minus_narrow",
            claim="wider is better",
            kind=Kind.CONTRAST,
            measure="loss",
            smallest=0.1,
            between=({"width": 16}, {"width": 8}),
            bounds=(-1, 1),
            prediction=Prediction(positive=0.5, negative=0.25, absent=0.25, interval=(0, 1), because="a guess"),
        ),
    ),
    needs=Needs(seconds=lambda config: config.width / 8, memory_mb=100, disk_mb=300, gpu=True),
    controls=(
        Control(
            estimand="wide_minus_narrow", placebo=grid(Config, width=[8, 16], lr=[0.0]), planted=(Config(width=32),)
        ),
    ),
    figure=Figure(x="width", y="loss", title="Loss", log=("x",), where={"act": "relu"}),
    aliases=("prb",),
    reference="none",
    tolerance=0.02,
)


@pytest.fixture
def data():
    return json.loads(canonical(declare(EXPERIMENT, avx=True)))


def test_a_manifest_says_what_the_experiment_declares(data):
    manifest = read_manifest(canonical(data))
    assert (manifest.name, manifest.version, manifest.aliases, manifest.avx) == ("probe", 2, ("prb",), True)
    assert manifest.configs[1] == {"width": 16, "lr": 0.5, "act": "relu", "bias": True}
    assert manifest.factors == {"width": "int", "lr": "float", "act": "str", "bias": "bool"}
    assert manifest.cell_seconds == (1.0, 2.0)
    assert (manifest.memory_mb, manifest.disk_mb, manifest.gpu) == (100, 300, True)
    assert manifest.seconds == 3.0
    assert manifest.measures[2] == Measure("reached", ValueType.INT, True)
    assert [kind.value for _, kind, _ in manifest.measures] == ["float", "int", "int", "bool", "floats", "ints"]
    assert manifest.ranges == {"width": (4.0, 64.0)}
    assert (manifest.figure, manifest.tolerance) == (EXPERIMENT.figure, 0.02)
    (control,) = manifest.controls
    assert [config["lr"] for config in control.placebo] == [0.0, 0.0]
    assert [config["width"] for config in control.planted] == [32]
    assert (control.estimand, control.placebo_seconds, control.planted_seconds) == (
        "wide_minus_narrow",
        (1.0, 2.0),
        (4.0,),
    )
    assert manifest.estimands[0]["between"] == [{"width": 16}, {"width": 8}]
    assert canonical(manifest.as_data()) == canonical(data)


def test_what_may_use_a_gpu_says_so_and_who_may_not_says_nothing_of_it(data):
    assert "may_use_gpu" not in data
    needs = Needs(seconds=EXPERIMENT.needs.seconds, memory_mb=100, may_use_gpu=True, gpu_memory_mb=700)
    said = declare(replace(EXPERIMENT, needs=needs), avx=True)
    manifest = read_manifest(canonical(said))
    assert (manifest.gpu, manifest.may_use_gpu, manifest.uses_gpus, manifest.gpu_memory) == (False, True, True, 700)
    assert (manifest.memory_on(""), manifest.memory_on("NVIDIA")) == (100, 100 + CUDA_MB)
    assert canonical(manifest.as_data()) == canonical(said)
    alone = read_manifest(canonical(data))  # it says all that it needs there
    assert (alone.uses_gpus, alone.memory_on("NVIDIA")) == (True, 100)
    assert read_manifest(canonical(data | {"gpu": False})).uses_gpus is False


def test_what_a_gpu_alone_may_compute_no_core_may(data):
    with pytest.raises(ValueError, match="say one"):
        Needs(seconds=EXPERIMENT.needs.seconds, memory_mb=100, gpu=True, may_use_gpu=True)
    with pytest.raises(ExperimentError, match="a GPU alone"):
        read_manifest(canonical(data | {"may_use_gpu": True}))


def test_an_experiment_may_go_without_a_figure_and_bounds(data):
    data["figure"] = data["estimands"][0]["bounds"] = None
    manifest = read_manifest(canonical(data))
    assert manifest.figure is None
    assert canonical(manifest.as_data()) == canonical(data)


@pytest.mark.parametrize(
    "said", [{}, {"censored": 0.0}, {"exchangeable": True}, {"about": "mean", "bounds": [0.0, 1.0]}]
)
def test_what_an_estimand_may_say_besides_is_kept_as_it_was_said(said, data):
    data["estimands"][0].update(said)
    manifest = read_manifest(canonical(data))
    assert canonical(manifest.as_data()) == canonical(data)
    assert manifest.estimands[0].items() >= said.items()


def test_a_manifest_tells_of_copies_only_where_there_are_several(data):
    assert "copies" not in data
    assert (read_manifest(canonical(data)).copies, "copies" in read_manifest(canonical(data)).as_data()) == (1, False)
    several = replace(EXPERIMENT, needs=replace(EXPERIMENT.needs, copies=3))
    manifest = read_manifest(canonical(declare(several, avx=True)))
    assert manifest.copies == 3
    assert read_manifest(canonical(manifest.as_data())) == manifest


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("question"), "lacks the field 'question'"),
        (lambda d: d["estimands"][0].update(censored="never"), "censored is not a finite number"),
        (lambda d: d["estimands"][0].update(exchangeable=1), "exchangeable is not true or false"),
        (lambda d: d["estimands"][0].update(about="mode"), "about 'mode' has not the form"),
        (lambda d: d["estimands"][0].update(about="mean", bounds=None), "a mean needs bounds"),
        (lambda d: d["estimands"][0].update(censoring=1), "unknown field 'censoring'"),
        (lambda d: d.update(measure=[]), r"unknown field 'measure' \(did you mean measures\?\)"),
        (lambda d: d.update(format="axiom-manifest-9"), "format"),
        (lambda d: d.update(name="Probe"), "name 'Probe' has not the form"),
        (lambda d: d.update(version=0), "version is not a whole number of at least 1"),
        (lambda d: d.update(configs=[]), "the sweep is empty"),
        (lambda d: d.update(configs=[d["configs"][0]] * 2), "the sweep names the same thing twice"),
        (
            lambda d: d["configs"][0].update(widht=8),
            r"config 0 of the sweep has an unknown field 'widht' \(did you mean width\?\)",
        ),
        (lambda d: d["configs"][1].update(width=8.5), "config 1 of the sweep: width is not a whole number"),
        (lambda d: d["configs"][1].update(bias=1), "config 1 of the sweep: bias is not true or false"),
        (lambda d: d["configs"][1].update(act=1), "config 1 of the sweep: act is not a text"),
        (lambda d: d["configs"][1].update(lr="big"), "config 1 of the sweep: lr is not a finite number"),
        (lambda d: d["factors"].update(width="complex"), "width 'complex' has not the form"),
        (lambda d: d.update(cell_seconds=[1.0]), "every config a time above zero"),
        (lambda d: d.update(cell_seconds=[1.0, 0.0]), "every config a time above zero"),
        (lambda d: d["ranges"].update(depth=[1.0, 2.0]), "the range of depth is of no factor"),
        (lambda d: d["ranges"].update(width=[2.0, 1.0]), "ends before it begins"),
        (lambda d: d["ranges"].update(width=[2.0]), "is not a pair"),
        (lambda d: d["measures"].append(["loss"]), "is not a name, a type"),
        (lambda d: d["measures"].append(["loss", "float", False]), "the list of measures names the same thing twice"),
        (lambda d: d["measures"].append(["l-oss", "float", False]), "name 'l-oss' has not the form"),
        (lambda d: d["measures"].append(["note", "str", False]), "type 'str' has not the form"),
        (lambda d: d["estimands"][0].update(kind="guess"), "kind 'guess' has not the form"),
        (lambda d: d["estimands"][0].pop("null"), r"estimands\[0\] lacks the field 'null'"),
        (lambda d: d["estimands"][0].pop("expects"), r"estimands\[0\] lacks the field 'expects'"),
        (lambda d: d["estimands"][0].update(expects="−"), "expects '−' has not the form"),
        (lambda d: d["estimands"][0].update(smallest="x"), "smallest is not a finite number"),
        (lambda d: d["estimands"][0]["prediction"].update(positiv=1), "did you mean positive"),
        (lambda d: d["estimands"][0]["prediction"].update(median="0"), "median"),
        (lambda d: d["estimands"][0]["prediction"].update(absent=-1), "absent is not a finite number of at least 0"),
        (lambda d: d["figure"].update(z="x"), "figure has an unknown field 'z'"),
        (lambda d: d["figure"].update(where={"act": []}), "figure: where is not an object of plain values"),
        (lambda d: d["controls"][0].update(estimand="other"), "a control speaks of 'other', which is no estimand"),
        (lambda d: d["controls"][0].update(placebo=[]), "the placebo of wide_minus_narrow is empty"),
        (
            lambda d: d["controls"][0].update(planted_seconds=[0.0]),
            "planted for wide_minus_narrow must give every config",
        ),
        (lambda d: d["controls"][0]["planted"][0].pop("act"), "config 0 of what is planted .* lacks the field 'act'"),
        (lambda d: d.update(avx="yes"), "avx is not true or false"),
        (lambda d: d.update(gpu=1), "gpu is not true or false"),
        (lambda d: d.update(disk_mb=0), "disk_mb is not a whole number of at least 1"),
        (lambda d: d.update(copies=0), "copies is not a whole number of at least 1"),
        (lambda d: d.update(copies=6), "6 copies of each task are wanted, and 5 are the most"),
    ],
)
def test_a_manifest_that_is_off_is_refused_with_the_field_named(change, words, data):
    change(data)
    with pytest.raises(ExperimentError, match=words):
        read_manifest(canonical(data))


@pytest.mark.parametrize("hint", [str, dict, complex, tuple[float], tuple[str, ...], int | float, list[float]])
def test_a_measure_that_cannot_travel_is_refused(hint):
    with pytest.raises(TypeError, match="measure x is"):
        measures(make_dataclass("Bad", [("x", hint)]))


def test_a_factor_that_cannot_travel_is_refused():
    odd = make_dataclass("Odd", [("x", tuple)], frozen=True)
    experiment = Experiment(
        **{name: getattr(EXPERIMENT, name) for name in ("version", "question", "run", "measures")},
        name="odd",
        sweep=(odd(x=(1,)),),
        ranges={},
        estimands=(),
        needs=Needs(seconds=id, memory_mb=1),
    )
    with pytest.raises(TypeError, match="factor x is"):
        declare(experiment, avx=False)


class Scalar:
    """Stands for an array library's own number or array."""

    dtype = "float32"

    def __init__(self, value):
        self.value = value

    def tolist(self):
        return self.value


def measured(**changes):
    fields = {"loss": 0.5, "steps": 3, "reached": None, "alive": True, "curve": (1.0, 2.0), "sizes": None}
    return Measures(**(fields | changes))


def test_measures_become_plain_numbers():
    values, diverged = plain(
        measured(loss=Scalar(1), steps=Scalar(2), alive=Scalar(False), curve=Scalar([1, 2.5]), sizes=(Scalar(3),)),
        measures(Measures),
    )
    assert values == {"loss": 1.0, "steps": 2, "reached": None, "alive": False, "curve": [1.0, 2.5], "sizes": [3]}
    assert type(values["loss"]) is float
    assert not diverged


@pytest.mark.parametrize(("name", "value"), [("loss", math.nan), ("loss", -math.inf), ("curve", (1.0, math.nan))])
def test_a_measure_that_leaves_the_numbers_is_null_and_says_so(name, value):
    values, diverged = plain(measured(**{name: value}), measures(Measures))
    assert values[name] is None
    assert values["steps"] == 3
    assert diverged


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", "0.5"),
        ("loss", None),
        ("loss", True),
        ("steps", 3.0),
        ("steps", False),
        ("alive", 1),
        ("curve", 1.0),
        ("curve", "12"),
        ("curve", (1.0, "2")),
        ("sizes", (1.5,)),
    ],
)
def test_a_measure_of_another_type_is_refused(name, value):
    with pytest.raises(TypeError, match=f"measure {name} must be"):
        plain(measured(**{name: value}), measures(Measures))
