"""`axiom lab` and `axiom serve`: their words, their port and their folder, before the laboratory itself is imported.

To import it takes half a second, for which nobody waits who mistyped a word or has a laboratory on that port already.
"""

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from axiom.cli.output import color_option, data_option, quiet_option
from axiom.service.sockets import listen_on_port
from axiom.settings import Settings, read_process_settings, write_settings
from axiom.store.engine.folder import SERVER, Folder, lock_folder, read_lock_holder
from axiom_weigh.terminal import print_remark

_port = click.option("--port", type=int, help="The port of the site; 0 picks a free one.")
_host = click.option("--host", help="The address on which the site listens.")
_runners = click.option(
    "--runners", type=click.Path(path_type=Path, file_okay=False), help="Where built runners lie, to offer them."
)


@click.command()
@data_option
@_port
@_host
@_runners
@click.option(
    "--build-with", type=click.Path(path_type=Path, exists=True), help="What builds one there, in the background."
)
@click.option("--workers", type=int, help="How many cores compute: 0 none, -1 all.")
@click.option(
    "--only",
    metavar="FILE.py|NAME",
    multiple=True,
    help="Ask this question, and such others, alone: in a new laboratory no other of the catalogue is published.",
)
@click.option("--no-pi", is_flag=True, help="No autopilot: nothing is deployed but what you order.")
@click.option("--accept-clock", is_flag=True, help="Go on although the clock was ahead once; it is audited.")
@quiet_option
@color_option
@click.pass_context
def lab(
    context: click.Context,
    folder: Folder,
    port: int | None,
    host: str | None,
    runners: Path | None,
    build_with: Path | None,
    workers: int | None,
    only: tuple[str, ...],
    no_pi: bool,
    accept_clock: bool,
    quiet: bool,
) -> None:
    """Start the laboratory: server, site, local engine and autopilot in one process tree.

    Ctrl-C stops it; the same command goes on where it stopped.
    """
    names = _publish_alone(folder, only) if only else None
    settings, _ = read_process_settings(folder.settings, port=port, host=host, workers=workers, only=names)
    source = {"runners": runners, "build_with": build_with}
    _start(context, folder, settings, source, pi=not no_pi, accept_clock=accept_clock, quiet=quiet)


def _publish_alone(folder: Folder, only: Sequence[str]) -> str:
    """These are published before anything begins, as if it had been typed; their names, as a new folder keeps them."""
    from axiom.cli.main import axiom
    from axiom.service.open_laboratory import make_laboratory

    names = ",".join(Path(name).stem for name in only)
    folder.create()
    make_laboratory(folder, read_process_settings(folder.settings)[0])
    for name in only:
        axiom.main(["experiment", "publish", name, "--data", str(folder.path)], standalone_mode=False)
    if not folder.settings.exists():
        write_settings(folder.settings, {"only": names})
    return names


@click.command()
@data_option
@_port
@_host
@_runners
@quiet_option
@color_option
@click.pass_context
def serve(
    context: click.Context, folder: Folder, port: int | None, host: str | None, runners: Path | None, quiet: bool
) -> None:
    """Start server and site alone; `axiom work` and `axiom pi` are the other parts."""
    settings, _ = read_process_settings(folder.settings, port=port, host=host, workers=0)
    _start(context, folder, settings, {"runners": runners}, pi=False, accept_clock=False, quiet=quiet)


def _start(
    context: click.Context,
    folder: Folder,
    settings: Settings,
    source: Mapping[str, Path | None],
    *,
    pi: bool,
    accept_clock: bool,
    quiet: bool,
) -> None:
    # Asked before the port is taken: of two laboratories in one folder, the folder is the reason to give.
    if folder.path.exists() and read_lock_holder(folder) is not None:
        lock_folder(folder, SERVER).release()
    with listen_on_port(settings.host, settings.port) as listening:
        folder.create()
        from axiom.service.run import run_laboratory
        from axiom.service.volunteer_project import Source

        by = run_laboratory(
            folder,
            settings,
            listening,
            source=Source(**source),
            pi=pi,
            accept_clock=accept_clock,
            quiet=quiet,
        )
    print_remark("Stopped. The same command goes on from here.", quiet=quiet)
    context.exit(130 if by is signal.SIGINT else 0)
