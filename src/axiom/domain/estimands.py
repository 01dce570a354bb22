"""The conclusions that a file declares: its estimands, and the predictions of them.

Apart from `findings.py`, which speaks of registrations and grades: a process that computes imports this alone.
"""

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import EnumMeta, StrEnum
from numbers import Integral, Real
from types import UnionType
from typing import Any, get_args, get_origin

# How a number may be said in words: as it is, as a share of a hundred, as what it is the logarithm of.
SCALES = {"percent": "shares of one", "times2": "doublings", "times10": "powers of ten", "times_e": "powers of e"}
NUMBERS: Mapping[str, Callable[[float], float]] = {
    "value": float,
    "percent": lambda value: 100.0 * value,
    "times2": lambda value: 2.0**value,
    "times10": lambda value: 10.0**value,
    "times_e": math.exp,
}
# A short name of something, and no sentence: it stands in a headline beside numbers that were measured, and has none.
LABEL = re.compile(r"(?:[^\W\d]|[ ,'’()/%+=<>×·°²√-]){1,80}")
VALUE = "{value}"  # where a factor's level stands among its words, as in "{value} hidden neurons"


def check_types(declared: Any) -> None:
    """Refuse a value that its field does not take, here or in a part, with what the field takes."""
    for word in fields(declared):
        value, kind = getattr(declared, word.name), word.type
        if not _is_taken(value, kind):
            raise TypeError(
                f"{word.name} of {type(declared).__name__} must be {_describe_type(kind)}, and is {repr(value)[:80]}"
            )


def name_choices(wrong: str, choices: Sequence[str]) -> str:
    """Return what stands behind a wrong word: the nearest of those that there are, and all of them."""
    near = difflib.get_close_matches(wrong, choices, n=1, cutoff=0.5)
    return f"{f'did you mean {near[0]}? ' if near else ''}there are {', '.join(choices) or 'none'}"


def _is_taken(value: Any, kind: Any) -> bool:
    outer, inner = get_origin(kind) or kind, get_args(kind)
    if outer is UnionType:
        return any(_is_taken(value, option) for option in inner)
    if outer is tuple and isinstance(value, tuple | list):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return len(value) == len(kinds) and all(map(_is_taken, value, kinds))
    if outer is Mapping and isinstance(value, Mapping):
        return all(_is_taken(level, inner[1]) for level in value.values())
    if is_dataclass(kind) and isinstance(value, outer):
        check_types(value)
    return outer in (Any, object) or isinstance(value, {float: Real, int: Integral}.get(outer, outer))


def _describe_type(kind: Any) -> str:
    """In words; of an enum its members."""
    enums = [option for option in get_args(kind) or [kind] if isinstance(option, EnumMeta)]
    members = [f"{enum.__name__}.{name}" for enum in enums for name in enum.__members__]
    comma = " (behind its only entry stands a comma)" if get_origin(kind) is tuple else ""
    return " or ".join(members) or re.sub(r"<class '|'>|[a-z_.]+\.(?=[A-Z])", "", str(kind)) + comma


class Kind(StrEnum):
    """How the measures of one replicate become one number; it also decides how that number is weighed."""

    CONTRAST = "contrast"  # paired difference between two configs
    SLOPE = "slope"  # of log measure on log factor, over the arms
    RANK_CORRELATION = "rank_correlation"  # of measure with factor, over the arms
    EXPONENT = "exponent"  # of a power law
    BREAKPOINT = "breakpoint"  # the factor's value at which the measure turns
    PROPORTION = "proportion"  # did it happen: 0 or 1
    LEVEL = "level"  # the measure itself, against a registered value
    DIMENSION = "dimension"  # of a border on a map: the slope of log2 of a measure's sum on the level of its tiles


_ROUNDED = 0.01 + 1e-9  # by which three chances of two digits may miss 1
_ACROSS = (Kind.SLOPE, Kind.RANK_CORRELATION, Kind.EXPONENT, Kind.BREAKPOINT)


class Direction(StrEnum):
    """Where a number lies beside its null when the claim is true. It is registered."""

    MORE = "+"  # above the null
    LESS = "-"  # below the null
    ABSENT = "0"  # nearer to the null than the smallest effect that matters


