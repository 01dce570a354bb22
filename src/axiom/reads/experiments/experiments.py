"""What is asked: the list of experiments, and one with its design, its progress and its exact signed source."""

import base64
import difflib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from axiom import shipped
from axiom.domain.declaration import ValueType
from axiom.domain.evidence import VOID, ConfigEstimate
from axiom.domain.headlines.finding_sentences import compose_claim, compose_mark, compose_quantity
from axiom.domain.headlines.levels_to_tell import tell_pooling, with_words
from axiom.domain.headlines.names_in_words import name_in_words
from axiom.domain.headlines.numbers import name_column, tell_bars
from axiom.domain.maps import first_place
from axiom.domain.preflights import GATES, OWN_GATES
from axiom.domain.work import count_failures
from axiom.errors import NotFound
from axiom.laboratory.experiments.rules.curve_rows import choose_curve_measure, compose_median_curve
from axiom.laboratory.experiments.rules.search import matches_search
from axiom.laboratory.figures.rules.question_picture import choose_recorded_estimand, place_recorded_estimates
from axiom.laboratory.figures.rules.sweeps_and_strips import find_percent, place_points, summarize_values
from axiom.limits import experiments as experiment_limits
from axiom.limits import figures as limits
from axiom.limits import results as result_limits
from axiom.reads import findings as finding_views
from axiom.reads.base import query_errors
from axiom.reads.base.docstring import bundle_files, describe_papers, experiment_source
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.page_cells import config_in_words
from axiom.reads.base.request import Answer, Reading, parse_number
from axiom.reads.experiments import releases
from axiom.reads.experiments.drafts import describe_estimand
from axiom.reads.figures import figure_with_table, shared_card_address
from axiom.reads.registrations import registrations
from axiom.rules.hosts.learned_costs import describe_cost_fit as as_shown
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine import counters
from axiom.store.experiments import costs, drafts, experiments, former_results, old_names, preflights, task_rules
from axiom.store.experiments import releases as written
from axiom.store.experiments.experiments import STATUSES, StoredBundle, StoredExperiment
from axiom.store.experiments.recorded_answers import find_recorded_estimates, find_recorded_numbers
from axiom.store.experiments.themes import read_themes
from axiom.store.findings import blocks, old_claims
from axiom.store.registrations.registrations import read_placed_configs
from axiom.store.views import findings, results
from axiom.store.views.findings import FindingView, Forecast
from axiom.store.views.results import MeasuredValues
from axiom_weigh.figures.picture_data import SweepPoint, repetitions_of
from axiom_weigh.figures.scales import format_value
from axiom_weigh.statistics.shares_and_medians import median_of, median_sequence
from axiom_weigh.statistics.student import mean_of
from axiom_weigh.values import Grade

_GRADES = list(Grade)
_SCALARS = {ValueType.INT, ValueType.FLOAT, ValueType.BOOL}


@page_at("/experiments", "experiments.html", words="q theme status")
def experiments_page(reading: Reading) -> Answer:
    """Every version of every experiment that the address asks for, the newest first."""
    counted = counters.group_counters_by_state(counters.read_counters(reading.db))
    authors = written.list_code_authors(reading.db)
    rows = [
        describe_experiment(stored, counted) | {"author": authors.get(stored.id)}
        for stored in reversed(experiments.list_experiment_versions(reading.db))
    ]
    filters = {word: reading.query.get(word, "") for word in ("q", "theme", "status")}
    themes = list(dict.fromkeys(read_themes().values()))
    misread = [
        *query_errors.not_a_choice(filters, "theme", themes),
        *query_errors.not_a_choice(filters, "status", STATUSES),
    ]
    matching = (
        []
        if misread
        else [row for row in rows if matches_search(row, old_names.list_former_names(row["name"]), filters)]
    )
    return {"experiments": matching, "of": len(rows), "asked": filters, "themes": themes, "misread": misread}


