"""Whose predictions are the better ones, and whose chances may be taken at their word?"""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.estimands import Prediction
from axiom.domain.registrations import INFORMED
from axiom.laboratory.findings.rules.prediction_scores import CLASSES, Score, find_class, read_chances, score_prediction
from axiom_weigh.grouping import group_pairs
from axiom_weigh.statistics.quantile_scores import better_log_es, compute_crps
from axiom_weigh.statistics.scoring_rules import Said, calibration_log_e
from axiom_weigh.values import Verdict

FLAGGED = 20.0  # an e-value that an honest forecaster reaches once in twenty lifetimes at most


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictionScore:
    """A prediction with what came true; no verdict while its registration goes on."""

    forecaster: str
    registration_id: int
    prediction: Prediction
    estimand: str = ""
    smallest: float = 1.0  # an effect nearer to nothing does not matter
    verdict: Verdict | None = None
    estimate: float | None = None
    score: Score | None = None
    is_lost: bool = False  # its file was tried and came to nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackRecord:
    """All that a forecaster said, and what it was worth on average."""

    forecaster: str
    predictions: int
    scored: int  # whose finding was decided
    lost: int  # whose file was tried, and then failed or was never proposed
    brier: float | None
    log_score: float | None
    intervals: int
    covered: int  # of those intervals; four in five are meant to be
    is_counted: bool  # is the calibration looked at? Not of who had seen numbers
    e_value: float | None  # against the forecaster's chances being meant as said

    @property
    def is_flagged(self) -> bool:
        """Are the chances not to be taken at their word?"""
        return self.e_value is not None and self.e_value >= FLAGGED


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecasterComparison:
    """Two forecasters of the same numbers: whose were nearer, and how strongly that speaks for either."""

    forecaster: str
    other: str
    registrations: int  # with a number that both had predicted
    nearer: float  # how much nearer the first was on average, in smallest effects that matter; below 0: farther
    e_better: float  # against the other being as good
    e_worse: float


def compute_track_records(scored: Sequence[PredictionScore]) -> list[TrackRecord]:
    """What each forecaster's predictions, given in the order in which they were scored, were worth; by name.

    A file can be written so that it fails where its forecast is wrong. So one that was lost counts as if what was held
    least likely had come true. Whether chances are meant as said is asked of the others alone: an honest author's file
    fails as well.
    """
    names = sorted({row.forecaster for row in scored})
    return [_record(name, [row for row in scored if row.forecaster == name]) for name in names]


def compare_forecasters(scored: Sequence[PredictionScore], other: str) -> list[ForecasterComparison]:
    """Everybody who said beforehand what this other also predicted, beside it; in the order of scoring, by name.

    What is predicted in one registration is about the same seeds, so it is one bet: the mean of its differences.
    """
    lost = Counter(row.forecaster for row in scored if row.is_lost)
    theirs = {(row.registration_id, row.estimand): row for row in scored if row.forecaster == other}
    pairs: dict[str, dict[int, list[float]]] = {}
    for row in scored:
        rival = theirs.get((row.registration_id, row.estimand))
        if rival is None or row.forecaster == other or row.forecaster.endswith(INFORMED) or row.estimate is None:
            continue
        difference = (_distance(rival, row.estimate) - _distance(row, row.estimate)) / row.smallest
        pairs.setdefault(row.forecaster, {}).setdefault(row.registration_id, []).append(difference)
    return [_comparison(name, other, pairs[name], lost[name]) for name in sorted(pairs)]


def _comparison(forecaster: str, other: str, pairs: Mapping[int, Sequence[float]], lost: int) -> ForecasterComparison:
    """What was lost counts as a smallest effect that matters farther off."""
    differences = [-1.0] * lost + [statistics.fmean(bet) for bet in pairs.values()]
    better, worse = better_log_es(differences, 1.0)
    return ForecasterComparison(
        forecaster=forecaster,
        other=other,
        registrations=len(differences),
        nearer=statistics.fmean(differences),
        e_better=_e_value(better),
        e_worse=_e_value(worse),
    )


def _distance(row: PredictionScore, truth: float) -> float:
    return compute_crps(row.prediction.quantiles, truth)


def _e_value(log_e: float) -> float:
    return math.exp(min(log_e, 690.0))


def _record(forecaster: str, rows: Sequence[PredictionScore]) -> TrackRecord:
    decided = [(read_chances(row.prediction), find_class(row.verdict)) for row in rows if row.verdict is not None]
    lost = [_at_worst(row.prediction) for row in rows if row.is_lost]
    scores = [*lost, *(row.score for row in rows if row.score is not None)]
    covered = [score.is_covered for score in scores if score.is_covered is not None]
    is_counted = not forecaster.endswith(INFORMED)
    log_e = calibration_log_e(_by_bet([row for row in rows if not row.is_lost]))
    return TrackRecord(
        forecaster=forecaster,
        predictions=len(rows),
        scored=sum(happened is not None for _, happened in decided),
        lost=len(lost),
        brier=_mean([score.brier for score in scores]),
        log_score=_mean([score.log_score for score in scores]),
        intervals=len(covered),
        covered=sum(covered),
        is_counted=is_counted,
        e_value=_e_value(log_e) if is_counted else None,
    )


def _at_worst(prediction: Prediction) -> Score:
    """What it is worth if what was held least likely came true; no estimate is there to hold its interval against."""
    chances = read_chances(prediction)
    return score_prediction(prediction, CLASSES[chances.index(min(chances))], None, "it was lost")


def _by_bet(rows: Sequence[PredictionScore]) -> list[list[Said]]:
    """By registration, whose predictions are about the same seeds; what goes on beside what ended is unknown so far."""
    by_registration = group_pairs((row.registration_id, row) for row in rows)
    return [
        [(read_chances(row.prediction), find_class(row.verdict) if row.verdict else None) for row in group]
        for group in by_registration.values()
        if any(row.verdict is not None for row in group)
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return statistics.fmean(numbers) if numbers else None
