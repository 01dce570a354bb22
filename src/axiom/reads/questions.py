"""A question as a reader meets it: the answer in a sentence, one picture, how sure it is, and what is still open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from axiom.domain.evidence import VOID
from axiom.domain.headlines.finding_sentences import (
    WeighedNumber,
    compose_quantity,
    compose_question,
    compose_size_question,
    compose_statement,
    is_size_open,
)
from axiom.domain.headlines.levels_to_tell import find_unsaid_levels, tell_pooling, with_levels, with_words
from axiom.domain.headlines.names_in_words import tell_common_levels
from axiom.domain.headlines.numbers import certainty_with_unit, estimate_with_unit, interval_in_words
from axiom.domain.headlines.prepared_answers import (
    are_all_decided,
    choose_answer,
    compose_headline,
    compose_title,
    count_open_sizes,
    find_denied,
    grade_answer,
    tell_unsure_designs,
)
from axiom.domain.links import mark_unapproved
from axiom.laboratory.figures.rules.question_picture import (
    find_compared_arms,
    name_question_picture,
    rank_question_picture,
)
from axiom.laboratory.findings.rules.literature_comparison import compose_comparison
from axiom.reads import findings as finding_views
from axiom.reads.base.bibtex import laboratory_bibtex
from axiom.reads.base.docstring import describe_papers
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import experiments as experiment_views
from axiom.reads.experiments import releases
from axiom.reads.figures import shared_card_address
from axiom.reads.finding_lists import read_estimands
from axiom.reads.question_pictures import WORDS, describe_picture
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.experiments.recorded_answers import (
    RecordedNumber,
    find_recorded_estimates,
    find_recorded_numbers,
)
from axiom.store.experiments.themes import read_themes
from axiom.store.findings import references
from axiom.store.views import findings
from axiom.store.views.findings import FindingBrief, FindingView
from axiom_weigh.amounts import tell_amount
from axiom_weigh.values import Grade, Verdict

_GRADES = list(Grade)


@page_at("/questions", "questions.html")
def questions_page(reading: Reading) -> Answer:
    """What is asked, and the answer in a sentence where there is one."""
    versions, briefs = experiments.list_experiment_versions(reading.db), findings.list_finding_briefs(reading.db)
    return {"questions": list_questions(reading, versions, briefs)}


@page_at("/questions/{name}", "question.html", words=WORDS)
def question_page(reading: Reading, name: str) -> Answer:
    """The newest version of a question, with everything that was found of it."""
    stored = experiment_views.require_experiment(reading, name)
    manifest = stored_manifest(stored.manifest)
    all_views = findings.list_experiment_findings(reading.db, stored.id)
    views = [view for view in all_views if view.finding.status not in VOID]
    briefs = [brief for brief in findings.list_finding_briefs(reading.db) if brief.experiment_id == stored.id]
    answered = describe_answer(reading, stored, manifest, briefs)
    rows = _describe_tests(reading, manifest, views, answered["rests_on"])
    own = {view.finding.estimand: view.measured for view in reversed(views)}
    picture = describe_picture(reading, stored, manifest, answered["picture"], answered["rests_on"])
    picture["is_ringed"] = picture.get("is_placed", False) and (
        find_compared_arms(manifest, answered["rests_on"]) is not None
    )
    return {
        "misread": picture.get("misread", []),
        "question": answered
        | {
            "name": stored.name,
            "version": stored.version,
            "status": stored.status,
            "stopped": releases.describe_stop(reading.db, stored),
            "asked": manifest.question,
            "theme": read_themes().get(stored.name),
            **_sort_tests(manifest, answered, rows, own),
            "pictured": picture.get("pictured", []),
            "compared": _compare_with_papers(reading, manifest, views),
            "said": finding_views.quote_docstring(reading, stored.id, stored.name),
            "papers": describe_papers(reading, manifest.reference),
            "figure": picture,
            "common": _tell_levels_of_figure(manifest),
            "card": shared_card_address(reading, f"experiment/{stored.id}", answered["title"]),
            "map": f"/maps/{stored.whole_name}" if manifest.map else None,
            "results": counters.count_of_experiment(reading.db, "result", stored.id),
            "bibtex": _cite(reading, stored, answered),
        },
    }


def _describe_tests(
    reading: Reading, manifest: Manifest, views: Sequence[FindingView], rests_on: Collection[str]
) -> list[Answer]:
    """Each test in words: what it asks, what is measured of it, and how sure that is."""
    unsaid = _find_unsaid_levels(manifest, rests_on)
    return [
        finding_views.describe_finding(reading, view)
        | {
            "question": compose_question(view.estimand),
            "statement": compose_statement(
                with_levels(view.estimand, unsaid.get(view.finding.estimand, {}), manifest.words), view.measured
            ),
            "sure": _tell_certainty(manifest, view.estimand, view.measured),
        }
        for view in views
    ]


def _sort_tests(
    manifest: Manifest, answered: Answer, rows: Sequence[Answer], own: Mapping[str, WeighedNumber]
) -> Answer:
    """Which tests carry the answer, which are decided beside it, and which are open."""
    carrying, rests_on = set(answered["carried_by"]), answered["rests_on"]
    makers = find_recorded_numbers(manifest.name, manifest.version) if answered["recorded"] else {}
    settled = {name for name, number in makers.items() if number.verdict.is_decided}
    carriers = [row for row in rows if row["number"] in carrying]
    decided = sorted((row for row in rows if row["verdict"].is_decided), key=lambda row: bool(row["author"]))
    return {
        "repetitions": min((row["evidence"]["seeds"] for row in carriers), default=0),
        "told_by_makers": _tell_recorded_numbers(manifest, rests_on) if answered["recorded"] else [],
        "told_besides": _tell_recorded_numbers(manifest, settled - set(rests_on)),
        "told": carriers or ([] if answered["recorded"] else decided),
        "told_beside_answer": [
            row for row in decided if carrying and row["number"] not in carrying and not row["author"]
        ],
        "decided": len(decided),
        "findings": rows,
        "open": [
            *_ask_sizes(manifest, rows, makers or own, rests_on),
            *(row for row in rows if row["verdict"] == "undecided" and row["estimand"] not in settled),
        ],
        "left_open": {name: number.seeds for name, number in makers.items()},
    }


def _tell_levels_of_figure(manifest: Manifest) -> list[str]:
    """What all that the figure shows has in common, but for what lies along its axis."""
    figure = manifest.figure
    x = figure.x if figure else ""
    shown = [
        {factor: level for factor, level in config.items() if factor != x}
        for config in manifest.configs
        if figure is None or figure.shows(config)
    ]
    return tell_common_levels(manifest.words, shown, {measure.name for measure in manifest.measures})


@page_at("/questions/{name}/picture", "picture.html", words=WORDS, is_framed=True)
def question_picture_page(reading: Reading, name: str) -> Answer:
    """The picture of a question alone, for pages of others."""
    question = question_page(reading, name)["question"]
    words = ("title", "headline", "asked", "grade", "repetitions", "recorded", "figure")
    return {"picture": {word: question[word] for word in words} | {"href": f"/questions/{question['name']}"}}


def _cite(reading: Reading, stored: StoredExperiment, answered: Answer) -> str:
    """One entry of BibTeX: who said it, and when; what the makers measured is theirs."""
    recorded, at = answered["recorded"], answered["changed_at"] or stored.created_at.isoformat()
    by = "computed by the makers of Axiom" if recorded else f"grade {answered['grade']}"
    return laboratory_bibtex(
        name=stored.name.replace("_", "-"),
        title=answered["title"],
        note=f"Version {stored.version}, {by}; data under CC BY 4.0",
        laboratory=reading.name,
        authors=reading.authors,
        date=recorded["at"] if recorded else at,
        address=f"{reading.master}questions/{stored.name}" if reading.master else "",
    )


def list_questions(
    reading: Reading, versions: Iterable[StoredExperiment], briefs: Iterable[FindingBrief]
) -> list[Answer]:
    """The questions, each in its newest version: the surest answer first; of the others what is computed now.

    One of which nothing more is computed stands here while it has an answer: to retire it unsays nothing.
    """
    by_version: dict[int, list[FindingBrief]] = {}
    for brief in briefs:  # `group_pairs` would ask a generator for each, on every front page
        by_version.setdefault(brief.experiment_id, []).append(brief)
    by_state = counters.group_counters_by_state(counters.read_counters(reading.db))
    questions: list[Answer] = []
    for stored in _list_newest_versions(versions):
        if stored.status == "recalled" or stored.id not in by_version:  # without a finding it asks nothing
            continue
        manifest = stored_manifest(stored.manifest)
        answer = describe_answer(reading, stored, manifest, by_version[stored.id])
        if stored.status != "open" and not answer["headline"] and not answer["is_decided"]:
            continue
        tasks = by_state["task", stored.id]
        row = {
            "name": stored.name,
            "experiment": stored.id,
            "asked": manifest.question,
            "theme": read_themes().get(stored.name),
            "tasks": tasks.get("sent", 0) + tasks.get("unsent", 0),
        }
        questions.append(row | answer)
    return sorted(questions, key=_order)


def _list_newest_versions(versions: Iterable[StoredExperiment]) -> Iterable[StoredExperiment]:
    newest: dict[str, StoredExperiment] = {}
    for stored in versions:
        if stored.name not in newest or newest[stored.name].version < stored.version:
            newest[stored.name] = stored
    return sorted(newest.values(), key=lambda stored: stored.id)


def _order(question: Answer) -> tuple[Any, ...]:
    """What this laboratory found before what its makers did, the surest and then the shortest first."""
    if not question["headline"]:
        return True, not question["tasks"]
    return False, bool(question["recorded"]), -_GRADES.index(question["grade"]), len(question["headline"])


def describe_answer(
    reading: Reading, stored: StoredExperiment, manifest: Manifest, briefs: Sequence[FindingBrief]
) -> Answer:
    """The sentence that the file declares for what its findings say, how sure the least sure of them is, its picture.

    Several findings of one estimand are of several designs: the first is that of the file. While they say nothing as
    a whole, the answer is what the makers of the catalogue had measured, which is told with it.
    """
    return reading.memo.get_or_create(
        ("answer", stored.id),
        lambda: _compose_answer(read_estimands(reading), stored, manifest, briefs),
        version=(manifest, briefs),
    )


def _compose_answer(
    asking: Mapping[int, Mapping[str, Any]],
    stored: StoredExperiment,
    manifest: Manifest,
    briefs: Sequence[FindingBrief],
) -> Answer:
    newest_first = sorted(briefs, key=lambda brief: -brief.number)
    own = {asking[brief.number]["name"]: brief for brief in newest_first if brief.status not in VOID}
    makers = find_recorded_numbers(manifest.name, manifest.version)
    denied = find_denied(((asking[brief.number]["name"], brief.status, brief.verdict) for brief in briefs), makers)
    headline, is_recorded = choose_answer(manifest.headlines, own, makers, manifest.estimands, denied)
    numbers: Mapping[str, FindingBrief | RecordedNumber] = makers if is_recorded else own
    carrying = {name: numbers[name] for name in headline.when} if headline else {}
    briefed = [number for number in carrying.values() if isinstance(number, FindingBrief)]
    recorded = [number for number in carrying.values() if isinstance(number, RecordedNumber)]
    weighed = [brief.number for brief in own.values() if brief.weighed_at]
    of_designs = tell_unsure_designs(carrying)
    open_sizes, is_decided = count_open_sizes(manifest.estimands, carrying), are_all_decided(own)
    return {
        "headline": compose_headline(headline, open_sizes=open_sizes, of_designs=of_designs) if headline else None,
        "title": compose_title(
            manifest.question, headline, open_sizes=open_sizes, of_designs=of_designs, is_decided=is_decided
        ),
        "is_decided": is_decided,
        "picture": name_question_picture(
            stored.id,
            has_figure=manifest.figure is not None,
            is_recorded=is_recorded,
            finding=briefed[0].number if briefed else min(weighed, default=0),
        ),
        "is_size_open": open_sizes > 0,
        "picture_rank": rank_question_picture(
            manifest,
            carrying,
            is_recorded=is_recorded,
            has_estimates=bool(find_recorded_estimates(manifest.name, manifest.version)),
        ),
        "rests_on": list(carrying),
        "carried_by": [brief.number for brief in briefed],
        "grade": grade_answer(carrying),
        "changed_at": max((brief.weighed_at.isoformat() for brief in briefed if brief.weighed_at), default=None),
        "recorded": {
            "at": max(number.at for number in recorded),
            "repetitions": min(len(number.values) for number in recorded),
        }
        if recorded
        else None,
    }


def _tell_recorded_numbers(manifest: Manifest, names: Collection[str]) -> list[Answer]:
    """What the makers measured, in sentences; for the page of one question alone, since it goes through all configs."""
    numbers, unsaid = find_recorded_numbers(manifest.name, manifest.version), _find_unsaid_levels(manifest, names)
    rows = []
    for estimand in manifest.estimands:
        if estimand["name"] in names:
            number, worded = numbers[estimand["name"]], with_words(estimand, manifest, manifest.configs)
            worded = with_levels(worded, unsaid[estimand["name"]], manifest.words)
            sure = _tell_certainty(manifest, worded, number)
            if missing := number.values.count(None):
                sure = f"{sure}; no value in {missing} of {tell_amount(number.seeds, 'repetition')}"
            rows.append({"statement": compose_statement(worded, number), "sure": sure})
    return rows


def _ask_sizes(
    manifest: Manifest, rows: Sequence[Answer], numbers: Mapping[str, WeighedNumber], names: Collection[str]
) -> list[Answer]:
    """Of what carries the answer, the findings of which it is open whether they are large enough to matter."""
    by_name = {row["estimand"]: row for row in reversed(rows)}
    return [
        by_name[name] | {"question": compose_size_question(with_words(estimand, manifest, manifest.configs))}
        for estimand in manifest.estimands
        for name in [estimand["name"]]
        if name in names and name in by_name and is_size_open(estimand, numbers[name])
    ]


def _find_unsaid_levels(manifest: Manifest, names: Collection[str]) -> dict[str, dict[str, object]]:
    """In what tests that stand together differ without saying so: what is read as one factor's work may be these."""
    together = [estimand for estimand in manifest.estimands if estimand["name"] in names]
    return find_unsaid_levels(together, manifest.configs)


