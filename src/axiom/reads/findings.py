"""What is concluded: one finding with its history, as a page, as a picture and as a row of others."""

import itertools
import json
import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.headlines.finding_sentences import (
    compose_mark,
    compose_quantity,
    compose_row,
    find_slight_side,
    tell_share_of_level,
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
from axiom.domain.preflights import GATES
from axiom.domain.registrations import CATALOGUE, INFORMED
from axiom.errors import NotFound
from axiom.laboratory.experiments.rules.controls import find_planted_effect
from axiom.laboratory.findings.rules.literature_comparison import compare_with_literature, compose_comparison
from axiom.laboratory.findings.rules.seeds_seen_before import Foreknowledge, compute_foreknowledge
from axiom.reads import evidence_cards
from axiom.reads.base import resolved_prose
from axiom.reads.base.bibtex import finding_bibtex
from axiom.reads.base.docstring import describe_papers, read_bundle_docstring
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading, no_such_number
from axiom.reads.figures import figure_with_table, shared_card_address
from axiom.reads.kin import kin_of_experiment
from axiom.reads.link_graph import describe_links
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments, preflights, releases
from axiom.store.findings import finding_notes, references
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom.store.views.findings import CourseLine, FindingView, Forecast, HistoryLine
from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.median_or_mean import middle_named
from axiom_weigh.evidence.rounding import round_e_value
from axiom_weigh.values import Grade, Kind, Observation, Verdict

_GRADES = list(Grade)
_NEXT_TO_NOTHING = 1e-300  # has no two digits to round to


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
            "severity": _tell_severity(reading, view),
            "share_of_level": _tell_share_of_level(reading, view),
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
        f"{start} {measured}, {tell_amount(weighed.seeds, 'replicate')}, "
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


def _tell_severity(reading: Reading, view: FindingView) -> str:
    """What the design of an absence could have shown: what its preflight found where an effect was planted."""
    stored = experiments.find_experiment(reading.db, view.finding.experiment_id)
    bundle = experiments.find_newest_bundle(reading.db, view.finding.experiment_id)
    if view.verdict is not Verdict.ABSENT or stored is None or bundle is None:
        return ""
    tried = preflights.find_preflight(reading.db, bundle.digest, GATES)
    controls = [own for own in stored_manifest(stored.manifest).controls if own.estimand == view.finding.estimand]
    effect = None
    if controls and tried and tried.report:
        effect = find_planted_effect(json.loads(tried.report), view.estimand, controls[0].planted)
    if effect is None:
        return "No effect was planted for this number, so it is not known whether its design could have shown one"
    away = amount_with_unit(view.estimand, abs(effect - float(view.estimand["null"])))
    return f"Where an effect was planted, its design showed one of {away}; that it could show a larger one is not known"


def _tell_share_of_level(reading: Reading, view: FindingView) -> str:
    """What the smallest difference that matters is of the measure itself; nothing where its number is no difference."""
    estimand, experiment_id = view.estimand, view.finding.experiment_id
    is_difference = estimand["kind"] == Kind.CONTRAST and len(estimand["between"]) > 1 and not estimand.get("is_event")
    if view.line is None or not is_difference:
        return ""

    def find_level() -> float:
        taken_away = estimand["between"][1].items()
        by_config = reading.tally.values(reading.db, experiment_id, estimand["measure"]).by_config
        configs = registrations.read_placed_configs(reading.db, experiment_id)
        places = [place for place, config in configs.items() if taken_away <= config.items()]
        values = [value for place in places for value in by_config.get(place, ())]
        return statistics.median(values) if values else 0.0

    level = reading.memo.get_or_create(("level", view.finding.number), find_level, version=view.line.evidence.line)
    return tell_share_of_level(estimand, level) if level else ""


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
        "is_slight": find_slight_side(estimand, view.measured) is not None,
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
