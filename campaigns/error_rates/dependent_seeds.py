"""Seeds that are not what they seem: copies in one arm, values alike on a host, or like the one before them."""

import operator
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.counted_values import select_sound_values
from axiom_weigh.tables.arm_differences import differences_of
from axiom_weigh.tables.arrange_rows import arrange_rows
from axiom_weigh.tables.find_columns import NamedColumns
from axiom_weigh.tables.read_sheet import sheet_of
from axiom_weigh.tables.rows_from_sheet import rows_of
from axiom_weigh.values import Force, Verdict
from axiom_weigh.weighing.compare import compare
from axiom_weigh.weighing.result_card import WeighedTable
from axiom_weigh.weighing.weigh import weigh
from error_rates.figures import Answer, Bound, Size, above, below, interval, scored
from error_rates.laws import CONTRAST, Numbers
from error_rates.processes import EFFECTS
from error_rates.worlds_of_hosts import STRONG

_ARMS = ("ours", "base")
_SEEDS, _HOSTS, _VOLUNTEERS = 24, 6, 3
_TABLES = 400  # of each kind, at most
_AGAIN = 8  # seeds that another host computes too
_NAMED, _EFFECT = 48, 0.5  # seeds of a table that names hosts, and the effect in standard deviations where there is one
_Values = Callable[[np.random.Generator, int], Numbers]

# What an honest arm is like; another has the same law.
_KINDS: dict[str, _Values] = {
    "losses with all digits": lambda rng, n: rng.normal(0.9, 0.02, n),
    "losses with three decimals": lambda rng, n: rng.normal(0.9, 0.02, n).round(3),
    "losses in single precision": lambda rng, n: rng.normal(0.9, 0.02, n).astype(np.float32).astype(float),
    "accuracies of 1,000 cases": lambda rng, n: rng.binomial(1_000, 0.9, n) / 1_000,
    "accuracies of 1,000 cases in per cent": lambda rng, n: rng.binomial(1_000, 0.9, n) / 10,
}
# Some that are honest, and meet for a good reason.
_HONEST: dict[str, _Values] = _KINDS | {
    "accuracies of 100 cases": lambda rng, n: rng.binomial(100, 0.9, n) / 100,
    "accuracies of 1,000 cases in single precision": lambda rng, n: (
        (rng.binomial(1_000, 0.9, n) / 1_000).astype(np.float32).astype(float)
    ),
    "accuracies of 1,000 cases near 1": lambda rng, n: (
        (1_000 - rng.poisson(np.where(rng.random(n) < 0.8, 0.5, 20.0))) / 1_000
    ),
    "counts": lambda rng, n: rng.poisson(12, n).astype(float),
    "balanced accuracies of 1,000 cases": lambda rng, n: (
        (rng.binomial(370, 0.9, n) / 370 + rng.binomial(630, 0.9, n) / 630) / 2
    ),
    "F1 scores of 1,000 cases": lambda rng, n: _f1(rng.binomial(300, 0.8, n), rng.binomial(700, 0.1, n), 300),
    "successes and failures with three decimals": lambda rng, n: (
        rng.choice([0.1, 0.95], n) + rng.normal(0, 0.01, n)
    ).round(3),
    "losses in bfloat16": lambda rng, n: np.ldexp(np.round(rng.normal(0.9, 0.02, n) * 256), -8),
    "differences with many zeros": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.normal(0, 0.02, n)).round(3),
    "times of three digits": lambda rng, n: np.array([float(f"{drawn:.3g}") for drawn in rng.lognormal(0, 1.5, n)]),
}


