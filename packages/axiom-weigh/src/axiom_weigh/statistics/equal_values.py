"""Identical numbers under different seeds: a seed that was not used, and so one observation instead of many.

Two seeds agree in fifteen digits by chance only where a number has few values to choose from: a share of test cases, a
count of steps, the chances of single precision among very many seeds. Such agreement is not held against anybody.
"""

import math
import struct
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import accumulate, pairwise

_FINE = 6.0  # digits that a number must carry before its coming again says anything
_NARROW = 2.0  # digits that seeds may share because they measure the same thing
_MOST_DIGITS = 15.0
_NOTHING, _MINUS_NOTHING = f"{0.0:.14e}", f"{-0.0:.14e}"
_CHANCE = 1e-3  # groups of so many alike that would be expected by chance, at most
_AS_GOOD_AS = 1e-14  # of a number: what is no nearer to it differs in its first fourteen digits
_LARGEST_SINGLE = 3e38
_SHORT = 6  # digits of a decimal that single precision keeps, and one to spare
_CASES = 1000  # test cases of a share, up to which single precision tells it from other numbers
_SIMPLE = 1e-14  # of a number: what is no nearer to a fraction is not that fraction
_MOST_CHOICES = math.log(1e5)  # what is computed from two counts has as many, however many digits it has
_FINE_GRID = math.log(1e4)  # choices: on no such grid do most honest runs share one value
_NEARLY_NONE = 2
_LIMITS = frozenset({-1.0, 0.0, 1.0, 100.0})  # of shares, correlations and per cent: runs meet there for a good reason
_FREE = 2.0  # times as many choices as there are different values: else nearly all may have been drawn
_MOST_COMPARED = 50_000  # distinct values: of more, too many of the choices may have been drawn
_MOST_IN_TURN = 1_000  # values that are looked at for others that come again in turn: the work grows with its square
_FEWEST_NEAR = 5  # values, below which it says nothing that they are near to each other
_NOISE = 1e-3  # of the range of the middle half of all values, within which copies differ by noise
_MOST_NEAR = 0.6  # of the different values that chance gives on average; copies are at most half as many as seeds
HARDLY = 1e-5  # of their size: values that vary less are one, with noise
_HARDLY_BESIDE = 4e-6  # the same, times how much more another arm varies
_LARGEST_DENOMINATOR = 10_000  # shares and averages of counts have a smaller one; of other numbers one in ten million


