"""`axiom experiment preflight`: every config twice, before an experiment goes to other people's computers."""

from typing import Any

import click

from axiom.cli.manifests import file_of
from axiom.cli.opening import package, reading, submit
from axiom.cli.options import bar, data_option, dry_run_option, json_option, progress, quiet_option, remark, show_json
from axiom.commands.experiments import PreflightExperiment
from axiom.decisions.preflight import judge
from axiom.domain.preflights import Attempt
from axiom.lab import preflight as trying
from axiom.lab.publish import prepare
from axiom.signed import bundles
from axiom.signed.manifests import Manifest, read_manifest
from axiom.store import blobs, experiments
from axiom.store.folder import Folder


@click.command("preflight")
@click.argument("name")
@data_option
@dry_run_option
@json_option
@quiet_option
def preflight(name: str, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Compute every config of an experiment twice, and remember whether that went well. Exits 1 when it did not.

    Volunteers get an experiment only after that. NAME is one of the catalogue, or a FILE.py of yours, which need not
    be published: then nothing is remembered.
    """
    archive, is_published = _bundle(name, folder)
    manifest = read_manifest(bundles.contents(archive)[bundles.MANIFEST])
    attempt = trying.try_out(archive, None if quiet or as_json else lambda done, cells: _tell(manifest, done, cells))
    if not (quiet or as_json):
        progress("")
    answer = _judged(manifest, attempt)
    if is_published:
        answer |= submit(folder, PreflightExperiment(report=trying.write(attempt)), dry_run=dry_run)
    answer |= {"is_published": is_published, "is_stored": is_published and not dry_run}
    if as_json:
        show_json({"preflight": answer})
    else:
        _show(answer, quiet=quiet)
    raise click.exceptions.Exit(0 if answer["passed"] else 1)


def _bundle(name: str, folder: Folder) -> tuple[bytes, bool]:
    """What is tried, and whether it is published here: by a name the newest bundle, by a path what the file holds."""
    file = file_of(name, folder)
    if not folder.exists():
        return prepare(package(), file).archive, False
    with reading(folder) as db:
        found = None if name.endswith(".py") else experiments.by_name(db, file.stem)
        newest = experiments.bundle_now(db, found.id) if found else None
        if newest is not None:
            return blobs.get(db, folder, newest.digest), True
        prepared = prepare(package(), file)
        return prepared.archive, experiments.bundle(db, prepared.digest) is not None


def _judged(manifest: Manifest, attempt: Attempt) -> dict[str, Any]:
    judged = judge(attempt, trying.demands_of(manifest))
    return {
        "experiment": manifest.name,
        "version": manifest.version,
        "bundle": attempt.bundle,
        "gates": attempt.gates,
        "platform": attempt.platform,
        "passed": judged.passed,
        "reason": judged.reason,
        "configs": len(manifest.configs),
        "seconds": attempt.seconds,
        "cpu_seconds": round(max((one.cpu_seconds for one in (*attempt.first, *attempt.again)), default=0.0), 3),
    }


def _tell(manifest: Manifest, done: int, cells: int) -> None:
    progress(f"{manifest.name} {bar(done / cells)} cell {done} of {cells}")


def _show(answer: dict[str, Any], *, quiet: bool) -> None:
    click.echo(f"{'Passed' if answer['passed'] else 'Failed'}: {answer['reason']}")
    remark(
        f"{answer['experiment']}@{answer['version']}, bundle {answer['bundle'][:12]}, on {answer['platform']}: "
        f"{answer['seconds']:.1f} s, the longest cell {answer['cpu_seconds']:.2f} s of a processor.",
        quiet=quiet,
    )
    if not answer["is_published"]:
        remark("It is not published here, so nothing was stored.", quiet=quiet)
    elif not answer["is_stored"]:
        remark("Nothing was stored: this was a dry run.", quiet=quiet)
    elif not answer["is_new"]:
        remark("It had passed before, and that stands.", quiet=quiet)