# Other laws than the normal one whose typical value is 0.
_TAILS: dict[str, _Values] = {
    "an exponential tail": lambda rng, n: rng.exponential(size=n) - 0.8392,
    "a lognormal tail": lambda rng, n: rng.lognormal(0, 1, n) - 1.277,
    "a long tail": lambda rng, n: rng.gamma(0.3, size=n) - 0.1476,
    "collapses": lambda rng, n: 0.05 * rng.normal(size=n) - 2.0 * (rng.random(n) < 0.2),
}
# By what the rows of a table may be sorted.
_SORTED: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "their difference": lambda ours, base: ours - base,
    "their difference, the largest first": lambda ours, base: base - ours,
    "the difference of few digits": lambda ours, base: (ours - base).round(2),
    "one arm": lambda ours, _: ours,
    "how far the arms differ": lambda ours, base: -abs(ours - base),
}


def _f1(hits: Numbers, alarms: Numbers, real: int) -> Numbers:
    return 2 * hits / (hits + alarms + real)


def copies(seed: int, size: Size) -> Answer:
    """One arm has so few computations, the other is honest, and there is no effect. And honest arms."""
    rng, n = np.random.default_rng(seed), min(_TABLES, size.attacks)
    lines = [f"{n:,} tables of {_SEEDS} pairs each, without an effect: one arm's seed is not used. Called an effect"]
    bounds, called, named = list[Bound](), list[list[bool]](), list[list[bool]]()
    for kind, values in _KINDS.items():
        for draws in (1, 3, 6):
            flags = [_with_copies(rng, values, draws) for _ in range(n)]
            hosted = [_with_copies(rng, values, draws, is_hosted=True) for _ in range(n)]
            words = f"{kind}, {draws} × {_SEEDS // draws} in one arm"
            lines.append(f"  {words:<62} {_percentage(flags)}; with hosts and reruns {_percentage(hosted)}")
            bounds.append(below(f"copies: {words}: called an effect", _share(flags + hosted), 0.01, 2 * n))
            called.append(flags + hosted)
    five = [_five_pairs(rng) for _ in range(n)]
    lines.append(f"  {'five pairs of three decimals, four times each':<62} {_percentage(five)}")
    bounds.append(
        below("copies: five pairs of three decimals, four times each: called an effect", _share(five), 0.01, n)
    )
    called.append(five)
    for words, verdict_of in _NEARLY_COPIED.items():
        flags = [verdict_of(rng) in EFFECTS for _ in range(n)]
        lines.append(f"  {words:<62} {_percentage(flags)}")
        bounds.append(below(f"copies: {words}: called an effect", _share(flags), 0.05, n))
    for noise in (1e-4, 3e-4, 1e-3):
        cards = [_one_draw(rng, 2 * _SEEDS, noise) for _ in range(n)]
        flags = [card.verdict in EFFECTS for card in cards]
        unnamed = [card.verdict in EFFECTS and not card.evidence.alarms for card in cards]
        words = f"one draw with noise of {noise:g}"
        lines.append(f"  {words:<62} {_percentage(flags)}; and no arm is named {_percentage(unnamed)}")
        bounds.append(below(f"copies: {words}: called an effect, and no arm is named", _share(unnamed), 0.05, n))
    lines.append("honest tables that are suspected of copies, with 24, 100 and 1,000 pairs")
    for kind, values in _HONEST.items():
        texts = []
        for pairs in (_SEEDS, 100, 1_000):
            suspected = [_is_suspected(rng, values, pairs) for _ in range(n if pairs < 1_000 else -(-2 * n // 5))]
            texts.append(_percentage(suspected))
            words = f"copies: honest {kind}, {pairs:,} pairs: suspected"
            bounds.append(below(words, _share(suspected), 0.01, len(suspected)))
            named.append(suspected)
        lines.append(f"  {kind:<50} {'; '.join(texts)}")
    for name, classes in (("copies", called), ("honest-tables", named)):
        worst = max(classes, key=_share)
        lines.append(scored(name, _share(worst), interval(sum(worst), len(worst)), len(worst), 0.01))
    return Answer(lines=lines, bounds=bounds)


def _with_copies(rng: np.random.Generator, values: _Values, draws: int, *, is_hosted: bool = False) -> bool:
    """Is an effect seen where one arm has so few draws? Of hosts a Strong finding would be one, too."""
    honest, few = values(rng, _SEEDS), rng.permutation(np.repeat(values(rng, draws), _SEEDS // draws))
    arms = [honest, few] if rng.random() < 0.5 else [few, honest]
    if not is_hosted:
        return compare(arms[0].tolist(), arms[1].tolist()).verdict in EFFECTS
    rows = [
        {"seed": seed, "arm": arm, "value": value, "host": f"host {by}", "volunteer": f"volunteer {by % _VOLUNTEERS}"}
        for arm, numbers in zip(_ARMS, arms, strict=True)
        for seed, value in enumerate(numbers.tolist())
        for by in [seed % _HOSTS, *([(seed + 1) % _HOSTS] if seed < _AGAIN else [])]
    ]
    weighed = weigh(rows, by="arm", of=_ARMS)
    return weighed.verdict in EFFECTS or weighed.grade in STRONG


def _five_pairs(rng: np.random.Generator) -> bool:
    pairs = rng.normal(0.9, 0.02, (5, 2)).round(3)
    arms = rng.permutation(np.repeat(pairs, 4, axis=0)).T.tolist()
    return compare(*arms).verdict in EFFECTS


def _one_draw(rng: np.random.Generator, seeds: int, noise: float) -> WeighedTable:
    """Of one arm, whose seed is not passed on."""
    honest, repeated = rng.normal(0.9, 0.02, seeds), rng.normal(0.9, 0.02) * (1.0 + noise * rng.normal(size=seeds))
    return compare(*rng.permutation([honest, repeated]).tolist())


def _one_draw_s_verdict(rng: np.random.Generator, seeds: int, noise: float) -> Verdict:
    return _one_draw(rng, seeds, noise).verdict


def _copied_differences(rng: np.random.Generator, noise: float, *, is_mixed: bool = False) -> Verdict:
    """Of six differences with three decimals, each under four seeds, in turn or in any order."""
    arms = rng.normal(0.9, 0.02, (2, 6)).round(3)
    values = np.tile((arms[0] - arms[1]).round(3), 4) * (1.0 + noise * rng.normal(size=24))
    values = rng.permutation(values) if is_mixed else values
    return weigh({"seed": list(range(24)), "value": values.tolist()}, estimand="contrast").verdict


_NEARLY_COPIED: dict[str, Callable[[np.random.Generator], Verdict]] = {
    **{
        f"one draw with noise of {noise:g} under {seeds} seeds of one arm": partial(
            _one_draw_s_verdict, seeds=seeds, noise=noise
        )
        for noise in (1e-9, 1e-6, 1e-4)
        for seeds in (24, 48)
    },
    **{
        f"differences that come four times{order}, with noise of {noise:g}": partial(
            _copied_differences, noise=noise, is_mixed=bool(order)
        )
        for noise in (0.0, 1e-9, 1e-4)
        for order in ("", " in any order")
    },
}


def _is_suspected(rng: np.random.Generator, values: _Values, pairs: int) -> bool:
    """As a table is, up to where its values are weighed; a suspicion is what keeps a grade back, or a verdict."""
    table = {"seed": list(range(pairs)), **{arm: values(rng, pairs).tolist() for arm in _ARMS}}
    rows = differences_of(sheet_of(table), NamedColumns(of=_ARMS))
    arranged = arrange_rows(rows.rows, rows.columns, rows.context)
    alarms = select_sound_values(pose_question(CONTRAST), arranged.observations, 1).alarms
    is_steady = any(alarm.kind == "steady" for alarm in arranged.alarms)
    return is_steady or any(alarm.force is not Force.TELLS for alarm in alarms)


def hosts(seed: int, size: Size) -> Answer:
    """What it costs to name hosts that do not matter, and what is missed where they do."""
    rng, n = np.random.default_rng(seed), min(_TABLES, size.attacks)
    lines, bounds = list[str](), list[Bound]()
    lines.append(f"{n:,} tables of {_NAMED} seeds: an effect of {_EFFECT} sd is found with hosts named, and without;")
    lines.append("hosts are called alike; and where half of the variance lies between hosts, none is called an effect")
    for amount in (2, 4, 8, 20):
        with_hosts, alone, alike, wrong = zip(*[_on_hosts(rng, amount) for _ in range(n)], strict=True)
        lines.append(
            f"  {amount:>2} hosts{'':<6}{_percentage(with_hosts)}; {_percentage(alone)}; {_percentage(alike)}; "
            f"{_percentage(wrong)}"
        )
        lost, changed = _share(alone) - _share(with_hosts), sum(map(operator.ne, alone, with_hosts))
        room = 3.0 * changed**0.5 / n
        words = (
            f"hosts: {amount} that do not matter: power that naming them costs: {lost:.4f}, at most {0.05 + room:.4f}"
        )
        bounds.append(Bound(words=words, holds=lost <= 0.05 + room))
        bounds.append(below(f"hosts: {amount} that do not matter: called alike", _share(alike), 0.05, n))
    return Answer(lines=lines, bounds=bounds)


def _on_hosts(rng: np.random.Generator, amount: int) -> tuple[bool, bool, bool, bool]:
    """Is an effect found with hosts, and without; are hosts called alike that are not; is one called an effect?"""
    values, by = rng.normal(_EFFECT, 1.0, _NAMED), rng.integers(amount, size=_NAMED)
    table = {"seed": list(range(_NAMED)), "value": values.tolist()}
    named = weigh({**table, "host": by.tolist()}, estimand="contrast")
    alone = weigh(table, estimand="contrast")
    clustered = rng.normal(size=amount)[by] * 0.5**0.5 + rng.normal(size=_NAMED) * 0.5**0.5
    wrong = weigh({**table, "value": clustered.tolist(), "host": by.tolist()}, estimand="contrast")
    return (
        named.verdict in EFFECTS,
        alone.verdict in EFFECTS,
        any("values of one host are somewhat alike" in reason for reason in named.reasons),
        wrong.verdict in EFFECTS,
    )


def dependence(seed: int, size: Size) -> Answer:
    """Tables in an order, of values that are independent, or partly the one before them."""
    rng, n = np.random.default_rng(seed), min(_TABLES, size.attacks)
    lines, bounds = [f"{n:,} tables of values in an order: neighbours are called alike"], list[Bound]()
    for kind in ("losses with all digits", "accuracies of 100 cases", "counts"):
        for values in (20, 50, 200):
            flags = [_is_dependent(_HONEST[kind](rng, values)) for _ in range(n)]
            lines.append(f"  {f'independent: {values} {kind}':<50} {_percentage(flags)}")
            bounds.append(below(f"dependence: {values} independent {kind}: called alike", _share(flags), 0.01, n))
    for share, values, least in ((0.3, 50, 0.0), (0.5, 25, 0.0), (0.5, 50, 0.5), (0.5, 100, 0.9), (0.8, 50, 0.9)):
        flags = [_is_dependent(_drifting(rng, values, share)) for _ in range(n)]
        words = f"{values} values of which {share} is the one before"
        lines.append(f"  {words:<50} {_percentage(flags)}")
        bounds += [above(f"dependence: {words}: called alike", _share(flags), least, n)] if least else []
    for words, order in _SORTED.items():
        for values in (_SEEDS, 60):
            flags = [_called_sorted(rng, values, order) for _ in range(n)]
            lines.append(f"  {f'no effect, {values} pairs sorted by {words}':<50} {_percentage(flags)}")
            bounds.append(
                below(f"dependence: {values} pairs sorted by {words}: called an effect", _share(flags), 0.01, n)
            )
    for name, law in _TAILS.items():
        for values in (48, 200):
            called, seen = zip(*[_called_alternating(rng, values, law) for _ in range(n)], strict=True)
            words = f"no effect, {values} values of which every other has {name}"
            lines.append(f"  {words:<50} {_percentage(called)}; not weighed {_percentage(seen)}")
            bounds.append(below(f"dependence: {words}: called an effect", _share(called), 0.05, n))
    for kind in ("losses with all digits", "accuracies of 100 cases", "counts", "differences with many zeros"):
        for pairs in (_SEEDS, 100):
            flags = [_is_not_weighed(rng, _HONEST[kind], pairs) for _ in range(n)]
            lines.append(f"  {f'one law: {pairs} pairs of {kind}: not weighed':<50} {_percentage(flags)}")
            bounds.append(below(f"dependence: {pairs} pairs of {kind}: not weighed", _share(flags), 0.02, n))
    flags = [_is_changed_by_names(rng) for _ in range(n)]
    lines.append(f"  {'another verdict under other names of seeds':<50} {_percentage(flags)}")
    bounds.append(below("dependence: another verdict under other names of seeds", _share(flags), 0.0, n))
    return Answer(lines=lines, bounds=bounds)


def _called_sorted(rng: np.random.Generator, values: int, order: Callable[[Numbers, Numbers], Numbers]) -> bool:
    ours, base = rng.normal(0.9, 0.02, (2, values))
    rows = np.argsort(order(ours, base))
    return compare(ours[rows].tolist(), base[rows].tolist()).verdict in EFFECTS


def _called_alternating(rng: np.random.Generator, values: int, law: _Values) -> tuple[bool, bool]:
    """Is an effect seen where every other data set has another law; and is it named?"""
    differences = np.column_stack([rng.normal(size=values // 2), law(rng, values // 2)]).ravel()
    base = rng.normal(size=values)
    rows = [
        {"seed": place // 2, "dataset": place % 2, "arm": arm, "value": value}
        for arm, numbers in zip(_ARMS, (base + differences, base), strict=True)
        for place, value in enumerate(numbers.tolist())
    ]
    weighed = weigh(rows, by="arm", of=_ARMS, pair=("seed", "dataset"))
    return weighed.verdict in EFFECTS, not weighed.is_weighed


def _is_not_weighed(rng: np.random.Generator, values: _Values, pairs: int) -> bool:
    rows = [
        {"seed": place // 4, "dataset": place % 4, "arm": arm, "value": value}
        for arm in _ARMS
        for place, value in enumerate(values(rng, pairs).tolist())
    ]
    return not weigh(rows, by="arm", of=_ARMS, pair=("seed", "dataset")).is_weighed


def _is_changed_by_names(rng: np.random.Generator) -> bool:
    values = rng.normal(_EFFECT, 1.0, _SEEDS).tolist()
    tables = [{"seed": list(range(first, first + _SEEDS)), "value": values} for first in (0, 1)]
    return len({weigh(table, estimand="contrast").verdict for table in tables}) > 1


def _drifting(rng: np.random.Generator, values: int, share: float) -> Numbers:
    drawn = rng.normal(size=values)
    drawn[0] /= (1.0 - share**2) ** 0.5
    for place in range(1, values):
        drawn[place] += share * drawn[place - 1]
    return drawn


def _is_dependent(values: Numbers) -> bool:
    table = {"seed": list(range(len(values))), "issue": list(range(len(values))), "value": values.tolist()}
    rows = rows_of(sheet_of(table))
    return any(alarm.kind == "order" for alarm in arrange_rows(rows.rows, rows.columns, rows.context).alarms)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


def _percentage(flags: Sequence[bool]) -> str:
    low, high = interval(sum(flags), len(flags))
    return f"{_share(flags):.1%} [{low:.1%}, {high:.1%}]"
