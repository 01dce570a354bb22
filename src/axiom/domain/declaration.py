"""An experiment's declaration as plain data: what a manifest holds, and how measures become numbers.

Used in the child alone, where an experiment may be imported; everybody else reads the manifest.
"""

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from axiom.domain.estimands import Center, Estimand, prediction_data
from axiom.domain.experiments import Control, Experiment
from axiom.domain.maps import MOST_PIXELS, Map

FORMAT = "axiom-manifest-1"
_LONGEST = 4 * MOST_PIXELS * MOST_PIXELS  # characters of a grid: far more than any honest one has


class ValueType(StrEnum):
    """The type of a factor or a measure."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "str"  # factors only: a measure is a number
    INTS = "ints"
    FLOATS = "floats"  # a short curve
    GRID = "grid"  # the pixels of a map's tile; where it is stored, their SHA-256 stands for them


class Measure(NamedTuple):
    """A number or short curve measured in a cell: its name, its type, and whether it may be None (never reached)."""

    name: str
    type: ValueType
    nullable: bool


_SCALARS = {int: ValueType.INT, float: ValueType.FLOAT, bool: ValueType.BOOL, str: ValueType.TEXT}
_CURVES = {int: ValueType.INTS, float: ValueType.FLOATS}
_IN_LETTERS = (bool, str)  # that say all there is: never looked into for numbers that are not finite


def declare(experiment: Experiment, *, avx: bool) -> dict[str, Any]:
    """Return the whole declaration as JSON's own types. `avx` says that the code needs JAX, and JAX needs AVX."""
    first = experiment.sweep[0]
    declared = {
        "aliases": list(experiment.aliases),
        "avx": avx,
        "cell_seconds": [float(experiment.needs.seconds(config)) for config in experiment.sweep],
        "configs": [asdict(config) for config in experiment.sweep],
        "controls": [_control(control, experiment) for control in experiment.controls],
        "disk_mb": experiment.needs.disk_mb,
        "estimands": [_estimand(estimand) for estimand in experiment.estimands],
        "factors": {name: factor.value for name, factor in _factors(type(first)).items()},
        "figure": experiment.figure.as_data() if experiment.figure else None,
        "format": FORMAT,
        "gpu": experiment.needs.gpu,
        "gpu_memory_mb": experiment.needs.gpu_memory_mb,
        "measures": [[name, kind.value, nullable] for name, kind, nullable in measures(experiment.measures)],
        "memory_mb": experiment.needs.memory_mb,
        "name": experiment.name,
        "question": experiment.question,
        "ranges": {name: [float(low), float(high)] for name, (low, high) in experiment.ranges.items()},
        "reference": experiment.reference,
        "tolerance": float(experiment.tolerance),
        "version": experiment.version,
    }
    # What a manifest need not say it leaves out, so that those of before stay as they were.
    if experiment.map:
        declared["map"] = _map(experiment.map)
    if experiment.needs.may_use_gpu:
        declared["may_use_gpu"] = True
    if experiment.needs.side_by_side:
        declared["side_by_side"] = True
    if experiment.needs.copies != 1:
        declared["copies"] = experiment.needs.copies
    if experiment.needs.cores != 1:
        declared["cores"] = experiment.needs.cores
    if experiment.learned:
        declared["learned"] = experiment.learned
    if experiment.setting:
        declared["setting"] = experiment.setting
    if experiment.words:
        declared["words"] = dict(experiment.words)
    if experiment.headlines:
        declared["headlines"] = [headline.as_data() for headline in experiment.headlines]
    return declared


def measures(declared: type) -> tuple[Measure, ...]:
    """Return the measures of an experiment's Measures, in order; a type that cannot travel is a TypeError."""
    hints = get_type_hints(declared)
    found = []
    for field in fields(declared):
        hint = hints[field.name]
        options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        kinds = [option for option in options if option is not NoneType]
        kind = _measure_type(kinds[0]) if len(kinds) == 1 else None
        if kind is None:
            raise TypeError(
                f"measure {field.name} is {hint}; it may be int, float, bool, tuple[float, ...], bytes, or None"
            )
        found.append(Measure(field.name, kind, NoneType in options))
    return tuple(found)


def plain(measured: Any, declared: Sequence[Measure]) -> tuple[dict[str, Any], bool]:
    """Return measures as JSON's own types, and whether one of them left the real numbers (it is null then)."""
    values: dict[str, Any] = {}
    diverged = False
    for name, kind, nullable in declared:
        if not hasattr(measured, name):
            raise TypeError(f"measure {name} is missing in what run returned, a {type(measured).__name__}")
        value = _python(getattr(measured, name))
        if value is None and nullable:
            values[name] = None
            continue
        value = _typed(name, value, kind)
        numbers = value if isinstance(value, list) else [] if isinstance(value, _IN_LETTERS) else [value]
        is_finite = all(map(math.isfinite, numbers))
        values[name] = value if is_finite else None
        diverged = diverged or not is_finite
    return values, diverged


