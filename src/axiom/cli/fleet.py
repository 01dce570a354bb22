"""`axiom host`: which computers compute."""

from dataclasses import asdict
from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.opening import reading
from axiom.cli.options import ID, data_option, json_option, show_facts, show_json, show_table
from axiom.domain import fleet as words
from axiom.errors import NotFound
from axiom.store import fleet
from axiom.store.folder import Folder


@click.group(cls=Group)
def host() -> None:
    """Computers."""


@host.command("list")
@data_option
@json_option
def list_hosts(folder: Folder, as_json: bool) -> None:
    """Every host."""
    with reading(folder) as db:
        found = fleet.hosts(db)
    if as_json:
        show_json({"hosts": [_host(one) for one in found]})
        return
    show_table(
        ("id", "name", "platform", "cores", "memory MB", "last heard from"),
        [(h.id, h.name, h.platform, h.capacity.cores, h.capacity.memory_mb, h.seen_at) for h in found],
        none="There is no host yet.",
    )


@host.command("show")
@click.argument("host_id", type=ID)
@data_option
@json_option
def show_host(host_id: int, folder: Folder, as_json: bool) -> None:
    """One host."""
    with reading(folder) as db:
        found = fleet.host(db, host_id)
    if found is None:
        raise NotFound(f"There is no host {host_id}. `axiom host list` shows what there is.")
    if as_json:
        show_json({"host": _host(found)})
    else:
        show_facts(_host(found))


def _host(found: words.Host) -> dict[str, Any]:
    return {
        **asdict(found),
        "platform": str(found.platform),
        "created_at": found.created_at.isoformat(),
        "seen_at": found.seen_at.isoformat(),
    }
