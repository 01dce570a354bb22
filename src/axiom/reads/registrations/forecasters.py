"""Whose predictions came true: also those of files that were tried and came to nothing."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from axiom.domain.estimands import Prediction, read_prediction
from axiom.domain.preflights import StoredDraft
from axiom.domain.proposals import AUTOPILOT
from axiom.domain.registrations import forecaster_name
from axiom.laboratory.findings.rules.forecasters import PredictionScore, compare_forecasters, compute_track_records
from axiom.laboratory.findings.rules.prediction_scores import Score
from axiom.laboratory.findings.rules.seeds_seen_before import count_named_seeds
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.finding_lists import read_estimands
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import drafts
from axiom.store.registrations import scores


@page_at("/forecasters", "forecasters.html")
def forecasters_page(reading: Reading) -> Answer:
    """Who predicted what was found, and how far their chances may be taken at their word."""
    smallest = {number: estimand["smallest"] for number, estimand in read_estimands(reading).items()}
    lost = [prediction for draft in drafts.list_lost_drafts(reading.db) if (prediction := _lost(draft))]
    scored = [*lost, *(_scored(row, smallest) for row in scores.list_scores(reading.db))]
    return {
        "forecasters": [asdict(record) | {"is_flagged": record.is_flagged} for record in compute_track_records(scored)],
        "compared": [asdict(record) for record in compare_forecasters(scored, AUTOPILOT)],
    }


def _scored(row: Mapping[str, Any], smallest: Mapping[int, float]) -> PredictionScore:
    verdict = scores.read_score_verdict(row)
    worth = Score(**_worth(row)) if verdict else None
    return PredictionScore(
        forecaster=row["forecaster"],
        registration_id=row["registration_id"],
        prediction=scores.read_score_prediction(row),
        estimand=row["estimand"],
        smallest=smallest.get(row["finding_number"], 1.0),
        verdict=verdict,
        estimate=row["estimate"],
        score=worth,
    )


def _lost(draft: StoredDraft) -> PredictionScore | None:
    """The forecast of a file that was tried and came to nothing; of one that could not declare any, a sure one."""
    declared = stored_manifest(draft.declaration).estimands if draft.declaration else ()
    sure = Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0.0, 0.0), because="")
    prediction = read_prediction(declared[0]["prediction"]) if declared else sure
    if count_named_seeds(prediction.because):
        return None
    name = forecaster_name(draft.author, draft.informed)
    return PredictionScore(forecaster=name, registration_id=-draft.number, prediction=prediction, is_lost=True)


def _worth(row: Mapping[str, Any]) -> dict[str, Any]:
    covered = row["is_covered"]
    return {
        "brier": row["brier"],
        "log_score": row["log_score"],
        "interval_score": row["interval_score"],
        "is_covered": None if covered is None else bool(covered),
        "reason": row["reason"] or "",
    }
