"""Commands that say something beside a finding: how two hang together, and a note in somebody's own words."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.arguments import LINES, NUMBER, SAID_BY, WHY
from axiom.commands.base import Answer, Command
from axiom.commands.context import Laboratory
from axiom.domain.callers import Capability
from axiom.domain.findings import Meaning
from axiom.domain.links import LinkKind, Node, Noun
from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.lab.registrations.links import link
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.database import Database
from axiom.store.evidence import finding_notes, links, old_claims
from axiom.store.registrations import registrations

_END = {"min_length": 1, "max_length": 80, "pattern": r"^([0-9]{1,19}|link:[0-9]{1,19}|old:#?[a-z0-9_]+)$"}
_KIND = {"pattern": f"^({'|'.join(kind.value for kind in LinkKind)})$"}
_UPHELD = f"{Meaning.AS_CLAIMED}|{Meaning.OPPOSITE}|{Meaning.TOO_SMALL}"
_NUMBERED = re.compile(r"(link:)?([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class LinkFindings(Command):
    """Say that a finding tests, explains, rules out, moderates, supersedes, replicates or depends on another one.

    An end is a finding's number, `old:31` for what the old laboratory claimed, or `link:7` for an explanation.
    """

    name: ClassVar[str] = "finding.link"
    capability: ClassVar[Capability] = Capability.PROPOSE

    source: str = field(metadata=_END)
    kind: str = field(metadata=_KIND)
    target: str = field(metadata=_END)
    why: str = field(metadata=WHY)
    by: str = field(metadata=SAID_BY)
    # Of a test: what its finding must say for the target to hold, one meaning or several between commas.
    upheld_by: str = field(
        default=Meaning.AS_CLAIMED.value, metadata={"pattern": f"^({_UPHELD})(,({_UPHELD}))*$", "max_length": 100}
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down, with what the evidence of its source is today."""
        del laboratory, prepared
        number = link(
            db,
            LinkKind(self.kind),
            node(db, self.source),
            node(db, self.target),
            why=self.why,
            by=self.by,
            upheld_by=tuple(dict.fromkeys(Meaning(each) for each in self.upheld_by.split(","))),
            now=now,
        )
        made = next(one for one in links.everything(db) if one.id == number)
        return {
            "link": number,
            "source": self.source,
            "kind": self.kind,
            "target": self.target,
            "line": made.line,
            "evidence_hash": made.evidence_hash,
            "is_new": made.said_at == now,
        }


@dataclass(frozen=True, kw_only=True)
class NoteFinding(Command):
    """Write a note to a finding, in your own words. Everybody can read it, and nothing is concluded from it."""

    name: ClassVar[str] = "finding.note"
    capability: ClassVar[Capability] = Capability.PROPOSE

    finding: int = field(metadata=NUMBER)
    text: str = field(metadata={"min_length": 3, "max_length": 4_000, "pattern": LINES})
    by: str = field(metadata=SAID_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down."""
        del laboratory, prepared
        if registrations.of_finding(db, self.finding) is None:
            raise NotFound(f"There is no finding {self.finding}. Nothing was noted; `axiom finding list` shows all.")
        return {
            "note": finding_notes.add(db, self.finding, text=self.text, by=self.by, now=now),
            "finding": self.finding,
        }


def node(db: Database, text: str) -> Node:
    """What an end of a link names."""
    if numbered := _NUMBERED.fullmatch(text):
        if int(numbered[2]) > LARGEST:
            raise NotFound(f"There is no {text}. Nothing was linked.")
        return Node(noun=Noun.LINK if numbered[1] else Noun.FINDING, id=int(numbered[2]))
    kind, _, name = text.partition(":")
    if kind != "old":
        raise WrongUse(f"{text} names neither a finding, nor old:CLAIM, nor link:NUMBER. Nothing was linked.")
    known = {one.said.name: one.id for one in old_claims.everything(db)}
    found = known.get(name) or known.get(f"#{name}")
    if found is None:
        raise UnknownName("old claim", name, known)
    return Node(noun=Noun.OLD_CLAIM, id=found)
