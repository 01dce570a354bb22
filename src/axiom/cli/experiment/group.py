"""`axiom experiment`: the questions. Each command's module is imported when it is called."""

import click

from axiom.cli.groups import LazyGroup

_COMMANDS = {
    "approve": ("experiment.releases", "Let a version go beyond the laboratory's own computers."),
    "compare": ("experiment.compare", "What differs between two versions or experiments, and what each has found."),
    "deploy": ("experiment.experiments", "Order workunits of a published experiment."),
    "deployed": (
        "experiment.hosts_with_tasks",
        "Where tasks are now: the hosts that have most, and the others as a range.",
    ),
    "import": ("experiment.plain_scripts", "Make an experiment's file of a plain research script."),
    "list": (
        "experiment.experiments",
        "The catalogue, and how each experiment stands in the laboratory, if there is one.",
    ),
    "load-former": ("experiment.experiments", "Show what an old laboratory had of it, as exploratory numbers."),
    "new": ("experiment.new", "Write a new experiment: a short file that runs at once, for you to change."),
    "pause": ("experiment.releases", "Give nothing more of a version to anybody, for a while."),
    "preflight": ("experiment.preflight", "Put it to nine gates in a sandbox; volunteers get what passed them."),
    "publish": ("experiment.experiments", "Sign an experiment's bundle and register what it asks."),
    "recall": ("experiment.recalls", "Void what a faulty version concluded, after showing what hangs on it."),
    "reopen": ("experiment.releases", "Order more of a retired version again."),
    "require": ("experiment.releases", "Keep its tasks for large computers, or let them take longer."),
    "resume": ("experiment.releases", "Have a version go on that was paused, held back or halted."),
    "retire": ("experiment.releases", "Order nothing more of an experiment and cancel what is not sent."),
    "rollback": ("experiment.releases", "Put an earlier bundle in the place of the newest."),
    "run": ("experiment.run", "Compute one replicate here and now, or a whole sweep with --replicates."),
    "show": (
        "experiment.experiments",
        "One experiment: what it asks, varies, measures and predicts, and what it has brought.",
    ),
}


@click.group(cls=LazyGroup, table=_COMMANDS)
def experiment() -> None:
    """Questions: each a sweep, a pure function and what will be concluded from it."""
