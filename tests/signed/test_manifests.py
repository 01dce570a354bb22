import json
from dataclasses import dataclass, replace

import disc_map
import pytest

from axiom.domain.declaration import Measure, ValueType, declare
from axiom.domain.estimands import Direction, Estimand, Kind, Prediction
from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid
from axiom.errors import ExperimentError
from axiom.signed.canonical_json import canonical_bytes
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


GUESS = Prediction(positive=0.5, negative=0.25, absent=0.25, interval=(0, 1), because="a guess")
WIDTHS = [8, 16]
CLAIM = {"name": "wide_minus_narrow", "claim": "wider is better", "kind": Kind.CONTRAST, "measure": "loss"}
BOUNDS = {"smallest": 0.1, "expects": Direction.MORE, "between": ({"width": 16}, {"width": 8}), "bounds": (-1, 1)}
ESTIMAND = Estimand(**CLAIM, **BOUNDS, prediction=GUESS)
NAMED = {"name": "probe", "version": 2, "question": "Is it so?", "run": divmod, "measures": Measures}
FURTHER = {"ranges": {"width": (4, 64)}, "aliases": ("prb",), "reference": "none", "tolerance": 0.02}
PLACEBO = grid(Config, width=WIDTHS, lr=[0.0])
EXPERIMENT = Experiment(
    **NAMED,
    sweep=grid(Config, width=WIDTHS),
    estimands=(ESTIMAND,),
    needs=Needs(seconds=lambda config: config.width / 8, memory_mb=100, disk_mb=300, gpu=True),
    controls=(
        Control(estimand=ESTIMAND.name, placebo=PLACEBO, planted=(Config(width=32), *grid(Config, width=WIDTHS))),
    ),
    figure=Figure(
        x="width", y="loss", title="Loss", log=("x",), where={"act": "relu"}, along="share", levels={"8": "5 %"}
    ),
    **FURTHER,
)


@pytest.fixture
def data():
    return json.loads(canonical_bytes(declare(EXPERIMENT, avx=True)))


def test_a_manifest_says_what_the_experiment_declares(data):
    manifest = read_manifest(canonical_bytes(data))
    assert manifest.name == "probe"
    assert manifest.version == 2
    assert manifest.aliases == ("prb",)
    assert manifest.avx is True
    assert manifest.configs[1] == {"width": 16, "lr": 0.5, "act": "relu", "bias": True}
    assert manifest.factors == {"width": "int", "lr": "float", "act": "str", "bias": "bool"}
    assert (manifest.cell_seconds, manifest.seconds) == ((1.0, 2.0), 3.0)
    assert (manifest.memory_mb, manifest.disk_mb, manifest.gpu) == (100, 300, True)
    assert manifest.measures[2] == Measure("reached", ValueType.INT, True)
    assert [kind.value for _, kind, _ in manifest.measures] == ["float", "int", "int", "bool", "floats", "ints"]
    assert manifest.ranges == {"width": (4.0, 64.0)}
    assert (manifest.figure, manifest.tolerance) == (EXPERIMENT.figure, 0.02)
    (control,) = manifest.controls
    assert [config["lr"] for config in control.placebo] == [0.0, 0.0]
    assert control.placebo_seconds == (1.0, 2.0)
    assert ([config["width"] for config in control.planted], control.planted_seconds) == ([32, 8, 16], (4.0, 1.0, 2.0))
    assert manifest.estimands[0]["between"] == [{"width": 16}, {"width": 8}]
    assert canonical_bytes(manifest.as_data()) == canonical_bytes(data)


