"""The desk behind the socket: an engine of another process computes through it, and cannot be lied to by it."""

import http.client
import json
import socket
from dataclasses import asdict
from types import SimpleNamespace

import pytest
from engine_desks import served

from axiom.cli.laboratory.work import RemoteDesk
from axiom.commands.context import Laboratory
from axiom.commands.gate import CommandGate
from axiom.commands.remote import Remote, short_name
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.work import Report, TaskState
from axiom.errors import AxiomError, NotFound
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch import local_desk
from axiom.server.http.hardening import ServedSocket
from axiom.service.desk import SocketDesk
from axiom.service.sockets import on_path
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits
from axiom.store.writer import Writer
from axiom.web.site.app import Site
from axiom.web.socket import control, desk_routes


@pytest.fixture
def behind(working_lab):
    """A laboratory behind its socket; two workunits wait, and host 1 is another than the engine's."""
    lab, heard = working_lab, []
    lab.deploy()
    lab.db.close()
    writer = Writer(Connections(folder=lab.folder).writer)
    writer.start()
    laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), package=lab.folder.path)
    gate = CommandGate(writer=writer, laboratory=laboratory, now=lambda: lab.now)
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    limits = Limits(workunits_per_day=1, aborts_per_day=1)
    app = control(gate, pages, Caller(name="operator", capabilities=frozenset(Capability), limits=limits))
    now = {"now": lambda: lab.now, "reported": lambda: heard.append(True)}
    app.router.routes.extend(desk_routes(SocketDesk(writer=writer, folder=lab.folder, dispatch=lab.dispatch, **now)))
    with served(ServedSocket(app=app, socket=on_path(lab.folder.socket))):
        yield SimpleNamespace(lab=lab, folder=lab.folder, writer=writer, heard=heard)
    writer.stop()


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


def test_an_output_that_lies_elsewhere_is_not_read(behind):
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


def test_what_is_no_sentence_of_an_engine_is_answered_and_the_next_one_is_heard(behind):
    for path in ("hello", "ask", "report"):
        for body in (b"{", b"[]", b"{}", b'"hello"'):
            with socket.socket(socket.AF_UNIX) as line, short_name(behind.folder.socket) as name:
                line.connect(name)
                connection = http.client.HTTPConnection("localhost")
                connection.sock = line
                connection.request("POST", f"/desk/{path}", body=body)
                assert json.loads(connection.getresponse().read())["error"]["message"]
    assert RemoteDesk(behind.folder, "more cores", 1).host_id == 2
