"""A laboratory's figures for Prometheus, read from what it counts already.

Each scrape reads the counters of the store, which are as many however many tasks there are. What would take longer with
the fleet (hosts, findings, folders) is read once a minute. No label has a name or a number that a stranger chose.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from axiom import __version__
from axiom.domain.failure_causes import Cause
from axiom.domain.work import Outcome, TaskState, WorkunitState
from axiom.reads.base.memo import Memo
from axiom.server.http.request_counts import BOUNDS, RequestCounts
from axiom.service.readiness import Readiness
from axiom.store.connections import Connections
from axiom.store.engine import counters
from axiom.store.engine.counters import Key
from axiom.store.engine.database import Database
from axiom.store.hosts import present_hosts
from axiom.store.journal.history import read_journal_point
from axiom.store.rounds import rounds
from axiom.store.views import findings
from axiom_weigh.values import Grade

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class MinuteFigures:
    hosts: int
    cores: int
    grades: Counter[str]
    sessions: int
    journal_bytes: int
    uploads_bytes: int


@dataclass(frozen=True, kw_only=True)
class LaboratoryMetrics(Collector):
    readiness: Readiness
    requests: RequestCounts
    _memo: Memo = field(default_factory=Memo)

    def text(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(namespace="axiom", registry=registry)
        return generate_latest(registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that to register costs no reading."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self.readiness.now()
        with Connections(folder=self.readiness.folder).reader() as db:
            counted, point = counters.read_counters(db), read_journal_point(db)
            minute = self._memo.get_or_create("minute", lambda: self._read(db, now), version=f"{now:%d %H:%M}")
        yield from self._about(now)
        yield from _requests(self.requests)
        yield from _work(counted)
        yield from _jobs(self.readiness, now)
        yield from self._writer(point.position if point else 0)
        yield from self._disk(minute)
        yield _gauge("hosts_active", "Hosts heard from within a day.", minute.hosts)
        yield _gauge("cores_active", "Cores of the hosts heard from within a day.", minute.cores)
        yield _counter("sessions", "Sessions that have ended.", minute.sessions)
        grades = {(grade.value,): minute.grades[grade] for grade in Grade}
        yield _gauges("findings", "Findings by grade.", ("grade",), grades)

    def _read(self, db: Database, now: datetime) -> MinuteFigures:
        lately = now - _A_DAY
        return MinuteFigures(
            hosts=present_hosts.count_present_hosts(db, lately),
            cores=present_hosts.sum_present_cores(db, lately),
            grades=Counter(finding.grade.value for finding in findings.list_finding_briefs(db)),
            sessions=rounds.count_ended_sessions(db),
            journal_bytes=_bytes(self.readiness.journal.glob("*")),
            uploads_bytes=_bytes(self.readiness.folder.uploads.glob("*")),
        )

    def _about(self, now: datetime) -> Iterator[Metric]:
        build = {(__version__, platform.python_version()): 1}
        yield _gauges("build_info", "Which Axiom this is; always 1.", ("version", "python"), build)
        up = (now - self.readiness.up_since) / timedelta(seconds=1)
        yield _gauge("up_seconds", "Seconds since the laboratory started.", up)
        yield _gauge(
            "ready", "1 if the laboratory is ready to work; /readyz says why not.", not self.readiness.unready()
        )

    def _writer(self, transactions: int) -> Iterator[Metric]:
        writer = self.readiness.writer
        yield _gauge("writer_queue_length", "Changes that wait to be stored.", writer.waiting)
        yield _gauge("writer_oldest_wait_seconds", "How long the oldest of them has waited.", writer.oldest_wait)
        yield _gauge("writer_failed", "1 if the writer can never write again.", writer.failed is not None)
        yield _counter("transactions", "Groups of changes that were stored.", transactions)

    def _disk(self, minute: MinuteFigures) -> Iterator[Metric]:
        database = self.readiness.folder.database
        size = _bytes((database, database.with_name(f"{database.name}-wal")))
        yield _gauge("database_bytes", "Size of the database with its log.", size)
        yield _gauge("journal_bytes", "Size of the journal.", minute.journal_bytes)
        yield _gauge("uploads_bytes", "Size of outputs of which only a part has arrived.", minute.uploads_bytes)
        free = {(disk,): amount for disk, amount in self.readiness.free().items()}
        yield _gauges("disk_free_bytes", "Room on the disk of the data and on that of the journal.", ("disk",), free)


def _requests(requests: RequestCounts) -> Iterator[Metric]:
    answers = {(kind, str(status)): amount for (kind, status), amount in requests.answers().items()}
    yield _counters("http_requests", "Requests by class and status.", ("class", "status"), answers)
    took = HistogramMetricFamily(
        "axiom_http_request_duration_seconds", "How long a request took to be answered.", labels=("class",)
    )
    for kind, (amounts, seconds) in requests.durations().items():
        so_far, buckets = 0, []
        for bound, amount in zip([*map(str, BOUNDS), "+Inf"], amounts, strict=True):
            so_far += amount
            buckets.append((bound, so_far))
        took.add_metric((kind,), buckets, sum_value=seconds)
    yield took


def _work(counted: dict[Key, int]) -> Iterator[Metric]:
    for noun, states in (("workunit", WorkunitState), ("task", TaskState)):
        amounts = {(state.value,): counters.sum_counters(counted, noun, state) for state in states}
        yield _gauges(f"{noun}s", f"{noun.capitalize()}s by state.", ("state",), amounts)
    ends = {(cause.value,): amount for cause in Cause if (amount := counters.sum_counters(counted, "cause", cause))}
    yield _counters("task_endings", "Tasks that ended, by cause.", ("cause",), ends)
    results = {(outcome.value,): counters.sum_counters(counted, "result", outcome) for outcome in Outcome}
    yield _counters("results", "Results by outcome.", ("outcome",), results)


def _jobs(readiness: Readiness, now: datetime) -> Iterator[Metric]:
    turns = readiness.jobs.turns()
    second = timedelta(seconds=1)
    lags = {(job.name,): (now - (job.last_end or readiness.up_since)) / second for job in turns}
    yield _gauges("job_lag_seconds", "Seconds since a job last ended.", ("name",), lags)
    periods = {(job.name,): job.every / second for job in turns}
    yield _gauges("job_period_seconds", "Seconds from one turn of a job to the next.", ("name",), periods)
    failing = {(job.name,): bool(job.last_error) for job in turns}
    yield _gauges("job_failing", "1 if the last turn of a job failed.", ("name",), failing)


def _gauge(name: str, about: str, amount: float) -> Metric:
    return GaugeMetricFamily(f"axiom_{name}", about, value=amount)


def _counter(name: str, about: str, amount: float) -> Metric:
    return CounterMetricFamily(f"axiom_{name}", about, value=amount)


def _gauges(name: str, about: str, labels: Sequence[str], amounts: Mapping[Any, float]) -> Metric:
    made = GaugeMetricFamily(f"axiom_{name}", about, labels=labels)
    for values, amount in amounts.items():
        made.add_metric(values, amount)
    return made


def _counters(name: str, about: str, labels: Sequence[str], amounts: Mapping[Any, float]) -> Metric:
    made = CounterMetricFamily(f"axiom_{name}", about, labels=labels)
    for values, amount in amounts.items():
        made.add_metric(values, amount)
    return made


def _bytes(files: Iterable[Path]) -> int:
    total = 0
    for path in files:
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total
