"""The server's periodic jobs: when last, when next, started again with back-off when one fails."""

import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from axiom.errors import AxiomError, StoreError
from axiom.limits import server as limits
from axiom.rules.upkeep.ailing_jobs import PeriodicJob
from axiom.store.engine.database import Database
from axiom.store.upkeep import jobs
from axiom.store.writer import Writer

ALIVE = "alive"  # the job that writes down that the laboratory is up: an outage is told by it
TURNS = 20  # of its work that a job does in one go: whoever looks whether it is stuck sees it begin again
log = logging.getLogger("axiom.jobs")

_DEAF_SECONDS = 0.1  # after a first failure, in which no nudge is heard; twice as long after each further one


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    every: float  # seconds
    work: Callable[[], object]
    remembered: bool = True  # of a job of every second only its errors are: its times would fill the disk
    nudged: threading.Event = field(default_factory=threading.Event)


def alive_job() -> Job:
    return Job(name=ALIVE, every=300.0, work=lambda: None)


def write_each_time(
    writer: Writer, work: Callable[[Database, datetime], object], now: Callable[[], datetime]
) -> Callable[[], object]:
    return lambda: writer.run(lambda db: work(db, now()))


class Jobs:
    """A thread for each job; a failure is logged, remembered and tried again later."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._now = now
        self._jobs: dict[str, Job] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._errors: dict[str, str] = {}  # by job, as they stand in the store
        self._began: dict[str, datetime] = {}  # by job, since this process started
        self._ended: dict[str, datetime] = {}

    def add(self, job: Job) -> None:
        self._jobs[job.name] = job

    def start(self) -> None:
        self._errors = {row["name"]: row["last_error"] for row in self._writer.run(jobs.list_jobs)}
        for name in self._errors.keys() - self._jobs.keys():  # of what is not done any more nothing fails
            self._writer.run(functools.partial(jobs.clear_job_error, name=name))
        for job in self._jobs.values():
            thread = threading.Thread(target=self._loop, args=(job,), name=f"job-{job.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def nudge(self, name: str) -> None:
        self._jobs[name].nudged.set()

    def turns(self) -> tuple[PeriodicJob, ...]:
        return tuple(
            PeriodicJob(
                name=job.name,
                every=timedelta(seconds=job.every),
                last_start=self._began.get(job.name),
                last_end=self._ended.get(job.name),
                last_error=self._errors.get(job.name, ""),
            )
            for job in self._jobs.values()
        )

    def stop(self) -> None:
        self._stopping.set()
        for job in self._jobs.values():
            job.nudged.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _loop(self, job: Job) -> None:
        pause, deaf = job.every, 0.0
        while not self._stopping.is_set():
            self._began[job.name] = self._now()
            try:
                self._once(job)
                pause, deaf = job.every, 0.0
            except AxiomError as error:
                pause, deaf = _next_pause(pause, 1.0), _next_pause(deaf, _DEAF_SECONDS)
                log.error("job.failed name=%s again_in=%.0fs %s", job.name, pause, error)
            except Exception:
                pause, deaf = _next_pause(pause, 1.0), _next_pause(deaf, _DEAF_SECONDS)
                log.exception("job.failed name=%s again_in=%.0fs", job.name, pause)
            self._ended[job.name] = self._now()
            self._stopping.wait(deaf)  # whoever nudges with every request would have it fail as often
            job.nudged.wait(pause)
            job.nudged.clear()  # after the wait: a stop is asked for first, and then wakes

    def _once(self, job: Job) -> None:
        if job.remembered:
            self._writer.run(lambda db: jobs.record_job_start(db, job.name, job.every, self._now()))
        try:
            job.work()
        except Exception as error:
            self._note(job, f"{type(error).__name__}: {error}"[:500])
            raise
        if job.remembered or self._errors.get(job.name):
            self._writer.run(lambda db: jobs.record_job_success(db, job.name, self._now()))
            self._errors[job.name] = ""

    def _note(self, job: Job, error: str) -> None:
        if self._errors.get(job.name) == error:
            return
        with contextlib.suppress(StoreError):  # a store in trouble is the error itself, and the log has it
            self._writer.run(lambda db: jobs.record_job_failure(db, job.name, job.every, error))
            self._errors[job.name] = error


def _next_pause(pause: float, least: float) -> float:
    return min(limits.JOB_PAUSE_SECONDS, max(least, 2 * pause))