@page_at("/experiments/{name}", "experiment.html", words="measure")
def experiment_page(reading: Reading, name: str) -> Answer:
    """An experiment by its name, or one version of it as `name@2`."""
    stored = require_experiment(reading, name)
    manifest = stored_manifest(stored.manifest)
    registered = registrations.describe_registrations(reading, stored)
    views = findings.list_experiment_findings(reading.db, stored.id)
    forecasts = [forecast for row in registered for forecast in findings.list_forecasts(reading.db, row["number"])]
    claims = [finding_views.describe_finding(reading, view) for view in views]
    decided = [claim for claim in claims if claim["evidence"] and claim["status"] not in VOID]
    surest = max(decided, key=lambda claim: _GRADES.index(claim["grade"]), default=None)
    progress = _progress(reading, stored, manifest, registered, claims)
    counted = counters.group_counters_by_state(counters.read_counters(reading.db))
    return {
        "experiment": describe_experiment(stored, counted)
        | {
            "author": written.list_code_authors(reading.db).get(stored.id),
            "registration": registered[0]["number"] if registered else None,
            "registered_at": registered[0]["registered_at"] if registered else None,
            "registrations": registered,
            "reproduced": registrations.describe_reproductions(reading, [row["number"] for row in registered]),
            "said": _quotes(reading, stored, views, forecasts, registered),
            "papers": describe_papers(reading, manifest.reference),
            "map": f"/maps/{stored.whole_name}" if manifest.map else None,
            "levels": sweep_levels(manifest),
            "configs": [dict(config) for config in manifest.configs],
            "measures": [[measure.name, measure.type, measure.nullable] for measure in manifest.measures],
            "estimands": [
                describe_estimand(estimand)
                | {"quantity": compose_quantity(worded), "tested": compose_claim(worded)}
                | {"told": tell_bars(worded)}
                for estimand in manifest.estimands
                for worded in [with_words(estimand, manifest, manifest.configs)]
            ],
            "predictions": [
                {"estimand": forecast.estimand} | finding_views.describe_forecast(forecast) for forecast in forecasts
            ],
            "findings": claims,
            "answer": surest["answer"] if surest else None,
            "card": shared_card_address(reading, f"finding/{surest['number']}", surest["answer"]) if surest else None,
            "old": _old(reading, stored.name),
            "former": _former(reading, stored.name),
            "progress": progress,
            "figures": plot_pictures(reading, stored, manifest),
            "summary": _summary(reading, stored, manifest),
            "source": _source(reading, stored),
            "preflight": _preflight(reading, stored),
            "release": releases.describe_release(reading, stored),
            "rule": _rule(reading, stored.name),
            "costs": [as_shown(cost.host_class, cost.fit) for cost in costs.list_learned_costs(reading.db, stored.id)],
        }
    }


def _rule(reading: Reading, name: str) -> Answer | None:
    """What an operator says of its tasks, if anything."""
    stated = task_rules.read_rules(reading.db).get(name)
    return (
        asdict(stated.rule) | {"reason": stated.reason, "by": stated.said_by, "at": stated.said_at.isoformat()}
        if stated
        else None
    )


def _quotes(
    reading: Reading,
    stored: StoredExperiment,
    views: Sequence[FindingView],
    forecasts: Sequence[Forecast],
    registered: Sequence[Answer],
) -> list[Answer]:
    """What its file says of it, and of what is weighed why it was asked and forecast so."""
    weighed = {view.finding.estimand for view in views if view.line}
    return [
        *finding_views.quote_docstring(reading, stored.id, stored.name),
        *finding_views.quote_forecasts(reading, forecasts, weighed),
        *itertools.chain.from_iterable(row["said"] for row in registered),
    ]


def describe_experiment(stored: StoredExperiment, counted: Mapping[tuple[str, int], Mapping[str, int]]) -> Answer:
    """An experiment as lists, pages and JSON show it; `counted` is what there is of it by state."""
    manifest = stored_manifest(stored.manifest)
    return {
        "name": stored.name,
        "aliases": list(manifest.aliases),
        "version": stored.version,
        "question": manifest.question,
        "theme": read_themes().get(stored.name),
        "status": stored.status,
        "reference": manifest.reference,
        "created_at": stored.created_at.isoformat(),
        "memory_mb": manifest.memory_mb,
        "copies": manifest.copies,
        "cores": manifest.cores,
        "seconds": manifest.seconds,
        **{
            f"{noun}s": {state: amount for state, amount in counted[noun, stored.id].items() if amount}
            for noun in ("workunit", "task", "result")
        },
    }


