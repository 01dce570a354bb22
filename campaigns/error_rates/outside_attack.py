"""An attack from outside (D1 to D10), played again."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from axiom_weigh.evidence.choice_of_statistic import pose_question
from error_rates.figures import Answer, Bound, Size, above, below, interval, scored
from error_rates.laws import CONTRAST
from error_rates.processes import decided
from error_rates.seeds_needed import by_t_mixture, heading, middle, no_later, row
from error_rates.tables import accuracies, copied, decided_without_lost, returns, stuck, tried_again
from error_rates.worlds_of_hosts import (
    Checks,
    Happenings,
    Kept,
    Play,
    clustered,
    far_out,
    league,
    one_draw,
    one_platform,
    two_platforms,
)

_UNTIL, _BY = 800, 160  # seeds
_FEWEST_STREAMS = 20  # of fewer a median says nothing
_AS_WITHOUT = 1.2  # times the seeds that it takes without lost ones
_MOST_LOST = 0.2  # of which a larger share counts as missing
_CALLED, _STRONG, _FALSE, _MISSES = "called an effect", "Strong", "a false verdict", "interval misses"
_COPIES, _DECIDED, _BADGE = "alarm of copies", f"decided by {_BY}", "its badge is there"

# Rows of the scorecard, by what must not happen.
_WRONG_HOSTS = {_CALLED: "wrong-hosts", _STRONG: "wrong-hosts-strong"}
_HOSTS_MATTER = {Kept.TABLE: {_CALLED: "hosts-named"}, Kept.UNNAMED: {_CALLED: "hosts-unnamed"}}


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A stream of the attack, and how often things may be so or have to be so."""

    name: str
    how: str
    play: Play
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)  # of the scorecard, by outcome; each tells its worst case


def _one_far(place: int, value: float) -> Play:
    """One value of an effect of one deviation lies far out."""

    def play(rng: np.random.Generator) -> Happenings:
        values = rng.normal(1.0, 1.0, (1, _BY))
        values[0, place] = value
        return {_DECIDED: bool(np.isfinite(decided(values, pose_question(CONTRAST)))[0])}

    return play


_CASES: Sequence[_Case] = (
    _Case(
        name="D1 copies, in a table of levels",
        how="29 of 50 runs end at the loss of chance; is the median 1?",
        play=stuck,
        most={_FALSE: 0.05, _MISSES: 0.05},
    ),
    _Case(
        name="D1 copies, in a table of levels",
        how="30 % of 200 values are the same number; is the median 0?",
        play=returns,
        most={_FALSE: 0.05, _MISSES: 0.05},
    ),
    *(
        _Case(
            name="D2 honest accuracies of 40 seeds, in a table",
            how=f"on {cases:,} test cases, {kept_as} precision",
            play=accuracies(cases, kept_as),
            most={_COPIES: 0.01},
        )
        for cases, kept_as in ((1_000, "single"), (10_000, "single"), (360, "single"), (360, "double"))
    ),
    _Case(
        name="D3 one computation under 24 seeds, with noise of 1e-6",
        how="in a table",
        play=copied(1, 24, 1e-6),
        most={_CALLED: 0.05, _STRONG: 0.01},
    ),
    _Case(
        name="D3 one computation under 24 seeds, with noise of 1e-6",
        how="in a laboratory, under 32 seeds",
        play=one_draw(1e-6),
        rows={_CALLED: "noisy-copies"},
    ),
    _Case(
        name="D3 8 computations under 8 seeds each, five decimals, in a table",
        how="as they are",
        play=copied(8, 8, 0.0),
        most={_CALLED: 0.05, _STRONG: 0.01},
    ),
    _Case(
        name="D3 8 computations under 8 seeds each, five decimals, in a table",
        how="with noise of 1e-9",
        play=copied(8, 8, 1e-9),
        rows={_CALLED: "noisy-copies"},
    ),
    *(
        _Case(
            name="D4 values far out, an effect of 1 deviation",
            how=how,
            play=play,
            least={_DECIDED: 0.95},
        )
        for how, play in (
            ("the third value is 1e9", _one_far(2, 1e9)),
            ("the first value is 1e6", _one_far(0, 1e6)),
            ("one host in ten returns 1e4 x the value, of any sign", far_out),
        )
    ),
    *(
        _Case(
            name=f"D6 {words} return values without their sign",
            how=checks,
            play=league(hosts, volunteers, checks),
            most={_STRONG: 0.01} if checks is Checks.WATCH else {},
            rows=_WRONG_HOSTS if checks is Checks.WATCH else {},
        )
        for hosts, volunteers, words in (
            (6, 6, "30 % of hosts, of six volunteers,"),
            (4, 4, "20 % of hosts, of four volunteers,"),
            (6, 1, "30 % of hosts, of one volunteer,"),
        )
        for checks in Checks
    ),
    *(
        _Case(
            name="D7 two platforms lie 2 deviations apart, and one takes over",
            how=checks,
            play=two_platforms(checks),
            most={_STRONG: 0.01} if checks is Checks.WATCH else {},
            rows=_WRONG_HOSTS if checks is Checks.WATCH else {},
        )
        for checks in Checks
    ),
    _Case(
        name="D7 one platform alone, whose values lie 1 deviation too high",
        how="64 seeds, all of its hosts agree",
        play=one_platform,
        least={_BADGE: 1.0},
    ),
    *(
        _Case(
            name="D8 every other run above 0 fails and is run again, in a table",
            how=f"{seeds} seeds",
            play=tried_again(seeds, "failed"),
            most={_CALLED: 0.05},
            rows={_CALLED: "tried-again"},
        )
        for seeds in (64, 200)
    ),
    _Case(
        name="D8 every other run above 0 fails and is run again, in a table",
        how="200 seeds, and the table says falsely that they were lost to a machine",
        play=tried_again(200, "lost"),
        rows={_CALLED: "said-to-be-lost"},
    ),
    *(
        _Case(
            name=f"D9 {words}",
            how=kept,
            play=clustered(kind, correlation, per_host=per_host, kept=kept),
            most={_CALLED: 0.05} if kept is Kept.TABLE else {},
            rows=_HOSTS_MATTER.get(kept, {}),
        )
        for kind, correlation, per_host, words in (
            ("proportion", 0.1, 0, "hosts matter: a share, 10 % of its variance between 20 hosts"),
            ("contrast", 0.1, 0, "hosts matter: a contrast, 10 % of its variance between 20 hosts"),
            ("contrast", 0.5, 4, "hosts matter: a contrast, 50 % of its variance between hosts of 4 seeds"),
            ("level", 0.5, 4, "hosts matter: a level, 50 % of its variance between hosts of 4 seeds"),
        )
        for kept in Kept
    ),
)


