"""Findings in lists: those that an address asks for, of one question together, what is news, and the nearest ones."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from axiom.domain.estimands import Direction
from axiom.domain.evidence import VOID, Meaning, verdict_meaning
from axiom.domain.headlines.finding_sentences import compose_answer
from axiom.domain.headlines.names_in_words import setting_of
from axiom.laboratory.findings.rules.known_questions import (
    AskedClaim,
    NearFinding,
    find_nearest_findings,
    judge_novelty,
    known_claim,
)
from axiom.laboratory.findings.rules.list_order import FindingOrder, ListedFinding, choose_daily_findings, sort_findings
from axiom.reads.base import paging, query_errors
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.findings import describe_finding
from axiom.reads.link_graph import Graph
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments
from axiom.store.experiments.themes import read_themes
from axiom.store.views import findings
from axiom.store.views.findings import FindingBrief, FindingView, list_registered_claims
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import Grade, Verdict

_GRADES = list(Grade)
_SINCE = {"day": 1, "week": 7, "month": 30}  # days
_MOST_COMPARED = 2_000  # letters of a question


@page_at("/findings", "findings.html", words="q verdict grade alias theme since order from until")
def findings_page(reading: Reading) -> Answer:
    """Of the findings that the address asks for one page: what is decided first, then what is open, by question.

    `until` pins the list at the moment of its first page, so that the pages after it neither skip nor repeat a finding.
    """
    filters = {
        name: reading.query.get(name, "") for name in ("q", "verdict", "grade", "alias", "theme", "since", "order")
    }
    themes = list(dict.fromkeys(read_themes().values()))
    misread = [
        *query_errors.not_a_choice(filters, "verdict", Verdict),
        *query_errors.not_a_choice(filters, "grade", Grade),
        *query_errors.not_a_choice(filters, "theme", themes),
        *query_errors.not_a_choice(filters, "since", _SINCE),
        *query_errors.not_a_choice(filters, "order", FindingOrder),
    ]
    graph, briefs = Graph(reading), findings.list_finding_briefs(reading.db)
    newest = max((brief.last_line or 0 for brief in briefs), default=0)
    until = reading.whole("until") or newest
    then = briefs if until >= newest else findings.list_finding_briefs(reading.db, until=until)
    ordered = (
        [] if misread else _in_order(reading, [brief for brief in then if brief.verdict.is_decided], filters["order"])
    )
    is_decided = set(ordered)
    # Of the others what was weighed is nearer to an answer.
    undecided = sorted(
        (brief for brief in then if brief.number not in is_decided), key=lambda brief: not brief.last_line
    )
    version_of = {brief.number: brief.experiment_id for brief in briefs}
    numbers = [*_by_question(ordered, version_of), *_by_question([brief.number for brief in undecided], version_of)]
    if any(filters.values()):
        chosen = set() if misread else _matching(reading, graph, then, filters, is_past=until < newest)
        numbers = [number for number in numbers if number in chosen]
    page = paging.paginate_ids(reading, "from", numbers)
    rows = read_finding_rows(reading, graph, page.shown)
    words = {name: word for name, word in filters.items() if word} | {"until": until, "from": ""}
    return {
        "findings": [rows[number] for number in page.shown],
        "questions": _describe_questions(reading, briefs, map(version_of.__getitem__, page.shown)),
        "answers": _count_answers(reading, briefs),
        "matching": len(numbers),
        "of": len(briefs),
        "asked": filters,
        "themes": themes,
        "misread": misread,
        **page.around(f"/findings?{urlencode(words)}"),
    }


def _by_question(numbers: Iterable[int], version_of: Mapping[int, int]) -> list[int]:
    """These findings in their order, those of one question together where the first of them stands."""
    grouped = group_pairs((version_of[number], number) for number in numbers)
    return list(itertools.chain.from_iterable(grouped.values()))


def _describe_questions(reading: Reading, briefs: Sequence[FindingBrief], versions: Iterable[int]) -> dict[str, Answer]:
    """What these versions ask, and how many tests each has, shown here or not."""
    tests = Counter(brief.experiment_id for brief in briefs)
    still_open = Counter(brief.experiment_id for brief in briefs if not brief.verdict.is_decided)
    asking = (experiments.find_experiment(reading.db, version) for version in set(versions))
    return {
        stored.whole_name: {
            "asked": stored_manifest(stored.manifest).question,
            "setting": setting_of(stored_manifest(stored.manifest)),
            "tests": tests[stored.id],
            "open": still_open[stored.id],
        }
        for stored in asking
        if stored
    }


def _count_answers(reading: Reading, briefs: Iterable[FindingBrief]) -> dict[str, int]:
    """How many findings say what of their claim. Of those that are void nothing follows."""
    asking = read_estimands(reading)
    valid = Counter((brief.verdict, asking[brief.number]["expects"]) for brief in briefs if brief.status not in VOID)
    answers = dict.fromkeys(Meaning, 0)
    for (verdict, expects), amount in valid.items():
        answers[verdict_meaning(verdict, Direction(expects))] += amount
    return {meaning.value: amount for meaning, amount in answers.items()}


def read_finding_rows(reading: Reading, graph: Graph, numbers: Iterable[int]) -> dict[int, Answer]:
    """These findings as rows, by their numbers; no other is read."""
    return make_finding_rows(reading, graph, findings.read_finding_views(reading.db, numbers).values())


def make_finding_rows(reading: Reading, graph: Graph, views: Iterable[FindingView]) -> dict[int, Answer]:
    numbered = ((view.finding.number, view) for view in views)
    return {number: describe_finding(reading, view) | {"aliases": graph.aliases(number)} for number, view in numbered}


def _matching(
    reading: Reading, graph: Graph, briefs: Sequence[FindingBrief], filters: Mapping[str, str], *, is_past: bool
) -> set[int]:
    theme_of, days = read_themes(), _SINCE.get(filters["since"])
    decided = findings.list_first_decisions(reading.db, since=reading.now - timedelta(days=days)) if days else {}
    verdict, least, alias = filters["verdict"], filters["grade"], filters["alias"]
    chosen = [
        brief
        for brief in briefs
        if filters["theme"] in ("", theme_of.get(brief.experiment))
        and (not days or (brief.verdict.is_decided and brief.number in decided))
        and (not verdict or brief.verdict == verdict)
        and (not least or _GRADES.index(brief.grade) >= _GRADES.index(Grade(least)))
        and (not alias or any(is_alias(alias, names) for names in _old_names(graph, brief)))
    ]
    if words := filters["q"].casefold().split():
        texts = _read_texts(reading, graph, chosen, is_past=is_past)
        chosen = [brief for brief in chosen if all(word in texts[brief.number] for word in words)]
    return {brief.number for brief in chosen}


def _old_names(graph: Graph, brief: FindingBrief) -> list[tuple[str, ...]]:
    return [(old["name"], *old["scripts"]) for old in graph.aliases(brief.number)]


def _read_texts(reading: Reading, graph: Graph, briefs: Iterable[FindingBrief], *, is_past: bool) -> dict[int, str]:
    """All by which a finding may be looked for, made again only of those that stand otherwise than they did."""
    kept: dict[int, tuple[FindingBrief, str]] = reading.memo.get_or_create(
        ("looked for", is_past), dict, version=graph.woven
    )
    asking, texts = read_estimands(reading), {}
    for brief in briefs:
        before = kept.get(brief.number)
        if before is None or before[0] != brief:
            estimand, names = asking[brief.number], itertools.chain(*_old_names(graph, brief))
            words = [estimand["claim"], brief.experiment, *names, compose_answer(estimand, brief, brief.status)]
            before = kept[brief.number] = brief, " ".join(words).casefold()
        texts[brief.number] = before[1]
    return texts


def read_estimands(reading: Reading) -> Mapping[int, Mapping[str, Any]]:
    """Which number each finding is about. It keeps it for good: they are read again only once there is a new one."""
    newest = findings.find_last_finding_number(reading.db)
    return reading.memo.get_or_create("estimands", lambda: findings.list_finding_estimands(reading.db), version=newest)


def _in_order(reading: Reading, weighed: Sequence[FindingBrief], order: str) -> list[int]:
    """The numbers of findings that were weighed, the newest first where nothing else is asked for."""
    if not order or order == FindingOrder.NEWEST:
        return [brief.number for brief in weighed]
    asking = read_estimands(reading)
    return sort_findings((_listed(brief, asking[brief.number]) for brief in weighed), FindingOrder(order))


def list_discoveries(reading: Reading, most: int, a_day: int) -> list[tuple[FindingView, datetime]]:
    """What was found of late, a few findings a day, each with when it was first decided; the newest first.

    What is not decided any more, or void, is no news.
    """
    briefs = findings.list_finding_briefs(reading.db)

    def choose() -> dict[int, datetime]:
        decided = findings.list_first_decisions(reading.db)
        estimand_of = read_estimands(reading)
        discovered = [
            (decided[brief.number].date(), _listed(brief, estimand_of[brief.number]))
            for brief in briefs
            if brief.number in decided and brief.status not in VOID and brief.verdict.is_decided
        ]
        return {number: decided[number] for number in choose_daily_findings(discovered, a_day)[:most]}

    chosen = reading.memo.get_or_create(("discovered", most, a_day), choose, version=briefs)
    views = findings.read_finding_views(reading.db, chosen)
    return sorted(((views[number], at) for number, at in chosen.items()), key=lambda pair: pair[1], reverse=True)


def _listed(brief: FindingBrief, estimand: Mapping[str, Any]) -> ListedFinding:
    beyond = 0.0 if brief.estimate is None else brief.estimate - estimand["null"]
    return ListedFinding(
        number=brief.number,
        verdict=brief.verdict,
        grade=brief.grade,
        size=beyond / estimand["smallest"],
        predicted=estimand["prediction"],
    )


@page_at("/findings/near", "near.html", words="claim factors measure")
def nearest_findings_page(reading: Reading) -> Answer:
    """What the address asks, whether it is known, and the nearest findings."""
    query = {word: reading.query.get(word, "").strip()[:_MOST_COMPARED] for word in ("claim", "factors", "measure")}
    question = AskedClaim(claim=query["claim"], measure=query["measure"], factors=parse_factors(query["factors"]))
    neighbours = (
        find_nearest_findings(question, map(known_claim, list_registered_claims(reading.db)))
        if any(query.values())
        else []
    )
    novelty = judge_novelty(question, neighbours)
    return {
        "near": {
            "asked": query,
            "is_known": novelty.is_known,
            "finding": novelty.nearest.finding.number if novelty.is_known and novelty.nearest else None,
            "reason": novelty.reason if any(query.values()) else "",
            "nearest": [_near_row(neighbour) for neighbour in neighbours],
        }
    }


def parse_factors(text: str) -> dict[str, tuple[str, ...]]:
    """Factors as somebody writes them: `lr=0.1,0.5; width`."""
    factors = {}
    for part in text.replace("\n", ";").split(";"):
        name, _, levels = part.partition("=")
        if name.strip():
            factors[name.strip()] = tuple(level.strip() for level in levels.split(",") if level.strip())
    return factors


def _near_row(neighbour: NearFinding) -> Answer:
    finding, differs = neighbour.finding, neighbour.differs
    return {
        "number": finding.number,
        "claim": finding.claim,
        "author": finding.author or None,
        "experiment": finding.experiment,
        "version": finding.version,
        "measure": finding.measure,
        "kind": finding.kind,
        "distance": neighbour.distance,
        "differs": {
            "words": list(differs.words),
            "factors": list(differs.factors),
            "levels": {name: list(levels) for name, levels in differs.levels.items()},
            "numbers": list(differs.numbers),
            "measure": differs.measure or None,
        },
    }


def is_alias(alias: str, names: Iterable[str]) -> bool:
    """Does somebody who says this mean one of these names? The sign before an old number may be left out."""
    return alias.removeprefix("#").casefold() in {name.removeprefix("#").casefold() for name in names}
