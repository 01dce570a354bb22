"""What the hosts that were heard from have in hand: one question for all of them, since there may be 100,000."""

from collections.abc import Mapping
from datetime import datetime

from axiom.domain.fleet import Host, ProjectPreferences, read_project_preferences
from axiom.domain.value import value_class
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.hosts import hosts

_PRESENT = """
SELECT h.*, v.name AS volunteer, v.is_ours, v.project_preferences, v.venue AS usual_venue,
    v.is_ours OR EXISTS (SELECT 1 FROM cluster c WHERE c.volunteer_id = v.id) AS on_one_core
FROM host h JOIN volunteer v ON v.id = h.volunteer_id
WHERE h.seen_at > :since AND h.is_simulated = 0 AND h.id = coalesce(:host_id, h.id) ORDER BY h.id LIMIT :most
"""
_ALL = 10**9
_EXTENT = """
SELECT count(*) AS hosts, coalesce(sum(cores), 0) AS cores FROM host WHERE seen_at > :since AND is_simulated = 0
"""
_OURS = """
SELECT coalesce(sum(h.cores), 0) AS cores FROM host h JOIN volunteer v ON v.id = h.volunteer_id
WHERE v.is_ours = 1 AND h.seen_at > :since
"""
# Cells, since a workunit may order a part of a replicate. Many workunits name the same configs.
_IN_HAND = """
SELECT t.host_id, t.experiment_id, w.registration_id, t.gpu, count(*) AS tasks,
    sum(json_array_length(w.replicates) * json_array_length(w.configs)) AS cells
FROM task t JOIN workunit w ON w.id = t.workunit_id WHERE t.state = 'sent'
GROUP BY t.host_id, t.experiment_id, w.registration_id, t.gpu
"""
_DEPLOYED = """
SELECT t.host_id, h.name, h.cores, v.name AS volunteer, e.name AS experiment, count(*) AS tasks
FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id
    JOIN experiment e ON e.id = t.experiment_id
WHERE t.state = 'sent' GROUP BY t.host_id, e.name ORDER BY t.host_id, count(*) DESC, e.name
"""


@value_class
class DeployedHost:
    host_id: int
    name: str
    volunteer: str
    cores: int
    experiments: Mapping[str, int]

    @property
    def tasks(self) -> int:
        return sum(self.experiments.values())


@value_class
class PresentHost:
    host: Host
    volunteer: str
    is_ours: bool
    preferences: ProjectPreferences  # those of where it stands
    on_one_core: bool = False  # it computes any task on one: ours, or of a cluster


@value_class
class TasksOnHost:
    """So many tasks of a registration in a host's hand, on its cores or on its GPUs of one kind."""

    host_id: int
    experiment_id: int
    registration_id: int
    gpu: str
    tasks: int
    cells: int


def list_present_hosts(
    db: Database, since: datetime, most: int | None = None, *, host_id: int | None = None
) -> list[PresentHost]:
    """Every host that was heard from since then and computes, by number; or so many of them, or one."""
    return [
        PresentHost(
            host=hosts.parse_host(row),
            volunteer=row["volunteer"],
            is_ours=bool(row["is_ours"]),
            preferences=read_project_preferences(row["project_preferences"]).at(row["venue"] or row["usual_venue"]),
            on_one_core=bool(row["on_one_core"]),
        )
        for row in db.select(
            _PRESENT, since=to_microseconds(since), most=_ALL if most is None else most, host_id=host_id
        )
    ]


def count_present_hosts(db: Database, since: datetime) -> int:
    (row,) = db.select(_EXTENT, since=to_microseconds(since))
    return int(row["hosts"])


def sum_present_cores(db: Database, since: datetime) -> int:
    (row,) = db.select(_EXTENT, since=to_microseconds(since))
    return int(row["cores"])


def sum_own_cores(db: Database, since: datetime) -> int:
    return db.number(_OURS, since=to_microseconds(since))


def list_tasks_in_hand(db: Database) -> list[TasksOnHost]:
    return [
        TasksOnHost(
            host_id=host_id,
            experiment_id=experiment_id,
            registration_id=registration_id,
            gpu=gpu,
            tasks=tasks,
            cells=cells,
        )
        for host_id, experiment_id, registration_id, gpu, tasks, cells in db.fetch_tuples(_IN_HAND)
    ]


def list_deployed_hosts(db: Database, experiment: str = "") -> list[DeployedHost]:
    by_id: dict[int, DeployedHost] = {}
    for row in db.select(_DEPLOYED):
        if experiment in ("", row["experiment"]):
            before = by_id.get(row["host_id"])
            by_id[row["host_id"]] = as_value(
                DeployedHost,
                row,
                experiments={**(before.experiments if before else {}), row["experiment"]: row["tasks"]},
            )
    return sorted(by_id.values(), key=lambda host: (-host.tasks, host.host_id))
