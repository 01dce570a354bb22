"""`axiom status`, from a server that runs or from the folder of one that is stopped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from axiom.cli.output import Shown, answer_option, data_option, show_facts, show_stop, show_table, word_status
from axiom.gate.client import SocketClient
from axiom.runner.confine import bubblewrap
from axiom.service.open_laboratory import demand_laboratory, open_for_reading
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark, print_text, wall_clock


@click.command()
@data_option
@click.option("--all", "whole", is_flag=True, help="Name experiments too of which nothing was ordered yet.")
@answer_option
def status(folder: Folder, whole: bool) -> Shown:
    """What the laboratory is doing now, from its server or, when it is stopped, from its folder."""
    demand_laboratory(folder)
    if read_lock_holder(folder) is not None:
        laboratory = SocketClient(folder.socket).status()["status"]
    else:
        from axiom.reads.status import describe_status as status_of
        from axiom.store.views.fleet_extent import measure_fleet_extent

        settings, _ = read_process_settings(folder.settings)
        with open_for_reading(folder) as db:
            live = {"name": settings.name, "state": "stopped"}
            laboratory = status_of(db, folder, wall_clock(), live, measure_fleet_extent(db))
    yield {"status": laboratory}
    from axiom.service.doctor_checks import (
        runners_in_words,  # it imports all parts of a laboratory, and nothing else here does
    )

    if lack := bubblewrap.missing_sandbox_advice():
        print_remark(lack, quiet=False)
    facts = {"laboratory": laboratory["name"], "state": laboratory["state"], "address": laboratory.get("address", "–")}
    show_facts(
        facts | {"runners": runners_in_words(laboratory["runners"], laboratory.get("offer"))} | _extent(laboratory)
    )
    listed = [row for row in laboratory["experiments"] if whole or row["workunits"]]
    print_text()
    show_table(
        ("experiment", "version", "status", "results", "tasks out", "waiting"),
        [_row(row) for row in listed],
        none="Nothing is ordered yet." if laboratory["experiments"] else "No experiment is published yet.",
    )
    for row in laboratory["experiments"]:
        show_stop(row["stopped"])
    if more := len(laboratory["experiments"]) - len(listed):
        print_remark(f"Nothing is ordered of {tell_amount(more, 'more experiment')}; --all names them.")


def _extent(laboratory: Mapping[str, Any]) -> dict[str, str]:
    """Who computes, how much is out and stored, how much room is left, and which periodic jobs fail."""
    out, waiting = (
        sum(row["tasks"].get(state, 0) for row in laboratory["experiments"]) for state in ("sent", "unsent")
    )
    failing = [f"{job['name']}: {job['last_error'].splitlines()[0]}" for job in laboratory["jobs"] if job["last_error"]]
    new = laboratory["new_hosts"]
    return {
        "hosts": f"{tell_amount(laboratory['hosts'], 'host')} with {tell_amount(laboratory['cores'], 'core')}"
        + (f", {new:,} new without a valid task yet" if new else ""),
        "tasks": f"{out:,} out, {waiting:,} waiting",
        "results": f"{laboratory['totals']['result']:,}",
        "free disk": f"{laboratory['free_mb']:,} MB",
        "last backup": _since(laboratory["backed_up_at"], laboratory["now"]),
        **({"failing": "; ".join(failing)} if failing else {}),
    }


def _since(moment: str | None, now: str) -> str:
    if moment is None:
        return "none was made"
    hours = (datetime.fromisoformat(now) - datetime.fromisoformat(moment)).total_seconds() / 3600
    return f"{tell_amount(int(hours / 24), 'day')} ago" if hours >= 48 else f"{tell_amount(int(hours), 'hour')} ago"


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    tasks = row["tasks"]
    return (
        row["name"],
        row["version"],
        word_status(row),
        sum(row["results"].values()),
        tasks.get("sent", 0),
        tasks.get("unsent", 0),
    )
