"""Findings as texts may speak of them: each field that a reference can name, and the literature of the signed files."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.views import findings
from axiom.store.views.findings import FindingView
from axiom_weigh.evidence.cards import Citable
from axiom_weigh.values import Grade

_WEIGHED = ("estimate", "low", "high", "e_value", "seeds", "missing", "blocks", "hosts", "volunteers", "platforms")
_CHANCES = {"chance_positive": "positive", "chance_absent": "absent", "chance_negative": "negative"}


def citable(db: Database, numbers: Iterable[int]) -> dict[int, Citable]:
    views = findings.some(db, numbers)
    literature = {view.finding.experiment_id: view.experiment for view in views.values()}
    signed = {number: _literature(db, number, name) for number, name in literature.items()}
    return {number: of_view(view, signed[view.finding.experiment_id]) for number, view in sorted(views.items())}


def of_view(standing: FindingView, literature: Mapping[str, str]) -> Citable:
    finding, estimand = standing.finding, standing.estimand
    weighed = standing.line.evidence if standing.line else None
    predicted = estimand["prediction"]
    fields: dict[str, Any] = {
        **{name: getattr(weighed, name) if weighed else None for name in _WEIGHED},
        "verdict": standing.verdict.value,
        "reads": standing.reads.value,
        "grade": weighed.grade.value if weighed else Grade.AWAITING.value,
        "answer": standing.answer,
        "claim": finding.claim,
        "number": finding.number,
        "measure": estimand["measure"],
        "smallest": estimand["smallest"],
        "null": estimand["null"],
        "experiment": standing.experiment,
        "version": standing.version,
        **{field: predicted[name] for field, name in _CHANCES.items()},
        "predicted_low": predicted["interval"][0],
        "predicted_high": predicted["interval"][1],
    }
    return Citable(
        number=finding.number,
        status=finding.status,
        grade=weighed.grade if weighed else Grade.AWAITING,
        fields=fields,
        literature=literature,
    )


def _literature(db: Database, experiment_id: int, name: str) -> dict[str, str]:
    bundle = experiments.bundle_now(db, experiment_id)
    reference = json.loads(bundle.manifest).get("reference", "") if bundle else ""
    return {name: reference} if reference else {}
