"""Sweeps as words of a command line: `lr=0.1,0.2 width=8:128:x2 seed`, typed against the experiment's own factors."""

import itertools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.errors import UnknownName, WrongUse
from axiom.signed.manifests import Manifest

_MOST_CONFIGS = 10_000
_SEEDS = frozenset({"seed", "seeds", "replicate", "replicates"})  # factors in other tools, and dimensions here

Config = dict[str, Any]


def read_sweep_configs(manifest: Manifest, words: Sequence[str]) -> tuple[Config, ...]:
    """The configs that these words mean: the declared sweep, with the named factors at the named levels instead."""
    levels: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not text:
            raise WrongUse(f"{word!r} is not of the form factor=value. Nothing was started.")
        if name not in manifest.factors:
            raise _no_factor(manifest, name)
        levels[name] = [_within(manifest, name, value) for value in _levels(name, text, manifest.factors[name])]
    if math.prod(len(values) for values in levels.values()) > _MOST_CONFIGS:
        raise _too_many()
    others = [{name: value for name, value in config.items() if name not in levels} for config in manifest.configs]
    points = [dict(zip(levels, point, strict=True)) for point in itertools.product(*levels.values())]
    chosen: dict[tuple[Any, ...], Config] = {}  # by its values, which are found in a moment among thousands
    for rest, point in itertools.product(others, points):
        config = {name: {**rest, **point}[name] for name in manifest.factors}
        chosen.setdefault(tuple(config.values()), config)
        if len(chosen) > _MOST_CONFIGS:
            raise _too_many()
    return tuple(chosen.values())


def _no_factor(manifest: Manifest, name: str) -> WrongUse:
    if name not in _SEEDS:
        return UnknownName(f"factor of {manifest.name}", name, manifest.factors)
    return WrongUse(
        f"{name} is no factor of {manifest.name}: --seed 7 gives a seed, --replicate 7 that of the replicate, and "
        "--replicates 8 computes the replicates 0 to 7. Nothing was started."
    )


def _too_many() -> WrongUse:
    return WrongUse(f"These words mean more than {_MOST_CONFIGS} configs. Nothing was started.")


def _levels(name: str, text: str, kind: ValueType) -> list[Any]:
    if kind in (ValueType.INT, ValueType.FLOAT) and ":" in text:
        return _range(name, text, kind)
    return [_value(name, part, kind) for part in text.split(",")]


def _range(name: str, text: str, kind: ValueType) -> list[Any]:
    parts = text.split(":")
    if len(parts) != 3:
        raise WrongUse(f"{name}={text} is not of the form first:last:step, as 8:128:x2 is. Nothing was started.")
    times = parts[2].startswith("x")
    first, last, step = (_exact(name, part, kind) for part in (parts[0], parts[1], parts[2].removeprefix("x")))
    if (step <= 1 or first <= 0) if times else step <= 0:
        raise WrongUse(f"{name}={text} would never end. Nothing was started.")
    levels: list[Any] = []
    number, value = (int if kind is ValueType.INT else float), first
    while value <= last and len(levels) <= _MOST_CONFIGS:
        levels.append(number(value))
        value = value * step if times else value + step
    if not levels:
        raise WrongUse(f"{name}={text} holds no value. Nothing was started.")
    return levels


def _exact(name: str, text: str, kind: ValueType) -> Decimal:
    """In tenths as a person counts them: ten steps of 0.1 are 1."""
    _value(name, text, kind)
    return Decimal(text)


def _value(name: str, text: str, kind: ValueType) -> Any:
    try:
        if kind is ValueType.INT:
            return int(text)
        if kind is ValueType.FLOAT:
            return _finite(float(text))
    except ValueError as error:
        raise WrongUse(f"{name} must be of type {kind}, and {text!r} is not. Nothing was started.") from error
    if kind is ValueType.BOOL:
        if text not in ("true", "false"):
            raise WrongUse(f"{name} must be true or false, and {text!r} is neither. Nothing was started.")
        return text == "true"
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number to compute with")
    return value


def _within(manifest: Manifest, name: str, value: Any) -> Any:
    low, high = manifest.ranges.get(name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not low <= value <= high:
        raise WrongUse(f"{name}={value} is outside {low:g} to {high:g}, which the file declares. Nothing was started.")
    return value
