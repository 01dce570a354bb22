"""Registers what the old laboratory claimed as open questions, and links to them the findings that ask them.

The list lies in the catalogue. It is read whenever an experiment is published: done again it changes nothing.
"""

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from axiom.domain.evidence import verdict_meaning
from axiom.domain.links import AskingEstimand, LinkKind, Node, Noun, OldClaim
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import links, old_claims
from axiom.store.views import findings
from axiom_weigh.values import Verdict

log = logging.getLogger("axiom.old_claims")

LIST = "old_claims.toml"
OLD_LABORATORY = "the old laboratory"
_CATALOGUE = "catalogue"
_SEEDS = {0: "not computed", 1: "one seed", None: "seeds that were not kept"}


@dataclass(frozen=True, kw_only=True, slots=True)
class OldLink:
    source: str
    kind: LinkKind
    target: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OldClaims:
    claims: tuple[OldClaim, ...] = ()
    links: tuple[OldLink, ...] = ()
    tested_later: Mapping[str, str] = field(default_factory=dict)  # by claim, where its numbers were known: why


def read_old_claims(path: Path) -> OldClaims:
    """The list as its file has it; an empty one where there is no such file."""
    return _read(path.read_text(encoding="utf-8")) if path.is_file() else OldClaims()


@lru_cache(maxsize=8)
def _read(text: str) -> OldClaims:
    import tomllib  # which most commands have no use for

    document = tomllib.loads(text)
    return OldClaims(
        claims=tuple(_claim(entry) for entry in document["claim"]),
        links=tuple(_link(entry) for entry in document.get("link", ())),
        tested_later={entry["name"]: entry["tested_later"] for entry in document["claim"] if "tested_later" in entry},
    )


def register_old_claims(db: Database, listed: OldClaims, experiment: str, now: datetime) -> int:
    """The list is registered, and this experiment's findings are linked to what they ask: so many links are new.

    A finding of a newer version takes the place of the older version's.
    """
    changed = old_claims.store_old_claims(db, listed.claims, now)
    nodes = {name: Node(noun=Noun.OLD_CLAIM, id=number) for name, number in old_claims.find_old_claim_ids(db).items()}
    made = sum(
        _say(db, link.kind, nodes[link.source], nodes[link.target], why=link.why, by=OLD_LABORATORY, now=now)
        for link in listed.links
    )
    numbers = _numbers(db, experiment)
    for claim in listed.claims:
        for asking in claim.askings:
            if asking.experiment == experiment and asking.estimand in numbers:
                source = Node(noun=Noun.FINDING, id=numbers[asking.estimand][-1])
                made += _ask(db, asking, source, nodes[claim.name], now)
    made += _supersede(db, numbers, now)
    if changed or made:
        db.log_once_stored(log, "old_claims.registered claims=%d links=%d experiment=%s", changed, made, experiment)
    return made


def _numbers(db: Database, experiment: str) -> dict[str, list[int]]:
    """The findings of each estimand over all versions, the newest last. Amended claims have names of their own."""
    numbers: dict[str, list[int]] = {}
    for version in experiments.list_experiment_versions(db):
        if version.name == experiment:
            for view in findings.list_experiment_findings(db, version.id):
                numbers.setdefault(view.finding.estimand, []).append(view.finding.number)
    return numbers


def _ask(db: Database, asking: AskingEstimand, source: Node, target: Node, now: datetime) -> bool:
    why = "the catalogue lists that this asks it"
    expects = links.find_finding_states(db, [source.id])[source.id].expects
    upheld_by = tuple(dict.fromkeys(verdict_meaning(verdict, expects) for verdict in asking.upheld_by))
    return _say(db, asking.kind, source, target, upheld_by=upheld_by, why=why, by=_CATALOGUE, now=now)


def _supersede(db: Database, numbers: Mapping[str, list[int]], now: datetime) -> int:
    made = 0
    for versions in numbers.values():
        for older, newer in itertools.pairwise(versions):
            source, target = Node(noun=Noun.FINDING, id=newer), Node(noun=Noun.FINDING, id=older)
            why = "a newer version of the experiment asks it anew"
            made += _say(db, LinkKind.SUPERSEDES, source, target, why=why, by=_CATALOGUE, now=now)
    return made


def _say(db: Database, kind: LinkKind, source: Node, target: Node, **words: Any) -> bool:
    if links.find_link(db, kind, source, target) is not None:
        return False
    links.add_link(db, kind, source, target, **words)
    return True


def _claim(entry: Mapping[str, Any]) -> OldClaim:
    tests = [_asking(name, LinkKind.TESTS, upheld) for name, upheld in entry.get("tests", {}).items()]
    moderating = [_asking(name, LinkKind.MODERATES) for name in entry.get("moderated_by", ())]
    controls = [
        _asking(name, LinkKind.MODERATES, overturned_by=verdicts)
        for name, verdicts in entry.get("overturned_by", {}).items()
    ]
    rests_on = [_SEEDS[entry.get("seeds")], *([entry["counted"]] if "counted" in entry else [])]
    return OldClaim(
        name=entry["name"],
        claim=entry["claim"],
        experiment=entry["experiment"],
        figure=entry.get("figure", ""),
        rests_on=", ".join(rests_on),
        status=entry["status"],
        source=entry["source"],
        scripts=tuple(entry.get("scripts", ())),
        askings=(*tests, *controls, *moderating),
    )


def _asking(
    name: str, kind: LinkKind, upheld_by: Sequence[str] = (), *, overturned_by: Sequence[str] = ()
) -> AskingEstimand:
    experiment, _, estimand = name.partition(".")
    return AskingEstimand(
        experiment=experiment,
        estimand=estimand,
        kind=kind,
        upheld_by=tuple(map(Verdict, upheld_by)),
        overturned_by=tuple(map(Verdict, overturned_by)),
    )


def _link(entry: Mapping[str, str]) -> OldLink:
    return OldLink(
        source=entry["from"], kind=LinkKind(entry["kind"]), target=entry["to"], why=f"{entry['source']}: {entry['why']}"
    )
