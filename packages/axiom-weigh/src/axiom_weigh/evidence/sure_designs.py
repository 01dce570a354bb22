"""Of which designs is a verdict over all of them sure? Without what weighs each, so that a sentence needs no NumPy."""

from collections.abc import Sequence

from axiom_weigh.values import DesignVerdict, Verdict

_MOST_NAMES = 3


def tell_designs(by_design: Sequence[DesignVerdict], verdict: Verdict) -> str:
    """Of which designs a verdict over all of them is sure and of which it is not; empty where it is of each."""
    sure = [design.name for design in by_design if design.verdict is verdict]
    unsure = [design.name for design in by_design if design.verdict is not verdict]
    if not unsure or not verdict.is_decided:
        return ""
    if not sure:
        return f"sure over all {len(by_design)} designs together, and in none alone"
    if max(len(sure), len(unsure)) > _MOST_NAMES:
        return f"sure in {len(sure)} of {len(by_design)} designs"
    return f"sure in {_named(sure)}, not yet in {_named(unsure)}"


def _named(names: Sequence[str]) -> str:
    *before, last = names
    return f"design{'s' if before else ''} {', '.join(before)}{' and ' if before else ''}{last}"
