"""`axiom experiment`: the questions. Each command's module is imported when it is called."""

import click

from axiom.cli.groups import Lazy

_COMMANDS = {
    "deploy": ("questions", "Order workunits of a published experiment."),
    "list": ("questions", "The catalogue, and how each experiment stands in the laboratory, if there is one."),
    "new": ("template", "Write a new experiment: a short file that runs at once, for you to change."),
    "preflight": ("preflights", "Compute every config twice; volunteers get an experiment once that went well."),
    "publish": ("questions", "Sign an experiment's bundle and register what it asks."),
    "retire": ("questions", "Order nothing more of an experiment and cancel what is not sent."),
    "run": ("running", "Compute one replicate here and now, or a whole sweep with --replicates."),
    "show": ("questions", "One experiment: what it asks, varies, measures and predicts."),
}


@click.group(cls=Lazy, table=_COMMANDS)
def experiment() -> None:
    """Questions: each a sweep, a pure function and what will be concluded from it."""
