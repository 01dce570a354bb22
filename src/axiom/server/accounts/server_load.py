"""How busy the server is, as credit sites read it; counted at most once a minute, however many ask."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from axiom import __version__
from axiom.boinc.project import status_reply
from axiom.boinc.xml import Facts
from axiom.domain.work import TaskState
from axiom.store.accounts import credit_sites
from axiom.store.accounts.credit_sites import RecentTasks
from axiom.store.connections import Connections
from axiom.store.engine import counters
from axiom.store.engine.counters import Key
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.upkeep import jobs

_FRESH = timedelta(minutes=1)
_HOUR = 3_600.0
_CREDITS_A_DAY = 200.0  # that a computer of one gigaflop a second earns, by BOINC's definition of credit


class LoadFigures:
    def __init__(self, connections: Connections, now: Callable[[], datetime], host: str) -> None:
        self._connections = connections
        self._now = now
        self._host = host  # as the status calls the computer of the server
        self._lock = threading.Lock()
        self._kept: tuple[datetime, bytes] | None = None

    def xml(self) -> bytes:
        with self._lock:
            now = self._now()
            if self._kept is None or now - self._kept[0] >= _FRESH:
                with self._connections.reader() as db:
                    self._kept = now, _status(db, now, self._host)
            return self._kept[1]


def _status(db: Database, now: datetime, host: str) -> bytes:
    counted = counters.read_counters(db)
    volunteers, hosts = (
        credit_sites.count_credit_holders(db, "volunteer", now),
        credit_sites.count_credit_holders(db, "host", now),
    )
    volunteers_new, hosts_new = credit_sites.count_newcomers(db, now)
    counts: Facts = {
        "results_ready_to_send": counters.sum_counters(counted, "task", TaskState.UNSENT),
        "results_in_progress": counters.sum_counters(counted, "task", TaskState.SENT),
        "workunits_waiting_for_validation": counters.sum_counters(counted, "task", TaskState.RETURNED),
        "workunits_waiting_for_assimilation": 0,  # a result is stored with its verdict, so nothing ever waits for that
        "workunits_waiting_for_deletion": 0,
        "results_waiting_for_deletion": 0,
        "transitioner_backlog_hours": "0.0000",
        "users_with_recent_credit": volunteers.lately,
        "users_with_credit": volunteers.everybody,
        "users_registered_in_past_24_hours": volunteers_new,
        "hosts_with_recent_credit": hosts.lately,
        "hosts_with_credit": hosts.everybody,
        "hosts_registered_in_past_24_hours": hosts_new,
        "current_floating_point_speed": f"{volunteers.recent / _CREDITS_A_DAY:.2f}",
    }
    daemons: list[Facts] = [
        {"host": host, "command": row["name"], "status": "not running" if row["last_error"] else "running"}
        for row in jobs.list_jobs(db)
    ]
    server: Facts = {"update_time": int(now.timestamp()), "software_version": __version__}
    return status_reply(server, daemons, counts, _loads(db, counted))


def _loads(db: Database, counted: Mapping[Key, int]) -> Iterator[Facts]:
    """Of each experiment what waits and is out, and how long tasks took that were paid of late."""
    lately, none = (
        credit_sites.summarize_recent_tasks(db),
        RecentTasks(mean_seconds=0, least_seconds=0, most_seconds=0, volunteers=0),
    )
    for experiment in experiments.list_experiment_versions(db):
        recent = lately.get(experiment.id, none)
        yield {
            "id": experiment.id,
            "name": experiment.name,
            "unsent": counted.get(("task", experiment.id, TaskState.UNSENT), 0),
            "in_progress": counted.get(("task", experiment.id, TaskState.SENT), 0),
            "avg_runtime": f"{recent.mean_seconds / _HOUR:.4f}",
            "min_runtime": f"{recent.least_seconds / _HOUR:.4f}",
            "max_runtime": f"{recent.most_seconds / _HOUR:.4f}",
            "users": recent.volunteers,
        }
