"""The autopilot behind a real socket: it holds what is due, survives refusals, and ends with its laboratory."""

import itertools
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from listening import while_listening
from patience import PATIENCE

from axiom.autopilot import autopilot
from axiom.autopilot.autopilot import hold_session, run_autopilot
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.rounds import Step
from axiom.errors import CannotStart, HeldByAnother
from axiom.gate.client import SocketClient
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.rounds.commands import StepRound
from axiom.server.http.serving import ServedSocket
from axiom.service.autopilot import SessionReason
from axiom.service.sockets import listen_on_path
from axiom.settings import Settings
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.rounds import rounds
from axiom.store.writer import Writer
from axiom.web.site.app import Site
from axiom.web.socket import control_app


class Behind:
    """A laboratory behind its socket, in which one host has two cores."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.writer = Writer(lambda: connect_writer(lab.folder.database))
        settings = Settings()
        laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=settings, package=lab.folder.path)
        self.gate = open_gate(self.writer, laboratory, lambda: lab.now)
        self.occasion = SessionReason(lab.folder, policy_from_settings(settings), lambda: lab.now)
        self.remote = SocketClient(lab.folder.socket)
        self.caller = Caller(
            name="operator",
            capabilities=frozenset(Capability),
            limits=Limits(workunits_per_day=100, aborts_per_day=100),
        )

    def serve(self, talk):
        """What `talk` returns while the laboratory listens."""
        pages = Site(
            folder=self.lab.folder,
            name="Small",
            now=lambda: self.lab.now,
            live=lambda: {"session": {"due": self.occasion.now()}},
        )
        listener = ServedSocket(
            app=control_app(self.gate, pages, self.caller), socket=listen_on_path(self.lab.folder.socket)
        )
        return while_listening([listener], talk)

    def attended(self, enough: int) -> list[str]:
        """The sessions that an autopilot held, ended after so many."""
        said, stopping = [], threading.Event()

        def hear(name: str) -> None:
            said.append(name)
            if len(said) >= enough:
                stopping.set()

        run_autopilot(self.remote, stopping, pause=0.01, report=hear)
        return said

    def looked_at(self, enough: int, report=pytest.fail) -> bool:
        """Until an autopilot that finds nothing to hold has asked so often."""
        stopping, door = threading.Event(), self.remote
        asked = itertools.count(1)

        class Counted:
            def status(self):
                if next(asked) >= enough:
                    stopping.set()
                return door.status()

            submit = staticmethod(door.submit)

        return self.serve(lambda: run_autopilot(Counted(), stopping, pause=0.001, report=report))

    def sessions(self) -> list:
        db = connect_reader(self.lab.folder.database)
        try:
            return rounds.list_rounds(db, 100)
        finally:
            db.close()


@pytest.fixture
def behind(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.db.close()
    behind = Behind(small_lab)
    behind.writer.start()
    yield behind
    behind.writer.stop()


@pytest.mark.parametrize("steps", [0, 3])
def test_it_holds_a_session_when_one_is_due_or_goes_on_with_the_open_one(behind, steps):
    for _ in range(steps):
        behind.gate.submit(StepRound(pi="person", reason="a test"), behind.caller)
    assert behind.serve(lambda: behind.attended(1)) == ["2026-03-02-a"]
    (held,) = behind.sessions()
    assert held.pi == ("person" if steps else "autopilot")
    assert held.done == tuple(Step)
    assert held.ended_at == behind.lab.now


def test_it_survives_refusals_and_says_them_and_holds_none_while_none_is_due(behind, caplog):
    allowed = behind.caller
    behind.caller = replace(allowed, capabilities=frozenset({Capability.READ}))
    with caplog.at_level(logging.ERROR, "axiom.autopilot"):
        assert behind.looked_at(3)
    refused = [record.getMessage() for record in caplog.records if record.name == "axiom.autopilot"]
    assert len(refused) == 3
    assert refused[0].startswith("session.refused operator may not run the laboratory")
    behind.caller = allowed
    assert behind.serve(lambda: behind.attended(1)) == ["2026-03-02-a"]
    assert behind.looked_at(5)
    assert len(behind.sessions()) == 1


def test_a_session_that_another_has_in_hand_is_left_to_them_in_silence(behind, caplog):
    behind.gate.submit(StepRound(pi="person", reason="a test", holder="Ada"), behind.caller)
    assert behind.looked_at(3)
    assert [record.getMessage() for record in caplog.records if record.name == "axiom.autopilot"] == []
    with pytest.raises(HeldByAnother, match="Ada"):
        behind.serve(lambda: hold_session(behind.remote, "a test", "Ben"))


def test_it_ends_when_the_laboratory_is_gone_or_somebody_says_stop(behind, caplog):
    assert not run_autopilot(behind.remote, threading.Event(), pause=0.001, report=pytest.fail)
    assert caplog.records == []  # that is no fault
    with pytest.raises(CannotStart):
        hold_session(behind.remote, "a test")
    stopping = threading.Event()
    stopping.set()
    run_autopilot(behind.remote, stopping, pause=60.0, report=pytest.fail)
    assert behind.sessions() == []


def test_it_looks_soon_at_first_and_after_a_round_and_seldom_at_rest(monkeypatch):
    reasons = iter(["", *[""] * 20, "a block is closed", "", ""])

    class Waits(list):
        def wait(self, seconds: float) -> bool:
            self.append(seconds)
            return len(self) > 24

    class Door:
        def status(self):
            return {"status": {"session": {"due": next(reasons)}}}

    monkeypatch.setattr(autopilot, "hold_session", lambda *_, **__: "round-1")
    waits = Waits()
    assert run_autopilot(Door(), waits, pause=1.0, report=lambda _: None)
    assert waits[0] < 0.2
    assert waits[:22] == sorted(waits[:22])
    assert waits[21] == 1.0
    assert waits[22] == waits[0]


def test_a_laboratory_that_is_away_for_a_moment_is_waited_for(behind):
    """It comes while the autopilot, which was there first, has asked in vain a few times."""
    asked, remote = threading.Semaphore(0), behind.remote

    class Waited:
        def status(self):
            asked.release()
            return remote.status()

        submit = staticmethod(remote.submit)

    behind.remote = Waited()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(behind.attended, 1)
        for _ in range(3):  # it has patience for more
            assert asked.acquire(timeout=PATIENCE)
        assert not held.done()
        assert behind.serve(lambda: held.result(timeout=PATIENCE)) == ["2026-03-02-a"]
