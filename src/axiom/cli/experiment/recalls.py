"""`axiom experiment recall`: void what was faulty."""

from dataclasses import replace
from typing import Any

import click

from axiom.cli.changes import Change, change_options
from axiom.cli.completion import complete_experiment_name
from axiom.cli.output import show_facts, show_table
from axiom_weigh.terminal import print_text


@click.command("recall")
@click.argument("experiment", metavar="NAME@VERSION", shell_complete=complete_experiment_name)
@click.option("--why", required=True, help="Why; everybody can read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@change_options
def recall(yes: bool, change: Change, **options: Any) -> None:
    """Void a faulty version, after showing what hangs on it: results stay and stay paid, findings are recalled.

    With --dry-run it is only shown. A recalled version is never opened again.
    """
    if not (yes or change.dry_run):
        _show(replace(change, dry_run=True).submit("experiment.recall", options))
        click.confirm("Recall it?", abort=True, err=True)
    answer = change.submit("experiment.recall", options)
    if (change.dry_run or yes) and not change.as_json:
        _show(answer)
    done = "would be recalled" if change.dry_run else "is recalled"
    change.tell("recall", answer, f"{answer['experiment']}@{answer['version']} {done}; {answer['cancelled']} workunits")


def _show(answer: dict[str, Any]) -> None:
    touched: dict[str, Any] = answer["blast_radius"]
    show_facts(
        {
            "version": f"{answer['experiment']}@{answer['version']}",
            "workunits": _counted(touched["workunits"]),
            "tasks": _counted(touched["tasks"]),
            "out now": f"at {touched['hosts_out']} hosts of {touched['volunteers_out']} volunteers",
            "ever": f"{touched['hosts']} hosts of {touched['volunteers']} volunteers",
            "results": f"{touched['results']}, and {touched['duplicates']} duplicates: they stay and stay paid",
            "registrations": touched["registrations"],
        }
    )
    print_text()
    show_table(
        ("finding", "estimand", "status", "verdict", "grade"),
        [[row[name] for name in ("number", "estimand", "status", "verdict", "grade")] for row in touched["findings"]],
        none="It has no finding.",
    )


def _counted(states: dict[str, int]) -> str:
    return ", ".join(f"{amount} {state}" for state, amount in sorted(states.items())) or "none"
