"""`axiom experiment`: the questions."""

import json
import signal
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.manifests import cache, catalogue_files, file_of, manifest_of, manifests
from axiom.cli.opening import package, reading, submit
from axiom.cli.options import (
    ID,
    bar,
    data_option,
    dry_run_option,
    json_option,
    progress,
    quiet_option,
    remark,
    show_facts,
    show_json,
    show_table,
)
from axiom.cli.sweeps import configs
from axiom.cli.template import new
from axiom.commands.catalogue import read_command
from axiom.commands.command import Answer
from axiom.domain.experiments import seed_of
from axiom.domain.work import Outcome
from axiom.errors import WrongUse
from axiom.figures.requests import Measured, points_of
from axiom.figures.sketch import sketch
from axiom.runner.here import compute_here
from axiom.signed import bundles
from axiom.signed.manifests import Manifest
from axiom.signed.outputs import CellAnswer
from axiom.store import counters, experiments
from axiom.store.folder import Folder

_COST_MARGIN = 20.0  # a person who waits may stop it; this only ends what hangs
_LEAST_SECONDS = 120.0


@click.group(cls=Group)
def experiment() -> None:
    """Questions: each a sweep, a pure function and what will be concluded from it."""


experiment.add_command(new)


@experiment.command("list")
@data_option
@json_option
def list_experiments(folder: Folder, as_json: bool) -> None:
    """The catalogue, and how each experiment stands in the laboratory, if there is one."""
    rows = [_listed(manifest, _standing(folder, manifest.name)) for manifest in manifests(catalogue_files(folder))]
    if as_json:
        show_json({"experiments": rows})
        return
    show_table(
        ("name", "version", "status", "results", "question"),
        [(row["name"], row["version"], row["status"], row["results"], row["question"]) for row in rows],
        none="The catalogue is empty.",
    )


@experiment.command("show")
@click.argument("name")
@data_option
@json_option
def show(name: str, folder: Folder, as_json: bool) -> None:
    """One experiment: what it asks, varies, measures and predicts."""
    manifest = manifest_of(file_of(name, folder))
    facts = {
        **_listed(manifest, _standing(folder, manifest.name)),
        "reference": manifest.reference,
        "configs": [dict(config) for config in manifest.configs],
        "measures": {measure.name: measure.type.value for measure in manifest.measures},
        "estimands": [dict(estimand) for estimand in manifest.estimands],
        "seconds": round(manifest.seconds, 3),
        "memory_mb": manifest.memory_mb,
    }
    if as_json:
        show_json({"experiment": facts})
        return
    estimands = facts.pop("estimands")
    facts["configs"] = f"{len(manifest.configs)}, over {', '.join(manifest.factors)}"
    facts["measures"] = ", ".join(measure.name for measure in manifest.measures)
    show_facts({**facts, "aliases": ", ".join(manifest.aliases)})
    for estimand in estimands:
        click.echo(f"\n{estimand['name']} ({estimand['kind']} of {estimand['measure']})\n  {estimand['claim']}")


