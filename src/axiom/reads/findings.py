"""What is concluded: the list of findings, and one finding with its history."""

import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from axiom.domain.estimands import Direction
from axiom.domain.evidence import VOID, Meaning, verdict_meaning
from axiom.domain.headlines.answers import (
    compose_answer,
    compose_mark,
    compose_quantity,
    compose_row,
    setting_of,
    tell_size,
)
from axiom.domain.headlines.numbers import (
    amount_with_unit,
    estimand_scale,
    estimate_with_unit,
    format_interval,
    format_moment,
    has_unit,
    interval_in_words,
    name_column,
    span_in_words,
    tell_bars,
    tell_interval,
)
from axiom.domain.headlines.tiny_pictures import choose_tiny_picture
from axiom.domain.links import mark_unapproved
from axiom.domain.maps import is_tile
from axiom.domain.registrations import CATALOGUE, INFORMED
from axiom.errors import NotFound
from axiom.laboratory.findings.rules.literature import compare_with_literature, compose_comparison
from axiom.laboratory.findings.rules.novelty import (
    AskedClaim,
    NearFinding,
    find_nearest_findings,
    judge_novelty,
    known_claim,
)
from axiom.laboratory.findings.rules.order import FindingOrder, ListedFinding, choose_daily_findings, sort_findings
from axiom.laboratory.findings.rules.score_predictions import Foreknowledge, compute_foreknowledge
from axiom.reads import evidence_cards
from axiom.reads.base import paging, query_errors, resolved_prose
from axiom.reads.base.cited_authors import finding_bibtex
from axiom.reads.base.docstring import describe_papers, read_bundle_docstring
from axiom.reads.base.page import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading, no_such_number
from axiom.reads.figures import figure_with_table, shared_card_address
from axiom.reads.graph import Graph, describe_links
from axiom.reads.proposals import kin_of_experiment
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.themes import read_themes
from axiom.store.findings import finding_notes, references
from axiom.store.views import findings
from axiom.store.views.findings import (
    CourseLine,
    FindingBrief,
    FindingView,
    Forecast,
    HistoryLine,
    list_registered_claims,
)
from axiom_weigh.amounts import counted
from axiom_weigh.evidence.middles import middle_named
from axiom_weigh.evidence.rounding import round_e_value
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import Grade, Observation, Verdict

