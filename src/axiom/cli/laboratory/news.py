"""`axiom news`: what the operator says to everybody who computes or reads here."""

from typing import Any

import click

from axiom.cli.changes import Change, change_command, change_options
from axiom.cli.groups import Group
from axiom.cli.output import ID, Shown, reading_options, show_table
from axiom.cli.reading import read_page
from axiom.reads import news as views
from axiom.store.engine.folder import Folder
from axiom_weigh.amounts import counted


@click.group(cls=Group)
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


@news.command("add")
@click.argument("line")
@click.option("--text", default="", help="What there is to say beyond the line; an empty line begins a paragraph.")
@click.option(
    "--until", default="", metavar="MOMENT", help="How long it stands on the front page; without it, for a week."
)
@click.option("--to-hosts", is_flag=True, help="Also as a notice on every computer that was here in 60 days.")
@change_options
def add(change: Change, **options: Any) -> None:
    """Say something to everybody: on the front page, in the news, and in the feeds that clients and readers follow."""
    answer = change.submit("news.add", options)
    done = "It would stand" if change.dry_run else f"News {answer['news']} stands"
    to_hosts_too = f" and is told at {counted(answer['hosts_told'], 'computer')}" if answer["hosts_told"] else ""
    until = answer["until"][:16].replace("T", " ")
    change.tell("news", answer, f"{done} on the front page until {until} UTC{to_hosts_too}")


@news.command("withdraw")
@click.argument("number", type=ID)
@change_command("news.withdraw", "News {number} {is} withdrawn: {line}")
def withdraw() -> None:
    """Show it no more; what was fetched before stays where it is."""