def attacked(seed: int, size: Size) -> Answer:
    """Play every stream of the attack; then count the seeds that ties and missing values cost."""
    rng = np.random.default_rng(seed)
    bounds, n = list[Bound](), size.attacks
    seen: dict[str, list[tuple[float, float | None]]] = {}
    lines = [
        f"shares of {n:,} streams, without an effect unless one is named",
    ]
    for name, cases in itertools.groupby(_CASES, key=lambda case: case.name):
        lines.append(name)
        for case in cases:
            outcomes = [case.play(rng) for _ in range(n)]
            for place, what in enumerate(outcomes[0]):
                now, words = sum(outcome[what] for outcome in outcomes) / n, f"{name}; {case.how}: {what}"
                lines.append(f"  {'' if place else case.how:<74}{what:<28}{now:>8.1%}")
                bounds += [below(words, now, case.most[what], n)] if what in case.most else []
                bounds += [above(words, now, case.least[what], n)] if what in case.least else []
                if row_name := case.rows.get(what):
                    seen.setdefault(row_name, []).append((now, case.most.get(what)))
    for part in (_ties, _missing):
        further = part(rng, size)
        lines += further.lines
        bounds += further.bounds
    for row_name, shares in seen.items():
        worst, most = max(shares, key=lambda share: share[0])
        lines.append(scored(row_name, worst, interval(round(worst * n), n), n, most))
    return Answer(lines=lines, bounds=bounds)


def _ties(rng: np.random.Generator, size: Size) -> Answer:
    """How much later an effect of one deviation is found, if some values are exactly 0."""
    lines = [
        "D5 values that are exactly 0, an effect of 1 deviation: seeds until it is found, one in two / nine in ten"
    ]
    lines.append(heading("share that is 0", "Axiom", "t-mixture"))
    bounds = []
    for share in (0.0, 0.1, 0.2, 0.3, 0.5):
        streams = rng.normal(1.0, 1.0, (max(_FEWEST_STREAMS, size.streams // 20), _UNTIL))
        streams[rng.random(streams.shape) < share] = 0.0
        now, mixture = decided(streams, pose_question(CONTRAST)), by_t_mixture(streams)
        lines.append(row(f"{share:.0%}", now, mixture))
        if share:
            bounds.append(
                no_later(f"D5 {share:.0%} of values are 0", now, 1.3, min(_UNTIL, middle(mixture)), "of the t-mixture")
            )
    return Answer(lines=lines, bounds=bounds)


def _missing(rng: np.random.Generator, size: Size) -> Answer:
    """How much later an effect is found, if some values are missing by chance; and if a table declares them as lost."""
    claim, n = pose_question(CONTRAST), max(_FEWEST_STREAMS, size.streams // 50)
    lines = ["D10 values that are missing by chance: seeds until an effect is found, one in two / nine in ten"]
    lines.append(heading("effect in deviations, share that is missing", "Axiom"))
    lost = ["D10 the same in a table that says they were lost to a machine: values until an effect is found"]
    lost.append(heading("effect in deviations, share that is lost", "Axiom", "none lost"))
    bounds = []
    for effect, share in itertools.product((0.5, 1.0), (0.0, 0.05, 0.1, 0.2)):
        streams, name = rng.normal(effect, 1.0, (n, _UNTIL)), f"d = {effect}, {share:.0%}"
        gone = rng.random(streams.shape) < share
        lines.append(row(name, decided(streams, claim, gone=gone)))
        if 0.0 < share < _MOST_LOST:
            whole, without_lost = decided(streams, claim), decided_without_lost(streams, gone)
            lost.append(row(name, without_lost, whole))
            bounds.append(
                no_later(f"D10 {name} are lost", without_lost, _AS_WITHOUT, middle(whole), "without lost ones")
            )
    return Answer(lines=[*lines, *lost], bounds=bounds)