class Center(StrEnum):
    """The middle of its values that an estimand is about."""

    MEDIAN = "median"
    MEAN = "mean"


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A forecast made before anything was seen: the chances of the three verdicts, an interval, and maybe a median."""

    positive: float  # the chance of an effect above the null; the three add up to 1, within 0.01
    negative: float  # of one below
    absent: float  # of none that matters
    interval: tuple[float, float]  # holds the truth with probability 0.8
    because: str  # why you think so
    median: float | None = None  # inside the interval; where nobody says it, its middle is meant

    def __post_init__(self) -> None:
        """Refuse probabilities that are none."""
        chances = (self.positive, self.negative, self.absent)
        total = sum(chances)
        if min(chances) < 0 or not math.isclose(total, 1.0, abs_tol=_ROUNDED):
            raise ValueError(f"positive, negative and absent must be at least 0 and add up to 1; got {chances}")
        if not math.isclose(total, 1.0, abs_tol=1e-9):  # what was read back stays as it was registered, to the last bit
            for name in ("positive", "negative", "absent"):
                object.__setattr__(self, name, getattr(self, name) / total)
        if self.interval[0] > self.interval[1]:
            raise ValueError(f"the interval {self.interval} ends before it begins")
        if self.median is not None and not self.interval[0] <= self.median <= self.interval[1]:
            raise ValueError(f"the median {self.median} lies outside the interval {self.interval}")

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """Below which the truth lies with probability 0.1, 0.5 and 0.9."""
        low, high = self.interval
        return low, low / 2.0 + high / 2.0 if self.median is None else self.median, high


def prediction_data(prediction: Prediction) -> dict[str, Any]:
    """As plain data. A median that nobody said is left out, as it was before predictions could have one."""
    said = {
        "positive": prediction.positive,
        "negative": prediction.negative,
        "absent": prediction.absent,
        "interval": [float(end) for end in prediction.interval],
        "because": prediction.because,
    }
    return said if prediction.median is None else {**said, "median": float(prediction.median)}


def read_prediction(said: Mapping[str, Any]) -> Prediction:
    """As it was written down."""
    low, high = said["interval"]
    return Prediction(
        positive=said["positive"],
        negative=said["negative"],
        absent=said["absent"],
        interval=(low, high),
        because=said["because"],
        median=said.get("median"),
    )


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number of the literature with which that of an estimand is compared, in the same unit."""

    value: float  # in its interval, if it has one
    reference: str  # as in "Belkin et al. 2019, arXiv:1812.11118"
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse an interval that does not hold its value, and a number of nobody."""
        low, high = self.interval or (self.value, self.value)
        if not (math.isfinite(low) and math.isfinite(high) and low <= self.value <= high):
            raise ValueError(f"the published value {self.value} does not lie in its interval {self.interval}")
        if not self.reference.strip():
            raise ValueError(f"the published value {self.value} names no reference")


@dataclass(frozen=True, kw_only=True)
class Event:
    """That a wait is over. The measure counts up to its end, and is None where the run ended first, and only there.

    `by` lies within the budget, so that such a run counts as no. The share by a time is a point of the survival curve.
    With `after` it is a share of those alone that still waited then: the hazard of what lies between.
    """

    by: float  # as the measure counts; what happens just then counts
    budget: str  # the factor at which a run ends, as in "steps"
    after: float = 0.0  # 0: from the beginning, so of all

    def __post_init__(self) -> None:
        """Refuse an interval that holds nothing."""
        if not 0.0 <= self.after < self.by < math.inf:
            raise ValueError(f"an event comes after {self.after:g} and by {self.by:g}: say a later time than the first")


@dataclass(frozen=True, kw_only=True)
class Estimand:
    """One number concluded from the measures of one replicate. A file declares it; the laboratory computes it.

    Its claim is the sentence that it puts to the test.
    """

    name: str  # of your choice; controls and headlines speak of it by this
    claim: str  # a sentence that can turn out wrong
    kind: Kind
    measure: str  # one of Measures
    smallest: float  # an effect nearer to `null` than this counts as absent
    expects: Direction  # where the number lies if the claim is true, and what the prediction holds likeliest
    prediction: Prediction
    across: str = ""  # the factor of a slope, rank correlation, exponent or breakpoint
    between: tuple[Mapping[str, object], ...] = ()  # the arms; over a factor that one leaves open the mean is taken
    bounds: tuple[float, float] | None = None  # that its number cannot leave, as 0 and 1 of an accuracy
    null: float = 0.0  # what its number is if there is no effect
    censored: float | None = None  # what the number counts as when a cell was stopped at its time limit
    exchangeable: bool = False  # the arms of a slope or rank correlation are evenly spaced, and alike under the null
    about: Center = Center.MEDIAN  # the mean needs bounds
    levels: tuple[int, int] | None = None  # of a map: the first and the last of those to which a dimension is fitted
    in_words: str = ""  # how its number is said: one of {value} {percent} {times2} {times10} {times_e}, and the unit
    published: Published | None = None  # with which its number is compared
    event: Event | None = None  # of a proportion, or of a contrast about the mean: whether the measure's wait is over

    def __post_init__(self) -> None:
        """Refuse one of which no number could be concluded, or whose number could not be said."""
        is_contrast = self.kind is Kind.CONTRAST
        if (is_contrast and len(self.between) != 2) or (self.kind in _ACROSS and not self.across):
            raise ValueError(
                f"{self.name}: a {self.kind} of {self.measure} "
                f"{'compares two arms: between=({…}, {…})' if is_contrast else 'goes along a factor: across=…'}"
            )
        is_share = self.kind is Kind.PROPORTION or (is_contrast and self.about is Center.MEAN)
        if self.event and not is_share:
            raise ValueError(
                f"{self.name}: an event is asked of a proportion, or of a contrast with about=Center.MEAN and "
                f"bounds=(-1.0, 1.0); this is a {self.kind} about the {self.about}"
            )
        if not is_unit(self.in_words):
            slots = ", ".join(f"{{{name}}}" for name in NUMBERS)
            raise ValueError(
                f"{self.name}: in_words must hold one of {slots}, and name the unit in at most 80 letters without a "
                f"full stop; it says {self.in_words!r}"
            )


def is_unit(in_words: str) -> bool:
    """May a number be said in these words? Where there are none, it is said as it is."""
    slots = [f"{{{name}}}" for name in NUMBERS if f"{{{name}}}" in in_words]
    return not in_words or (len(slots) == 1 and LABEL.fullmatch(in_words.replace(slots[0], "so many", 1)) is not None)


def find_likeliest_outcomes(prediction: Mapping[str, Any]) -> frozenset[Direction]:
    """What a forecast gives the highest chance; several where it gives them the same."""
    names = {Direction.MORE: "positive", Direction.LESS: "negative", Direction.ABSENT: "absent"}
    most = max(prediction[name] for name in names.values())
    return frozenset(side for side, name in names.items() if prediction[name] == most)
