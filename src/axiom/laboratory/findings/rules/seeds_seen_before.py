"""Blind or informed: how many seeds had a forecaster seen before saying what would come out?"""

import re
from dataclasses import dataclass

from axiom.domain.registrations import BLIND, INFORMED
from axiom_weigh.amounts import tell_amount

_TO_SIXTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_NUMERALS = _TO_SIXTEEN.split()
_SEEDS = re.compile(rf"\b(\d[\d,]*|{'|'.join(_NUMERALS)}) seeds?\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreknowledge:
    """What the forecaster had seen when the prediction was sealed."""

    is_informed: bool
    seeds: int | None  # None where nobody wrote down how many
    reason: str


def compute_foreknowledge(
    forecaster: str, because: str, seen: int | None = None, informed: str | None = None
) -> Foreknowledge:
    """Blind, or informed: by the seeds that the laboratory counted or that its reason names, or by runs of its kin."""
    if informed == "" and not forecaster.endswith(INFORMED):
        return Foreknowledge(is_informed=False, seeds=0, reason=BLIND)
    seeds = max((count for count in (seen, count_named_seeds(because)) if count is not None), default=None)
    if seeds is None and informed:
        return Foreknowledge(is_informed=True, seeds=None, reason=informed)
    many = "an unrecorded number of seeds" if seeds is None else tell_amount(seeds, "seed")
    return Foreknowledge(is_informed=True, seeds=seeds, reason=f"informed by {many}")


def count_named_seeds(because: str) -> int | None:
    """How many seeds a reason speaks of, the most where it speaks of several; None where it speaks of none."""
    written = [number.replace(",", "").lower() for number in _SEEDS.findall(because)]
    return max(
        (int(numeral) if numeral.isdigit() else _NUMERALS.index(numeral) + 1 for numeral in written), default=None
    )
