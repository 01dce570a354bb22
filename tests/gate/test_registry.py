"""Words become commands, also from another process through the socket, or a sentence says what is wrong."""

import http.client
import json
import math
import os
import re
import socket
from contextlib import closing
from dataclasses import fields

import pytest
from listening import while_listening

from axiom.errors import CannotStart, Fault, LimitReached, NotFound, UnknownName, WrongUse
from axiom.gate.client import SocketClient, short_socket_name
from axiom.gate.registry import COMMANDS, read_command
from axiom.gate.words import SENTENCE, SPEAKER, WHY
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.tasks.commands import CancelWorkunits
from axiom.server.http.serving import ServedSocket
from axiom.service.sockets import listen_on_path
from axiom.web.api.commands import OFFERED
from axiom.web.api.problems import KIND, TYPE
from axiom.web.site.app import Site
from axiom.web.socket import control_app

LIFETIME = {"volunteer": 1, "source": "before", "amount": 2}
WATCH = {"experiment": "tiny_sum", "sentence": "it grows", "measure": "total", "comparison": ">"}


def test_words_become_a_command_and_each_says_what_it_does():
    for amount in (1, 10_000):
        command = read_command("experiment.deploy", {"experiment": "tiny_sum", "workunits": amount})
        assert command == DeployExperiment(experiment="tiny_sum", workunits=amount)
    assert all(command.__doc__ for command in COMMANDS.values())
    limits = {limit for command in COMMANDS.values() for word in fields(command) for limit in word.metadata}
    assert limits <= {
        "ge",
        "le",
        "min_length",
        "max_length",
        "pattern",
        "description",
        "help",
        "flag",
        "metavar",
        SPEAKER,
    }


@pytest.mark.parametrize(
    ("name", "words", "error", "fact"),
    [
        ("experiment.deplo", {}, UnknownName, "experiment.deploy"),
        ("make.coffee", {}, UnknownName, "account.confirm, account.email"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunit": 2}, UnknownName, "workunits"),
        ("experiment.deploy", {"experiment": "tiny_sum"}, WrongUse, "workunits"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 0}, WrongUse, "workunits must .* 1"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 10_001}, WrongUse, "workunits must .* 10000"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": "2"}, WrongUse, "workunits must .* whole"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": True}, WrongUse, "workunits must .* whole"),
        ("experiment.deploy", {"experiment": "../x", "workunits": 1}, WrongUse, "experiment must match"),
        ("experiment.publish", {"experiment": ""}, WrongUse, "experiment must .* 1"),
        ("experiment.publish", {"experiment": "x", "text": "a\ud800"}, WrongUse, "text must"),
        ("runner.sign", {"signatures": {}}, WrongUse, "signatures must .* 1"),
        ("runner.sign", {"signatures": {"ab": 5}}, WrongUse, "signatures.ab must be text"),
        ("workunit.cancel", {"workunits": [2**63]}, WrongUse, "workunits.0 must"),
        ("workunit.cancel", {"workunits": []}, WrongUse, "workunits must .* 1"),
        ("workunit.cancel", {"workunits": [1, "2"]}, WrongUse, "workunits.1 must"),
        ("workunit.cancel", {"workunits": 1}, WrongUse, "workunits must be a list"),
        ("volunteer.carry-over", {"rows": [LIFETIME | {"amount": 0}]}, WrongUse, "rows.0: amount must"),
        ("volunteer.carry-over", {"rows": [LIFETIME | {"of": 1}]}, UnknownName, "rows.0"),
        ("volunteer.carry-over", {"rows": [{"volunteer": 1}]}, WrongUse, "rows.0: source must be given"),
        (
            "watch.register",
            WATCH | {"comparison": "=>", "threshold": 1},
            WrongUse,
            "comparison must be one of >, >=",
        ),
        ("watch.register", WATCH | {"threshold": 1e301}, WrongUse, r"threshold must .* 1e\+300"),
        ("watch.register", WATCH | {"threshold": 10**400}, WrongUse, "threshold must"),
        ("watch.register", WATCH | {"threshold": math.nan}, WrongUse, "threshold must be finite"),
        ("session.step", {"pi": "nobody", "reason": "so"}, WrongUse, "pi must be one of autopilot"),
    ],
)
def test_wrong_words_are_refused_and_the_field_is_named(name, words, error, fact):
    with pytest.raises(error, match=fact) as refused:
        read_command(name, words)
    assert refused.value.exit_code == 2


# What is read as something else: a source file, configs in JSON, a name that must exist.
NO_FREE_TEXT = {
    *("text of experiment.publish", "text of draft.write"),
    *("configs", "between", "measure", "across", "estimand"),
}