@experiment.command("run")
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[FACTOR=LEVELS]...")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The seed; the same gives the same numbers.")
@click.option("--replicate", type=click.IntRange(min=0), help="Take the seed of this replicate number instead.")
@click.option("--replicates", type=click.IntRange(1, 100_000), help="Compute so many, durably, in a laboratory.")
@click.option("--workers", type=click.IntRange(1, 1_024), help="With --replicates: on so many cores; else on all.")
@data_option
@json_option
@quiet_option
def run(
    name: str,
    words: Sequence[str],
    seed: int | None,
    replicate: int | None,
    replicates: int | None,
    workers: int | None,
    folder: Folder,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute one replicate here and now, or a whole sweep with --replicates.

    NAME is an experiment of the catalogue or a FILE.py. Levels are written lr=0.1,0.2 or width=8:128:x2.

    With --replicates 8 the replicates 0 to 7 of the declared sweep are computed into the laboratory in --data, which
    is made if there is none. Interrupted in any way, the same command computes what is missing.
    """
    signal.signal(signal.SIGTERM, _interrupted)
    _demand_one_way(words, seed, replicate, replicates, workers)
    if replicates is not None:
        _run_replicates(name, replicates, folder, workers, as_json=as_json, quiet=quiet)
        return
    file = file_of(name)
    manifest = manifest_of(file)
    chosen = configs(manifest, words)
    number = seed if seed is not None else seed_of(manifest.name, manifest.version, replicate or 0)
    cells = _compute(file.stem, bundles.collect(package(), file), manifest, chosen, number, quiet=quiet or as_json)
    if as_json:
        show_json({"experiment": manifest.name, "version": manifest.version, "seed": number, "cells": cells})
    else:
        _show_cells(manifest, cells)
        _show_picture(manifest, cells)
    failed = [cell for cell in cells if cell["outcome"] == Outcome.FAILED]
    if failed:
        remark(f"{len(failed)} of {len(cells)} cells failed: {failed[0]['error']}", quiet=False)
        raise click.exceptions.Exit(1)


@experiment.command("publish")
@click.argument("name")
@data_option
@dry_run_option
@json_option
@quiet_option
def publish(name: str, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Sign an experiment's bundle and register what it asks. NAME is one of the catalogue, or a FILE.py of yours."""
    answer = submit(folder, read_command("experiment.publish", _file_words(name)), dry_run=dry_run)
    _answered(answer, as_json, quiet, f"{answer['experiment']}@{answer['version']}: {answer['change']}")


@experiment.command("deploy")
@click.argument("name")
@click.option("--workunits", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many to order.")
@click.option("--host", type=ID, help="For this host alone; any may have it otherwise.")
@click.option("--reason", default="ordered by the operator", help="Why; it stays in the audit.")
@click.option("--key", help="An idempotency key: the same command under it is done once.")
@data_option
@dry_run_option
@json_option
@quiet_option
def deploy(
    name: str,
    workunits: int,
    host: int | None,
    reason: str,
    key: str | None,
    folder: Folder,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Order workunits of a published experiment."""
    words = {"experiment": name, "workunits": workunits, "host": host, "reason": reason}
    command = read_command("experiment.deploy", words)
    answer = submit(folder, command, dry_run=dry_run, key=key)
    each = answer["replicates_each"]
    whom = "" if host is None else f" for host {host}"
    _answered(answer, as_json, quiet, f"{answer['workunits']} workunits of {each} replicates each{whom}")


@experiment.command("retire")
@click.argument("name")
@click.option("--reason", default="retired by the operator", help="Why; it stays in the audit.")
@data_option
@dry_run_option
@json_option
@quiet_option
def retire(name: str, reason: str, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Order nothing more of an experiment and cancel what is not sent."""
    command = read_command("experiment.retire", {"experiment": name, "reason": reason})
    answer = submit(folder, command, dry_run=dry_run)
    _answered(answer, as_json, quiet, f"{answer['cancelled']} workunits cancelled")


def _demand_one_way(
    words: Sequence[str], seed: int | None, replicate: int | None, replicates: int | None, workers: int | None
) -> None:
    """Refuse what cannot be meant, before anything is read."""
    if sum(chosen is not None for chosen in (seed, replicate, replicates)) != 1:
        raise WrongUse(
            "Give one of --seed, --replicate and --replicates. There is no default: it would repeat a computation, not "
            "replicate it."
        )
    if replicates is None and workers is not None:
        raise WrongUse("--workers goes with --replicates; one replicate is computed on one core. Nothing was started.")
    if replicates is not None and words:
        raise WrongUse(
            f"{' '.join(words)} is another sweep than the one that is registered, and --replicates computes that one. "
            "Nothing was started; change the sweep in a FILE.py of yours, or give --seed instead of --replicates."
        )


def _run_replicates(
    name: str, replicates: int, folder: Folder, workers: int | None, *, as_json: bool, quiet: bool
) -> None:
    from axiom.cli.replicates import compute, show  # an engine is not imported for one replicate

    file = file_of(name, folder)
    publish = read_command("experiment.publish", _file_words(name if name.endswith(".py") else file.stem))
    ordered, standing = compute(file.stem, publish, replicates, folder=folder, workers=workers, quiet=quiet or as_json)
    show(folder, ordered, standing, as_json=as_json, quiet=quiet)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End as by Ctrl-C: children and temporary folders are cleared away."""
    raise KeyboardInterrupt


def _file_words(name: str) -> dict[str, Any]:
    """A name as it is; of a path the stem and the text, since whoever publishes may see other folders than we do."""
    if not name.endswith(".py"):
        return {"experiment": name}
    file = file_of(name)
    try:
        return {"experiment": file.stem, "text": file.read_bytes().decode()}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"The file {file} cannot be read as UTF-8 ({error}). Nothing was published.") from error


def _answered(answer: Answer, as_json: bool, quiet: bool, sentence: str) -> None:
    if as_json:
        show_json({"experiment": answer})
    else:
        remark(f"{sentence}{' (dry run: nothing was changed)' if answer.get('dry_run') else ''}.", quiet=quiet)


def _standing(folder: Folder, name: str) -> dict[str, Any]:
    """How the experiment stands in the laboratory; in the catalogue alone where there is none."""
    if not folder.exists():
        return {"status": "catalogue", "results": 0}
    with reading(folder) as db:
        found = experiments.by_name(db, name)
        counted = counters.read(db)
    if found is None:
        return {"status": "catalogue", "results": 0}
    amount = sum(amount for (noun, whose, _), amount in counted.items() if (noun, whose) == ("result", found.id))
    return {"status": found.status, "results": amount}


def _listed(manifest: Manifest, standing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "aliases": list(manifest.aliases),
        "version": manifest.version,
        "question": manifest.question,
        **standing,
    }


def _compute(
    stem: str,
    files: Mapping[str, bytes],
    manifest: Manifest,
    chosen: Sequence[Mapping[str, Any]],
    seed: int,
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    limit = max(_LEAST_SECONDS, _COST_MARGIN * max(manifest.cell_seconds))
    found: list[dict[str, Any]] = []
    began = time.monotonic()

    def tell(place: int, share: float) -> None:
        if not quiet:
            progress(f"{manifest.name} {bar((place + share) / len(chosen))} cell {place + 1} of {len(chosen)}")

    answers = compute_here(
        files,
        f"axiom.catalogue.{stem}",
        [(config, seed) for config in chosen],
        cpu_limit=limit,
        wall_limit=20 * limit,
        memory_mb=max(manifest.memory_mb, 2_000),
        on_progress=tell,
        cache=_compiled(),
    )
    for config, answer in zip(chosen, answers, strict=True):
        found.append(_cell(config, answer, time.monotonic() - began))
        began = time.monotonic()
    if not quiet:
        progress("")
    return found


def _cell(config: Mapping[str, Any], answer: CellAnswer, seconds: float) -> dict[str, Any]:
    return {
        "config": dict(config),
        "measures": None if answer.measures is None else dict(answer.measures),
        "seconds": round(seconds, 4),
        "cpu_seconds": round(answer.cpu_seconds, 4),
        "outcome": answer.outcome.value,
        "error": f"{answer.error.kind} at {answer.error.where}" if answer.error else None,
    }


def _compiled() -> Any:
    """Where compiled programs are kept between two calls, if the cache can be written."""
    folder = cache() / "compiled"
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
        Measured(config=cell["config"], seeds=1, median=(cell["measures"] or {}).get(figure.y)) for cell in cells
    ]
    if any(isinstance(each.median, int | float) for each in measured):
        points, _ = points_of(figure.x, measured)
        click.echo(f"\n{figure.title}\n{sketch(points, x=figure.x, y=figure.y, log=figure.log)}")


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
