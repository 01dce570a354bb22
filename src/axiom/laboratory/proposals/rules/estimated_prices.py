"""About what would a config cost of which nobody has asked the code yet? From the costs that its file declares.

An estimate, for choosing among proposals: before anything is registered the code itself is asked.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.signed.manifests import Manifest

_STEEPEST = 3.0  # nothing in the catalogue costs more than in proportion to the cube of a factor

_Config = Mapping[str, object]
_Priced = Sequence[tuple[_Config, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigPrices:
    """What a file says of its costs, read once: every config with its seconds, and how each factor moves them."""

    cells: tuple[tuple[_Config, float], ...]
    powers: Mapping[str, float]

    def of(self, configs: Sequence[_Config]) -> float:
        """Seconds of a reference core for one replicate over these configs, as far as they can be foreseen."""
        return sum(self.of_configs(configs))

    def of_configs(self, configs: Sequence[_Config]) -> tuple[float, ...]:
        return tuple(_seconds_of(self.cells, self.powers, config) for config in configs)


def read_config_prices(manifest: Manifest) -> ConfigPrices:
    cells = tuple(_cells(manifest))
    return ConfigPrices(cells=cells, powers={factor: _power(cells, factor) for factor in manifest.factors})


def _cells(manifest: Manifest) -> list[tuple[_Config, float]]:
    cells = list(zip(manifest.configs, manifest.cell_seconds, strict=True))
    for control in manifest.controls:
        cells += zip(control.placebo, control.placebo_seconds, strict=True)
        cells += zip(control.planted, control.planted_seconds, strict=True)
    return cells


def _seconds_of(cells: _Priced, powers: Mapping[str, float], config: _Config) -> float:
    """The seconds of the nearest priced config, times what the levels that differ make dearer or cheaper."""
    apart = [sum(level != config[name] for name, level in cell.items()) for cell, _ in cells]
    least = min(apart)
    closest = [cell for cell, factors in zip(cells, apart, strict=True) if factors == least]
    nearest, seconds = min(closest, key=lambda cell: _distance(cell[0], config))
    factors = (_ratio(config[name], nearest[name]) ** power for name, power in powers.items())
    return float(seconds * math.prod(factors))


def _distance(first: _Config, second: _Config) -> float:
    return sum(abs(math.log(_ratio(first[name], second[name]))) for name in first if first[name] != second[name])


def _power(cells: _Priced, factor: str) -> float:
    """With which power of the factor the cost grows where nothing else varies; in proportion where that is unknown."""
    powers = [
        math.log(dear / cheap) / math.log(_ratio(high[factor], low[factor]))
        for low, cheap in cells
        for high, dear in cells
        if _ratio(high[factor], low[factor]) > 1.0 and all(low[name] == high[name] for name in low if name != factor)
    ]
    return min(_STEEPEST, max(0.0, *powers)) if powers else 1.0


def _ratio(first: object, second: object) -> float:
    """How many times as large a number is; 1 where one of them is none, or has no ratio."""
    if isinstance(first, bool) or isinstance(second, bool):
        return 1.0
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return 1.0
    return first / second if first > 0 and second > 0 else 1.0
