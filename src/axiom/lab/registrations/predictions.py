"""Predictions: which may be made, and writing them down as long as nobody can know anything of the answer."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from axiom.decisions.findings.predictions import seeds_named
from axiom.domain.estimands import Prediction, prediction_data, read_prediction
from axiom.domain.proposals import AUTOPILOT
from axiom.domain.registrations import INFORMED, read_body
from axiom.errors import NotFound, Refused, WrongUse
from axiom.lab.registrations.outcomes import blind_prediction
from axiom.store.engine.database import Database
from axiom.store.registrations import registrations


def foreseen(estimand: Mapping[str, Any], forecaster: str) -> dict[str, Any]:
    """The prediction of an estimand's declaration, as a registration lists it; it is informed if it names seeds."""
    prediction = estimand["prediction"]
    if seeds_named(prediction["because"]) and not forecaster.endswith(INFORMED):
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


def demand_sound(prediction: Mapping[str, Any]) -> Prediction:
    """Three probabilities that add up to 1, an interval, and a median inside it where one is said."""
    low, high = (float(end) for end in prediction["interval"])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise WrongUse("The ends of an interval are finite numbers. Nothing was written down.")
    try:
        return read_prediction({**prediction, "interval": (low, high)})
    except ValueError as error:
        raise WrongUse(f"This is no prediction: {error}. Nothing was written down.") from error


def foretell(db: Database, number: int, stated: Mapping[str, Any], forecaster: str, now: datetime) -> tuple[int, int]:
    """Chain a prediction to those before, after the autopilot's; the registration and the prediction's own number.

    Results of any registration that feeds the finding would tell, so none of them may be back.
    """
    origin = registrations.of_finding(db, number)
    if origin is None:
        raise NotFound(f"There is no finding {number}. Nothing was written down; `axiom finding list` shows all.")
    registration, estimand = origin
    prediction = demand_sound(stated)
    if registrations.is_anything_back(db, registrations.feeding(db, registration.experiment_id)[number]):
        raise Refused(
            f"Results of finding {number} are back, so a prediction would not be one. Nothing was written down; a "
            "version or an amendment that is registered later can be predicted until its first result."
        )
    bare = forecaster.removesuffix(INFORMED)
    if any(registrations.has_predicted(db, registration.id, estimand, name) for name in (bare, f"{bare}{INFORMED}")):
        raise Refused(f"{forecaster} has predicted finding {number} already, and what was said stays. Nothing changed.")
    claim = read_body(registration.body).estimands[estimand]
    if forecaster != AUTOPILOT:
        foretell_blindly(db, registration.id, [claim], now)
    row = foreseen({**claim, "prediction": prediction_data(prediction)}, forecaster)
    return registration.id, registrations.predict(db, registration.id, row, now)


def foretell_blindly(db: Database, registration_id: int, claims: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Chain what the autopilot expects by base rates alone, if it said nothing so far: others are compared with it."""
    for claim in claims:
        if not registrations.has_predicted(db, registration_id, claim["name"], AUTOPILOT):
            row = foreseen({**claim, "prediction": prediction_data(blind_prediction(db, claim))}, AUTOPILOT)
            registrations.predict(db, registration_id, row, now)