def pack_pixels(pixels: bytes) -> str:
    """The letters of a grid."""
    return base64.b64encode(zlib.compress(pixels, 9)).decode("ascii")


def unpack_pixels(text: str, expected: int) -> bytes:
    """The pixels of a grid that travelled; a ValueError where they are not so many, or no grid at all."""
    if len(text) > _LONGEST:
        raise ValueError(f"it has {len(text)} characters, and {_LONGEST} are the most of any grid")
    opened = zlib.decompressobj()
    try:
        pixels = opened.decompress(base64.b64decode(text, validate=True), expected + 1)
    except (ValueError, zlib.error) as fault:
        raise ValueError(f"it cannot be unpacked: {fault}") from None
    if len(pixels) != expected or not opened.eof or opened.unused_data:
        raise ValueError(f"it does not hold {expected} pixels")
    return pixels


def _measure_type(hint: Any) -> ValueType | None:
    if get_origin(hint) is tuple:
        items = get_args(hint)
        return _CURVES.get(items[0]) if len(items) == 2 and items[1] is Ellipsis else None
    return ValueType.GRID if hint is bytes else _SCALARS.get(hint) if hint is not str else None


def _factors(declared: type) -> dict[str, ValueType]:
    hints = get_type_hints(declared)
    factors = {}
    for field in fields(declared):
        if hints[field.name] not in _SCALARS:
            raise TypeError(f"factor {field.name} is {hints[field.name]}; it may be int, float, bool or str")
        factors[field.name] = _SCALARS[hints[field.name]]
    return factors


def _estimand(estimand: Estimand) -> dict[str, Any]:
    data = asdict(estimand)
    data["kind"] = estimand.kind.value
    data["expects"] = estimand.expects.value
    data["between"] = [dict(arm) for arm in estimand.between]
    data["bounds"] = _numbers(estimand.bounds) if estimand.bounds else None
    data["prediction"] = prediction_data(estimand.prediction)
    data["about"] = estimand.about.value
    data["levels"] = list(estimand.levels) if estimand.levels else None
    if published := estimand.published:
        interval = _numbers(published.interval) if published.interval else None
        data["published"] |= {"value": float(published.value), "interval": interval}
    if event := estimand.event:
        data["event"] |= {"by": float(event.by), "after": float(event.after)}
    # What is meant unless it is said is left out.
    unsaid = {"censored": None, "levels": None, "published": None, "exchangeable": False, "about": Center.MEDIAN.value}
    unsaid |= {"in_words": "", "event": None}
    return {name: said for name, said in data.items() if name not in unsaid or said != unsaid[name]}


def _map(drawn: Map) -> dict[str, Any]:
    data = asdict(drawn) | {"bands": [asdict(band) for band in drawn.bands], "arms": list(drawn.arms)}
    return data if drawn.arms else {name: said for name, said in data.items() if name != "arms"}


def _control(control: Control, experiment: Experiment) -> dict[str, Any]:
    return ({"side": control.side.value} if control.side else {}) | {
        "estimand": control.estimand,
        "placebo": [asdict(config) for config in control.placebo],
        "placebo_seconds": [float(experiment.needs.seconds(config)) for config in control.placebo],
        "planted": [asdict(config) for config in control.planted],
        "planted_seconds": [float(experiment.needs.seconds(config)) for config in control.planted],
    }


def _numbers(pair: tuple[float, float]) -> list[float]:
    return [float(number) for number in pair]


def _python(value: Any) -> Any:
    """Turn array scalars and arrays of any library into Python's own, without importing the library."""
    return value.tolist() if hasattr(value, "dtype") and hasattr(value, "tolist") else value


def _typed(name: str, value: Any, kind: ValueType) -> Any:
    if kind is ValueType.GRID:
        if not isinstance(value, bytes):
            raise TypeError(f"measure {name} must be bytes, one for each pixel, and is a {type(value).__name__}")
        return pack_pixels(value)
    if kind in (ValueType.INTS, ValueType.FLOATS):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise TypeError(f"measure {name} must be a sequence of numbers, and is a {type(value).__name__}")
        item = ValueType.INT if kind is ValueType.INTS else ValueType.FLOAT
        return [_typed(name, _python(number), item) for number in value]
    if kind is ValueType.BOOL:
        is_right = isinstance(value, bool)
    else:
        allowed: Mapping[ValueType, Any] = {ValueType.INT: int, ValueType.FLOAT: int | float}
        is_right = isinstance(value, allowed[kind]) and not isinstance(value, bool)
    if not is_right:
        raise TypeError(f"measure {name} must be {kind.value}, and is a {type(value).__name__}")
    return float(value) if kind is ValueType.FLOAT else value
