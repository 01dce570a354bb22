"""What an engine on this computer says through the socket, and what load balancers and Prometheus ask."""

import os
from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest
from started_writer import started_writer
from work_sources import lanes, pilot_server, say_hello, served, socket_source

from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.work import Report, TaskState
from axiom.errors import NotAllowed, StorageFull, StoreDamaged, StoreError
from axiom.gate.client import SocketClient
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.runner.platform.host import platform_here
from axiom.server.http.serving import ServedSocket
from axiom.server.upkeep.jobs import Jobs
from axiom.service.readiness import Readiness
from axiom.service.sockets import listen_on_path
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks as task_store
from axiom.store.upkeep import jobs
from axiom.store.writer import Writer
from axiom.web.probes import Probes
from axiom.web.site.app import Site
from axiom.web.socket import control_app


@pytest.fixture
def behind(working_lab):
    """A laboratory behind its socket; two workunits wait."""
    lab, heard = working_lab, []
    lab.deploy()
    theirs = lab.host("theirs", volunteer="Bo")
    laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), package=lab.folder.path)
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    limits = Limits(workunits_per_day=1, aborts_per_day=1)
    caller = Caller(name="operator", capabilities=frozenset(Capability), limits=limits)
    with started_writer(lab) as writer:
        app = control_app(open_gate(writer, laboratory, lambda: lab.now), pages, caller)
        server = pilot_server(lab, now=lambda: lab.now)
        with ExitStack() as stack:
            made = stack.enter_context(lanes(server, writer, lambda: heard.append(True), is_private=True))
            listening = listen_on_path(lab.folder.socket)
            stack.enter_context(served(ServedSocket(app=app, socket=listening, lanes=made)))

            def source(name):
                made = stack.enter_context(closing(socket_source(lab)))
                say_hello(made, name)
                return made

            yield SimpleNamespace(lab=lab, folder=lab.folder, heard=heard, source=source, theirs=theirs)


def finished(order) -> Report:
    facts = {"exit_status": 0, "output_digest": None, "cpu_seconds": 1.0, "elapsed_seconds": 1.0}
    return Report(task_id=order.task, host_id=order.host, **facts)


def test_an_engine_behind_the_socket_needs_no_key_and_is_the_laboratory_s_own(behind, prepared):
    source = behind.source("more cores")
    (order,) = source.ask(frozenset(), 1)
    assert source.host_id == 3
    assert order.host == 3
    assert source.held_tasks() == {order.task}
    source.report([(finished(order), behind.lab.output(order))])
    (failing,) = source.ask(frozenset(), 1)
    source.report([(finished(failing), None)])
    assert [behind.source(name).host_id for name in ("more cores", "fewer")] == [3, 4], "its name is its host"
    assert source.bundle(prepared().digest) == prepared().archive
    with Connections(folder=behind.folder).reader() as db:
        tasks = [task_store.find_task(db, number) for number in (order.task, failing.task)]
        assert [(task.state, task.host_id) for task in tasks] == [(TaskState.RETURNED, 3), (TaskState.FAILED, 3)]
        assert (hosts.find_host(db, 3).platform, hosts.find_host(db, 3).volunteer_id) == (platform_here(), 1)
    assert len(behind.heard) == 2
    source._who["host"] = behind.theirs
    with pytest.raises(NotAllowed):
        source.ask(frozenset(), 1)
    assert SocketClient(behind.folder.socket).answers()


@pytest.fixture
def writer(small_lab):
    """A writer with a journal, as a laboratory has it."""
    small_lab.db.close()
    connections = Connections(folder=small_lab.folder)
    made = Writer(lambda: connections.journalled(small_lab.folder.journal, lambda: small_lab.now))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ask(small_lab, writer, browse):
    """The status and the answer of /readyz."""
    now = lambda: small_lab.now  # noqa: E731
    parts = {"writer": writer, "jobs": Jobs(writer, now), "now": now, "up_since": small_lab.now}
    readiness = Readiness(folder=small_lab.folder, journal=small_lab.folder.journal, **parts)
    browser = browse(small_lab, probes=Probes(unready=readiness.unready))

    def ready():
        reply = browser.get("/readyz")
        assert reply.headers["cache-control"] == "no-store"
        return reply.status, reply.json

    return ready


def test_a_full_disk_and_a_writer_that_failed_are_told_without_a_path(writer, ask, small_lab, monkeypatch):
    def note(error):
        return lambda db: jobs.record_job_failure(db, "clean", 1.0, error)

    assert ask() == (200, {"ready": True, "reasons": []})
    writer.run(lambda db: db.select(f"PRAGMA max_page_count = {db.row('PRAGMA page_count')['page_count'] + 1}"))
    with pytest.raises(StorageFull):
        writer.run(note("x" * 100_000))
    writer.run(jobs.list_jobs)  # to read needs no room, so it proves none
    status, answer = ask()
    assert status == 503
    assert answer["ready"] is False
    assert len(answer["reasons"]) == 1
    writer.run(lambda db: db.select("PRAGMA max_page_count = 1000000"))
    writer.run(note("a short one"))
    assert ask()[0] == 200

    def failed(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failed)
        with pytest.raises(StoreError):
            writer.run(lambda db: jobs.record_job_failure(db, "clean", 1.0, "an error"))
        assert writer.failed is not None
        status, answer = ask()
    assert status == 503
    assert str(small_lab.folder.path) not in str(answer)


def test_metrics_are_shown_only_where_the_operator_wants_it_and_made_each_time(small_lab, browse, empty_site):
    reply = empty_site.get("/healthz")
    assert reply.status == 200
    assert reply.json == {"healthy": True}
    assert reply.headers["cache-control"] == "no-store"
    for shows, replies in ((True, [(200, b"first 1\n"), (200, b"second 1\n")]), (False, None)):
        scrapes = iter((b"first 1\n", b"second 1\n"))
        browser = browse(small_lab, probes=Probes(metrics=lambda scrapes=scrapes: next(scrapes), shows_metrics=shows))
        answers = [browser.get("/metrics") for _ in range(2)]
        if shows:
            assert [(reply.status, reply.raw) for reply in answers] == replies
        else:
            assert [reply.status for reply in answers] == [404, 404]

    def unreadable():
        raise StoreDamaged("a page of /var/lib/axiom/axiom.db is damaged")

    reply = browse(small_lab, probes=Probes(metrics=unreadable, shows_metrics=True)).get("/metrics")
    assert reply.status == 503
    assert "/var/lib" not in reply.text
