"""`axiom experiment run --replicates`: a whole sweep, durably, by the very path that every result takes.

Where no laboratory works in the folder, this process is one for as long as it computes; where one does, the order goes
through its socket and this process only waits. Ended in any way, the same command computes what is missing.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import click

from axiom.cli.callers import operator
from axiom.cli.computing import Computing, computing, demand_writer, log_to, workers_of
from axiom.cli.opening import prepare_database, reading
from axiom.cli.options import bar, progress, remark, show_json, show_table
from axiom.commands.command import Answer, Command
from axiom.commands.experiments import DeployExperiment
from axiom.commands.remote import Remote
from axiom.decisions.planning import replicates_per_workunit
from axiom.engines.here import cores
from axiom.errors import CannotStart, NotFound, WrongUse
from axiom.figures.requests import Measured, points_of
from axiom.figures.sketch import sketch
from axiom.notebook import Version, open_lab
from axiom.settings import Settings, from_process
from axiom.signed.keys import make_keys
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store import evidence, experiments, findings, work
from axiom.store.database import Database
from axiom.store.folder import Folder, holder, lock

_LOOK_SECONDS = 0.1  # between two looks at what is stored
_PATIENCE_SECONDS = 10.0  # for somebody to compute in a laboratory that has no cores of its own
_MOST_SINGLY = 64
_TASKS_PER_CORE = 4  # so that the cores end together although tasks differ


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """What somebody wants: the first so many replicates of a version, over its registered sweep."""

    experiment_id: int
    registration_id: int
    manifest: Manifest
    replicates: int

    @property
    def whole_name(self) -> str:
        """As in tiny_sum@1."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def cells(self) -> int:
        """How many results there will be."""
        return self.replicates * len(self.manifest.configs)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far it is: cells that are stored, and replicates of which more may come."""

    cells: int
    open: int


class _Place(Protocol):
    """Where it is computed."""

    def submit(self, command: Command) -> Answer:
        """Have a command done."""

    def begin(self) -> None:
        """Compute what is ordered, from now on."""

    def check(self, standing: Standing) -> None:
        """Raise what keeps it from ever ending."""

    def under_way(self, db: Database) -> float:
        """How many cells are computed and not yet stored, as far as that can be seen from here."""


class _Here:
    """A laboratory without a site, for as long as this process lives."""

    def __init__(self, folder: Folder, parts: Computing) -> None:
        self._folder = folder
        self._parts = parts

    def submit(self, command: Command) -> Answer:
        return self._parts.gate.submit(command, operator())

    def begin(self) -> None:
        self._parts.jobs.start()
        self._parts.engine.start((self._folder.keys / "trust.json").read_bytes())

    def check(self, standing: Standing) -> None:
        del standing
        demand_writer(self._parts.writer)

    def under_way(self, db: Database) -> float:
        return sum(share * _cells(db, task_id) for task_id, share in list(self._parts.engine.progress.items()))

    def warm(self) -> None:
        self._parts.engine.warm()

    def stop(self) -> None:
        self._parts.engine.stop()
        self._parts.jobs.stop()
        self._parts.writer.stop()


class _There:
    """A laboratory that works in another process."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._remote = Remote(folder.socket)
        self._before = Standing(cells=-1, open=0)
        self._since = time.monotonic()

    def submit(self, command: Command) -> Answer:
        return self._remote.submit(command)

    def begin(self) -> None:
        self._since = time.monotonic()

    def check(self, standing: Standing) -> None:
        """The laboratory lives; and where it has no cores, somebody else brings something now and then."""
        if holder(self._folder) is None:
            raise CannotStart(
                f"The laboratory in {self._folder.path} stopped while this command waited for it. What is ordered "
                "stays ordered; type the same command again and it is computed here."
            )
        if standing != self._before:
            self._before, self._since = standing, time.monotonic()
        elif time.monotonic() - self._since > _PATIENCE_SECONDS:
            self._demand_cores()
            self._since = time.monotonic()

    def under_way(self, db: Database) -> float:
        del db
        return 0.0

    def _demand_cores(self) -> None:
        status = self._remote.status()["status"]
        is_out = any(row["tasks"].get("sent") for row in status["experiments"])
        if not status["parts"]["engine"] and not is_out:
            raise CannotStart(
                f"It is ordered, but the laboratory in {self._folder.path} has no cores and nobody computes for it. "
                f"`axiom work --data {self._folder.path}` gives it some; the same command then waits for the results."
            )


