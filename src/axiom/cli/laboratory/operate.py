"""Commands for whoever operates a laboratory: init, status, doctor, settings, completion."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.output import (
    Shown,
    answer_option,
    color_option,
    data_option,
    dry_run_option,
    json_option,
    quiet_option,
    reading_options,
    show_facts,
    show_json,
    show_stop,
    show_table,
    word_status,
)
from axiom.errors import Refused
from axiom.gate.client import SocketClient
from axiom.runner.confine import bubblewrap
from axiom.service.open_laboratory import demand_laboratory, open_for_reading, prepare_database
from axiom.settings import read_process_settings, write_settings
from axiom.signed.keys import make_keys
from axiom.store.engine.folder import Folder, lock_folder, read_lock_holder
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark, print_text, wall_clock


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, readable=False))
@click.option("--name", default="Axiom", show_default=True, help="The laboratory's name.")
@click.option("--url", default="", help="The address under which others will find it; empty: they will not.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port of its site.")
@dry_run_option
@json_option
@quiet_option
def init(folder: Path, name: str, url: str, port: int, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Make a new laboratory: folder, settings, keys, database. An axiom.toml that is there already is kept."""
    made = Folder(path=folder)
    _demand_room(made)
    # Asked before anything is there: settings that cannot be would keep every further init from the folder.
    chosen: dict[str, str | int] = {} if made.settings.exists() else {"name": name, "url": url, "port": port}
    read_process_settings(made.settings, **chosen)
    answer: dict[str, Any] = {"path": str(folder), "settings": "kept" if made.settings.exists() else "written"}
    if dry_run:
        answer["dry_run"] = True
    else:
        answer["lab"] = _make(made, chosen)
    if as_json:
        show_json({"laboratory": answer})
    elif dry_run:
        print_remark(f"A laboratory would be made in {folder}. Nothing was changed.", quiet=quiet)
    else:
        print_remark(
            f"Made laboratory {answer['lab'][:12]} in {folder}. Its keys are in {made.keys} (mode 0600): whoever has "
            f"them signs in its name.\nStart it: axiom lab --data {folder}",
            quiet=quiet,
        )


def _demand_room(folder: Folder) -> None:
    folder.demand_open()  # else it is not seen whether there is one
    if folder.exists():
        raise Refused(
            f"There is a laboratory in {folder.path} already; nothing was changed. "
            f"`axiom lab --data {folder.path}` starts it."
        )
    folder.demand_room()


def _make(folder: Folder, chosen: Mapping[str, str | int]) -> str:
    """The laboratory is there; returns its id."""
    folder.create()
    with lock_folder(folder, "axiom init"):
        if chosen:
            write_settings(folder.settings, chosen)
        read_process_settings(folder.settings)
        clock = prepare_database(folder)
        return make_keys(folder.keys, clock.now()).trust.lab


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
        from axiom.store.views.hosts import measure_fleet_extent

        settings, _ = read_process_settings(folder.settings)
        with open_for_reading(folder) as db:
            live = {"name": settings.name, "state": "stopped"}
            laboratory = status_of(db, folder, wall_clock(), live, measure_fleet_extent(db))
    yield {"status": laboratory}
    from axiom.service.doctor import (
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


@click.command()
@data_option
@click.option("--invariants", is_flag=True, help="Check every promise against what is stored.")
@json_option
@color_option
def doctor(folder: Folder, invariants: bool, as_json: bool) -> None:
    """What is wrong, and what to do. Exits 1 when something is."""
    from axiom.service.doctor import diagnosis_data, examine_invariants, examine_laboratory

    if invariants:
        demand_laboratory(folder)
    checks = list(examine_invariants(folder) if invariants else examine_laboratory(folder))
    well = all(check.well for check in checks)
    if as_json:
        show_json({"doctor": {"well": well, "findings": [diagnosis_data(check) for check in checks]}})
    else:
        for check in checks:
            mark = click.style("ok  ", fg="green") if check.well else click.style("BAD ", fg="red")
            click.echo(f"{mark} ", nl=False)  # noqa: TID251 - its colour is ours
            print_text(f"{check.name.ljust(10)} {check.says}")
            if not check.well and check.cure:
                print_text(f"     {''.ljust(10)} → {check.cure}")
    raise click.exceptions.Exit(0 if well else 1)


@click.group(cls=Group)
def settings() -> None:
    """Every knob."""


@settings.command("show")
@reading_options
def show_settings(folder: Folder) -> Shown:
    """Every knob with its value and where it comes from."""
    _, listed = read_process_settings(folder.settings)
    yield {"settings": [asdict(setting) for setting in listed]}
    show_table(
        ("name", "value", "origin", "about"),
        [(s.name, s.value, s.origin, s.about) for s in listed],
        none="There is no setting.",
    )


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what your shell must read to complete `axiom`.

    For bash: axiom completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    from axiom.cli.main import axiom

    kind = get_completion_class(shell)
    if kind is None:
        raise Refused(f"There is no completion for {shell}.")
    print_text(kind(axiom, {}, "axiom", "_AXIOM_COMPLETE").source())


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
