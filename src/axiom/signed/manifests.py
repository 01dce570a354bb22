"""The experiment's declaration as data: all that the server ever reads of an experiment."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from axiom.domain.declaration import FORMAT, Measure, ValueType
from axiom.domain.estimands import LABEL, Center, Direction, Event, Kind, Published
from axiom.domain.experiments import (
    MOST_COPIES,
    MOST_CORES,
    MOST_OF_CONTROL,
    NAME,
    Figure,
    Headline,
    check_headlines,
    check_words,
)
from axiom.domain.maps import ROOT, Band, Knob, Map, is_tile, tile_of
from axiom.errors import ExperimentError
from axiom.signed import canonical_json

MOST_BYTES = 1024 * 1024
SHARED_MB = 110  # pages of JAX's libraries, which processes on one computer have together: 115 to 143 were measured
CUDA_MB = 4_000  # of the host's memory, for CUDA's libraries: chosen with room to spare, and not measured yet
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_FACTORS = "int|float|bool|str"
_MEASURES = "int|float|bool|ints|floats|grid"
_SIDES = "|".join(re.escape(direction.value) for direction in Direction)
_ESTIMAND = (
    *("name", "claim", "kind", "measure", "smallest", "prediction", "across", "between", "bounds", "null"),
    "expects",
)
_PREDICTION = ("positive", "negative", "absent", "interval", "because", "median")
# An estimand that means just this leaves these out.
_UNSAID: dict[str, Any] = {
    "censored": None,
    "exchangeable": False,
    "about": "median",
    "levels": None,
    "published": None,
    "event": None,
}
# So does a manifest with these, so that those of before stay as they were, byte for byte.
_LEFT_OUT: dict[str, Any] = {
    "map": None,
    "may_use_gpu": False,
    "side_by_side": False,
    "copies": 1,
    "cores": 1,
    "learned": "",
    "setting": "",
    "words": {},
    "headlines": [],
}
_FORMER = ("if_so", "if_opposite", "if_absent")  # an author's answers in manifests of before, which nobody reads
_TEXTS = (*_FORMER, "in_words")


@dataclass(frozen=True, kw_only=True)
class ControlSweeps:
    estimand: str
    placebo: tuple[Mapping[str, object], ...]
    placebo_seconds: tuple[float, ...]  # what each of them needs
    planted: tuple[Mapping[str, object], ...]
    planted_seconds: tuple[float, ...]
    side: str = ""  # of the null on which an effect is planted; empty: where the claim expects it


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an experiment declares. `configs` is its default sweep, `cell_seconds` what each of them needs."""

    name: str
    aliases: tuple[str, ...]
    version: int
    question: str
    reference: str
    configs: tuple[Mapping[str, object], ...]
    factors: Mapping[str, ValueType]
    ranges: Mapping[str, tuple[float, float]]
    measures: tuple[Measure, ...]
    estimands: tuple[Mapping[str, Any], ...]
    figure: Figure | None
    cell_seconds: tuple[float, ...]
    memory_mb: int
    avx: bool  # the code needs JAX, and JAX needs AVX
    disk_mb: int = 100
    gpu: bool = False
    gpu_memory_mb: int = 0
    controls: tuple[ControlSweeps, ...] = ()
    tolerance: float = 1e-3  # relative, of early values
    map: Map | None = None
    may_use_gpu: bool = False  # a core may compute it, and a GPU that is idle
    side_by_side: bool = False  # on a GPU all cells of a task are one batch, and a task holds its whole block
    copies: int = 1  # volunteers who compute each task
    cores: int = 1  # of a volunteer's computer, on which a task computes; each takes memory_mb
    learned: str = ""  # a measure that is no outcome, and 1 where a cell learned anything at all
    setting: str = ""
    words: Mapping[str, str] = field(default_factory=dict)  # for names of measures, factors and levels
    headlines: tuple[Headline, ...] = ()

    @property
    def events(self) -> frozenset[str]:
        """The measures that are yes or no: by their type, or as a proportion counts them."""
        counted = {
            estimand["measure"]
            for estimand in self.estimands
            if estimand["kind"] == Kind.PROPORTION and not estimand.get("event")
        }
        return frozenset(counted | {measure.name for measure in self.measures if measure.type is ValueType.BOOL})

    @property
    def seconds(self) -> float:
        return sum(self.cell_seconds)

    @property
    def uses_gpus(self) -> bool:
        return self.gpu or self.may_use_gpu

    @property
    def gpu_memory(self) -> int:
        return self.gpu_memory_mb or self.memory_mb

    def memory_on(self, gpu: str) -> int:
        """What a task takes of its host's memory, in MB: on this kind of GPU, or on a core where none is named.

        Who computes on GPUs alone says it all. Who may use one says what a core needs, and CUDA's libraries come on
        top of that.
        """
        return self.memory_mb + (CUDA_MB if gpu and self.may_use_gpu else 0)

    @property
    def shared_mb(self) -> int:
        return min(SHARED_MB, self.memory_mb) if self.avx else 0

    def as_data(self) -> dict[str, Any]:
        figure = self.figure.as_data() if self.figure else None
        measures = [[measure.name, measure.type.value, measure.nullable] for measure in self.measures]
        names = [name for name in Manifest.__dataclass_fields__ if name not in _LEFT_OUT]
        data = {name: _as_json(getattr(self, name)) for name in names} | {
            "controls": [
                _as_json({name: part for name, part in asdict(control).items() if part or name != "side"})
                for control in self.controls
            ],
            "figure": figure,
            "format": FORMAT,
            "measures": measures,
        }
        if self.map:
            data["map"] = _as_json({name: part for name, part in asdict(self.map).items() if part or name != "arms"})
        for name, usual in _LEFT_OUT.items():
            content = _as_json(getattr(self, name))
            if name != "map" and content != usual:
                data[name] = content
        return data