def compute(
    name: str, publish: Command, replicates: int, *, folder: Folder, workers: int | None, quiet: bool
) -> tuple[Ordered, Standing]:
    """Publish, order what is missing up to so many replicates, and wait until nothing more of them will come."""
    with _place(folder, name, replicates, workers=workers, quiet=quiet) as (place, settings):
        published = place.submit(publish)
        with reading(folder) as db:
            ordered = _ordered(db, published["experiment"], published["version"], replicates)
            _order(db, place, ordered, settings)
            if _standing(db, ordered).open:
                place.begin()
            return ordered, _wait(db, place, ordered, quiet=quiet)


@contextlib.contextmanager
def _place(
    folder: Folder, name: str, replicates: int, *, workers: int | None, quiet: bool
) -> Iterator[tuple[_Place, Settings]]:
    facts = holder(folder) if folder.path.exists() else None
    settings, _ = from_process(folder.settings, workers=workers)
    if facts is not None and "url" in facts:
        if workers is not None:
            remark("--workers is left aside: the laboratory that works in this folder has its own.", quiet=quiet)
        yield _There(folder), settings
        return
    if workers_of(settings) < 1:
        raise WrongUse(
            f"The setting workers of {folder.path} is {settings.workers}, so nothing would compute. Nothing was "
            "started; --workers 1 takes one core for this command."
        )
    is_new = not folder.keys.exists()
    folder.create()
    with lock(folder, "axiom experiment run"):
        log_to(folder, settings)
        clock = prepare_database(folder)
        keys = make_keys(folder.keys, clock.now())
        if is_new:
            remark(f"Made a laboratory in {folder.path}; its keys in {folder.keys} sign in its name.", quiet=quiet)
        here = _Here(folder, computing(folder, settings, keys, clock.now))
        try:
            if not _is_complete(folder, name, replicates):
                here.warm()
            yield here, settings
        finally:
            here.stop()


def _is_complete(folder: Folder, name: str, replicates: int) -> bool:
    """Is all of it here, unless the file has changed? Then no core is needed."""
    with reading(folder) as db:
        found = experiments.by_name(db, name)
        if found is None or experiments.issued(db, found.id) < replicates:
            return False
        return not _standing(db, _ordered(db, found.name, found.version, replicates)).open


def _ordered(db: Database, name: str, version: int, replicates: int) -> Ordered:
    found = experiments.by_name(db, name, version)
    registration = findings.registered(db, found.id) if found else None
    if found is None or registration is None:
        raise NotFound(f"{name}@{version} was published, and is not registered here. Nothing was ordered.")
    return Ordered(
        experiment_id=found.id,
        registration_id=registration.id,
        manifest=stored_manifest(found.manifest),
        replicates=replicates,
    )


