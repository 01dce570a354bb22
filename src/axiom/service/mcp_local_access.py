"""The laboratory as one program sees it, from within its process: pages, commands and the question to a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Match, Route

from axiom.domain.callers import Caller, Capability
from axiom.errors import AxiomError, NotAllowed, NotFound, WrongUse
from axiom.gate.command import Answer
from axiom.gate.gate import CommandGate
from axiom.gate.registry import read_command
from axiom.laboratory.proposals.commands.confirmations import Confirmations
from axiom.reads.brief_for_programs import describe_own_work
from axiom.web.site.app import Site
from axiom.web.site.routes import PAGES

_ROUTES = tuple((Route(page.path, lambda: None), page) for page in PAGES)
_MOST_TOLD = 1_000  # characters of an error that is remembered


@dataclass(frozen=True, kw_only=True)
class LocalLabAccess:
    pages: Site
    gate: CommandGate
    people: Confirmations
    program: Caller

    def caller(self) -> Caller:
        return self.program

    def read(self, path: str, query: Mapping[str, str]) -> Answer:
        if Capability.READ not in self.program.capabilities:
            raise NotAllowed(f"{self.program.name} may not read. Nothing was read.")
        scope = _scope(path, query)
        for route, page in _ROUTES:
            match, more = route.matches(scope)
            if match is not Match.FULL:
                continue
            try:
                with self.pages.read(Request(scope)) as reading:
                    made = page.make(reading, **more["path_params"])
            except OverflowError:
                break  # a number too large for the database names nothing
            if misread := made.get("misread"):
                raise WrongUse(f"{' '.join(misread)} Nothing was read.")
            answer: Answer = json.loads(json.dumps(made))
            return answer
        raise NotFound(f"There is nothing at {path}. Nothing was read.")

    def read_own_work(self) -> Answer:
        with self.pages.read(Request(_scope("/", {}))) as reading:
            answer: Answer = json.loads(json.dumps(describe_own_work(reading, self.program.name)))
        return answer

    def submit(self, name: str, words: Mapping[str, Any], *, dry_run: bool, key: str | None) -> Answer:
        try:
            command = read_command(name, words, self.program)
        except WrongUse as error:
            self.refuse(name, json.dumps(words, default=str), error)
            raise
        return self.gate.submit(command, self.program, dry_run=dry_run, key=key)

    def refuse(self, name: str, text: str, error: AxiomError) -> None:
        refusal = WrongUse(_storable(str(error)[:_MOST_TOLD]))
        self.gate.refuse(_storable(name), _storable(text), self.program, refusal)

    def question(self, number: int) -> Answer:
        return self.people.question(self.program, number)

    def answer(self, number: int, seal: str, action: str, ticked: object) -> Answer:
        return self.people.answer(self.program, number, seal, action, ticked)


def _scope(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "query_string": urlencode(query).encode(),
        "scheme": "http",
        "server": ("laboratory", 80),
    }


def _storable(text: str) -> str:
    """The text without halves of characters, which JSON can say and no database can keep."""
    return text.encode(errors="replace").decode()
