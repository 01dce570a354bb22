"""Ideas: questions that nobody has asked yet, kept until somebody takes them up or says why not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_QUESTION = 500
LONGEST_WHY = 2_000


class IdeaState(StrEnum):
    """What became of an idea."""

    OPEN = "open"
    TAKEN = "taken"  # a proposal or an experiment asks it
    KNOWN = "known"  # a finding answers it
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # its author took it back


ANSWERS = (IdeaState.TAKEN, IdeaState.KNOWN, IdeaState.DECLINED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Idea:
    """A question, why it is worth asking, and what became of it."""

    question: str
    why: str
    by: str
    volunteer_id: int | None = None  # whose it is, where a volunteer wrote it
    basis: str | None = None  # what the autopilot saw; it writes one idea about it, once
    finding: int | None = None  # that the autopilot saw it in


@dataclass(frozen=True, kw_only=True, slots=True)
class IdeaAnswer:
    """What somebody says became of an idea, and where that is seen."""

    state: IdeaState
    why: str
    by: str
    proposal: int | None = None
    experiment: str | None = None  # with its version, as in tiny_sum@2
    finding: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptIdea:
    """An idea with its number and state."""

    number: int
    idea: Idea
    created_at: datetime
    shown_at: datetime | None  # since when everybody may read it; None: its author and the operator alone
    state: IdeaState
    answer: IdeaAnswer | None
    answered_at: datetime | None

    @property
    def is_public(self) -> bool:
        """May everybody read it?"""
        return self.shown_at is not None and self.state is not IdeaState.WITHDRAWN
