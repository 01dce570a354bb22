"""A step of rounds: what was weighed again is put in the order in which it deserves to be read."""

from collections.abc import Mapping
from typing import Any

from axiom.domain.headlines.finding_sentences import compose_answer
from axiom.domain.registrations import read_registration_body
from axiom.domain.rounds import Note
from axiom.laboratory.findings.rules.ranked_news import (
    Features,
    FindingNews,
    RankedFinding,
    add_interest,
    list_features,
    rank_by_interest,
)
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.planning.hanging_questions import read_hanging_questions
from axiom.limits import findings as limits
from axiom.store.engine.database import Database
from axiom.store.findings import evidence
from axiom.store.registrations import registrations
from axiom.store.rounds import session_counts
from axiom_weigh.values import Verdict


def rank_findings(this_round: OpenRound) -> list[Note]:
    """Rank the findings to which this round has added; also said when there is none."""
    ranked = read_ranking(this_round.db, this_round.round.id - 1, this_round.round.id)
    if not ranked:
        return [Note(kind="rank.nothing", text="Nothing was weighed again, so there is nothing to rank.")]
    notes = [_note(this_round.db, place, finding) for place, finding in enumerate(ranked, start=1)]
    return shorten_notes(notes, "Findings that were ranked", "/findings")


def read_ranking(db: Database, after: int, until: int) -> list[RankedFinding]:
    """The findings to which the rounds behind the first of these, and up to the second, have added."""
    news = [
        FindingNews(
            number=row["number"], now=now, before=session_counts.find_evidence_line(db, row["number"], row["first"] - 1)
        )
        for row in session_counts.list_newly_weighed_findings(db, after, until)
        if (now := session_counts.find_evidence_line(db, row["number"], row["line"])) is not None
    ]
    if not news:
        return []
    news.sort(key=lambda finding: not finding.changes)
    decided, edges = _decided_features(db), read_hanging_questions(db)
    weighed = [
        add_interest(finding, *find_asked_estimand(db, finding.number), decided, edges.get(finding.number, 0))
        for finding in news[: limits.RANKED]
    ]
    return rank_by_interest(weighed + news[limits.RANKED :])


def _note(db: Database, place: int, ranked: RankedFinding) -> Note:
    estimand, name = find_asked_estimand(db, ranked.news.number)
    line = ranked.news.now
    return Note(
        kind="rank.finding",
        text="Place {place}, {word}: finding {finding} ({experiment}): {answer}. {verdict}, {grade}, after "
        "{seeds} seed(s) on {hosts} host(s); {reason}.",
        facts={
            "place": place,
            "word": f"{ranked.stars} {ranked.word}".strip(),
            "finding": ranked.news.number,
            "experiment": name,
            "answer": compose_answer(estimand, line),
            "verdict": line.verdict,
            "grade": line.grade,
            "seeds": line.seeds,
            "hosts": line.hosts,
            "reason": ranked.reason,
        },
        about=f"/findings/{ranked.news.number}",
    )


def _decided_features(db: Database) -> dict[int, Features]:
    """What the findings that are decided speak of: in these nothing new is learned by finding it again."""
    decided = [claim.number for claim in evidence.list_compared_claims(db) if claim.verdict is not Verdict.UNDECIDED]
    return {number: list_features(*find_asked_estimand(db, number)) for number in decided[: limits.COMPARED]}


def find_asked_estimand(db: Database, number: int) -> tuple[Mapping[str, Any], str]:
    origin = registrations.find_finding_registration(db, number)
    if origin is None:
        return {}, ""
    registration, name = origin
    body = read_registration_body(registration.body)
    return body.estimands[name], str(body.document["experiment"])
