"""Does something fail more often than may be? A bet that holds at every look, against a share of failures.

The bet on the share is drawn from Beta(1/2, 1/2) cut off below what may be: without the cut it would also win when
fewer fail than may, and then it would promise nothing.
"""

import math

from axiom_weigh.statistics.shares_and_medians import cap_log_e


def failure_log_e(failed: int, of: int, *, most: float) -> float:
    """How strongly so many failures speak against a share of at most `most`: the logarithm of the e-value."""
    if not 0 <= failed <= of:
        raise ValueError(f"{failed} of {of} cannot have failed")
    if not 0.0 < most < 1.0:
        raise ValueError(f"a share of {most} is no share between 0 and 1")
    within = _log_beyond(failed, of - failed, most) - _log_beyond(0, 0, most)
    return cap_log_e(within - failed * math.log(most) - (of - failed) * math.log1p(-most))


def _log_beyond(failed: int, well: int, most: float) -> float:
    """The logarithm of the weight that Beta lays on shares above `most`; counted from above, where it is small."""
    from scipy import special  # type: ignore[import-untyped]  # large, and asked only where something fails

    a, b = failed + 0.5, well + 0.5
    beyond = float(special.betainc(b, a, 1.0 - most))
    return float(special.betaln(a, b)) + (math.log(beyond) if beyond > 0.0 else -math.inf)
