"""`axiom experiment preflight`: nine gates, before an experiment goes to other people's computers."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from axiom.cli.changes import Change, change_options
from axiom.cli.completion import complete_experiment_name
from axiom.cli.experiment.manifests import file_of
from axiom.cli.experiment.run_marks import PASSED, leave_mark
from axiom.cli.output import progress_bar, show_json
from axiom.domain.preflights import Attempt
from axiom.laboratory.experiments.commands.experiments import PreflightExperiment
from axiom.laboratory.experiments.preflight import (
    NOBODYS,
    Examination,
    is_shipped_bundle,
    pack_in_sandbox,
    preflight_bundle,
    preflight_secret,
)
from axiom.laboratory.experiments.preflight_cells import Progress
from axiom.laboratory.experiments.preflight_report import write_preflight_report
from axiom.laboratory.experiments.publish import (
    PackedBundle,
    demand_bounded_cost,
    demand_publishable,
    demand_sound_claims,
)
from axiom.service.open_laboratory import open_for_reading, package_folder, submit_in_folder
from axiom.signed import bundles
from axiom.signed.keys import EXPIRY_NOT_ASKED, load_keys
from axiom.signed.manifests import read_manifest
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_progress, print_remark, print_text


@click.command("preflight")
@click.argument("name", shell_complete=complete_experiment_name)
@change_options
def preflight(name: str, change: Change) -> None:
    """Put an experiment to nine gates, in a sandbox, and remember how it fared. Exits 1 when it did not pass.

    Volunteers get an experiment only after that. NAME is one of the catalogue, or a FILE.py of yours, which need not
    be published: then nothing is remembered.
    """
    is_silent = change.quiet or change.as_json
    own, printed = str(file_of(name, change.folder)) if name.endswith(".py") else name, list[str]()
    text = leave_mark(own, "preflight", quiet=is_silent)
    examination, is_published = _examined(name, change.folder, None if is_silent else _tell, printed.append)
    if not is_silent:
        print_progress("")
    print_text("".join(printed[:1]), end="", err=True)  # in the words of the file, so for whoever types this alone
    answer, judged = _answer(examination), examination.judged
    if not judged.is_lacking:
        leave_mark(own, "preflight", quiet=is_silent, text=text, outcome=PASSED if judged.passed else judged.unseen)
    if is_published:
        answer |= submit_in_folder(
            change.folder,
            PreflightExperiment(report=write_preflight_report(examination.attempt)),
            dry_run=change.dry_run,
        )
    answer |= {"is_published": is_published, "is_stored": is_published and not change.dry_run}
    if change.as_json:
        show_json({"preflight": answer})
    else:
        _show(answer, quiet=change.quiet)
    raise click.exceptions.Exit(0 if answer["passed"] else 1)


def _examined(
    name: str, folder: Folder, on_progress: Progress | None, on_failed: Callable[[str], None]
) -> tuple[Examination, bool]:
    """What is tried, and whether it is published here: by a name the newest bundle, by a path what the file holds."""
    file = file_of(name, folder)
    newest = None if name.endswith(".py") else _newest(file.stem, folder)
    if newest is None:
        made = pack_in_sandbox(package_folder(), file)
        if isinstance(made, Attempt):
            return Examination(attempt=made, manifest=None), False
        _demand_taken(made, folder)
        archive, is_published = made.archive, _is_published(made.digest, folder)
    else:
        archive, is_published = newest, True
    manifest = read_manifest(bundles.read_bundle_files(archive)[bundles.MANIFEST])
    secret = preflight_secret(load_keys(folder.keys, EXPIRY_NOT_ASKED).ticket) if is_published else NOBODYS
    attempt = preflight_bundle(archive, on_progress, secret=secret, on_failed=on_failed)
    return Examination(attempt=attempt, manifest=manifest, is_shipped=is_shipped_bundle(archive)), is_published


def _newest(name: str, folder: Folder) -> bytes | None:
    """The bundle that is published here under this name."""
    if not folder.exists():
        return None
    with open_for_reading(folder) as db:
        experiment = experiments.find_experiment_by_name(db, name)
        newest = experiments.find_newest_bundle(db, experiment.id) if experiment else None
        return blobs.read_blob(db, folder, newest.digest) if newest else None


def _demand_taken(made: PackedBundle, folder: Folder) -> None:
    """Refuse at once what this laboratory would not publish; where there is none yet, what none would."""
    if not folder.exists():
        demand_bounded_cost(made.manifest)
        demand_sound_claims(made.manifest)
    else:
        with open_for_reading(folder) as db:
            demand_publishable(db, made.manifest, made.declaration, made.digest)


def _is_published(digest: str, folder: Folder) -> bool:
    if not folder.exists():
        return False
    with open_for_reading(folder) as db:
        return experiments.find_bundle(db, digest) is not None


def _answer(examination: Examination) -> dict[str, Any]:
    """All of it, with what was measured: whoever types this computes it, and is a person with a file."""
    judged, attempt, manifest = examination.judged, examination.attempt, examination.manifest
    cells = [*attempt.first, *attempt.again, *attempt.others, *(cell for run in attempt.controls for cell in run.tried)]
    return {
        "experiment": manifest.name if manifest else None,
        "version": manifest.version if manifest else None,
        "bundle": attempt.bundle or None,
        "gates": attempt.gates,
        "platform": attempt.platform,
        "passed": judged.passed,
        "failed": judged.failed or None,
        "reason": judged.reason,
        "said": [
            {"gate": gate.name, "title": gate.title, "state": gate.state.value, "reason": gate.reason}
            for gate in judged.gates
        ],
        "refusals": [asdict(refusal) for refusal in attempt.refusals],
        "configs": len(manifest.configs) if manifest else 0,
        "cells": len(cells),
        "seconds": attempt.seconds,
        "cpu_seconds": round(max((cell.cpu_seconds for cell in cells), default=0.0), 3),
        "cpu_seconds_in_all": round(sum(cell.cpu_seconds for cell in cells), 3),
    }


def _tell(done: int, cells: int) -> None:
    print_progress(f"{progress_bar(done / cells)} cell {done} of {cells}")


def _show(answer: dict[str, Any], *, quiet: bool) -> None:
    print_text(f"{'Passed' if answer['passed'] else 'Failed'}: {answer['reason']}")
    for gate in answer["said"]:
        reason = f": {gate['reason']}" if gate["reason"] else ""
        print_text(f"  {gate['gate']} {gate['title']:<17} {gate['state']}{reason}")
    if answer["cells"]:
        print_remark(
            f"{answer['experiment']}@{answer['version']}, bundle {answer['bundle'][:12]}, on {answer['platform']}: "
            f"{tell_amount(answer['cells'], 'cell')} in {answer['seconds']:.1f} s, the longest "
            f"{answer['cpu_seconds']:.2f} s of a processor, all {answer['cpu_seconds_in_all']:.1f} s.",
            quiet=quiet,
        )
    if not answer["is_published"]:
        print_remark("It is not published here, so nothing was stored.", quiet=quiet)
    elif not answer["is_stored"]:
        print_remark("Nothing was stored: this was a dry run.", quiet=quiet)
    elif not answer["is_new"]:
        print_remark("It had passed before, and that stands.", quiet=quiet)
