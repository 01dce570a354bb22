"""Predictions: which may be made, and writing them down as long as nobody can know anything of the answer."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from axiom.domain.estimands import prediction_data
from axiom.domain.proposals import AUTOPILOT
from axiom.domain.registrations import INFORMED, forecaster_name, read_registration_body
from axiom.errors import NotFound, Refused
from axiom.laboratory.findings.rules.seeds_seen_before import count_named_seeds
from axiom.laboratory.registrations.kin import why_experiment_informed
from axiom.laboratory.registrations.proposal_outcomes import blind_prediction
from axiom.laboratory.registrations.rules.acceptable_claims import demand_sound_prediction
from axiom.store.engine.database import Database
from axiom.store.registrations import registrations


def declared_prediction(estimand: Mapping[str, Any], forecaster: str) -> dict[str, Any]:
    """The prediction of an estimand's declaration, as a registration lists it; it is informed if it names seeds."""
    prediction = estimand["prediction"]
    if count_named_seeds(prediction["because"]) and not forecaster.endswith(INFORMED):
        forecaster += INFORMED
    low, high = prediction["interval"]
    fields = {
        "estimand": estimand["name"],
        "forecaster": forecaster,
        "positive": prediction["positive"],
        "negative": prediction["negative"],
        "absent": prediction["absent"],
        "low": low,
        "high": high,
        "because": prediction["because"],
    }
    return fields if prediction.get("median") is None else {**fields, "median": prediction["median"]}


def record_prediction(
    db: Database, number: int, stated: Mapping[str, Any], forecaster: str, now: datetime
) -> tuple[int, int]:
    """Chain a prediction to those before, after the autopilot's; the registration and the prediction's own number.

    Results of any registration that feeds the finding would tell, so none of them may be back.
    """
    origin = registrations.find_finding_registration(db, number)
    if origin is None:
        raise NotFound(f"There is no finding {number}. Nothing was written down; `axiom finding list` shows all.")
    registration, estimand = origin
    prediction = demand_sound_prediction(stated)
    if registrations.has_any_output(db, registrations.group_feeders_by_finding(db, registration.experiment_id)[number]):
        raise Refused(
            f"Results of finding {number} are back, so a prediction would not be one. Nothing was written down; a "
            "version or an amendment that is registered later can be predicted until its first result."
        )
    if _has_predicted(db, registration.id, estimand, forecaster):
        raise Refused(f"{forecaster} has predicted finding {number} already, and what was said stays. Nothing changed.")
    claim = read_registration_body(registration.body).estimands[estimand]
    seen = why_experiment_informed(db, registration.experiment_id, now)
    if forecaster != AUTOPILOT:
        record_blind_predictions(db, registration.id, [claim], seen, now)
    row = declared_prediction({**claim, "prediction": prediction_data(prediction)}, forecaster_name(forecaster, seen))
    return registration.id, registrations.add_prediction(db, registration.id, {**row, "informed": seen}, now)


def record_blind_predictions(
    db: Database, registration_id: int, claims: Iterable[Mapping[str, Any]], seen: str | None, now: datetime
) -> None:
    """Chain what the autopilot expects by base rates alone, if it said nothing so far: others are compared with it.

    It says that the claim's own side is the likelier one, so it knows no more and no less than whoever wrote the claim.
    """
    for claim in claims:
        if not _has_predicted(db, registration_id, claim["name"], AUTOPILOT):
            expected = {**claim, "prediction": prediction_data(blind_prediction(db, claim))}
            row = declared_prediction(expected, forecaster_name(AUTOPILOT, seen))
            registrations.add_prediction(db, registration_id, {**row, "informed": seen}, now)


def _has_predicted(db: Database, registration_id: int, estimand: str, forecaster: str) -> bool:
    bare = forecaster.removesuffix(INFORMED)
    names = (bare, f"{bare}{INFORMED}")
    return any(registrations.has_predicted(db, registration_id, estimand, name) for name in names)
