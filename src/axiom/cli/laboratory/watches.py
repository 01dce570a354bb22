"""`axiom watch`: what somebody wants to be told of."""

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_table
from axiom.cli.reading import read_page
from axiom.gate.command import Answer
from axiom.reads.failures import watches
from axiom.store.engine.folder import Folder


def _describe_watch(facts: Answer) -> str:
    done = "It would wait" if "dry_run" in facts else f"Watch {facts['watch']} waits"
    return f"{done} for {facts['predicate']} in {facts['experiment']}@{facts['version']}"


@click.group(
    cls=Group,
    changes={
        "register": change_command(
            "watch.register",
            _describe_watch,
            about="Be told when a measure of any replicate passes a threshold; quote the sign, as in '>'.",
        ),
        "end": change_command("watch.end", "Watch {watch} has ended; {hits} results"),
    },
)
def watch() -> None:
    """Be told of the first result that shows something."""


@watch.command("list")
@reading_options
def list_watches(folder: Folder) -> Shown:
    """What is waited for, and what was met."""
    answer = read_page(folder, watches.watches_page)
    yield answer
    names = ("number", "experiment", "predicate", "state", "hits", "value", "sentence")
    show_table(
        ("watch", "experiment", "waits for", "state", "results", "value", "sentence"),
        [[row[name] for name in names] for row in answer["watches"]],
        none="Nobody waits for anything.",
    )
