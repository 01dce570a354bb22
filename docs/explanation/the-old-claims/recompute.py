#!/usr/bin/env python3
"""Computes every row of the page about the old claims again, from the values beside this file, and compares.

    python recompute.py [FOLDER]

Needs PyArrow, and nothing of Axiom. It writes nothing and asks no network. For each estimand it counts the seeds, sees
that each seed is the one that follows from its replicate's number, and computes the estimate and its interval from the
values alone; then it looks whether numbers.json and the page say the same.

Exit status: 0 when every number is the same, 1 when one differs, 2 when a file is missing or cannot be read.
"""

import hashlib
import json
import math
import re
import statistics
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ALPHA = 0.05  # the interval leaves the true value out, at any look, in one of twenty laboratories at most
ROW = re.compile(r"(\d+ seeds[^;]*);.* `(\w+\.\w+)`$")
BETS = {0.98: 0.58, 0.6: 0.29, 0.25: 0.08, 0.08: 0.03, 0.025: 0.01, 0.008: 0.01}  # sizes, and their shares
WAYS = ((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))  # to pair a group of four values
Values = Sequence[float | None]


def main(arguments: Sequence[str]) -> int:
    """Compare the folder that is named, or the one in which this file lies."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        found = read(folder / "values.parquet")
        told = {one["estimand"]: one for one in json.loads((folder / "numbers.json").read_text(encoding="utf-8"))}
        page = folder.with_suffix(".md").read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, ModuleNotFoundError) as fault:
        sys.stderr.write(f"{folder} cannot be weighed: {fault}\n")
        return 2
    problems = list(compared(found, told, page))
    rows = sum(map(len, found.values()))
    well = f"Seeds, estimates and intervals of {len(told)} estimands, from {rows} values, are as the page says."
    sys.stdout.write("\n".join(problems or [well]) + "\n")
    return int(bool(problems))


def read(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The values of each estimand, in the order in which their seeds were issued."""
    from pyarrow import parquet  # type: ignore[import-untyped]  # its absence is told in a sentence

    found: dict[str, list[dict[str, Any]]] = {}
    for row in parquet.read_table(file).to_pylist():
        found.setdefault(f"{row['experiment']}.{row['estimand']}", []).append(row)
    return found


def compared(found: dict[str, list[dict[str, Any]]], told: dict[str, dict[str, Any]], page: str) -> Iterator[str]:
    """Whatever differs, in sentences."""
    yield from (f"DIFFERS {name}: it has values, and nothing was concluded from them" for name in found.keys() - told)
    shown = [(match[2], match[1]) for line in page.splitlines() if (match := ROW.search(line))]
    yield from (f"DIFFERS {name}: the page shows it, and there is no number" for name, _ in shown if name not in told)
    for name, said in told.items():
        rows = found.get(name, [])
        again = weighed([row["value"] for row in rows], said)
        yield from (
            f"DIFFERS {name}: {part} is {said[part]!r} in numbers.json, and comes out as {value!r}"
            for part, value in again.items()
            if not same(said[part], value)
        )
        if digest(rows) != said["digest"]:
            yield f"DIFFERS {name}: its values are not those that were weighed"
        yield from (
            f"DIFFERS {name}: replicate {row['replicate']} has another seed" for row in rows if not is_seed(row)
        )
        fact = in_words(again, said["centre"])
        yield from (
            f"DIFFERS {name}: the page says {words!r}, and it is {fact!r}"
            for each, words in shown
            if each == name and words != fact
        )


def weighed(values: Values, said: dict[str, Any]) -> dict[str, Any]:
    """Seeds, estimate and interval of these values; None is a value that never came."""
    present = [value for value in values if value is not None]
    missing = len(values) - len(present)
    ways = {"typical value": typical, "median": median, "share": share, "mean": mean}
    estimate, low, high = ways[said["centre"]](values, said["bounds"])
    return {"seeds": len(present), "missing": missing, "estimate": estimate, "low": low, "high": high}


