"""Which of many claims may be called findings, when at most a share q of those called so shall be wrong."""

import math
from collections.abc import Sequence


def e_bh(log_es: Sequence[float], q: float) -> frozenset[int]:
    """Return the places of the claims that stand: e-BH, which holds however the claims hang together.

    The k largest e-values stand when even the smallest of them is at least (number of claims) / (k q). A claim whose
    logarithm is no number never stands, but counts as one that was asked.
    """
    if not 0 < q <= 1:
        raise ValueError(f"a share of {q} wrong findings cannot be asked for: it must be above 0 and at most 1")
    if not log_es:
        return frozenset()
    bar = math.log(len(log_es) / q)
    least = bar - math.log(len(log_es))  # below this a claim does not stand even if all others do
    candidates = sorted((place for place, log_e in enumerate(log_es) if log_e >= least), key=lambda at: -log_es[at])
    amount = 0
    for rank, place in enumerate(candidates, start=1):
        if log_es[place] >= bar - math.log(rank):
            amount = rank
    return frozenset(candidates[:amount])
