"""`axiom init`: a new laboratory, or one that was begun, made whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from axiom.cli.output import dry_run_option, json_option, quiet_option, show_json
from axiom.errors import Refused
from axiom.service.open_laboratory import prepare_database
from axiom.settings import read_process_settings, write_settings
from axiom.signed.keys import make_keys
from axiom.store.engine.folder import Folder, lock_folder
from axiom_weigh.terminal import print_remark


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, readable=False))
@click.option("--name", default="Axiom", show_default=True, help="The laboratory's name.")
@click.option("--url", default="", help="The address under which others will find it; empty: they will not.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port of its site.")
@dry_run_option
@json_option
@quiet_option
def init(folder: Path, name: str, url: str, port: int, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Make a new laboratory: folder, settings, keys, database. An axiom.toml that is there already is kept."""
    made = Folder(path=folder)
    _demand_room(made)
    # Asked before anything is there: settings that cannot be would keep every further init from the folder.
    chosen: dict[str, str | int] = {} if made.settings.exists() else {"name": name, "url": url, "port": port}
    read_process_settings(made.settings, **chosen)
    answer: dict[str, Any] = {"path": str(folder), "settings": "kept" if made.settings.exists() else "written"}
    if dry_run:
        answer["dry_run"] = True
    else:
        answer["lab"] = _make(made, chosen)
    if as_json:
        show_json({"laboratory": answer})
    elif dry_run:
        print_remark(f"A laboratory would be made in {folder}. Nothing was changed.", quiet=quiet)
    else:
        print_remark(
            f"Made laboratory {answer['lab'][:12]} in {folder}. Its keys are in {made.keys} (mode 0600): whoever has "
            f"them signs in its name.\nStart it: axiom lab --data {folder}",
            quiet=quiet,
        )


def _demand_room(folder: Folder) -> None:
    folder.demand_open()  # else it is not seen whether there is one
    if folder.exists():
        raise Refused(
            f"There is a laboratory in {folder.path} already; nothing was changed. "
            f"`axiom lab --data {folder.path}` starts it."
        )
    folder.demand_room()


def _make(folder: Folder, chosen: Mapping[str, str | int]) -> str:
    """The laboratory is there; returns its id."""
    folder.create()
    with lock_folder(folder, "axiom init"):
        if chosen:
            write_settings(folder.settings, chosen)
        read_process_settings(folder.settings)
        clock = prepare_database(folder)
        return make_keys(folder.keys, clock.now()).trust.lab
