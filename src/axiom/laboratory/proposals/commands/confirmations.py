"""Asks the person at a program's client whether a proposal may run, and takes an answer once."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.domain.proposals import StoredProposal
from axiom.errors import AxiomError, NotAllowed, Refused
from axiom.gate.command import Answer
from axiom.gate.gate import CommandGate
from axiom.laboratory.proposals.approve_or_refuse import digest_proposal, require_approvable_proposal
from axiom.laboratory.proposals.commands.proposals import ApproveProposal
from axiom.limits import server as server_limits
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.connections import Connections

_LONGEST = 300  # characters of a claim in a question
# In the names of signs that a reader could take for the end of a quotation.
_QUOTES = ("QUOTATION", "APOSTROPHE", "PRIME", "DITTO", "CORNER BRACKET", "DOUBLE ACUTE ACCENT")
_APPROVE = ApproveProposal.name


@dataclass(frozen=True, kw_only=True)
class Confirmations:
    """The questions that are out. They end with the process that asked: nobody has answered then."""

    gate: CommandGate
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    taken: dict[str, datetime] = field(default_factory=dict)  # questions that were answered, until they expire
    lock: threading.Lock = field(default_factory=threading.Lock)

    def question(self, caller: Caller, number: int) -> Answer:
        """What a person is asked about this proposal, and a seal that makes their answer good once, for ten minutes."""
        self._demand(caller)
        proposal = self._waiting(number)
        question = {
            "proposal": number,
            "digest": digest_proposal(proposal),
            "caller": caller.name,
            "once": secrets.token_urlsafe(16),
            "until": (self.gate.now() + server_limits.APPROVAL_FOR).isoformat(),
        }
        body = base64.urlsafe_b64encode(canonical_bytes(question)).decode()
        return {"seal": f"{body}.{self._sign(body)}", "message": _message(caller, proposal)}

    def answer(self, caller: Caller, number: int, seal: str, action: str, ticked: object) -> Answer:
        """Approve it if the person accepted and ticked the box; anything else means that nobody answered.

        The approval is the person's, and stands so in the audit. A program cannot give it.
        """
        try:
            self._demand(caller)
            question = self._opened(caller, number, seal)
            if action != "accept" or ticked is not True:
                return {"proposal": number, "answered": False}
            if digest_proposal(self._waiting(number)) != question["digest"]:
                raise Refused(f"Proposal {number} is not what the person was asked about. Nothing was approved.")
        except AxiomError as error:
            arguments = json.dumps({"proposal": number, "action": action, "ticked": ticked}, default=str)
            self.gate.refuse(_APPROVE, arguments, caller, error)
            raise
        name = f"person at {caller.name}"
        command = ApproveProposal(proposal=number, why="a person at the program's client ticked the box", by=name)
        return {**self.gate.submit(command, _person(name), key=question["once"]), "answered": True}

    def _demand(self, caller: Caller) -> None:
        if not caller.may_approve:
            raise NotAllowed(
                f"Nobody at the client of {caller.name} may approve proposals. Nothing was approved; a person can, at "
                "a terminal: axiom proposal approve."
            )
        if Capability.PROPOSE not in caller.capabilities:
            raise NotAllowed(f"{caller.name} may only read, also who sits at its client. Nothing was approved.")

    def _waiting(self, number: int) -> StoredProposal:
        with Connections(folder=self.gate.laboratory.folder).reader() as db:
            return require_approvable_proposal(db, number)

    def _sign(self, body: str) -> str:
        return hmac.new(self.key, body.encode(errors="replace"), hashlib.sha256).hexdigest()

    def _opened(self, caller: Caller, number: int, seal: str) -> dict[str, Any]:
        """The question behind a seal, which is used up by this."""
        body, _, signature = seal.partition(".")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode(errors="replace")):
            raise Refused("This answers no question that the laboratory has asked. Nothing was approved; ask again.")
        question: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        if (question["caller"], question["proposal"]) != (caller.name, number):
            raise Refused("This answers a question about something else. Nothing was approved; ask again.")
        now, until = self.gate.now(), datetime.fromisoformat(question["until"])
        if now >= until:
            raise Refused("The question is older than ten minutes. Nothing was approved; ask again.")
        with self.lock:
            for once in [once for once, end in self.taken.items() if end <= now]:
                del self.taken[once]
            if question["once"] in self.taken:
                raise Refused("This question was answered already. Nothing more was done; ask again.")
            self.taken[question["once"]] = until
        return question


def _person(name: str) -> Caller:
    """The person at a client: they approve, and order nothing else."""
    limits = Limits(workunits_per_day=0, aborts_per_day=0)
    return Caller(name=name, capabilities=frozenset({Capability.READ, Capability.APPROVE}), limits=limits)


def _message(caller: Caller, stored_proposal: StoredProposal) -> str:
    """What the person reads. Everything that the proposal's author wrote stands in quotation marks."""
    proposal = stored_proposal.proposal
    hours = proposal.cost.shown["most_core_hours"]
    return (
        f"{caller.name} asks you to let proposal {stored_proposal.number} run, which {_line(proposal.author)} made: up "
        f"to {hours:g} core-hours of {proposal.experiment}@{proposal.version}. Its claim: “{_line(proposal.claim)}” "
        f"All of it is at /proposals/{stored_proposal.number} of the laboratory's site."
    )


def _line(text: str) -> str:
    """Somebody else's words on one line: nothing of them ends a quotation, acts on a screen or turns its direction."""
    calm = strip_controls("".join(sign for sign in text if not _is_quote(sign)))
    plain = " ".join(calm.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def _is_quote(sign: str) -> bool:
    name = unicodedata.name(sign, "")
    return any(word in name for word in _QUOTES)
