"""Commands that say something about findings: how two hang together, what somebody writes of them, and after whom."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning, verdict_meaning
from axiom.domain.links import LinkKind, Node, Noun, reference_number
from axiom.errors import NotFound, Refused, UnknownName, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINE, LINES, NUMBER, PUBLIC, SAID_BY, SIGN, SIGNS, WHY
from axiom.laboratory.findings.rules import prose
from axiom.laboratory.findings.rules.links import upholding_verdicts
from axiom.laboratory.registrations.links import record_link
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.database import Database
from axiom.store.findings import evidence, finding_notes, links, old_claims, references
from axiom.store.registrations import registrations
from axiom.store.rounds import kept_prose, rounds
from axiom.store.views import findings
from axiom.store.views.citable import read_citable_findings
from axiom_weigh.evidence.finding_card import Citable

_END = {"min_length": 1, "max_length": 80, "pattern": r"^([0-9]{1,19}|link:[0-9]{1,19}|old:#?[a-z0-9_]+)$"}
_KIND = {"pattern": f"^({'|'.join(kind.value for kind in LinkKind)})$"}
_UPHELD = f"{Meaning.AS_CLAIMED}|{Meaning.OPPOSITE}|{Meaning.TOO_SMALL}|{SIGN}"
_UNTIL_WEIGHED = (
    "Until its first block is weighed only its question and forecasts stand there; `axiom registration predict` adds "
    "a forecast."
)
_NUMBERED = re.compile(r"(link:)?([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class LinkFindings(Command, name="finding.link", capability=Capability.PROPOSE):
    """Say that a finding tests, explains, rules out, moderates, supersedes, replicates or depends on another one.

    An end is a finding's number, `old:31` for what the old laboratory claimed, or `link:7` for an explanation.
    """

    source: str = field(metadata=_END | {"metavar": "A"})
    kind: str = field(metadata=_KIND)
    target: str = field(metadata=_END | {"metavar": "B"})
    why: str = field(metadata=WHY | PUBLIC)
    by: str = field(metadata=SAID_BY)
    # Of a test: what its finding must come to for the target to hold: meanings or signs, between commas.
    upheld_by: str = field(default=Meaning.AS_CLAIMED.value, metadata={"pattern": f"^(({_UPHELD})(,(?!$)|$))+$"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down, with what the evidence of its source is today."""
        _hold_to_the_rows(self.why, _spoken_of(db, self.why))
        source = parse_node(db, self.source)
        number = record_link(
            db,
            LinkKind(self.kind),
            source,
            parse_node(db, self.target),
            why=self.why,
            by=self.by,
            upheld_by=tuple(dict.fromkeys(_meanings(db, source, self.upheld_by))),
            now=now,
        )
        made = next(candidate for candidate in links.list_links(db) if candidate.id == number)
        return {
            "link": number,
            "source": self.source,
            "kind": self.kind,
            "target": self.target,
            "upheld_by": list(upholding_verdicts(made, links.find_finding_states(db, [made.source.id])))
            if made.upheld_by
            else [],
            "line": made.line,
            "evidence_hash": made.evidence_hash,
            "is_new": made.said_at == now,
        }


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
        _hold_to_the_rows(self.text, _spoken_of(db, self.text))
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
        by_number = _spoken_of(db, self.text)
        _hold_to_the_rows(self.text, by_number)
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
        _hold_to_the_rows(self.text, by_number)
        return {
            "prose": kept_prose.add_paper_prose(db, numbers, author=self.by, text=self.text, now=now),
            "page": f"/findings/paper?of={','.join(map(str, numbers))}",
            "unresolved": prose.list_unresolved_references(self.text, by_number),
        }


@dataclass(frozen=True, kw_only=True)
class AddReference(Command, name="reference.add", capability=Capability.APPROVE):
    """Approve a work of the literature that a person has looked up: what names it may cite it. No program may."""

    # As it is cited: Belkin et al. 2019.
    cited: str = field(metadata={"min_length": 3, "max_length": 300, "pattern": LINE})
    # arXiv:1812.11118, or a DOI.
    number: str = field(metadata={"min_length": 3, "max_length": 200, "pattern": LINE})
    title: str = field(default="", metadata={"max_length": 500, "pattern": LINE, "help": "Of the work, for BibTeX."})
    by: str = field(
        default="operator",
        metadata={"min_length": 1, "max_length": 80, "pattern": LINE, "help": "Who looked it up."},
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        cited, number = " ".join(self.cited.split()), reference_number(self.number)
        if not number or ";" in cited:
            raise WrongUse(
                f"{self.number!r} is neither arXiv:1812.11118 nor a DOI like 10.1103/PhysRevLett.61.259, or the "
                "work is cited with a semicolon. Nothing was approved."
            )
        made = references.add_reference(db, cited, number=number, title=self.title, by=self.by, now=now)
        return {"reference": made, "cited": cited, "number": number}


@dataclass(frozen=True, kw_only=True)
class RemoveReference(Command, name="reference.remove", capability=Capability.APPROVE):
    """Take back that a reference was approved: what names it is shown as unverified again."""

    reference: int = field(metadata=NUMBER | {"metavar": "NUMBER"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if not references.withdraw_reference(db, self.reference):
            raise NotFound(
                f"There is no reference {self.reference}. Nothing was changed; `axiom reference list` shows all."
            )
        return {"reference": self.reference}


def _meanings(db: Database, source: Node, words: str) -> Iterator[Meaning]:
    """What its finding must say: a sign says it of whichever claim the finding has."""
    footing = links.find_finding_states(db, [source.id]).get(source.id) if source.noun is Noun.FINDING else None
    expects = footing.expects if footing else Direction.MORE
    for word in words.split(","):
        yield verdict_meaning(SIGNS[word], expects) if word in SIGNS else Meaning(word)


def _spoken_of(db: Database, text: str) -> dict[int, Citable]:
    """The findings that a text names; where none of them is there, the last one, so that it can be suggested."""
    if by_number := read_citable_findings(db, prose.find_named_findings(text)):
        return by_number
    return {
        number: replace(finding, literature={})
        for number, finding in read_citable_findings(db, [findings.find_last_finding_number(db)]).items()
    }


def _hold_to_the_rows(text: str, by_number: Mapping[int, Citable]) -> None:
    """Refuse references to what there is not, and to what is not weighed yet."""
    if not text.strip():
        raise WrongUse("The text is empty. Nothing was written.")
    if why := prose.why_text_refused(text, by_number):
        raise Refused(f"Nothing was written. {why}")


def parse_node(db: Database, text: str) -> Node:
    if numbered := _NUMBERED.fullmatch(text):
        if int(numbered[2]) > LARGEST:
            raise NotFound(f"There is no {text}. Nothing was linked.")
        return Node(noun=Noun.LINK if numbered[1] else Noun.FINDING, id=int(numbered[2]))
    kind, _, name = text.partition(":")
    if kind != "old":
        raise WrongUse(f"{text} names neither a finding, nor old:CLAIM, nor link:NUMBER. Nothing was linked.")
    ids = old_claims.find_old_claim_ids(db)
    number = ids.get(name) or ids.get(f"#{name}")
    if number is None:
        raise UnknownName("old claim", name, ids)
    return Node(noun=Noun.OLD_CLAIM, id=number)