_GRADES = list(Grade)
_SINCE = {"day": 1, "week": 7, "month": 30}  # days
_NEXT_TO_NOTHING = 1e-300  # has no two digits to round to
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
    verdicts = {brief.number: brief.verdict for brief in briefs if brief.last_line}
    if until < newest:
        verdicts = findings.list_verdicts_until(reading.db, until)
    decided = [brief for brief in briefs if brief.number in verdicts and verdicts[brief.number].is_decided]
    ordered = [] if misread else _in_order(reading, decided, filters["order"])
    is_decided = set(ordered)
    undecided = [brief.number for brief in briefs if brief.number not in is_decided]
    undecided.sort(key=lambda number: number not in verdicts)  # what was weighed is nearer to an answer
    version_of = {brief.number: brief.experiment_id for brief in briefs}
    numbers = [*_by_question(ordered, version_of), *_by_question(undecided, version_of)]
    if any(filters.values()):
        chosen = set() if misread else _matching(reading, graph, briefs, filters)
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
        f"{stored.name}@{stored.version}": {
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


def _matching(reading: Reading, graph: Graph, briefs: Sequence[FindingBrief], filters: Mapping[str, str]) -> set[int]:
    theme_of, days = read_themes(), _SINCE.get(filters["since"])
    decided = findings.list_first_decisions(reading.db, since=reading.now - timedelta(days=days)) if days else {}
    verdict, least, alias = filters["verdict"], filters["grade"], filters["alias"]
    chosen = [
        brief
        for brief in briefs
        if filters["theme"] in ("", theme_of.get(brief.experiment))
        and (not days or brief.number in decided)
        and (not verdict or brief.verdict == verdict)
        and (not least or _GRADES.index(brief.grade) >= _GRADES.index(Grade(least)))
        and (not alias or any(is_alias(alias, names) for names in _old_names(graph, brief)))
    ]
    if words := filters["q"].casefold().split():
        texts = _read_texts(reading, graph, chosen)
        chosen = [brief for brief in chosen if all(word in texts[brief.number] for word in words)]
    return {brief.number for brief in chosen}


def _old_names(graph: Graph, brief: FindingBrief) -> list[tuple[str, ...]]:
    return [(old["name"], *old["scripts"]) for old in graph.aliases(brief.number)]


def _read_texts(reading: Reading, graph: Graph, briefs: Iterable[FindingBrief]) -> dict[int, str]:
    """All by which a finding may be looked for, made again only of those that stand otherwise than they did."""
    kept: dict[int, tuple[FindingBrief, str]] = reading.memo.get_or_create("looked for", dict, version=graph.woven)
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

    What is not decided any more, or no longer open, is no news.
    """
    briefs = findings.list_finding_briefs(reading.db)

    def choose() -> dict[int, datetime]:
        decided = findings.list_first_decisions(reading.db)
        estimand_of = read_estimands(reading)
        discovered = [
            (decided[brief.number].date(), _listed(brief, estimand_of[brief.number]))
            for brief in briefs
            if brief.number in decided and brief.status == "open" and brief.verdict.is_decided
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


@page_at(f"/findings/{NUMBER}", "finding.html")
def finding_page(reading: Reading, number: int) -> Answer:
    """A finding: claim, verdict, grade, how it narrowed, from what, and what was predicted."""
    view = require_finding(reading, number)
    lines = findings.list_evidence_history(reading.db, number)
    inputs = evidence_cards.find_card_inputs(reading, view)
    observed = inputs.observations if inputs else ()
    weighed = evidence_cards.read_card(reading, view, inputs)
    return {
        "finding": describe_finding(reading, view)
        | evidence_cards.describe_card_parts(reading.db, weighed)
        | {
            "why": view.why_suspended,
            **_background(reading, view),
            **describe_links(reading, number),
            "said": _quotes(reading, view),
            "scope": evidence_cards.describe_scope(reading, view, compose_quantity(view.estimand), observed),
            "next_grade": _next_grade(view),
            "smaller_than": _smaller_than(view),
            "predictions": [
                describe_forecast(forecast) for forecast in evidence_cards.list_finding_forecasts(reading, view)
            ],
            **kin_of_experiment(reading, view.finding.experiment_id, view.experiment),
            "never_worked": evidence_cards.list_fruitless_hosts(reading, view),
            "cite": cite_finding(reading, view),
            "bibtex": cite_in_bibtex(reading, view),
            "export": f"/findings/{number}.zip" if view.line else None,
            "history": [describe_evidence(reading, line) for line in lines],
            "card": shared_card_address(reading, f"finding/{number}", view.answer),
            "figures": {
                kind: shown | {"embed": f"/findings/{number}/picture?show={kind}"}
                for kind, shown in (
                    ("narrowing", narrowing_plot(reading, number, view.estimand)),
                    ("strip", plot_repetitions(reading, number, view.estimand, observed)),
                    ("forest", evidence_cards.forest_plot(reading, number, view.estimand, weighed)),
                )
            },
        }
    }


def _background(reading: Reading, view: FindingView) -> Answer:
    """What the experiment asked, and after whom."""
    stored = experiments.find_experiment(reading.db, view.finding.experiment_id)
    manifest = stored_manifest(stored.manifest) if stored else None
    return {
        "question": manifest.question if manifest else "",
        "papers": describe_papers(reading, manifest.reference) if manifest else [],
    }


def _quotes(reading: Reading, view: FindingView) -> list[Answer]:
    """What people, programs and files say of it in their own words; nothing before it is weighed."""
    if view.line is None:
        return []
    number, status = view.finding.number, "opened" if view.finding.status == "open" else view.finding.status
    notes = (
        resolved_prose.quote_text(reading, note.by, "note", note.text, number=note.number, at=note.said_at.isoformat())
        for note in finding_notes.list_finding_notes(reading.db, number)
    )
    return [
        *resolved_prose.quote_text(
            reading, f"whoever {status} it", f"why it is {status}", "" if view.why_suspended else view.why
        ),
        *quote_docstring(reading, view.finding.experiment_id, view.experiment),
        *quote_forecasts(reading, evidence_cards.list_finding_forecasts(reading, view), {view.finding.estimand}),
        *itertools.chain.from_iterable(notes),
    ]


def quote_docstring(reading: Reading, experiment_id: int, name: str) -> list[Answer]:
    """What the docstring of an experiment's signed file says of it."""
    by = releases.list_code_authors(reading.db).get(experiment_id) or f"the file of {name.replace('_', ' ')}"
    return resolved_prose.quote_each(reading, by, read_bundle_docstring(reading, experiment_id, name))


def quote_forecasts(reading: Reading, forecasts: Iterable[Forecast], weighed: Collection[str]) -> list[Answer]:
    """Why each forecast was made, of those estimands that are weighed."""
    made = dict.fromkeys(
        (forecast.forecaster.removesuffix(INFORMED), forecast.estimand, forecast.prediction.because)
        for forecast in forecasts
        if forecast.estimand in weighed
    )
    return [
        entry
        for forecaster, estimand, because in made
        for entry in resolved_prose.quote_text(
            reading, forecaster, f"why it forecasts “{estimand.replace('_', ' ')}” so", because
        )
    ]


@page_at(f"/findings/{NUMBER}/picture", "picture.html", words="show", is_framed=True)
def finding_picture_page(reading: Reading, number: int) -> Answer:
    """One picture of a finding alone, for pages of others."""
    finding = finding_page(reading, number)["finding"]
    shown = finding["figures"].get(reading.query.get("show", "strip"))
    if shown is None:
        raise NotFound(f"Finding {number} has no such picture; it has {', '.join(finding['figures'])}.")
    return {
        "picture": {
            "title": finding["answer"],
            "headline": finding["evidence"] is not None,
            "asked": finding["question"],
            "grade": finding["grade"],
            "repetitions": finding["evidence"]["seeds"] if finding["evidence"] else 0,
            "recorded": None,
            "is_size_open": finding["is_size_open"],
            "figure": shown,
            "href": f"/findings/{number}",
        }
    }


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


def finding_scope(reading: Reading, view: FindingView) -> Answer:
    return evidence_cards.describe_scope(reading, view, compose_quantity(view.estimand))


def cite_finding(reading: Reading, view: FindingView) -> str:
    finding, line = view.finding, view.line
    start = f"{reading.name}. Finding {finding.number}: {view.answer}."
    if line is None:
        return f"{start} Registered {format_moment(finding.created_at.isoformat())}; no evidence yet."
    weighed = line.evidence
    measured = tell_interval(view.estimand, weighed.estimate, weighed.low, weighed.high)
    reads = "" if view.reads.value == view.verdict.value else f" ({view.reads})"
    closed = "" if finding.status == "open" else f"{finding.status}, "
    return (
        f"{start} {measured}, {counted(weighed.seeds, 'replicate')}, "
        f"{weighed.verdict}{reads}, grade {weighed.grade}, {closed}{format_moment(line.weighed_at.isoformat())}."
    )


def cite_in_bibtex(reading: Reading, view: FindingView) -> str:
    line = view.line
    at = line.weighed_at if line else view.finding.created_at
    number = view.finding.number
    return finding_bibtex(
        number=number,
        answer=view.answer,
        laboratory=reading.name,
        authors=reading.authors,
        date=at.isoformat(),
        line=line.evidence.line if line else 0,
        address=f"{reading.master}findings/{number}" if reading.master else "",
    )


def history_table(reading: Reading, number: int) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    headings = ("line", "blocks", "seeds", "missing", "estimate", "low", "high", "e_value", "verdict", "grade")
    rows = [line.evidence for line in findings.list_evidence_history(reading.db, number)]
    return headings, [[getattr(row, name) for name in headings] for row in rows]


def narrowing_plot(reading: Reading, number: int, estimand: Mapping[str, Any]) -> Answer:
    """The picture of how a finding's interval became narrower."""
    rows = [_row(line, estimand) for line in findings.list_finding_course(reading.db, number)]
    estimate = name_column(estimand, "Estimate")
    headings = ("Replicates", estimate, "Low", "High", "e-value", "Verdict", "Grade", "Session")
    return figure_with_table(reading, f"finding/{number}/narrowing", headings, rows, is_course=True)


def plot_repetitions(
    reading: Reading, number: int, estimand: Mapping[str, Any], observed: Sequence[Observation]
) -> Answer:
    """The picture of what a finding's number is in each repetition."""
    values = [
        [row.replicate, row.value, ", ".join(map(str, row.hosts)), row.design, row.cohort.value, row.why_missing]
        for row in observed
    ]
    headings = ("Replicate", name_column(estimand, "Value"), "Hosts", "Design", "Cohort", "Missing because")
    return figure_with_table(reading, f"finding/{number}/strip", headings, values, is_course=True) | {
        "quantity": compose_mark(estimand)
    }


def finding_course(reading: Reading, number: int) -> list[tuple[Any, ...]]:
    """The numbers behind the same picture, with all their digits."""
    return [astuple(line) for line in findings.list_finding_course(reading.db, number)]


def describe_finding(reading: Reading, view: FindingView) -> Answer:
    finding, estimand, line = view.finding, view.estimand, view.line
    return {
        "number": finding.number,
        "claim": finding.claim,
        "author": view.registered.get("proposal", {}).get("author"),
        "status": finding.status,
        "verdict": view.verdict,
        "reads": view.reads,
        "grade": line.evidence.grade if line else Grade.AWAITING,
        "experiment": view.experiment,
        "version": view.version,
        "registration": finding.registration_id,
        "registered_at": finding.created_at.isoformat(),
        "estimand": finding.estimand,
        "kind": estimand["kind"],
        "measure": estimand["measure"],
        "chance": _chance(estimand["prediction"], view.verdict),
        "foreknowledge": _foreknowledge(reading, view),
        "smallest": estimand["smallest"],
        "null": estimand["null"],
        "bounds": estimand.get("bounds"),
        "literature": _literature(reading, view),
        "block": view.registered["block"],
        "evidence": describe_evidence(reading, line) if line else None,
        "awaits": None if line else describe_awaited_cells(reading, view),
        **reading.memo.get_or_create(
            ("worded", finding.number), lambda: _word_finding(view), version=(view.measured, finding.status)
        ),
    }


def _word_finding(view: FindingView) -> Answer:
    """What is composed of what it asks, of what was measured and of its status, and of nothing else."""
    return {
        "answer": view.answer,
        "tested": view.tested,
        "is_size_open": view.is_size_open,
        "quantity": compose_quantity(view.estimand),
        "in_words": interval_in_words(view.estimand, *_ends(view.line)),
        "told": _tell_with_units(view),
        "row": _describe_row(view),
        "scale": estimand_scale(view.estimand),
    }


def _tell_with_units(view: FindingView) -> Answer:
    """What the head of its page says in the unit of its words; of an estimate nothing where they have none."""
    estimand, (value, *ends), largest = view.estimand, _ends(view.line), _smaller_than(view)
    estimate, span = "", ""
    if value is not None and has_unit(estimand):
        estimate, span = estimate_with_unit(estimand, value, *ends), span_in_words(estimand, value, *ends)
    return {
        "estimate": estimate,
        "span": span,
        **tell_bars(estimand),
        "smaller_than": "" if largest is None else amount_with_unit(estimand, largest, is_most=True),
    }


def _describe_row(view: FindingView) -> Answer:
    """What a list shows of it, where the setting stands above: the answer, how much, and a tiny picture."""
    size, between = tell_size(view.estimand, view.measured)
    repetitions = view.line.evidence.seeds if view.line else 0
    return {
        "answer": compose_row(view.estimand, view.measured, view.finding.status),
        "size": size,
        "between": between,
        "picture": choose_tiny_picture(view.estimand, view.measured, repetitions),
    }


def _literature(reading: Reading, view: FindingView) -> Answer | None:
    """The published number with which this one is compared, and what came of that."""
    estimand, line = view.estimand, view.line
    if (published := estimand.get("published")) is None:
        return None
    _, low, high = _ends(line)
    comparison = compare_with_literature(published, low, high, estimand["smallest"])
    reference = mark_unapproved(published["reference"], references.list_approved_references(reading.db))
    words = reading.memo.get_or_create(
        ("compared", view.finding.number),
        lambda: compose_comparison(estimand, line.evidence if line else None, reference),
        version=(view.measured, reference),
    )
    return {**published, "comparison": comparison, "words": words}


def describe_evidence(reading: Reading, line: HistoryLine) -> Answer:
    """What the closed blocks said on a day."""
    weighed = line.evidence
    return {
        "blocks": weighed.blocks,
        "seeds": weighed.seeds,
        "missing": weighed.missing,
        "estimate": weighed.estimate,
        "centre": weighed.centre,
        "assumed": middle_named(weighed.e_kind),
        "interval": [weighed.low, weighed.high],
        "e_value": weighed.e_value,
        "e_kind": weighed.e_kind,
        "verdict": weighed.verdict,
        "grade": weighed.grade,
        "hosts": weighed.hosts,
        "volunteers": weighed.volunteers,
        "platforms": weighed.platforms,
        "needs": evidence_cards.hide_volunteer_numbers(reading.db, weighed.needs),
        "flags": list(weighed.flags),
        "reasons": evidence_cards.hide_volunteer_numbers(reading.db, weighed.reasons),
        "session": line.session,
        "weighed_at": line.weighed_at.isoformat(),
        **evidence_cards.describe_newer_evidence(weighed),
    }


def describe_forecast(forecast: Forecast) -> Answer:
    score = forecast.score
    chances = asdict(forecast.prediction)
    del chances["because"]  # stands with what is said
    return {
        "forecaster": forecast.forecaster,
        **chances,
        "foreknowledge": asdict(judge_foreknowledge(forecast)),
        "score": asdict(score) | {"at": score.at.isoformat()} if score else None,
    }


def judge_foreknowledge(forecast: Forecast) -> Foreknowledge:
    return compute_foreknowledge(forecast.forecaster, forecast.prediction.because, forecast.seen, forecast.informed)


def _foreknowledge(reading: Reading, view: FindingView) -> Answer | None:
    """What whoever made the registered prediction had seen. Most are the catalogue's, of which the body says all."""
    finding, registered = view.finding, view.registered
    mine = [prediction for prediction in registered["predictions"] if prediction["estimand"] == finding.estimand]
    if registered.get("amends") is None and (not mine or mine[0]["forecaster"] == CATALOGUE):
        return asdict(compute_foreknowledge(mine[0]["forecaster"], mine[0]["because"])) if mine else None
    made = findings.list_forecasts(reading.db, finding.registration_id, finding.estimand)
    return asdict(judge_foreknowledge(made[0])) if made else None


def _ends(line: HistoryLine | None) -> tuple[float | None, float | None, float | None]:
    weighed = line.evidence if line else None
    return (weighed.estimate, weighed.low, weighed.high) if weighed else (None, None, None)


def _chance(predicted: Mapping[str, Any], verdict: Verdict) -> float | None:
    """What the registered prediction gave for the verdict that was found; None while there is none."""
    chances = {Verdict.POSITIVE: "positive", Verdict.NEGATIVE: "negative", Verdict.ABSENT: "absent"}
    return predicted[chances[verdict]] if verdict in chances else None


def _row(line: CourseLine, estimand: Mapping[str, Any]) -> list[Any]:
    texts = format_interval(estimand, line.estimate, line.low, line.high)
    return [line.seeds, *texts, round_e_value(line.e_value), line.verdict, line.grade, line.session]


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


def _smaller_than(view: FindingView) -> float | None:
    """How large an absent effect could be at most, by its interval, rounded up to two digits."""
    if view.line is None or view.verdict is not Verdict.ABSENT:
        return None
    weighed, null = view.line.evidence, float(view.estimand["null"])
    smallest = float(view.estimand["smallest"])
    if weighed.low is None or weighed.high is None:
        return smallest
    most = max(abs(weighed.low - null), abs(weighed.high - null))
    if most < _NEXT_TO_NOTHING:
        return smallest
    step = 10.0 ** (math.floor(math.log10(most)) - 1)
    return min(smallest, float(f"{math.ceil(most / step) * step:.2g}"))


def _next_grade(view: FindingView) -> str | None:
    """The grade above, while there is one."""
    grade = view.line.evidence.grade if view.line else Grade.AWAITING
    place = _GRADES.index(grade) + 1
    return _GRADES[place] if place < len(_GRADES) else None


def is_alias(alias: str, names: Iterable[str]) -> bool:
    """Does somebody who says this mean one of these names? The sign before an old number may be left out."""
    return alias.removeprefix("#").casefold() in {name.removeprefix("#").casefold() for name in names}


def describe_awaited_cells(reading: Reading, view: FindingView) -> Answer:
    """How much of the first block is back, and when the rest should be, at the pace so far."""
    block = view.registered["block"]
    wanted = block * len(view.registered["configs"])
    number, is_map = view.finding.registration_id, is_tile(view.registered["configs"][0])
    results = findings.count_block_results(reading.db, view.finding.experiment_id, number, block=block, is_map=is_map)
    back = min(wanted, results)
    waited = max(timedelta(0), reading.now - view.finding.created_at)
    expected: datetime | None = reading.now + waited / back * (wanted - back) if back else None
    return {
        "cells": wanted,
        "back": back,
        "expected_at": expected.isoformat() if expected else None,
        "in_seconds": (expected - reading.now).total_seconds() if expected else None,
    }


def require_finding(reading: Reading, number: int) -> FindingView:
    """The finding with this number, or the sentence that says how far they go."""
    view = findings.find_finding_view(reading.db, number)
    if view is None:
        raise NotFound(no_such_number("finding", number, findings.find_last_finding_number(reading.db)))
    return view
