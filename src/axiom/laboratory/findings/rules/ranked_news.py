"""Which of a session's new lines of evidence deserves to be read first, in stars and a word, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from axiom_weigh.statistics.interest import EstimateOnScale, Interest, compute_interest, compute_similarity
from axiom_weigh.values import Evidence, Grade, Verdict

WORDS = ("routine", "notable", "high", "outstanding")
# From so much weight on a finding has one star, two, three; nothing below Strong has three. Weight is grade ×
# surprise × size, each from 0 to 1.
_STARS = (0.05, 0.2, 0.6)
_CARRIES = {Grade.AWAITING: 0.1, Grade.MODERATE: 0.5, Grade.STRONG: 0.75, Grade.DEFINITIVE: 1.0}
_LARGE = 3.0  # smallest effects that matter; an effect of so many, and any larger one, counts as a whole one
_EFFECTS = (Verdict.POSITIVE, Verdict.NEGATIVE)
_GRADES = tuple(Grade)
_NAMED = ("measure", "kind", "across", "about")  # of an estimand, by which findings are alike

Features = frozenset[object]


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingNews:
    number: int
    now: Evidence
    before: Evidence | None
    interest: Interest | None = None  # None where it could not be measured yet
    scale: EstimateOnScale | None = None  # the same

    @property
    def changes(self) -> bool:
        """Does it say something else than before?"""
        return bool(_changes(self))


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedFinding:
    """One place of the ranking, from the most interesting on."""

    news: FindingNews
    stars: str
    word: str
    reason: str


def add_interest(
    news: FindingNews, estimand: Mapping[str, Any], experiment: str, decided: Mapping[int, Features], open_edges: int
) -> FindingNews:
    """Add how large and how interesting it is, beside the features of all decided findings by their numbers.

    `open_edges` is how many open questions hang on it. Without an estimate nothing is added.
    """
    scale = estimate_on_scale(news.now, null=estimand["null"], smallest=estimand["smallest"]) if estimand else None
    if scale is None:
        return news
    prediction, mine = estimand["prediction"], list_features(estimand, experiment)
    nearest = max(
        (compute_similarity(mine, other) for number, other in decided.items() if number != news.number), default=0.0
    )
    low, high = prediction["interval"]
    chances = prediction["positive"], prediction["negative"], prediction["absent"]
    worth = compute_interest(scale, chances, (low, high), nearest=nearest, open_edges=open_edges)
    return replace(news, interest=worth, scale=scale)


def list_features(estimand: Mapping[str, Any], experiment: str) -> Features:
    """What a finding speaks of."""
    return frozenset({("experiment", experiment), *((name, estimand[name]) for name in _NAMED if estimand.get(name))})


def rank_by_interest(findings: Sequence[FindingNews]) -> list[RankedFinding]:
    """The weightiest first, then those that say something else than before, then those with most seeds."""
    ordered = sorted(
        findings,
        key=lambda news: (-interest_weight(news), -len(_changes(news)), -_value(news), -news.now.seeds, news.number),
    )
    return [_with_stars(news) for news in ordered]


def interest_weight(news: FindingNews) -> float:
    """How far the evidence carries × how much it surprises × how large the effect is; 0 where nothing has changed.

    A verdict that is lost or turned weighs what its grade was: that it would not last surprises whoever trusted it.
    """
    if not news.changes:
        return 0.0
    lost = _CARRIES[news.before.grade] if news.before and _is_lost(news.before.verdict, news.now.verdict) else 0.0
    surprise = news.interest.surprise if news.interest else 0.0
    return max(lost, _CARRIES[news.now.grade] * surprise * effect_beside_smallest(news.now.verdict, news.scale))


def effect_beside_smallest(verdict: Verdict, scale: EstimateOnScale | None) -> float:
    """An effect beside the smallest that matters, from 0 to 1. That there is none is as much as any effect."""
    if verdict is Verdict.ABSENT:
        return 1.0
    if scale is None or verdict not in _EFFECTS:
        return 0.0
    return min(1.0, abs(scale.estimate - scale.null) / (_LARGE * scale.smallest))


def estimate_on_scale(evidence: Evidence, *, null: float, smallest: float) -> EstimateOnScale | None:
    """What a finding came to, in the words in which interest is asked for; None while there is no estimate."""
    if evidence.estimate is None or smallest <= 0:
        return None
    return EstimateOnScale(
        estimate=evidence.estimate,
        low=-math.inf if evidence.low is None else evidence.low,
        high=math.inf if evidence.high is None else evidence.high,
        null=null,
        smallest=smallest,
    )


def _with_stars(news: FindingNews) -> RankedFinding:
    stars = sum(interest_weight(news) >= least for least in _STARS)
    surprise = news.interest.surprise if news.interest else None
    about_surprise = "its surprise is not known yet" if surprise is None else f"its surprise is {surprise:.2f} of 1"
    reasons = [*_changes(news), about_surprise]
    return RankedFinding(news=news, stars="★" * stars, word=WORDS[stars], reason="; ".join(reasons))


def _is_lost(before: Verdict, now: Verdict) -> bool:
    return before not in (Verdict.UNDECIDED, Verdict.MIXED) and now is not before


def _value(news: FindingNews) -> float:
    return news.interest.value if news.interest else 0.0


def _changes(news: FindingNews) -> list[str]:
    before = news.before.verdict if news.before else Verdict.UNDECIDED
    grade = news.before.grade if news.before else Grade.AWAITING
    changes = []
    if news.now.verdict is not before:
        changes.append(f"its verdict went from {before} to {news.now.verdict}")
    if news.now.grade is not grade:
        risen = _GRADES.index(news.now.grade) > _GRADES.index(grade)
        changes.append(f"its grade {'rose' if risen else 'fell'} from {grade} to {news.now.grade}")
    return changes
