"""`axiom_weigh.compare(a, b)`: two lists of numbers, paired by their places, or two dicts, paired by their keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from axiom_weigh.errors import WrongUse
from axiom_weigh.tables.read_sheet import Sheet, numbers_of
from axiom_weigh.weighing.result_card import WeighedTable
from axiom_weigh.weighing.weigh import weigh


def compare(
    a: Any,
    b: Any,
    *,
    seeds: Sequence[Any] | None = None,
    estimand: str | None = None,
    null: float | None = None,
    smallest_effect: float | None = None,
    bounds: tuple[float, float] | None = None,
    alpha: float = 0.05,
) -> WeighedTable:
    """Say how sure it is that two arms differ: each value is that of `a` minus that of `b` with the same seed.

    Two lists, tuples, arrays or Series of one length are paired by their places, two dicts by their keys. None and NaN
    are missing, as is a key that only one dict has. `seeds` names the seeds of two lists, which are their places
    otherwise. What is not paired gets no verdict, but the difference of its means and an interval for one look.
    """
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if seeds is not None:
            raise WrongUse(
                "Two dicts have their seeds as keys, and seeds= names others. Nothing was weighed; drop one."
            )
        rows: Sequence[Any] = [(seed, a.get(seed), b.get(seed)) for seed in dict.fromkeys((*a, *b))]
    else:
        rows = _paired(a, b, seeds)
    sheet = Sheet(name="two arms", place="pair", columns=("seed", "a", "b"), rows=enumerate(rows, start=1))
    return weigh(
        sheet,
        of=("a", "b"),
        estimand=estimand,
        null=null,
        smallest_effect=smallest_effect,
        bounds=bounds,
        alpha=alpha,
    )


def _paired(a: Any, b: Any, seeds: Iterable[Any] | None) -> Sequence[Any]:
    a_values, b_values = numbers_of(a), numbers_of(b)
    if a_values is None or b_values is None:
        raise WrongUse(
            f"A {type(a).__name__} and a {type(b).__name__} cannot be compared. Nothing was weighed; give two lists, "
            "tuples, arrays of one dimension or Series, or two dicts from seed to value."
        )
    if len(a_values) != len(b_values) and seeds is None:  # nobody knows which belong together
        return [
            *((f"a {place}", value, None) for place, value in enumerate(a_values)),
            *((f"b {place}", None, value) for place, value in enumerate(b_values)),
        ]
    if len(a_values) != len(b_values):
        raise WrongUse(
            f"a has {len(a_values)} values and b {len(b_values)}, so the seeds are not those of both. Nothing was "
            "weighed; write None where one is missing, give two dicts from seed to value, or leave the seeds out."
        )
    if hasattr(a, "iloc") and hasattr(b, "iloc") and list(a.index) != list(b.index):
        raise WrongUse(
            "a and b are Series with different indexes, and they would be paired by their places. Nothing was weighed; "
            "give dict(a) and dict(b) to pair them by the index, or list(a) and list(b) to pair them by place."
        )
    named = list(range(len(a_values)) if seeds is None else seeds)
    if len(named) != len(a_values):
        raise WrongUse(
            f"There are {len(named)} seeds for {len(a_values)} pairs. Nothing was weighed; name one for each."
        )
    return list(zip(named, a_values, b_values, strict=True))
