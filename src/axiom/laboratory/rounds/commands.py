"""Commands about rounds: hold one, step by step or, to see what it would do, as a whole."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from axiom.domain.callers import Capability
from axiom.domain.rounds import EntryKind, Step, TranscriptEntry
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.rounds.rounds import StepResult, record_transcript_entry, take_next_step
from axiom.limits import rounds as limits
from axiom.store.engine.database import Database

Pi = Literal["autopilot", "person", "scientist", "program"]  # who may hold a round

_DIGEST = {"pattern": r"^([0-9a-f]{64})?$"}


@dataclass(frozen=True, kw_only=True)
class StepRound(Command, name="session.step", capability=Capability.RUN):
    """Do the next step of the session that is open, or open one and do its first step."""

    pi: Pi
    reason: str = field(metadata={"min_length": 1, "max_length": 500})
    session: str = field(
        default="", metadata={"max_length": 40}
    )  # the round to go on with; empty for whichever is open
    holder: str = field(
        default="", metadata={"max_length": 80}
    )  # who has it in hand from step to step; nobody, if empty
    until: Step = Step.LOG  # the last step that the holder means to do

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        policy = policy_from_settings(laboratory.settings)
        stepped = take_next_step(
            db,
            policy,
            pi=self.pi,
            reason=self.reason,
            now=now,
            name=self.session,
            holder=self.holder,
            until=self.until,
        )
        return _answer(stepped)


@dataclass(frozen=True, kw_only=True)
class HoldSession(Command, name="session.hold", capability=Capability.RUN):
    """Do all steps up to and with one, in one transaction: what a dry run shows."""

    pi: Pi
    reason: str = field(metadata={"min_length": 1, "max_length": 500})
    until: Step = Step.LOG

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        policy = policy_from_settings(laboratory.settings)
        done: list[Answer] = []
        while not done or not has_reached_step(done[-1], self.until):
            done.append(_answer(take_next_step(db, policy, pi=self.pi, reason=self.reason, now=now)))
        return {"session": done[-1]["session"], "steps": done}


@dataclass(frozen=True, kw_only=True)
class TranscribeSession(Command, name="session.transcribe", capability=Capability.RUN):
    """Write down what was said to a language model, or what came of it, and keep the session in hand meanwhile."""

    session: str = field(metadata={"min_length": 1, "max_length": 40})
    holder: str = field(metadata={"min_length": 1, "max_length": 80})
    kind: EntryKind
    model: str = field(metadata={"max_length": 200})
    prompt: str = field(metadata=_DIGEST)
    body: str = field(metadata={"max_length": limits.CHARACTERS_AT_ONCE})
    tokens: int = field(default=0, metadata={"ge": 0, "le": 2**62})
    micros: int = field(default=0, metadata={"ge": 0, "le": 2**62})
    request_id: int | None = None

    def audited(self) -> dict[str, Any]:
        """Without the words themselves, which the transcript has."""
        return {**self.words(), "body": hashlib.sha256(self.body.encode()).hexdigest()}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        entry = TranscriptEntry(
            kind=self.kind,
            model=self.model,
            prompt=self.prompt,
            body=self.body,
            tokens=self.tokens,
            micros=self.micros,
            request_id=self.request_id,
        )
        return {"entry": record_transcript_entry(db, self.session, self.holder, entry, now)}


def has_reached_step(answer: Answer, until: Step) -> bool:
    """Is a round as far as this step? One that was further already is, too."""
    steps = list(Step)
    return steps.index(Step(answer["step"])) >= steps.index(until)


def _answer(stepped: StepResult) -> Answer:
    return {
        "session": stepped.round.name,
        "step": stepped.step.value,
        "notes": [note.sentence for note in stepped.notes],
        "ended": stepped.ended,
    }
