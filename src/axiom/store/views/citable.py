"""Findings as texts may speak of them: each field that a reference can name, and the literature of the signed files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from axiom.domain.estimands import Kind
from axiom.domain.evidence import Citable
from axiom.domain.links import ApprovedReference, is_approved, references_in
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import references
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom.store.views.findings import FindingView
from axiom_weigh.grouping import group_pairs
from axiom_weigh.statistics.estimand_arithmetic import list_needed_configs
from axiom_weigh.values import Grade

_WEIGHED = ("estimate", "low", "high", "e_value", "seeds", "missing", "blocks", "hosts", "volunteers", "platforms")
_ARMS = ("first", "second")  # of a contrast
_MEASURED = """
SELECT r.replicate, r.config, json_extract(r.measures, :measure) AS number
FROM (SELECT DISTINCT replicate FROM observation WHERE finding_number = :finding AND cohort = 'confirmatory') o
CROSS JOIN result r ON r.experiment_id = :experiment_id AND r.replicate = o.replicate
WHERE r.outcome = 'ok' AND r.config IN (SELECT value FROM json_each(:places))
"""
_CHANCES = {"chance_positive": "positive", "chance_absent": "absent", "chance_negative": "negative"}


def read_citable_findings(db: Database, numbers: Iterable[int]) -> dict[int, Citable]:
    views = findings.read_finding_views(db, numbers)
    names = {view.finding.experiment_id: view.experiment for view in views.values()}
    approved = references.list_approved_references(db) if names else []
    signed = {number: _literature(db, number, name, approved) for number, name in names.items()}
    return {number: _of_view(db, view, signed[view.finding.experiment_id]) for number, view in sorted(views.items())}


def _of_view(db: Database, view: FindingView, literature: Mapping[str, str]) -> Citable:
    finding, estimand = view.finding, view.estimand
    weighed = view.line.evidence if view.line else None
    predicted = estimand["prediction"]
    fields: dict[str, Any] = {
        **{name: getattr(weighed, name) if weighed else None for name in _WEIGHED},
        "verdict": view.verdict.value,
        "reads": view.reads.value,
        "grade": weighed.grade.value if weighed else Grade.AWAITING.value,
        "answer": view.answer,
        "claim": finding.claim,
        "number": finding.number,
        "measure": estimand["measure"],
        "smallest": estimand["smallest"],
        "null": estimand["null"],
        "experiment": view.experiment,
        "version": view.version,
        **{field: predicted[name] for field, name in _CHANCES.items()},
        "predicted_low": predicted["interval"][0],
        "predicted_high": predicted["interval"][1],
        **_levels(view),
        **_medians(db, view),
    }
    return Citable(
        number=finding.number,
        status=finding.status,
        is_weighed=weighed is not None,
        fields=fields,
        literature=literature,
    )


def _levels(view: FindingView) -> dict[str, Any]:
    """The factors that do not vary in what it is concluded from, as at.width; and those that tell its arms apart."""
    configs = [
        view.registered["configs"][place] for place in list_needed_configs(view.estimand, view.registered["configs"])
    ]
    levels = {
        f"at.{factor}": level
        for factor, level in (configs[0] if configs else {}).items()
        if all(config[factor] == level for config in configs)
    }
    for arm, config in zip(_ARMS, _arms(view.estimand), strict=False):
        levels |= {f"{arm}.{factor}": level for factor, level in config.items() if f"at.{factor}" not in levels}
    return levels


def _arms(estimand: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return estimand["between"] if estimand["kind"] == Kind.CONTRAST else ()


def _medians(db: Database, view: FindingView) -> dict[str, float | None]:
    """The median of the measure in each arm of a contrast, over its evidence, and their ratio."""
    arms = _arms(view.estimand)
    if not arms:
        return {}
    design = registrations.read_placed_configs(db, view.finding.experiment_id)
    within = [{place for place, config in design.items() if arm.items() <= config.items()} for arm in arms]
    rows = db.select(
        _MEASURED,
        measure=f'$."{view.estimand["measure"]}"',
        finding=view.finding.number,
        experiment_id=view.finding.experiment_id,
        places=json.dumps(sorted(set().union(*within))),
    )
    medians = []
    for places in within:
        by_replicate = group_pairs(
            (row["replicate"], row["number"]) for row in rows if row["config"] in places and row["number"] is not None
        )
        medians.append(median(map(fmean, by_replicate.values())) if by_replicate else None)
    first, second = medians
    ratio = first / second if first is not None and second else None
    return {"first.median": first, "second.median": second, "ratio": ratio}


def _literature(db: Database, experiment_id: int, name: str, approved: Sequence[ApprovedReference]) -> dict[str, str]:
    bundle = experiments.find_newest_bundle(db, experiment_id)
    reference = json.loads(bundle.manifest).get("reference", "") if bundle else ""
    cited = [part for part in references_in(reference) if is_approved(part, approved)]
    return {name: "; ".join(cited)} if cited else {}
