"""A furnished laboratory behind both of its sockets, and a scientist that speaks to a scripted model over the wire."""

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from listening import while_listening
from mcp_lab import McpLab
from model_line import SECRET, Line
from model_service import Play, played

from axiom.autopilot.autopilot import hold_session
from axiom.gate.client import SocketClient
from axiom.server.http.serving import ServedSocket
from axiom.service import standard_callers as callers
from axiom.service.mcp_local_access import LocalLabAccess
from axiom.service.scientist import Scientist
from axiom.service.sockets import listen_on_path
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.rounds import rounds, transcripts
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.app import Api, ApiServices
from axiom.web.socket import control_app

PRICES = "input=2,output=10,cached=0.2"
Call = tuple[str, dict[str, Any]]


@dataclass
class Script:
    """A model that calls tools in turn, all calls of a turn at once; a turn may be made from what the last came to.

    After its last turn it says that it is done. `asked` is every body that it was sent.
    """

    line: Line
    turns: Sequence[Sequence[Call] | Callable[[list[Any]], Sequence[Call]]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> Play:
        self.asked.append(body)
        at = sum(1 for message in body["messages"] if message["role"] == "assistant")
        if at >= len(self.turns):
            return played(self.line.body(text="I am done."))
        turn = self.turns[at]
        return called(self.line, at, turn(self.results(body)) if callable(turn) else turn)

    def results(self, body: dict[str, Any]) -> list[Any]:
        return results_of(self.line, body)

    def told(self) -> str:
        return json.dumps(self.asked)


@dataclass
class Talks:
    """A model that is a generator in each conversation: it yields the calls of a turn and is sent what they came to.

    Where no generator is left it says that it is done. `asked` is every body that it was sent.
    """

    line: Line
    talks: list[Generator[Any, Any, None]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Exception] = field(
        default_factory=list
    )  # of a script, or between: they would look like a silent model
    between: Callable[[], None] = lambda: None  # what happens before each of its turns

    def __call__(self, body: dict[str, Any]) -> Play:
        at = sum(1 for message in body["messages"] if message["role"] == "assistant")
        self.asked.append(body)
        if not at:
            self._now = self.talks.pop(0) if self.talks else _silence()
        try:
            self.between()
            calls = self._now.send(results_of(self.line, body) if at else None)
        except StopIteration:
            calls = ()
        except Exception as fault:
            self.faults.append(fault)
            raise
        return called(self.line, at, calls) if calls else played(self.line.body(text="I am done."))


def _silence() -> Generator[Any, Any, None]:
    yield from ()


def called(line: Line, at: int, calls: Sequence[Call]) -> Play:
    is_chat = line.protocol != "messages"
    said = [(f"call-{at}-{n}", name, json.dumps(words) if is_chat else words) for n, (name, words) in enumerate(calls)]
    return played(line.body(text="", calls=said, stop="tool_calls" if is_chat else "tool_use"))


def results_of(line: Line, body: dict[str, Any]) -> list[Any]:
    if line.protocol == "messages":
        content = body["messages"][-1]["content"]
        return [read(block["content"]) for block in content if block["type"] == "tool_result"]
    answered: list[Any] = []
    for message in reversed(body["messages"]):
        if message["role"] != "tool":
            break
        answered.insert(0, read(message["content"]))
    return answered


def read(text: str) -> Any:
    """What a tool answered; a call that could not be made comes back with a sentence."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass(kw_only=True)
class ScientistLab:
    mcp: McpLab
    line: Line
    settings: Settings

    def scientist(self, **more: Any) -> Scientist:
        """A new one, as a new process would make it. It waits for nothing."""
        environment = {"AXIOM_MODEL_KEY": SECRET}
        lab = self.mcp.lab
        how = {"pause": lambda _: None, "now": lambda: lab.now, **more}
        return Scientist(lab.folder, self.settings, environment, **how)

    def held(self, *, scientist: Scientist | None = None) -> str:
        talk = (scientist or self.scientist()).talk
        return str(self.served(lambda: hold_session(self.remote, "a test", "scientist 1", pi="scientist", talk=talk)))

    def served(self, work: Callable[[], Any]) -> Any:
        """What this comes to while the laboratory listens."""
        folder, mcp = self.mcp.lab.folder, self.mcp

        def admit(token: str) -> Any:
            with mcp.pages.readers.reader() as db:
                return callers.program_caller(db, token, mcp.gate.now())

        admission = ProgramAdmission(admit=admit)
        api = Api(ApiServices(gate=mcp.gate, pages=mcp.pages, admission=admission, people=mcp.people))
        with listen_on_path(folder.socket) as door, listen_on_path(folder.programs_socket) as programs_door:
            listeners = [
                ServedSocket(app=control_app(mcp.gate, mcp.pages, callers.operator_caller()), socket=door),
                ServedSocket(app=api, socket=programs_door),
            ]
            return while_listening(listeners, work)

    def scientist_desk(self) -> LocalLabAccess:
        with self.mcp.pages.readers.reader() as db:
            token = (self.mcp.lab.folder.keys / "scientist.token").read_text().strip()
            program = callers.program_caller(db, token, self.mcp.gate.now())
        return LocalLabAccess(pages=self.mcp.pages, gate=self.mcp.gate, people=self.mcp.people, program=program)

    @property
    def remote(self) -> SocketClient:
        return SocketClient(self.mcp.lab.folder.socket)

    def notes(self, name: str, kind: str) -> list[Any]:
        with Connections(folder=self.mcp.lab.folder).reader() as db:
            held_round = rounds.find_round_by_name(db, name)
            assert held_round
            assert held_round.ended_at is not None
            return [note for _, note in rounds.list_round_notes(db, held_round.id) if note.kind.startswith(kind)]

    def transcript(self, name: str) -> list[Any]:
        with Connections(folder=self.mcp.lab.folder).reader() as db:
            held_round = rounds.find_round_by_name(db, name)
            assert held_round
            assert transcripts.check_transcript_chain(db) == []
            return [kept.entry for kept in transcripts.list_transcript_entries(db, held_round.id)]


@contextmanager
def scientist_lab(mcp: McpLab, line: Line) -> Iterator[ScientistLab]:
    mcp.lab.folder.keys.mkdir(exist_ok=True)
    address = line.service.address + ("" if line.protocol == "messages" else "/v1")
    settings = Settings(
        model_address=address,
        model_protocol="messages" if line.protocol == "messages" else "chat",
        model_name="of-a-test",
        model_prices=PRICES,
    )
    yield ScientistLab(mcp=mcp, line=line, settings=settings)
