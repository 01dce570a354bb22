"""`axiom experiment pause, resume, require, approve, rollback`: hold a version, say where it goes, take code back."""

from typing import Any

import click

from axiom.cli.changes import Change, change_command, change_options
from axiom.cli.completion import complete_experiment_name
from axiom.cli.output import why_option

_BY = click.option("--by", default="operator", show_default=True, help="Whose decision it is; everybody sees it.")
_PLATFORM = click.option("--platform", default="", help="On computers of this kind alone, as linux-x86_64-avx2.")
_NAME = click.argument("experiment", metavar="NAME[@VERSION]", shell_complete=complete_experiment_name)


@click.command("pause")
@_NAME
@why_option("Why; everybody can read it.", required=True)
@_PLATFORM
@_BY
@change_options
def pause(change: Change, **options: Any) -> None:
    """Give nothing more of a version to anybody, at once. What is out goes on, and is kept and paid."""
    answer = change.submit("experiment.pause", options)
    where = f" on {options['platform']}" if options["platform"] else ""
    version = f"{answer['experiment']}@{answer['version']}"
    change.tell("release", answer, f"{version} is paused{where}; {answer['out']} tasks are out and go on")


@click.command("resume")
@_NAME
@why_option("Why; everybody can read it.", default="it may go on", show_default=True)
@_PLATFORM
@_BY
@change_command("experiment.resume", "{experiment}@{version} goes on; lifted: {lifted}", noun="release")
def resume() -> None:
    """Have a version go on that was paused, held back or halted. After a halt it begins with its pilot again."""


@click.command("require")
@_NAME
@why_option("Why; everybody can read it.", required=True)
@click.option("--least-cores", type=click.IntRange(min=0), default=0, help="Cores that a computer must lend.")
@click.option("--least-memory-mb", type=click.IntRange(min=0), default=0, help="Memory that it must lend, in MB.")
@click.option("--times-longer", type=click.IntRange(min=1), default=1, help="Times the usual bound for its cells.")
@_BY
@change_command(
    "experiment.require",
    "{experiment}: tasks go to computers that lend at least {least_cores} cores, {least_memory_mb} MB, {times_longer} "
    "× the usual bound",
    noun="rule",
)
def require() -> None:
    """Keep tasks of an experiment for large computers, or let its cells take longer, in every version.

    It replaces what was said before; with none of the three it is taken back.
    """


@click.command("approve")
@_NAME
@why_option("Why; everybody can read it.", default="looked at and found good", show_default=True)
@_BY
@change_command("experiment.approve", "{experiment}@{version} is approved by {by}, bundle {serial}", noun="release")
def approve() -> None:
    """Let its newest bundle go beyond the laboratory's own computers, where the setting `approvals` asks for that."""


@click.command("rollback")
@_NAME
@why_option("Why; everybody can read it.", required=True)
@click.option("--to", type=click.IntRange(min=1), help="The serial of the bundle to go back to; else the one before.")
@_BY
@change_command(
    "experiment.rollback",
    "{experiment}@{version} is back at bundle {was}, as {serial}, instead of {instead_of}; {unsent} tasks wait and get "
    "it, {out} are out and go on",
    noun="release",
)
def rollback() -> None:
    """Put an earlier bundle of the version in the place of its newest. What waits gets it; what is out goes on."""
