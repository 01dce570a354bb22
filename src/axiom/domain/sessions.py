"""What a session is: its steps, what it decides to deploy, and what it writes down."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_BRACES = re.compile(r"\{[^}]*\}")


class Step(StrEnum):
    """The steps of a session, in order. Each is one transaction: done and noted, or not done."""

    REVIEW = "review"
    CREDIT = "credit"
    CLEAN = "clean"
    EVALUATE = "evaluate"
    PLAN = "plan"
    DEPLOY = "deploy"
    LOG = "log"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One round, named by date and letter."""

    id: int
    name: str  # 2026-03-02-b
    pi: str
    done: tuple[Step, ...]
    reason: str  # why it was held
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Allotment:
    """So many workunits of an experiment, each of so many replicates, and why."""

    experiment_id: int
    workunits: int
    replicates_each: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """An experiment that a plan leaves alone, and why."""

    experiment_id: int
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a session will deploy, and what it will not."""

    allotments: tuple[Allotment, ...]
    skipped: tuple[Skipped, ...]
    idle_cores: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One line that a step leaves in the log. `facts` are the numbers of `text`, which names them in braces."""

    kind: str  # a dotted name: task.late, block.closed
    text: str  # "{results} results of {experiment}": never a digit of its own
    facts: Mapping[str, object] = field(default_factory=dict)
    about: str = ""  # the page with the rows behind it: /findings/3, /results?experiment=…

    def __post_init__(self) -> None:
        """Refuse a number that was typed: every number of a log comes from a query."""
        if any(sign.isdigit() for sign in _BRACES.sub("", self.text)):
            raise ValueError(f"the note {self.text!r} holds a digit; a number belongs into its facts")

    @property
    def sentence(self) -> str:
        """The text with its facts in place."""
        return self.text.format(**self.facts)