def _as_json(value: Any) -> Any:
    if isinstance(value, Headline):
        return value.as_data()
    if isinstance(value, Mapping):
        return {name: _as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value.value if isinstance(value, ValueType) else value


def read_manifest(raw: bytes) -> Manifest:
    try:
        return _manifest(canonical_json.parse_canonical(raw, limit=MOST_BYTES))
    except ValueError as fault:
        raise ExperimentError(
            f"The manifest cannot be read: {fault}. Nothing can be ordered of this experiment; "
            "publish it again from its file."
        ) from None


@functools.lru_cache(maxsize=1024)
def stored_manifest(text: str) -> Manifest:
    """Read a manifest of our own, once a process however often it is asked for."""
    return read_manifest(text.encode())


def _manifest(data: dict[str, Any]) -> Manifest:
    fields = canonical_json.Fields({**_LEFT_OUT, **data}, "the manifest", {*Manifest.__dataclass_fields__, "format"})
    fields.text("format", FORMAT)
    factors = _factors(fields.part("factors"))
    measures = fields.array("measures", _measure)
    manifest = Manifest(
        name=fields.text("name", NAME.pattern),
        aliases=fields.array("aliases", canonical_json.check_text),
        version=fields.whole("version", least=1),
        question=fields.text("question"),
        reference=fields.text("reference"),
        configs=fields.array("configs", canonical_json.check_config),
        factors=factors,
        ranges=_ranges(fields.part("ranges"), factors),
        measures=measures,
        estimands=fields.array("estimands", _estimand),
        figure=fields.either("figure", _figure),
        cell_seconds=fields.array("cell_seconds", canonical_json.check_real),
        memory_mb=fields.whole("memory_mb", least=1),
        avx=fields.flag("avx"),
        disk_mb=fields.whole("disk_mb", least=1),
        gpu=fields.flag("gpu"),
        gpu_memory_mb=fields.whole("gpu_memory_mb"),
        controls=fields.array("controls", _control),
        tolerance=fields.real("tolerance", least=0),
        map=fields.either("map", _map),
        may_use_gpu=fields.flag("may_use_gpu"),
        side_by_side=fields.flag("side_by_side"),
        copies=fields.whole("copies", least=1),
        cores=fields.whole("cores", least=1),
        learned=fields.text("learned"),
        setting=fields.text("setting", f"({LABEL.pattern})?"),
        words=_words(fields.part("words")),
        headlines=fields.array("headlines", _headline),
    )
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    _check_sweep(manifest, manifest.configs, manifest.cell_seconds, "the sweep")
    canonical_json.check_distinct([measure.name for measure in manifest.measures], "the list of measures")
    check_words(manifest.name, {*(measure.name for measure in manifest.measures), *manifest.factors}, manifest.words)
    _check_map(manifest)
    if manifest.gpu and manifest.may_use_gpu:
        raise ValueError("it says that a GPU alone may compute it, and that a core may")
    if manifest.side_by_side and not manifest.uses_gpus:
        raise ValueError("it says how a GPU computes it, and that no GPU may")
    if manifest.copies > MOST_COPIES:
        raise ValueError(f"{manifest.copies} copies of each task are wanted, and {MOST_COPIES} are the most")
    if manifest.cores > (1 if manifest.gpu or manifest.side_by_side else MOST_CORES):
        raise ValueError(f"a task is to compute on {manifest.cores} cores, which is more than it may")
    if manifest.learned and manifest.learned not in {measure.name for measure in manifest.measures}:
        raise ValueError(f"learned names {manifest.learned!r}, which is no measure")
    if manifest.learned in {estimand["measure"] for estimand in manifest.estimands}:
        raise ValueError(f"learned names {manifest.learned!r}, from which an estimand concludes")
    estimands = {estimand["name"] for estimand in manifest.estimands}
    check_headlines(manifest.name, estimands, manifest.headlines)
    for control in manifest.controls:
        if control.estimand not in estimands:
            raise ValueError(f"a control speaks of {control.estimand!r}, which is no estimand")
        _check_sweep(manifest, control.placebo, control.placebo_seconds, f"the placebo of {control.estimand}")
        _check_sweep(manifest, control.planted, control.planted_seconds, f"what is planted for {control.estimand}")
        if max(len(control.placebo), len(control.planted)) > MOST_OF_CONTROL:
            raise ValueError(f"a control of {control.estimand!r} has more than {MOST_OF_CONTROL} configs")


def _check_map(manifest: Manifest) -> None:
    grids = [measure.name for measure in manifest.measures if measure.type is ValueType.GRID]
    if grids != ([manifest.map.measure] if manifest.map else []):
        raise ValueError(f"the measures hold the grids {grids}, and a map shows just one")
    if manifest.map and not all(is_tile(config) and tile_of(config) == ROOT for config in manifest.configs):
        raise ValueError("the sweep of a map holds its tiles of level 0, and a config says another place or none")


def _check_sweep(
    manifest: Manifest, configs: Sequence[Mapping[str, object]], seconds: Sequence[float], what: str
) -> None:
    canonical_json.check_distinct(configs, what)
    for place, config in enumerate(configs):
        values = canonical_json.Fields(config, f"config {place} of {what}", manifest.factors)
        for name, kind in manifest.factors.items():
            _READ[kind](values, name)
    if len(seconds) != len(configs) or min(seconds) <= 0:
        raise ValueError(f"{what} must give every config a time above zero")


_READ = {
    ValueType.INT: lambda fields, name: fields.whole(name, least=-(2**63)),
    ValueType.FLOAT: lambda fields, name: fields.real(name),
    ValueType.BOOL: lambda fields, name: fields.flag(name),
    ValueType.TEXT: lambda fields, name: fields.text(name),
}


def _factors(data: dict[str, Any]) -> dict[str, ValueType]:
    fields = canonical_json.Fields(data, "factors", data)
    return {name: ValueType(fields.text(name, _FACTORS)) for name in data}


def _ranges(data: dict[str, Any], factors: Mapping[str, ValueType]) -> dict[str, tuple[float, float]]:
    ranges = {name: canonical_json.check_pair(value, f"the range of {name}") for name, value in data.items()}
    for name, (low, high) in ranges.items():
        if name not in factors or low > high:
            raise ValueError(f"the range of {name} is of no factor, or ends before it begins")
    return ranges


def _words(data: dict[str, Any]) -> dict[str, str]:
    fields = canonical_json.Fields(data, "words", data)
    return {name: fields.text(name) for name in data}


def _measure(value: Any, what: str) -> Measure:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"{what} is not a name, a type and whether it may be null")
    fields = canonical_json.Fields(dict(zip(Measure._fields, value, strict=True)), what, Measure._fields)
    kind = ValueType(fields.text("type", _MEASURES))
    return Measure(fields.text("name", _IDENTIFIER), kind, fields.flag("nullable"))


