"""A map in a notebook: any rectangle of it as a table, of a laboratory here or elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote, urlencode

from axiom.domain.declaration import ValueType
from axiom.domain.maps import Map
from axiom.errors import NotFound, UnknownName
from axiom.notebook.table import Table
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.maps.crops import crop_map
from axiom.store.registrations import registrations

_TYPES = {
    "x": ValueType.FLOAT,
    "y": ValueType.FLOAT,
    "shade": ValueType.INT,
    "band": ValueType.TEXT,
    "level": ValueType.INT,
}


class FolderMap:
    """A map of the laboratory in a folder: `axiom.open(folder).map(NAME)`."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Database]], experiment: str) -> None:
        self._reading = reading
        with reading() as db:
            stored = experiments.resolve_experiment_name(db, experiment)
            drawn = stored_manifest(stored.manifest).map if stored else None
            if stored is None or drawn is None:
                raise UnknownName("map", experiment, _with_maps(db))
            self._arms = {
                arm: dict(config) for arm, config in registrations.read_placed_configs(db, stored.id).arms.items()
            }
        self._id, self._name = stored.id, stored.whole_name
        self.declared: Map = drawn

    @property
    def arms(self) -> Mapping[int, Mapping[str, Any]]:
        """The settings that were mapped, by the number of each."""
        return self._arms

    def crop(
        self,
        x0: float | None = None,
        x1: float | None = None,
        y0: float | None = None,
        y1: float | None = None,
        *,
        level: int = 0,
        arm: int = 0,
        replicate: int | None = None,
    ) -> Table:
        """The pixels that this rectangle touches, a row each: both knobs, its shade, its band, and its own level.

        Ends that are left out are the map's own, and the replicate is the first that is drawn. Where no tile of this
        level is drawn, a pixel of a coarser one stands in its place; `level` of its row says so.
        """
        if arm not in self._arms:
            raise NotFound(f"There is no arm {arm} of {self._name}; there are {', '.join(map(str, self._arms))}.")
        x, y = self.declared.x, self.declared.y
        with self._reading() as db:
            cropped = crop_map(
                db,
                self._id,
                self.declared,
                arm=arm,
                replicate=replicate,
                x=(x.low if x0 is None else x0, x.high if x1 is None else x1),
                y=(y.low if y0 is None else y0, y.high if y1 is None else y1),
                level=level,
            )
        return _table(cropped.rows(), _title(self._name, cropped.arm, cropped.replicate, level, (x.name, y.name)))

    def __repr__(self) -> str:
        return f"Map of {self._name}: {self.declared.title}"


class RemoteMap:
    """A map of a laboratory elsewhere: `axiom.connect(url, token).map(NAME)`."""

    def __init__(self, read: Callable[[str], Mapping[str, Any]], experiment: str) -> None:
        self._read = read
        self._name = experiment

    def crop(
        self,
        x0: float | None = None,
        x1: float | None = None,
        y0: float | None = None,
        y1: float | None = None,
        *,
        level: int = 0,
        arm: int = 0,
        replicate: int | None = None,
    ) -> Table:
        """The same table as `axiom.open(folder).map(NAME).crop(…)` gives."""
        query = {"x0": x0, "x1": x1, "y0": y0, "y1": y1, "level": level, "arm": arm, "replicate": replicate}
        words = urlencode({word: value for word, value in query.items() if value is not None})
        made = self._read(f"/maps/{quote(self._name, safe='@')}/data?{words}")
        named = [(shade, band) for band, shades in made["bands"] for shade in range(shades)]
        rows = (
            (across, up, *named[pixel], own)
            for up, pixels, levels in zip(made["y"], made["pixels"], made["levels"], strict=True)
            for across, pixel, own in zip(made["x"], pixels, levels, strict=True)
        )
        first, second = made["names"]
        return _table(rows, _title(made["map"], made["arm"], made["replicate"], made["level"], (first, second)))

    def __repr__(self) -> str:
        return f"Map of {self._name}, elsewhere"


def _table(rows: Iterable[tuple[Any, ...]], title: str) -> Table:
    return Table(dict(zip(_TYPES, zip(*rows, strict=True), strict=True)), _TYPES, title)


def _title(name: str, arm: int, replicate: int, level: int, names: tuple[str, str]) -> str:
    return f"{name}, arm {arm}, replicate {replicate}, level {level}; x: {names[0]}, y: {names[1]}"


def _with_maps(db: Database) -> list[str]:
    return [
        version.name
        for version in experiments.list_experiment_versions(db)
        if stored_manifest(version.manifest).map is not None
    ]
