"""Commands that say how two findings hang together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning, verdict_meaning
from axiom.domain.links import LinkKind, Node, Noun
from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import PUBLIC, SAID_BY, SIGN, SIGNS, WHY
from axiom.laboratory.findings.commands.prose import demand_citable_text, find_spoken_findings
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.findings.rules.links import upholding_verdicts
from axiom.signed.canonical_json import LARGEST
from axiom.store.engine.database import Database
from axiom.store.findings import links, old_claims

_END = {"min_length": 1, "max_length": 80, "pattern": r"^([0-9]{1,19}|link:[0-9]{1,19}|old:#?[a-z0-9_]+)$"}
_KIND = {"pattern": f"^({'|'.join(kind.value for kind in LinkKind)})$"}
_UPHELD = f"{Meaning.AS_CLAIMED}|{Meaning.OPPOSITE}|{Meaning.TOO_SMALL}|{SIGN}"
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
        demand_citable_text(self.why, find_spoken_findings(db, self.why))
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


def _meanings(db: Database, source: Node, words: str) -> Iterator[Meaning]:
    """What its finding must say: a sign says it of whichever claim the finding has."""
    state = links.find_finding_states(db, [source.id]).get(source.id) if source.noun is Noun.FINDING else None
    expects = state.expects if state else Direction.MORE
    for word in words.split(","):
        yield verdict_meaning(SIGNS[word], expects) if word in SIGNS else Meaning(word)


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
