"""`axiom experiment recall, reopen` and `axiom finding reopen`: void what was faulty, or go on with what was closed."""

from typing import Any

import click

from axiom.cli.changes import change, tell
from axiom.cli.completion import experiments_named
from axiom.cli.output import ID, change_options, show_facts, show_json, show_table, why_option
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import remark, say

_WHY = why_option("Why; everybody can read it.", required=True)


@click.command("recall")
@click.argument("experiment", metavar="NAME@VERSION", shell_complete=experiments_named)
@_WHY
@click.option("--yes", is_flag=True, help="Do not ask.")
@change_options
def recall(experiment: str, why: str, yes: bool, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Void a faulty version, after showing what hangs on it: results stay and stay paid, findings are recalled.

    With --dry-run it is only shown. A recalled version is never opened again.
    """
    words = {"experiment": experiment, "why": why}
    if not (yes or dry_run):
        _show(change(folder, "experiment.recall", words, dry_run=True))
        click.confirm("Recall it?", abort=True, err=True)
    answer = change(folder, "experiment.recall", words, dry_run=dry_run)
    if as_json:
        show_json({"recall": answer})
    elif dry_run or yes:
        _show(answer)
    if not as_json:
        done = "would be recalled (dry run: nothing was changed)" if dry_run else "is recalled"
        remark(f"{answer['experiment']}@{answer['version']} {done}; {answer['cancelled']} workunits.", quiet=quiet)


@click.command("reopen")
@click.argument("experiment", metavar="NAME[@VERSION]", shell_complete=experiments_named)
@_WHY
@change_options
def reopen(experiment: str, why: str, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Have more of a retired version ordered again. A recalled one is never opened again."""
    answer = change(folder, "experiment.reopen", {"experiment": experiment, "why": why}, dry_run=dry_run)
    tell("reopened", answer, f"{answer['experiment']}@{answer['version']} is open again", as_json=as_json, quiet=quiet)


@click.command("reopen")
@click.argument("finding", type=ID)
@_WHY
@change_options
def reopen_finding(finding: int, why: str, folder: Folder, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Have a retired or suspended finding go on, since what was wrong is explained. A recalled one never does."""
    answer = change(folder, "finding.reopen", {"finding": finding, "why": why}, dry_run=dry_run)
    what = f"Finding {answer['finding']}, which was {answer['was']}, is open again"
    tell("reopened", answer, what, as_json=as_json, quiet=quiet)


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
    say()
    show_table(
        ("finding", "estimand", "status", "verdict", "grade"),
        [[row[name] for name in ("number", "estimand", "status", "verdict", "grade")] for row in touched["findings"]],
        none="It has no finding.",
    )


def _counted(states: dict[str, int]) -> str:
    return ", ".join(f"{amount} {state}" for state, amount in sorted(states.items())) or "none"
