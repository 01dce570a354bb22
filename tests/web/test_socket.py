"""The desk behind the socket: an engine of another process computes through it, and cannot be lied to by it."""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from patience import PATIENCE

from axiom.cli.laboratory.work import RemoteDesk
from axiom.commands.context import Laboratory
from axiom.commands.gate import CommandGate
from axiom.commands.remote import Remote, short_name
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.work import Report, TaskState
from axiom.errors import AxiomError, NotFound
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch import local_desk
from axiom.server.http.hardening import ServedSocket, StopSignal, serve
from axiom.service.desk import SocketDesk
from axiom.service.sockets import on_path
from axiom.settings import Settings
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits
from axiom.store.writer import Writer
from axiom.web.site.app import Site
from axiom.web.socket import control, desk_routes


class Served:
    """A laboratory behind its socket, with its desk."""

    def __init__(self, lab) -> None:
        self.lab, self.folder, self.heard = lab, lab.folder, 0
        self.writer = Writer(lambda: connect_writer(lab.folder.database))
        self.counter = SocketDesk(
            writer=self.writer,
            folder=lab.folder,
            dispatch=lab.dispatch,
            now=lambda: lab.now,
            reported=self.hear,
        )

    def hear(self) -> None:
        self.heard += 1

    def through(self, talk):
        """What `talk` returns while the laboratory listens; the loop needs the main thread."""
        laboratory = Laboratory(folder=self.folder, keys=self.lab.keys, settings=Settings(), package=self.folder.path)
        gate = CommandGate(writer=self.writer, laboratory=laboratory, now=lambda: self.lab.now)
        pages = Site(folder=self.folder, name="Small", now=lambda: self.lab.now, live=dict)
        limits = Limits(workunits_per_day=1, aborts_per_day=1)
        app = control(gate, pages, Caller(name="operator", capabilities=frozenset(Capability), limits=limits))
        app.router.routes.extend(desk_routes(self.counter))
        listener, stopping = ServedSocket(app=app, socket=on_path(self.folder.socket)), StopSignal()

        def talking():
            try:
                return talk()
            finally:
                stopping.now()

        with ThreadPoolExecutor(1) as pool:
            talked = pool.submit(talking)
            serve([listener], stopping)
            return talked.result(timeout=PATIENCE)

    def look(self, question):
        db = connect_reader(self.folder.database)
        try:
            return question(db)
        finally:
            db.close()


@pytest.fixture
def served(working_lab):
    """Two workunits wait; host 1 is another than the engine's."""
    working_lab.deploy()
    working_lab.db.close()
    served = Served(working_lab)
    served.writer.start()
    yield served
    served.writer.stop()


def finished(order) -> Report:
    return Report(
        task_id=order.task, host_id=order.host, exit_status=0, output_digest=None, cpu_seconds=1.0, elapsed_seconds=1.0
    )


def test_an_engine_elsewhere_asks_computes_and_reports(served, prepared):
    def talk():
        desk = RemoteDesk(served.folder, "more cores", 2)
        (order,) = desk.ask(frozenset(), 1)
        held, again = desk.held(), desk.ask(frozenset(), 1)
        desk.report([(finished(order), served.lab.output(order))])
        (failing,) = desk.ask(frozenset(), 1)
        desk.report([(finished(failing), None)])
        others = [RemoteDesk(served.folder, name, 1).host_id for name in ("more cores", "fewer")]
        return desk, order, held, again, failing, desk.bundle(prepared().digest), others

    desk, order, held, again, failing, bundle, others = served.through(talk)
    assert (desk.host_id, order.host, others) == (2, 2, [2, 3])  # by its name an engine is known again
    assert (held, again) == ({order.task}, [order])  # it was told that the first one was lost
    assert bundle == prepared().archive
    task = served.look(lambda db: workunits.task(db, order.task))
    assert (task.state, task.host_id, served.heard) == (TaskState.RETURNED, 2, 2)
    assert served.look(lambda db: workunits.task(db, failing.task)).state is TaskState.FAILED
    assert list((served.folder.engine / "reports").iterdir()) == []
    host = served.look(lambda db: hosts.host(db, 2))
    assert (host.name, host.platform) == ("more cores", platform_here())
    assert desk.seal(prepared().digest) == served.look(lambda db: db.one("SELECT seal FROM bundle"))["seal"]
    with pytest.raises(NotFound):
        desk.seal("abcdef" * 10)


@pytest.mark.parametrize("path", ["{outside}", "{folder}/../secret", "{folder}/link"])
def test_an_output_that_lies_elsewhere_is_not_read(served, path):
    secret = served.folder.path.parent / "secret"
    secret.write_text("a secret")
    (served.folder.path / "link").symlink_to(secret)
    name, lab = path.format(outside=secret, folder=served.folder.path), served.lab
    words = {"host_id": 1, "holding": frozenset(), "wanted": 1, "now": lab.now}
    (order,) = served.writer.run(lambda db: local_desk.ask(db, lab.dispatch, lab.known, **words)).orders
    told = {"host": 1, "finished": [{"report": asdict(finished(order)), "output": name}]}
    with pytest.raises(AxiomError, match="outside") as refused:
        served.through(lambda: Remote(served.folder.socket).say("/desk/report", told))
    assert (refused.value.exit_code, served.heard) == (2, 0)
    assert served.look(lambda db: db.select("SELECT id FROM task WHERE state = 'returned'")) == []


def test_what_is_no_sentence_of_an_engine_is_answered_and_the_next_one_is_heard(served):
    def say(path: str, body: bytes):
        with socket.socket(socket.AF_UNIX) as line, short_name(served.folder.socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("POST", f"/desk/{path}", body=body)
            return json.loads(connection.getresponse().read())

    def talk():
        bodies = (b"{", b"[]", b"{}", b'"hello"')
        refused = [say(path, body) for path in ("hello", "ask", "report") for body in bodies]
        return refused, RemoteDesk(served.folder, "more cores", 1).host_id

    refused, host = served.through(talk)
    assert all(answer["error"]["message"] for answer in refused)
    assert host == 2
