"""Commands about ideas: write a question down that nobody has asked yet, show it, answer it, take it back.

A volunteer's idea is read by its author and the operator alone until the operator shows it to everybody.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from axiom.domain.callers import Capability
from axiom.domain.proposals import Idea, IdeaAnswer, IdeaState, StoredIdea
from axiom.errors import NotFound, Refused, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, LINES, NAMED, NUMBER, SAID_BY
from axiom.laboratory.accounts.commands.accounts import AccountCommand
from axiom.laboratory.experiments.find_version import find_version
from axiom.limits import ideas as limits
from axiom.rules.accounts.command_permission import CommandCost
from axiom.store.engine.database import Database
from axiom.store.registrations import ideas, proposals, registrations

_QUESTION = {"min_length": limits.LEAST_CHARACTERS, "max_length": limits.QUESTION_CHARACTERS, "pattern": LINE}
_ANSWER = {
    "max_length": limits.REASON_CHARACTERS,
    "pattern": LINES,
    "help": "A reason, or what else there is to say; its author and every reader see it.",
}
_WHY = {"min_length": limits.LEAST_CHARACTERS, "max_length": limits.REASON_CHARACTERS, "pattern": LINES}


@dataclass(frozen=True, kw_only=True)
class AddIdea(Command, name="idea.add", capability=Capability.PROPOSE):
    """Write down a question that nobody has asked yet, and why it is worth asking. Everybody can read it."""

    question: str = field(metadata=_QUESTION)
    why: str = field(metadata=_WHY | {"help": "Why it is worth asking."})
    by: str = field(metadata=SAID_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        return _add(db, Idea(question=self.question, why=self.why, by=self.by), is_shown=True, now=now)


@dataclass(frozen=True, kw_only=True)
class SuggestIdea(AccountCommand, name="idea.suggest"):
    """Write down a volunteer's question. The operator reads it before everybody does."""

    question: str = field(metadata=_QUESTION)
    why: str = field(metadata=_WHY)

    def request(self, db: Database) -> CommandCost:
        """Only so many a day: a person reads each."""
        return replace(super().request(db), most_a_day=limits.A_DAY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down, for its author and the operator alone."""
        self.volunteer_and_account(db)
        idea = Idea(question=self.question, why=self.why, by=f"volunteer:{self.volunteer}", volunteer_id=self.volunteer)
        return {"volunteer": self.volunteer, **_add(db, idea, is_shown=False, now=now)}


@dataclass(frozen=True, kw_only=True)
class ShowIdea(Command, name="idea.show", capability=Capability.APPROVE):
    """Show an idea to everybody. A person alone does: what strangers write is no program's to pass on."""

    idea: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        idea = _demand_idea(db, self.idea)
        if not ideas.show_idea(db, self.idea, now):
            what = "was withdrawn by its author" if idea.state is IdeaState.WITHDRAWN else "is shown to everybody"
            raise Refused(f"Idea {self.idea} {what} already. Nothing was changed.")
        return {"idea": self.idea, "is_public": True}


@dataclass(frozen=True, kw_only=True)
class HideIdea(Command, name="idea.hide", capability=Capability.OPERATE):
    """Show an idea no more: its author and the operator alone may read it. What others copied stays with them."""

    idea: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        _demand_idea(db, self.idea)
        if not ideas.hide_idea(db, self.idea):
            raise Refused(f"Idea {self.idea} is shown to nobody but its author. Nothing was changed.")
        return {"idea": self.idea, "is_public": False}


@dataclass(frozen=True, kw_only=True)
class AnswerIdea(Command, name="idea.answer", capability=Capability.OPERATE):
    """Say what became of an idea: something asks it, a finding answers it, or it is declined for a reason.

    It may be answered again: what was taken up is known one day.
    """

    idea: int = field(metadata=NUMBER)
    state: Literal["taken", "known", "declined"]
    why: str = field(default="", metadata=_ANSWER)
    proposal: int | None = field(
        default=None, metadata=NUMBER | {"help": "Of one that is taken: the proposal that asks it."}
    )
    experiment: str | None = field(
        default=None, metadata=NAMED | {"help": "Of one that is taken: the experiment that asks it."}
    )
    finding: int | None = field(
        default=None, metadata=NUMBER | {"help": "Of one that is known: the finding that answers it."}
    )
    by: str = field(default="operator", metadata=SAID_BY)

    def __post_init__(self) -> None:
        """Hold each state to what it is said with."""
        super().__post_init__()
        asks = [word for word in (self.proposal, self.experiment) if word is not None]
        fitting, needs = {
            IdeaState.TAKEN: (len(asks) == 1 and self.finding is None, "the proposal or the experiment that asks it"),
            IdeaState.KNOWN: (not asks and self.finding is not None, "the finding that answers it"),
            IdeaState.DECLINED: (
                not asks and self.finding is None and len(self.why) >= limits.LEAST_CHARACTERS,
                "a reason",
            ),
        }[IdeaState(self.state)]
        if not fitting:
            raise WrongUse(f"An idea that is {self.state} takes {needs}, and nothing else. Nothing was answered.")

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        _demand_idea(db, self.idea)
        version = find_version(db, self.experiment) if self.experiment is not None else None
        _demand_there(db, self.proposal, self.finding)
        answer = IdeaAnswer(
            state=IdeaState(self.state), why=self.why, by=self.by, proposal=self.proposal, finding=self.finding
        )
        if not ideas.answer_idea(db, self.idea, answer, version.id if version else None, now):
            raise Refused(f"Idea {self.idea} was withdrawn by its author. Nothing was answered.")
        return {"idea": self.idea, "state": self.state, "where": f"/ideas/{self.idea}"}


@dataclass(frozen=True, kw_only=True)
class WithdrawIdea(Command, name="idea.withdraw", capability=Capability.PROPOSE):
    """Take an own idea back, while it is open. Nobody but the operator reads it from then on."""

    idea: int = field(metadata=NUMBER)
    by: str = field(metadata=SAID_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        idea = _demand_idea(db, self.idea).idea
        if idea.volunteer_id is not None or idea.by != self.by:
            raise Refused(f"Idea {self.idea} is {idea.by}'s, not {self.by}'s. Nothing was changed.")
        return _withdrawn(db, self.idea, now)


@dataclass(frozen=True, kw_only=True)
class RetractIdea(AccountCommand, name="idea.retract"):
    """Take a volunteer's own idea back, while it is open."""

    idea: int = field(metadata=NUMBER)

    def audited(self) -> dict[str, Any]:
        """Whose account it was, and which idea."""
        return {**super().audited(), "idea": self.idea}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Take it back. Of others' ideas it says as little as of numbers that nothing has."""
        entry = ideas.find_idea(db, self.idea)
        if entry is None or entry.idea.volunteer_id != self.volunteer:
            raise NotFound(f"You have no idea {self.idea}. Nothing was changed; your account page lists yours.")
        return {"volunteer": self.volunteer, **_withdrawn(db, self.idea, now)}


def check_idea_question(text: str) -> str:
    """A question on one line, or why it is none."""
    return _good(" ".join(text.split()), "A question", limits.QUESTION_CHARACTERS)


def check_idea_reason(text: str) -> str:
    """A reason, whose lines may end, or why it is none."""
    return _good("\n".join(line.strip() for line in text.splitlines()).strip(), "A reason", limits.REASON_CHARACTERS)


def _good(text: str, what: str, most: int) -> str:
    if not limits.LEAST_CHARACTERS <= len(text) <= most or not all(sign.isprintable() or sign == "\n" for sign in text):
        raise WrongUse(f"{what} has from {limits.LEAST_CHARACTERS} to {most:,} characters that can be printed.")
    return text


def _add(db: Database, idea: Idea, *, is_shown: bool, now: datetime) -> Answer:
    before = ideas.find_same_idea(db, idea.by, idea.question)
    if before is not None:
        raise Refused(f"This very question is your idea {before} already. Nothing was added.")
    number = ideas.add_idea(db, idea, is_shown=is_shown, now=now)
    return {"idea": number, "is_public": is_shown, "where": f"/ideas/{number}"}


def _demand_idea(db: Database, number: int) -> StoredIdea:
    entry = ideas.find_idea(db, number)
    if entry is None:
        raise NotFound(f"There is no idea {number}. Nothing was changed; `axiom idea list` shows all.")
    return entry


def _withdrawn(db: Database, number: int, now: datetime) -> Answer:
    if not ideas.withdraw_idea(db, number, now):
        raise Refused(f"Idea {number} was answered or withdrawn already. Nothing was changed.")
    return {"idea": number, "state": IdeaState.WITHDRAWN.value}


def _demand_there(db: Database, proposal: int | None, finding: int | None) -> None:
    if proposal is not None and proposals.find_proposal(db, proposal) is None:
        raise NotFound(f"There is no proposal {proposal}. Nothing was answered; `axiom proposal list` shows all.")
    if finding is not None and registrations.find_finding_registration(db, finding) is None:
        raise NotFound(f"There is no finding {finding}. Nothing was answered; `axiom finding list` shows all.")
