"""What of a map is looked at: where, which arm and which replicate; read from an address, and written as one."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from axiom.domain.headlines.numbers import format_number
from axiom.domain.maps import WHERE, Knob, Map, PlacedConfigs, Tile
from axiom.errors import NotFound, WrongUse
from axiom.reads.base.query_errors import LONGEST, shorten_query
from axiom.reads.base.request import Reading, parse_number
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.registrations import registrations

MEAN = "mean"  # the word for all replicates together
DETAIL = 2  # levels by which the pixels of a view are finer than the place that it shows


@dataclass(frozen=True, kw_only=True)
class ShownMap:
    stored: StoredExperiment
    manifest: Manifest
    drawn: Map
    arms: Mapping[int, Mapping[str, Any]]  # its tiles of level 0

    @property
    def name(self) -> str:
        """Name and version, which together mean this one alone."""
        return self.stored.whole_name

    @property
    def path(self) -> str:
        return f"/maps/{quote(self.name, safe='@')}"

    def detail(self, tile: Tile) -> int:
        """By how many levels the pixels of a view are finer than its place."""
        return max(0, min(DETAIL, self.drawn.deepest - tile.level))

    def arm_in_words(self, arm: int) -> str:
        """What its file calls an arm, or what makes it differ from the others."""
        if arm < len(self.drawn.arms):
            return self.drawn.arms[arm]
        config = self.arms[arm]
        names = [name for name in self.varying if name in config]
        return ", ".join(f"{name.replace('_', ' ')} {format_number(config[name])}" for name in names)

    @property
    def varying(self) -> list[str]:
        first = next(iter(self.arms.values()), {})
        return [
            name
            for name in first
            if name not in WHERE and len({str(config.get(name)) for config in self.arms.values()}) > 1
        ]

    def apart(self, arm: int, other: int) -> list[str]:
        return [name for name in self.varying if self.arms[arm].get(name) != self.arms[other].get(name)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Aspect:
    tile: Tile
    arm: int
    against: int | None = None  # another arm: where the two differ is shown
    replicate: int | None = None  # None: all together
    point: tuple[float, float] | None = None  # the two knobs of a pixel that is read

    def address(self, path: str) -> str:
        where = {} if not self.tile.level else self.tile.factors
        query: dict[str, object] = {**where, "arm": self.arm}
        query |= {} if self.against is None else {"against": self.against}
        query["replicate"] = MEAN if self.replicate is None else self.replicate
        query |= {} if self.point is None else {"x": repr(self.point[0]), "y": repr(self.point[1])}
        return f"{path}?{urlencode(query)}"

    def picture(self, path: str, kind: str) -> str:
        """The address of its picture: of its tile alone, or of the view with all that is finer."""
        arms = f"{self.arm}" if self.against is None else f"{self.arm}-{self.against}"
        chosen = MEAN if self.replicate is None else self.replicate
        return f"{path}/{kind}/{arms}/{chosen}/{self.tile.level}-{self.tile.column}-{self.tile.row}.png"


def require_map(reading: Reading, name: str) -> ShownMap:
    stored = experiments.resolve_experiment_name(reading.db, name)
    if stored is None:
        raise NotFound(f"There is no map {shorten_query(name)}. /maps lists those that there are.")
    shown = find_map(reading, stored)
    if shown is None:
        raise NotFound(f"The experiment {shorten_query(name)} has no map. /maps lists those that there are.")
    return shown


def find_map(reading: Reading, stored: StoredExperiment) -> ShownMap | None:
    """The map of a version; None where it has none."""
    manifest = stored_manifest(stored.manifest)
    if manifest.map is None:
        return None
    placed = registrations.read_placed_configs(reading.db, stored.id) or PlacedConfigs(enumerate(manifest.configs))
    return ShownMap(stored=stored, manifest=manifest, drawn=manifest.map, arms=placed.arms)


def list_maps(reading: Reading) -> list[ShownMap]:
    """For each map its newest version that was not recalled, the newest first."""
    every = [
        find_map(reading, version) for version in newest_versions(experiments.list_experiment_versions(reading.db))
    ]
    return [shown for shown in every if shown is not None]


def newest_versions(versions: Iterable[StoredExperiment]) -> list[StoredExperiment]:
    """For each experiment its newest version that was not recalled, the newest first."""
    newest = {version.name: version for version in versions if version.status != "recalled"}
    return sorted(newest.values(), key=lambda version: -version.id)


def require_arm(shown: ShownMap, text: str) -> int:
    arm = require_whole_number("arm", text)
    if arm not in shown.arms:
        arms = f"its arms are {_span(list(shown.arms))}" if len(shown.arms) > 1 else "its one arm is 0"
        raise NotFound(f"There is no arm {arm} of {shown.stored.name}; {arms}.")
    return arm


def require_tile(shown: ShownMap, level: str, column: str, row: str) -> Tile:
    deepest = shown.drawn.deepest
    tile = Tile(
        level=require_whole_number("level", level),
        column=require_whole_number("column", column),
        row=require_whole_number("row", row),
    )
    if tile.level > deepest:
        raise NotFound(f"There is no level {tile.level} of {shown.stored.name}; the deepest is {deepest}.")
    if not tile.is_there:
        last = (1 << tile.level) - 1
        raise NotFound(
            f"Column {tile.column}, row {tile.row} lies outside of {shown.stored.name}; at level {tile.level} both "
            f"go from 0 to {last}."
        )
    return tile


def require_replicate(shown: ShownMap, text: str, drawn_numbers: list[int]) -> int | None:
    """The replicate that an address names, of those drawn; None where it means all together."""
    if text == MEAN:
        return None
    number = require_whole_number("replicate", text, f", or {MEAN}")
    if number not in drawn_numbers:
        drawn = f"drawn so far: {_span(drawn_numbers)}" if drawn_numbers else "none is drawn yet"
        raise NotFound(f"Repetition {number} of {shown.stored.name} is not drawn; {drawn}.")
    return number


def require_knob(axis: Knob, word: str, text: str) -> float:
    try:
        value = float(text) if len(text) <= LONGEST else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WrongUse(f"{word}={shorten_query(text)} means nothing here; {word} is a number.")
    if not axis.low <= value <= axis.high:
        raise NotFound(
            f"{word}={shorten_query(text)} lies outside of the map, where {axis.name} goes from "
            f"{format_number(axis.low)} to {format_number(axis.high)}."
        )
    return value


def require_whole_number(word: str, text: str, further: str = "") -> int:
    """The whole number that an address says under this word."""
    number = parse_number(text)
    if number is None:
        raise WrongUse(f"{word}={shorten_query(text)} means nothing here; {word} is a whole number{further}.")
    return number


def _span(numbers: list[int]) -> str:
    """Numbers in words; long runs by their ends."""
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))
