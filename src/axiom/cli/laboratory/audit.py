"""`axiom audit`: who gave which command, and that nobody changed the list since."""

from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.output import Shown, answer_option, data_option, json_option, show_json, show_table
from axiom.service.open_laboratory import open_for_reading
from axiom.store.engine.database import from_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.upkeep import audit as audit_store
from axiom_weigh.terminal import print_text, wall_clock


@click.group(cls=Group)
def audit() -> None:
    """The hash-chained list of commands."""


@audit.command("show")
@data_option
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="At most so many.")
@answer_option
def show_audit(folder: Folder, limit: int) -> Shown:
    """The newest commands: who, what, when, and how it ended."""
    with open_for_reading(folder) as db:
        rows = audit_store.list_audit_entries(db, limit)
    yield {"audit": [{**row, "at": from_microseconds(row["at"]).isoformat()} for row in rows]}
    show_table(
        ("id", "at", "caller", "command", "arguments", "outcome"),
        [
            (row["id"], from_microseconds(row["at"]), row["caller"], row["command"], row["arguments"], _ended(row))
            for row in rows
        ],
        none="No command was given yet.",
    )


@audit.command("verify")
@data_option
@json_option
def verify(folder: Folder, as_json: bool) -> None:
    """Prove that no entry was altered, inserted or removed. Exits 1 when one was."""
    with open_for_reading(folder) as db:
        problems, entries, head = (
            audit_store.check_audit_chain(db),
            audit_store.count_audit_entries(db),
            audit_store.list_audit_entries(db, 1),
        )
    facts = {
        "well": not problems,
        "entries": entries,
        "head": head[0]["hash"] if head else None,
        "verified_at": wall_clock().isoformat(),
        "problems": problems,
    }
    if as_json:
        show_json({"audit": facts})
    elif problems:
        print_text("\n".join(problems[:20]))
    else:
        print_text(f"{entries} entries follow each other; the newest is {facts['head'] or 'none'}")
    raise click.exceptions.Exit(0 if not problems else 1)


def _ended(row: Any) -> str:
    return f"{row['outcome']}{' (dry run)' if row['dry_run'] else ''}"