def median(values: Values, bounds: Sequence[float] | None) -> tuple[float | None, float | None, float | None]:
    """The median, and every median that the signs of the values about it do not refute.

    So many of n values on one side of a median are refuted when a mixture over all chances, Beta(1/2, 1/2), holds them
    for twenty times as likely as a fair coin does. What never came may lie on either side.
    """
    present, n = sorted(value for value in values if value is not None), len(values)
    needed = next((k for k in range((n + 1) // 2, n + 1) if mixture(k, n, 0.5) >= -math.log(ALPHA)), n + 1)
    low, high = (None, None) if needed > len(present) else (present[len(present) - needed], present[needed - 1])
    if bounds is not None:
        low, high = bounds[0] if low is None else low, bounds[1] if high is None else high
    return (statistics.median(present) if present else None), low, high


def typical(values: Values, bounds: Sequence[float] | None) -> tuple[float | None, float | None, float | None]:
    """The number that half of all means of two values lie above, and every number that bets on pairs do not refute."""
    present = [value for value in values if value is not None]
    if not present:
        return None, None, None
    means = [one / 2 + other / 2 for place, one in enumerate(present) for other in present[place:]]
    middle = statistics.median(means)
    low, high = lowest(values), lowest([None if value is None else -value for value in values])
    high = None if high is None else -high
    if bounds is not None:
        low, high = bounds[0] if low is None else low, bounds[1] if high is None else high
    return middle, low, high


def lowest(values: Values) -> float | None:
    """The lowest number that is not refuted; None when there is none. It is the mean of two values of one group."""
    groups = [values[start : start + 4] for start in range(0, len(values) - 3, 4)]
    pairs = [(group[one], group[other]) for group in groups for way in WAYS for one, other in way]
    means = sorted({one / 2 + other / 2 for one, other in pairs if one is not None and other is not None})
    numbers = [-math.inf, *means]
    refuted = bisect_left(numbers, True, key=lambda number: paired(groups, number) < math.log(2 / ALPHA))
    return numbers[refuted] if refuted else None


def paired(groups: Sequence[Values], number: float) -> float:
    """The logarithm of what bets on more than a number have made of 1, when half of all means of two lie above it.

    Four values are paired in three ways, and the capital becomes the mean of what the three make. A pair is won if its
    mean lies above the number, and lost where a value is missing.
    """
    grown = [math.log(share) for share in BETS.values()]
    for group in groups:
        for place, bet in enumerate(BETS):
            made = [math.prod(1 + bet * side(group[one], group[other], number) for one, other in way) for way in WAYS]
            grown[place] += math.log(statistics.fmean(made))
    most = max(grown)
    return most + math.log(math.fsum(math.exp(one - most) for one in grown))


def side(one: float | None, other: float | None, number: float) -> int:
    """1 where the mean of two values lies above a number, and else -1."""
    return 1 if one is not None and other is not None and one / 2 + other / 2 > number else -1


def share(values: Values, _bounds: Sequence[float] | None) -> tuple[float | None, float | None, float | None]:
    """How often it happened, and every chance that this does not refute in the same way."""
    present, n = [value for value in values if value is not None], len(values)
    events = sum(value > 0.5 for value in present)
    most, bar = events + n - len(present), -math.log(ALPHA)
    low = first(lambda chance: not (events > chance * n and mixture(events, n, chance) >= bar), 60)
    high = first(lambda chance: most < chance * n and mixture(most, n, chance) >= bar, 60)
    return (events / len(present) if present else None), low, high


def mean(values: Values, bounds: Sequence[float] | None) -> tuple[float | None, float | None, float | None]:
    """The mean of values within bounds, and every mean against which bets on the values have not won."""
    if bounds is None:
        return None, None, None
    low, high = bounds
    present = [value for value in values if value is not None]
    shares = [None if value is None else (value - low) / (high - low) for value in values]
    mirrored = [None if value is None else 1.0 - value for value in shares]
    bets, bar = stakes(shares), math.log(2.0 / ALPHA)
    lower = first(lambda chance: gain(shares, bets, chance) < bar, 30)
    upper = 1.0 - first(lambda chance: gain(mirrored, bets, chance) < bar, 30)
    lower, upper = min(lower, upper), max(lower, upper)
    middle = math.fsum(present) / len(present) if present else None
    return middle, low + lower * (high - low), low + upper * (high - low)


def stakes(shares: Values) -> list[float]:
    """How much is bet on each value: the smaller the spread of those before it, the more."""
    found, n, total, deviations, variance = [], 0, 0.0, 0.0, 0.25
    for value in shares:
        found.append(math.sqrt(2.0 * math.log(2.0 / ALPHA) / (variance * (n + 1) * math.log(n + 2))))
        if value is not None:
            n += 1
            total += value
            deviations += (value - (0.5 + total) / (n + 1)) ** 2
            variance = (0.25 + deviations) / (n + 1)
    return found


def gain(shares: Values, bets: Sequence[float], chance: float) -> float:
    """The logarithm of what bets on more than this mean have made of 1; at most nine tenths are put on one value."""
    most = 0.9 / chance if chance > 0 else math.inf
    pairs = zip(shares, bets, strict=True)
    return math.fsum(math.log1p(min(bet, most) * ((value or 0.0) - chance)) for value, bet in pairs)


def mixture(events: int, n: int, chance: float) -> float:
    """The logarithm of how much likelier a Beta(1/2, 1/2) mixture holds these events than this chance does."""
    mixed = math.lgamma(events + 0.5) + math.lgamma(n - events + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)
    return max(-690.0, min(690.0, mixed - power(chance, events) - power(1.0 - chance, n - events)))


def power(chance: float, times: int) -> float:
    """The logarithm of a chance that happens so many times."""
    if times == 0:
        return 0.0
    return times * math.log(chance) if chance > 0 else -math.inf


def first(holds: Callable[[float], bool], halvings: int) -> float:
    """The least share for which it holds, when it holds for all above."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low


def is_seed(row: dict[str, Any]) -> bool:
    """Does the seed follow from experiment, version and replicate, and from nothing else?"""
    text = f"axiom-seed-1|{row['experiment']}|{row['version']}|{row['replicate']}".encode()
    return bool(row["seed"] == int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1)


def digest(rows: Sequence[dict[str, Any]]) -> str:
    """Changes when any value does."""
    lines = (f"{row['seed']} {'' if row['value'] is None else float(row['value']).hex()}\n" for row in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def in_words(again: dict[str, Any], centre: str) -> str:
    """As the page has it."""
    lacking = f", {again['missing']} without a value" if again["missing"] else ""
    if again["estimate"] is None:
        return f"{again['seeds']} seeds{lacking}"
    middle, low, high = (
        "unbounded" if again[part] is None else f"{again[part]:.3g}" for part in ("estimate", "low", "high")
    )
    return f"{again['seeds']} seeds{lacking}, {centre} {middle} [{low}, {high}]"


def same(said: float | None, found: float | None) -> bool:
    """Equal but for the last digits, in which mathematical libraries differ."""
    if said is None or found is None:
        return said is found
    return math.isclose(said, found, rel_tol=1e-9, abs_tol=1e-12)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
