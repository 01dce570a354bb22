"""Says that two findings hang together, if that may be said."""

import hashlib
from datetime import datetime

from axiom.domain.evidence import Meaning
from axiom.domain.links import LinkKind, Node, Noun
from axiom.errors import NotFound, Refused
from axiom.laboratory.findings.rules import links as link_rules
from axiom.signed.canonical_json import canonical_bytes
from axiom.store.engine.database import Database
from axiom.store.findings import evidence, links, old_claims

_TESTING = {LinkKind.TESTS, LinkKind.REPLICATES}
# What the hash covers of a line of evidence: all of it stands in the finding's JSON, so anybody can make it again.
_COVERED = ("line", "blocks", "seeds", "missing", "estimate", "low", "high", "e_value", "verdict", "grade")


def record_link(
    db: Database,
    kind: LinkKind,
    source: Node,
    target: Node,
    *,
    why: str,
    by: str,
    now: datetime,
    upheld_by: tuple[Meaning, ...] = (Meaning.AS_CLAIMED,),
) -> int:
    """Write down the link with what the source's evidence is today; returns its number, the old one if it was said."""
    before = links.find_link(db, kind, source, target)
    if before is not None:
        return before
    all_links, states = links.list_links(db), links.list_finding_states(db)
    _demand(
        {inference.id for inference in all_links},
        set(states),
        {claim.id for claim in old_claims.list_old_claims(db)},
        source,
        target,
    )
    if fault := link_rules.link_fault(kind, source, target, all_links, states):
        raise Refused(f"{node_phrase(source)} {kind} {node_phrase(target)}: {fault}. Nothing was linked.")
    line, digest = _evidence(db, source)
    return links.add_link(
        db,
        kind,
        source,
        target,
        upheld_by=upheld_by if kind in _TESTING else (),
        why=why,
        by=by,
        line=line,
        evidence_hash=digest,
        now=now,
    )


def node_phrase(node: Node) -> str:
    return f"{node.noun} {node.id}"


def _demand(link_ids: set[int], findings: set[int], claims: set[int], *nodes: Node) -> None:
    numbers = {Noun.FINDING: findings, Noun.OLD_CLAIM: claims, Noun.LINK: link_ids}
    for node in nodes:
        if node.id not in numbers[node.noun]:
            raise NotFound(f"There is no {node_phrase(node)}. Nothing was linked; `axiom finding graph` shows all.")


def _evidence(db: Database, source: Node) -> tuple[int, str]:
    """The newest line of a finding's history, and the SHA-256 of what it says."""
    newest = evidence.find_latest_evidence(db, source.id) if source.noun is Noun.FINDING else None
    if newest is None:
        return 0, ""
    covered = {"finding": source.id, **{name: getattr(newest, name) for name in _COVERED}}
    return newest.line, hashlib.sha256(canonical_bytes(covered)).hexdigest()
