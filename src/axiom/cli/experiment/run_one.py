"""One replicate, computed here and now: no laboratory, no ticket, nothing stored."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from axiom.cli.experiment.manifests import cache_folder, file_of, manifest_of
from axiom.cli.experiment.run_marks import leave_mark
from axiom.cli.experiment.sweep_words import read_sweep_configs
from axiom.cli.output import progress_bar, show_json, show_table
from axiom.domain.registrations import hand_seed
from axiom.domain.work import Outcome
from axiom.errors import Refused
from axiom.laboratory.experiments.publish import demand_sound_claims
from axiom.runner.direct import compute_here
from axiom.service.open_laboratory import package_folder
from axiom.signed import bundles
from axiom.signed.manifests import Manifest
from axiom.signed.outputs import CellAnswer
from axiom.signed.sources import FOLDER
from axiom_weigh.figures.ascii import sketch_sweep
from axiom_weigh.figures.picture_data import MeasuredConfig, points_of
from axiom_weigh.terminal import print_progress, print_remark, print_text

_COST_MARGIN = 20.0  # a person who waits may stop it; this only ends what hangs
_LEAST_SECONDS = 120.0


def run_one(name: str, words: Sequence[str], seed: int | None, replicate: int, *, as_json: bool, quiet: bool) -> None:
    """Compute the cells of one replicate and show them; without a seed, at one of this number that counts nowhere."""
    file = file_of(name)
    manifest = manifest_of(file)
    chosen = read_sweep_configs(manifest, words)
    leave_mark(name, "run", quiet=quiet or as_json)
    printed: list[str] = []
    number = seed if seed is not None else hand_seed(manifest.name, manifest.version, replicate)
    cells = _compute(
        file.stem,
        bundles.collect_sources(package_folder(), file),
        manifest,
        chosen,
        number,
        printed,
        quiet=quiet or as_json,
    )
    if as_json:
        show_json({"experiment": manifest.name, "version": manifest.version, "seed": number, "cells": cells})
    else:
        _show_cells(manifest, cells)
        _show_picture(manifest, cells)
    if name.endswith(".py") and not as_json:
        _tell_refusals(manifest, quiet=quiet)
    failed = [cell for cell in cells if cell["outcome"] == Outcome.FAILED]
    if failed:
        print_text("".join(printed[:1]), end="", err=True)
        print_remark(f"{len(failed)} of {len(cells)} cells failed: {failed[0]['error']}", quiet=False)
        raise click.exceptions.Exit(1)


def _tell_refusals(manifest: Manifest, *, quiet: bool) -> None:
    """What publishing would refuse of its claims: nothing of it needs a laboratory."""
    try:
        demand_sound_claims(manifest)
    except Refused as refusal:
        print_remark(f"It cannot be published so: {refusal}", quiet=quiet)


def _compute(
    stem: str,
    files: Mapping[str, bytes],
    manifest: Manifest,
    chosen: Sequence[Mapping[str, Any]],
    seed: int,
    printed: list[str],
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    limit = max(_LEAST_SECONDS, _COST_MARGIN * max(manifest.cell_seconds))
    computed: list[dict[str, Any]] = []
    began = time.monotonic()

    def tell(place: int, share: float) -> None:
        if not quiet:
            print_progress(
                f"{manifest.name} {progress_bar((place + share) / len(chosen))} cell {place + 1} of {len(chosen)}"
            )

    answers = compute_here(
        files,
        f"axiom.catalogue.{stem}",
        [(config, seed) for config in chosen],
        cpu_limit=limit,
        wall_limit=20 * limit,
        memory_mb=max(manifest.memory_mb, 2_000),
        on_progress=tell,
        cache=_compiled(),
        on_failed=printed.append,
    )
    for config, answer in zip(chosen, answers, strict=True):
        computed.append(_cell(config, answer, time.monotonic() - began))
        began = time.monotonic()
    if not quiet:
        print_progress("")
    return computed


def _cell(config: Mapping[str, Any], answer: CellAnswer, seconds: float) -> dict[str, Any]:
    return {
        "config": dict(config),
        "measures": None if answer.measures is None else dict(answer.measures),
        "seconds": round(seconds, 4),
        "cpu_seconds": round(answer.cpu_seconds, 4),
        "outcome": answer.outcome.value,
        "error": f"{answer.error.kind} at {answer.error.where.removeprefix(FOLDER)}" if answer.error else None,
    }


def _compiled() -> Any:
    """Where compiled programs are kept between two calls, if the cache can be written."""
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _show_picture(manifest: Manifest, cells: Sequence[Mapping[str, Any]]) -> None:
    """The experiment's figure in characters, where one can be drawn from these cells."""
    figure = manifest.figure
    if figure is None or len(cells) < 2:
        return
    measured = [
        MeasuredConfig(config=cell["config"], seeds=1, estimate=(cell["measures"] or {}).get(figure.y))
        for cell in cells
        if figure.shows(cell["config"])
    ]
    if any(isinstance(config.estimate, int | float) for config in measured):
        points, _ = points_of(figure.x, measured)
        print_text(f"\n{figure.title}\n{sketch_sweep(points, x=figure.x, y=figure.y, log=figure.log)}")


def _show_cells(manifest: Manifest, cells: Sequence[Mapping[str, Any]]) -> None:
    varied = [
        name for name in manifest.factors if len({json.dumps(cell["config"][name]) for cell in cells}) > 1
    ] or list(manifest.factors)
    shown = [measure.name for measure in manifest.measures if measure.type.value not in ("ints", "floats")]
    show_table(
        [*varied, *shown, "outcome", "cpu s"],
        [
            [
                *(cell["config"][name] for name in varied),
                *((cell["measures"] or {}).get(name) for name in shown),
                cell["outcome"],
                cell["cpu_seconds"],
            ]
            for cell in cells
        ],
        none="There was nothing to compute.",
    )