def _order(db: Database, place: _Place, ordered: Ordered, settings: Settings) -> None:
    """Numbers are issued in order and for ever, so what is missing are those from the next one on.

    As many cells as there are cores go out one by one, before the others: a person waits for the first of them.
    """
    missing = ordered.replicates - experiments.issued(db, ordered.experiment_id)
    if missing <= 0:
        return
    workers = cores() if settings.workers < 1 else settings.workers
    filling = replicates_per_workunit(ordered.manifest.seconds, settings.task_seconds)
    each = max(1, min(filling, missing // (_TASKS_PER_CORE * workers)))
    singly = min(workers, _MOST_SINGLY)
    for workunits, size in ((missing // each, each), (1, missing % each)):
        if workunits * size:
            place.submit(
                DeployExperiment(
                    experiment=ordered.manifest.name,
                    workunits=workunits,
                    replicates_each=size,
                    singly=singly,
                    reason=f"a person wants {ordered.replicates} replicates",
                )
            )
            singly = 0


def _standing(db: Database, ordered: Ordered) -> Standing:
    over = evidence.ordered(db, ordered.registration_id)
    back = evidence.returned(db, ordered.experiment_id)
    wanted = range(ordered.replicates)
    return Standing(
        cells=sum(back.get(number, 0) for number in wanted),
        open=sum(not over.get(number, True) for number in wanted),
    )


def _cells(db: Database, task_id: int) -> int:
    found = work.task(db, task_id)
    wanted = work.workunit(db, found.workunit_id) if found else None
    return len(wanted.replicates) * len(wanted.configs) if wanted else 0


def _wait(db: Database, place: _Place, ordered: Ordered, *, quiet: bool) -> Standing:
    began, standing = time.monotonic(), _standing(db, ordered)
    had = standing.cells
    try:
        while standing.open:
            place.check(standing)
            if not quiet:
                done = standing.cells + int(place.under_way(db))
                progress(_line(ordered, min(done, ordered.cells), had, time.monotonic() - began))
            time.sleep(_LOOK_SECONDS)
            standing = _standing(db, ordered)
    finally:
        if not quiet:
            progress("")
    return standing


def _line(ordered: Ordered, done: int, had: int, seconds: float) -> str:
    rest = f", about {_said((ordered.cells - done) * seconds / (done - had))} left" if done > had else ""
    return f"{ordered.manifest.name} {bar(done / ordered.cells)} {done} of {ordered.cells} cells{rest}"


def _said(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def show(folder: Folder, ordered: Ordered, standing: Standing, *, as_json: bool, quiet: bool) -> None:
    """What is typical in each config, over all replicates that the laboratory has, and where the data are."""
    lab = open_lab(folder.path)
    version, table = lab.version(ordered.whole_name), lab.summary(ordered.whole_name)
    rows = list(table)
    missing = ordered.cells - standing.cells
    if as_json:
        show_json({"experiment": _answer(folder, ordered, standing, rows)})
    else:
        _show_rows(ordered.manifest, version, rows)
        _show_picture(ordered.manifest, version, rows)
        remark(
            f"{standing.cells} of {ordered.cells} cells · data in {folder.path} · in Python: "
            f'axiom.open("{folder.path}").results("{ordered.manifest.name}")',
            quiet=quiet,
        )
    if missing:
        with reading(folder) as db:
            words = work.last_words(db, ordered.experiment_id)
        remark(
            f"{missing} of {ordered.cells} cells did not come: their workunits are closed, and are not tried again "
            f"under this version. {words or f'`axiom workunit list --data {folder.path}` says why.'}"
        )
        raise click.exceptions.Exit(1)


def _answer(folder: Folder, ordered: Ordered, standing: Standing, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": ordered.manifest.name,
        "version": ordered.manifest.version,
        "replicates": ordered.replicates,
        "cells": {"ordered": ordered.cells, "stored": standing.cells, "missing": ordered.cells - standing.cells},
        "data": str(folder.path),
        "summary": list(rows),
    }


def _show_rows(manifest: Manifest, version: Version, rows: Sequence[Mapping[str, Any]]) -> None:
    varied = {name: column for name, column in version.factors.items() if len({repr(row[column]) for row in rows}) > 1}
    columns = [version.measures[measure.name] for measure in manifest.measures]
    shown = [column for column in columns if f"{column}_median" in (rows[0] if rows else {})]
    show_table(
        [*varied, "n", *shown],
        [
            [*(row[at] for at in varied.values()), row["n"], *(_typical(row, column) for column in shown)]
            for row in rows
        ],
        none="No cell came back.",
    )
    if rows:
        click.echo("Medians over n seeds [95 % interval, from six seeds on]")


def _typical(row: Mapping[str, Any], column: str) -> str:
    """The median and its interval, and of how many seeds where some have no value."""
    median, low, high = (row[f"{column}_median{end}"] for end in ("", "_order95_low", "_order95_high"))
    if median is None:
        return "–"
    interval = "" if low is None or high is None else f" [{low:.4g}, {high:.4g}]"
    return f"{median:.4g}{interval}" + (f" n={row[f'{column}_n']}" if row[f"{column}_n"] < row["n"] else "")


def _show_picture(manifest: Manifest, version: Version, rows: Sequence[Mapping[str, Any]]) -> None:
    """The experiment's figure in characters, with the interval of every median."""
    figure = manifest.figure
    if figure is None or len(rows) < 2:
        return
    y = version.measures[figure.y]
    measured = [
        Measured(
            config={name: row[column] for name, column in version.factors.items()},
            seeds=row["n"],
            median=row[f"{y}_median"],
            low=row[f"{y}_median_order95_low"],
            high=row[f"{y}_median_order95_high"],
        )
        for row in rows
    ]
    points, _ = points_of(figure.x, measured)
    if drawn := sketch(points, x=figure.x, y=figure.y, log=figure.log):
        click.echo(f"\n{figure.title}\n{drawn}")
