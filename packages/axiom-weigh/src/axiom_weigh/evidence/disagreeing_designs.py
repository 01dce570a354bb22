"""Do designs disagree, so that a finding is mixed, and may a further design share the verdict?"""

from collections.abc import Sequence

from axiom_weigh.evidence.choice_of_statistic import Question
from axiom_weigh.evidence.each_design import is_every_design_beyond
from axiom_weigh.evidence.finding_card import PooledDesigns, Stratum
from axiom_weigh.evidence.strata import Parts
from axiom_weigh.values import DesignVerdict, Verdict

_FAR_APART = 1e-4  # designs that do not differ lie as far apart as this seldom


def tell_disagreement(
    question: Question, parts: Parts, by_design: Sequence[DesignVerdict], together: PooledDesigns | None
) -> str:
    """In what designs disagree, if they do: each sure of something else, or a further one could lie on either side.

    Those that all lie on one side differ in size alone, however wide three or four of them leave it for a further one.
    """
    by_verdict: dict[Verdict, str] = {}
    for name, verdict in by_design:
        by_verdict.setdefault(verdict, name)
    is_each_sure = by_verdict.pop(Verdict.UNDECIDED, None) is None
    if len(by_verdict) > 1:
        return "; ".join(f"{name or 'one design'}: {verdict}" for verdict, name in by_verdict.items())
    if together is None or together.chance >= _FAR_APART or is_each_sure or is_every_design_beyond(question, parts):
        return ""
    if together.prediction_low < question.null < together.prediction_high:
        return (
            f"designs differ beyond chance, and a further one would lie from {together.prediction_low:.4g} to "
            f"{together.prediction_high:.4g}"
        )
    return ""


def why_further_design_may_differ(
    question: Question, verdict: Verdict, designs: Sequence[Stratum], together: PooledDesigns | None
) -> str:
    """Why a further design need not share the verdict; empty where it may be expected to."""
    if verdict in (Verdict.UNDECIDED, Verdict.MIXED):
        return ""
    if together is None:
        return "that takes three designs with values that differ"
    low, high = together.prediction_low, together.prediction_high
    lies = f"a further design would lie from {low:.4g} to {high:.4g}"
    if verdict is not Verdict.ABSENT:
        is_beside = low > question.null if verdict is Verdict.POSITIVE else high < question.null
        return "" if is_beside else lies
    near, far = question.null - question.smallest, question.null + question.smallest
    wide = [
        design.name
        for design in designs
        if design.low is None or design.high is None or not near < design.low <= design.high < far
    ]
    if wide:
        alone = ", ".join(name or "one design" for name in wide)
        return f"the interval of {alone} alone is wider than {near:.4g} to {far:.4g}"
    return "" if near < low and high < far else lies
