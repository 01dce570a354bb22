"""What was a prediction worth, now that its registration has ended?"""

from dataclasses import dataclass

from axiom.domain.estimands import Prediction
from axiom_weigh.statistics.scoring_rules import compute_brier_score, interval_score, log_score
from axiom_weigh.values import Verdict

CLASSES = (Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT)  # as the chances of a prediction are ordered


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What one prediction was worth; None where there is nothing to score it by."""

    brier: float | None  # over three classes: 0 at best, 2 at worst
    log_score: float | None  # bits of surprise
    interval_score: float | None  # in the estimand's unit: the width, and ten times what the truth lies outside
    is_covered: bool | None  # does the interval hold the estimate?
    reason: str


def score_prediction(prediction: Prediction, verdict: Verdict, estimate: float | None, ended: str) -> Score:
    """Score a prediction when its registration has ended, by the verdict and the estimate of that moment."""
    low, high = prediction.interval
    chances = read_chances(prediction)
    happened = find_class(verdict)
    return Score(
        brier=None if happened is None else compute_brier_score(chances, happened),
        log_score=None if happened is None else log_score(chances, happened),
        interval_score=None if estimate is None else interval_score(low, high, estimate),
        is_covered=None if estimate is None else low <= estimate <= high,
        reason=f"{ended}; the verdict is {verdict}" + ("" if happened is not None else ", which decides nothing"),
    )


def find_class(verdict: Verdict) -> int | None:
    """Which class came true; None when it was not decided."""
    return CLASSES.index(verdict) if verdict in CLASSES else None


def read_chances(prediction: Prediction) -> tuple[float, ...]:
    return prediction.positive, prediction.negative, prediction.absent
