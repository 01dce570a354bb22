"""Error rates if runtime has to do with the outcome, and if many questions are asked at once."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.false_discoveries import SHARES, WeighedClaim, false_shares
from axiom_weigh.evidence.verdict import Weight, weigh_values
from axiom_weigh.values import Verdict
from error_rates.figures import Answer, Bound, Size, below
from error_rates.laws import CONTRAST, Flags, Numbers
from error_rates.processes import EFFECTS, decided, either, ever, may_be_decided, naive, ranks

_BLOCK, _SEEDS = 16, 200
_QUESTIONS, _SESSIONS, _EACH = 300, 20, 10
_SMALLEST, _SMALL = 0.3, 0.2  # the smallest effect that matters; one that surely is there, and does not
_ASKED, _IF_IT_MATTERS = pose_question(CONTRAST), pose_question({**CONTRAST, "smallest": _SMALLEST})
_AT_5, _AT_1 = "effects by e-BH at 5 %, as the site shows them", "effects by e-BH at 1 %, at any session"
_ABSENT = "absences by e-BH at 5 %, as the site shows them"
_FOUND = (_AT_5, _AT_1)
_HELD = {_AT_5: 0.01, _AT_1: 0.01, _ABSENT: 0.01}


def arrival(seed: int, size: Size) -> Answer:
    """Order all seeds at once, let the runtime depend on the outcome, and stop the slowest. There is no effect."""
    rng = np.random.default_rng(seed)
    n = size.streams // 4
    lines = [
        "streams without an effect that are called one; seeds are read as they arrive, or in blocks as issued",
        f"{'runtime ~ exp(b x outcome)':<34}{'arrival: peeking':>18}{'arrival: e':>12}{'blocks in order of issue':>26}",
    ]
    bounds = []
    for strength, lost in ((0.0, 0.0), (0.3, 0.0), (1.0, 0.0), (0.3, 0.05), (1.0, 0.05), (1.0, 0.2)):
        values = rng.normal(size=(n, _SEEDS))
        runtimes = np.exp(strength * values + rng.normal(0.0, 0.5, values.shape))
        late = runtimes > np.quantile(runtimes, 1.0 - lost, axis=1, keepdims=True)
        order = np.argsort(np.where(late, np.inf, runtimes), axis=1)
        came = np.take_along_axis(values, order, axis=1)[:, : _SEEDS - round(lost * _SEEDS)]
        issued = float(np.isfinite(decided(values, _ASKED, gone=late, every=_BLOCK)).mean())
        what, e = f"b = {strength}, {lost:.0%} time out", either(*ranks(came))
        lines.append(f"{what:<34}{ever(naive(came), 1.0).mean():18.3f}{ever(e).mean():12.3f}{issued:26.4f}")
        bounds.append(below(f"{what}, blocks in order of issue: called an effect", issued, 0.05, n))
    return Answer(lines=lines, bounds=bounds)


def laboratory(seed: int, size: Size) -> Answer:
    """Ask 300 questions over 20 sessions, and call findings what the laboratory lets stand.

    Once with an effect in one of ten; once with none that matters, and one in two too small to. Effects of the latter
    are surely there, so their e-values are huge; they must not make it easier to call anything else an effect.
    """
    rng = np.random.default_rng(seed)
    lines, bounds = [f"{'':<50}{'false share':>12}{'found':>8}"], []
    for large, small in ((_QUESTIONS // 10, 0), (0, _QUESTIONS // 2)):
        rows: dict[str, list[tuple[int, int, int, int]]] = {}
        for _ in range(size.laboratories):
            for name, (claimed, is_true) in _session_by_session(rng, large, small).items():
                wrong, right = int((claimed & ~is_true).sum()), int((claimed & is_true).sum())
                rows.setdefault(name, []).append((wrong, wrong + right, right, int(is_true.sum())))
        lines.append(f"{large} effects that matter, {small} that are too small to")
        for name, row in rows.items():
            false = float(np.mean([wrong / max(1, called) for wrong, called, _, _ in row]))
            power = sum(right for _, _, right, _ in row) / sum(there for *_, there in row)
            lines.append(f"  {name:<48}{false:12.4f}{power:8.3f}")
            if name in _HELD:
                words = f"{large} effects, {small} too small; {name}: false share {false:.4f}, at most {_HELD[name]}"
                bounds.append(Bound(words=words, holds=false <= _HELD[name]))
            if large and name in _FOUND:
                bounds.append(Bound(words=f"{name}: found {power:.3f}, at least 0.90", holds=power >= 0.90))
    return Answer(lines=lines, bounds=bounds)


def _session_by_session(rng: np.random.Generator, large: int, small: int) -> dict[str, tuple[Flags, Flags]]:
    """Which claims each reader would call true, and which are."""
    place = np.arange(_QUESTIONS)
    sizes = np.where(place < large, rng.uniform(0.3, 1.5, _QUESTIONS), np.where(place < large + small, _SMALL, 0.0))
    effects = sizes * rng.choice([-1.0, 1.0], _QUESTIONS)
    noise = np.where((place >= large) & (place < large + small), _SMALL / 2, 1.0)
    streams = rng.normal(effects[:, None], noise[:, None], (_QUESTIONS, _SESSIONS * _EACH))
    shares, verdicts = _shares_and_verdicts(streams)
    is_effect, is_absent = np.isin(verdicts, EFFECTS), verdicts == Verdict.ABSENT
    real, too_small = effects != 0.0, sizes < _SMALLEST
    stands = {q: shares <= q for q in SHARES}
    return {
        "peeking, p < 5 % at any session": (ever(naive(streams)[:, _EACH - 1 :: _EACH], 1.0), real),
        "e of 20 at any session": (ever(either(*ranks(streams))[:, _EACH - 1 :: _EACH]), real),
        "effects by e-BH at 5 %, at any session": ((stands[0.05] & is_effect).any(axis=1), real),
        _AT_5: ((stands[0.05] & is_effect)[:, -1], real),
        _AT_1: ((stands[0.01] & is_effect).any(axis=1), real),
        _ABSENT: ((stands[0.05] & is_absent)[:, -1], too_small),
    }


def _shares_and_verdicts(streams: Numbers) -> tuple[Numbers, NDArray[np.object_]]:
    """The share at which each claim stands among all after each session, infinite where it does not; its verdict."""
    shares = np.full((len(streams), _SESSIONS), np.inf)
    verdicts = np.full(shares.shape, Verdict.UNDECIDED, dtype=object)
    may, rows = may_be_decided(streams, _IF_IT_MATTERS), streams.tolist()
    for session in range(_SESSIONS):
        n = (session + 1) * _EACH
        claims = [_weigh_claim(number, row[:n], is_open=bool(may[number, n - 1])) for number, row in enumerate(rows)]
        verdicts[:, session] = [claim.verdict for claim in claims]
        shares[:, session] = [math.inf if share is None else share for share in false_shares(claims).values()]
    return shares, verdicts


def _weigh_claim(number: int, values: Sequence[float], *, is_open: bool) -> WeighedClaim:
    """As the program says it; it is not asked where it cannot say anything."""
    weighed = weigh_values(_IF_IT_MATTERS, values) if is_open else Weight()
    return WeighedClaim(
        number=number, e_value=math.exp(weighed.log_e), e_absent=math.exp(weighed.log_absent), verdict=weighed.verdict
    )
