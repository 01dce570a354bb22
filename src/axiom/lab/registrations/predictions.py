"""Takes down what somebody expects of a finding, as long as nobody can know anything of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axiom.domain.registrations import read_body
from axiom.errors import NotFound, Refused
from axiom.lab.registrations.predictions_predictions import demand_sound, foreseen
from axiom.store.engine.database import Database
from axiom.store.registrations import registrations


def foretell(db: Database, number: int, said: Mapping[str, Any], forecaster: str, now: datetime) -> tuple[int, int]:
    """Chain a prediction to those before; the registration and the prediction's own number.

    Results of any registration that feeds the finding would tell, so none of them may be back.
    """
    found = registrations.of_finding(db, number)
    if found is None:
        raise NotFound(f"There is no finding {number}. Nothing was written down; `axiom finding list` shows all.")
    registration, estimand = found
    demand_sound(said)
    if registrations.is_anything_back(db, registrations.feeding(db, registration.experiment_id)[number]):
        raise Refused(
            f"Results of finding {number} are back, so a prediction would not be one. Nothing was written down; a "
            "version or an amendment that is registered later can be predicted until its first result."
        )
    if registrations.has_predicted(db, registration.id, estimand, forecaster):
        raise Refused(f"{forecaster} has predicted finding {number} already, and what was said stays. Nothing changed.")
    claim = {**read_body(registration.body).estimands[estimand], "prediction": said}
    return registration.id, registrations.predict(db, registration.id, foreseen(claim, forecaster), now)
