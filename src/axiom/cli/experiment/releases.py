"""`axiom experiment pause, resume, require, approve, rollback`: hold a version, say where it goes, take code back."""

from typing import Any

import click

from axiom.cli.changes import Change, change_options
from axiom.cli.completion import complete_experiment_name
from axiom.cli.output import why_option
from axiom.gate.command import Answer

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
    _tell_release(change, answer, f"is paused{where}; {answer['out']} tasks are out and go on")


@click.command("resume")
@_NAME
@why_option("Why; everybody can read it.", default="it may go on", show_default=True)
@_PLATFORM
@_BY
@change_options
def resume(change: Change, **options: Any) -> None:
    """Have a version go on that was paused, held back or halted. After a halt it begins with its pilot again."""
    answer = change.submit("experiment.resume", options)
    _tell_release(change, answer, f"goes on; lifted: {answer['lifted']}")


@click.command("require")
@_NAME
@why_option("Why; everybody can read it.", required=True)
@click.option("--least-cores", type=click.IntRange(min=0), default=0, help="Cores that a computer must lend.")
@click.option("--least-memory-mb", type=click.IntRange(min=0), default=0, help="Memory that it must lend, in MB.")
@click.option("--times-longer", type=click.IntRange(min=1), default=1, help="Times the usual bound for its cells.")
@_BY
@change_options
def require(change: Change, **options: Any) -> None:
    """Keep tasks of an experiment for large computers, or let its cells take longer, in every version.

    It replaces what was said before; with none of the three it is taken back.
    """
    answer = change.submit("experiment.require", options)
    bounds = (
        f"{answer['least_cores']} cores, {answer['least_memory_mb']} MB, {answer['times_longer']} × the usual bound"
    )
    change.tell("rule", answer, f"{answer['experiment']}: tasks go to computers that lend at least {bounds}")


@click.command("approve")
@_NAME
@why_option("Why; everybody can read it.", default="looked at and found good", show_default=True)
@_BY
@change_options
def approve(change: Change, **options: Any) -> None:
    """Let its newest bundle go beyond the laboratory's own computers, where the setting `approvals` asks for that."""
    answer = change.submit("experiment.approve", options)
    _tell_release(change, answer, f"is approved by {options['by']}, bundle {answer['serial']}")


@click.command("rollback")
@_NAME
@why_option("Why; everybody can read it.", required=True)
@click.option("--to", type=click.IntRange(min=1), help="The serial of the bundle to go back to; else the one before.")
@_BY
@change_options
def rollback(change: Change, **options: Any) -> None:
    """Put an earlier bundle of the version in the place of its newest. What waits gets it; what is out goes on."""
    answer = change.submit("experiment.rollback", options)
    _tell_release(
        change,
        answer,
        f"is back at bundle {answer['was']}, as {answer['serial']}, instead of {answer['instead_of']}; "
        f"{answer['unsent']} tasks wait and get it, {answer['out']} are out and go on",
    )


def _tell_release(change: Change, answer: Answer, sentence: str) -> None:
    change.tell("release", answer, f"{answer['experiment']}@{answer['version']} {sentence}")