def test_what_may_use_a_gpu_says_so_and_who_may_not_says_nothing_of_it(data):
    assert {"may_use_gpu", "side_by_side", "copies", "cores"}.isdisjoint(data)
    gpu = {"may_use_gpu": True, "gpu_memory_mb": 700}
    needs = Needs(seconds=EXPERIMENT.needs.seconds, memory_mb=100, copies=3, cores=4, **gpu)
    declared = declare(replace(EXPERIMENT, needs=needs), avx=True)
    manifest = read_manifest(canonical_bytes(declared))
    assert manifest.gpu is False
    assert manifest.may_use_gpu
    assert manifest.uses_gpus
    assert manifest.gpu_memory == 700
    assert manifest.memory_on("") == 100
    assert manifest.memory_on("NVIDIA") == 100 + CUDA_MB
    assert manifest.copies == 3
    assert (manifest.cores, read_manifest(canonical_bytes(data)).cores) == (4, 1)
    assert canonical_bytes(manifest.as_data()) == canonical_bytes(declared)
    alone = read_manifest(canonical_bytes(data))  # it says all that it needs there
    assert alone.uses_gpus
    assert alone.gpu_memory == 100
    assert alone.memory_on("NVIDIA") == 100
    assert alone.copies == 1
    assert read_manifest(canonical_bytes(data | {"gpu": False})).uses_gpus is False
    with pytest.raises(ValueError, match="say one"):
        Needs(seconds=EXPERIMENT.needs.seconds, memory_mb=100, gpu=True, may_use_gpu=True)
    batch = declare(replace(EXPERIMENT, needs=replace(needs, cores=1, side_by_side=True)), avx=True)
    assert read_manifest(canonical_bytes(batch)).side_by_side
    assert canonical_bytes(read_manifest(canonical_bytes(batch)).as_data()) == canonical_bytes(batch)
    with pytest.raises(ValueError, match="side_by_side"):
        Needs(seconds=EXPERIMENT.needs.seconds, memory_mb=100, side_by_side=True)


def _published(**changes):
    return {"value": 0.5, "interval": None, "reference": "Noether 1918", **changes}


@pytest.mark.parametrize(
    "change",
    [
        {"figure": None},
        {"version": 1, "memory_mb": 1, "disk_mb": 1, "tolerance": 0.0, "copies": 5},
        {"ranges": {"width": [4.0, 4.0]}},
        *({"estimand": said} for said in ({"bounds": None}, {"censored": 0.0}, {"exchangeable": True})),
        {"estimand": {"about": "mean", "bounds": [0.0, 1.0]}},
        {"estimand": {"published": _published()}},
        {"estimand": {"event": {"by": 2.0, "after": 0.0, "budget": "width"}}},
        {"estimand": {"published": _published(interval=[0.4, 0.6])}},
    ],
)
def test_what_an_experiment_may_say_is_kept_as_it_was_said(change, data):
    said = change.pop("estimand", {})
    data["estimands"][0].update(said)
    manifest = read_manifest(canonical_bytes(data | change))
    assert canonical_bytes(manifest.as_data()) == canonical_bytes(data | change)
    assert manifest.estimands[0].items() >= said.items()


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda d: d.pop("question"), "'question'"),
        (lambda d: d["estimands"][0].update(censored="never"), "censored"),
        (lambda d: d["estimands"][0].update(exchangeable=1), "exchangeable"),
        (lambda d: d["estimands"][0].update(about="mode"), "about 'mode'"),
        (lambda d: d["estimands"][0].update(about="mean", bounds=None), "bounds"),
        (lambda d: d["estimands"][0].update(censoring=1), "'censoring'"),
        (lambda d: d["estimands"][0].update(event={"by": 1.0, "after": 1.0, "budget": "width"}), "later"),
        (lambda d: d["estimands"][0].update(event={"by": 1.0, "budget": "width"}), "after"),
        (lambda d: d["estimands"][0].update(published=_published(interval=[0.6, 0.7])), "published value"),
        (lambda d: d["estimands"][0].update(published=_published(reference=" ")), "no reference"),
        (lambda d: d["estimands"][0].update(published=_published(value="half")), "value"),
        (lambda d: d["estimands"][0].update(published=_published(year=1918)), "'year'"),
        (lambda d: d.update(format="axiom-manifest-9"), "format"),
        (lambda d: d.update(version=0), "version"),
        (lambda d: d.update(configs=[]), "the sweep"),
        (lambda d: d["configs"][0].update(widht=8), "config 0 of the sweep .*'widht'"),
        (lambda d: d["configs"][1].update(width=8.5), "config 1 of the sweep: width"),
        (lambda d: d["configs"][1].update(bias=1), "config 1 of the sweep: bias"),
        (lambda d: d["configs"][1].update(lr="big"), "config 1 of the sweep: lr"),
        (lambda d: d["factors"].update(width="complex"), "'complex'"),
        (lambda d: d.update(cell_seconds=[1.0]), "time"),
        (lambda d: d.update(cell_seconds=[1.0, 0.0]), "time"),
        (lambda d: d["ranges"].update(depth=[1.0, 2.0]), "depth"),
        (lambda d: d["ranges"].update(width=[2.0, 1.0]), "width"),
        (lambda d: d["measures"].append(["loss"]), "a type"),
        (lambda d: d["measures"].append(["loss", "float", False]), "twice"),
        (lambda d: d["measures"].append(["l-oss", "float", False]), "'l-oss'"),
        (lambda d: d["measures"].append(["note", "str", False]), "'str'"),
        (lambda d: d["estimands"][0].pop("null"), r"estimands\[0\] .*'null'"),
        (lambda d: d["estimands"][0].update(expects="−"), "'−'"),
        (lambda d: d["estimands"][0]["prediction"].update(positiv=1), "'positiv'"),
        (lambda d: d["estimands"][0]["prediction"].update(absent=-1), "absent"),
        (lambda d: d["figure"].update(z="x"), "figure .*'z'"),
        (lambda d: d["figure"].update(where={"act": []}), "figure: where"),
        (lambda d: d["controls"][0].update(estimand="other"), "'other'"),
        (lambda d: d["controls"][0].update(placebo=[]), "the placebo of wide_minus_narrow"),
        (lambda d: d["controls"][0].update(planted_seconds=[0.0]), "planted for wide_minus_narrow"),
        (lambda d: d["controls"][0]["planted"][0].pop("act"), "config 0 of what is planted .*'act'"),
        (lambda d: d.update(avx="yes"), "avx"),
        (lambda d: d.update(may_use_gpu=True), "a GPU alone"),
        (lambda d: d.update(gpu=False, side_by_side=True), "no GPU may"),
        (lambda d: d.update(disk_mb=0), "disk_mb"),
        (lambda d: d.update(copies=6), "6 copies"),
        (lambda d: d.update(cores=65), "65 cores"),
        (lambda d: d.update(cores=2, gpu=True), "2 cores"),
        (lambda d: d.update(cores=2, gpu=False, may_use_gpu=True, side_by_side=True), "2 cores"),
    ],
)
def test_a_manifest_that_is_off_is_refused_with_the_field_named(change, fact, data):
    change(data)
    with pytest.raises(ExperimentError, match=fact):
        read_manifest(canonical_bytes(data))


