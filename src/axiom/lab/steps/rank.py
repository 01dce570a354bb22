"""A step of sessions: what was weighed again is put in the order in which it deserves to be read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from axiom.decisions.evidence.interest import FindingNews, RankedFinding, measured, rank
from axiom.domain.registrations import read_body
from axiom.domain.sessions import Note
from axiom.lab.registrations.links import hanging
from axiom.lab.step import Round, shortened
from axiom.limits import findings as limits
from axiom.store.engine.database import Database
from axiom.store.evidence import evidence
from axiom.store.registrations import registrations
from axiom.store.sessions import session_counts
from axiom_weigh.statistics.interest import interest, similarity
from axiom_weigh.values import Verdict

_Asked = Mapping[str, Any]


def ranks(held: Round) -> list[Note]:
    """Rank the findings to which this round has added; also said when there is none."""
    ranked = ranking(held.db, held.session.id - 1, held.session.id)
    if not ranked:
        return [Note(kind="rank.nothing", text="Nothing was weighed again, so there is nothing to rank.")]
    notes = [_note(held.db, place, one) for place, one in enumerate(ranked, start=1)]
    return shortened(notes, "Findings that were ranked", "/findings")


def ranking(db: Database, after: int, until: int) -> list[RankedFinding]:
    """The findings to which the rounds behind the first of these, and up to the second, have added."""
    told = [
        FindingNews(number=row["number"], now=now, before=session_counts.line(db, row["number"], row["first"] - 1))
        for row in session_counts.weighed(db, after, until)
        if (now := session_counts.line(db, row["number"], row["line"])) is not None
    ]
    if not told:
        return []
    told.sort(key=lambda one: not one.changes)
    known, edges = _known(db), hanging(db)
    weighed = [_measured(db, one, known, edges.get(one.number, 0)) for one in told[: limits.RANKED]]
    return rank(weighed + told[limits.RANKED :])


def _note(db: Database, place: int, one: RankedFinding) -> Note:
    asked, name = asked_by(db, one.told.number)
    said = one.told.now
    return Note(
        kind="rank.finding",
        text="Place {place}, {word}: finding {finding} ({experiment}): {claim}. {verdict}, {grade}, after "
        "{seeds} seed(s) on {hosts} host(s); {reason}.",
        facts={
            "place": place,
            "word": f"{one.stars} {one.word}".strip(),
            "finding": one.told.number,
            "experiment": name,
            "claim": asked["claim"],
            "verdict": said.verdict,
            "grade": said.grade,
            "seeds": said.seeds,
            "hosts": said.hosts,
            "reason": one.reason,
        },
        about=f"/findings/{one.told.number}",
    )


def _measured(db: Database, one: FindingNews, known: Mapping[int, frozenset[object]], edges: int) -> FindingNews:
    """The same with how large and how interesting it is. `edges` is how many open questions hang on it."""
    asked, name = asked_by(db, one.number)
    values = [each.value for each in evidence.observed(db, one.number) if each.value is not None]
    found = measured(one.now, values, null=asked["null"], smallest=asked["smallest"]) if asked else None
    if found is None:
        return one
    said, mine = asked["prediction"], _features(asked, name)
    nearest = max((similarity(mine, other) for number, other in known.items() if number != one.number), default=0.0)
    low, high = said["interval"]
    chances = said["positive"], said["negative"], said["absent"]
    told = interest(found, chances, (low, high), nearest=nearest, open_edges=edges)
    return replace(one, interest=told, scale=found)


def _known(db: Database) -> dict[int, frozenset[object]]:
    """What the findings that are decided speak of: in these nothing new is learned by finding it again."""
    decided = [standing.number for standing in evidence.standings(db) if standing.verdict is not Verdict.UNDECIDED]
    return {number: _features(*asked_by(db, number)) for number in decided[: limits.COMPARED]}


def asked_by(db: Database, number: int) -> tuple[_Asked, str]:
    """What a finding asks, and the name of its experiment."""
    found = registrations.of_finding(db, number)
    if found is None:
        return {}, ""
    registration, name = found
    body = read_body(registration.body)
    return body.estimands[name], str(body.document["experiment"])


def _features(asked: _Asked, experiment: str) -> frozenset[object]:
    named = ("measure", "kind", "across", "about")
    return frozenset({("experiment", experiment), *((name, asked[name]) for name in named if asked.get(name))})
