"""The desk behind the socket, which cannot be lied to, and what load balancers and Prometheus ask."""

import http.client
import json
import os
import socket
from dataclasses import asdict
from types import SimpleNamespace

import pytest
from engine_desks import served
from started_writer import started_writer

from axiom.cli.laboratory.work import RemoteDesk
from axiom.commands.client import Remote, short_name
from axiom.commands.gate import CommandGate
from axiom.commands.laboratory import Laboratory
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.work import Report, TaskState
from axiom.errors import AxiomError, NotFound, StorageFull, StoreDamaged, StoreError
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch import local_source as local_desk
from axiom.server.http.uvicorn_limits import ServedSocket
from axiom.server.upkeep.jobs import Jobs
from axiom.service.attached_engines import SocketDesk
from axiom.service.health import Health
from axiom.service.sockets import on_path
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits
from axiom.store.upkeep import jobs
from axiom.store.writer import Writer
from axiom.web.probes import Probes
from axiom.web.site.app import Site
from axiom.web.socket import control, desk_routes


@pytest.fixture
def behind(working_lab):
    """A laboratory behind its socket; two workunits wait, and host 1 is another than the engine's."""
    lab, heard = working_lab, []
    lab.deploy()
    laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), package=lab.folder.path)
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    limits = Limits(workunits_per_day=1, aborts_per_day=1)
    caller = Caller(name="operator", capabilities=frozenset(Capability), limits=limits)
    now = {"now": lambda: lab.now, "reported": lambda: heard.append(True)}
    with started_writer(lab) as writer:
        app = control(CommandGate(writer=writer, laboratory=laboratory, now=lambda: lab.now), pages, caller)
        desk = SocketDesk(writer=writer, folder=lab.folder, dispatch=lab.dispatch, **now)
        app.router.routes.extend(desk_routes(desk))
        with served(ServedSocket(app=app, socket=on_path(lab.folder.socket))):
            yield SimpleNamespace(lab=lab, folder=lab.folder, writer=writer, heard=heard)


def finished(order) -> Report:
    facts = {"exit_status": 0, "output_digest": None, "cpu_seconds": 1.0, "elapsed_seconds": 1.0}
    return Report(task_id=order.task, host_id=order.host, **facts)


def test_an_engine_elsewhere_asks_computes_and_reports(behind, prepared):
    desk = RemoteDesk(behind.folder, "more cores", 2)
    (order,) = desk.ask(frozenset(), 1)
    assert (desk.host_id, order.host, desk.held()) == (2, 2, {order.task})
    assert desk.ask(frozenset(), 1) == [order]  # it was told that the first one was lost
    desk.report([(finished(order), behind.lab.output(order))])
    (failing,) = desk.ask(frozenset(), 1)
    desk.report([(finished(failing), None)])
    names = ("more cores", "fewer")  # by its name an engine is known again
    assert [RemoteDesk(behind.folder, name, 1).host_id for name in names] == [2, 3]
    assert desk.bundle(prepared().digest) == prepared().archive
    with Connections(folder=behind.folder).reader() as db:
        tasks = [workunits.task(db, number) for number in (order.task, failing.task)]
        assert [(task.state, task.host_id) for task in tasks] == [(TaskState.RETURNED, 2), (TaskState.FAILED, 2)]
        assert hosts.host(db, 2).platform == platform_here()
        assert desk.seal(prepared().digest) == db.one("SELECT seal FROM bundle")["seal"]
    assert (len(behind.heard), list((behind.folder.engine / "reports").iterdir())) == (2, [])
    with pytest.raises(NotFound):
        desk.seal("abcdef" * 10)


def test_an_output_elsewhere_is_not_read_and_what_is_no_sentence_is_answered(behind):
    secret, lab = behind.folder.path.parent / "secret", behind.lab
    secret.write_text("a secret")
    (behind.folder.path / "link").symlink_to(secret)
    words = {"host_id": 1, "holding": frozenset(), "wanted": 1, "now": lab.now}
    (order,) = behind.writer.run(lambda db: local_desk.ask(db, lab.dispatch, lab.known, **words)).orders
    for name in (secret, behind.folder.path / ".." / "secret", behind.folder.path / "link"):
        report = {"host": 1, "finished": [{"report": asdict(finished(order)), "output": str(name)}]}
        with pytest.raises(AxiomError, match="outside") as refused:
            Remote(behind.folder.socket).say("/desk/report", report)
        assert (refused.value.exit_code, behind.heard) == (2, [])
    with Connections(folder=behind.folder).reader() as db:
        assert db.select("SELECT id FROM task WHERE state = 'returned'") == []
    for path in ("hello", "ask", "report"):
        for body in (b"{", b"[]", b"{}", b'"hello"'):
            with socket.socket(socket.AF_UNIX) as line, short_name(behind.folder.socket) as name:
                line.connect(name)
                connection = http.client.HTTPConnection("localhost")
                connection.sock = line
                connection.request("POST", f"/desk/{path}", body=body)
                assert json.loads(connection.getresponse().read())["error"]["message"]
    assert RemoteDesk(behind.folder, "more cores", 1).host_id == 2


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
    health = Health(folder=small_lab.folder, journal=small_lab.folder.journal, **parts)
    browser = browse(small_lab, probes=Probes(unready=health.unready))

    def ready():
        reply = browser.get("/readyz")
        assert reply.headers["cache-control"] == "no-store"
        return reply.status, reply.json

    return ready


def test_a_full_disk_and_a_writer_that_failed_are_told_without_a_path(writer, ask, small_lab, monkeypatch):
    def note(error):
        return lambda db: jobs.failed(db, "clean", 1.0, error)

    assert ask() == (200, {"ready": True, "reasons": []})
    writer.run(lambda db: db.select(f"PRAGMA max_page_count = {db.one('PRAGMA page_count')['page_count'] + 1}"))
    with pytest.raises(StorageFull):
        writer.run(note("x" * 100_000))
    writer.run(jobs.everything)  # to read needs no room, so it proves none
    status, answer = ask()
    assert (status, answer["ready"], len(answer["reasons"])) == (503, False, 1)
    writer.run(lambda db: db.select("PRAGMA max_page_count = 1000000"))
    writer.run(note("a short one"))
    assert ask()[0] == 200

    def failed(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failed)
        with pytest.raises(StoreError):
            writer.run(lambda db: jobs.failed(db, "clean", 1.0, "an error"))
        assert writer.failed is not None
        status, answer = ask()
    assert status == 503
    assert str(small_lab.folder.path) not in str(answer)


def test_metrics_are_shown_only_where_the_operator_wants_it_and_made_each_time(small_lab, browse, empty_site):
    reply = empty_site.get("/healthz")
    assert (reply.status, reply.json, reply.headers["cache-control"]) == (200, {"healthy": True}, "no-store")
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
    assert (reply.status, "/var/lib" in reply.text) == (503, False)
