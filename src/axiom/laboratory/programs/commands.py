"""Commands about programs: let one in, end that, and say how much it may do. Only whoever gives rights can."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.programs import USUAL_LIMITS, AdmittedProgram, Right
from axiom.errors import NotFound, Refused, UnknownName, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import CALLER_NAME, LINE, LINES, SAID_BY
from axiom.limits import language_models
from axiom.store.accounts import notebooks, programs
from axiom.store.engine.database import Database
from axiom.store.registrations import proposals, registrations

_DIGEST = {"pattern": r"^[0-9a-f]{64}$"}
_LARGEST = 1e9  # of a limit


@dataclass(frozen=True, kw_only=True)
class AddProgram(Command, name="program.add", capability=Capability.GOVERN):
    """Let a program in: whoever has the token whose digest this is may do that much, until the token expires."""

    program: str = field(metadata=CALLER_NAME)
    may: Right = field(
        metadata={
            "flag": "--may",
            "help": "read: look; propose: also ask, predict, link and note; operate: also publish and order.",
        }
    )
    token: str = field(metadata=_DIGEST)
    days: int = field(default=90, metadata={"ge": 1, "le": 3_650, "help": "How long its token is good."})
    model: str = field(
        default="",
        metadata={
            "max_length": 80,
            "pattern": LINE,
            "help": "Which language model speaks through it; kept beside what it does.",
        },
    )
    prompt: str = field(default="", metadata={"pattern": r"^([0-9a-f]{64})?$"})  # the digest of its instructions
    may_approve: bool = field(
        default=False,
        metadata={"help": "The person before whom it runs may approve proposals in it (`axiom mcp`)."},
    )
    limits: dict[str, float] = field(default_factory=dict, metadata={"max_length": len(USUAL_LIMITS)})

    def __post_init__(self) -> None:
        """Hold its limits to what a limit can be, too."""
        super().__post_init__()
        _demand_limits(self.limits)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        expires_at = now + timedelta(days=self.days)
        made = programs.add_program(
            db,
            name=self.program,
            model=self.model,
            prompt=self.prompt,
            right=self.may,
            may_approve=self.may_approve,
            limits=self.limits,
            token=self.token,
            expires_at=expires_at,
            now=now,
        )
        if made is None:
            raise Refused(
                f"There is or was a program {self.program}, and the audit knows it by that name. Nobody was let in; "
                "choose another name."
            )
        return {"program": self.program, "may": self.may, "expires_at": expires_at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class EndProgram(Command, name="program.end", capability=Capability.GOVERN):
    """Let a program in no more: its token is worth nothing from now on. What it did stays."""

    program: str = field(metadata=CALLER_NAME)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if not programs.end_program(db, _program(db, self.program).id, now):
            raise Refused(f"The program {self.program} has ended already. Nothing was changed.")
        return {"program": self.program, "ended_at": now.isoformat()}


@dataclass(frozen=True, kw_only=True)
class LimitProgram(Command, name="program.limit", capability=Capability.GOVERN):
    """Say how much a program may do in a day, where that differs from the usual limits. The others stay as they are."""

    program: str = field(metadata=CALLER_NAME)
    limits: dict[str, float] = field(metadata={"min_length": 1, "max_length": len(USUAL_LIMITS)})

    def __post_init__(self) -> None:
        """Hold the limits to what a limit can be, too."""
        super().__post_init__()
        _demand_limits(self.limits)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        program = _program(db, self.program)
        limits = {**program.limits, **self.limits}
        programs.set_program_limits(db, program.id, limits)
        return {"program": self.program, "limits": {**USUAL_LIMITS, **limits}}


@dataclass(frozen=True, kw_only=True)
class WriteNotebook(Command, name="notebook.write", capability=Capability.PROPOSE):
    """Keep a page for yourself, in the place of the last; lab_brief shows it to you alone."""

    text: str = field(metadata={"max_length": language_models.NOTEBOOK_CHARACTERS, "pattern": LINES})
    # "finding 412" or "proposal 7": ask again only when that was weighed. Empty: when anything was.
    wake_when: str = field(default="", metadata={"pattern": r"^((finding|proposal) [0-9]{1,15})?$"})
    by: str = field(default="operator", metadata=SAID_BY)

    def audited(self) -> dict[str, Any]:
        """Of the page its digest: the page is its author's own."""
        return {**self.words(), "text": hashlib.sha256(self.text.encode()).hexdigest()}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        noun, _, number = self.wake_when.partition(" ")
        find = {"finding": registrations.find_finding_registration, "proposal": proposals.find_proposal}.get(noun)
        if find is not None and find(db, int(number)) is None:
            raise NotFound(f"There is no {self.wake_when}. Nothing was kept.")
        notebooks.add_notebook_page(db, self.by, self.text, wakes_on=self.wake_when, now=now)
        return {"kept": len(self.text), "wake_when": self.wake_when}


def _program(db: Database, name: str) -> AdmittedProgram:
    program = programs.find_program(db, name)
    if program is None:
        raise NotFound(f"There is no program {name}. Nothing was changed; `axiom program list` shows all.")
    return program


def _demand_limits(limits: Mapping[str, float]) -> None:
    for name, most in limits.items():
        if name not in USUAL_LIMITS:
            raise UnknownName("limit", name, USUAL_LIMITS)
        if not 0 <= most <= _LARGEST:
            raise WrongUse(f"A limit is from 0 to {_LARGEST:g}, and {name} is {most:g}. Nothing was changed.")