def find_clones(values_by_seed: Mapping[int, float | Sequence[float | None] | None]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of seeds whose numbers agree to fifteen digits although they had many to choose from.

    Of a seed either the one number is given or all that was measured under it; then all have to agree, and one at least
    has to be fine enough to tell. Give measures rather than an estimand made of coarse ones: a rank correlation or the
    slope of a count looks like any number, and has few values. Numbers that are None or not finite are left out.
    """
    rows = {seed: row if isinstance(row, Sequence) else (row,) for seed, row in values_by_seed.items()}
    often = Counter(map(_words, rows.values()))
    return _groups({seed: mark_row(row) for seed, row in rows.items() if often[_words(row)] > 1}, len(rows))


def mark_row(row: Sequence[float | None]) -> str:
    """Return what can be kept of a seed's numbers to find its like: digits that tell, and a digest.

    It is empty when no number is fine enough to tell.
    """
    telling, seen = 0.0, set[float]()
    for number in row:
        if number is None or not math.isfinite(number) or abs(number) in seen:
            continue
        seen.add(abs(number))
        digits = _digits(abs(number))
        telling += digits - _NARROW if digits >= _FINE else 0.0
        if telling >= _MOST_DIGITS:  # two numbers of double precision are enough; there may be a hundred
            break
    return f"{min(_MOST_DIGITS, telling):.1f}:{digest_row(row)}" if telling else ""


def digest_row(row: Sequence[float | None]) -> str:
    """Return what two rows share that agree in all numbers to fifteen digits."""
    return sha256(_words(row).encode()).hexdigest()[:32]


def group_alike_seeds(marks: Mapping[int, str]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of seeds of the same mark, where there are more of them than chance explains."""
    return _groups(marks, sum(map(bool, marks.values())))


def equal_values(
    seeds: Sequence[int], values: Sequence[float], other_arm: Sequence[float] = ()
) -> tuple[tuple[int, ...], ...]:
    """Return the groups of seeds of the same value, in a table that shows one number a seed, where these are many.

    There numbers may be rounded, and one with all digits may come of two counts, as a balanced accuracy does. So a few
    that agree say nothing, and all together are compared with how many values they seem to have been drawn from. Values
    beside them, such as the other arm's, show that too. A number of single precision is read as it was written. Coarse
    numbers, and those that differ by noise, are compared by the least distance that is seen.
    """
    return _of_one_value(seeds, values, other_arm) or _nearly_equal(seeds, values, other_arm)


def _of_one_value(
    seeds: Sequence[int], values: Sequence[float], other_arm: Sequence[float]
) -> tuple[tuple[int, ...], ...]:
    if not _are_some_alike(sorted(values)) or len(set(values)) > _MOST_COMPARED:
        return ()
    seeds = [seed for seed, value in zip(seeds, values, strict=True) if math.isfinite(value)]
    values = [value for value in values if math.isfinite(value)]
    if _are_coarse(Counter(values), other_arm):
        return ()
    is_constant, is_plain = min(values) == max(values), _is_whole if other_arm else _is_plain
    if other_arm and not (all(map(_is_whole, values)) and all(map(_is_whole, other_arm))):  # so these are no counts
        is_plain = _is_round if is_constant else _is_limit
    seeds_by_value: dict[float, list[int]] = defaultdict(list)
    for seed, value in zip(seeds, values, strict=True):
        if not is_plain(value):
            seeds_by_value[_as_written(value)].append(seed)
    groups = [group for group in seeds_by_value.values() if len(group) > 1]
    if not groups:
        return ()
    times = {value: len(group) for value, group in seeds_by_value.items()}
    others = Counter(_as_written(value) for value in other_arm if not is_plain(value))
    choices = _log_choices(times, others, is_constant=is_constant)
    are_few = _are_few(len(times), sum(times.values()), choices)
    if are_few and len(times) > 1 and choices < _FINE_GRID:
        shown = sorted({*times, *others})
        at = dict(zip(shown, _on_grid(shown), strict=True))
        are_few = _are_few_beside_the_commonest(sorted((at[value], amount) for value, amount in times.items()))
    return tuple(map(tuple, groups)) if are_few else ()


def _are_coarse(times: Mapping[float, int], other_arm: Sequence[float]) -> bool:
    """Have they so few digits that their coming again says little? Of two or three: fewer than the other arm's."""
    fine = sum(amount for value, amount in times.items() if is_fine(value))
    if len(times) < _NEARLY_NONE or 2 * fine >= sum(times.values()):
        return False
    own, beside = (max([len(repr(_as_written(value))) for value in arm], default=0) for arm in (times, other_arm))
    return len(times) > _NEARLY_NONE + 1 or own < beside


def _nearly_equal(
    seeds: Sequence[int], values: Sequence[float], other_arm: Sequence[float]
) -> tuple[tuple[int, ...], ...]:
    """The groups of seeds whose values differ by noise alone, where honest values are seldom so near.

    Noise is small beside the spread of all values. What lies on a grid of any kind is as near as its steps, so choices
    are counted in steps as wide as the least distance that is seen. In the order of `seeds`, values that come again and
    again in turn need be no more than two.
    """
    if len(values) > _MOST_COMPARED:
        return ()
    finite = [(seed, value) for seed, value in zip(seeds, values, strict=True) if math.isfinite(value)]
    if len(finite) < _FEWEST_NEAR:
        return ()
    ordered = sorted(value for _, value in finite)
    middle_half = ordered[-1 - len(ordered) // 4] - ordered[len(ordered) // 4]
    grain = _NOISE * (middle_half or ordered[-1] - ordered[0])
    if not grain > 0 or not math.isfinite((ordered[-1] - ordered[0]) / grain):
        return ()
    cells: dict[int, list[int]] = defaultdict(list)
    for seed, value in finite:
        cells[round((value - ordered[0]) / grain)].append(seed)
    if not _NEARLY_NONE < len(cells) < len(finite):
        return ()
    if turn := _turn([(value - ordered[0]) / grain for _, value in finite[:_MOST_IN_TURN]]):
        return tuple(tuple(seed for seed, _ in finite[start:_MOST_IN_TURN:turn]) for start in range(turn))
    step = min(other - cell for cell, other in pairwise(sorted(cells)))
    places = [(round(cell / step), len(cells[cell])) for cell in sorted(cells)]
    others = Counter(round((value - ordered[0]) / grain) for value in other_arm if math.isfinite(value / grain))
    shared = sum(len(cells[cell]) * amount for cell, amount in others.items() if cell in cells)
    choices = min(_log_spread(places), math.log(len(finite) * len(other_arm) / shared) if shared else math.inf)
    expected = math.exp(choices) * -math.expm1(-len(finite) / math.exp(choices))
    are_few = len(cells) <= _MOST_NEAR * expected and _are_few(len(cells), len(finite), choices)
    is_copied = are_few and _are_few_beside_the_commonest(places)
    return tuple(tuple(group) for group in cells.values() if len(group) > 1 and is_copied)


def few_equal_values(seeds: Sequence[int], values: Sequence[float]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of seeds of the same value with many digits, however few they are among all."""
    ordered = sorted(filter(math.isfinite, values))  # to count a million values would take 100 MB
    often = {value for value, following in pairwise(ordered) if value == following}
    marks = {seed: mark_row((_as_written(value),)) for seed, value in zip(seeds, values, strict=True) if value in often}
    return _groups(marks, len(values))


def _turn(values: Sequence[float]) -> int:
    """After how many values all come again to within 1, where chance seldom orders them so; 0 where they do not."""
    for turn in range(2, len(values) // 2 + 1):
        if all(abs(value - again) <= 1.0 for value, again in zip(values, values[turn:], strict=False)):
            return turn if _log_orders(values) - _log_orders(values[:turn]) > math.log(len(values) / _CHANCE) else 0
    return 0


def _log_orders(values: Sequence[float]) -> float:
    """The logarithm of how many orders there are of these values, of which those are equal that round to one."""
    return math.lgamma(len(values) + 1) - sum(
        math.lgamma(amount + 1) for amount in Counter(map(round, values)).values()
    )


def hardly_vary(values: Sequence[float], beside: Sequence[float]) -> bool:
    """Do the values of an arm vary so little that they may be one draw and the noise of floats?

    Less than a hundred-thousandth of their size is no variation, or as many times more as the other arm varies more:
    what is narrow both beside its size and beside that is one draw. Coarse numbers and counts may be alike.
    """
    if len(values) < _FEWEST_NEAR or 2 * sum(is_fine(value) and not _is_whole(value) for value in values) < len(values):
        return False
    spread, size = max(values) - min(values), max(map(abs, values))
    wider = max(spread, max(beside) - min(beside))
    return spread > 0.0 and spread / size * (spread / wider) <= _HARDLY_BESIDE


def _are_some_alike(ordered: Sequence[float]) -> bool:
    """Do two neighbours agree in fourteen digits? It is so seldom, and of a million values quickly known."""
    return any(other - value <= _AS_GOOD_AS * abs(value) for value, other in pairwise(ordered))


def _as_written(number: float) -> float:
    """The simple number of which this is the single precision, if it is one: 0.9 is kept as 0.8999999761581421."""
    if abs(number) > _LARGEST_SINGLE or _single(number) != number:
        return number
    short = float(f"{number:.{_SHORT}g}")
    if _single(short) == number:
        return short
    nearest = Fraction(number).limit_denominator(_CASES)
    share = nearest.numerator / nearest.denominator
    return share if _single(share) == number else number


def _single(number: float) -> float:
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return single


def _log_choices(times: Mapping[float, int], others: Mapping[float, int], *, is_constant: bool) -> float:
    """The logarithm of how many values there were to choose from: as many, equally likely, would meet as often.

    Of an arm with one number alone nothing is known but how the other arm's numbers lie. And numbers that both arms
    have show how often two meet that are no copies.
    """
    spread = others if is_constant else times
    if len(spread) <= 1:
        return _MOST_CHOICES if any(map(is_fine, times)) else 0.0
    shown, choices = sorted({*times, *others}), [_MOST_CHOICES]
    at = dict(zip(shown, _on_grid(shown), strict=True))
    choices.append(_log_spread([(at[value], spread[value]) for value in sorted(spread)]))
    if shared := sum(amount * others[value] for value, amount in times.items() if value in others):
        choices.append(math.log(sum(times.values()) * sum(others.values()) / shared))
    return min(choices)


def _log_spread(places: Sequence[tuple[int, int]]) -> float:
    """The logarithm of how many places on a grid there were to choose from, each with how often it comes.

    Values of a smooth law meet as often as they miss by one step, or by any other few; so a quarter of all pairs, those
    that differ least, show it wherever the values lie in several heaps.
    """
    at, until = [place for place, _ in places], [0, *accumulate(amount for _, amount in places)]
    if at[0] == at[-1]:
        return 0.0
    whole = until[-1] * (until[-1] - 1) // 2
    unequal = whole - sum(amount * (amount - 1) // 2 for _, amount in places)

    def near(steps: int) -> int:
        return sum(
            amount * (until[bisect_right(at, place + steps)] - until[after])
            for after, (place, amount) in enumerate(places, start=1)
        )

    below, steps = 0, at[-1] - at[0]
    while steps - below > 1:
        half = (below + steps) // 2
        below, steps = (below, half) if 4 * near(half) >= unequal else (half, steps)
    return math.log(2 * steps) + math.log(whole / near(steps))


def _are_few(different: int, whole: int, log_choices: float) -> bool:
    """Would so many draws from so many choices seldom give so few different values?"""
    if log_choices < math.log(_FREE * different):
        return False
    by_chance = whole * math.log(different) - math.lgamma(different + 1) - (whole - different) * log_choices
    return by_chance < math.log(_CHANCE)


def _are_few_beside_the_commonest(places: list[tuple[int, int]]) -> bool:
    """Are there few values beside the commonest and its neighbours? Nearly all runs may be near a limit, few far away.

    Of one or two values that are left nothing is known but how far they lie from those.
    """
    low = high = max(range(len(places)), key=lambda place: places[place][1])
    while low > 0 and places[low][0] - places[low - 1][0] <= 1:
        low -= 1
    while high < len(places) - 1 and places[high + 1][0] - places[high][0] <= 1:
        high += 1
    rest = places[:low] + places[high + 1 :]
    if not rest:
        return False
    choices = _log_spread(rest)
    if len(rest) <= _NEARLY_NONE:
        away = min(places[low][0] - place if place < places[low][0] else place - places[high][0] for place, _ in rest)
        choices = max(choices, math.log(away))
    return _are_few(len(rest), sum(amount for _, amount in rest), choices)


def _on_grid(ordered: Sequence[float]) -> list[int]:
    """How many steps of their grid the values lie from the first: of shares of so many cases, or of decimals.

    Shares of many different wholes, as F1 scores are, have no grid, and are taken to lie on that of the largest one.
    """
    shares = [Fraction(value).limit_denominator(_LARGEST_DENOMINATOR) for value in ordered]
    if all(abs(share - Fraction(value)) <= _SIMPLE * abs(value) for share, value in zip(shares, ordered, strict=True)):
        wholes = {share.denominator for share in shares}
        cases = math.lcm(*wholes)
        places = [round(share * (cases if cases <= _LARGEST_DENOMINATOR else max(wholes))) for share in shares]
    else:
        decimals = [Decimal(repr(value)) for value in ordered]
        exponent = min(int(value.as_tuple().exponent) for value in decimals)
        places = [int(value.scaleb(-exponent)) for value in decimals]
    step = math.gcd(*(place - places[0] for place in places[1:])) or 1
    return [(place - places[0]) // step for place in places]


def _is_whole(value: float) -> bool:
    return value == int(value)


def _is_limit(value: float) -> bool:
    return value in _LIMITS


def _is_plain(value: float) -> bool:
    """Is it a whole number, or one of two digits? Counts, limits and ties meet for good reasons."""
    return value == int(value) or _as_written(value) == float(f"{value:.1e}")


def _is_round(value: float) -> bool:
    """Has it one digit? An arm in which nothing varies may be at its limit, or be no computation at all."""
    return _as_written(value) == float(f"{value:.0e}")


def is_fine(number: float) -> bool:
    """Whether a number carries so many digits that its coming again under another seed says something."""
    return math.isfinite(number) and _digits(abs(number)) >= _FINE


def _words(row: Sequence[float | None]) -> str:
    """All numbers to fifteen digits, written at once; 0 has no sign, and what is none is left empty."""
    if None not in row and math.isfinite(sum(row)):  # type: ignore[arg-type]
        written = ",".join(["%.14e"] * len(row)) % tuple(row)
    else:
        written = ",".join("" if number is None or not math.isfinite(number) else f"{number:.14e}" for number in row)
    return written.replace(_MINUS_NOTHING, _NOTHING) if _MINUS_NOTHING in written else written


def _groups(marks: Mapping[int, str], whole: int) -> tuple[tuple[int, ...], ...]:
    if len({mark.partition(":")[2] for mark in marks.values()}) == len(marks):
        return ()  # asked first, since it is so nearly always
    same: dict[str, list[int]] = defaultdict(list)
    telling: dict[str, float] = {}
    for seed, mark in marks.items():
        if mark:
            digits, _, digest = mark.partition(":")
            same[digest].append(seed)
            telling[digest] = min(float(digits), telling.get(digest, _MOST_DIGITS))
    return tuple(
        tuple(group)
        for digest, group in same.items()
        if len(group) > 1 and _suspect(telling[digest], len(group), whole)
    )


def _suspect(telling: float, same: int, whole: int) -> bool:
    """Are more alike than chance explains? Counted: the groups of that size expected among all seeds."""
    ways = math.lgamma(whole + 1) - math.lgamma(same + 1) - math.lgamma(whole - same + 1)
    return ways - (same - 1) * telling * math.log(10.0) < math.log(_CHANCE)


def _digits(number: float) -> float:
    """How many digits the number carries: its size over the finest step that it seems to be a multiple of."""
    if number == 0.0:
        return 0.0
    number = _as_written(number)
    numerator, denominator = number.as_integer_ratio()
    bits = numerator.bit_length() - ((numerator & -numerator).bit_length() - 1)
    written = len(repr(number).partition("e")[0].replace(".", "").strip("0"))
    digits = min(_MOST_DIGITS, bits * math.log10(2.0), float(written))
    above, below = _simplest(numerator, denominator)
    is_simple = abs(above / below - number) <= _SIMPLE * number
    return min(digits, math.log10(above)) if is_simple else digits


def _simplest(numerator: int, denominator: int) -> tuple[int, int]:
    """The nearest fraction whose denominator is small, by continued fractions: Fraction.limit_denominator, cheaper."""
    if denominator <= _LARGEST_DENOMINATOR:
        return numerator, denominator
    above, below, next_above, next_below = 0, 1, 1, 0
    rest, by = numerator, denominator
    while True:
        times = rest // by
        further = below + times * next_below
        if further > _LARGEST_DENOMINATOR:
            break
        above, below, next_above, next_below = next_above, next_below, above + times * next_above, further
        rest, by = by, rest - times * by
    times = (_LARGEST_DENOMINATOR - below) // next_below
    between = below + times * next_below
    is_nearer = 2 * by * between <= denominator
    return (next_above, next_below) if is_nearer else (above + times * next_above, between)
