"""What is ordered and what became of it: workunits and tasks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from axiom.boinc.requests import ClientState
from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.work import Agreement, Task, Workunit
from axiom.laboratory.figures.rules.sweeps_and_strips import compose_strip, compose_sweep, draws_shares, place_points
from axiom.limits import tasks as limits
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.page_cells import config_in_words
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.leaderboards import THOUSANDTHS
from axiom.reads.maps.recent_tiles import list_tiles_by_task
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations
from axiom.store.tasks import progress, results, workunits
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.progress import StoredProgress
from axiom.store.views import findings, tasks
from axiom.store.views.tasks import TaskCheck, TaskEnd
from axiom_weigh.figures.drawing import svg_of

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


@dataclass(frozen=True, kw_only=True)
class _Picture:
    svg: str
    own: int  # points of the task in it
    finding: int = 0  # whose repetitions it shows; 0 where it is the picture of the question


@page_at(f"/workunits/{NUMBER}", "workunit.html")
def workunit_page(reading: Reading, number: int) -> Answer:
    """One order, its copies, and the checks of what they brought."""
    stored_workunit: Workunit = require_stored(workunits.find_workunit(reading.db, number), reading, "workunit", number)
    stored = experiments.find_experiment(reading.db, stored_workunit.experiment_id)
    return {
        "workunit": {
            "number": stored_workunit.id,
            "experiment": stored.name if stored else None,
            "version": stored.version if stored else None,
            "registration": stored_workunit.registration_id,
            "state": stored_workunit.state,
            "reason": stored_workunit.reason,
            "replicates": list(stored_workunit.replicates),
            "configs": list(stored_workunit.configs),
            "quorum": stored_workunit.quorum,
            "max_failures": stored_workunit.max_failures,
            "target_host": stored_workunit.target_host_id,
            "checks_task": stored_workunit.checks_task_id,
            "split_from": stored_workunit.split_from,
            "parts": workunits.list_workunit_parts(reading.db, number),
            "created_at": stored_workunit.created_at.isoformat(),
            "tasks": [describe_task(task) for task in task_store.list_workunit_tasks(reading.db, number)],
            "checks": _checks(tasks.list_workunit_checks(reading.db, number)),
        }
    }


@page_at(f"/tasks/{NUMBER}", "task.html", is_translated=True)
def task_page(reading: Reading, number: int) -> Answer:
    """One copy of a workunit: what it was, how it ended and why, what it brought and what was paid for it."""
    stored_task: Task = require_stored(task_store.find_task(reading.db, number), reading, "task", number)
    stored = experiments.find_experiment(reading.db, stored_task.experiment_id)
    ordered = workunits.find_workunit(reading.db, stored_task.workunit_id)
    awards = tasks.list_task_payments(reading.db, number)
    return {
        "task": describe_task(stored_task)
        | {
            "experiment": stored.name if stored else None,
            "version": stored.version if stored else None,
            "ordinal": stored_task.ordinal,
            "bundle": stored_task.bundle_digest,
            "exit_status": stored_task.exit_status,
            "elapsed_seconds": stored_task.elapsed_seconds,
            "output_digest": stored_task.output_digest,
            **describe_task_end(tasks.read_task_end(reading.db, number)),
            **describe_progress(progress.find_task_progress(reading.db, number)),
            "checks_task": ordered.checks_task_id if ordered else None,
            "checks": _checks(tasks.list_task_checks(reading.db, number)),
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
            "results": _results(reading, number, stored_task.experiment_id),
            "made": describe_made(reading, stored_task),
        }
    }


def describe_made(reading: Reading, task: Task) -> Answer | None:
    """What a task computed, as its pictures show it; None where there is nothing to draw."""
    pictures, tiles = _draw_pictures(reading, task), list_tiles_by_task(reading, task.id)
    stored = experiments.find_experiment(reading.db, task.experiment_id)
    if stored is None or not (pictures or tiles):
        return None
    manifest = stored_manifest(stored.manifest)
    strip = next((picture for picture in pictures if picture.finding), None)
    view = findings.find_finding_view(reading.db, strip.finding) if strip else None
    return {
        "task": task.id,
        "experiment": stored.name,
        "question": manifest.question,
        "is_share": draws_shares(manifest),
        "points": sum(picture.own for picture in pictures if not picture.finding),
        "repetitions": strip.own if strip else 0,
        "finding": view.finding.number if view else None,
        "answer": view.answer if view else None,
        "tiles": tiles,
    }


def find_newest_made(reading: Reading, volunteer_id: int) -> Answer | None:
    """What the newest of a volunteer's paid tasks computed that has a picture."""
    for number in tasks.list_newest_paid_tasks(reading.db, volunteer_id, limits.PAID_TASKS_LOOKED_AT):
        task = task_store.find_task(reading.db, number)
        made = describe_made(reading, task) if task else None
        if made and (made["points"] or made["repetitions"]):
            return made
    return None