def _estimand(value: Any, what: str) -> Mapping[str, Any]:
    complete = {**_UNSAID, **dict.fromkeys(_TEXTS, ""), **value} if isinstance(value, dict) else value
    fields = canonical_json.Fields(complete, what, (*_ESTIMAND, *_UNSAID, *_TEXTS))
    for name in ("name", "claim", "measure", "across", *_TEXTS):
        fields.text(name)
    fields.text("kind", "|".join(kind.value for kind in Kind))
    fields.text("expects", _SIDES)
    for name in ("smallest", "null"):
        fields.real(name)
    fields.array("between", canonical_json.check_config)
    bounds = fields.either("bounds", canonical_json.check_pair)
    fields.either("censored", canonical_json.check_real)
    fields.flag("exchangeable")
    fields.either("levels", _levels)
    fields.either("published", _published)
    fields.either("event", _event)
    if fields.text("about", "|".join(center.value for center in Center)) == Center.MEAN and bounds is None:
        raise ValueError(f"{what}: a mean needs bounds, since without them no number of seeds says anything of it")
    chances = canonical_json.Fields({"median": None, **fields.part("prediction")}, f"{what}: prediction", _PREDICTION)
    for name in ("positive", "negative", "absent"):
        chances.real(name, least=0)
    chances.either("interval", canonical_json.check_pair)
    chances.either("median", canonical_json.check_real)
    chances.text("because")
    estimand: Mapping[str, Any] = value
    return estimand


