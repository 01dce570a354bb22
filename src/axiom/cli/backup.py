"""`axiom backup` and `axiom restore`: the whole laboratory to one file, and back."""

from dataclasses import asdict
from pathlib import Path

import click

from axiom.cli.opening import demand
from axiom.cli.options import data_option, json_option, quiet_option, remark, show_json, wall_clock
from axiom.errors import NotFound
from axiom.lab.backup import Backup, back_up
from axiom.lab.backup import restore as restore_backup
from axiom.store.folder import Folder


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; without it, one named after the time.")
@click.option("--without-keys", is_flag=True, help="Leave the secret keys out; they must then come from elsewhere.")
@data_option
@json_option
@quiet_option
def backup(folder: Folder, output: Path | None, without_keys: bool, as_json: bool, quiet: bool) -> None:
    """Write one file that holds the whole laboratory, also while it works.

    Who has this file has the laboratory's keys, unless --without-keys left them out.
    """
    demand(folder)
    now = wall_clock()
    target = output or Path(f"axiom-backup-{now:%Y%m%d-%H%M%S}.tar")
    made = back_up(folder, target, with_keys=not without_keys, now=now)
    if as_json:
        show_json({"backup": {"file": str(target), **asdict(made)}})
        return
    click.echo(target)
    kept = "with its keys: keep the file as safe as them" if made.with_keys else "without its keys"
    remark(f"Holds {_contents(made)}, {kept}.", quiet=quiet)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@json_option
@quiet_option
def restore(file: Path, folder: Folder, as_json: bool, quiet: bool) -> None:
    """Make a laboratory from a backup, in a new folder, after proving every byte and every promise."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}. Nothing was restored.")
    made = restore_backup(file, folder)
    if as_json:
        show_json({"restored": {"data": str(folder.path), **asdict(made)}})
        return
    click.echo(folder.path)
    remark(f"Restored {_contents(made)}. Every sum, both chains and every promise hold.", quiet=quiet)
    if made.with_keys:
        remark(f"Go on: axiom lab --data {folder.path} (never while the first one still works).", quiet=quiet)
    else:
        remark(f"It was made without keys: put them into {folder.keys} (mode 0600), then start it.", quiet=quiet)


def _contents(made: Backup) -> str:
    return (
        f"laboratory {made.lab[:12]} as of {made.made_at[:19]} UTC: {made.experiments} experiments, {made.results} "
        f"results, {made.findings} findings, {made.audited} audited commands, {made.files} files"
    )
