"""A laboratory in another process, through its API: over HTTP or through its socket for programs."""

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from axiom.domain.callers import Caller, Capability, Limits
from axiom.errors import AxiomError, NoAnswer
from axiom.gate.client import ApiClient
from axiom.mcp.answers import Answer

_NO_LIMITS = Limits(workunits_per_day=0, aborts_per_day=0)  # the laboratory knows them


class RemoteLabAccess:
    """A `LabAccess` whose laboratory is somewhere else."""

    def __init__(self, address: str | Path, token: str) -> None:
        """`address`: of the site, as https://lab.example/, or the path of a socket."""
        self._address = address
        self._client = ApiClient(f"unix:{address}" if isinstance(address, Path) else address, token)
        self._caller: Caller | None = None  # what a token may do never changes

    def caller(self) -> Caller:
        if self._caller is None:
            facts = self._ask("GET", "/api/caller")
            self._caller = Caller(
                name=facts["name"],
                capabilities=frozenset(Capability(right) for right in facts["may"]),
                limits=_NO_LIMITS,
                is_program=True,
                may_approve=facts["may_approve"],
            )
        return self._caller

    def read(self, path: str, query: Mapping[str, str]) -> Answer:
        words = f"?{urlencode(query)}" if query else ""
        return self._ask("GET", f"/api{quote(path)}{words}")

    def read_own_work(self) -> Answer:
        return self._ask("GET", "/api/yours")

    def submit(self, name: str, words: Mapping[str, Any], *, dry_run: bool, key: str | None) -> Answer:
        headers = {"Idempotency-Key": quote(key)} if key is not None else {}
        return self._ask("POST", f"/api/commands/{quote(name)}{'?dry_run=1' if dry_run else ''}", words, headers)

    def refuse(self, name: str, text: str, error: AxiomError) -> None:
        """Have it remembered: nothing of this name is a command, and the laboratory writes down what was asked."""
        try:
            self._ask("POST", f"/api/commands/{quote(name[:80], safe='')}", {"said": text, "why": str(error)[:1_000]})
        except AxiomError as refusal:
            if isinstance(refusal, NoAnswer):
                raise

    def question(self, number: int) -> Answer:
        return self._ask("POST", f"/api/proposals/{number}/question", {})

    def answer(self, number: int, seal: str, action: str, ticked: object) -> Answer:
        words = {"seal": seal, "action": action, "ticked": ticked is True}
        return self._ask("POST", f"/api/proposals/{number}/answer", words)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            raw = None if body is None else json.dumps(body).encode()
            reply = self._client.ask(method, path, raw, {"content-type": "application/json", **(headers or {})})
        except (OSError, http.client.HTTPException, ValueError, TypeError, RecursionError) as error:
            raise NoAnswer(
                f"No laboratory answers at {self._address} ({type(error).__name__}). It may not run, or still be "
                "starting; what was asked of it may have been done. Start it with `axiom lab`, and ask again with the "
                "same key."
            ) from error
        return reply.answer()
