"""A small laboratory that programs may enter: its gate, its site and desks for tokens, all in this process."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
from furnished_lab import fill, furnish_more
from mcp.client.client import Client
from mcp_types import ElicitResult
from started_writer import started_writer
from tiny_experiment import tiny_source

import axiom
from axiom.domain.programs import Right
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.open_gate import open_gate
from axiom.laboratory.programs.commands import AddProgram
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.mcp.server import lab_server
from axiom.service import standard_callers as callers
from axiom.service.mcp_local_access import LocalLabAccess
from axiom.settings import Settings
from axiom.signed.program_tokens import digest_token
from axiom.store.connections import Connections
from axiom.store.engine.database import connect_reader
from axiom.store.registrations import proposals
from axiom.store.upkeep import audit
from axiom.web.site.app import Site

RETIRING = Proposal(
    slug="retire-3",
    template=Template.RETIRE,
    admission=Admission.RETIRE,
    experiment="tiny_sum",
    version=3,
    finding=3,
    links=(3,),
    kind="retire",
    question="Is anything more to be learned of finding 3?",
    motivation="It costs more than it tells.",
    claim="nothing more is to be learned of it",
    rival="",
    basis="a test",
)
ERAS = ("legacy", "2026-07-28")  # initialize, and a request that stands alone


@dataclass(kw_only=True)
class McpLab:
    lab: Any
    gate: CommandGate
    pages: Site
    people: Confirmations

    def desk(self, name: str, may: str = "propose", **more: Any) -> LocalLabAccess:
        token = f"token of {name}"
        command = AddProgram(program=name, may=Right(may), token=digest_token(token), **more)
        self.gate.submit(command, callers.operator_caller())
        with self.pages.readers.reader() as db:
            program = callers.program_caller(db, token, self.gate.now())
        return LocalLabAccess(pages=self.pages, gate=self.gate, people=self.people, program=program)

    def stored(self) -> dict[str, list[Any]]:
        db = connect_reader(self.lab.folder.database)
        try:
            tables = sorted(db.tables() - {"audit", "sqlite_sequence"})
            rows = {table: [tuple(row) for row in db.select(f"SELECT * FROM {table}")] for table in tables}  # noqa: S608
            return rows | {"counter": [row for row in rows["counter"] if "audit" not in row]}
        finally:
            db.close()

    def audited(self, most: int = 100) -> list[dict[str, Any]]:
        with Connections(folder=self.lab.folder).reader() as db:
            return [dict(row) for row in audit.list_audit_entries(db, most)[::-1]]

    def is_whole(self) -> bool:
        self.lab.db = connect_reader(self.lab.folder.database)
        try:
            return not self.lab.broken()
        finally:
            self.lab.db.close()


@contextmanager
def opened(lab: Any, prepared: Any) -> Iterator[McpLab]:
    """The laboratory with something on every page, and a writer behind its gate."""
    fill(lab, prepared)
    furnish_more(lab, prepared)
    with lab.db.transaction():
        proposals.add_proposal(lab.db, RETIRING, 3, 1, lab.now)
    with gated(lab) as made:
        yield made


@contextmanager
def gated(lab: Any) -> Iterator[McpLab]:
    """The laboratory as it is, with a writer behind its gate."""
    lab.folder.catalogue.mkdir(exist_ok=True)
    (lab.folder.catalogue / "tiny_sum.py").write_text(tiny_source(version=3))
    laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), package=Path(axiom.__file__).parent)
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    with started_writer(lab) as writer, closing(pages.readers):
        gate = open_gate(writer, laboratory, lambda: lab.now)
        yield McpLab(lab=lab, gate=gate, pages=pages, people=Confirmations(gate=gate))


def answer_of(result: Any) -> Any:
    """What a tool answered; text and structure must say the same."""
    (content,) = result.content
    assert json.loads(content.text) == result.structured_content
    return result.structured_content


@dataclass(frozen=True, kw_only=True)
class ClientPerson:
    action: Literal["accept", "decline", "cancel"] = "accept"
    content: Any = None

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action=self.action, content=self.content)


def asked(server: Any, name: str, words: Any, *, mode: str = "legacy", person: Any = None) -> Any:
    """What one call answers through the protocol's own client."""

    async def run() -> Any:
        async with Client(server, mode=mode, elicitation_callback=person) as client:
            return await client.call_tool(name, words)

    return anyio.run(run)


def served(lab: LocalLabAccess, *, operates: bool = False) -> Any:
    return lab_server(lambda _: lab, operates=operates)
