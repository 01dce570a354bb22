"""`axiom failure`: what goes wrong and why."""

import click

from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_table
from axiom.cli.reading import read_page
from axiom.reads.failures import failures
from axiom.store.engine.folder import Folder


@click.group(cls=Group)
def failure() -> None:
    """Tasks that ended badly, in groups."""


@failure.command("list")
@click.argument("experiment", metavar="[NAME[@VERSION]]", required=False, default="")
@reading_options
def list_failures(experiment: str, folder: Folder) -> Shown:
    """Failures by version, cause and kind of host, with what they suggest."""
    answer = read_page(folder, failures.failures_page, query={"experiment": experiment})
    yield answer
    show_table(
        ("experiment", "tasks", "hosts", "works on", "platform", "cause", "last", "look at"),
        [
            (
                row["experiment"],
                row["tasks"],
                row["host_count"],
                row["works_on_count"],
                row["platform"],
                f"{row['cause']} ({row['raised']})" if row["raised"] else row["cause"],
                row["last_at"][:16],
                f"mended by {row['mended_by']}" if row["mended_by"] else f"{row['look_at']}: {row['suggests']}",
            )
            for row in answer["failures"]
        ],
        none="Nothing has gone wrong: every task that was closed is valid, or was taken back.",
    )