def test_what_a_program_may_say_acts_on_nobody_who_reads_it():
    patterns = {
        word.metadata["pattern"]
        for name, command in OFFERED.items()
        for word in fields(command)
        if word.type in (str, str | None) and not {f"{word.name} of {name}", word.name} & NO_FREE_TEXT
    }
    for pattern in patterns:
        for sign in ("\x1b[2J", "\r", "\x7f", "\x85", "\u061c", "\u200f", "\u2028", "\u202e", "\u2066"):
            assert not re.fullmatch(pattern, f"{sign} it is so"), sign
    text = "naïve «ça» – 漢字\nעברית العربية می\u200cخواهم हिन्दी 👩\u200d🔬\u00a0?"
    for limits in (WHY, SENTENCE):  # a reason in any language may be given on several lines
        assert re.fullmatch(limits["pattern"], text)


DEPLOY = DeployExperiment(experiment="tiny_sum", workunits=2)


def through(door, talk):
    """What `talk` returns while the laboratory listens."""
    pages = Site(folder=door.lab.folder, name="Small", now=door.gate.now, live=lambda: {"state": "running"})
    listener = ServedSocket(
        app=control_app(door.gate, pages, door.caller), socket=listen_on_path(door.lab.folder.socket)
    )
    return while_listening([listener], lambda: talk(SocketClient(door.lab.folder.socket)))


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
    (DeployExperiment(experiment="tiny_summ", workunits=1), UnknownName, 422),
    (CancelWorkunits(workunits=[7]), NotFound, 404),
    (DeployExperiment(experiment="tiny_sum", workunits=11), LimitReached, 429),
]
NO_COMMANDS = [
    (b"{", "JSON"),
    (b"\xff", "UTF-8"),
    (b"[]", "object"),
    (b"[" * 100_000, "deeply"),
    (b'{"name": 7, "words": {}}', "request: name must be text"),
    (b'{"name": "experiment.deploy"}', "request: words must be given"),
    (b'{"name": "experiment.deploy", "words": {}, "dry-run": true}', "dry_run"),
    (b'{"name": "experiment.deploy", "words": {}, "dry_run": "no"}', "request: dry_run"),
    (b'{"name": "experiment.deploy", "words": {}, "key": 5}', "request: key"),
    (b'{"name": "experiment.deplo", "words": {}}', "experiment.deploy"),
    (b'{"name": "experiment.deploy", "words": {"experiment": 5}}', "experiment"),
]


def test_what_is_refused_is_the_same_error_at_the_client_and_a_problem_on_the_way(door):
    def post(body):
        with socket.socket(socket.AF_UNIX) as line, short_socket_name(door.lab.folder.socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("POST", "/commands", body=body)
            reply = connection.getresponse()
            return reply.status, reply.getheader("content-type"), json.loads(reply.read())

    def talk(remote):
        for command, kind, status in REFUSED:
            with pytest.raises(kind) as at_the_gate:
                door.submit(command)
            with pytest.raises(kind) as refused:
                remote.submit(command)
            assert (type(refused.value), str(refused.value)) == (kind, str(at_the_gate.value))
            answer = post(json.dumps({"name": command.name, "words": command.words()}).encode())
            assert answer[:2] == (status, KIND)
            assert answer[2]["type"] == f"{TYPE}{kind.__name__}"
        answers = [post(body) for body, _ in NO_COMMANDS]
        return answers, remote.submit(DEPLOY)

    answers, done = through(door, talk)
    for (status, kind, problem), (body, fact) in zip(answers, NO_COMMANDS, strict=True):
        assert (status, kind) == (422, KIND), body[:80]
        assert fact in problem["detail"], body[:80]
    assert done["workunits"] == 2


def test_a_laboratory_that_does_not_answer_cannot_be_told_anything(door):
    remote = SocketClient(door.lab.folder.socket)
    assert not remote.answers()
    with pytest.raises(CannotStart):
        remote.submit(DEPLOY)
    with closing(listen_on_path(door.lab.folder.socket)) as listening:
        listening.listen()
        with pytest.raises(CannotStart, match="may still be done"):  # who is silent may have heard it
            SocketClient(door.lab.folder.socket, patience=0.2).submit(DEPLOY)
    assert not remote.answers()  # nobody serves it any more


def test_a_fault_of_ours_is_answered_as_one_and_its_traceback_is_kept(door, caplog):
    def talk(remote):
        door.gate.writer.run(lambda db: db.execute("DROP TABLE prediction"))
        door.gate.writer.run(lambda db: db.execute("ALTER TABLE experiment RENAME TO elsewhere"))
        return remote.submit(DEPLOY)

    with pytest.raises(Fault, match="OperationalError"):
        through(door, talk)
    assert "Traceback" in caplog.text
