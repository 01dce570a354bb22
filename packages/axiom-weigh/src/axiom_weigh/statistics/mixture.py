"""The t-mixture: how far from a number the mean of so many values must lie to refute it, where no scale is known.

The bet is on a standardised effect drawn from a normal law of width c; the unknown scale is integrated out, so the
e-value knows no unit. Nothing is weighed by it, since it is not safe for rare or very uneven values: there it lies up
to three times out of four. But it grows about as fast as signed ranks do, so it tells how many values they will need.
"""

import math


def compute_reach(n: int, *, alpha: float = 0.05, c: float = 1.0) -> float:
    """How many standard errors away the mean of n values must lie; infinite while none is far enough."""
    if n < 2:
        return math.inf
    m = 1.0 + n * c * c
    log_k = (2.0 / n) * (0.5 * math.log(m) - math.log(alpha))
    if log_k >= math.log(m):
        return math.inf
    return math.sqrt((n - 1) * math.expm1(log_k) / -math.expm1(log_k - math.log(m)))