def _tell_certainty(manifest: Manifest, estimand: Mapping[str, Any], number: WeighedNumber) -> str:
    """How sure a number is, and over what it was taken together without its sentence saying so."""
    if number.estimate is None:
        return ""
    pooling = tell_pooling(estimand, manifest.configs, manifest.words)
    return "; ".join(part for part in (_tell_interval(estimand, number), *pooling) if part)


def _tell_interval(estimand: Mapping[str, Any], number: WeighedNumber) -> str:
    """In the unit of the estimand's words; where these have none, the interval alone, as its number is told above."""
    value, low, high = number.estimate, number.low, number.high
    if words := interval_in_words(estimand, value, low, high):
        return words
    if value is None or low is None or high is None:
        return ""
    certainty = certainty_with_unit(estimand, value, low, high)
    if number.verdict is Verdict.ABSENT:  # a sentence says how little that is at most, and not how much
        return f"{estimate_with_unit(estimand, value, low, high)} ({certainty})"
    return certainty


def _find_same_number(
    estimand: Mapping[str, Any], manifest: Manifest, recorded: Mapping[str, RecordedNumber]
) -> RecordedNumber | None:
    """What the makers measured of it, be it under the name of a test that holds the same number against another."""
    of = ("kind", "measure", "across", "between", "about", "event")
    same = [other["name"] for other in manifest.estimands if all(other.get(word) == estimand.get(word) for word in of)]
    return next((recorded[name] for name in (estimand["name"], *same) if name in recorded), None)


def _compare_with_papers(reading: Reading, manifest: Manifest, views: Sequence[FindingView]) -> list[Answer]:
    """What papers said of the numbers, as the file tells it today: what was registered may not have it."""
    approved = references.list_approved_references(reading.db)
    recorded = find_recorded_numbers(manifest.name, manifest.version)
    own = {view.finding.estimand: view for view in reversed(views) if view.measured.estimate is not None}
    rows = []
    for estimand in manifest.estimands:
        if published := estimand.get("published"):
            name, worded = estimand["name"], with_words(estimand, manifest, manifest.configs)
            view = own.get(name)
            who, number = (
                ("here", view.measured)
                if view
                else ("the makers of Axiom measured", _find_same_number(estimand, manifest, recorded))
            )
            words = compose_comparison(worded, number, mark_unapproved(published["reference"], approved), who)
            finding = view.finding.number if view else None
            rows.append({"quantity": compose_quantity(worded), "words": words, "finding": finding})
    return rows
