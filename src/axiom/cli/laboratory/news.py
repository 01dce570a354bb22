"""`axiom news`: what the operator says to everybody who computes or reads here."""

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_table
from axiom.cli.reading import read_page
from axiom.gate.command import Answer
from axiom.reads import news as views
from axiom.store.engine.folder import Folder
from axiom_weigh.amounts import tell_amount


def _describe_news(facts: Answer) -> str:
    done = "It would stand" if "dry_run" in facts else f"News {facts['news']} stands"
    to_hosts_too = f" and is told at {tell_amount(facts['hosts_told'], 'computer')}" if facts["hosts_told"] else ""
    until = facts["until"][:16].replace("T", " ")
    return f"{done} on the front page until {until} UTC{to_hosts_too}"


@click.group(
    cls=Group,
    changes={
        "add": change_command("news.add", _describe_news),
        "withdraw": change_command("news.withdraw", "News {number} {is} withdrawn: {line}"),
    },
)
def news() -> None:
    """What the operator says to everybody who computes or reads here."""


@news.command("list")
@reading_options
def list_news(folder: Folder) -> Shown:
    """What was said and not withdrawn, the newest first."""
    answer = read_page(folder, views.list_published_news)
    yield answer
    show_table(
        ("news", "said", "on the front page until", "line"),
        [(row["number"], row["said_at"][:16], row["until"][:16], row["line"]) for row in answer["said"]],
        none='Nothing was said. `axiom news add "…"` says something to everybody.',
    )