def require_experiment(reading: Reading, name: str) -> StoredExperiment:
    plain_name, _, version = name.partition("@")
    wanted = parse_number(version)
    stored = experiments.find_experiment_by_name(reading.db, plain_name, wanted) or _by_alias(
        reading, plain_name, wanted
    )
    if stored is None or (version and wanted is None):  # a version that is no number is none, and not the newest
        raise NotFound(f"There is no experiment {name}. {_became(plain_name) or _where_instead(reading, plain_name)}")
    return stored


def _by_alias(reading: Reading, alias: str, version: int | None) -> StoredExperiment | None:
    """The version that somebody means who knows another name: one of its file, or an old script's."""
    for stored in reversed(experiments.list_experiment_versions(reading.db)):
        if alias in stored_manifest(stored.manifest).aliases and version in (None, stored.version):
            return stored
    old = old_names.read_old_names(shipped.catalogue_folder()).get(alias)
    claims = (claim.said.experiment for claim in old_claims.list_old_claims(reading.db) if alias in claim.said.scripts)
    name = old.experiment if old else next(claims, None)
    return experiments.find_experiment_by_name(reading.db, name, version) if name else None


def _became(name: str) -> str:
    """What became of a script of the old laboratory whose question was not published here."""
    old = old_names.read_old_names(shipped.catalogue_folder()).get(name)
    return f"In the old laboratory: {old.became}; here {old.experiment} is to ask its question. " if old else ""


def _where_instead(reading: Reading, name: str) -> str:
    """Where the name stands that no published experiment has, or which one may be meant."""
    draft = drafts.find_newest_draft(reading.db, name)
    if draft:
        return f"Draft {draft.number} of that name is not published; it is {draft.state}."
    names = sorted({version.name for version in experiments.list_experiment_versions(reading.db)})
    if not names:
        return "This laboratory has none yet."
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return " ".join([*(f"Did you mean {candidate}?" for candidate in near), f"/experiments lists all {len(names)}."])


def _old(reading: Reading, name: str) -> Answer:
    """What the old laboratory called this experiment, what became of that there, and what it claimed."""
    claims = [old.said for old in old_claims.list_old_claims(reading.db) if old.said.experiment == name]
    return {
        "names": [
            {"name": old.name, "became": old.became}
            for old in old_names.list_old_names(shipped.catalogue_folder(), name)
        ],
        "claims": [
            {
                "name": claim.name,
                "claim": claim.claim,
                "figure": claim.figure,
                "rests_on": claim.rests_on,
                "status": claim.status,
                "href": f"/findings/graph#old-{claim.name.removeprefix('#')}",
            }
            for claim in claims
        ],
    }


def _former(reading: Reading, name: str) -> list[Answer]:
    """What other laboratories had of it before this one, by source; the memo has it until more are loaded."""
    return reading.memo.get_or_create(
        ("former", name),
        lambda: [
            {"status": "exploratory", "href": _former_address(name, row["source"]), **row}
            for row in former_results.summarize_former_results(
                reading.db, name, most=experiment_limits.FORMER_SUMMED, names=experiment_limits.FORMER_NUMBERS
            )
        ],
        version=former_results.find_newest_former_result(reading.db),
    )


@page_at("/experiments/{name}/former", "former_results.html", words="source after")
def former_results_page(reading: Reading, name: str) -> Answer:
    """The tasks of one such source behind the one that the address names."""
    name, source = require_experiment(reading, name).name, reading.query.get("source", "")
    most, after = result_limits.RESULTS_ON_A_PAGE, reading.query.get("after", "")
    rows = former_results.list_former_results(reading.db, name, source, after=after, limit=most + 1)
    return {
        "experiment": name,
        "source": source,
        "status": "exploratory",
        "rows": rows[:most],
        "next": _former_address(name, source, after=rows[most - 1]["task"]) if len(rows) > most else None,
    }


def _former_address(name: str, source: str, **words: str) -> str:
    return f"/experiments/{name}/former?{urlencode({'source': source, **words})}"


def source_file(reading: Reading, name: str) -> tuple[str, str]:
    """The file that an address names, exactly as it is signed, and the address where it lies: an alias has another."""
    stored = require_experiment(reading, name)
    bundle = experiments.find_newest_bundle(reading.db, stored.id)
    if bundle is None:
        raise NotFound(f"The file of {name} is not signed yet.")
    _, at, version = name.partition("@")
    return experiment_source(bundle_files(reading, bundle.digest), stored.name), raw_address(
        stored.name, f"{at}{version}"
    )


