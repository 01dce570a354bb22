"""The same commands from another process, through the laboratory's socket."""

import http.client
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from patience import PATIENCE

from axiom.commands.experiments import DeployExperiment
from axiom.commands.remote import Remote, short_name
from axiom.commands.work import CancelWorkunits
from axiom.errors import AxiomError, CannotStart
from axiom.server.http.hardening import ServedSocket, StopSignal, serve
from axiom.service.sockets import on_path
from axiom.web.site.app import Site
from axiom.web.socket import control

DEPLOY = DeployExperiment(experiment="tiny_sum", workunits=2)


def through(door, talk):
    """What `talk` returns while the laboratory listens. The loop needs the main thread, so the talking gets another."""
    pages = Site(folder=door.lab.folder, name="Small", now=door.gate.now, live=lambda: {"state": "running"})
    listener = ServedSocket(app=control(door.gate, pages, door.caller), socket=on_path(door.lab.folder.socket))
    stopping = StopSignal()

    def talking():
        try:
            return talk(Remote(door.lab.folder.socket))
        finally:
            stopping.now()

    with ThreadPoolExecutor(1) as pool:
        talked = pool.submit(talking)
        serve([listener], stopping)
        return talked.result(timeout=PATIENCE)


@pytest.mark.parametrize("is_deep", [False, True])  # a socket whose name is longer than the system takes
def test_a_command_is_done_by_whoever_holds_the_laboratory(new_door, tmp_path, is_deep):
    door = new_door(tmp_path / ("d" * 60) / ("e" * 60) if is_deep else tmp_path / "lab")
    assert len(os.fsencode(door.lab.folder.socket)) > 108 or not is_deep

    def talk(remote):
        mode = door.lab.folder.socket.stat().st_mode & 0o777
        first = remote.submit(DEPLOY, key="once")
        again, dry = remote.submit(DEPLOY, key="once"), remote.submit(DEPLOY, dry_run=True)
        return remote.answers(), mode, first, again, dry, remote.status()["status"]

    answers, mode, first, again, dry, status = through(door, talk)
    assert (answers, mode) == (True, 0o600)
    assert (first["first"], first["last"]) == (1, 2)
    assert again == {**first, "repeated": True}
    assert dry["dry_run"] is True
    assert [entry["dry_run"] for entry in door.audited()] == [0, 1]
    assert (status["name"], status["state"]) == ("Small", "running")
    assert [row["name"] for row in status["experiments"]] == ["tiny_sum"]


REFUSED = [
    (DeployExperiment(experiment="tiny_summ", workunits=1), 2, "tiny_sum"),
    (CancelWorkunits(workunits=[7]), 3, "7"),
    (DeployExperiment(experiment="tiny_sum", workunits=11), 4, "10 of 10"),
]
NO_COMMANDS = [
    (b"{", "JSON"),
    (b"\xff", "JSON"),
    (b"[]", "object"),
    (b"[" * 100_000, "JSON"),
    (b'{"name": 7, "words": {}}', "request: name"),
    (b'{"name": "experiment.deploy"}', "request: words"),
    (b'{"name": "experiment.deploy", "words": {}, "dry-run": true}', "dry_run"),
    (b'{"name": "experiment.deploy", "words": {}, "dry_run": "no"}', "request: dry_run"),
    (b'{"name": "experiment.deploy", "words": {}, "key": 5}', "request: key"),
    (b'{"name": "experiment.deplo", "words": {}}', "experiment.deploy"),
    (b'{"name": "experiment.deploy", "words": {"experiment": 5}}', "experiment"),
]


def test_what_is_refused_keeps_its_exit_code_and_the_next_command_is_done(door):
    def post(body):
        with socket.socket(socket.AF_UNIX) as line, short_name(door.lab.folder.socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("POST", "/commands", body=body)
            return connection.getresponse().read().decode()

    def talk(remote):
        for command, exit_code, fact in REFUSED:
            with pytest.raises(AxiomError, match=fact) as refused:
                remote.submit(command)
            assert refused.value.exit_code == exit_code
        answers = [post(body) for body, _ in NO_COMMANDS]
        return answers, remote.submit(DEPLOY)

    answers, done = through(door, talk)
    for answer, (body, fact) in zip(answers, NO_COMMANDS, strict=True):
        assert fact in answer, body[:80]
    assert done["workunits"] == 2


def test_a_laboratory_that_does_not_answer_cannot_be_told_anything(door):
    remote = Remote(door.lab.folder.socket)
    assert not remote.answers()
    with pytest.raises(CannotStart):
        remote.submit(DEPLOY)
    with closing(on_path(door.lab.folder.socket)) as listening:
        listening.listen()
        with pytest.raises(CannotStart, match="may still be done"):  # who is silent may have heard it
            Remote(door.lab.folder.socket, patience=0.2).submit(DEPLOY)
    assert not remote.answers()  # nobody serves it any more


def test_a_fault_of_ours_is_answered_as_one_and_its_traceback_is_kept(door, caplog):
    def talk(remote):
        door.gate.writer.run(lambda db: db.execute("DROP TABLE prediction"))
        door.gate.writer.run(lambda db: db.execute("ALTER TABLE experiment RENAME TO elsewhere"))
        return remote.submit(DEPLOY)

    with pytest.raises(AxiomError, match="OperationalError") as failed:
        through(door, talk)
    assert failed.value.exit_code == 70
    assert "Traceback" in caplog.text
