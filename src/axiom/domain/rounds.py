"""Rounds of steps, the sessions that tell of them, the work that they order, and the notes that they leave."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_BRACES = re.compile(r"\{[^}]*\}")
_AMOUNT = re.compile(r"(\{(\w+)\}(?: [a-z-]+){1,2})\(s\)")

URGENT_NOTES = ("finding.suspended", "experiment.stopped", "watch.met")  # kinds of notes that nobody should wait for


# What rounds note of events rather than of how things stand: a session repeats it of its quiet rounds.
EVENTS = (
    *("evidence.weighed", "evidence.changed", "finding.suspended", "finding.opened", "finding.doubted"),
    *("experiment.recalled", "experiment.retired", "experiment.stopped", "release.changed", "watch.met"),
    *("prediction.scored", "design.proposed", "design.lapsed", "design.idea", "try.passed", "try.failed"),
    *(
        "repair.approved",
        "repair.bundle",
        "repair.version",
        "task.stuck",
        "withdraw.taken_back",
        "failures.group",
        "inspect.refused",
    ),
    *("health.part", "health.started", "credit.announced", "publish.contradiction"),
)


class Step(StrEnum):
    """The steps of a round, in order. Each is one transaction: done and noted, or not done."""

    HEALTH = "health"
    QUEUE = "queue"
    REVIEW = "review"
    INSPECT = "inspect"
    FAILURES = "failures"
    CREDIT = "credit"
    CLEAN = "clean"
    WITHDRAW = "withdraw"
    REPAIR = "repair"
    EVALUATE = "evaluate"
    RANK = "rank"
    DESIGN = "design"
    TRY = "try"
    PLAN = "plan"
    DEPLOY = "deploy"
    PUBLISH = "publish"
    LOG = "log"


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One pass through all steps. One that has something to tell ends a session: of all rounds since the one before."""

    id: int
    name: str  # round-17; of one that tells 2026-03-02-b
    pi: str
    done: tuple[Step, ...]
    reason: str  # why it was held
    started_at: datetime
    ended_at: datetime | None
    steps: tuple[Step, ...] = tuple(Step)  # that it has to do, as there were when it was opened
    holder: str = ""  # who has it in hand
    held_until: datetime | None = None
    told: str = ""  # why it tells of the rounds since the session before; empty for a quiet round

    @property
    def due(self) -> Step | None:
        """The step that comes next; none when all are done."""
        return next((step for step in self.steps if step not in self.done), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The stretch of time that one round, and no other, tells of; its end is not part of it."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Did it happen in this time?"""
        return moment is not None and self.since <= moment < self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class UntoldCounts:
    """What has happened since the last session and no session has told yet: how many of each."""

    failures: int = 0  # findings that were suspended, versions that were stopped, watches that were met
    unanswered: int = 0  # ideas and proposals of people and programs that wait for an answer
    changed: int = 0  # findings with another verdict or grade
    proposed: int = 0  # proposals of the autopilot that wait for an answer
    published: int = 0  # new versions


@dataclass(frozen=True, kw_only=True, slots=True)
class Allotment:
    """A number of workunits of an experiment, each of so many replicates, and why."""

    experiment_id: int
    workunits: int
    replicates_each: int
    reason: str
    registration_id: int | None = None  # of which registration; None is the newest of the declared sweep
    purpose: str = ""  # what it is good for, in the words in which shares are given
    core_seconds: float = 0.0  # that it should take on reference cores, failures counted in


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedExperiment:
    """An experiment that a plan leaves alone, and why."""

    experiment_id: int
    name: str
    reason: str
    registration_id: int | None = None
    is_below_floor: bool = False  # its next block is worth less than what an idle core is worth


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The work that a session will order, and the work that it leaves alone, each with its reason."""

    allotments: tuple[Allotment, ...]
    skipped: tuple[SkippedExperiment, ...]
    idle_cores: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One line that a step leaves in the log. `facts` are the numbers of `text`, which names them in braces."""

    kind: str  # a dotted name: task.late, block.closed
    text: str  # "{results} result(s) of {experiment}": never a digit of its own
    facts: Mapping[str, object] = field(default_factory=dict)
    about: str = ""  # the page with the rows behind it: /findings/3, /results?experiment=…
    rows: Mapping[str, str] = field(default_factory=dict)  # the same for single facts, where theirs lie elsewhere

    def __post_init__(self) -> None:
        """Refuse a number that was typed: every number of a log comes from a query."""
        if any(sign.isdigit() for sign in _BRACES.sub("", self.text)):
            raise ValueError(f"the note {self.text!r} holds a digit; a number belongs into its facts")

    def page(self, fact: str) -> str:
        return self.rows.get(fact, self.about)

    @property
    def words(self) -> str:
        """The text with each noun in the number of its fact: `{hosts} host(s)` is one host, and otherwise hosts."""
        return _AMOUNT.sub(lambda match: match[1] + ("" if self.facts.get(match[2]) == 1 else "s"), self.text)

    @property
    def sentence(self) -> str:
        return self.words.format(**self.facts)


class EntryKind(StrEnum):
    REQUEST = "request"  # written before it is sent, with the most that it can take
    ANSWER = "answer"
    FAILURE = "failure"  # no answer that can be used
    REFUSAL = "refusal"  # it was not sent: it does not fit the budget
    READ = "read"  # whose words it was about to be shown: other programs'
    END = "end"  # why a conversation ended, or was not begun


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptEntry:
    """One entry. Money is in millionths of its unit; 0 where no price is known."""

    kind: EntryKind
    model: str  # as the laboratory names it in a request, as its service does in an answer
    prompt: str  # the digest of its instructions
    body: str  # JSON
    tokens: int  # of a request the most that it can take, of an answer what it took
    micros: int
    request_id: int | None = None  # the request that it answers