# --- maps


@pytest.fixture
def of_map():
    return json.loads(canonical_bytes(declare(disc_map.experiment, avx=False)))


def test_a_manifest_says_the_whole_map_or_nothing_of_one(of_map):
    manifest = read_manifest(canonical_bytes(of_map))
    assert manifest.map == disc_map.MAP
    assert (manifest.measures[0].type, manifest.estimands[0]["levels"]) == (ValueType.GRID, [1, 2])
    assert canonical_bytes(manifest.as_data()) == canonical_bytes(of_map)
    del of_map["map"]
    of_map["measures"] = of_map["measures"][1:]
    manifest = read_manifest(canonical_bytes(of_map))
    assert manifest.map is None
    assert "map" not in manifest.as_data()
    assert canonical_bytes(manifest.as_data()) == canonical_bytes(of_map)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda d: d.update(map=None), "'inside'"),
        (lambda d: d["map"].update(measure="share"), "the grids"),
        (lambda d: d["measures"].append(["more", "grid", False]), "the grids"),
        (lambda d: d["configs"][1].update(column=1), "level 0"),
        (lambda d: [d["factors"].pop("row"), [config.pop("row") for config in d["configs"]]], "level 0"),
        (lambda d: d["map"].pop("title"), "'title'"),
        (lambda d: d["map"].update(x=3), "x is not"),
        (lambda d: d["map"]["y"].update(low=2.0), "its end"),
        (lambda d: d["map"]["x"].update(log=True), "above 0"),
        (lambda d: d["map"]["x"].pop("log"), "x .*'log'"),
        (lambda d: d["map"].update(bands=[]), "bands"),
        (lambda d: d["map"]["bands"][0].update(shades=1.5), "shades"),
        (lambda d: d["map"]["bands"][0].update(colour="red"), "'colour'"),
        (lambda d: d["estimands"][0].update(levels=[1]), "levels"),
        (lambda d: d["estimands"][0].update(levels="12"), "levels"),
        (lambda d: d["estimands"][0].update(levels=[-1, 2]), "levels"),
        (lambda d: d["estimands"][0].update(levels=[1, 2.5]), "levels"),
    ],
)
def test_a_map_that_is_off_is_refused_with_what_is_wrong(change, fact, of_map):
    change(of_map)
    with pytest.raises(ExperimentError, match=fact):
        read_manifest(canonical_bytes(of_map))
