"""Which claims stand among all that the laboratory has asked? The more were asked, the surer each has to be.

Two families: that there is an effect, and that there is none worth speaking of. In each at most a share q of what is
said to stand is wrong on average, however the claims hang together and however often anybody looks. That holds of all
that a family lets stand together and of no selection from it; so a claim whose verdict is another one counts in it as
one of which nothing is known at all, and never as one that stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from axiom_weigh.statistics.e_bh import e_bh
from axiom_weigh.values import Evidence, Verdict

_EFFECTS = (Verdict.POSITIVE, Verdict.NEGATIVE)
SHARES = (0.01, 0.05)  # what Definitive asks for, and what the site calls a finding of the whole laboratory


@dataclass(frozen=True, kw_only=True, slots=True)
class WeighedClaim:
    """A claim that was asked, and how it stands by itself."""

    number: int
    e_value: float  # against the null
    e_absent: float  # against an effect as large as the smallest that matters
    verdict: Verdict


def weighed_claim(number: int, evidence: Evidence) -> WeighedClaim:
    return WeighedClaim(number=number, e_value=evidence.e_value, e_absent=evidence.e_absent, verdict=evidence.verdict)


class ComparableClaim(Protocol):
    """As much of a claim as is compared; whatever says this may be given."""

    @property
    def number(self) -> int: ...
    @property
    def e_value(self) -> float: ...
    @property
    def e_absent(self) -> float: ...
    @property
    def verdict(self) -> Verdict: ...


def false_shares(claims: Sequence[ComparableClaim]) -> dict[int, float | None]:
    """The smallest share at which each claim stands; None where it does not stand, or nothing is claimed yet."""
    families = {
        Verdict.POSITIVE: _smallest_shares([claim.e_value if claim.verdict in _EFFECTS else 0.0 for claim in claims]),
        Verdict.ABSENT: _smallest_shares(
            [claim.e_absent if claim.verdict is Verdict.ABSENT else 0.0 for claim in claims]
        ),
    }
    families[Verdict.NEGATIVE] = families[Verdict.POSITIVE]
    return {
        claim.number: families[claim.verdict][place] if claim.verdict in families else None
        for place, claim in enumerate(claims)
    }


def _smallest_shares(e_values: Sequence[float]) -> list[float | None]:
    shares: list[float | None] = [None] * len(e_values)
    if not any(e_values):
        return shares
    logs = [math.log(e_value) if e_value > 0 else -math.inf for e_value in e_values]
    for share in sorted(SHARES, reverse=True):
        for place in e_bh(logs, share):
            shares[place] = share
    return shares
