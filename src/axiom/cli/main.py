"""The tree of commands. It imports click and nothing heavier, so that `axiom --help` is quick."""

import click

from axiom import __version__
from axiom.cli.groups import LazyGroup
from axiom.features import FEATURES

# What is asked for is a number, and its range stands behind it: 'abc' is not a valid integer.
click.IntRange.name, click.FloatRange.name = click.INT.name, click.FLOAT.name

# Needed once, by whoever looks for them: the help has to fit a screen.
_UNLISTED = frozenset({"completion", "help"})
_TOGETHER = {  # so that it still fits when every noun is there
    ("serve", "work", "pi"): "Its parts: server and site, more cores, autopilot.",
    ("init", "upgrade", "adopt"): "A new laboratory, an older one, a BOINC project.",
    ("status", "doctor", "logs"): "What it is doing, what is wrong, what it wrote down.",
    ("finding", "reference"): "What is concluded; literature to cite: list, add …",
    ("session", "proposal"): "Rounds of work, and what is asked next: list, run …",
    ("workunit", "task"): "What is ordered and given out: list, cancel, abort …",
    ("failure", "watch", "mail"): "What goes wrong, what to be told of, by mail: list …",
    ("data", "news", "idea"): "Export what was measured; news and ideas: list …",
    ("runner", "host", "cluster"): "What computers run, which compute, keys for clusters.",
    ("volunteer", "team"): "Whose computers these are: list, show, carry-over …",
    ("backup", "restore"): "One file that holds the laboratory, and back.",
    ("archive", "follow"): "What moved out of the database; a copy for the site.",
    ("program", "mcp", "model"): "Programs that may work here; their tools; a model.",
    ("keys", "settings", "audit"): "Who may sign, every knob, who did what: show …",
}


@click.group(
    cls=LazyGroup,
    table={name: line for card in FEATURES.values() for name, line in card.terminal.items()},
    unlisted=_UNLISTED,
    together=_TOGETHER,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit: 0 done, 1 no, 2 wrong use, 3 not found, 4 refused, 5 no start, 70 ours",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def axiom() -> None:
    """Ask questions of small neural networks, and know how sure the answers are."""
