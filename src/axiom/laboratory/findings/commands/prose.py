"""Commands that write beside findings: notes, a log, a paper. What a text names must be there, and weighed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.evidence import Citable
from axiom.errors import NotFound, Refused, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, LINES, NUMBER, SAID_BY
from axiom.laboratory.findings.rules import prose
from axiom.store.engine.database import Database
from axiom.store.findings import evidence, finding_notes
from axiom.store.registrations import registrations
from axiom.store.rounds import kept_prose, rounds
from axiom.store.views import findings
from axiom.store.views.citable import read_citable_findings

_UNTIL_WEIGHED = (
    "Until its first block is weighed only its question and forecasts stand there; `axiom registration predict` adds "
    "a forecast."
)


@dataclass(frozen=True, kw_only=True)
class NoteFinding(Command, name="finding.note", capability=Capability.PROPOSE):
    """Write a note to a finding that was weighed. It is shown as yours, not checked. {F12.estimate} is a number."""

    finding: int = field(metadata=NUMBER)
    text: str = field(metadata={"min_length": 3, "max_length": 4_000, "pattern": LINES})
    by: str = field(metadata=SAID_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if registrations.find_finding_registration(db, self.finding) is None:
            raise NotFound(f"There is no finding {self.finding}. Nothing was noted; `axiom finding list` shows all.")
        if evidence.find_latest_evidence(db, self.finding) is None:
            raise Refused(f"Finding {self.finding} has no evidence yet. Nothing was noted. {_UNTIL_WEIGHED}")
        demand_citable_text(self.text, find_spoken_findings(db, self.text))
        return {
            "note": finding_notes.add_finding_note(db, self.finding, text=self.text, by=self.by, now=now),
            "finding": self.finding,
        }


@dataclass(frozen=True, kw_only=True)
class WriteLog(Command, name="log.write", capability=Capability.PROPOSE):
    """Write beside a session's log, the newest unless named. Shown as yours, not checked; guide_show part=words."""

    text: str = field(metadata={"min_length": 3, "max_length": 8_000, "pattern": LINES})
    by: str = field(metadata=SAID_BY)
    session: str = field(default="", metadata={"max_length": 40, "pattern": LINE})  # the newest, if empty

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        held_round = rounds.find_round_by_name(db, self.session) if self.session else rounds.find_last_round(db)
        if held_round is None:
            raise NotFound(f"There is no session {self.session or 'yet'}. Nothing was written.")
        by_number = find_spoken_findings(db, self.text)
        demand_citable_text(self.text, by_number)
        number = kept_prose.add_session_prose(db, held_round.id, author=self.by, text=self.text, now=now)
        return {
            "prose": number,
            "page": f"/sessions/{held_round.name}",
            "unresolved": prose.list_unresolved_references(self.text, by_number),
        }


@dataclass(frozen=True, kw_only=True)
class DraftPaper(Command, name="paper.draft", capability=Capability.PROPOSE):
    """Write a part in your name, not checked, for the paper over findings (1,2). {F1.estimate}, {R:experiment}."""

    findings: str = field(metadata={"max_length": 200, "pattern": r"^[1-9][0-9]{0,14}(,[1-9][0-9]{0,14}){0,19}$"})
    text: str = field(metadata={"min_length": 3, "max_length": 20_000, "pattern": LINES})
    by: str = field(metadata=SAID_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        numbers = sorted({int(number) for number in self.findings.split(",")})
        by_number = read_citable_findings(db, numbers)
        if missing := [number for number in numbers if number not in by_number]:
            raise NotFound(f"There is no finding {missing[0]}. Nothing was written; `axiom finding list` shows all.")
        if waiting := [number for number in numbers if not by_number[number].is_weighed]:
            raise Refused(f"Finding {waiting[0]} has no evidence yet. Nothing was written. {_UNTIL_WEIGHED}")
        demand_citable_text(self.text, by_number)
        return {
            "prose": kept_prose.add_paper_prose(db, numbers, author=self.by, text=self.text, now=now),
            "page": f"/findings/paper?of={','.join(map(str, numbers))}",
            "unresolved": prose.list_unresolved_references(self.text, by_number),
        }


def find_spoken_findings(db: Database, text: str) -> dict[int, Citable]:
    """The findings that a text names; where none of them is there, the last one, so that it can be suggested."""
    if by_number := read_citable_findings(db, prose.find_named_findings(text)):
        return by_number
    return {
        number: replace(finding, literature={})
        for number, finding in read_citable_findings(db, [findings.find_last_finding_number(db)]).items()
    }


def demand_citable_text(text: str, by_number: Mapping[int, Citable]) -> None:
    """Refuse references to what there is not, and to what is not weighed yet."""
    if not text.strip():
        raise WrongUse("The text is empty. Nothing was written.")
    if why := prose.why_text_refused(text, by_number):
        raise Refused(f"Nothing was written. {why}")