def raw_address(name: str, version: str = "") -> str:
    """Where an experiment's file lies as it is signed: of the newest version, or of one as `@2`."""
    return f"/experiments/{name}{version}.py"


def require_experiment_number(reading: Reading, experiment_id: int) -> StoredExperiment:
    stored = experiments.find_experiment(reading.db, experiment_id)
    if stored is None:
        raise NotFound(f"There is no experiment number {experiment_id}.")
    return stored


def sweep_levels(manifest: Manifest) -> dict[str, list[Any]]:
    """Each factor with the levels that the sweep visits, in its order."""
    return {factor: list(dict.fromkeys(config[factor] for config in manifest.configs)) for factor in manifest.factors}


def varying_factors(manifest: Manifest) -> set[str]:
    return {name for name, values in sweep_levels(manifest).items() if len(values) > 1}


def _progress(
    reading: Reading,
    stored: StoredExperiment,
    manifest: Manifest,
    registered: Sequence[Answer],
    claims: Sequence[Answer],
) -> Answer:
    counted = {
        (noun, state): amount
        for (noun, whose, state), amount in counters.read_counters(reading.db).items()
        if whose == stored.id and amount
    }
    issued = results.find_result_replicate(reading.db, stored.id)
    weighed = [claim["evidence"] for claim in claims if claim["evidence"]]
    tasks = {state: amount for (noun, state), amount in counted.items() if noun == "task"}
    return {
        "replicates": issued,
        "in_evidence": max((evidence["seeds"] + evidence["missing"] for evidence in weighed), default=0),
        "cells": sum(registration["issued"] * registration["cells"] for registration in registered),
        # Finer cells are none of it.
        "cells_back": sum(blocks.count_returned_cells(reading.db, stored.id, below=first_place(1)).values())
        if manifest.map
        else sum(amount for (noun, _), amount in counted.items() if noun == "result"),
        "tasks": {
            "valid": tasks.get("valid", 0),
            "returned": tasks.get("returned", 0),
            "out": tasks.get("sent", 0),
            "not valid": count_failures(tasks),
            "withdrawn": tasks.get("aborted", 0),
            "not yet sent": tasks.get("unsent", 0),
        },
    }


def plot_pictures(reading: Reading, stored: StoredExperiment, manifest: Manifest) -> dict[str, Answer]:
    """The numbers of each of its pictures, by the last part of the picture's name."""
    return {
        kind: plotted
        for kind in ("sweep", "curve", "recorded")
        if (plotted := plot_picture(reading, stored, manifest, kind)) is not None
    }


def plot_picture(reading: Reading, stored: StoredExperiment, manifest: Manifest, kind: str) -> Answer | None:
    """The numbers of one of them; None where it has none of this kind."""
    return {"sweep": _sweep, "curve": _curve, "recorded": _recorded}[kind](reading, stored, manifest)


def read_points(
    reading: Reading, stored: StoredExperiment, manifest: Manifest, read: MeasuredValues
) -> tuple[Mapping[int, SweepPoint], str]:
    """Where each config stands in the picture of the sweep; the memo has it until more is back."""
    return reading.memo.get_or_create(
        ("points", stored.id), lambda: place_points(manifest, read.by_config), version=(read.results, read.after)
    )


def _sweep(reading: Reading, stored: StoredExperiment, manifest: Manifest) -> Answer:
    """The picture of the sweep, and the numbers that it draws: what is back so far, by config; of very many the first.

    Quick results are back first, and some have no value. What holds at every look is a finding's interval, not these.
    """
    measure = _drawn(manifest)
    read = reading.tally.values(reading.db, stored.id, measure)
    named: tuple[str, ...] = ("Config",)
    if manifest.figure is None:
        rows = _list_configs(manifest, read.by_config)
    else:
        points, by = read_points(reading, stored, manifest, read)
        named, rows = _list_points(manifest, [points[place] for place in points if place in read.by_config], by)
    headings = (*named, *_estimate_headings(manifest, measure))
    name = f"experiment/{stored.id}/sweep"
    return figure_with_table(reading, name, headings, rows, has_series=len(named) > 1) | {
        "title": manifest.figure.title if manifest.figure else measure,
        "event": _name_event(manifest, measure),
        "results": read.results,
        "is_part": read.results < counters.count_of_experiment(reading.db, "result", stored.id),
        "without_value": read.results - sum(map(len, read.by_config.values())),
    }


