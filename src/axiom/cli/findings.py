"""`axiom finding`: what is concluded so far, in the very shape of the pages' JSON."""

from typing import Any

import click

from axiom.cli.options import data_option, json_option, show_facts, show_json, show_table
from axiom.cli.viewing import view
from axiom.store.folder import Folder
from axiom.web import findings


@click.group()
def finding() -> None:
    """Claims with a number, and how they stand."""


@finding.command("list")
@data_option
@json_option
def list_findings(folder: Folder, as_json: bool) -> None:
    """Every finding with its newest evidence."""
    with view(folder) as seen:
        answer = findings.listed(seen)
    if as_json:
        show_json(answer)
        return
    show_table(
        ("number", "claim", "verdict", "reads", "grade", "estimate", "interval", "seeds"),
        [_line(row) for row in answer["findings"]],
        none="No finding is registered yet.",
    )


@finding.command("show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@data_option
@json_option
def show(number: int, folder: Folder, as_json: bool) -> None:
    """One finding: its evidence, what the next grade needs, and how the evidence came to be."""
    with view(folder) as seen:
        answer = findings.one(seen, number)
    if as_json:
        show_json(answer)
        return
    found = answer["finding"]
    show_facts(
        {name: found[name] for name in ("number", "claim", "experiment", "quantity", "verdict", "reads", "grade")}
    )
    newest = found["evidence"]
    if newest is None:
        click.echo("\nIt awaits its first block of replicates.")
        return
    facts = {name: newest[name] for name in ("estimate", "seeds", "missing", "e_value", "hosts", "volunteers")}
    show_facts({**facts, "interval": _interval(newest)})
    for heading in ("needs", "flags", "reasons"):
        if newest[heading]:
            click.echo(f"\n{heading}")
            click.echo("\n".join(f"  {line}" for line in newest[heading]))


def _line(row: dict[str, Any]) -> tuple[Any, ...]:
    known = row["evidence"] or {"estimate": None, "interval": None, "seeds": 0}
    return (
        row["number"],
        row["claim"],
        row["verdict"],
        row["reads"],
        row["grade"],
        known["estimate"],
        _interval(known),
        known["seeds"],
    )


def _interval(known: dict[str, Any]) -> str | None:
    if known["interval"] is None:
        return None
    return "[{}, {}]".format(*("unbounded" if end is None else f"{end:.4g}" for end in known["interval"]))
