"""`axiom news`: what the operator says to everybody who computes or reads here."""

import click

from axiom.cli.changes import change
from axiom.cli.groups import Group
from axiom.cli.output import ID, change_options, reading_options, show_json, show_table
from axiom.cli.reading import view
from axiom.store.engine.folder import Folder
from axiom.web.views import news as views
from axiom_weigh.amounts import counted
from axiom_weigh.terminal import remark


@click.group(cls=Group)
def news() -> None:
    """What the operator says to everybody who computes or reads here."""


@news.command("list")
@reading_options
def list_news(folder: Folder, as_json: bool) -> None:
    """What was said and not withdrawn, the newest first."""
    with view(folder) as reading:
        answer = views.published_news(reading)
    if as_json:
        show_json(answer)
        return
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
def add(
    line: str, text: str, until: str, to_hosts: bool, folder: Folder, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Say something to everybody: on the front page, in the news, and in the feeds that clients and readers follow."""
    words = {"line": line, "text": text, "until": until, "to_hosts": to_hosts}
    answer = change(folder, "news.add", words, dry_run=dry_run)
    if as_json:
        show_json({"news": answer})
        return
    done = "It would stand (dry run: nothing was said)" if dry_run else f"News {answer['news']} stands"
    to_hosts_too = f" and is told at {counted(answer['hosts_told'], 'computer')}" if answer["hosts_told"] else ""
    remark(f"{done} on the front page until {answer['until'][:16].replace('T', ' ')} UTC{to_hosts_too}.", quiet=quiet)


@news.command("withdraw")
@click.argument("number", type=ID)
@change_options
def withdraw(number: int, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Show it no more; what was fetched before stays where it is."""
    answer = change(folder, "news.withdraw", {"number": number}, dry_run=dry_run)
    if as_json:
        show_json({"news": answer})
    else:
        remark(f"News {number} is withdrawn{' (dry run)' if dry_run else ''}: {answer['line']}", quiet=quiet)
