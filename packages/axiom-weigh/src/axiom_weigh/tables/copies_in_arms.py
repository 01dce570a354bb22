"""In which arm was a seed not used, or may it not have been? In differences the other arm's values hide it."""

from collections.abc import Mapping, Sequence
from statistics import median

from axiom_weigh.statistics.equal_values import equal_values, find_clones, hardly_vary
from axiom_weigh.statistics.student import deviation_of
from axiom_weigh.tables.find_columns import tell_names
from axiom_weigh.tables.parse_cell import join_parts
from axiom_weigh.tables.rows_of_same_seed import CountNotes
from axiom_weigh.tables.seed_row import Row
from axiom_weigh.values import Alarm, Force

Key = tuple[str, str]  # seed and design
Arms = tuple[Row | None, Row | None]

_FEWEST = 5  # values, below which it says nothing that they lie near to each other
_SMALL = 0.1  # of the other arm's spread


def copies_in_arms(
    settled: Mapping[Key, Arms], names: tuple[str, str], notes: CountNotes, *, are_paired: bool
) -> dict[Key, tuple[str, ...]]:
    """What seeds share with others of their arm and design, where an arm has so few numbers that it may be copies.

    Of arms that nothing pairs a seed is in one of them alone.
    """
    shared: dict[Key, tuple[str, ...]] = {}
    for design, counting in _by_design(settled, are_paired=are_paired).items():
        if are_paired:
            _say_twice([(key, settled[key]) for key in counting[0]], notes)
        numbers = [_numbers(settled, counting[arm], arm) for arm in (0, 1)]
        for arm in (0, 1):
            keys, values, others = counting[arm], numbers[arm], numbers[1 - arm]
            name, other = (join_parts([name, design]) if design else name for name in (names[arm], names[1 - arm]))
            groups = _groups(values, others) if values and others else ()
            for group in groups:
                words = f"the arm {name}, {values[group[0]]:.15g}"
                for key in [keys[place] for place in group]:
                    shared[key] = (*shared.get(key, ()), words)
            if groups:
                _say_alike(name, keys, (values, others), groups, notes)
            elif _varies_little(values, others):
                _say_varies_little((name, other), (values, others), notes)
    return shared


def _groups(values: Sequence[float], others: Sequence[float]) -> Sequence[Sequence[int]]:
    """The places of values that are one number, or one with noise."""
    places = range(len(values))
    if hardly_vary(values, others):
        return (places,)
    return equal_values(places, values, others)


def _varies_little(values: Sequence[float], beside: Sequence[float]) -> bool:
    """Is its spread under a tenth of the other arm's, as it is and beside its size?

    So is that of one draw with a little noise, and now and then that of an honest arm. One run that crashed widens the
    other arm's spread, and not the middle half of its values.
    """
    if min(len(values), len(beside)) < _FEWEST:
        return False
    size = min(1.0, max(map(abs, values)) / (max(map(abs, beside)) or 1.0))
    spread, middle = (size * measure(beside) for measure in (deviation_of, _middle_half))
    return deviation_of(values) < _SMALL * spread and _middle_half(values) <= 2.0 * _SMALL * middle


def _middle_half(values: Sequence[float]) -> float:
    ordered, quarter = sorted(values), len(values) // 4
    return ordered[-1 - quarter] - ordered[quarter]


def _by_design(settled: Mapping[Key, Arms], *, are_paired: bool) -> dict[str, tuple[list[Key], list[Key]]]:
    """The seeds that have a value in either arm; of pairs those that have one in both."""
    designs: dict[str, tuple[list[Key], list[Key]]] = {}
    for key, pair in settled.items():
        has = [row is not None and row.value is not None for row in pair]
        for arm, keys in enumerate(designs.setdefault(key[1], ([], []))):
            if all(has) if are_paired else has[arm]:
                keys.append(key)
    return designs


def _numbers(settled: Mapping[Key, Arms], keys: Sequence[Key], arm: int) -> list[float]:
    rows = [settled[key][arm] for key in keys]
    return [row.value for row in rows if row is not None and row.value is not None]


def _say_twice(pairs: Sequence[tuple[Key, Arms]], notes: CountNotes) -> None:
    """Name seeds of which both arms have the numbers of another one, however few they are."""
    numbers = [tuple(row.value for row in arms if row is not None) for _, arms in pairs]
    if len(set(numbers)) == len(numbers):
        return
    if twice := find_clones(dict(enumerate(numbers))):
        more = f", and {len(twice) - 1} more such groups" if len(twice) > 1 else ""
        seeds = tell_names([pairs[place][0][0] for place in twice[0]])
        notes.flags.append(f"the very same numbers in both arms: seeds {seeds}{more}")


def _say_alike(
    arm: str,
    keys: Sequence[Key],
    numbers: tuple[Sequence[float], Sequence[float]],
    groups: Sequence[Sequence[int]],
    notes: CountNotes,
) -> None:
    """Name the seeds of an arm; where it has one number alone, say how a fixed number is weighed against."""
    values, _ = numbers
    if len(groups[0]) == len(values):
        spread, beside = (max(of_arm) - min(of_arm) for of_arm in numbers)
        noise = f" (they spread over {spread:.2g}, beside {beside:.2g} of the other arm)" if spread else ""
        notes.flags.append(
            f"{arm} is {values[0]:.6g} in all {len(values)} seeds{noise}, as one draw is that is told again and again; "
            "if it is a fixed number and nothing was drawn for it, weigh the other arm alone against it, with "
            f"--estimand level --null {values[0]:.6g}"
        )
    else:
        seeds = tell_names([keys[place][0] for place in max(groups, key=len)])
        notes.flags.append(
            f"so few numbers in the arm {arm} that its seed may not have been used: seeds {seeds} have one"
        )


def _say_varies_little(
    names: tuple[str, str], numbers: tuple[Sequence[float], Sequence[float]], notes: CountNotes
) -> None:
    """Name an arm that may be one draw, whose luck then decides the verdict."""
    (arm, other), (own, beside) = names, (deviation_of(values) for values in numbers)
    text = (
        f"{arm} hardly varies beside {other} (± {own:.2g} sd beside {beside:.2g}), so its {len(numbers[0])} values may "
        "be one draw with a little noise, whose luck would decide the verdict: was its seed used? If nothing was drawn "
        f"for it, weigh {other} alone against it, with --estimand level --null {median(numbers[0]):.6g}"
    )
    notes.alarms.append(Alarm(kind="steady", force=Force.HOLDS_BACK, text=text))
