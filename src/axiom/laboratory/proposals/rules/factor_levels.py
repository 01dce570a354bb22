"""Which further levels of a factor may be asked for without new code? Those inside what the file declares."""

import itertools
import math
from collections.abc import Mapping, Sequence

from axiom.domain.declaration import ValueType
from axiom.signed.manifests import Manifest

_WIDE = 8.0  # a range whose ends lie so many times apart is gone through in equal ratios
_DIGITS = 3  # of a level that we choose: nobody needs more


def is_number(level: object) -> bool:
    """Is it a number, and no truth?"""
    return isinstance(level, int | float) and not isinstance(level, bool)


def level_as_number(level: object) -> float:
    return float(str(level))


def has_range(manifest: Manifest, factor: str) -> bool:
    """May it have levels besides those that the file names?"""
    low, high = manifest.ranges.get(factor, (0.0, 0.0))
    return low < high and manifest.factors[factor] in (ValueType.INT, ValueType.FLOAT)


def levels_between(manifest: Manifest, factor: str, ends: tuple[float, float], amount: int) -> tuple[float, ...]:
    """So many levels from one end to the other, both included; fewer where the factor has no more of them."""
    low, high = ends
    parts = [place / (amount - 1) for place in range(amount)]
    if low > 0 and (high / low >= _WIDE or is_geometric(manifest, factor)):
        levels = [low * (high / low) ** part for part in parts]
    else:
        levels = [low + (high - low) * part for part in parts]
    inner = [_typed(manifest, factor, level) for level in levels[1:-1]]
    kept = {ends[0], *(level for level in inner if low < level < high), ends[1]}
    return tuple(_exact(manifest, factor, level) for level in sorted(kept))


def is_geometric(manifest: Manifest, factor: str) -> bool:
    """Are the levels that the file names in equal ratios rather than in equal steps?"""
    levels = sorted({level_as_number(config[factor]) for config in manifest.configs if is_number(config[factor])})
    if len(levels) < 3 or levels[0] <= 0:
        return levels[:1] > [0.0] and len(levels) > 1 and levels[-1] / levels[0] >= _WIDE
    ratios = [math.log(high / low) for low, high in itertools.pairwise(levels)]
    steps = [high - low for low, high in itertools.pairwise(levels)]
    return max(ratios) / min(ratios) <= max(steps) / min(steps)


def other_levels(manifest: Manifest, factor: str, level: object) -> tuple[object, ...]:
    """Levels besides this one at which a claim could be asked again: nearer ones first, each side in turn."""
    if not has_range(manifest, factor) or not is_number(level):
        declared: list[object] = []
        for config in manifest.configs:
            if config[factor] != level and config[factor] not in declared:
                declared.append(config[factor])
        return tuple(declared)
    low, high = manifest.ranges[factor]
    here = level_as_number(level)
    sides = [(end, here) if end < here else (here, end) for end in (high, low) if end != here]
    middles = [_middle(manifest, factor, side) for side in sides]
    quarters = [
        _middle(manifest, factor, (middle, end) if middle < end else (end, middle))
        for middle, end in zip(middles, [end for end in (high, low) if end != here], strict=True)
    ]
    candidates = [candidate for candidate in (*middles, *quarters) if candidate != here and low <= candidate <= high]
    return tuple(_exact(manifest, factor, fromkey) for fromkey in dict.fromkeys(candidates))


def range_ends(manifest: Manifest, factor: str, tested: Sequence[float]) -> tuple[float, float]:
    """The ends of its range; a nothing that was never tried stays out, since there is no step from it to anything."""
    low, high = manifest.ranges[factor]
    if low <= 0 < min(tested):
        low = min(tested)
    return _exact(manifest, factor, low), _exact(manifest, factor, high)


def halfway_level(manifest: Manifest, factor: str, end: float, tested: float) -> float:
    """Half of the way from an end of the range back to what was tried."""
    return _exact(manifest, factor, _middle(manifest, factor, (min(end, tested), max(end, tested))))


def with_level(configs: Sequence[Mapping[str, object]], factor: str, level: object) -> tuple[dict[str, object], ...]:
    return tuple({**config, factor: level} for config in configs)


def _middle(manifest: Manifest, factor: str, ends: tuple[float, float]) -> float:
    low, high = ends
    if low > 0 and (high / low >= _WIDE or is_geometric(manifest, factor)):
        return _typed(manifest, factor, math.sqrt(low * high))
    return _typed(manifest, factor, (low + high) / 2)


def _typed(manifest: Manifest, factor: str, level: float) -> float:
    if manifest.factors[factor] is ValueType.INT:
        return float(round(level))
    return float(f"{level:.{_DIGITS}g}")


def _exact(manifest: Manifest, factor: str, level: float) -> float:
    """The level as the code takes it: a whole number where the factor counts something."""
    return round(level) if manifest.factors[factor] is ValueType.INT else level


def why_configs_refused(manifest: Manifest, configs: Sequence[Mapping[str, object]]) -> str:
    """Why a file does not allow these configs, as a sentence without its full stop; nothing when it does.

    A factor with a declared range may have any level in it; one without has those of the declared sweep and of the
    file's own controls, which were computed before the version was let out.
    """
    for factor in manifest.factors:
        levels = [config[factor] for config in configs]
        why = _beyond(manifest, factor, levels) if factor in manifest.ranges else _unknown(manifest, factor, levels)
        if why:
            return why
    return ""


def known_levels(manifest: Manifest, factor: str) -> list[object]:
    """Every level of a factor that the file itself names, in order and each once."""
    configs = [
        *manifest.configs,
        *(config for control in manifest.controls for config in (*control.placebo, *control.planted)),
    ]
    levels: list[object] = []
    for config in configs:
        if not any(_alike(config[factor], level) for level in levels):
            levels.append(config[factor])
    return levels


def _unknown(manifest: Manifest, factor: str, levels: Sequence[object]) -> str:
    declared = known_levels(manifest, factor)
    for level in levels:
        if not any(_alike(level, other) for other in declared):
            return (
                f"{factor}={level} is none of the levels of {manifest.name}, and its file declares no range for it. "
                "Nothing was registered; declare one in `ranges`, which needs a new version"
            )
    return ""


def _beyond(manifest: Manifest, factor: str, levels: Sequence[object]) -> str:
    low, high = manifest.ranges[factor]
    for level in levels:
        is_number = isinstance(level, int | float) and not isinstance(level, bool)
        if not (is_number and low <= float(str(level)) <= high):
            return (
                f"{factor}={level} is outside {low:g} to {high:g}, which the file of {manifest.name} declares. "
                "Nothing was registered; a wider range needs a new version"
            )
    return ""


def _alike(first: object, second: object) -> bool:
    """Equal, and a truth is no number."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)
