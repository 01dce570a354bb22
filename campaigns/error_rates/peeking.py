"""How often is something found where nothing is, by a reader who looks after every value? Right and wrong tests."""

from collections.abc import Callable

import numpy as np

from error_rates.figures import Answer, Bound, Size, below, interval, scored
from error_rates.laws import LAWS, Law, Numbers
from error_rates.processes import BAR, bernoulli, betting, compared, either, ever, first, naive, ranks, signs, t_mixture

_CHUNK = 1_000
_COLUMNS = ("difference", "level", "ranks on a level", "t-mixture", "peeking", "ten looks")


def peeking(seed: int, size: Size) -> Answer:
    """Count, for each law, the streams in which a test of its kind ever says 20, and what others would have said."""
    rng = np.random.default_rng(seed)
    apart = compared(rng.normal(size=(20, 200)))
    lines = ["streams in which something is called an effect at any look, though there is none"]
    lines += [f"{'':<13}" + "".join(f"{column:>17}" for column in _COLUMNS) + "  test of a level"]
    worst = {"even": 0.0, "bets": 0.0}  # rows of the scorecard: no difference lies to one side
    bounds = [Bound(words=f"simulated and library's e-values lie {apart:.1e} apart", holds=apart < 1e-9)]
    when: dict[str, list[float]] = {"peeking": [], "ranks": []}
    for name, law in LAWS.items():
        shares = _shares(rng, law, size, when if name == "normal" else {})
        worst = {row: max(seen, share) for (row, seen), share in zip(worst.items(), shares, strict=False)}
        lines.append(f"{name:<13}" + "".join(f"{share:>17.4f}" for share in shares) + f"  {law.right}")
        bounds.append(below(f"{name}: difference of two arms, signed ranks", shares[0], 0.05, size.streams))
        bounds.append(below(f"{name}: level, {law.right}", shares[1], 0.05, size.streams))
    lines += [
        "The two columns on the left are what a finding uses. The others are warnings, about the mean of a level:",
        "signed ranks as for a difference, a t-mixture, a t-test at 5 % after every seed (peeking) and at ten looks.",
    ]
    for row, share in worst.items():
        lines.append(scored(row, share, interval(round(share * size.streams), size.streams), size.streams, 0.05))
    return Answer(lines=lines, bounds=bounds, drawn={"peeking": _curve(when, size)})


def right(law: Law) -> Callable[[Numbers], Numbers]:
    """The process that weighs a level of this kind, at the true null."""
    if law.right == "bernoulli":
        return lambda streams: bernoulli(streams, law.mean)
    if law.right == "betting" and law.bounds is not None:
        bounds = law.bounds
        return lambda streams: betting(streams, law.mean, bounds)
    return lambda streams: signs(streams, law.median)


def _shares(rng: np.random.Generator, law: Law, size: Size, when: dict[str, list[float]]) -> list[float]:
    counts, tenth = np.zeros(len(_COLUMNS)), size.looks // 10
    for start in range(0, size.streams, _CHUNK):
        shape = (min(_CHUNK, size.streams - start), size.looks)
        level = law.draw(rng, shape)
        contrast = level - law.draw(rng, shape)
        ranked, peeked, centred = either(*ranks(contrast)), naive(contrast), level - law.mean
        if when:
            when["ranks"].extend(first(ranked >= BAR))
            when["peeking"].extend(first(peeked >= 1.0))
        counts += [
            ever(ranked).sum(),
            ever(right(law)(level)).sum(),
            ever(either(*ranks(centred))).sum(),
            ever(t_mixture(centred)).sum(),
            ever(naive(centred), 1.0).sum(),
            ever(naive(centred)[:, tenth - 1 :: tenth], 1.0).sum(),
        ]
    return [float(share) for share in counts / size.streams]


def _curve(when: dict[str, list[float]], size: Size) -> list[dict[str, object]]:
    looks = np.unique(np.round(np.geomspace(5, size.looks, 60)).astype(int))
    words = {"peeking": "t-test, looked at after every seed", "ranks": "e-value of signed ranks"}
    return [
        {"looks": int(look), "share": float(np.mean(np.array(ends) <= look)), "reader": words[name]}
        for name, ends in when.items()
        for look in looks
    ]