def draw_task(reading: Reading, number: int) -> list[str]:
    """The pictures of a task, each at both widths, ready to stand in a page."""
    task = task_store.find_task(reading.db, number)
    return [picture.svg for picture in _draw_pictures(reading, task)] if task else []


def _draw_pictures(reading: Reading, task: Task) -> list[_Picture]:
    """Drawn anew when something was weighed: the curve of all changes little with each result."""
    version = task.state, findings.find_newest_evidence_id(reading.db)
    return reading.memo.get_or_create(
        ("task", task.id), lambda: list(_compose_pictures(reading, task)), version=version
    )


def _compose_pictures(reading: Reading, task: Task) -> Iterator[_Picture]:
    """The task's points in the picture of its question, and its repetitions among all those of one finding."""
    rows = results.list_task_results(reading.db, task.id)
    ordered = workunits.find_workunit(reading.db, task.workunit_id)
    stored = experiments.find_experiment(reading.db, task.experiment_id)
    if not rows or stored is None or ordered is None:
        return
    manifest = stored_manifest(stored.manifest)
    if manifest.figure:
        measure = manifest.figure.y
        by_place, _ = place_points(manifest, reading.tally.values(reading.db, stored.id, measure).by_config)
        own = [
            replace(by_place[row.config], estimate=float(value), low=None, high=None)
            for row in rows
            for value in [(row.measures or {}).get(measure)]
            if row.config in by_place and isinstance(value, int | float)
        ]
        sweep = compose_sweep(manifest, by_place.values(), name=f"task-{task.id}-points", own=own)
        if sweep and own:
            yield _Picture(svg=svg_of(sweep), own=len(own))
    computed = {row.replicate for row in rows}
    for finding in evidence.list_weighed_findings(reading.db, stored.id):
        if finding.registration_id == ordered.registration_id:
            view = findings.find_finding_view(reading.db, finding.number)
            if view is None or view.line is None or view.line.evidence.estimate is None:
                continue
            observed = evidence.read_observations(reading.db, finding.number)
            strip = compose_strip(finding.number, view.estimand, view.line.evidence, observed, computed)
            if strip.own:
                yield _Picture(svg=svg_of(strip), own=len(strip.own), finding=finding.number)
                return


def describe_task_end(end: TaskEnd) -> Answer:
    """How a task ended, in words; what the host itself said of it is for the operator alone."""
    cause = Cause(end.cause) if end.cause in set(Cause) else None
    state = ClientState(end.boinc_state) if end.boinc_state in set(ClientState) else None
    agreement = Agreement(end.agreement) if end.agreement in set(Agreement) else None
    return {
        "closed_at": end.closed_at.isoformat() if end.closed_at else None,
        "cause": cause,
        "cause_in_words": cause.words if cause else None,
        "blame": cause.blame if cause else None,
        "blame_in_words": _BLAMES[cause.blame] if cause else None,
        "boinc_state": end.boinc_state,
        "boinc_state_in_words": _STOPPED[state] if state is not None else None,
        "peak_memory_mb": end.peak_memory_mb,
        "peak_disk_mb": end.peak_disk_mb,
        "agreement": agreement,
        "agreement_in_words": _AGREEMENTS[agreement] if agreement else None,
    }


def describe_progress(progress: StoredProgress | None) -> Answer:
    """How far a task that is out was when its host last said so: its own word, of which nothing follows."""
    return {
        "progress": progress.fraction if progress else None,
        "progress_cpu_seconds": progress.cpu_seconds if progress else None,
        "progress_at": progress.heard_at.isoformat() if progress else None,
    }


def describe_task(task: Task) -> Answer:
    return {
        "number": task.id,
        "workunit": task.workunit_id,
        "state": task.state,
        "reason": task.reason,
        "host": task.host_id,
        "gpu": task.gpu or None,
        "created_at": task.created_at.isoformat(),
        "sent_at": task.sent_at.isoformat() if task.sent_at else None,
        "deadline": task.deadline.isoformat() if task.deadline else None,
        "returned_at": task.returned_at.isoformat() if task.returned_at else None,
        "cpu_seconds": task.cpu_seconds,
    }


def _checks(checks: Sequence[TaskCheck]) -> list[Answer]:
    return [{"workunit": check.workunit_id, "task": check.task_id, "state": check.state} for check in checks]


def _results(reading: Reading, number: int, experiment_id: int) -> list[Answer]:
    configs = registrations.read_placed_configs(reading.db, experiment_id)
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
        for row in results.list_task_results(reading.db, number)
    ]
