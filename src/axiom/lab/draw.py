"""Draws what has changed: each experiment's sweep, and for each finding how its interval narrowed and its values."""

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from axiom.domain.work import Outcome
from axiom.errors import FigureNotDrawn
from axiom.figures.drawing import Draughtsman, Drawn
from axiom.figures.requests import (
    Measured,
    Narrowing,
    Request,
    Strip,
    Sweep,
    look_of,
    points_of,
    to_data,
    values_of,
)
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.statistics.sequential import median_sequence
from axiom.store import blobs, counters, evidence, experiments, figures, findings
from axiom.store.database import Database, connect_reader
from axiom.store.evidence import Weighed
from axiom.store.experiments import StoredExperiment
from axiom.store.folder import Folder
from axiom.store.writer import Writer

log = logging.getLogger("axiom.draw")

_EVERYTHING = 2**62  # replicate numbers end long before
_EVER = datetime.max.replace(tzinfo=UTC)
_BETWEEN = timedelta(seconds=20)  # that a picture stands, unless a block closed: each costs a fifth of a second
_RESTS_AFTER = 30  # looks at which nothing had changed; the process that draws holds a lot of memory
_WIDTHS = (660, 326)  # pixels of a page's column and of a telephone's


class Gallery:
    """Keeps the pictures of a laboratory up to date. Looks again only at what has more results than last time."""

    def __init__(self, writer: Writer, folder: Folder, draughtsman: Draughtsman) -> None:
        self._writer = writer
        self._folder = folder
        self._draughtsman = draughtsman
        self._seen: dict[int, tuple[int, int]] = {}
        self._rests: dict[int, datetime] = {}
        self._refused: set[str] = set()
        self._idle = 0

    def draw(self, now: datetime) -> int:
        """Draw what has changed; how many pictures that were."""
        seen: dict[int, tuple[int, int]] = {}
        reader = connect_reader(self._folder.database)
        try:
            stale = list(self._stale(reader, seen, now))
        finally:
            reader.close()
        self._idle = 0 if stale else self._idle + 1
        if self._idle == _RESTS_AFTER:
            self._draughtsman.rest()
        drawn = sum(self._one(name, request, shown, now) for name, request, shown in stale)
        self._seen.update(seen)  # not before: what could not be stored is drawn again
        return drawn

    def _stale(
        self, db: Database, seen: dict[int, tuple[int, int]], now: datetime
    ) -> Iterator[tuple[str, Request, str]]:
        drawn, counted = figures.shows(db), counters.read(db)
        for experiment in experiments.everything(db):
            weighed = evidence.weighed(db, experiment.id)
            results = sum(counted.get(("result", experiment.id, outcome), 0) for outcome in Outcome)
            standing = (results, sum(one.blocks for one in weighed))
            before = self._seen.get(experiment.id)
            if before == standing or (before and self._may_rest(experiment.id, before, standing, now)):
                continue
            seen[experiment.id] = standing
            self._rests[experiment.id] = now + _BETWEEN
            for name, request in _pictures(db, experiment, weighed):
                shown = _digest(request)
                if drawn.get(f"{name}/{_WIDTHS[0]}") != shown and shown not in self._refused:
                    yield name, request, shown

    def _may_rest(self, experiment_id: int, before: tuple[int, int], standing: tuple[int, int], now: datetime) -> bool:
        """Can a picture stand a while longer? Not the first one, and not when a block closed."""
        return before[0] > 0 and before[1] == standing[1] and now < self._rests[experiment_id]

    def _one(self, name: str, request: Request, shown: str, now: datetime) -> int:
        try:
            drawn = self._draughtsman.draw(request)
        except FigureNotDrawn as error:
            self._refused.add(shown)  # the same numbers would fail again
            log.error("figure.not_drawn name=%s %s", name, error)
            return 0
        self._writer.run(lambda db: self._keep(db, name, shown, drawn, now))
        return 1

    def _keep(self, db: Database, name: str, shown: str, drawn: Drawn, now: datetime) -> None:
        png = blobs.put(db, self._folder, drawn.png, now)
        for width, svg in zip(_WIDTHS, _apart(drawn.svg), strict=True):
            kept = blobs.put(db, self._folder, svg.encode(), now)
            figures.keep(db, name=f"{name}/{width}", shown=shown, svg=kept, png=png, now=now)


def _digest(request: Request) -> str:
    """What a picture shows, in short; also with a number that is none, for which whoever draws refuses it alone."""
    return hashlib.sha256(json.dumps(to_data(request), sort_keys=True).encode()).hexdigest()


def _apart(svg: str) -> list[str]:
    """The drawings of both widths, which come one after the other."""
    return [f"{part}</svg>" for part in svg.split("</svg>") if part.strip()]


def _pictures(db: Database, experiment: StoredExperiment, weighed: list[Weighed]) -> Iterator[tuple[str, Request]]:
    manifest = stored_manifest(experiment.manifest)
    sweep = _sweep(db, experiment, manifest)
    if sweep is not None:
        yield f"experiment/{experiment.id}/sweep", sweep
    for found in weighed:
        yield from _of_finding(db, found)


def _sweep(db: Database, experiment: StoredExperiment, manifest: Manifest) -> Sweep | None:
    """The declared figure over all results that are back, whether or not their block is closed."""
    figure = manifest.figure
    if figure is None:
        return None
    values: dict[int, list[float]] = {}
    for row in evidence.cells(db, experiment.id, _EVERYTHING, _EVER):
        if row["outcome"] == Outcome.OK and row["measures"] is not None:
            measured = json.loads(row["measures"])[figure.y]
            if isinstance(measured, int | float):
                values.setdefault(row["config"], []).append(float(measured))
    if not values:
        return None
    points, by = points_of(
        figure.x, [_measured(config, values.get(place, [])) for place, config in enumerate(manifest.configs)]
    )
    return Sweep(
        name=f"experiment-{experiment.id}-sweep",
        title=figure.title,
        x=figure.x,
        y=figure.y,
        points=points,
        log=figure.log,
        by=by,
    )


def _measured(config: Any, values: list[float]) -> Measured:
    low, high = median_sequence(values)
    return Measured(config=config, seeds=len(values), median=median(values) if values else None, low=low, high=high)


def _of_finding(db: Database, found: Weighed) -> Iterator[tuple[str, Request]]:
    lines = evidence.lines(db, found.number)
    registration = findings.registration(db, found.registration_id)
    if not lines or registration is None:
        return
    looks = tuple(look_of(evidence.read(line)) for line in lines)
    if all(look.estimate is None for look in looks):
        return
    estimand = next(one for one in json.loads(registration.body)["estimands"] if one["name"] == found.estimand)
    low, high = estimand["prediction"]["interval"]
    about = {"y": estimand["name"], "null": estimand["null"], "smallest": estimand["smallest"]}
    yield (
        f"finding/{found.number}/narrowing",
        Narrowing(
            name=f"finding-{found.number}-narrowing",
            title=estimand["claim"],
            looks=looks,
            predicted=(low, high),
            **about,
        ),
    )
    replicates, values = values_of(evidence.observations(lines[-1]))
    yield (
        f"finding/{found.number}/strip",
        Strip(
            name=f"finding-{found.number}-strip",
            title=estimand["claim"],
            replicates=replicates,
            values=values,
            look=looks[-1],
            **about,
        ),
    )
