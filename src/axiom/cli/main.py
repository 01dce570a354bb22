"""The tree of commands. It imports click and nothing heavier, so that `axiom --help` is quick."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from axiom import __version__
from axiom.cli.groups import Group


class Lazy(Group):
    """A group that knows its commands' names and first lines, and imports one only when it is called."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = dict(table or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        """In the order in which a newcomer meets them."""
        return [*self.table, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module now that somebody wants it."""
        if cmd_name not in self.table:
            return super().get_command(ctx, cmd_name)
        module, _ = self.table[cmd_name]
        command = getattr(importlib.import_module(f"axiom.cli.{module}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as click calls it
        """List the first lines without importing anything."""
        shared = {name for names in _TOGETHER for name in names}
        rows = [(", ".join(names), about) for names, about in _TOGETHER.items() if names[0] in self.table]
        rows += [(name, about) for name, (_, about) in self.table.items() if name not in _UNLISTED | shared]
        rows.sort(key=lambda row: list(self.table).index(row[0].split(",")[0]))
        rows += [(name, self.commands[name].get_short_help_str(80)) for name in sorted(self.commands)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


# Needed once, by whoever looks for them: the help has to fit a screen.
_UNLISTED = frozenset({"completion", "docs"})
_TOGETHER = {  # so that it still fits when every noun is there
    ("serve", "work", "pi"): "Its parts: server and site, more cores, autopilot.",
    ("workunit", "task"): "What is ordered and given out: list, show, cancel.",
    ("volunteer", "team"): "Whose computers these are: list, show, carry-over.",
    ("backup", "restore"): "One file that holds the laboratory, and back.",
    ("keys", "settings", "audit"): "Who may sign, every knob, who did what: show, verify.",
}
_COMMANDS = {
    "lab": ("assemble", "The whole laboratory on this computer."),
    "serve": ("assemble", "Server and site alone."),
    "work": ("engine", "More cores for a laboratory that is running."),
    "pi": ("sessions", "The autopilot alone: sessions, whenever there is a reason."),
    "init": ("operate", "A new laboratory: folder, keys, settings, database."),
    "status": ("operate", "What the laboratory is doing now."),
    "doctor": ("operate", "What is wrong, and what to do about it."),
    "experiment": ("experiments", "Questions: new, list, show, run, publish, deploy …"),
    "finding": ("findings", "What is concluded so far: list, show."),
    "session": ("sessions", "Rounds of work on evidence: list, show, run, plan."),
    "workunit": ("work", "What is ordered: list, show, cancel."),
    "task": ("work", "What hosts were given: list, show."),
    "host": ("fleet", "Which computers compute: list, show, why."),
    "volunteer": ("community", "Whose computers these are: list, show, carry-over."),
    "team": ("community", "Volunteers who compute together: list, show."),
    "data": ("data", "What was measured, to take away: export."),
    "backup": ("backup", "One file that holds the whole laboratory, also while it works."),
    "restore": ("backup", "A laboratory from such a file, proven."),
    "keys": ("operate", "Who may sign what: show."),
    "settings": ("operate", "Every knob, its value and where it comes from: show."),
    "audit": ("operate", "Proof of who did what: show, verify."),
    "completion": ("operate", "The line that turns on completion in your shell."),
    "docs": ("reference", "Write docs/reference from the program, or check it."),
}


@click.group(
    cls=Lazy,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit: 0 done, 1 no, 2 wrong use, 3 not found, 4 refused, 5 no start, 70 ours",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def axiom() -> None:
    """Ask questions of small neural networks, and know how sure the answers are."""
