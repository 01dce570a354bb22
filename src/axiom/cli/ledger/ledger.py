"""`axiom ledger`: who was paid what and why, proof that it adds up, and what sets it right."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import click

from axiom.cli.changes import Change, typed_command
from axiom.cli.groups import Group
from axiom.cli.ledger.tariffs import policy, show_price
from axiom.cli.output import Shown, data_option, json_option, reading_options, show_facts, show_json, show_table
from axiom.cli.reading import open_reading
from axiom.errors import WrongUse
from axiom.reads import ledger as ledger_views
from axiom.reads.base.request import Answer
from axiom.service.open_laboratory import open_for_reading
from axiom.signed.canonical_json import LARGEST
from axiom.store.credit import balance_check
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text

_THOUSANDTHS = 1_000


def _correct(change: Change, task: int, amount: str, because: str) -> None:
    answer = change.submit("ledger.correct", {"task": task, "amount": _thousandths(amount), "because": because})
    done = "would be booked" if change.dry_run else "is booked"
    in_all = answer["in_all"] / _THOUSANDTHS
    change.tell("correction", answer, f"{amount} {done}; task {task} has {in_all:.3f} in all")


def _thousandths(text: str) -> int:
    with suppress(ArithmeticError):  # no number, or one that is too large for any
        amount = Decimal(text) * _THOUSANDTHS
        if abs(amount) <= LARGEST and amount == amount.to_integral_value():
            return int(amount)
    raise WrongUse(f"{text[:40]!r} is no credit like 12.345 or -3, in whole thousandths. Nothing was booked.")


@click.group(
    cls=Group,
    changes={
        "correct": typed_command(
            "ledger.correct",
            _correct,
            own={
                "amount": click.Option(
                    ["--amount"], required=True, metavar="CREDIT", help="Credit to add; with a minus, to take back."
                ),
            },
        )
    },
)
def ledger() -> None:
    """Credit: who was paid what, by which tariff, and proof that it adds up."""


ledger.add_command(show_price)
ledger.add_command(policy)


@ledger.command("show")
@click.option("--session", "name", default="", metavar="NAME", help="What this session settled, in each of its sums.")
@reading_options
def show_ledger(name: str, folder: Folder) -> Shown:
    """All credit by tier and reason, or what one session settled."""
    with open_reading(folder) as reading:
        answer = ledger_views.settlement_page(reading, name) if name else ledger_views.ledger_page(reading)
    yield answer
    if name:
        _show_sums(answer["settlement"])
    else:
        _show_all(answer["ledger"])


@ledger.command("verify")
@data_option
@json_option
def verify(folder: Folder, as_json: bool) -> None:
    """Add everything up again: entries, awards, balances, days, sessions. Ends with 1 where anything differs."""
    with open_for_reading(folder) as db:
        differences = [*balance_check.list_ledger_problems(db), *balance_check.list_cap_violations(db)]
        counted = balance_check.count_ledger_rows(db)
    answer = {
        "holds": not differences,
        **counted,
        "first_difference": differences[0] if differences else None,
        "differences": len(differences),
    }
    if as_json:
        show_json({"ledger": answer})
    elif differences:
        print_text(f"The ledger does not add up. First of {len(differences)} differences: {differences[0]}.")
    else:
        amounts = f"{counted['entries']} entries, {counted['carried']} carried over"
        print_text(f"The ledger adds up, to the last thousandth: {amounts}.")
    if differences:
        raise click.exceptions.Exit(1)


def _show_all(sums: Answer) -> None:
    show_facts({"credit": sums["credit"], "carried over": sums["carried"], "tasks that wait": sums["waiting"]})
    print_text()
    show_table(
        ("tariff", "reason", "tier", "awards", "credit"),
        [
            (
                f"{line['tariff']}@{line['version']}",
                line["reason"],
                line["tier"],
                line["awards"],
                f"{line['credit']:.3f}",
            )
            for line in sums["lines"]
        ],
        none="Nothing was awarded yet.",
    )


def _show_sums(sums: dict[str, Any]) -> None:
    show_facts({"credit": sums["credit"], "awards": sums["awards"]})
    for noun in ("tier", "reason", "volunteer", "host", "team"):
        rows = sums[f"by_{noun}"]
        if rows:
            print_text()
            show_table((noun, "credit"), [(row[noun], f"{row['credit']:.3f}") for row in rows], none="")