def _estimate_headings(manifest: Manifest, measure: str) -> tuple[str, ...]:
    event, percent = _name_event(manifest, measure), _find_percent(manifest, measure)
    middle = f"Share with {event}" if event else f"Median of {name_in_words(manifest.words, measure)}"
    return "Results", f"{middle} ({percent})" if percent else middle, "Low", "High"


def _find_percent(manifest: Manifest, measure: str) -> str:
    """In what it is told, where that is in hundredths; else nothing."""
    return find_percent(manifest) or ("%" if measure in manifest.events else "")


def _name_event(manifest: Manifest, measure: str) -> str:
    """What happens or not, where a picture shows how often it does; else nothing."""
    return name_in_words(manifest.words, measure) if measure in manifest.events else ""


def _list_configs(manifest: Manifest, by_config: Mapping[int, Sequence[float]]) -> list[list[Any]]:
    shown_factors, percent = varying_factors(manifest), _find_percent(manifest, _drawn(manifest))
    return [
        [config_in_words(manifest.configs[place], shown_factors), *_list_estimate(summary, percent)]
        for place in sorted(by_config)
        if place < len(manifest.configs)
        for summary in [summarize_values(by_config[place], is_event=_drawn(manifest) in manifest.events)]
    ]


def _list_points(manifest: Manifest, points: Iterable[SweepPoint], by: str) -> tuple[tuple[str, ...], list[list[Any]]]:
    """The table of a drawn sweep: what its rows begin with, which is where the picture has them; and the rows."""
    x = name_in_words(manifest.words, manifest.figure.x if manifest.figure else "")
    percent = _find_percent(manifest, _drawn(manifest))
    return (x, "Line") if by else (x,), [
        [point.x, *([format_value(point.series)] if by else []), *_list_estimate(point, percent)] for point in points
    ]


def _list_estimate(point: SweepPoint | ConfigEstimate, percent: str) -> list[float | None]:
    """How many results, and what they say: a median with its interval, or so many of a hundred."""
    numbers = (point.estimate, point.low, point.high)
    if percent:
        return [point.seeds, *(None if number is None else round(100 * number, 4) for number in numbers)]
    return [point.seeds, *numbers]


def place_makers_points(
    reading: Reading, stored: StoredExperiment, manifest: Manifest
) -> tuple[Mapping[int, SweepPoint], str]:
    """Where the configs stand in the makers' picture; none where that has no course that shows their answer."""
    numbers = find_recorded_numbers(stored.name, stored.version)
    estimates = find_recorded_estimates(stored.name, stored.version)
    return reading.memo.get_or_create(
        ("makers' points", stored.id), lambda: place_recorded_estimates(manifest, numbers, estimates)
    )


def _recorded(reading: Reading, stored: StoredExperiment, manifest: Manifest) -> Answer | None:
    """The picture of what the makers had measured: the sweep, or of their answer the estimand that shows most."""
    numbers = find_recorded_numbers(stored.name, stored.version)
    name = f"experiment/{stored.id}/recorded"
    points, by = place_makers_points(reading, stored, manifest)
    if points and manifest.figure:
        named, rows = _list_points(manifest, points.values(), by)
        headings = (*named, *_estimate_headings(manifest, manifest.figure.y))
        return figure_with_table(reading, name, headings, rows, has_series=bool(by)) | {
            "title": manifest.figure.title,
            "event": _name_event(manifest, manifest.figure.y),
        }
    estimand = choose_recorded_estimand(manifest, numbers)
    if estimand is None:
        return None
    worded, values = with_words(estimand, manifest, manifest.configs), numbers[estimand["name"]].values
    headings = ("Repetition", name_column(worded, "Value"))
    return figure_with_table(reading, name, headings, list(enumerate(values)), is_course=True) | {
        "quantity": "; ".join([compose_mark(worded), *tell_pooling(estimand, manifest.configs, manifest.words)])
    }


