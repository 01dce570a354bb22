"""`axiom experiment deployed`: which hosts have tasks now, by name, and how many of what."""

from collections.abc import Mapping
from dataclasses import asdict

import click

from axiom.cli.completion import complete_experiment_name
from axiom.cli.output import Shown, reading_options, show_table
from axiom.errors import UnknownName
from axiom.limits import hosts as limits
from axiom.service.open_laboratory import open_for_reading
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import present_hosts
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_text


@click.command("deployed")
@click.argument("name", required=False, default="", shell_complete=complete_experiment_name)
@reading_options
def deployed(name: str, folder: Folder) -> Shown:
    """Where tasks are now: the hosts that have most, and the others as a range. NAME: of one experiment alone."""
    with open_for_reading(folder) as db:
        names = {experiment.name for experiment in experiments.list_experiment_versions(db)}
        if name and name not in names:
            raise UnknownName("published experiment", name, names)
        hosts = present_hosts.list_deployed_hosts(db, name)
    yield {"deployed": [{**asdict(host), "tasks": host.tasks} for host in hosts]}
    show_table(
        ("host", "name", "volunteer", "cores", "tasks", "of which"),
        [
            (host.host_id, host.name, host.volunteer, host.cores, host.tasks, _mix(host.experiments))
            for host in hosts[: limits.HOSTS_NAMED]
        ],
        none="No host has a task now.",
    )
    if rest := [host.tasks for host in hosts[limits.HOSTS_NAMED :]]:
        amount = f"{rest[-1]:,} to {rest[0]:,} tasks" if rest[-1] < rest[0] else tell_amount(rest[0], "task")
        print_text(f"and {tell_amount(len(rest), 'more host')} with {amount} each; --json has all")


def _mix(experiments_of_host: Mapping[str, int]) -> str:
    return ", ".join(f"{tasks:,} {name}" for name, tasks in experiments_of_host.items())
