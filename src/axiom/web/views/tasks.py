"""What is ordered and what became of it: workunits and tasks."""

from collections.abc import Sequence

from axiom.boinc.requests import ClientState
from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.work import Agreement, Task, Workunit
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.tasks import progress, results, workunits
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.progress import HeardProgress
from axiom.store.views import tasks
from axiom.store.views.tasks import Check, TaskEnd
from axiom.web.base.cells import config_in_words
from axiom.web.base.request import Answer, Reading, must
from axiom.web.views.leaderboards import THOUSANDTHS

_BLAMES = {
    Blame.NOBODY: "nobody's fault",
    Blame.HOST: "the host's doing",
    Blame.EXPERIMENT: "the experiment's doing",
    Blame.UNCLEAR: "the host's or the experiment's doing; one report cannot tell which",
    Blame.LABORATORY: "our fault",
    Blame.VOLUNTEER: "its volunteer's decision, and no fault",
}
_STOPPED = {
    ClientState.NEW: "before anything was fetched",
    ClientState.DOWNLOADING: "while its files were fetched",
    ClientState.DOWNLOADED: "while it was computed",
    ClientState.COMPUTE_ERROR: "computing failed",
    ClientState.UPLOADING: "while its output was sent",
    ClientState.UPLOADED: "its output was sent",
    ClientState.ABORTED: "it was aborted",
    ClientState.UPLOAD_FAILED: "its output could not be sent",
}
_AGREEMENTS = {
    Agreement.WAITING: "It is computed again at another volunteer's host, to see whether the two agree.",
    Agreement.AGREES: "It was computed again at another volunteer's host, and the two agree.",
    Agreement.DIFFERS: "It was computed again at another volunteer's host, and the two do not agree.",
}


def workunit(reading: Reading, number: int) -> Answer:
    """One order, its copies, and the checks of what they brought."""
    found: Workunit = must(workunits.workunit(reading.db, number), reading, "workunit", number)
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
            "target_host": found.target_host_id,
            "checks_task": found.checks_task_id,
            "split_from": found.split_from,
            "parts": task_store.parts_of(reading.db, number),
            "created_at": found.created_at.isoformat(),
            "tasks": [listed(task) for task in workunits.tasks_of(reading.db, number)],
            "checks": _checks(tasks.checks_of(reading.db, number)),
        }
    }


def task(reading: Reading, number: int) -> Answer:
    """One copy of a workunit: what it was, how it ended and why, what it brought and what was paid for it."""
    found: Task = must(workunits.task(reading.db, number), reading, "task", number)
    stored = experiments.by_id(reading.db, found.experiment_id)
    ordered = workunits.workunit(reading.db, found.workunit_id)
    awards = tasks.paid(reading.db, number)
    return {
        "task": listed(found)
        | {
            "experiment": stored.name if stored else None,
            "version": stored.version if stored else None,
            "ordinal": found.ordinal,
            "bundle": found.bundle_digest,
            "exit_status": found.exit_status,
            "elapsed_seconds": found.elapsed_seconds,
            "output_digest": found.output_digest,
            **how(tasks.ended(reading.db, number)),
            **how_far(progress.of_task(reading.db, number)),
            "checks_task": ordered.checks_task_id if ordered else None,
            "checks": _checks(tasks.checks(reading.db, number)),
            "credit": sum(award.amount for award in awards) / THOUSANDTHS,
            "awards": [
                {
                    "reason": award.reason,
                    "credit": award.amount / THOUSANDTHS,
                    "because": award.because,
                    "at": award.at.isoformat(),
                }
                for award in awards
            ],
            "results": _results(reading, number, found.experiment_id),
        }
    }


def how(ended: TaskEnd) -> Answer:
    """How a task ended, in words; what the host itself said of it is for the operator alone."""
    cause = Cause(ended.cause) if ended.cause in set(Cause) else None
    state = ClientState(ended.boinc_state) if ended.boinc_state in set(ClientState) else None
    agreement = Agreement(ended.agreement) if ended.agreement in set(Agreement) else None
    return {
        "closed_at": ended.closed_at.isoformat() if ended.closed_at else None,
        "cause": cause,
        "cause_in_words": cause.words if cause else None,
        "blame": cause.blame if cause else None,
        "blame_in_words": _BLAMES[cause.blame] if cause else None,
        "boinc_state": ended.boinc_state,
        "boinc_state_in_words": _STOPPED[state] if state is not None else None,
        "peak_memory_mb": ended.peak_memory_mb,
        "peak_disk_mb": ended.peak_disk_mb,
        "agreement": agreement,
        "agreement_in_words": _AGREEMENTS[agreement] if agreement else None,
    }


def how_far(said: HeardProgress | None) -> Answer:
    """How far a task that is out was when its host last said so: its own word, of which nothing follows."""
    return {
        "progress": said.fraction if said else None,
        "progress_cpu_seconds": said.cpu_seconds if said else None,
        "progress_at": said.heard_at.isoformat() if said else None,
    }


def listed(found: Task) -> Answer:
    """A task as lists show it."""
    return {
        "number": found.id,
        "workunit": found.workunit_id,
        "state": found.state,
        "reason": found.reason,
        "host": found.host_id,
        "gpu": found.gpu or None,
        "created_at": found.created_at.isoformat(),
        "sent_at": found.sent_at.isoformat() if found.sent_at else None,
        "deadline": found.deadline.isoformat() if found.deadline else None,
        "returned_at": found.returned_at.isoformat() if found.returned_at else None,
        "cpu_seconds": found.cpu_seconds,
    }


def _checks(found: Sequence[Check]) -> list[Answer]:
    return [{"workunit": each.workunit_id, "task": each.task_id, "state": each.state} for each in found]


def _results(reading: Reading, number: int, experiment_id: int) -> list[Answer]:
    configs = registrations.placed(reading.db, experiment_id)
    return [
        {
            "replicate": row.replicate,
            "config": dict(configs[row.config]),
            "in_words": config_in_words(configs[row.config]),
            "seed": row.seed,
            "seed_text": str(row.seed),
            "outcome": row.outcome,
            "measures": dict(row.measures) if row.measures else {},
            "cpu_seconds": row.cpu_seconds,
        }
        for row in results.of_task(reading.db, number)
    ]
