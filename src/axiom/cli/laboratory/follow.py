"""`axiom follow`: a read-only copy of a laboratory, for its site."""

import signal
from pathlib import Path

import click

from axiom.cli.output import data_option, quiet_option
from axiom.service.sockets import listen_on_port
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_remark


@click.command()
@click.argument("journal", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--from",
    "backup",
    type=click.Path(path_type=Path),
    help="The backup to begin with; else the newest copy in JOURNAL.",
)
@data_option
@click.option("--port", type=int, help="The port of the site; 0 picks a free one.")
@click.option("--host", help="The address on which the site listens.")
@quiet_option
@click.pass_context
def follow(
    context: click.Context,
    journal: Path,
    backup: Path | None,
    folder: Folder,
    port: int | None,
    host: str | None,
    quiet: bool,
) -> None:
    """Go along with the JOURNAL of a laboratory as it grows, and show the pages of its site.

    JOURNAL is its folder, on a disk that both share or as rsync brings it again and again. The copy lies in --data,
    without keys; the first time it is made of a backup. One that differs from its laboratory stops.
    """
    from axiom.service.follow_journal import follow_journal as go_along
    from axiom.service.follow_journal import make_copy

    made_of = make_copy(folder, journal, backup)
    if made_of is not None:
        print_remark(f"Made a copy of the laboratory in {folder.path}, from {made_of}, without its keys.", quiet=quiet)
    settings, _ = read_process_settings(folder.settings, port=port, host=host)
    with listen_on_port(settings.host, settings.port) as listening:
        by = go_along(folder, journal, settings, listening, quiet=quiet)
    print_remark("Stopped. The same command goes on from here.", quiet=quiet)
    context.exit(130 if by is signal.SIGINT else 0)
