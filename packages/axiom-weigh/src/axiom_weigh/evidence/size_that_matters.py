"""Is an effect large enough to matter? A sign may be sure while this is open."""

from axiom_weigh.values import Verdict


def list_bars(null: float, smallest: float) -> tuple[float, float, float]:
    """What a verdict says that an interval lies beside: the null, and on either side where an effect would matter."""
    return null - smallest, null, null + smallest


def is_size_open(verdict: Verdict, low: float | None, high: float | None, bars: tuple[float, float, float]) -> bool:
    """Is there an effect, and open whether it is as large as one that matters? Its interval holds some that are not."""
    below, _, above = bars
    if verdict is Verdict.POSITIVE:
        return low is None or low < above
    return verdict is Verdict.NEGATIVE and (high is None or high > below)


def find_slight_side(verdict: Verdict, low: float | None, high: float | None, null: float) -> int:
    """On which side an effect surely lies that is too small to matter: 1 above, -1 below; 0 where there may be none."""
    if verdict is not Verdict.ABSENT:
        return 0
    return int(low is not None and low > null) - int(high is not None and high < null)
