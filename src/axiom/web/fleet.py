"""Who computes and what: hosts, workunits and tasks."""

from axiom.domain.fleet import Host
from axiom.domain.work import Task, Workunit
from axiom.signed.manifests import stored_manifest
from axiom.store import experiments, fleet, results, work, work_pages
from axiom.web.experiments import in_words
from axiom.web.reading import Answer, Reading, must

_RECENT = 30


def hosts(reading: Reading) -> Answer:
    """Every host."""
    return {"hosts": [_host(host) for host in fleet.hosts(reading.db)]}


def host(reading: Reading, number: int) -> Answer:
    """One host and what it did lately."""
    found = must(fleet.host(reading.db, number), reading, "host", number)
    return {
        "host": _host(found)
        | {
            "computing": [_task(task) for task in work.held(reading.db, number)],
            "recent": [_task(task) for task in work_pages.recent(reading.db, number, _RECENT)],
        }
    }


def workunit(reading: Reading, number: int) -> Answer:
    """One order and its copies."""
    found: Workunit = must(work.workunit(reading.db, number), reading, "workunit", number)
    stored = experiments.by_id(reading.db, found.experiment_id)
    return {
        "workunit": {
            "number": found.id,
            "experiment": stored.name if stored else None,
            "version": stored.version if stored else None,
            "registration": found.registration_id,
            "state": found.state,
            "reason": found.reason,
            "replicates": list(found.replicates),
            "configs": list(found.configs),
            "quorum": found.quorum,
            "max_failures": found.max_failures,
            "created_at": found.created_at.isoformat(),
            "tasks": [_task(task) for task in work.tasks_of(reading.db, number)],
        }
    }


def task(reading: Reading, number: int) -> Answer:
    """One copy of a workunit, and the results that it brought."""
    found: Task = must(work.task(reading.db, number), reading, "task", number)
    stored = experiments.by_id(reading.db, found.experiment_id)
    configs = stored_manifest(stored.manifest).configs if stored else ()
    brought = results.of_task(reading.db, number)
    return {
        "task": _task(found)
        | {
            "experiment": stored.name if stored else None,
            "version": stored.version if stored else None,
            "ordinal": found.ordinal,
            "bundle": found.bundle_digest,
            "exit_status": found.exit_status,
            "elapsed_seconds": found.elapsed_seconds,
            "output_digest": found.output_digest,
            "results": [
                {
                    "replicate": row.replicate,
                    "config": dict(configs[row.config]) if row.config < len(configs) else {},
                    "in_words": in_words(configs[row.config]) if row.config < len(configs) else "",
                    "seed": row.seed,
                    "outcome": row.outcome,
                    "measures": dict(row.measures) if row.measures else {},
                    "cpu_seconds": row.cpu_seconds,
                }
                for row in brought
            ],
        }
    }


def _host(found: Host) -> Answer:
    return {
        "number": found.id,
        "name": found.name,
        "platform": str(found.platform),
        "cores": found.capacity.cores,
        "memory_mb": found.capacity.memory_mb,
        "known_since": found.created_at.isoformat(),
        "seen_at": found.seen_at.isoformat(),
    }


def _task(found: Task) -> Answer:
    return {
        "number": found.id,
        "workunit": found.workunit_id,
        "state": found.state,
        "reason": found.reason,
        "host": found.host_id,
        "created_at": found.created_at.isoformat(),
        "sent_at": found.sent_at.isoformat() if found.sent_at else None,
        "deadline": found.deadline.isoformat() if found.deadline else None,
        "returned_at": found.returned_at.isoformat() if found.returned_at else None,
        "cpu_seconds": found.cpu_seconds,
    }