def _headline(value: Any, what: str) -> Headline:
    fields = canonical_json.Fields(value, what, Headline.__dataclass_fields__)
    sides = canonical_json.Fields(fields.part("when"), f"{what}: when", fields.part("when"))
    return Headline(
        says=fields.text("says"), when={name: Direction(sides.text(name, _SIDES)) for name in fields.part("when")}
    )


def _control(value: Any, what: str) -> ControlSweeps:
    complete = {"side": "", **value} if isinstance(value, dict) else value
    fields = canonical_json.Fields(complete, what, ControlSweeps.__dataclass_fields__)
    return ControlSweeps(
        side=fields.text("side", r"[+-]?"),
        estimand=fields.text("estimand"),
        placebo=fields.array("placebo", canonical_json.check_config),
        placebo_seconds=fields.array("placebo_seconds", canonical_json.check_real),
        planted=fields.array("planted", canonical_json.check_config),
        planted_seconds=fields.array("planted_seconds", canonical_json.check_real),
    )


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} must be a name")
    return value


def _levels(value: Any, what: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{what} must be two levels")
    return canonical_json.check_whole(value[0], what), canonical_json.check_whole(value[1], what)


def _published(value: Any, what: str) -> Published:
    fields = canonical_json.Fields(value, what, Published.__dataclass_fields__)
    interval = fields.either("interval", canonical_json.check_pair)
    return Published(value=fields.real("value"), reference=fields.text("reference"), interval=interval)


def _event(value: Any, what: str) -> Event:
    fields = canonical_json.Fields(value, what, Event.__dataclass_fields__)
    return Event(by=fields.real("by"), after=fields.real("after"), budget=fields.text("budget"))


def _map(value: Any, what: str) -> Map:
    complete = {"arms": [], **value} if isinstance(value, dict) else value
    fields = canonical_json.Fields(complete, what, Map.__dataclass_fields__)
    return Map(
        title=fields.text("title"),
        x=_axis(fields.part("x"), f"{what}: x"),
        y=_axis(fields.part("y"), f"{what}: y"),
        measure=fields.text("measure"),
        bands=fields.array("bands", _band),
        pixels=fields.whole("pixels"),
        charted=fields.whole("charted"),
        deepest=fields.whole("deepest"),
        arms=fields.array("arms", _name),
    )


def _axis(value: Any, what: str) -> Knob:
    fields = canonical_json.Fields(value, what, Knob.__dataclass_fields__)
    return Knob(name=fields.text("name"), low=fields.real("low"), high=fields.real("high"), log=fields.flag("log"))


def _band(value: Any, what: str) -> Band:
    fields = canonical_json.Fields(value, what, Band.__dataclass_fields__)
    return Band(name=fields.text("name"), shades=fields.whole("shades"))


def _figure(value: Any, what: str) -> Figure:
    complete = {"along": "", "levels": {}, "percent": "", **value} if isinstance(value, dict) else value
    fields = canonical_json.Fields(complete, what, Figure.__dataclass_fields__)
    return Figure(
        x=fields.text("x"),
        y=fields.text("y"),
        title=fields.text("title"),
        log=fields.array("log", canonical_json.check_text),
        where=canonical_json.check_config(fields.part("where"), f"{what}: where"),
        along=fields.text("along", LABEL) if fields.data["along"] else "",
        levels={
            level: canonical_json.check_text(text, f"{what}: levels") for level, text in fields.part("levels").items()
        },
        percent=fields.text("percent"),
    )
