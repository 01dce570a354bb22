"""The autopilot behind a real socket: it holds what is due, survives refusals, and ends with its laboratory."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from patience import PATIENCE

from axiom.commands.context import Laboratory
from axiom.commands.gate import CommandGate
from axiom.commands.remote import Remote
from axiom.commands.sessions import StepSession
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.sessions import Step
from axiom.errors import CannotStart, HeldByAnother
from axiom.lab.policy import policy_of
from axiom.pi.autopilot import attend, hold
from axiom.server.http.hardening import ServedSocket, StopSignal, serve
from axiom.service.autopilot import Occasion
from axiom.service.sockets import on_path
from axiom.settings import Settings
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.sessions import sessions
from axiom.store.writer import Writer
from axiom.web.site.app import Site
from axiom.web.socket import control

LIMIT = 20.0  # seconds after which a test gives up


class Behind:
    """A laboratory behind its socket, in which one host has two cores."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.writer = Writer(lambda: connect_writer(lab.folder.database))
        settings = Settings()
        laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=settings, package=lab.folder.path)
        self.gate = CommandGate(writer=self.writer, laboratory=laboratory, now=lambda: lab.now)
        self.occasion = Occasion(lab.folder, policy_of(settings), lambda: lab.now)
        self.remote = Remote(lab.folder.socket)
        self.caller = Caller(
            name="operator",
            capabilities=frozenset(Capability),
            limits=Limits(workunits_per_day=100, aborts_per_day=100),
        )

    def serve(self, talk):
        """What `talk` returns while the laboratory listens; the loop needs the main thread."""
        pages = Site(
            folder=self.lab.folder,
            name="Small",
            now=lambda: self.lab.now,
            live=lambda: {"session": {"due": self.occasion.now()}},
        )
        listener = ServedSocket(app=control(self.gate, pages, self.caller), socket=on_path(self.lab.folder.socket))
        stopping = StopSignal()

        def talking():
            try:
                return talk()
            finally:
                stopping.now()

        with ThreadPoolExecutor(1) as pool:
            talked = pool.submit(talking)
            serve([listener], stopping)
            return talked.result(timeout=LIMIT)

    def attended(self, enough: int) -> list[str]:
        """The sessions that an autopilot held, ended after so many."""
        said, stopping = [], threading.Event()

        def hear(name: str) -> None:
            said.append(name)
            if len(said) >= enough:
                stopping.set()

        attend(self.remote, stopping, pause=0.05, said=hear)
        return said

    def sessions(self) -> list:
        db = connect_reader(self.lab.folder.database)
        try:
            return sessions.sessions(db, 100)
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


def test_it_holds_a_session_when_one_is_due(behind):
    assert behind.serve(lambda: behind.attended(1)) == ["2026-03-02-a"]
    (held,) = behind.sessions()
    assert (held.pi, held.reason, held.done) == ("autopilot", "no round has been held yet", tuple(Step))


def test_it_goes_on_with_a_session_that_is_open_and_begins_no_other(behind):
    for _ in range(3):
        behind.gate.submit(StepSession(pi="person", reason="a test"), behind.caller)
    assert behind.serve(lambda: behind.attended(1)) == ["2026-03-02-a"]
    (held,) = behind.sessions()
    assert (held.pi, held.done, held.ended_at) == ("person", tuple(Step), behind.lab.now)


def test_it_holds_none_while_none_is_due(behind):
    behind.serve(lambda: hold(behind.remote, "a test"))
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    said: list[str] = []
    behind.serve(lambda: attend(behind.remote, stopping, pause=0.01, said=said.append))
    assert said == []
    assert len(behind.sessions()) == 1


def test_it_survives_refusals_and_says_them(behind, caplog):
    allowed = behind.caller
    behind.caller = replace(allowed, capabilities=frozenset({Capability.READ}))
    stopping = threading.Event()

    def refusals() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "axiom.autopilot"]

    def stop_after_two() -> None:
        until = time.monotonic() + PATIENCE
        while len(refusals()) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        stopping.set()

    threading.Thread(target=stop_after_two).start()
    with caplog.at_level(logging.ERROR, "axiom.autopilot"):
        behind.serve(lambda: attend(behind.remote, stopping, pause=0.01, said=pytest.fail))
    refused = refusals()
    assert len(refused) > 1
    assert refused[0].startswith("session.refused operator may not deploy; session.step needs that.")
    behind.caller = allowed
    assert behind.serve(lambda: behind.attended(1)) == ["2026-03-02-a"]


def test_a_session_that_another_has_in_hand_is_left_to_them_in_silence(behind, caplog):
    behind.gate.submit(StepSession(pi="person", reason="a test", holder="Ada"), behind.caller)
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    assert behind.serve(lambda: attend(behind.remote, stopping, pause=0.01, said=pytest.fail))
    assert [record.getMessage() for record in caplog.records if record.name == "axiom.autopilot"] == []
    with pytest.raises(HeldByAnother, match="Ada has it in hand"):
        behind.serve(lambda: hold(behind.remote, "a test", "Ben"))


def test_it_ends_when_the_laboratory_is_gone(behind, caplog):
    asked = threading.Thread(
        target=attend, args=(behind.remote, threading.Event()), kwargs={"pause": 0.001, "said": pytest.fail}
    )
    asked.start()
    asked.join(LIMIT)
    assert not asked.is_alive()
    assert caplog.records == []  # that is no fault
    with pytest.raises(CannotStart):
        hold(behind.remote, "a test")


def test_a_laboratory_that_is_away_for_a_moment_is_waited_for(behind):
    """It comes while the autopilot, which was there first, has asked in vain a few times."""
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(behind.attended, 1)
        time.sleep(0.3)  # a few questions; it has patience for more
        assert not held.done()
        assert behind.serve(lambda: held.result(timeout=LIMIT)) == ["2026-03-02-a"]


def test_it_ends_when_somebody_says_stop(behind):
    stopping = threading.Event()
    stopping.set()
    attend(behind.remote, stopping, pause=60.0, said=pytest.fail)
    assert behind.sessions() == []