def _curve(reading: Reading, stored: StoredExperiment, manifest: Manifest) -> Answer | None:
    """The picture of a measure that is a list, and the numbers that it draws; nothing where there is none."""
    measure = choose_curve_measure(manifest.measures)
    if measure is None:
        return None
    lists = reading.tally.lists(reading.db, stored.id, measure, limits.CURVE_REPLICATES)
    name = f"experiment/{stored.id}/curve"
    curve = reading.memo.get_or_create(
        name, lambda: compose_median_curve(name, measure, manifest.configs, lists.by_config), version=lists.after
    )
    if curve is None:
        return None
    by = (curve.by,) if curve.by else ()
    rows = [
        [place, *(series.name for _ in by), series.repetitions, middle]
        for series in curve.series
        for place, middle in zip(series.places, series.medians, strict=True)
    ]
    headings = (f"{curve.x}, by its place in the list", *by, "Repetitions", f"Median of {curve.y}")
    return figure_with_table(reading, name, headings, rows, has_series=bool(by)) | {
        "x": curve.x.replace("_", " "),
        "y": curve.y.replace("_", " "),
        "by": curve.by,
        "drawn": len(curve.series),
        "configs": curve.configs,
        "repetitions": repetitions_of(curve),
        "of": limits.CURVE_REPLICATES,
    }


def _summary(reading: Reading, stored: StoredExperiment, manifest: Manifest) -> Answer:
    """Config by config, of the measure that the address asks for: how many values are summed up, and where they lie."""
    measure = reading.query.get("measure") or _drawn(manifest)
    if measure not in {declared.name for declared in manifest.measures}:
        return {"measure": None, "configs": []}
    by_config = reading.tally.values(reading.db, stored.id, measure).by_config
    configs = read_placed_configs(reading.db, stored.id) | dict(enumerate(manifest.configs))
    shown_factors = {factor for factor in manifest.factors if len({config[factor] for config in configs.values()}) > 1}
    return {
        "measure": measure,
        "configs": [
            {
                "config": config_in_words(config, shown_factors),
                "values": len(values),
                "mean": mean_of(values) if values else None,
                "median": median_of(values) if values else None,
                "interval": list(median_sequence(values)) if values else [None, None],
            }
            for place, config in sorted(configs.items())
            for values in [by_config.get(place, [])]
        ],
    }


def _drawn(manifest: Manifest) -> str:
    """The measure that the picture of the sweep shows."""
    if manifest.figure:
        return manifest.figure.y
    return next((measure.name for measure in manifest.measures if measure.type in _SCALARS), "")


def _preflight(reading: Reading, stored: StoredExperiment) -> Answer | None:
    """Whether the newest bundle was tried, which one volunteers get meanwhile, and what our own hosts go by."""
    newest = experiments.find_newest_bundle(reading.db, stored.id)
    if newest is None:
        return None
    tried = preflights.find_preflight(reading.db, newest.digest, GATES)
    read = preflights.find_preflight(reading.db, newest.digest, OWN_GATES)
    offered = {
        passed_bundle.experiment_id: passed_bundle
        for passed_bundle in experiments.list_passed_bundles(reading.db, GATES)
    }.get(stored.id)
    return {
        "bundle": newest.digest,
        "gates": GATES,
        "passed": tried.passed if tried else None,
        "reason": tried.reason if tried else "it waits for its preflight, before which it goes to no volunteer",
        "platform": tried.platform if tried else None,
        "at": tried.at.isoformat() if tried else None,
        "offered": {"digest": offered.digest, "serial": offered.serial} if offered else None,
        "ours": {
            "passed": preflights.has_bundle_passed(reading.db, newest.digest, is_ours=True),
            "gates": OWN_GATES if read else None,
            "reason": read.reason if read else None,
        },
    }


def _source(reading: Reading, stored: StoredExperiment) -> Answer | None:
    """The experiment's file as it lies in the newest bundle, and whose signature vouches for it."""
    bundle = experiments.find_newest_bundle(reading.db, stored.id)
    if bundle is None:
        return None
    return {
        "digest": bundle.digest,
        "serial": bundle.serial,
        "keys": _keys(bundle),
        "published_at": bundle.created_at.isoformat(),
        "expires_at": bundle.expires_at.isoformat(),
        "file": f"{stored.name}.py",
        "href": raw_address(stored.name, f"@{stored.version}"),
        "text": experiment_source(bundle_files(reading, bundle.digest), stored.name),
    }


def _keys(bundle: StoredBundle) -> list[str]:
    """Which keys signed the seal. A sealed text is a body and its signatures; each is named after its key."""
    signatures = bundle.seal.partition(".")[2].encode()
    return sorted(json.loads(base64.urlsafe_b64decode(signatures + b"=" * (-len(signatures) % 4))))
