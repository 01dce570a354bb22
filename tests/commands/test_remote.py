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


@pytest.fixture
def deep_door(new_door, tmp_path):
    """A laboratory whose socket has a longer name than the system takes."""
    door = new_door(tmp_path / ("d" * 60) / ("e" * 60))
    assert len(os.fsencode(door.lab.folder.socket)) > 108
    return door


@pytest.mark.parametrize("which", ["door", "deep_door"])
def test_a_command_is_done_by_whoever_holds_the_laboratory(request, which):
    door = request.getfixturevalue(which)

    def talk(remote):
        first = remote.submit(DEPLOY, key="once")
        return remote.answers(), first, remote.submit(DEPLOY, key="once"), remote.submit(DEPLOY, dry_run=True)

    answers, first, again, dry = through(door, talk)
    assert answers
    assert (first["first"], first["last"]) == (1, 2)
    assert again == {**first, "repeated": True}
    assert dry["dry_run"] is True
    assert [entry["dry_run"] for entry in door.audited()] == [0, 1]


def test_the_status_comes_through_the_same_socket(door):
    status = through(door, lambda remote: remote.status())["status"]
    assert (status["name"], status["state"]) == ("Small", "running")
    assert [row["name"] for row in status["experiments"]] == ["tiny_sum"]


@pytest.mark.parametrize(
    ("command", "exit_code", "reason"),
    [
        (DeployExperiment(experiment="tiny_summ", workunits=1), 2, "Did you mean tiny_sum?"),
        (CancelWorkunits(workunits=[7]), 3, "There is no workunit 7"),
        (DeployExperiment(experiment="tiny_sum", workunits=11), 4, "has 10 of 10 left today"),
    ],
)
def test_a_refusal_has_the_same_words_and_exit_code_on_both_sides(door, command, exit_code, reason):
    with pytest.raises(AxiomError, match=reason) as refused:
        through(door, lambda remote: remote.submit(command))
    assert refused.value.exit_code == exit_code


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not an object"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"name": 7, "words": {}}', "request: name: Input should be a valid string"),
        (b'{"name": "experiment.deploy"}', "request: words: Field required"),
        (b'{"name": "experiment.deploy", "words": {}, "dry-run": true}', "Did you mean dry_run?"),
        (b'{"name": "experiment.deploy", "words": {}, "dry_run": "no"}', "request: dry_run"),
        (b'{"name": "experiment.deploy", "words": {}, "key": 5}', "request: key"),
        (b'{"name": "experiment.deplo", "words": {}}', "Did you mean experiment.deploy?"),
        (b'{"name": "experiment.deploy", "words": {"experiment": 5}}', "experiment"),
    ],
)
def test_what_is_no_command_is_refused_and_the_next_one_is_done(door, body, problem):
    def talk(remote):
        with socket.socket(socket.AF_UNIX) as line, short_name(door.lab.folder.socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("POST", "/commands", body=body)
            refused = connection.getresponse().read().decode()
        return refused, remote.submit(DEPLOY)

    refused, done = through(door, talk)
    assert problem in refused
    assert done["workunits"] == 2


def test_only_its_operator_may_open_the_socket(door):
    mode = through(door, lambda _remote: door.lab.folder.socket.stat().st_mode & 0o777)
    assert mode == 0o600


def test_a_laboratory_that_does_not_answer_cannot_be_told_anything(door):
    remote = Remote(door.lab.folder.socket)
    assert not remote.answers()
    with pytest.raises(CannotStart, match=r"does not answer .* `axiom doctor` says what holds the folder"):
        remote.submit(DEPLOY)


def test_what_a_silent_laboratory_was_asked_is_not_said_to_be_undone(door):
    with closing(on_path(door.lab.folder.socket)) as listening:
        listening.listen()
        with pytest.raises(CannotStart, match=r"not answered for 0 s\. What was asked of it may still be done"):
            Remote(door.lab.folder.socket, patience=0.2).submit(DEPLOY)


def test_a_socket_that_nobody_serves_any_more_does_not_answer(door):
    on_path(door.lab.folder.socket).close()
    assert not Remote(door.lab.folder.socket).answers()


def test_a_fault_of_ours_is_answered_as_one_and_its_traceback_is_kept(door, caplog):
    def talk(remote):
        door.gate.writer.run(lambda db: db.execute("DROP TABLE prediction"))
        door.gate.writer.run(lambda db: db.execute("ALTER TABLE experiment RENAME TO elsewhere"))
        return remote.submit(DEPLOY)

    with pytest.raises(AxiomError, match=r"fault of ours: OperationalError .* Nothing of the command") as failed:
        through(door, talk)
    assert failed.value.exit_code == 70
    assert "Traceback" in caplog.text
