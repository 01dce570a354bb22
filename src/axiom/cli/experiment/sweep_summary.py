"""What a sweep has brought: what is typical in a table and in characters; at its end, also where the data are."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from axiom.cli.experiment.run_sweep import SweepOrder
from axiom.cli.experiment.run_where import SweepProgress
from axiom.cli.output import show_json, show_table
from axiom.notebook.lab import open_lab
from axiom.notebook.result_columns import Version
from axiom.service.open_laboratory import open_for_reading
from axiom.signed.manifests import Manifest
from axiom.store.engine.folder import Folder
from axiom.store.tasks import tasks
from axiom_weigh.figures.ascii import sketch_sweep
from axiom_weigh.figures.picture_data import MeasuredConfig, points_of
from axiom_weigh.statistics.shares_and_medians import share_sequence
from axiom_weigh.terminal import print_remark, print_text


def summarize_version(folder: Folder, whole_name: str) -> tuple[Version, list[Mapping[str, Any]]]:
    """What is typical in each config of a version, over all replicates that the laboratory has of it."""
    lab = open_lab(folder.path)
    return lab.version(whole_name), list(lab.summary(whole_name))


def show_version_summary(manifest: Manifest, version: Version, rows: Sequence[Mapping[str, Any]]) -> None:
    """What was brought, as a table and, where the experiment declares one, as its figure."""
    _show_rows(manifest, version, rows)
    _show_picture(manifest, version, rows)


def show_sweep_results(
    folder: Folder, ordered: SweepOrder, progress: SweepProgress, *, as_json: bool, quiet: bool
) -> None:
    """What a whole sweep has brought, and where the data are."""
    version, rows = summarize_version(folder, ordered.whole_name)
    needed = ordered.cells + progress.tiles + progress.lacking
    missing = needed - progress.cells - progress.tiles
    tiles = f" and {progress.tiles} finer tiles of the map" if ordered.manifest.map else ""
    if as_json:
        show_json({"experiment": _answer(folder, ordered, progress, rows)})
    else:
        show_version_summary(ordered.manifest, version, rows)
        print_remark(
            f"{progress.cells} of {ordered.cells} cells{tiles} · data in {folder.path} · in Python: "
            f'axiom.open("{folder.path}").results("{ordered.manifest.name}")',
            quiet=quiet,
        )
    if missing:
        with open_for_reading(folder) as db:
            words = tasks.find_last_failure_message(db, ordered.experiment_id)
        print_remark(
            f"{missing} of {needed} cells did not come: their workunits are closed, and are not tried again "
            f"under this version. {words or f'`axiom workunit list --data {folder.path}` says why.'}"
        )
        raise click.exceptions.Exit(1)


def _answer(
    folder: Folder, ordered: SweepOrder, progress: SweepProgress, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "name": ordered.manifest.name,
        "version": ordered.manifest.version,
        "replicates": ordered.replicates,
        "cells": {"ordered": ordered.cells, "stored": progress.cells, "missing": ordered.cells - progress.cells},
        **({"tiles": {"stored": progress.tiles, "missing": progress.lacking}} if ordered.manifest.map else {}),
        "data": str(folder.path),
        "summary": list(rows),
    }


def _show_rows(manifest: Manifest, version: Version, rows: Sequence[Mapping[str, Any]]) -> None:
    varied = [column for column in version.factors.values() if len({repr(row[column]) for row in rows}) > 1]
    columns = {version.measures[measure.name]: measure.name in manifest.events for measure in manifest.measures}
    shown = {
        column: is_event for column, is_event in columns.items() if f"{column}_median" in (rows[0] if rows else {})
    }
    show_table(
        [*varied, "n", *shown],
        [
            [*(row[column] for column in varied), row["n"], *(_typical(row, *column) for column in shown.items())]
            for row in rows
        ],
        none="No cell came back.",
    )
    if rows:
        of_events = "; shares of what happens or not" if any(shown.values()) else ""
        print_text(
            f"Medians over n seeds [95 % interval, as on the page of the experiment: from seven seeds on]{of_events}"
        )


def _typical(row: Mapping[str, Any], column: str, is_event: bool) -> str:
    """The median, or the share, and its interval, and of how many seeds where some have no value."""
    estimate, low, high = _estimate(row, column, is_event=is_event)
    if estimate is None:
        return "–"
    interval = "" if low is None or high is None else f" [{low:.4g}, {high:.4g}]"
    return f"{estimate:.4g}{interval}" + (f" n={row[f'{column}_n']}" if row[f"{column}_n"] < row["n"] else "")


def _estimate(row: Mapping[str, Any], column: str, *, is_event: bool) -> list[float | None]:
    """What the seeds say of a measure: its median, of events their share; and the interval."""
    seeds, share = row[f"{column}_n"], row[f"{column}_mean"]
    if is_event and share is not None:
        return [share, *share_sequence(round(share * seeds), seeds)]
    return [row[f"{column}_median{end}"] for end in ("", "_sequence95_low", "_sequence95_high")]


def _show_picture(manifest: Manifest, version: Version, rows: Sequence[Mapping[str, Any]]) -> None:
    """The experiment's figure in characters, with the interval of every point."""
    figure = manifest.figure
    if figure is None or len(rows) < 2:
        return
    is_event = figure.y in manifest.events
    measured = [
        MeasuredConfig(config=config, seeds=row["n"], estimate=estimate, low=low, high=high)
        for row in rows
        if figure.shows(config := {name: row[column] for name, column in version.factors.items()})
        for estimate, low, high in [_estimate(row, version.measures[figure.y], is_event=is_event)]
    ]
    points, _ = points_of(figure.x, measured)
    y = f"share of runs with {figure.y}" if is_event else figure.y
    if drawn := sketch_sweep(points, x=figure.x, y=y, log=figure.log):
        print_text(f"\n{figure.title}\n{drawn}")
