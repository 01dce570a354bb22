"""What somebody expects of an estimand, as a registration lists it, if it can be a prediction at all."""

import math
from collections.abc import Mapping
from typing import Any

from axiom.domain.findings import Prediction
from axiom.errors import WrongUse


def foreseen(estimand: Mapping[str, Any], forecaster: str) -> dict[str, Any]:
    """The prediction that stands in an estimand's declaration, as a registration lists it."""
    said = estimand["prediction"]
    low, high = said["interval"]
    return {
        "estimand": estimand["name"],
        "forecaster": forecaster,
        "positive": said["positive"],
        "negative": said["negative"],
        "absent": said["absent"],
        "low": low,
        "high": high,
        "because": said["because"],
    }


def demand_sound(said: Mapping[str, Any]) -> None:
    """Three probabilities that add up to 1, and an interval."""
    low, high = (float(end) for end in said["interval"])
    if not (math.isfinite(low) and math.isfinite(high)):
        raise WrongUse("The ends of an interval are finite numbers. Nothing was written down.")
    chances = {name: said[name] for name in ("positive", "negative", "absent")}
    try:
        Prediction(**chances, interval=(low, high), because=said["because"])
    except ValueError as error:
        raise WrongUse(f"This is no prediction: {error}. Nothing was written down.") from error
