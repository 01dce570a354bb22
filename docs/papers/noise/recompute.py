#!/usr/bin/env python3
"""Weighs a finding again from the files beside this one, and compares every number with what the laboratory said.

    python recompute.py [FOLDER]

Needs Python 3.11 or newer and NumPy, and nothing of Axiom. It writes nothing and asks no network.
Exit status: 0 when every number is the same, 1 when one differs, 2 when a file or package is missing or cannot be read.

What follows is the laboratory's own code, word for word: 32 modules that Axiom 26.12.0 weighs findings with.
"""

import importlib.abc
import importlib.util
import sys

SOURCES = {}

SOURCES['axiom.domain.estimands'] = r'''"""The conclusions that a file declares: its estimands, and the predictions of them.

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

    positive: float  # the chance of an effect above the null; the three add up to 1
    negative: float  # of one below
    absent: float  # of none that matters
    interval: tuple[float, float]  # holds the truth with probability 0.8
    because: str  # why you think so
    median: float | None = None  # inside the interval; where nobody says it, its middle is meant

    def __post_init__(self) -> None:
        """Refuse probabilities that are none."""
        chances = (self.positive, self.negative, self.absent)
        if min(chances) < 0 or not math.isclose(sum(chances), 1.0, abs_tol=1e-9):
            raise ValueError(f"positive, negative and absent must be at least 0 and add up to 1; got {chances}")
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


def likeliest(prediction: Mapping[str, Any]) -> frozenset[Direction]:
    """What a forecast gives the highest chance; several where it gives them the same."""
    names = {Direction.MORE: "positive", Direction.LESS: "negative", Direction.ABSENT: "absent"}
    most = max(prediction[name] for name in names.values())
    return frozenset(side for side, name in names.items() if prediction[name] == most)
'''

SOURCES['axiom.domain.evidence'] = r'''"""Conclusions: registrations, observations, blocks, evidence and findings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from axiom.domain.estimands import Direction
from axiom_weigh.values import Verdict


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Estimands, design, stopping rule and predictions, hashed and chained before any workunit may exist."""

    id: int
    experiment_id: int
    cohort: str
    body: str  # canonical JSON; what the hash covers
    previous_hash: str
    hash: str
    created_at: datetime


class Meaning(StrEnum):
    """What a verdict says about the claim: "effect −" alone does not tell whether the claim holds."""

    AS_CLAIMED = "as claimed"
    OPPOSITE = "the opposite of the claim"
    TOO_SMALL = "too small to matter"
    DISAGREE = "designs disagree"
    UNDECIDED = "undecided"


_OF_NO_SIGN = {Verdict.MIXED: Meaning.DISAGREE, Verdict.UNDECIDED: Meaning.UNDECIDED}


def verdict_meaning(verdict: Verdict, expects: Direction) -> Meaning:
    """Return what a verdict says about a claim that expects the number there."""
    if verdict is Verdict.ABSENT:
        return Meaning.AS_CLAIMED if expects is Direction.ABSENT else Meaning.TOO_SMALL
    if verdict in _OF_NO_SIGN:
        return _OF_NO_SIGN[verdict]
    sign = Direction.MORE if verdict is Verdict.POSITIVE else Direction.LESS
    return Meaning.AS_CLAIMED if sign is expects else Meaning.OPPOSITE


def verdicts_of(meaning: Meaning, expects: Direction) -> tuple[Verdict, ...]:
    """Return the verdicts that say this of such a claim. The opposite of nothing is an effect of either sign."""
    return tuple(verdict for verdict in Verdict if verdict.is_decided and verdict_meaning(verdict, expects) is meaning)


def is_against(verdict: Verdict, expects: Direction) -> bool:
    """Does a verdict speak against such a claim: by the opposite, or by an effect that is too small?"""
    return verdict_meaning(verdict, expects) in (Meaning.OPPOSITE, Meaning.TOO_SMALL)


class ConfigEstimate(NamedTuple):
    """What the repetitions of one config say, as a row of a file has it: a median, or of an event its share."""

    seeds: int
    estimate: float | None
    low: float | None
    high: float | None


VOID = frozenset({"suspended", "recalled"})  # states of a finding from which nothing follows as it stands


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A claim with a number, given at registration, and how it stands."""

    number: int
    registration_id: int
    experiment_id: int
    estimand: str
    claim: str
    status: str  # open, retired, suspended or recalled
    created_at: datetime
'''

SOURCES['axiom.domain.experiments'] = r'''"""An experiment: a question, a sweep, a pure function and its cost.

Standard library only: the server, the runner, a bundle on a stranger's computer and a notebook read the same words.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from axiom.domain.estimands import LABEL, VALUE, Direction, Estimand, Kind, check_types, name_choices
from axiom.domain.maps import ARMS, ROOT, WHERE, Map, is_tile, tile_of

C = TypeVar("C")  # the experiment's own Config
NAME = re.compile(r"[a-z][a-z0-9_]{2,63}")
MOST_COPIES = 5  # volunteers who compute the same task
MOST_CORES = 64  # of one computer, on which a task may compute
NO_SENTENCE = "at most 80 letters and spaces, without a digit or a full stop"
MOST_OF_HEADLINE = 14  # words: an answer that one can retell
MOST_OF_CONTROL = 16  # configs of a placebo or a planted effect, each of which a preflight computes at eight seeds


def seed_of(experiment: str, version: int, replicate: int) -> int:
    """The seed of a replicate: 63 bits from its name, its version and its number; nothing else enters."""
    text = f"axiom-seed-1|{experiment}|{version}|{replicate}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def grid(config: Callable[..., C], **levels: Sequence[Any]) -> tuple[C, ...]:
    """Every combination of the levels, the last factor varying fastest."""
    names = tuple(levels)
    return tuple(
        config(**dict(zip(names, point, strict=True))) for point in itertools.product(*(levels[name] for name in names))
    )


def check_words(experiment: str, names: Collection[str], words: Mapping[str, str]) -> None:
    """Refuse words for what is not there, and words that are a sentence."""
    for name, label in words.items():
        if (word := name.partition("=")[0]) not in names:
            raise ValueError(
                f"{experiment}: words names {name!r}, which is no measure, factor or factor=level; "
                f"{name_choices(word, sorted(names))}"
            )
        if not LABEL.fullmatch(label.replace(VALUE, "so many", 1)):
            raise ValueError(f"{experiment}: the words {label!r} of {name} must be {NO_SENTENCE}")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The cost of a cell: seconds on the reference core as a function of its config, and the memory and disk of a task.

    All of the catalogue is on one scale. How fast a host really is, is learned from its tasks.
    """

    seconds: Callable[[Any], float]  # of a core, that a cell of this config takes once it is compiled
    memory_mb: int  # of a whole task
    disk_mb: int = 100
    gpu: bool = False  # computes on a GPU alone, one for each task
    gpu_memory_mb: int = 0  # on the GPU; 0 is as much as memory_mb, which is the host's own
    may_use_gpu: bool = False  # computes on a core, and as well on a GPU that is idle
    side_by_side: bool = False  # on a GPU all cells of a task are one batch, and a task holds its whole block
    copies: int = 1  # volunteers who compute each task; its results count once so many of them agree
    cores: int = 1  # on which a volunteer's computer computes a task: a cell on each, with memory and disk of its own

    def __post_init__(self) -> None:
        """Refuse needs of which one takes back what the other allows."""
        if self.gpu and self.may_use_gpu:
            raise ValueError("needs say gpu, so a GPU alone may compute it, and may_use_gpu, so a core may: say one")
        if not 1 <= self.cores <= MOST_CORES or (self.cores > 1 and (self.gpu or self.side_by_side)):
            raise ValueError(
                f"needs say {self.cores} cores; it may be 1 to {MOST_CORES}, and 1 beside gpu and side_by_side"
            )
        if self.side_by_side and not (self.gpu or self.may_use_gpu):
            raise ValueError("needs say side_by_side, which is how a GPU computes, and no GPU may: say may_use_gpu")


_LEVEL = re.compile(r"[\d.,]{1,9}( ?%)?")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The picture of a sweep: which measure over which factor, and which of the two axes are logarithmic.

    Every further factor that varies makes a series of each of its levels; `where` leaves the cells that have these.
    """

    x: str  # a factor, or a measure
    y: str  # a measure
    title: str
    log: tuple[str, ...] = ()  # ("x",), ("y",) or ("x", "y")
    where: Mapping[str, object] = field(default_factory=dict)  # factors with their levels, as in {"gap": 0.5}
    along: str = ""  # what the x axis says it is, where its levels are told in another number
    levels: Mapping[str, str] = field(default_factory=dict)  # and that number, as in {"3": "51 %"}

    def __post_init__(self) -> None:
        """Refuse words in place of numbers, and numbers that nobody knows what they are of."""
        if bool(self.along) != bool(self.levels) or not all(map(_LEVEL.fullmatch, self.levels.values())):
            raise ValueError("the levels of a figure are numbers, with % or without, and along says of what")

    def shows(self, config: Mapping[str, object]) -> bool:
        """Is this one of the cells that the picture shows?"""
        return self.where.items() <= config.items()

    def as_data(self) -> dict[str, Any]:
        """Return it as a manifest holds it, which leaves out what older ones did not have and this does not say."""
        data = asdict(self) | {"log": list(self.log), "where": dict(self.where)}
        return {name: part for name, part in data.items() if part or name not in ("along", "levels")}


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The answer to the question in one sentence, which is said while the findings came out so, and never else.

    `when` names the estimands that the sentence speaks of, each with the side on which its number must lie. Of several
    headlines that hold the first is shown; where none holds, the question is undecided.
    """

    says: str  # 3 to 14 words without a full stop
    when: Mapping[str, Direction]  # estimands by name, as in {"wide_minus_narrow": Direction.MORE}

    def as_data(self) -> dict[str, Any]:
        """Return it as a manifest holds it."""
        return {"says": self.says, "when": {name: side.value for name, side in self.when.items()}}


def check_headlines(experiment: str, estimands: Collection[str], headlines: Sequence[Headline]) -> None:
    """Refuse a sentence that is none or too long to retell, one that rests on nothing, and one never reached."""
    for place, headline in enumerate(headlines):
        if not 3 <= len(headline.says.split()) <= MOST_OF_HEADLINE or headline.says.endswith("."):
            raise ValueError(
                f"{experiment}: the headline {headline.says!r} must have 3 to {MOST_OF_HEADLINE} words and no full stop"
            )
        if not headline.when or not headline.when.keys() <= set(estimands):
            raise ValueError(
                f"{experiment}: the headline {headline.says!r} must say when it holds, by estimands of this file: "
                f"{', '.join(sorted(estimands))}"
            )
        if any(earlier.when.items() <= headline.when.items() for earlier in headlines[:place]):
            raise ValueError(f"{experiment}: the headline {headline.says!r} is never shown, since one before it holds")


@dataclass(frozen=True, kw_only=True)
class Control:
    """Two small sweeps that show what an estimand is worth: both are computed before anything is believed of it.

    In the placebo the effect is absent by construction, in the planted sweep it is there, on the side that the claim
    expects; `side` names another. Both enter through the config, so through what `run` computes with, and never by
    changing what it measured.
    """

    estimand: str  # its name
    placebo: tuple[Any, ...]  # configs with every arm of the estimand, between which there is no difference
    planted: tuple[Any, ...]  # configs with every arm of the estimand, between which one was put
    side: Direction | None = None  # on which it was put, where that is not the side that the estimand expects


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A question, a sweep, a pure function and the estimands that will be concluded from what it measures.

    It is one file of the catalogue. `version` goes up whenever the numbers may change.
    """

    name: str  # that of its file
    version: int  # from 1 on
    question: str
    run: Callable[[Any, int], Any]  # of a config and a seed: returns its measures
    measures: type  # a dataclass of int, float, bool, tuple[float, ...] or bytes, each maybe None
    sweep: tuple[Any, ...]  # the configs, as from grid(Config, width=[2, 64]); a factor is int, float, bool or str
    ranges: Mapping[str, tuple[float, float]]  # of a factor: the levels that others may choose
    estimands: tuple[Estimand, ...]  # what is concluded; without any, nothing is
    needs: Needs
    controls: tuple[Control, ...] = ()  # a file with estimands needs one at least to pass its preflight
    tolerance: float = 1e-3  # how far early values of two processors may lie apart, relative to the larger; measured
    figure: Figure | None = None  # on its page
    map: Map | None = None  # its configs are tiles of it, and the sweep holds those of level 0
    aliases: tuple[str, ...] = ()  # other names by which it is found
    reference: str = ""  # the literature, as in "Belkin et al. 2019, arXiv:1812.11118"
    learned: str = ""  # a measure that is no outcome: 1 where a cell learned anything at all, else 0
    setting: str = ""  # of all that is measured, as in "small networks that learn clusters": headlines begin with it
    words: Mapping[str, str] = field(default_factory=dict)  # of a measure, a factor or a level (`task=xor`): its name
    headlines: tuple[Headline, ...] = ()  # the answers to the question, by what its findings say

    def __post_init__(self) -> None:
        """Refuse a declaration that could not be computed or weighed, before anything is built on it."""
        check_types(self)
        if not NAME.fullmatch(self.name):
            raise ValueError(f"the name {self.name!r} must be 3 to 64 of a-z, 0-9 and _, beginning with a letter")
        if self.version < 1:
            raise ValueError(f"{self.name}: version {self.version} must be 1 or more")
        if not self.sweep:
            raise ValueError(f"{self.name}: the sweep is empty, so there is nothing to compute")
        if len(set(self.sweep)) != len(self.sweep):
            raise ValueError(f"{self.name}: the sweep names the same config twice")
        if not 0 < self.tolerance < 1:
            raise ValueError(f"{self.name}: the tolerance {self.tolerance} must lie between 0 and 1")
        if not 1 <= self.needs.copies <= MOST_COPIES:
            raise ValueError(f"{self.name}: {self.needs.copies} copies of each task, and it may be 1 to {MOST_COPIES}")
        if not is_dataclass(self.measures):
            raise TypeError(f"{self.name}: measures must be a dataclass")
        measures, factors = [measure.name for measure in fields(self.measures)], sorted(self.factors)
        self._check_estimands(measures, factors)
        self._demand_known("ranges name the factor", self.ranges, factors)
        if self.figure:
            self._demand_known("the figure shows the measure", [self.figure.y], measures)
            self._demand_known("the figure goes along", [self.figure.x], [*factors, *measures])
            swept = sorted({str(getattr(config, self.figure.x, "")) for config in self.sweep})
            self._demand_known("the figure tells the levels", self.figure.levels, swept)
        check_words(self.name, {*measures, *factors}, self.words)
        if self.setting and not LABEL.fullmatch(self.setting):
            raise ValueError(f"{self.name}: the setting {self.setting!r} must be {NO_SENTENCE}")
        check_headlines(self.name, {estimand.name for estimand in self.estimands}, self.headlines)
        self._check_map()
        for control in self.controls:
            self._check_control(control)

    @property
    def factors(self) -> frozenset[str]:
        """The names of the fields of a config."""
        return frozenset(factor.name for factor in fields(self.sweep[0]))

    def _demand_known(self, whose: str, words: Iterable[str], choices: Sequence[str]) -> None:
        for word in words:
            if word not in choices:
                raise ValueError(f"{self.name}: {whose} {word!r}: no such; {name_choices(word, choices)}")

    def _check_estimands(self, measures: Sequence[str], factors: Sequence[str]) -> None:
        self._demand_known("learned names the measure", [self.learned] * bool(self.learned), measures)
        if self.learned in {estimand.measure for estimand in self.estimands}:
            raise ValueError(f"{self.name}: an estimand concludes from {self.learned!r}, so learned cannot name it")
        for estimand in self.estimands:
            whose = f"estimand {estimand.name}"
            self._demand_known(f"{whose} wants measure", [estimand.measure], measures)
            named = [estimand.across] if estimand.across else [factor for arm in estimand.between for factor in arm]
            named += [estimand.event.budget] if estimand.event else []
            self._demand_known(f"{whose} names the factor", named, factors)

    def _demand_arms(self, estimand: Estimand, sweep: Sequence[Any], what: str) -> None:
        """Refuse configs of a control from which its estimand could not be concluded: an arm of it is not there."""
        for arm in estimand.between if estimand.kind is not Kind.DIMENSION else ():
            if not any(all(getattr(config, name) == level for name, level in arm.items()) for config in sweep):
                raise ValueError(
                    f"{self.name}: {what} has no config with {arm}, and estimand {estimand.name} compares "
                    f"{' with '.join(map(str, estimand.between))}: each of them must be in it"
                )

    def _check_control(self, control: Control) -> None:
        where = f"{self.name}: the control of {control.estimand}"
        self._demand_known(
            "a control is of the estimand", [control.estimand], [estimand.name for estimand in self.estimands]
        )
        estimand = next(estimand for estimand in self.estimands if estimand.name == control.estimand)
        for part, sweep in (("placebo", control.placebo), ("planted", control.planted)):
            if not sweep or {type(config) for config in sweep} != {type(self.sweep[0])}:
                raise ValueError(f"{where} must have configs like those of the sweep, for placebo and planted effect")
            if len(set(sweep)) != len(sweep):
                raise ValueError(f"{where} names the same config twice")
            if len(sweep) > MOST_OF_CONTROL:
                raise ValueError(f"{where} has {len(sweep)} configs, and {MOST_OF_CONTROL} are enough for a control")
            self._demand_arms(estimand, sweep, f"`{part}` of the control")

    def _check_map(self) -> None:
        charted = [estimand for estimand in self.estimands if estimand.kind is Kind.DIMENSION]
        if self.map is None:
            if charted:
                raise ValueError(f"{self.name}: estimand {charted[0].name} is a dimension, and there is no map")
            return
        if not {*WHERE} <= self.factors or {*WHERE} & set(self.ranges):
            raise ValueError(f"{self.name}: a map needs the factors {', '.join(WHERE)}, and no range of them")
        if self.map.measure not in {measure.name for measure in fields(self.measures)}:
            raise ValueError(f"{self.name}: the map shows measure {self.map.measure!r}: no such")
        if len(self.sweep) > ARMS:
            raise ValueError(f"{self.name}: a map has {ARMS} arms at most, and the sweep {len(self.sweep)}")
        for config in self.sweep:
            values = {factor.name: getattr(config, factor.name) for factor in fields(config)}
            if not is_tile(values) or tile_of(values) != ROOT:
                raise ValueError(f"{self.name}: the sweep of a map holds its tiles of level 0, and not {config}")
        for estimand in charted:
            if estimand.levels is None or not 0 <= estimand.levels[0] < estimand.levels[1] <= self.map.charted:
                raise ValueError(
                    f"{self.name}: estimand {estimand.name} must say the levels of its fit, the first below the last "
                    f"and both down to level {self.map.charted}, to which every replicate is charted"
                )
'''

SOURCES['axiom.domain.maps'] = r'''"""A map: how training ends as two knobs turn, tile by tile, ever finer where something happens.

A tile of level 0 covers the whole plane, and one of the next level a quarter of its parent. An experiment's sweep holds
the tiles of level 0, one for each arm: each choice of its other factors. Every deeper tile is a config of the same
experiment, and its place among the configs follows from where it lies.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVEL, COLUMN, ROW = WHERE = ("level", "column", "row")  # the factors that say where a tile lies
ARMS = 256  # at most; a place is its tile's number times this, and its arm
DEEPEST = 22  # below it, a place would not be exact as a number of JSON
MOST_PIXELS = 256  # a side
MOST_COLOURS = 64


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One knob: what it is called, and from where to where it turns."""

    name: str
    low: float
    high: float
    log: bool = True

    def __post_init__(self) -> None:
        """Refuse an axis that cannot be drawn."""
        if not self.name:
            raise ValueError("an axis needs a name")
        if not self.low < self.high or not math.isfinite(self.high - self.low):
            raise ValueError(f"the axis {self.name!r} must begin below its end; it goes from {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"the axis {self.name!r} is logarithmic, so it must begin above 0, not at {self.low}")

    def at(self, share: float) -> float:
        """The knob's value at this share of the way from its low end to its high one."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


@dataclass(frozen=True, kw_only=True)
class Band:
    """One way in which a training may end, in words, and how many shades of it a map tells apart."""

    name: str  # as a legend says it: "it learned; the brighter, the later"
    shades: int


@dataclass(frozen=True, kw_only=True)
class Map:
    """Two knobs, the measure that holds what came of each pixel, and what its numbers mean.

    The measure is a grid: for each pixel the number of a shade, those of the first band first. Where neighbours are of
    different bands a border runs. Every replicate is charted down to level `charted`, wherever its border passes;
    deeper it goes where computers have nothing else to do.
    """

    title: str
    x: Knob
    y: Knob
    measure: str
    bands: tuple[Band, ...]
    pixels: int = 64  # a side of a tile
    charted: int = 2
    deepest: int = DEEPEST
    arms: tuple[str, ...] = ()  # what those of the sweep are called, in its order; else their factors are told

    def __post_init__(self) -> None:
        """Refuse a map that could not be computed or shown."""
        if not (4 <= self.pixels <= MOST_PIXELS and self.pixels % 4 == 0):
            raise ValueError(f"a tile has 4 to {MOST_PIXELS} pixels a side, a multiple of 4; not {self.pixels}")
        if len(self.bands) < 2:
            raise ValueError("a map needs two bands at least, or it has no border")
        if min(band.shades for band in self.bands) < 1 or self.colours > MOST_COLOURS:
            raise ValueError(f"each band needs a shade, and all of them together have {MOST_COLOURS} at most")
        if not 0 <= self.charted <= self.deepest <= DEEPEST:
            raise ValueError(
                f"charted ({self.charted}) must not be below 0 or deeper than the deepest level ({self.deepest}), nor "
                f"that deeper than {DEEPEST}"
            )

    @property
    def colours(self) -> int:
        """How many numbers a pixel may have."""
        return sum(band.shades for band in self.bands)

    @property
    def bands_of_colours(self) -> bytes:
        """The band of each number, as a table to translate pixels by."""
        of = [place for place, band in enumerate(self.bands) for _ in range(band.shades)]
        return bytes([*of, *([255] * (256 - len(of)))])


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Tile:
    """Where a tile lies: its level, and its column and row from the lower left, where both knobs are low."""

    level: int = 0
    column: int = 0
    row: int = 0

    @property
    def is_there(self) -> bool:
        """Is there such a tile on any map?"""
        side = 1 << self.level if 0 <= self.level <= DEEPEST else 0
        return 0 <= self.column < side and 0 <= self.row < side

    @property
    def parent(self) -> "Tile | None":
        """The tile that this one is a quarter of."""
        if not self.level:
            return None
        return Tile(level=self.level - 1, column=self.column // 2, row=self.row // 2)

    @property
    def children(self) -> "tuple[Tile, Tile, Tile, Tile]":
        """Its quarters: lower left, lower right, upper left, upper right."""
        across, up = 2 * self.column, 2 * self.row
        first, second, third, fourth = (
            Tile(level=self.level + 1, column=across + right, row=up + upper) for upper in (0, 1) for right in (0, 1)
        )
        return first, second, third, fourth

    @property
    def factors(self) -> dict[str, int]:
        """As factors of a config."""
        return {LEVEL: self.level, COLUMN: self.column, ROW: self.row}

    def up_to(self, level: int) -> "Tile":
        """The tile of this level, no deeper than its own, in which it lies."""
        steps = self.level - level
        return Tile(level=level, column=self.column >> steps, row=self.row >> steps)

    def span(self, axis: Knob, *, is_row: bool = False) -> tuple[float, float]:
        """From where to where this tile goes along an axis."""
        side, place = 1 << self.level, self.row if is_row else self.column
        return axis.at(place / side), axis.at((place + 1) / side)


ROOT = Tile()


def first_place(level: int) -> int:
    """The lowest place of any tile of this level: those of the levels before are below it."""
    return ((1 << 2 * level) - 1) // 3 * ARMS


def place_of(tile: Tile, arm: int) -> int:
    """The place of a tile among the configs of its experiment. A tile of level 0 is where its arm is in the sweep."""
    if not tile.is_there or not 0 <= arm < ARMS:
        raise ValueError(f"there is no {tile} of arm {arm}")
    return first_place(tile.level) + ((tile.row << tile.level) + tile.column) * ARMS + arm


def tile_at(place: int) -> tuple[Tile, int]:
    """Which tile of which arm has this place."""
    if place < 0:
        raise ValueError(f"there is no place {place}")
    level = ((3 * (place // ARMS) + 1).bit_length() - 1) // 2
    if level > DEEPEST:
        raise ValueError(f"there is no place {place}: it lies below level {DEEPEST}")
    within, arm = divmod(place - first_place(level), ARMS)
    row, column = divmod(within, 1 << level)
    return Tile(level=level, column=column, row=row), arm


def is_tile(config: Mapping[str, object]) -> bool:
    """Does a config say where a tile lies?"""
    return all(isinstance(config.get(name), int) for name in WHERE)


def tile_of(config: Mapping[str, Any]) -> Tile:
    """Where the tile of a config lies."""
    return Tile(level=config[LEVEL], column=config[COLUMN], row=config[ROW])


class PlacedConfigs(dict[int, Mapping[str, Any]]):
    """Configs by their place. Those of deeper tiles are not counted among them, and there for whoever asks."""

    def __missing__(self, place: int) -> Mapping[str, Any]:
        """The config of a deeper tile of one of these."""
        return {**self[self.arm_of(place)], **tile_at(place)[0].factors}

    def arm_of(self, place: int) -> int:
        """The place of the tile of level 0 above this one; of what is among these itself, its own."""
        if place in self:
            return place
        tile, arm = tile_at(place)
        if not tile.level or not is_tile(self.get(arm, {})):
            raise KeyError(place)
        return arm

    @property
    def arms(self) -> dict[int, Mapping[str, Any]]:
        """The tiles of level 0, each by its arm; later designs may have added some."""
        return {place: self[place] for place in sorted(self) if place < ARMS and is_tile(self[place])}

    def total(self, seconds: Mapping[int, float], places: Sequence[int]) -> float:
        """What these places cost together, by the cost of each of these configs: a tile costs what its arm does."""
        return sum(seconds[self.arm_of(place)] for place in places)


@dataclass(frozen=True, kw_only=True, slots=True)
class Borders:
    """What a tile shows: how much of it each band has, and through which of its quarters a border passes."""

    shares: tuple[float, ...]  # of the tile, by band
    lengths: tuple[int, int, int, int]  # boxes of two pixels a side that a border crosses, in each quarter
    passes: tuple[bool, bool, bool, bool]  # through a quarter or along its edge inside the tile


def borders(pixels: bytes, of: Map) -> Borders:
    """Look at the pixels of a tile, given row by row from below."""
    side = of.pixels
    banded = pixels.translate(of.bands_of_colours)
    rows = [banded[start : start + side] for start in range(0, side * side, side)]
    half = side // 2
    lengths, passes = [], []
    for up in (0, half):
        for right in (0, half):
            lengths.append(_crossed(rows, up, right, half))
            passes.append(_passes(rows, range(max(0, up - 1), min(side, up + half + 1)), right, half))
    counts = [banded.count(band) / (side * side) for band in range(len(of.bands))]
    a, b, c, d = lengths
    e, f, g, h = passes
    return Borders(shares=tuple(counts), lengths=(a, b, c, d), passes=(e, f, g, h))


def differing(pixels: bytes, others: bytes, of: Map) -> tuple[int, int, int, int]:
    """How much of each quarter of a tile is of another band than there in other pixels, in boxes of four pixels."""
    side, half = of.pixels, of.pixels // 2
    first, second = (int.from_bytes(each.translate(of.bands_of_colours)) for each in (pixels, others))
    apart = (first ^ second).to_bytes(side * side)
    rows = [apart[start : start + side] for start in range(0, side * side, side)]
    a, b, c, d = (
        sum(half - row[right : right + half].count(0) for row in rows[up : up + half]) // 4
        for up in (0, half)
        for right in (0, half)
    )
    return a, b, c, d


def _crossed(rows: Sequence[bytes], up: int, right: int, half: int) -> int:
    """Boxes of two pixels a side in which, with the pixels right of them and above them, there are two bands."""
    return sum(
        len({*lower[x : x + 3], *upper[x : x + 3], *above[x : x + 3]}) > 1
        for lower, upper, above in ((rows[y], rows[y + 1], rows[min(y + 2, len(rows) - 1)]) for y in _evens(up, half))
        for x in _evens(right, half)
    )


def _evens(start: int, half: int) -> range:
    return range(start, start + half, 2)


def _passes(rows: Sequence[bytes], ups: range, right: int, half: int) -> bool:
    """Is there more than one band in a quarter and the pixels around it?"""
    side = len(rows)
    first, last = max(0, right - 1), min(side, right + half + 1)
    seen = set[int]()
    for y in ups:
        seen.update(rows[y][first:last])
    return len(seen) > 1
'''

SOURCES['axiom.domain.registrations'] = r'''"""The body of a registration: design, cohort, estimands, stopping rule. Read from canonical JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from axiom.domain.evidence import Registration
from axiom.domain.maps import PlacedConfigs
from axiom_weigh.values import Cohort

DECLARED = "declared"  # the design that the experiment's file brings along
INFORMED = ", informed"  # ends the name of a forecaster who had seen numbers: no calibration counts what he said
# What is known of a forecast that no run makes informed. Nobody knows what was run elsewhere.
BLIND = "blind, sealed before any run of it or its kin was recorded here"
# Predictions in the catalogue were written by people who had seen numbers.
CATALOGUE = f"catalogue{INFORMED}"


def forecaster_name(name: str, informed: str | None) -> str:
    """Whose forecast it is. It is informed unless somebody looked, and no run of it or its kin was recorded."""
    return name if informed == "" or name.endswith(INFORMED) else f"{name}{INFORMED}"


class Rule(StrEnum):
    """When nothing more of a registration is ordered."""

    SETTLED = "settled"  # every finding is decided and narrow enough, or so many replicates are ordered
    UNTIL_GRADE = "until_grade"  # every finding has its last grade, or so many replicates are ordered
    FIXED = "fixed"  # so many replicates are ordered, whatever they say


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppingRule:
    rule: Rule = Rule.SETTLED
    replicates: int

    @property
    def sentence(self) -> str:
        match self.rule:
            case Rule.FIXED:
                return f"ends after {self.replicates} replicates"
            case Rule.UNTIL_GRADE:
                until = "is Definitive, or at least Strong against the claim"
            case _:
                until = "is decided and its interval narrow enough"
        return f"ends when each finding {until}, after {self.replicates} replicates at the latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """One registered choice of configs. Places number the configs of a version over all its designs."""

    name: str
    configs: tuple[Mapping[str, object], ...]
    places: tuple[int, ...]
    seconds: tuple[float, ...]  # what each of them should take, of a reference core

    @property
    def by_place(self) -> PlacedConfigs:
        return PlacedConfigs(zip(self.places, self.configs, strict=True))

    @property
    def seconds_by_place(self) -> dict[int, float]:
        return dict(zip(self.places, self.seconds, strict=True))

    def seconds_of(self, places: Sequence[int]) -> float:
        """What a replicate should take at these places; a deeper tile of a map takes what that of level 0 takes."""
        return self.by_place.total(self.seconds_by_place, places)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrationBody:
    design: Design
    cohort: Cohort
    estimands: Mapping[str, Mapping[str, Any]]  # by name, with definition and prediction
    joins: Mapping[str, int]  # estimands that belong to a finding that was there before, and its number
    stopping: StoppingRule
    block: int  # replicates that enter evidence together
    block_why: str  # why the block is so large
    why: str
    amends: int | None = None  # the registration whose estimands it changes
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisteredClaim:
    """What a finding asks, as it was registered first."""

    number: int
    experiment: str
    version: int
    estimand: Mapping[str, Any]
    configs: Sequence[Mapping[str, object]]
    author: str = ""  # of the proposal that asked it, if one did


@lru_cache(maxsize=1024)
def read_registration_body(body: str) -> RegistrationBody:
    """Read the body of a registration. Its row never changes, so it is read once a process."""
    data: Mapping[str, Any] = json.loads(body)
    stopping = data["stopping"]
    return RegistrationBody(
        design=Design(
            name=data["design"],
            configs=tuple(data["configs"]),
            places=tuple(data["places"]),
            seconds=tuple(data["expected_seconds"]),
        ),
        cohort=Cohort(data["cohort"]),
        estimands={estimand["name"]: estimand for estimand in data["estimands"]},
        joins=data["joins"],
        stopping=StoppingRule(rule=Rule(stopping["rule"]), replicates=stopping["replicates"]),
        block=data["block"],
        block_why=data["block_why"],
        why=data["why"],
        amends=data.get("amends"),
        document=data,
    )


def map_amendments(registered: Sequence[Registration]) -> dict[int, int]:
    """Which registration was amended by which. Nothing more is ordered of those."""
    return {
        amends: registration.id
        for registration in registered
        if (amends := read_registration_body(registration.body).amends) is not None
    }


# How an estimand is told, what its author expects and what it is compared with. None of it enters what is weighed, so a
# file may say it better; what is registered stays. Those that begin with `if` are of files of before.
WORDS = (
    "claim",
    "expects",
    "if_so",
    "if_opposite",
    "if_absent",
    "in_words",
    "published",
    "setting",
    "words",
    "is_event",
    "span",
    "arms",
)


def estimand_definition(estimand: Mapping[str, Any]) -> dict[str, Any]:
    """What an estimand is, however it is told and whatever is expected: two that agree in this are one finding's."""
    return {name: value for name, value in estimand.items() if name not in ("prediction", *WORDS)}
'''

SOURCES['axiom.web.export.recompute'] = r'''"""The part of `recompute.py` that knows the files of an export: reads them, weighs again, compares every number.

It is carried in each export with the modules that it needs (`recompute.py`), and runs there without Axiom.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from axiom.domain.experiments import seed_of
from axiom.domain.registrations import estimand_definition
from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.evidence.weigh_claim import card
from axiom_weigh.values import Agreements, Cohort, Evidence, Home, Observation, Outcome, Surroundings

FINDING, NUMBERS, OBSERVATIONS, HOSTS = "finding.json", "numbers.json", "observations.csv", "hosts.csv"
OBSERVED = (
    "registration",
    "design",
    "cohort",
    "replicate",
    "seed",
    "value",
    "outcome",
    "hosts",
    "fingerprint",
    "why_missing",
    "repeats",
)
AT_HOME = ("host", "volunteer", "platform", "is_ours")
_WORDS = {"line", "needs", "flags", "reasons", "alarms", "agreements"}  # sentences, and what is compared in parts
_SHOWN = ("seeds", "estimate", "low", "high", "e_value", "verdict", "grade")


def main(arguments: Sequence[str], script: str) -> int:
    """Weigh the finding in a folder, by default the one that the script lies in."""
    folder = Path(arguments[0]) if arguments else Path(script).resolve().parent
    try:
        finding = json.loads((folder / FINDING).read_text(encoding="utf-8"))
        expected = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        computed = card_numbers(_weighed(folder, finding))
        problems = [*_differences(expected, computed), *_broken(folder, finding)]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        sys.stderr.write(f"{folder} cannot be weighed: {type(fault).__name__}: {fault}\n")
        return 2
    lines = [f"Finding {finding['finding']}: {finding['answer']}"]
    lines += [f"  {name:<10}{computed.get(f'evidence {name}')}" for name in _SHOWN]
    lines += problems or [f"All {len(expected)} numbers are the same; hashes and seeds are as they should be."]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(problems))


def card_numbers(weighed: Card) -> dict[str, Any]:
    """Every number and verdict of a card by its name, in JSON's own types."""
    by_name = {f"evidence {name}": value for name, value in evidence_numbers(weighed.evidence).items()}
    by_name["next grade"] = weighed.next_grade
    for part in [*weighed.strata, *([weighed.exploratory] if weighed.exploratory else [])]:
        by_name |= {f"{part.by} {part.name}: {name}": value for name, value in _of_part(part).items()}
    if weighed.pooled:
        by_name |= {f"pooled {name}": value for name, value in asdict(weighed.pooled).items()}
    by_name |= {f"without {without.by} {without.number}": without.verdict for without in weighed.without}
    plain: dict[str, Any] = json.loads(json.dumps(by_name))
    return plain


def evidence_numbers(evidence: Evidence) -> dict[str, Any]:
    """What must come out again of a line of the history; sentences may be worded better one day."""
    numbers = {field.name: getattr(evidence, field.name) for field in fields(evidence) if field.name not in _WORDS}
    return numbers | {"alarms": sorted(alarm.kind for alarm in evidence.alarms)}


def _of_part(part: Stratum) -> dict[str, Any]:
    return {name: value for name, value in asdict(part).items() if name not in {"by", "name"}}


def _weighed(folder: Path, finding: Mapping[str, Any]) -> Card:
    around = finding["surroundings"]
    agreements = tuple(Agreements(**{**row, "platforms": tuple(row["platforms"])}) for row in around["agreements"])
    return card(
        finding["estimand"],
        tuple(_observation(row) for row in _rows(folder / OBSERVATIONS, OBSERVED)),
        blocks=finding["blocks"],
        homes={
            int(row["host"]): Home(
                host_id=int(row["host"]),
                volunteer_id=int(row["volunteer"]),
                platform=row["platform"],
                is_ours=row["is_ours"] == "1",
            )
            for row in _rows(folder / HOSTS, AT_HOME)
        },
        surroundings=Surroundings(**{**around, "agreements": agreements}),
    )


def _observation(row: Mapping[str, str]) -> Observation:
    computed = [named.partition(":") for named in row["hosts"].split()]
    return Observation(
        replicate=int(row["replicate"]),
        value=float(row["value"]) if row["value"] else None,
        hosts=tuple(int(number) for number, _, _ in computed),
        why_missing=row["why_missing"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        registration=int(row["registration"]),
        design=row["design"],
        cohort=Cohort(row["cohort"]),
        fingerprint=row["fingerprint"],
        repeats=row["repeats"],
        gpus=tuple((int(number), gpu) for number, _, gpu in computed if gpu),
    )


def _rows(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.DictReader(opened)
        if set(rows.fieldnames or ()) != set(columns):
            raise ValueError(f"{file.name} has the columns {rows.fieldnames}, and must have {', '.join(columns)}")
        return list(rows)


def _differences(expected: Mapping[str, Any], computed: Mapping[str, Any]) -> Iterator[str]:
    for name in [*expected, *(name for name in computed if name not in expected)]:
        was, now = expected.get(name, "nothing"), computed.get(name, "nothing")
        if was != now:
            yield f"DIFFERS {name}: the laboratory said {was!r}, and it comes out as {now!r}{_nearly(was, now)}"


def _nearly(was: Any, now: Any) -> str:
    """Mathematical functions may differ in the last bit between C libraries."""
    is_near = isinstance(was, float) and isinstance(now, float) and abs(was - now) <= 1e-12 * max(abs(was), abs(now))
    return " (the same to 12 digits: another library's logarithm)" if is_near else ""


def _broken(folder: Path, finding: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was signed, hashed or derived."""
    for row in finding["registrations"]:
        yield from registration_mismatches(finding, row, (folder / row["file"]).read_bytes().decode())
    archive = (folder / finding["bundle"]["file"]).read_bytes()
    if hashlib.sha256(archive).hexdigest() != finding["bundle"]["digest"]:
        yield "DIFFERS bundle: its bytes are not those that were signed"
    for row in _rows(folder / OBSERVATIONS, OBSERVED):
        if int(row["seed"]) != seed_of(finding["experiment"], finding["version"], int(row["replicate"])):
            yield f"DIFFERS replicate {row['replicate']}: its seed is not the one that follows from its number"


def registration_mismatches(finding: Mapping[str, Any], row: Mapping[str, Any], body: str) -> Iterator[str]:
    """What is not as it was chained when this registration was written down."""
    facts = {name: row[name] for name in ("experiment_id", "cohort", "created_at")} | {"body": body}
    text = json.dumps([row["previous_hash"], facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(f"axiom-registration-1|{text}".encode()).hexdigest() != row["hash"]:
        yield f"DIFFERS registration {row['number']}: its text does not have the hash that was chained"
    if row["number"] == finding["registration"]:
        declared = [
            estimand for estimand in json.loads(body)["estimands"] if estimand["name"] == finding["estimand"]["name"]
        ]
        if [estimand_definition(estimand) for estimand in declared] != [estimand_definition(finding["estimand"])]:
            yield "DIFFERS estimand: it is not the one that was registered"
'''

SOURCES['axiom_weigh.amounts'] = r'''"""How many there are of something, in words."""


def counted(amount: float, noun: str) -> str:
    """An amount with its noun, in the singular where it is one."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
'''

SOURCES['axiom_weigh.evidence.alarms'] = r'''"""What should not be, if the values are what they are said to be? Each alarm says why, and what it does.

A replicate depends on its seed and on nothing else, so it cannot matter who computed it. Where values of a host or of a
platform lie elsewhere among all, something is wrong there. Such a question is asked again with every block, so what
counts as too seldom becomes less each time: over all looks together a sound finding is suspected once in a hundred.
"""

import math
from collections.abc import Mapping, Sequence

from axiom_weigh.evidence.counted_values import COPIED
from axiom_weigh.evidence.outliers import HostValues, ScreenedValues, apart, rarely
from axiom_weigh.evidence.verdict import ENOUGH
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e
from axiom_weigh.values import Agreements, Alarm, Force, Home, Observation

_PLATFORM_SEEDS = 5  # a platform with fewer values says nothing by itself
_MANY_MISSING, _MOST_MISSING = 0.2, 0.5
_DISPUTED = 0.1  # share of the seeds computed again of which hosts say different things, above which nothing is ordered
_FEW = 2


def alarms(
    screened: ScreenedValues, homes: Mapping[int, Home], agreements: Sequence[Agreements], *, looks: int
) -> tuple[Alarm, ...]:
    """Everything that should not be; `looks` is how many blocks have been weighed so far."""
    return (
        *screened.alarms,
        *_platforms(screened.alone, homes, rarely(looks)),
        *_duplicates(agreements),
        *_missing(screened.counted),
    )


def _platforms(alone: HostValues, homes: Mapping[int, Home], seldom: float) -> list[Alarm]:
    spread, groups = apart(alone, alone.by_platform(homes), _PLATFORM_SEEDS)
    if spread is None or spread.together >= seldom:
        return []
    text = f"the values of {groups} platforms lie further apart than chance allows: they do not compute the same"
    return [Alarm(kind="platforms", force=Force.SUSPENDS, text=text)]


def _duplicates(agreements: Sequence[Agreements]) -> list[Alarm]:
    disputed = sum(agreement.disputed for agreement in agreements)
    again = disputed + sum(agreement.agreed for agreement in agreements)
    if not disputed:
        return []
    pairs = "; ".join(
        f"{agreement.disputed} on {' and '.join(agreement.platforms)}" for agreement in agreements if agreement.disputed
    )
    is_many = disputed >= _FEW and disputed > _DISPUTED * again
    return [
        Alarm(
            kind="duplicates",
            force=Force.SUSPENDS if is_many else Force.HOLDS_BACK,
            text=f"{disputed} of {again} duplicates disagree ({pairs})",
        )
    ]


def _missing(counted: Sequence[Observation]) -> list[Alarm]:
    """What is missing is weighed at its worst already; so many missing means that something does not work."""
    different = [observation for observation in counted if observation.why_missing != COPIED]
    gone, whole = sum(observation.value is None for observation in different), len(different)
    text = f"{gone} of {whole} replicates have no value"
    if _surely_more(gone, whole, _MOST_MISSING):
        return [Alarm(kind="missing", force=Force.SUSPENDS, text=f"{text}: this does not work as it is")]
    return [Alarm(kind="missing", force=Force.TELLS, text=text)] if _surely_more(gone, whole, _MANY_MISSING) else []


def _surely_more(amount: int, whole: int, share: float) -> bool:
    """At every look together, is more than this share missing?"""
    return amount > whole * share and bernoulli_log_e(amount, whole, share) >= math.log(ENOUGH)
'''

SOURCES['axiom_weigh.evidence.blocks'] = r'''"""Which replicates may enter evidence? Those of closed blocks, in the order in which their numbers were issued."""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom_weigh.values import Block


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicateProgress:
    """How much of one replicate is back, and whether nothing more of it will come."""

    number: int
    cells: int  # ordered
    back: int  # results with an outcome
    over: bool  # its workunits are closed or its deadline has passed


def blocks(
    returned: Sequence[ReplicateProgress], size: int, registration: int = 0, *, is_over: bool = False
) -> tuple[Block, ...]:
    """Put replicates into blocks in the order in which their numbers were issued, and say which blocks are closed.

    A block counts only after all blocks before it: which is back first depends on what was measured, the order of
    issue does not. The caller takes the closed ones from the first on. When the registration is over, since another
    amends it, nothing more will be issued: its last block is whole with the numbers that it has, and none is skipped.
    """
    issued = sorted(returned, key=lambda progress: progress.number)
    last = len(issued) % size if is_over else 0
    return tuple(
        _block(number, members := issued[start : start + size], last if len(members) == last else size, registration)
        for number, start in enumerate(range(0, len(issued), size))
    )


def stream(designs: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    """The blocks of all designs as one stream: those closed, from the first on without a gap.

    Each design has its own blocks. A whole block has its place by its last number, so that its place does not depend
    on what came back; one that is not fully ordered yet comes after all whole ones, and keeps nobody waiting.
    """
    whole = sorted(
        (block for blocks in designs for block in blocks if block.is_whole), key=lambda block: block.replicates[-1]
    )
    closed = []
    for block in whole:
        if not block.closed:
            break
        closed.append(block)
    return tuple(closed)


def _block(number: int, members: Sequence[ReplicateProgress], size: int, registration: int) -> Block:
    out = sum(not (member.over or member.back >= member.cells) for member in members)
    late = sum(member.over and member.back < member.cells for member in members)
    if len(members) < size:
        reason = f"{len(members)} of {size} replicates are ordered"
    elif out:
        reason = f"{out} of {size} replicates are still out"
    elif late:
        reason = f"{size - late} of {size} replicates are back, and of {late} nothing more will come"
    else:
        reason = f"all {size} replicates are back"
    return Block(
        number=number,
        replicates=tuple(member.number for member in members),
        closed=len(members) == size and not out,
        reason=reason,
        is_whole=len(members) == size,
        registration=registration,
    )
'''

SOURCES['axiom_weigh.evidence.counted_values'] = r'''"""Which values may count? Those of the claim's own cohort, sound, of different computations, one a seed."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from axiom_weigh.evidence.method import NO_EVENT, NOT_FINITE, OUTSIDE, Process, Question, no_value
from axiom_weigh.statistics.clones import HARDLY, alike, equal_values, few_equal_values
from axiom_weigh.values import COARSE, EVERY_NUMBER, NOT_WAITING, Alarm, Cohort, Force, Observation, Outcome

COPIED = "its numbers are another seed's"
_NAMED = 3  # seeds that a sentence names
_A_FEW, _MANY = 2, 0.05  # seeds, and the share of all, of which a part repeats others
_ENOUGH = 8  # seeds of a design that all agree, from which on this says something


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """What may count, and what was found on the way."""

    question: Question  # without the bounds that a value has shown to be false
    counted: tuple[Observation, ...]  # in issue order, one a seed
    exploratory: tuple[Observation, ...]  # older than the claim
    copied: tuple[float, ...]  # values that are copies of another seed's, and so count as missing
    alarms: tuple[Alarm, ...]
    reasons: tuple[str, ...]
    unasked: int  # replicates of the claim's cohort that it does not speak of


def sound(question: Question, observations: Sequence[Observation], blocks: int) -> Sound:
    """Leave out what may not count, each with its reason. What is no value stays, as a missing one.

    A replicate is not asked where its event had happened before. That hangs on its own wait alone: those that are asked
    are draws from one law as before, whatever the others did, and an e-value of them keeps its promise at every look.
    """
    confirming = [observation for observation in observations if observation.cohort is Cohort.CONFIRMATORY]
    own = [observation for observation in confirming if observation.is_asked]
    others = (
        [observation for observation in observations if observation.cohort is not Cohort.CONFIRMATORY]
        if len(confirming) < len(observations)
        else []
    )
    older = tuple(_checked(question, other) for other in others)
    checked = [_checked(question, observation) for observation in own]
    seeds = _seeds(checked)
    copies, clone_alarms = _clones(seeds)
    steady = _steady_rows(question, [seed for seed in seeds if seed.replicate not in copies])
    if question.process is Process.RANKS:  # a difference of two arms that hardly varies is one draw, with noise
        copies |= {seed.replicate for row in steady if not _are_equal(row) for seed in row[1:]}
    counted = tuple(_without_copies(seeds, copies) if copies else seeds)
    different = [seed for seed in seeds if seed.replicate not in copies]
    gone = [observation for observation in counted if observation.value is None]
    reasons = [f"{len(seeds)} replicates of {blocks} closed blocks, in the order in which they were issued"]
    unasked = len(confirming) - len(own)
    if unasked:
        reasons.append(f"{unasked} further replicates are not asked: {NOT_WAITING}")
    if older:
        reasons.append(f"{len(older)} values are older than the claim: they are shown, and do not count")
    if repeated := len(own) - len(seeds):
        reasons.append(f"{repeated} further values of the same seeds are left out: a seed counts once")
    if copies:
        reasons.append(
            f"{len(copies)} values are copies of other seeds', and nothing is concluded until that is explained"
        )
    return Sound(
        question=_with_sound_bounds(question, checked),
        counted=counted,
        exploratory=older,
        copied=tuple([seed.value for seed in seeds if seed.replicate in copies and seed.value is not None]),
        alarms=(
            *clone_alarms,
            *_constant(question, different),
            *_steady_alarms(question, steady),
            *_repeating(different),
            *_unsound(gone),
        ),
        reasons=(*reasons, *_absences(question, own, gone)),
        unasked=unasked,
    )


def _checked(question: Question, observation: Observation) -> Observation:
    """A time-out takes the value that was declared for it; what cannot be a value is none."""
    if observation.value is None and observation.outcome is Outcome.LATE and question.censored is not None:
        observation = replace(observation, value=question.censored, why_missing="")
    if observation.value is None:
        return observation
    why = no_value(question, observation.value)
    return replace(observation, value=None, why_missing=why) if why else observation


def _with_sound_bounds(question: Question, checked: Sequence[Observation]) -> Question:
    """What is missing may lie as far outside as a value that is there. An event has its bounds by what it is."""
    if question.bounds is None or question.process is Process.BERNOULLI:
        return question
    if all(observation.why_missing != OUTSIDE for observation in checked):
        return question
    return replace(question, bounds=None)


def _seeds(observations: Sequence[Observation]) -> list[Observation]:
    """One observation a seed, in the order in which seeds first appear: its first value, or that it has none."""
    if all(observation.replicate < other.replicate for observation, other in pairwise(observations)):
        return list(observations)  # asked first, since it is so in every table
    first: dict[int, Observation] = {}
    for observation in observations:
        earlier = first.get(observation.replicate)
        if earlier is None or (earlier.value is None and observation.value is not None):
            first[observation.replicate] = observation
    return list(first.values())


def _clones(seeds: Sequence[Observation]) -> tuple[set[int], list[Alarm]]:
    """Replicates whose numbers repeat another seed's to the last digit, but for the first of each group.

    Where everything that was measured has a fingerprint, that is compared; where only the value is known, values. In
    one arm alone the seed may have been unused, though the value differs: there they are compared beforehand.

    They may be equal for a good reason, as runs that are stuck at the loss of chance. So a copy does not vanish from
    what is weighed: until it is explained it counts as a missing value does, against every verdict.
    """
    measured = [seed for seed in seeds if seed.value is not None and seed.outcome is not Outcome.LATE]
    marks = {
        observation.replicate: mark
        for observation in measured
        if (mark := observation.fingerprint) and mark[: len(COARSE)] != COARSE
    }
    bare = [observation for observation in measured if not observation.fingerprint]
    values = [observation.value for observation in bare if observation.value is not None]
    numbers = [observation.replicate for observation in bare]
    groups = [*alike(marks), *equal_values(numbers, values)]
    copies = {number for group in groups for number in group[1:]}
    parts = _many(
        [
            observation
            for observation in measured
            if observation.repeats.startswith(EVERY_NUMBER) and observation.replicate not in copies
        ],
        measured,
    )
    few = few_equal_values(numbers, values) if not (groups or parts) else ()
    alarms = [_clone_alarm(groups, {seed.replicate: seed for seed in seeds})] if groups else []
    alarms += [_part_alarm(parts)] if parts else []
    alarms += [_few_alarm(few)] if few else []
    return copies | {observation.replicate for observation in parts}, alarms


def _many(repeating: list[Observation], among: Sequence[Observation]) -> list[Observation]:
    """Those, where they are not a few that may agree by chance, as numbers of single precision do now and then."""
    return repeating if len(repeating) >= max(_A_FEW, _MANY * len(among)) else []


def _without_copies(seeds: Sequence[Observation], copies: Set[int]) -> list[Observation]:
    return [replace(seed, value=None, why_missing=COPIED) if seed.replicate in copies else seed for seed in seeds]


def _constant(question: Question, counted: Sequence[Observation]) -> list[Alarm]:
    """Designs in which every seed gave the same, in numbers too coarse to make copies of them.

    That may be so: what was asked of all may be easy, or may never happen. A seed that is not used looks like it too.
    """
    if question.process is Process.BERNOULLI:
        return []
    rows: dict[str, list[str | float]] = {}
    for observation in counted:
        if (
            observation.value is not None
            and observation.outcome is not Outcome.LATE
            and observation.fingerprint != COARSE
        ):
            rows.setdefault(observation.design, []).append(observation.fingerprint or observation.value)
    same = [len(row) for row in rows.values() if len(row) >= _ENOUGH and all(mark == row[0] for mark in row)]
    if not same:
        return []
    text = f"{sum(same)} seeds gave the very same numbers, design by design, so it is not sure that seeds were used"
    return [Alarm(kind="constant", force=Force.HOLDS_BACK, text=text)]


def _steady_rows(question: Question, counted: Sequence[Observation]) -> list[list[Observation]]:
    """Designs in which the value hardly varies from seed to seed, though the computations differ."""
    if question.process is Process.BERNOULLI:
        return []
    rows: dict[str, list[Observation]] = {}
    for observation in counted:
        if (
            observation.value is not None
            and observation.outcome is not Outcome.LATE
            and observation.fingerprint[: len(COARSE)] != COARSE
        ):
            rows.setdefault(observation.design, []).append(observation)
    return [row for row in rows.values() if len(row) >= _ENOUGH and _hardly_varies(row)]


def _hardly_varies(row: Sequence[Observation]) -> bool:
    values = [observation.value for observation in row if observation.value is not None]
    size, spread = max(map(abs, values)), max(values) - min(values)
    if size == 0 or spread > HARDLY * size:
        return False
    return len({observation.fingerprint or observation.value for observation in row}) > 1


def _are_equal(row: Sequence[Observation]) -> bool:
    return all(observation.value == row[0].value for observation in row)


def _steady_alarms(question: Question, steady: Sequence[Sequence[Observation]]) -> list[Alarm]:
    """A number that is written into the file looks like this, with noise of no size or without.

    A count may be the same for all seeds, so that is only told; nothing that is measured varies by less than a
    hundred-thousandth, so that holds the grade back, and of a difference of two arms nothing is concluded.
    """
    if not steady:
        return []
    force, kind = Force.TELLS, "steady"
    if not all(map(_are_equal, steady)):
        is_difference = question.process is Process.RANKS
        force, kind = (Force.SUSPENDS, "clones") if is_difference else (Force.HOLDS_BACK, "steady")
    seeds = sum(map(len, steady))
    text = f"the value hardly varies over {seeds} seeds: a number that is written into the file looks like this"
    return [Alarm(kind=kind, force=force, text=text)]


def _repeating(counted: Sequence[Observation]) -> list[Alarm]:
    """Replicates of which a single measure is that of another seed. It may have few values to choose from."""
    part = _many(
        [
            observation
            for observation in counted
            if observation.repeats and not observation.repeats.startswith(EVERY_NUMBER)
        ],
        counted,
    )
    if not part:
        return []
    text = f"{_repeats_text(part)}, as a measure of few values does, and one that uses no seed"
    return [Alarm(kind="repeats", force=Force.TELLS, text=text)]


def _repeats_text(part: Sequence[Observation]) -> str:
    return f"{len(part)} seeds gave numbers of others (replicate {part[0].replicate}: {part[0].repeats})"


def _part_alarm(parts: Sequence[Observation]) -> Alarm:
    return Alarm(
        kind="clones",
        force=Force.SUSPENDS,
        text=f"{_repeats_text(parts)}, so it is not sure that seeds were used there, and only the first counts",
        hosts=tuple(sorted({host for observation in parts for host in observation.hosts})),
    )


def _few_alarm(groups: Sequence[Sequence[int]]) -> Alarm:
    """A few equal numbers of many digits. A number that is computed from two counts agrees by chance."""
    listed = ", ".join(map(str, groups[0][:_NAMED]))
    more = f", as have {len(groups) - 1} further groups," if len(groups) > 1 else ""
    text = f"replicates {listed} have different seeds and the very same number{more} as one made of two counts may be"
    return Alarm(kind="repeats", force=Force.HOLDS_BACK, text=text)


def _clone_alarm(groups: Sequence[Sequence[int]], places: Mapping[int, Observation]) -> Alarm:
    group = max(groups, key=len)
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    listed = ", ".join(map(str, group[:_NAMED]))
    return Alarm(
        kind="clones",
        force=Force.SUSPENDS,
        text=f"replicates {listed}{more} have different seeds and gave the very same numbers, so only the first counts",
        hosts=tuple(sorted({host for copies in groups for number in copies for host in places[number].hosts})),
    )


def _unsound(gone: Sequence[Observation]) -> list[Alarm]:
    alarms = []
    reasons = Counter(observation.why_missing for observation in gone)
    for why in (OUTSIDE, NOT_FINITE, NO_EVENT):
        if amount := reasons[why]:
            lie = "lie" if why is OUTSIDE else "are"
            alarms.append(Alarm(kind="bounds", force=Force.HOLDS_BACK, text=f"{amount} values {lie} {why}"))
    return alarms


def _absences(question: Question, own: Sequence[Observation], gone: Sequence[Observation]) -> list[str]:
    sentences = []
    if question.censored is not None:
        late = sum(observation.outcome is Outcome.LATE and observation.value is None for observation in own)
        if late:
            sentences.append(
                f"{late} were stopped at their time limit, and count as {question.censored:.4g}, as registered"
            )
    if missing := Counter(observation.why_missing or "no reason given" for observation in gone):
        causes = "; ".join(f"{count} × {why}" for why, count in missing.most_common(3))
        sentences.append(f"{missing.total()} without a value, each counted against every verdict: {causes}")
    return sentences
'''

SOURCES['axiom_weigh.evidence.finding_card'] = r'''"""The parts of a finding's card beside its evidence: strata of the data, each by itself, and all designs together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from axiom_weigh.values import Agreements, Evidence, Grade, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """Some of the values by themselves: those of a design, a platform, a volunteer or a host. One row of a forest."""

    by: str  # design, platform, volunteer, host or cohort
    name: str  # the design's or platform's name, the volunteer's or host's number
    seeds: int
    missing: int
    estimate: float | None  # the median; of a proportion the share, of a mean the mean
    low: float | None  # of the sequence, which holds at every look; None is unbounded
    high: float | None
    error: float | None  # standard error of the estimate, at one look; None below two values
    mean: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledDesigns:
    """All designs' estimates together, and where a further design's would probably lie; both at one look."""

    designs: int
    estimate: float
    low: float  # 95 %, of the middle of all designs
    high: float
    tau2: float  # variance between designs beyond chance
    i2: float  # its share of all variance
    chance: float  # probability of designs so far apart if they were all the same
    prediction_low: float  # 95 %, for one further design
    prediction_high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaveOneOut:
    """The verdict without the values of one host or volunteer."""

    by: str  # host or volunteer
    number: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """Evidence with everything that a reader needs to judge it; recomputed from the observations whenever asked."""

    evidence: Evidence
    strata: tuple[Stratum, ...]
    pooled: PooledDesigns | None  # None below three designs with values that differ
    without: tuple[LeaveOneOut, ...]  # each host and each volunteer left out
    exploratory: Stratum | None  # data from before the claim: shown, never counted
    next_grade: Grade | None

    @property
    def agreements(self) -> tuple[Agreements, ...]:
        """Of seeds that were computed again, by platforms."""
        return self.evidence.agreements

    def by(self, what: str) -> tuple[Stratum, ...]:
        """The rows of one forest."""
        return tuple(stratum for stratum in self.strata if stratum.by == what)


@dataclass(frozen=True, kw_only=True, slots=True)
class Citable:
    """A finding as texts may speak of it. A field is None as long as there is nothing to say."""

    number: int
    status: str
    is_weighed: bool  # before that nothing is said about it
    fields: Mapping[str, object]
    literature: Mapping[str, str] = field(default_factory=dict)  # by the experiment whose signed file names it
'''

SOURCES['axiom_weigh.evidence.grade'] = r'''"""How far does the evidence carry? Each grade asks for everything that the one below it asks for."""

import math
from dataclasses import dataclass

from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.values import Evidence, Grade, Verdict

_MODERATE_SEEDS, _STRONG_SEEDS, _DEFINITIVE_SEEDS = 8, 20, 50
_STRONG_ABSENT_SEEDS = 59  # in so many a collapse in one of twenty is seen, with 95 %
_MODERATE_E, _STRONG_E, _DEFINITIVE_E = 20.0, 1e3, 1e6  # below the first nothing is claimed at all
_STRONG_HOSTS, _STRONG_VOLUNTEERS = 4, 2
_DEFINITIVE_HOSTS, _DEFINITIVE_VOLUNTEERS, _DEFINITIVE_PLATFORMS = 10, 3, 2
_DEFINITIVE_DESIGNS = 4
_FALSE_SHARE = 0.01  # of the findings of the whole laboratory that are as sure as this one
_A_VERDICT = "a verdict: an interval that excludes “no effect”, or one that rules out any effect that matters"
NO_HOSTS = "the names of the hosts that computed it"
LEANING = "a verdict that holds without each of them"  # so begins what more seeds may mend, however many there are
_SHARE_AGAIN = 0.05  # of the seeds, computed again and agreeing, where one volunteer computes alone
_STRANGERS_AGAIN = 20  # checks of seeds by strangers, who agree, where several volunteers compute
_OUTVOTED_SHARE = 0.02  # of the seeds computed again; above it nobody knows how many of the others are wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeFacts:
    """What a grade is decided from."""

    verdict: Verdict
    seeds: int
    e_value: float
    hosts: int  # 0 when it is not known who computed
    volunteers: int
    platforms: int
    agreeing: int  # replicates that were surely computed again and agreed
    checks: int = 0  # how often a seed was computed again and agreed
    outvoted: int = 0  # replicates that two others computed otherwise, and alike
    leaning: tuple[str, ...]  # on which host or volunteer alone the verdict rests
    flags: tuple[str, ...]  # what must be cleared up first
    clones: str = ""  # values that are copies of another seed's: nothing is concluded before that is cleared up
    designs: int = 1  # of which it is known where they lie, and how surely: they tell of a further one
    across: str = ""  # why the verdict cannot be expected of a further design; empty: it can
    elsewhere: int = 0  # replicates that were computed again on another platform and agreed
    false_share: float | None = None  # the finding is among the laboratory's at this share of false ones
    is_registered: bool = True
    unnamed: int = 0  # seeds of which nobody knows who computed them
    fewest: int = 0  # seeds that can have a verdict, however large the effect
    is_a_stranger_alone: bool = False  # one volunteer computed all of it, and it is not the laboratory


def grade(facts: GradeFacts) -> tuple[Grade, tuple[str, ...]]:
    """Return the grade, and what is missing for the next one."""
    needs = _for_moderate(facts)
    if needs:
        return Grade.AWAITING, needs
    needs = _for_strong(facts)
    if needs:
        return Grade.MODERATE, needs
    needs = _for_definitive(facts)
    return (Grade.STRONG, needs) if needs else (Grade.DEFINITIVE, ())


def wanted(reached: Grade, verdict: Verdict = Verdict.UNDECIDED) -> tuple[int, float] | None:
    """Return the seeds and the e-value that the grade above this one asks for; None for the last one."""
    return {
        Grade.AWAITING: (_MODERATE_SEEDS, _MODERATE_E),
        Grade.MODERATE: (_strong_seeds(verdict), _STRONG_E),
        Grade.STRONG: (_DEFINITIVE_SEEDS, _DEFINITIVE_E),
    }.get(reached)


def _for_moderate(facts: GradeFacts) -> tuple[str, ...]:
    undecided = facts.verdict in (Verdict.UNDECIDED, Verdict.MIXED)
    return _needs(
        _more("seeds", facts.seeds, max(_MODERATE_SEEDS, facts.fewest)),
        _A_VERDICT if undecided else "",
        f"an explanation: {facts.clones}" if facts.clones else "",
    )


def _for_strong(facts: GradeFacts) -> tuple[str, ...]:
    """Missing values need no row of their own: e-value and interval are those of the worst case already."""
    return _needs(
        _more("seeds", facts.seeds, _strong_seeds(facts.verdict)),
        _e_value(facts, _STRONG_E),
        _independence(facts),
        f"the names of the hosts that computed {facts.unnamed} of the seeds" if facts.hosts and facts.unnamed else "",
        *(f"{LEANING}: {why}" for why in facts.leaning),
        *(f"an explanation: {flag}" for flag in facts.flags),
    )


def _for_definitive(facts: GradeFacts) -> tuple[str, ...]:
    """Alone nobody gets here: other people's computers, other platforms and other designs have to say the same."""
    is_member = facts.false_share is not None and facts.false_share <= _FALSE_SHARE
    return _needs(
        _more("seeds", facts.seeds, _DEFINITIVE_SEEDS),
        _e_value(facts, _DEFINITIVE_E),
        _more("hosts", facts.hosts, _DEFINITIVE_HOSTS),
        _more("volunteers", facts.volunteers, _DEFINITIVE_VOLUNTEERS),
        _more("platforms", facts.platforms, _DEFINITIVE_PLATFORMS),
        _more("designs with values that differ", facts.designs, _DEFINITIVE_DESIGNS),
        f"a verdict that a further design would share: {facts.across}" if facts.across else "",
        "" if facts.elsewhere else "a seed computed again on a second platform, and agreeing",
        "" if is_member else "a place among all findings at a false share of 1 %",
        "" if facts.is_registered else "a registration before the first seed",
    )


def _strong_seeds(verdict: Verdict) -> int:
    return _STRONG_ABSENT_SEEDS if verdict is Verdict.ABSENT else _STRONG_SEEDS


def _more(what: str, have: int, want: int) -> str:
    return f"{want} {what} ({have} so far)" if have < want else ""


def _e_value(facts: GradeFacts, want: float) -> str:
    if facts.verdict is Verdict.ABSENT or facts.e_value >= want:
        return ""
    return f"evidence of {want:,.0f} to 1 ({e_told(facts.e_value, 3)} so far)"


def is_nearly_strong(evidence: Evidence) -> bool:
    """Could it be Strong, as far as its numbers tell, if strangers agreed?"""
    is_sure = evidence.verdict is Verdict.ABSENT or evidence.e_value >= _STRONG_E
    is_shared = evidence.hosts >= _STRONG_HOSTS and evidence.volunteers >= _STRONG_VOLUNTEERS
    return (
        evidence.grade is Grade.MODERATE and is_sure and evidence.seeds >= _strong_seeds(evidence.verdict) and is_shared
    )


def checks_wanted(evidence: Evidence, outvoted: int) -> int:
    """How many more seeds strangers should compute again, of a finding that could be Strong but for that."""
    if not is_nearly_strong(evidence):
        return 0
    checks = sum(agreement.agreed for agreement in evidence.agreements)
    return _strangers_wanted(evidence.volunteers, evidence.seeds, checks, outvoted)


def _strangers_wanted(volunteers: int, seeds: int, checks: int, outvoted: int) -> int:
    """How many more seeds strangers must compute again before what several volunteers computed is Strong.

    A league that returns what it likes is not seen in the values. It is seen where a stranger, drawn at random,
    computes one of its seeds: 20 that agree show that at most a few are wrong. Where some were outvoted, it takes more.
    """
    if volunteers < _STRONG_VOLUNTEERS:
        return 0
    wanted = max(_STRANGERS_AGAIN, math.ceil(outvoted * (1.0 / _OUTVOTED_SHARE - 1.0)))
    return max(0, min(wanted, seeds) - checks)


def _independence(facts: GradeFacts) -> str:
    """Who computes alone computes a share again; several volunteers may be in league, so strangers check more."""
    if facts.hosts == 0:
        return NO_HOSTS
    if facts.is_a_stranger_alone:
        return f"{_STRONG_HOSTS} hosts of {_STRONG_VOLUNTEERS} volunteers (so far {facts.hosts} of one, who is not us)"
    if facts.volunteers == 1 and facts.agreeing >= _SHARE_AGAIN * facts.seeds:
        return ""
    wanted = _strangers_wanted(facts.volunteers, facts.seeds, facts.checks, facts.outvoted)
    is_many = facts.hosts >= _STRONG_HOSTS and facts.volunteers >= _STRONG_VOLUNTEERS
    if is_many and not wanted:
        return ""
    outvoted = f", {facts.outvoted} outvoted" if facts.outvoted else ""
    strangers = f"{facts.checks + wanted} seeds that strangers computed again, and agree"
    if is_many:
        return f"{strangers} ({facts.checks} so far{outvoted})"
    again = f"{_SHARE_AGAIN:.0%} of the seeds computed again and agreeing ({facts.agreeing} of {facts.seeds} so far)"
    several = f"{_STRONG_HOSTS} hosts of {_STRONG_VOLUNTEERS} volunteers ({facts.hosts} of {facts.volunteers} so far)"
    return (
        f"{again}, where the laboratory computes alone; or {several}"
        if facts.volunteers == 1
        else f"{several}; and {again}"
    )


def _needs(*needs: str) -> tuple[str, ...]:
    return tuple(need for need in needs if need)
'''

SOURCES['axiom_weigh.evidence.leave_one_out'] = r'''"""Does the verdict rest on somebody? It is weighed again without each volunteer and without each host."""

from collections.abc import Mapping, Sequence

from axiom_weigh.evidence.finding_card import LeaveOneOut
from axiom_weigh.evidence.method import Question
from axiom_weigh.evidence.verdict import read, weight
from axiom_weigh.values import Home, Observation, Verdict

_Places = frozenset[int]  # of observations, in their order


def without_each(
    question: Question, counted: Sequence[Observation], homes: Mapping[int, Home]
) -> tuple[LeaveOneOut, ...]:
    """The verdict without the values of each host and of each volunteer, where there are several of them.

    A value to which several contributed is gone without any of them.
    """
    left_out = [
        (by, number, places) for by, parts in _parts(counted, homes).items() for number, places in parts.items()
    ]
    wanted = list(dict.fromkeys(places for _, _, places in left_out))  # a volunteer with one host is left out with it
    rests = ([observation for place, observation in enumerate(counted) if place not in gone] for gone in wanted)
    weighed = [_verdict(question, rest) for rest in rests]
    verdicts = dict(zip(wanted, weighed, strict=True))
    return tuple(LeaveOneOut(by=by, number=number, verdict=verdicts[places]) for by, number, places in left_out)


def _verdict(question: Question, rest: Sequence[Observation]) -> Verdict:
    values = [observation.value for observation in rest]
    return weight(question, values, stream=read(question, values, [other.design for other in rest])).verdict


def _parts(counted: Sequence[Observation], homes: Mapping[int, Home]) -> dict[str, dict[int, _Places]]:
    """What goes with each host and each volunteer. Who alone has given values cannot be left out."""
    by_host: dict[int, list[int]] = {}
    for place, observation in enumerate(counted):
        for host in observation.hosts:
            by_host.setdefault(host, []).append(place)
    hosts = {host: frozenset(places) for host, places in sorted(by_host.items()) if host in homes}
    volunteers: dict[int, _Places] = {}
    for host, places in hosts.items():
        number = homes[host].volunteer_id
        volunteers[number] = volunteers.get(number, frozenset()) | places
    by_kind = {"host": hosts, "volunteer": dict(sorted(volunteers.items()))}
    return {by: _givers(counted, parts) for by, parts in by_kind.items()}


def _givers(counted: Sequence[Observation], parts: Mapping[int, _Places]) -> dict[int, _Places]:
    """Those who gave values, where they are several."""
    givers = {
        number: places for number, places in parts.items() if any(counted[place].value is not None for place in places)
    }
    return givers if len(givers) > 1 else {}
'''

SOURCES['axiom_weigh.evidence.method'] = r'''"""How is a claim weighed? Chosen by what was registered of its estimand, never by the values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from axiom_weigh.values import Kind

_BOUNDED = {Kind.PROPORTION: (0.0, 1.0), Kind.RANK_CORRELATION: (-1.0, 1.0)}  # by what they are, declared or not
_TRENDS = (Kind.SLOPE, Kind.RANK_CORRELATION)
OUTSIDE = "beyond the bounds that were declared"
NOT_FINITE = "not a finite number"
NO_EVENT = "neither 0 nor 1"


class Process(StrEnum):
    """The e-process that weighs a claim."""

    RANKS = "signed ranks"  # the contrast of two arms that are exchangeable under the null is symmetric about 0
    SIGN = "sign"  # half of the values are on either side of the registered null
    BERNOULLI = "bernoulli"  # it happens as often as the registered null says
    BETTING = "betting"  # the mean of values within bounds is the registered null


_LEAST_ALPHA = 1e-300  # at which no process tells an end any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked of the values."""

    process: Process
    null: float
    smallest: float
    bounds: tuple[float, float] | None  # None for a mean: it has none that are true, so nothing can be said of it
    censored: float | None  # what a replicate counts as that was stopped at its time limit
    clustering: float = 1.0  # as many values tell as much as one that is independent of all others
    within: tuple[float, float] | None = None  # where values lie by what they are, though none was declared
    alpha: float = 0.05  # how often a verdict or an interval may ever be wrong

    @property
    def alpha_of_an_end(self) -> float:
        """How often an end of the interval may be wrong where values cluster; never so rarely that it rounds to 0."""
        halves = 2.0 if self.process is Process.RANKS else 1.0  # of which each side is taken to the root by itself
        return max(halves * math.pow(self.alpha / halves, self.clustering), _LEAST_ALPHA)


def question(estimand: Mapping[str, Any]) -> Question:
    """Choose the e-process by what can be known of the kind.

    Two arms that are exchangeable under the null make a contrast symmetric about 0: its sign is a fair coin. The same
    holds of a slope or a rank correlation whose registration promises evenly spaced, exchangeable arms; without that
    promise it is weighed by the signs about its null, as a level is, and as a contrast with a null of its own.

    Which of two such arms was stopped at its time limit is not known. A value for it that lies beside the null would
    favour a side, and the null itself would make large effects small enough to be called absent: no value is taken, and
    what was stopped is missing.
    """
    kind = Kind(estimand["kind"])
    null = float(estimand["null"])
    bounds = estimand["bounds"] or _BOUNDED.get(kind)
    process, censored = _process(estimand, kind, null), estimand.get("censored")
    if is_symmetric(estimand):
        censored = None
    if process is Process.BETTING and bounds and not _hold_values(bounds):
        bounds = None
    return Question(
        process=process,
        null=null,
        smallest=float(estimand["smallest"]),
        bounds=(float(bounds[0]), float(bounds[1])) if bounds else None,
        censored=None if censored is None else float(censored),
        within=tuple(estimand["within"]) if estimand.get("within") else None,
        alpha=float(estimand.get("alpha", 0.05)),
    )


def no_value(question: Question, number: float) -> str:
    """Why this cannot be a value of what is asked; empty where it can."""
    if not math.isfinite(number):
        return NOT_FINITE
    if question.bounds is not None and not question.bounds[0] <= number <= question.bounds[1]:
        return OUTSIDE
    return NO_EVENT if question.process is Process.BERNOULLI and number not in (0.0, 1.0) else ""


def _process(estimand: Mapping[str, Any], kind: Kind, null: float) -> Process:
    if kind is Kind.PROPORTION:
        return Process.BERNOULLI
    if estimand.get("about") == "mean":
        if not estimand["bounds"]:
            raise ValueError("a mean is weighed within bounds alone, and none are declared: declare them, or a median")
        return Process.BETTING
    return Process.RANKS if is_symmetric(estimand) and null == 0 else Process.SIGN


def is_symmetric(estimand: Mapping[str, Any]) -> bool:
    """Are its arms alike under the null?"""
    kind = Kind(estimand["kind"])
    return kind is Kind.CONTRAST or (kind in _TRENDS and bool(estimand.get("exchangeable", False)))


def _hold_values(bounds: Sequence[float]) -> bool:
    """Are there numbers between them, and a distance?"""
    return bounds[0] < bounds[1] and math.isfinite(float(bounds[1]) - float(bounds[0]))
'''

SOURCES['axiom_weigh.evidence.middles'] = r'''"""Which middle is a claim about, and what is assumed? Where values are lopsided, their mean is another number."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.method import Process, Question
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.evidence.verdict import Conclusion
from axiom_weigh.statistics import betting, shares_and_medians
from axiom_weigh.statistics.asymmetry import FEWEST, long_tail
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Alarm, Force, Verdict

_ONE_LOOK = 2.0  # standard errors, within which a mean may well be the null
_MOST = 4096  # values: about the mean of more nothing is foreseen, and bets on more are not made in a clause beside
_MIDDLES = {
    Process.RANKS.value: "this is about the typical value (Hodges and Lehmann: as many means of two seeds lie "
    "above as below it; of symmetric values it is the mean)",
    Process.SIGN.value: "this is about the median (as many seeds lie above as below it)",
    Process.BERNOULLI.value: "this is about the share (how often it happens)",
    Process.BETTING.value: "this is about the mean, and no value ever leaves the bounds",
}
_ASSUMED = "it holds of seeds that are independent and of one law, whatever its shape"
_MANY_TIES = 0.1  # a larger share of values that are the null itself is told


def middle_named(e_kind: str) -> str:
    """The middle, and what is assumed, in one clause; empty for a way of weighing that is no longer there."""
    return f"{_MIDDLES[e_kind]}: {_ASSUMED}" if e_kind in _MIDDLES else ""


def of_mean(question: Question, values: Sequence[float | None]) -> str:
    """What holds of the mean of a contrast within known bounds, whatever the law; or how many seeds would tell.

    Bets need nothing of a law but its bounds; where these are wide beside the spread they need many more seeds.
    """
    bounds = question.bounds or question.within
    present = [value for value in values if value is not None]
    if question.process is not Process.RANKS or bounds is None or not 0 < len(values) <= _MOST:
        return ""
    low, high = bounds
    is_inside = present and low <= min(present) and max(present) <= high and low < question.null < high
    if not is_inside or not math.isfinite(high - low) or not 0.0 < (question.null - low) / (high - low) < 1.0:
        return ""  # the last: one bound is so far away that the null is rounded to the other
    mean, bar = mean_of(present), -math.log(question.alpha) * question.clustering
    log_e = betting.betting_log_e(values, question.null, bounds)
    odds = e_told(math.exp(log_e / question.clustering))
    opening = f"of the mean, within {low:.4g} to {high:.4g} and whatever the law"
    if log_e >= bar:
        ends = betting.betting_sequence(values, bounds, alpha=question.alpha_of_an_end)
        side = "above" if mean > question.null else "below"
        return f"{opening}: it lies {side} {question.null:.4g} ({ends[0]:.4g} to {ends[1]:.4g}; {odds} to 1)"
    needed = betting.seeds_needed(values, question.null, bounds, bar, most=_MOST)
    amount = f"about {needed:,}" if needed else f"more than {_MOST:,}"
    return f"{opening}: nothing yet ({odds} to 1); {amount} seeds like these would tell"


def of_ties(question: Question, values: Sequence[float | None], estimate: float | None) -> str:
    """Which question can be decided where many values are the null itself: is more of them above it, or below?

    Of the others each is a coin, fair if it falls on either side as often. A missing value may be on either.
    """
    sides = [(value > question.null) - (value < question.null) for value in values if value is not None]
    above, below, equal = (sides.count(side) for side in (1, -1, 0))
    if question.process is not Process.RANKS or equal <= _MANY_TIES * len(values):
        return ""
    gone, null = len(values) - len(sides), f"{question.null:.4g}"
    odds = e_told(math.exp(shares_and_medians.dealt_log_e(above, gone, above + below + gone)))
    stays = f"; with so many equal the typical value is {null} itself, however many seeds like these follow"
    return (
        f"{equal} values are {null} itself. Asked beside, as a question of its own: are more above or below? "
        f"{above} and {below}, {odds} to 1 that they are not as frequent{stays if estimate == question.null else ''}"
    )


def lopsided(question: Question, concluded: Conclusion, present: Sequence[float]) -> list[Alarm]:
    """That the mean is another number; where it may well say otherwise than the verdict, the grade is held back."""
    if question.process is not Process.RANKS or len(present) < FEWEST:
        return []
    tail, away = long_tail(present), mean_of(present) - question.null
    reach = _ONE_LOOK * deviation_of(present) / math.sqrt(len(present))
    is_absent = concluded.verdict is Verdict.ABSENT
    side = {Verdict.POSITIVE: 1.0, Verdict.NEGATIVE: -1.0}.get(concluded.verdict, 0.0)
    is_open = abs(away) + reach >= question.smallest if is_absent else side != 0.0 and side * away <= reach
    if not tail and not (is_absent and is_open):
        return []
    shape = f"the values are lopsided, with a long tail {tail}" if tail else "the values scatter widely"
    beyond = f"; it may lie {question.smallest:.4g} or more from {question.null:.4g}" if is_absent else ""
    return [
        Alarm(
            kind="lopsided",
            force=Force.HOLDS_BACK if is_open else Force.TELLS,
            text=f"{shape}: their typical value is {concluded.estimate:.4g}, their mean {question.null + away:.4g}, "
            f"and of the mean nothing is claimed{beyond if is_open else ''}",
        )
    ]
'''

SOURCES['axiom_weigh.evidence.outliers'] = r'''"""Do values of hosts, or of platforms, lie elsewhere than those of all others, and whose are then not believed?

A replicate depends on its seed and on nothing else, so it cannot matter who computed it: ranks within each design tell.
A value that is not believed counts as missing, and so against every verdict. It may be left out for what it is as long
as nothing is gained by it: the interval is as wide as with the worst values in its place, and a verdict asks that
interval whatever the e-value says; there each loses its own bet as badly as it can.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from axiom_weigh.amounts import counted as so_many
from axiom_weigh.statistics import ranks
from axiom_weigh.values import OUTVOTED, Alarm, Force, Home, Observation

_QUESTIONS = 3  # does a host lie elsewhere, do all hosts together, do platforms?
_EVER = 0.01 / _QUESTIONS  # chance that a sound finding is ever suspected by one of them
_FEW = 2  # groups, of which one can lie apart
# How often chance clusters the values of hosts so, below which they count for less. Less in a table would cost power
# wherever hosts are named that do not matter; as it is, more tables get a false verdict where half of the variance lies
# between few hosts. A laboratory computes one task in ten again elsewhere, which shows by itself whether hosts matter.
_CLUSTERED_IN_A_TABLE, _CLUSTERED = 0.05, 0.01


def rarely(looks: int) -> float:
    """What counts as too seldom, after so many blocks: asked again with every block, it becomes less each time."""
    return _EVER / (max(1, looks) * (max(1, looks) + 1))


class HostValues:
    """The values that are there, each with the hosts that gave it."""

    def __init__(self, counted: Sequence[Observation]) -> None:
        self.known = [observation for observation in counted if observation.value is not None and observation.hosts]
        self.values = [observation.value for observation in self.known if observation.value is not None]
        self.designs = [observation.design for observation in self.known]

    def by_host(self, homes: Collection[int]) -> list[int | None]:
        """The host of each value, where it is one of these and gave the value alone."""
        return [
            observation.hosts[0] if len(observation.hosts) == 1 and observation.hosts[0] in homes else None
            for observation in self.known
        ]

    def by_platform(self, homes: Mapping[int, Home]) -> list[str | None]:
        """The platform on which each value was computed, where it is known and one alone."""
        return [_one_of(observation, homes) for observation in self.known]

    @cached_property
    def scored(self) -> Sequence[ranks.NormalScores]:
        """Ranked once, for hosts and platforms both."""
        return ranks.scored(self.values, self.designs)


def apart(alone: HostValues, groups: Sequence[int | str | None], least: int) -> tuple[ranks.Spread | None, int]:
    """How far groups lie apart that have so many values, and how many groups that are; each value says its group."""
    amounts = Counter(groups)
    telling = {group for group, amount in amounts.items() if group is not None and amount >= least}
    if len(telling) < _FEW:
        return None, len(telling)
    if len(telling) == len(amounts):
        return ranks.apart(groups, alone.scored), len(telling)
    places = [place for place, group in enumerate(groups) if group in telling]
    among = ranks.scored([alone.values[place] for place in places], [alone.designs[place] for place in places])
    return ranks.apart([groups[place] for place in places], among), len(telling)


def _one_of(observation: Observation, homes: Mapping[int, Home]) -> str | None:
    """The platform on which all of it was computed, if there is one."""
    places = observation.platforms(homes)
    first, *others = {places.get(host) for host in observation.hosts}
    return None if others else first


_HOST_SEEDS = 3  # a host with fewer values says nothing by itself
_MOST = 0.25  # of all values; of hosts that gave more nobody can tell which side computes otherwise
_OFTEN = 2  # seeds in which a host was outvoted, from which on nothing that it says is believed
_LEFT_OUT = "left out, each counted against every verdict"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenedValues:
    """What counts, and what there is to say about hosts."""

    counted: tuple[Observation, ...]  # those that are not believed without their value
    alone: HostValues  # the values that are left
    alarms: tuple[Alarm, ...]
    clustering: float = 1.0  # how many values of hosts that cluster tell as much as one that is independent


def believed(
    counted: Sequence[Observation], homes: Mapping[int, Home], *, looks: int, is_checked: bool = True
) -> ScreenedValues:
    """Leave out who was outvoted again and again, and whose values lie elsewhere; after so many weighed blocks.

    `is_checked`: some of the seeds are computed again elsewhere, as a laboratory has it done.
    """
    liars = _outvoted(counted)
    rest = _without(counted, liars, "its host was outvoted in other seeds")
    first = HostValues(rest)
    odd, alone, others = _elsewhere(rest, first, homes, rarely(looks))
    alarms, gone = _outvoted_alarms(counted, liars), _amount_of_values(rest, odd)
    if gone > _MOST * len(first.values):
        alarms.append(_elsewhere_alarm(odd, Force.HOLDS_BACK, "more must be computed by others"))
        left, alone, others = rest, first, []
    else:
        if odd:
            alarms.append(_elsewhere_alarm(odd, Force.TELLS, f"{so_many(gone, 'value')} {_LEFT_OUT}"))
        left = _without(rest, odd, "its host's values lie elsewhere than all others'")
    clustering = _clustering(alone, homes, _CLUSTERED if is_checked else _CLUSTERED_IN_A_TABLE)
    return ScreenedValues(counted=left, alone=alone, alarms=(*alarms, *others), clustering=clustering)


def _clustering(alone: HostValues, homes: Mapping[int, Home], seldom: float) -> float:
    """How many values of a host tell as much as one that is independent, if hosts may matter.

    A seed cannot know its host, so they should not. Where they do, fewer values are independent than there are; and of
    few hosts it is little known by how much.
    """
    spread, hosts = apart(alone, alone.by_host(homes), _FEW)
    if spread is None or spread.together >= seldom or spread.clustering <= 1:
        return 1.0
    return spread.clustering * (hosts + 1) / (hosts - 1)


def _outvoted(counted: Sequence[Observation]) -> set[int]:
    """Hosts whose values two others did not confirm, each time alike, in several seeds."""
    alone = Counter(
        observation.hosts[0]
        for observation in counted
        if observation.why_missing == OUTVOTED and len(observation.hosts) == 1
    )
    return {host for host, seeds in alone.items() if seeds >= _OFTEN}


def _elsewhere(
    counted: Sequence[Observation], alone: HostValues, homes: Mapping[int, Home], seldom: float
) -> tuple[list[int], HostValues, list[Alarm]]:
    """The hosts whose values lie elsewhere, what is left without them, and whether that lies too far apart still.

    One after the other: beside a host that is wrong, all others may look odd.
    """
    odd, first = list[int](), len(alone.values)
    while True:
        spread, groups = apart(alone, alone.by_host(homes), _HOST_SEEDS)
        if spread is None:
            return odd, alone, []
        oddest = [host for host in spread.oddest() if isinstance(host, int)]
        if not oddest or spread.chances[oddest[0]] * groups >= seldom:
            break
        odd += oddest
        alone = HostValues(_without(counted, odd, ""))
        if first - len(alone.values) > _MOST * first:
            return odd, alone, []
    if spread.together >= seldom:
        return odd, alone, []
    text = f"the values of {groups} hosts lie further apart than chance allows, and a seed cannot know its host"
    return odd, alone, [Alarm(kind="hosts", force=Force.HOLDS_BACK, text=text)]


def _without(counted: Sequence[Observation], hosts: Collection[int], why: str) -> tuple[Observation, ...]:
    gone = set(hosts)
    if not gone:
        return tuple(counted)
    return tuple(
        [
            replace(observation, value=None, why_missing=why)
            if observation.value is not None and gone & {*observation.hosts}
            else observation
            for observation in counted
        ]
    )


def _amount_of_values(counted: Sequence[Observation], hosts: Collection[int]) -> int:
    """How many values these hosts gave, alone or with others."""
    return sum(
        observation.value is not None and not set(hosts).isdisjoint(observation.hosts) for observation in counted
    )


def _outvoted_alarms(counted: Sequence[Observation], liars: Collection[int]) -> list[Alarm]:
    if not liars:
        return []
    others = so_many(_amount_of_values(counted, liars), "other value")
    text = f"{_named(liars)} was outvoted in several seeds: {others} {_LEFT_OUT}"
    return [Alarm(kind="hosts", force=Force.TELLS, text=text, hosts=tuple(sorted(liars)))]


def _elsewhere_alarm(odd: Collection[int], force: Force, follows: str) -> Alarm:
    text = f"the values of {_named(odd)} lie elsewhere than all others', and a seed cannot know its host: {follows}"
    return Alarm(kind="hosts", force=force, text=text, hosts=tuple(sorted(odd)))


def _named(hosts: Collection[int]) -> str:
    return f"host {', '.join(map(str, sorted(hosts)))}"
'''

SOURCES['axiom_weigh.evidence.rounding'] = r'''"""How a number is told beside a bar: with so many digits that it stays on its own side of it.

An e-value of 19.998 that is told as 20 contradicts the verdict beside it, and so does an end of an interval that is
told as the null above which it lies.
"""

from collections.abc import Sequence

from axiom_weigh.values import Verdict

_DIGITS = 4
_ALL_DIGITS = 17
_BARS = (5.0, 20.0, 1e3, 1e6)  # of a hint, a verdict and the two upper grades


def e_told(e_value: float, digits: int = _DIGITS) -> str:
    """An e-value, never as if it had reached what it has not."""
    return clear_of(e_value, *_BARS, digits=digits)


def clear_of(number: float, *bars: float, digits: int = _DIGITS) -> str:
    """The number with so many digits, or with as many more as keep it on its side of each of these."""
    texts = (f"{number:.{many}g}" for many in range(digits, _ALL_DIGITS))
    return next((text for text in texts if sides(float(text), bars) == sides(number, bars)), repr(number))


def around(null: float, smallest: float) -> tuple[float, float, float]:
    """What a verdict says that an interval lies beside: the null, and on either side where an effect would matter."""
    return null - smallest, null, null + smallest


def is_size_open(verdict: Verdict, low: float | None, high: float | None, bars: tuple[float, float, float]) -> bool:
    """Is there an effect, and open whether it is as large as one that matters? Its interval holds some that are not."""
    below, _, above = bars
    if verdict is Verdict.POSITIVE:
        return low is None or low < above
    return verdict is Verdict.NEGATIVE and (high is None or high > below)


def end_told(end: float | None, bars: Sequence[float]) -> str:
    """An end of an interval, never as if it lay on what it lies beside."""
    return "unbounded" if end is None else clear_of(end, *bars)


def sides(number: float, bars: Sequence[float]) -> list[int]:
    """On which side of each bar it lies: -1 below, 1 above, 0 on it."""
    return [(number > bar) - (number < bar) for bar in bars]
'''

SOURCES['axiom_weigh.evidence.seeds_needed'] = r'''"""How many further replicates does the next grade take? A forecast from the values so far, made anew each time."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.grade import wanted
from axiom_weigh.evidence.method import Process, Question
from axiom_weigh.statistics import replicates_needed
from axiom_weigh.statistics.replicates_needed import Needed, Range, until_crossed
from axiom_weigh.values import Evidence, Grade, Verdict


def more(
    question: Question, present: Sequence[float], verdict: Verdict, reached: Grade, *, estimate: float | None = None
) -> Needed | None:
    """Replicates to the next grade, with one chance in two and with nine in ten; None where more of them do not help.

    Where nothing is decided yet, it may become either: an effect, or its absence. Whichever is nearer is told.
    """
    target = wanted(reached, verdict)
    is_beyond_help = question.process is Process.BETTING and question.bounds is None
    if target is None or verdict is Verdict.MIXED or is_beyond_help:
        return None
    seeds, e_value = target
    if verdict is Verdict.ABSENT:
        missing = max(0, seeds - len(present))
        return missing, missing
    is_tied = is_null_typical(question, estimate)
    effect = (None, None) if is_tied else _effect(question, present, math.log(e_value), seeds)
    if verdict is not Verdict.UNDECIDED or question.process is Process.BERNOULLI:
        return effect
    by_signs = question.process is not Process.RANKS
    absence = replicates_needed.for_absence(present, question.null, question.smallest, by_signs=by_signs, least=seeds)
    return min(effect, absence, key=_nearness)


def is_null_typical(question: Question, estimate: float | None) -> bool:
    """Are so many values the null itself that no further ones like these make it another typical value?"""
    return question.process is Process.RANKS and estimate == question.null


def forecast(question: Question, present: Sequence[float], evidence: Evidence) -> Range | None:
    """A range of further replicates to the next grade, in which four of five lie; None where nothing can be forecast.

    Where nothing is decided yet, it may become an effect or its absence. Whichever is nearer is told. Each is a walk,
    of values or of their sides, towards the bar of the effect, or away from the smallest one that matters.
    """
    target, is_open = wanted(evidence.grade, evidence.verdict), evidence.verdict is Verdict.UNDECIDED
    is_decided = evidence.verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)
    if target is None or not (is_open or is_decided) or question.process is Process.BETTING:
        return None
    least, log_e = target[0], -math.log(question.alpha) if is_open else math.log(target[1])
    steps = [value - question.null for value in present]
    if question.process is Process.SIGN:
        steps = [float((step > 0) - (step < 0)) for step in steps]
    efficiency = replicates_needed.EFFICIENCY if question.process is Process.RANKS else 1.0
    effect = until_crossed(steps, _log(evidence.e_value), log_e, efficiency=efficiency, least=least)
    effect = None if is_null_typical(question, evidence.estimate) else effect
    if not is_open or question.process is not Process.RANKS:
        return effect
    if not question.smallest:
        return _in_groups(len(present), effect)
    side = math.copysign(1.0, math.fsum(steps))
    room = [question.smallest - side * step for step in steps]
    absence = until_crossed(room, _log(evidence.e_absent), log_e, efficiency=efficiency, least=least)
    nearer = min(effect, absence, key=lambda needed: math.inf if needed is None or needed[1] is None else needed[1])
    return _in_groups(len(present), nearer)


def _in_groups(n: int, needed: Range | None) -> Range | None:
    """Nothing is decided before a further group is whole."""
    if needed is None:
        return None
    few, likely, many = (None if more is None else replicates_needed.until_whole(n, max(1, more)) for more in needed)
    return few, likely, many


def _log(e_value: float) -> float:
    return math.log(e_value) if e_value > 0 else -math.inf


def _effect(question: Question, present: Sequence[float], log_e: float, least: int) -> Needed:
    match question.process:
        case Process.BERNOULLI:
            return replicates_needed.for_share(
                sum(value > 0.5 for value in present), len(present), question.null, log_e, least=least
            )
        case Process.SIGN:
            above = sum(value > question.null for value in present)
            return replicates_needed.for_share(above, len(present), 0.5, log_e, least=least)
        case _:
            return replicates_needed.for_effect(present, log_e, null=question.null, least=least)


def _nearness(needed: Needed) -> float:
    return math.inf if needed[0] is None else needed[0]
'''

SOURCES['axiom_weigh.evidence.strata'] = r'''"""What do parts of the values say by themselves? One design, platform, volunteer or host at a time."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence

from axiom_weigh.evidence.finding_card import PooledDesigns, Stratum
from axiom_weigh.evidence.method import Process, Question
from axiom_weigh.evidence.verdict import located, middle, weight
from axiom_weigh.statistics import pooling
from axiom_weigh.statistics.signed_ranks import Stream
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Home, Observation, Verdict

_FAR_APART = 1e-4  # designs that do not differ lie as far apart as this seldom
_FINEST = 1e-100  # of the largest of all numbers: no design counts as more surely known
_LARGEST = sys.float_info.max

Parts = Mapping[str, Sequence[Observation]]


def designs_of(counted: Sequence[Observation]) -> Parts:
    """The observations of each design."""
    by_design: dict[str, list[Observation]] = {}
    for observation in counted:
        by_design.setdefault(observation.design, []).append(observation)
    return by_design


def places_of(counted: Sequence[Observation], homes: Mapping[int, Home]) -> dict[str, Parts]:
    """The observations of each platform, volunteer and host, by its name.

    A value to which several hosts contributed is each one's; of a missing one the hosts may be unknown.
    """
    by_kind: dict[str, dict[str, list[Observation]]] = {"platform": {}, "volunteer": {}, "host": {}}
    for observation in counted if homes else ():
        places = [homes[host] for host in observation.hosts if host in homes]
        for by, names in (
            ("platform", {*observation.platforms(homes).values()}),
            ("volunteer", {str(home.volunteer_id) for home in places}),
            ("host", {str(home.host_id) for home in places}),
        ):
            for name in names:
                by_kind[by].setdefault(name, []).append(observation)
    return {by: dict(sorted(parts.items(), key=_by_number)) for by, parts in by_kind.items()}


def stratum(
    question: Question,
    by: str,
    name: str,
    observed: Iterable[Observation],
    *,
    is_bounded: bool = True,
    stream: Stream | None = None,
) -> Stratum:
    """One row of a forest; without its interval, which takes long, where nobody wants it. `stream` as of `weight`."""
    values = [observation.value for observation in observed]
    present = [value for value in values if value is not None]
    if is_bounded:
        estimate, low, high = located(question, values, stream=stream)
    elif stream:
        estimate, low, high = stream.middle if present else None, None, None
    else:
        estimate, low, high = middle(question, present) if present else None, None, None
    return Stratum(
        by=by,
        name=name,
        seeds=len(present),
        missing=len(values) - len(present),
        estimate=estimate,
        low=low,
        high=high,
        error=_error(question, present),
        mean=mean_of(present) if present else None,
    )


def known_of(designs: Sequence[Stratum]) -> list[Stratum]:
    """The designs of which it is known where they lie, and how surely: they have two values that differ."""
    return [design for design in designs if design.estimate is not None and design.error]


def pooled(designs: Sequence[Stratum]) -> PooledDesigns | None:
    """What all designs say together of what the claim is about: medians, or of a mean means, of a proportion shares.

    None where there are not three of which it is known where they lie and how surely. Unlike the interval of a finding
    it holds for one look, and not for every look at once; so nothing is claimed by it, a verdict can only lose by it.
    """
    comparable = known_of(designs)
    if len(comparable) < 3:
        return None
    middles, errors = [design.estimate or 0.0 for design in comparable], [design.error or 0.0 for design in comparable]
    unit = math.ldexp(1.0, math.frexp(max(*map(abs, middles), *errors))[1] - 1)  # squares of them may not be numbers
    whole = pooling.pool([middle / unit for middle in middles], [max(error / unit, _FINEST) ** 2 for error in errors])
    ends = (whole.estimate, whole.low, whole.high, whole.prediction_low, whole.prediction_high)
    estimate, low, high, prediction_low, prediction_high = (
        math.nan if end is None else _clamp(end * unit) for end in ends
    )
    return PooledDesigns(
        designs=len(comparable),
        estimate=estimate,
        low=low,
        high=high,
        tau2=_clamp(whole.tau2 * unit * unit),
        i2=whole.i2,
        chance=whole.q_p,
        prediction_low=prediction_low,
        prediction_high=prediction_high,
    )


def disagreement(question: Question, designs: Parts, together: PooledDesigns | None) -> str:
    """In what designs disagree, if they do: each sure of something else, or a further one could lie on either side."""
    if len(designs) < 2:
        return ""
    by_verdict: dict[Verdict, str] = {}
    for name, observed in designs.items():
        verdict = weight(question, [observation.value for observation in observed]).verdict
        if verdict is not Verdict.UNDECIDED:
            by_verdict.setdefault(verdict, name)
    if len(by_verdict) > 1:
        return "; ".join(f"{name or 'one design'}: {verdict}" for verdict, name in by_verdict.items())
    if together is None or together.chance >= _FAR_APART:
        return ""
    if together.prediction_low < question.null < together.prediction_high:
        return (
            f"designs differ beyond chance, and a further one would lie from {together.prediction_low:.4g} to "
            f"{together.prediction_high:.4g}"
        )
    return ""


def across(question: Question, verdict: Verdict, designs: Sequence[Stratum], together: PooledDesigns | None) -> str:
    """Why a further design need not share the verdict; empty where it may be expected to."""
    if verdict in (Verdict.UNDECIDED, Verdict.MIXED):
        return ""
    if together is None:
        return "that takes three designs with values that differ"
    low, high = together.prediction_low, together.prediction_high
    lies = f"a further design would lie from {low:.4g} to {high:.4g}"
    if verdict is not Verdict.ABSENT:
        is_beside = low > question.null if verdict is Verdict.POSITIVE else high < question.null
        return "" if is_beside else lies
    near, far = question.null - question.smallest, question.null + question.smallest
    wide = [
        design.name
        for design in designs
        if design.low is None or design.high is None or not near < design.low <= design.high < far
    ]
    if wide:
        alone = ", ".join(name or "one design" for name in wide)
        return f"the interval of {alone} alone is wider than {near:.4g} to {far:.4g}"
    return "" if near < low and high < far else lies


def _clamp(number: float) -> float:
    """The nearest number to what may be larger than any."""
    return max(-_LARGEST, min(_LARGEST, number))


def _by_number(part: tuple[str, object]) -> tuple[int, str]:
    return (int(part[0]) if part[0].isdigit() else -1), part[0]


def _error(question: Question, present: Sequence[float]) -> float | None:
    """The standard error of the estimate. Of events it is taken with half a success and half a failure more."""
    n = len(present)
    if n < 2:
        return None
    match question.process:
        case Process.BERNOULLI:
            share = (mean_of(present) * n + 0.5) / (n + 1)
            error = math.sqrt(share * (1 - share) / n)
        case Process.BETTING:
            error = deviation_of(present) / math.sqrt(n)
        case _:
            error = pooling.median_error(present)
    return error if math.isfinite(error) else None
'''

SOURCES['axiom_weigh.evidence.verdict'] = r'''"""What do sound values say? Estimate, interval, e-values, and the verdict that follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from axiom_weigh.evidence.method import Process, Question
from axiom_weigh.evidence.rounding import around, e_told, end_told, is_size_open
from axiom_weigh.statistics import betting, signed_ranks
from axiom_weigh.statistics.shares_and_medians import (
    MOST,
    bernoulli_log_e,
    dealt_log_e,
    median_of,
    median_sequence,
    share_sequence,
)
from axiom_weigh.statistics.student import mean_of
from axiom_weigh.values import Verdict, centre_of

ENOUGH = 20.0  # an e-value from which on an effect is claimed: reached by chance once in twenty lifetimes of a finding

_Interval = tuple[float | None, float | None, float | None]  # estimate, low, high


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What some values say about a claim."""

    estimate: float | None
    low: float | None
    high: float | None
    log_e: float  # against the null; of values that wait for their group what is open counts as lost
    log_absent: float  # against an effect as large as the smallest that matters
    verdict: Verdict
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """How strongly the values speak, and for what. The verdict follows from these three."""

    log_e: float = 0.0  # against the null
    side: int = 0  # on which side of the null the values lie: 1 above, -1 below
    log_absent: float = 0.0  # against an effect as large as the smallest that matters, either way
    waiting: "Weight | None" = None  # the same after the last values too, while they are no whole group

    enough: float = math.log(ENOUGH)  # from which on something is so sure that it may be said

    @property
    def verdict(self) -> Verdict:
        """What may be said."""
        if self.log_absent >= self.enough:
            return Verdict.ABSENT
        if self.log_e < self.enough or not self.side:
            return Verdict.UNDECIDED
        return Verdict.POSITIVE if self.side > 0 else Verdict.NEGATIVE


def read(question: Question, values: Sequence[float | None], designs: Sequence[str] = ()) -> signed_ranks.Stream | None:
    """What can be known of values whatever is asked of them; it takes longest where there are many."""
    return signed_ranks.stream(values, designs) if question.process is Process.RANKS else None


def conclude(
    question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None
) -> Conclusion:
    """Weigh values in the order of issue; None is a value that is missing, and counts as what speaks least."""
    stream = stream or read(question, values)
    strength = weight(question, values, stream=stream)
    latest = strength.waiting or strength
    estimate, low, high = located(question, values, stream=stream)
    if question.bounds is not None:  # a number that lies within bounds has its median there
        low = question.bounds[0] if low is None else low
        high = question.bounds[1] if high is None else high
    bars = around(question.null, question.smallest)
    return Conclusion(
        estimate=estimate,
        low=low,
        high=high,
        log_e=latest.log_e,
        log_absent=latest.log_absent,
        verdict=strength.verdict,
        reason=f"{question.process} about {question.null:.4g}: {e_told(math.exp(strength.log_e))} to 1 against it; "
        f"{_interval_told(low, high, bars)}; {strength.verdict}: {_why(question, strength, values)}"
        f"{_of_size(question, strength.verdict, low, high)}{_of_waiting(strength, stream, len(values))}",
    )


def weight(question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None) -> Weight:
    """How strongly values speak. `stream` is what a caller has read of the values already.

    Of values that cluster so many tell as much as one: what was won is taken to that root.
    """
    present = [number for number in values if number is not None]
    if not present:
        return Weight()
    match question.process:
        case Process.RANKS:
            strength = _by_ranks(question, stream or signed_ranks.stream(values))
        case Process.SIGN:
            strength = _clustered(question, _by_signs(question, values, present))
        case Process.BERNOULLI:
            strength = _clustered(question, _by_share(question, present, len(values)))
        case _:
            strength = _clustered(question, _by_bets(question, values, present))
    return replace(strength, enough=-math.log(question.alpha))


def located(
    question: Question, values: Sequence[float | None], *, stream: signed_ranks.Stream | None = None
) -> _Interval:
    """Return the estimate and the ends of the interval about it, which holds at every look; None is unbounded."""
    present = [number for number in values if number is not None]
    missing, alpha = len(values) - len(present), question.alpha_of_an_end
    if not present:
        return None, None, None
    match question.process:
        case Process.RANKS:
            stream = stream or signed_ranks.stream(values)
            return stream.middle, *signed_ranks.interval(stream, alpha=alpha)
        case Process.SIGN:
            return median_of(present), *median_sequence(present, missing=missing, alpha=alpha)
        case Process.BERNOULLI:
            events = sum(value > 0.5 for value in present)
            return events / len(present), *share_sequence(events, len(present), missing=missing, alpha=alpha)
        case _:
            if question.bounds is None:
                return None, None, None
            return mean_of(present), *betting.betting_sequence(values, question.bounds, alpha=alpha)


def middle(question: Question, present: Sequence[float]) -> float | None:
    """The estimate alone, of one value or more."""
    if question.process is Process.RANKS:
        return signed_ranks.pseudo_median(present)
    return located(question, present)[0]


def _clustered(question: Question, strength: Weight) -> Weight:
    return replace(
        strength, log_e=strength.log_e / question.clustering, log_absent=strength.log_absent / question.clustering
    )


def _by_ranks(question: Question, stream: signed_ranks.Stream) -> Weight:
    """Of whole groups, whatever is open: what they have shown once holds while others wait (Ville)."""
    whole = _of_ranks(question, stream, with_last=False)
    return replace(whole, waiting=_of_ranks(question, stream, with_last=True)) if len(stream.last) else whole


def _of_ranks(question: Question, stream: signed_ranks.Stream, *, with_last: bool) -> Weight:
    """Each side is taken to the root by itself: what both have together is halved after it."""

    def tell(null: float, side: int) -> float:
        return signed_ranks.log_e(stream, null, side, with_last=with_last) / question.clustering

    above, below = tell(question.null, 1), tell(question.null, -1)
    absent = 0.0
    if question.smallest:  # each side at half of the level, as the interval has it
        near, far = question.null - question.smallest, question.null + question.smallest
        absent = min(tell(near, 1), tell(far, -1)) - math.log(2.0)
    return Weight(log_e=signed_ranks.either(above, below), side=_sign(above - below), log_absent=absent)


def _by_signs(question: Question, values: Sequence[float | None], present: Sequence[float]) -> Weight:
    """A value whose sign is unknown, missing or on the null, takes the one that speaks less."""
    above, below = (sum(value > question.null for value in present), sum(value < question.null for value in present))
    whole = len(values)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(sum(value > near for value in present), sum(value < far for value in present))
    return Weight(
        log_e=dealt_log_e(above, whole - above - below, whole),
        side=_sign(above - below),
        log_absent=_absent(question, bernoulli_log_e(max(whole // 2, inside), whole, 0.5)),
    )


def _by_share(question: Question, present: Sequence[float], whole: int) -> Weight:
    """A missing event may have been one or not, whichever speaks less."""
    events, missing = sum(value > 0.5 for value in present), whole - len(present)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(_more_than(events, whole, near), _more_than(whole - events - missing, whole, 1.0 - far))
    return Weight(
        log_e=min(bernoulli_log_e(possible, whole, question.null) for possible in range(events, events + missing + 1)),
        side=_sign(events / whole - question.null),
        log_absent=_absent(question, inside),
    )


def _by_bets(question: Question, values: Sequence[float | None], present: Sequence[float]) -> Weight:
    """A mean beyond the bounds is asked at the bound, since values alone may speak against a claim."""
    if question.bounds is None:
        return Weight()
    low, high = question.bounds
    mean, null = mean_of(present), min(max(question.null, low), high)
    near, far = question.null - question.smallest, question.null + question.smallest
    inside = min(
        MOST if near < low else betting.betting_log_e(values, min(mean, near), question.bounds),
        MOST if far > high else betting.betting_log_e(values, max(mean, far), question.bounds),
    )
    return Weight(
        log_e=betting.betting_log_e(values, null, question.bounds),
        side=_sign(mean - question.null),
        log_absent=_absent(question, inside),
    )


def _absent(question: Question, inside: float) -> float:
    """Where no value could lie outside the smallest effect, values alone say nothing about it."""
    low, high = question.bounds or (-math.inf, math.inf)
    is_empty = question.null - question.smallest < low and high < question.null + question.smallest
    return 0.0 if is_empty else inside


def _more_than(successes: int, whole: int, chance: float) -> float:
    """Against all chances up to this one."""
    if chance < 0:
        return MOST
    return bernoulli_log_e(successes, whole, min(chance, successes / whole))


def _interval_told(low: float | None, high: float | None, bars: Sequence[float]) -> str:
    if low is None and high is None:
        return "no interval yet"
    return f"interval [{end_told(low, bars)}, {end_told(high, bars)}]"


def _why(question: Question, strength: Weight, values: Sequence[float | None]) -> str:
    null, smallest = question.null, question.smallest
    if question.process is Process.BETTING and question.bounds is None:
        return "a value lies outside the declared bounds, and a mean is weighed within true bounds alone"
    if all(number is None for number in values):
        return "there is no value yet"
    match strength.verdict:
        case Verdict.ABSENT:
            return (
                f"{e_told(math.exp(strength.log_absent))} to 1 against an effect of {smallest:.4g} or more, either way"
            )
        case Verdict.UNDECIDED:
            if strength.log_e >= strength.enough:
                return f"as many lie on either side of {null:.4g}"
            return f"a verdict takes {math.exp(strength.enough):.4g} to 1"
        case Verdict.POSITIVE:
            return f"the {centre_of(question.process)} lies above {null:.4g}"
        case _:
            return f"the {centre_of(question.process)} lies below {null:.4g}"


def _of_size(question: Question, verdict: Verdict, low: float | None, high: float | None) -> str:
    """Whether an effect matters, as long as that is open."""
    is_open = is_size_open(verdict, low, high, around(question.null, question.smallest))
    return f"; whether it is as large as {question.smallest:.4g} is open" if is_open and question.smallest else ""


def _of_waiting(strength: Weight, stream: signed_ranks.Stream | None, values: int) -> str:
    """Of how many values all is said, and what is told while the others wait for their group."""
    if strength.waiting is None or stream is None:
        return ""
    whole, latest = (
        e_told(math.exp(weight.log_absent if strength.verdict is Verdict.ABSENT else weight.log_e))
        for weight in (strength, strength.waiting)
    )
    return (
        f"; said without {sum(map(len, stream.last))} of {values} values, which wait for a whole group of "
        f"{signed_ranks.GROUP}: until then {latest} to 1 is told instead of {whole}"
    )


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
'''

SOURCES['axiom_weigh.evidence.weigh_claim'] = r'''"""What do the replicates that are back say about a claim? Every step of the weighing leaves its reason.

Observations → sound ones (integrity, clones, one a seed) → those that are believed → statistics → designs → alarms →
verdict → without each host and volunteer → grade → what the next grade needs. All of it follows from the observations
of closed blocks and from what is known beside them; asked again, it says the same.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from axiom_weigh.evidence.alarms import alarms
from axiom_weigh.evidence.blocks import ReplicateProgress, blocks
from axiom_weigh.evidence.counted_values import Sound, sound
from axiom_weigh.evidence.finding_card import Card, LeaveOneOut, PooledDesigns, Stratum
from axiom_weigh.evidence.grade import GradeFacts, grade
from axiom_weigh.evidence.leave_one_out import without_each
from axiom_weigh.evidence.method import Process, Question, question
from axiom_weigh.evidence.middles import lopsided, middle_named, of_mean, of_ties
from axiom_weigh.evidence.outliers import believed
from axiom_weigh.evidence.seeds_needed import more
from axiom_weigh.evidence.strata import across, designs_of, disagreement, known_of, places_of, pooled, stratum
from axiom_weigh.evidence.verdict import Conclusion, conclude, middle, read
from axiom_weigh.statistics.replicates_needed import Needed, fewest_deciding
from axiom_weigh.values import OUTVOTED, Alarm, Cohort, Evidence, Force, Grade, Home, Observation, Surroundings, Verdict

__all__ = ["UNKNOWN_PLATFORM", "Home", "Process", "ReplicateProgress", "blocks", "card", "weigh"]

ON_ONE_PLATFORM = "one platform:"  # so begins the badge of what was computed on one alone
UNKNOWN_PLATFORM = "unknown"  # may be any of the others, so it is none of its own
_NOBODY: Mapping[int, Home] = MappingProxyType({})
_NOTHING_BESIDE = Surroundings()
_GRADES = tuple(Grade)
_THEREFORE = {
    Force.TELLS: "this is told",
    Force.HOLDS_BACK: "no grade above Moderate until it is explained",
    Force.SUSPENDS: "nothing more is computed until somebody has looked",
}


def weigh(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    *,
    blocks: int,
    homes: Mapping[int, Home] = _NOBODY,
    surroundings: Surroundings = _NOTHING_BESIDE,
    raised: Sequence[Alarm] = (),
) -> Evidence:
    """Conclude from the observations of so many closed blocks, given in the order in which they were issued.

    A seed counts once. A missing value counts against every verdict: its bet is lost as badly as any value in its place
    could have lost it, and it makes later ranks the worst that they could be. So no reason for which values are missing
    makes a contrast surer. Of a mean, bets after it are as they are; that holds as long as whether a value is missing
    depends on nothing but the value itself and what came before it.
    """
    return _evidence(_analyse(estimand, observations, blocks, homes, surroundings, raised, with_parts=False))


def card(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    *,
    blocks: int,
    homes: Mapping[int, Home] = _NOBODY,
    surroundings: Surroundings = _NOTHING_BESIDE,
    raised: Sequence[Alarm] = (),
) -> Card:
    """Return the evidence that `weigh` gives, with all parts of the data beside it."""
    facts = _analyse(estimand, observations, blocks, homes, surroundings, raised, with_parts=True)
    evidence = _evidence(facts)
    others, by_replicates = list[Stratum](), dict[tuple[int, ...], Stratum]()
    for by, named in places_of(facts.sound_values.counted, homes).items():
        for name, part in named.items():
            same = tuple(observation.replicate for observation in part)  # a volunteer with one host is that host
            by_replicates[same] = by_replicates.get(same) or stratum(facts.question, by, name, part)
            others.append(replace(by_replicates[same], by=by, name=name))
    older, place = facts.sound_values.exploratory, _GRADES.index(evidence.grade) + 1
    return Card(
        evidence=evidence,
        strata=(*facts.designs, *others),
        pooled=facts.together,
        without=facts.without,
        exploratory=stratum(facts.question, "cohort", Cohort.EXPLORATORY, older) if older else None,
        next_grade=_GRADES[place] if place < len(_GRADES) else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _GradeFacts:
    """Everything that a grade is decided from."""

    question: Question
    sound_values: Sound
    blocks: int
    surroundings: Surroundings
    concluded: Conclusion
    designs: Sequence[Stratum]
    together: PooledDesigns | None
    apart: str  # in what designs disagree
    homes: Sequence[Home]  # of hosts that gave a value
    platforms: Set[str]  # on which they computed those
    without: tuple[LeaveOneOut, ...]
    raised: tuple[Alarm, ...]


def _analyse(
    estimand: Mapping[str, Any],
    observations: Sequence[Observation],
    blocks: int,
    homes: Mapping[int, Home],
    surroundings: Surroundings,
    raised: Sequence[Alarm],
    *,
    with_parts: bool,
) -> _GradeFacts:
    sound_values = sound(question(estimand), observations, blocks)
    sure = believed(sound_values.counted, homes, looks=blocks, is_checked=surroundings.is_registered)
    clustered_question = replace(sound_values.question, clustering=sure.clustering)
    counted = _across_hosts(sure.counted) if sure.clustering > 1 else sure.counted
    values = [observation.value for observation in counted]
    parts = designs_of(counted)
    whole = read(clustered_question, values, [observation.design for observation in counted] if len(parts) > 1 else ())
    concluded = conclude(clustered_question, values, stream=whole)
    if sound_values.copied and concluded.estimate is not None:
        # It is told of all, since equal values may be honest ones.
        everything = [value for value in values if value is not None]
        concluded = replace(concluded, estimate=middle(clustered_question, [*everything, *sound_values.copied]))
    is_bounded = with_parts or concluded.verdict is Verdict.ABSENT  # which asks for each design's interval
    whole = whole if len(parts) == 1 else None  # of a design that is all there is the same is known
    designs = [
        stratum(clustered_question, "design", name, part, is_bounded=is_bounded, stream=whole)
        for name, part in parts.items()
    ]
    together = pooled(designs)
    if apart := disagreement(clustered_question, parts, together):
        concluded = replace(concluded, verdict=Verdict.MIXED)
    is_decided = concluded.verdict not in (Verdict.UNDECIDED, Verdict.MIXED)
    computed = {host for observation in counted if observation.value is not None for host in observation.hosts}
    return _GradeFacts(
        question=clustered_question,
        sound_values=replace(sound_values, counted=counted),
        blocks=blocks,
        surroundings=surroundings,
        concluded=concluded,
        designs=designs,
        together=together,
        apart=apart,
        homes=[home for host, home in homes.items() if host in computed],
        platforms={
            platform
            for observation in counted
            if observation.hosts and observation.value is not None
            for platform in observation.platforms(homes).values()
        },
        without=without_each(clustered_question, counted, homes) if is_decided else (),
        raised=(
            *raised,
            *sound_values.alarms,
            *alarms(sure, homes, surroundings.agreements, looks=blocks),
            *lopsided(clustered_question, concluded, [value for value in values if value is not None]),
        ),
    )


def _evidence(seen: _GradeFacts) -> Evidence:
    concluded, sound_values = seen.concluded, seen.sound_values
    facts = _facts(seen)
    reached, needs = grade(facts)
    values = [observation.value for observation in sound_values.counted]
    present = [value for value in values if value is not None]
    badges = ["one volunteer"] if facts.volunteers == 1 else []
    badges += [f"{ON_ONE_PLATFORM} {platform}" for platform in _only_platform(seen.platforms)]
    return Evidence(
        blocks=seen.blocks,
        seeds=facts.seeds,
        missing=len(sound_values.counted) - facts.seeds - len(sound_values.copied),
        clones=len(sound_values.copied),
        estimate=concluded.estimate,
        low=concluded.low,
        high=concluded.high,
        e_value=facts.e_value,
        e_kind=seen.question.process.value,
        e_absent=math.exp(concluded.log_absent),
        verdict=concluded.verdict,
        grade=reached,
        hosts=facts.hosts,
        volunteers=facts.volunteers,
        platforms=facts.platforms,
        designs=sum(design.seeds > 0 for design in seen.designs),
        needs=needs,
        more=_with_unasked(
            more(seen.question, present, concluded.verdict, reached, estimate=concluded.estimate),
            len(sound_values.counted),
            sound_values.unasked,
        ),
        flags=(*(alarm.text for alarm in seen.raised), *badges),
        alarms=seen.raised,
        agreements=seen.surroundings.agreements,
        false_share=seen.surroundings.false_share,
        reasons=(
            *sound_values.reasons,
            *_clustered(seen.question),
            concluded.reason,
            middle_named(seen.question.process),
            *filter(None, [of_ties(seen.question, values, concluded.estimate), of_mean(seen.question, values)]),
            *([f"{Verdict.MIXED}: {seen.apart}"] if seen.apart else []),
            *(f"{alarm.text}: {_THEREFORE[alarm.force]}" for alarm in seen.raised),
            *facts.leaning,
            _grade_reason(reached, needs),
        ),
    )


def _with_unasked(needed: Needed | None, counted: int, unasked: int) -> Needed | None:
    """How many replicates bring so many of which the claim speaks."""
    if needed is None or not counted:
        return needed
    few, many = (None if count is None else math.ceil(count * (counted + unasked) / counted) for count in needed)
    return few, many


def _facts(grade_facts: _GradeFacts) -> GradeFacts:
    concluded, agreements = grade_facts.concluded, grade_facts.surroundings.agreements
    holding = [alarm for alarm in grade_facts.raised if alarm.force is not Force.TELLS]
    volunteers, host_ids = (
        {home.volunteer_id for home in grade_facts.homes},
        {home.host_id for home in grade_facts.homes},
    )
    return GradeFacts(
        verdict=concluded.verdict,
        seeds=sum(observation.value is not None for observation in grade_facts.sound_values.counted),
        e_value=math.exp(concluded.log_e),
        fewest=_fewest(grade_facts.question),
        hosts=len(grade_facts.homes),
        volunteers=len(volunteers),
        platforms=_platforms(grade_facts.platforms),
        unnamed=sum(
            observation.value is not None and host_ids.isdisjoint(observation.hosts)
            for observation in grade_facts.sound_values.counted
        ),
        is_a_stranger_alone=len(volunteers) == 1 and any(home.is_ours is False for home in grade_facts.homes),
        agreeing=max((agreement.agreed for agreement in agreements), default=0),
        checks=sum(agreement.agreed for agreement in agreements),
        outvoted=sum(observation.why_missing == OUTVOTED for observation in grade_facts.sound_values.counted),
        leaning=tuple(
            f"without {left_out.by} {left_out.number} the verdict is {left_out.verdict}"
            for left_out in grade_facts.without
            if left_out.verdict is not concluded.verdict
        ),
        flags=tuple(alarm.text for alarm in holding),
        clones=next((alarm.text for alarm in holding if alarm.kind == "clones"), ""),
        designs=len(known_of(grade_facts.designs)),
        across=across(grade_facts.question, concluded.verdict, grade_facts.designs, grade_facts.together),
        elsewhere=sum(agreement.agreed for agreement in agreements if _platforms(set(agreement.platforms)) > 1),
        false_share=grade_facts.surroundings.false_share,
        is_registered=grade_facts.surroundings.is_registered,
    )


def _across_hosts(counted: Sequence[Observation]) -> tuple[Observation, ...]:
    """The first value of each host, then the second of each: values that are alike shall not be paired."""
    before = Counter[tuple[int, ...]]()
    turns = []
    for observation in counted:
        turns.append(before[observation.hosts])
        before[observation.hosts] += 1
    return tuple(counted[place] for place in sorted(range(len(counted)), key=turns.__getitem__))


def _fewest(question: Question) -> int:
    return fewest_deciding(-math.log(question.alpha_of_an_end)) if question.process is Process.RANKS else 0


def _clustered(question: Question) -> list[str]:
    if question.clustering <= 1:
        return []
    return [f"values of one host are somewhat alike, so {question.clustering:.3g} values are taken for one"]


def _only_platform(names: Set[str]) -> Set[str]:
    """The platform of all values, where they have one and it is known: the finding holds for it."""
    return names if len(names) == 1 and UNKNOWN_PLATFORM not in names else frozenset()


def _platforms(names: Set[str]) -> int:
    """How many there are for sure."""
    return len(names - {UNKNOWN_PLATFORM} or names)


def _grade_reason(reached: Grade, needs: Sequence[str]) -> str:
    return f"{reached}; the next grade needs {'; '.join(needs)}" if needs else f"{reached}; there is no grade above it"
'''

SOURCES['axiom_weigh.statistics.asymmetry'] = r'''"""Are values plainly lopsided? Then their mean is another number than the middle that ranks or signs tell of."""

import math
from collections.abc import Sequence

import numpy as np

FEWEST = 12  # below so many values nothing shows whether they are symmetric
_BEYOND_CHANCE = 1.96
_PLAIN = 0.1  # of the spread: how far the mean is from the median


def long_tail(values: Sequence[float]) -> str:
    """On which side the long tail is, "above" or "below", when there plainly is one.

    The mean then lies away from the median, by more than chance (Miao, Gel and Gastwirth 2006) and by a tenth of the
    spread at least.
    """
    numbers = np.array(values, dtype=np.float64)
    largest = float(np.abs(numbers).max(initial=0.0))
    scaled = numbers / largest if largest else numbers
    away = scaled - np.median(scaled) if len(scaled) else scaled
    spread = math.sqrt(math.pi / 2) * float(np.abs(away).mean()) if len(away) else 0.0
    if not spread:
        return ""
    size = float(away.mean()) / spread
    if abs(size) < max(_PLAIN, _BEYOND_CHANCE * math.sqrt((math.pi / 2 - 1) / len(scaled))):
        return ""
    return "above" if size > 0 else "below"
'''

SOURCES['axiom_weigh.statistics.betting'] = r'''"""Bets on a mean within declared bounds (Waudby-Smith and Ramdas): for rare, uneven or bounded outcomes.

Half of the capital bets that the mean is above the null, half that it is below. How much is bet on a value depends on
the values before it alone, so under the null no bet gains on average, whatever the law within the bounds. The bounds
have to be tight to be of use: ten times wider than the values spread cost twice as many seeds.
"""

import math
from collections.abc import Callable, Sequence
from itertools import cycle, islice

from axiom_weigh.statistics.shares_and_medians import capped

_AT_RISK = 0.9  # the largest share of the capital that one value may cost
_ALPHA = 0.05  # for which level the bets of an e-value grow fastest; it is valid at every level
_STEPS = 30  # halvings of the bounds until an end of the interval is told


def betting_log_e(values: Sequence[float | None], null: float, bounds: tuple[float, float]) -> float:
    """How strongly the values speak against a mean of `null`.

    None is a value that never came: each half of the capital takes the bound that costs it most, and it is not learnt
    from. That keeps the promise if whether a value is missing depends on nothing but itself and what came before it.
    """
    low, high = _declared(bounds)
    if not low <= null <= high:
        raise ValueError(f"a mean of {null} cannot be: the bounds are {bounds}")
    shares = [None if number is None else _share(number, low, high) for number in values]
    bets = _bets(shares, _ALPHA)
    mean = (null - low) / (high - low)
    above, below = _gain(shares, bets, mean), _gain(_mirrored(shares), bets, 1.0 - mean)
    larger = max(above, below)
    return capped(larger + math.log(0.5 * math.exp(above - larger) + 0.5 * math.exp(below - larger)))


def betting_sequence(
    values: Sequence[float | None], bounds: tuple[float, float], alpha: float = 0.05
) -> tuple[float, float]:
    """Return the interval of all means against which neither half of the capital has won; it holds at every look."""
    low, high = _declared(bounds)
    shares = [None if number is None else _share(number, low, high) for number in values]
    bets, bar = _bets(shares, alpha), math.log(2.0 / alpha)
    mirrored = _mirrored(shares)
    lower = _first(lambda mean: _gain(shares, bets, mean) < bar)
    upper = 1.0 - _first(lambda mean: _gain(mirrored, bets, mean) < bar)
    if lower > upper:  # both halves have won: no law within the bounds is like this, and nothing is claimed of it
        lower, upper = upper, lower
    return low + lower * (high - low), low + upper * (high - low)


def seeds_needed(
    values: Sequence[float | None], null: float, bounds: tuple[float, float], log_e: float, *, most: int
) -> int | None:
    """How many values, if they go on as these, speak so strongly against a mean of `null`; None where `most` do not."""
    low, high = _declared(bounds)
    own_shares = [None if number is None else _share(number, low, high) for number in values]
    shares, mean = list(islice(cycle(own_shares), most)), (null - low) / (high - low)
    above = below = 0.0
    for n, (share, bet) in enumerate(zip(shares, _bets(shares, _ALPHA), strict=True), start=1):
        above += math.log1p(min(bet, _AT_RISK / mean) * ((0.0 if share is None else share) - mean))
        below += math.log1p(min(bet, _AT_RISK / (1.0 - mean)) * (mean - (1.0 if share is None else share)))
        if n >= len(own_shares) and max(above, below) - math.log(2.0) >= log_e:
            return n
    return None


def _declared(bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = bounds
    if not (math.isfinite(high - low) and low < high):
        raise ValueError(f"the bounds {bounds} hold no values: they must be finite, the lower one first")
    return low, high


def _share(number: float, low: float, high: float) -> float:
    """Where it lies between the bounds, from 0 to 1."""
    if not low <= number <= high:
        raise ValueError(f"{number} lies beyond the bounds {low} and {high}")
    return (number - low) / (high - low)


def _mirrored(shares: Sequence[float | None]) -> list[float | None]:
    return [None if share is None else 1.0 - share for share in shares]


def _bets(shares: Sequence[float | None], alpha: float) -> list[float]:
    """How much to bet on each value: the smaller the spread of those before it, the more."""
    bets, n, total, deviations, variance = [], 0, 0.0, 0.0, 0.25
    worth = 2.0 * math.log(2.0 / alpha)
    for share in shares:
        bets.append(math.sqrt(worth / (variance * (n + 1) * math.log(n + 2))))
        if share is not None:
            n += 1
            total += share
            deviations += (share - (0.5 + total) / (n + 1)) ** 2
            variance = (0.25 + deviations) / (n + 1)
    return bets


def _gain(shares: Sequence[float | None], bets: Sequence[float], mean: float) -> float:
    """The logarithm of what bets on more than this mean have made of 1."""
    most = _AT_RISK / mean if mean > 0 else math.inf
    return math.fsum(
        math.log1p(min(bet, most) * ((0.0 if share is None else share) - mean))
        for share, bet in zip(shares, bets, strict=True)
    )


def _first(holds: Callable[[float], bool]) -> float:
    """The least share, rounded down, for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low
'''

SOURCES['axiom_weigh.statistics.clones'] = r'''"""Identical numbers under different seeds: a seed that was not used, and so one observation instead of many.

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


def clones(values_by_seed: Mapping[int, float | Sequence[float | None] | None]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of seeds whose numbers agree to fifteen digits although they had many to choose from.

    Of a seed either the one number is given or all that was measured under it; then all have to agree, and one at least
    has to be fine enough to tell. Give measures rather than an estimand made of coarse ones: a rank correlation or the
    slope of a count looks like any number, and has few values. Numbers that are None or not finite are left out.
    """
    rows = {seed: row if isinstance(row, Sequence) else (row,) for seed, row in values_by_seed.items()}
    often = Counter(map(_words, rows.values()))
    return _groups({seed: mark(row) for seed, row in rows.items() if often[_words(row)] > 1}, len(rows))


def mark(row: Sequence[float | None]) -> str:
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
    return f"{min(_MOST_DIGITS, telling):.1f}:{digest(row)}" if telling else ""


def digest(row: Sequence[float | None]) -> str:
    """Return what two rows share that agree in all numbers to fifteen digits."""
    return sha256(_words(row).encode()).hexdigest()[:32]


def alike(marks: Mapping[int, str]) -> tuple[tuple[int, ...], ...]:
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
    marks = {seed: mark((_as_written(value),)) for seed, value in zip(seeds, values, strict=True) if value in often}
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
'''

SOURCES['axiom_weigh.statistics.mixture'] = r'''"""The t-mixture: how far from a number the mean of so many values must lie to refute it, where no scale is known.

The bet is on a standardised effect drawn from a normal law of width c; the unknown scale is integrated out, so the
e-value knows no unit. Nothing is weighed by it, since it is not safe for rare or very uneven values: there it lies up
to three times out of four. But it grows about as fast as signed ranks do, so it tells how many values they will need.
"""

import math


def reach(n: int, *, alpha: float = 0.05, c: float = 1.0) -> float:
    """How many standard errors away the mean of n values must lie; infinite while none is far enough."""
    if n < 2:
        return math.inf
    m = 1.0 + n * c * c
    log_k = (2.0 / n) * (0.5 * math.log(m) - math.log(alpha))
    if log_k >= math.log(m):
        return math.inf
    return math.sqrt((n - 1) * math.expm1(log_k) / -math.expm1(log_k - math.log(m)))
'''

SOURCES['axiom_weigh.statistics.pooling'] = r'''"""One effect from several places: how far they differ, what they share, and where a further place would lie.

Paule and Mandel's variance between places, Hartung and Knapp's interval (its factor never below 1, so that places
which happen to agree do not feign certainty), and the interval that predicts the effect at a place not seen yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from axiom_weigh.statistics.student import t_quantile

_NORMAL = NormalDist()
_LEAST = 1e-300  # a tail as small as this still has a quantile


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledEstimate:
    """What several estimates say together. An interval is None where there are too few of them for one."""

    estimate: float
    low: float | None  # of what the places share
    high: float | None
    tau2: float  # variance between places, beyond what their own uncertainty explains
    i2: float  # share of all variance that lies between places, at least 0
    q_p: float  # how often places that do not differ would differ as much
    prediction_low: float | None  # of the effect at a further place
    prediction_high: float | None


def pool(estimates: Sequence[float], variances: Sequence[float]) -> PooledEstimate:
    """Pool estimates of one effect, each with its variance. Variances must be above 0: a place needs two values."""
    if not estimates or len(estimates) != len(variances):
        raise ValueError(f"{len(estimates)} estimates with {len(variances)} variances cannot be pooled")
    if not all(map(math.isfinite, estimates)) or not all(0 < variance < math.inf for variance in variances):
        raise ValueError("estimates must be numbers and variances numbers above 0")
    places, unit = len(estimates), _unit(estimates, variances)
    scaled = [number / unit for number in estimates]
    spread = [(math.sqrt(variance) / unit) ** 2 for variance in variances]
    tau2 = _variance_between(scaled, spread)
    estimate, heterogeneity = _weighted_mean(scaled, spread, tau2)
    if places == 1:
        return _pooled_estimate(unit, estimate, None, None, (0.0, 0.0, 1.0))
    weight = math.fsum(1.0 / (variance + tau2) for variance in spread)
    squared = max(1.0, heterogeneity / (places - 1)) / weight
    q = _weighted_mean(scaled, spread, 0.0)[1]
    half = t_quantile(places - 1) * math.sqrt(squared)
    further = t_quantile(places - 2) * math.sqrt(tau2 + squared) if places > 2 else None
    i2 = max(0.0, 1.0 - (places - 1) / q) if q > 0 else 0.0
    return _pooled_estimate(unit, estimate, half, further, (tau2, i2, _tail(q, places - 1)))


def median_error(values: Sequence[float]) -> float:
    """The standard error of a median: half the width of an interval of it, in the deviates that the interval spans.

    Price and Bonett: between the k-th smallest and the k-th largest value lies the median with a chance that needs
    nothing of the law, and k is chosen so that it is about 95 %. The interval of one standard error each way would be
    of the few values in the middle alone, and too often narrow by luck: of ten places of eight seeds that are all alike
    it says in seven cases of a hundred that they differ beyond chance (1e-4), this one in less than one. Fewer than six
    values have no such interval; theirs is the whole range, with the chance that it really has.

    Where values tie, that interval may have no width. Then it is the next wider one that has, so that nothing but
    values which are all the same is known for certain.
    """
    ordered, n = np.sort(np.array(values)), len(values)
    if n < 2:
        raise ValueError("a median has a standard error from two values on")
    rank = max(1, round((n + 1) / 2 - math.sqrt(n)))
    while rank > 1 and ordered[rank - 1] == ordered[-rank]:
        rank -= 1
    return float(ordered[-rank] / 2.0 - ordered[rank - 1] / 2.0) / _deviates(n, rank)


@lru_cache(maxsize=4096)
def _deviates(n: int, rank: int) -> float:
    """How many standard errors each way the interval from the k-th smallest to the k-th largest of n spans."""
    whole = math.lgamma(n + 1) - n * math.log(2.0)
    below = math.fsum(math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(rank))
    return -_NORMAL.inv_cdf(max(below, _LEAST))


def _variance_between(estimates: Sequence[float], variances: Sequence[float]) -> float:
    """Paule and Mandel: the variance at which the places differ exactly as much as they should."""
    freedom = len(estimates) - 1
    if freedom == 0 or _weighted_mean(estimates, variances, 0.0)[1] <= freedom:
        return 0.0
    low, high = 0.0, math.fsum((estimate - estimates[0]) ** 2 for estimate in estimates)
    while _weighted_mean(estimates, variances, high)[1] > freedom:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if not low < middle < high:
            break
        low, high = (middle, high) if _weighted_mean(estimates, variances, middle)[1] > freedom else (low, middle)
    return high


def _weighted_mean(estimates: Sequence[float], variances: Sequence[float], tau2: float) -> tuple[float, float]:
    """The weighted mean, and the weighted sum of squares around it."""
    weights = [1.0 / (variance + tau2) for variance in variances]
    whole = math.fsum(weights)
    mean = math.fsum(weight / whole * estimate for weight, estimate in zip(weights, estimates, strict=True))
    return mean, math.fsum(weight * (estimate - mean) ** 2 for weight, estimate in zip(weights, estimates, strict=True))


def _unit(estimates: Sequence[float], variances: Sequence[float]) -> float:
    """A power of two near the largest number, so that neither squares nor weights leave the real numbers."""
    largest = max(*map(abs, estimates), *map(math.sqrt, variances))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _pooled_estimate(
    unit: float, estimate: float, half: float | None, further: float | None, spread: tuple[float, float, float]
) -> PooledEstimate:
    tau2, i2, q_p = spread
    return PooledEstimate(
        estimate=estimate * unit,
        low=None if half is None else (estimate - half) * unit,
        high=None if half is None else (estimate + half) * unit,
        tau2=tau2 * unit * unit,
        i2=i2,
        q_p=q_p,
        prediction_low=None if further is None else (estimate - further) * unit,
        prediction_high=None if further is None else (estimate + further) * unit,
    )


def _tail(q: float, freedom: int) -> float:
    """The chance that a chi-square of whole degrees of freedom is above q (26.4.4-5)."""
    half, odd = q / 2.0, freedom % 2
    if half == 0:
        return 1.0
    steps = (k + odd / 2.0 for k in range(freedom // 2))
    terms = [math.exp(step * math.log(half) - half - math.lgamma(step + 1.0)) for step in steps]
    return (math.erfc(math.sqrt(half)) if odd else 0.0) + math.fsum(terms)
'''

SOURCES['axiom_weigh.statistics.ranks'] = r'''"""Do groups differ in where their values lie among all? On ranks, so that no tail and no unit raises a false alarm."""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_DOUBTED = math.log(0.01)  # of a chance below this, a normal tail is not believed where values agree
_KEPT = 0.95  # of the variance of scores that all differ; where ties leave less, tails are longer than normal ones
_CROWD = 5  # values off the commonest that a group should have, for a sum of squares to follow its law
_TILTS = tuple([0.01 * 1.15**step for step in range(60)])
_FAR = 700.0  # squares from which on a tail is smaller than any number
_NEXT_TO_NOTHING = 40.0  # by so much smaller is the logarithm of a chance that adds nothing
_ALIKE = 1e-9  # logarithms of chances that differ by less differ by rounding


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How far groups lie apart, in chances: how often groups that do not differ would."""

    logs: Mapping[Hashable, float]  # of each group, the logarithm: as far from all others as this one
    amounts: Mapping[Hashable, int]  # of each group: its values
    together: float  # of all of them: as far apart as these
    clustering: float  # as many values tell as much as one, if those of a group hang together as these do

    @property
    def chances(self) -> dict[Hashable, float]:
        """The chance of each group. Many values may make it 0 for several; their logarithms still differ."""
        return {group: math.exp(log) for group, log in self.logs.items()}

    def oddest(self) -> list[Hashable]:
        """The group that lies farthest away; of several as far, the smallest, for two lie equally far from each other.

        Groups that not even their size tells apart are named together, since their order says nothing.
        """
        least = min(self.logs.values(), default=0.0)
        near = [group for group, log in self.logs.items() if log - least <= _ALIKE * max(1.0, -least)]
        fewest = min((self.amounts[group] for group in near), default=0)
        return [group for group in near if self.amounts[group] == fewest]


class Lumps:
    """The scores of a stratum of which many agree."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._amounts = Counter(scores)
        self._whole = len(scores)
        self._known: dict[float, float] = {}
        self.rest = 1 - max(self._amounts.values()) / self._whole  # share of the values off the commonest

    def growth(self, tilt: float) -> float:
        """The logarithm of the mean of exp(tilt x score); asked again for each group."""
        if tilt not in self._known:
            top = max(tilt * score for score in self._amounts)
            parts = [amount * math.exp(tilt * score - top) for score, amount in self._amounts.items()]
            self._known[tilt] = top + math.log(math.fsum(parts) / self._whole)
        return self._known[tilt]

    def tail(self, total: float, drawn: int) -> float | None:
        """Of two values, as of an event: the logarithm of the chance that so many drawn lie as far on that side.

        It is that of drawing without replacement, counted out; None where there are more than two.
        """
        if len(self._amounts) != 2:
            return None
        (low, others), (high, events) = sorted(self._amounts.items())
        observed = round((total - drawn * low) / (high - low))
        step, last = (1, min(drawn, events)) if total > 0 else (-1, max(0, drawn - others))
        all_ways, logs = _log_ways(self._whole, drawn), list[float]()
        for many in range(observed, last + step, step):
            logs.append(_log_ways(events, many) + _log_ways(others, drawn - many) - all_ways)
            if logs[-1] < logs[0] - _NEXT_TO_NOTHING:
                break
        return logs[0] + math.log(math.fsum([math.exp(log - logs[0]) for log in logs]))


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalScores:
    """The normal scores of the values of one stratum that do not all agree."""

    places: Sequence[int]  # of its values among all
    scores: Sequence[float]
    spread: float
    lumps: Lumps | None  # where ties take much of the variance


_Part = tuple[NormalScores, int]  # a stratum, and how many of its values a group has


def scored(values: Sequence[float], strata: Sequence[Hashable]) -> list[NormalScores]:
    """The scores within each stratum. They know nothing of groups, so they serve several ways of grouping."""
    members: dict[Hashable, list[int]] = {}
    for place, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(place)
    by_stratum = []
    for places in members.values():
        own = [values[place] for place in places]
        if min(own) < max(own):
            scores = _scores(own)
            spread = _spread(scores)
            is_lumped = spread < _KEPT * _spread(_quantiles(len(own)))
            by_stratum.append(
                NormalScores(places=places, scores=scores, spread=spread, lumps=Lumps(scores) if is_lumped else None)
            )
    return by_stratum


def apart(groups: Sequence[Hashable], among: Sequence[NormalScores]) -> Spread:
    """Compare groups by the normal scores of their values, ranked within each stratum.

    If it were chance who gave which value of a stratum, the sum of a group's scores had a mean of 0 and a variance that
    is known. It is that of drawing without replacement, so it needs nothing of the law of the values. Its tail is
    normal where values differ; of a rare event among equal values it is longer, and bounded by what was drawn from.
    """
    sums: dict[Hashable, float] = defaultdict(float)
    parts: dict[Hashable, list[_Part]] = defaultdict(list)
    for stratum in among:
        _compare(stratum, [groups[place] for place in stratum.places], sums, parts)
    counts = Counter(groups)
    variances = {group: math.fsum(map(_variance, parts[group])) for group in counts}
    squares = {group: sums[group] ** 2 / variances[group] for group in counts if variances[group] > 0}
    logs = {group: _log_chance(square, sums[group], parts[group]) for group, square in squares.items()}
    if all(_expected(parts[group]) >= _CROWD for group in squares if _are_lumped(parts[group])):
        whole = math.fsum(square * (1 - counts[group] / len(groups)) for group, square in squares.items())
        together = chi_squared_tail(whole, len(squares) - 1)
    else:
        together = min(1.0, math.exp(min(logs.values())) * len(logs))
    return Spread(logs=logs, amounts=counts, together=together, clustering=_clustering(groups, among))


def _clustering(groups: Sequence[Hashable], among: Sequence[NormalScores]) -> float:
    """The design effect of a mean: how much more it varies than that of as many independent values (Kish 1965).

    Two values of a group are correlated by so much as the products of their scores say, beside their variance.
    """
    products = variance = 0.0
    pairs, amounts = 0, Counter[Hashable]()
    for stratum in among:
        sums: dict[Hashable, list[float]] = defaultdict(list)
        for place, score in zip(stratum.places, stratum.scores, strict=True):
            sums[groups[place]].append(score)
        for group, scores in sums.items():
            squares = math.fsum(score * score for score in scores)
            products += math.fsum(scores) ** 2 - squares
            variance += squares
            pairs += len(scores) * (len(scores) - 1)
            amounts[group] += len(scores)
    whole = amounts.total()
    if not pairs or not variance:
        return 1.0
    correlation = (products / pairs) / (variance / whole)
    return max(1.0, 1.0 + correlation * (sum(amount**2 for amount in amounts.values()) / whole - 1.0))


def chi_squared_tail(square: float, freedom: int) -> float:
    """The chance that a sum of so many squares of normal numbers is at least this; 1 without any."""
    if freedom < 1 or square <= 0:
        return 1.0
    half, first = square / 2, freedom % 2 / 2
    powers = (first + place for place in range(freedom // 2))
    chance = math.fsum(math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(1.0, chance + (math.erfc(math.sqrt(half)) if first else 0.0))


def _compare(
    stratum: NormalScores, groups: Sequence[Hashable], sums: dict[Hashable, float], parts: dict[Hashable, list[_Part]]
) -> None:
    for score, group in zip(stratum.scores, groups, strict=True):
        sums[group] += score
    for group, amount in Counter(groups).items():
        parts[group].append((stratum, amount))


def _variance(part: _Part) -> float:
    stratum, amount = part
    return amount * (1 - amount / len(stratum.scores)) * stratum.spread


def _are_lumped(parts: Sequence[_Part]) -> bool:
    return any(stratum.lumps is not None for stratum, _ in parts)


def _expected(parts: Sequence[_Part]) -> float:
    """How many of these values should not be the commonest of their stratum."""
    return math.fsum([amount * (stratum.lumps.rest if stratum.lumps else 1) for stratum, amount in parts])


def _log_chance(square: float, total: float, parts: Sequence[_Part]) -> float:
    """The logarithm of the chance that a sum of so many scores lies at least as far from 0."""
    if square > _FAR:
        log_chance = -square / 2 - math.log(square * math.pi / 2) / 2
    else:
        log_chance = math.log(math.erfc(math.sqrt(square / 2)))
    if log_chance > _DOUBTED or not _are_lumped(parts):
        return log_chance
    return min(0.0, math.log(2) + _one_side(total, parts))


def _one_side(total: float, parts: Sequence[_Part]) -> float:
    (first, amount), *others = parts
    counted = first.lumps.tail(total, amount) if first.lumps and not others else None
    return _bound(total, parts) if counted is None else counted


def _log_ways(whole: int, drawn: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(drawn + 1) - math.lgamma(whole - drawn + 1)


def _bound(total: float, parts: Sequence[_Part]) -> float:
    """The bound of Chernoff on the logarithm of one tail; any tilt gives one, and it is convex in the tilt.

    Drawing without replacement strays no farther than drawing with it (Hoeffding, 1963), and a group as far as all that
    it does not have, so the smaller of the two is asked.
    """
    sign = math.copysign(1.0, total)

    def tilted(tilt: float) -> float:
        grown = [-tilt * abs(total)]
        for stratum, amount in parts:
            others = len(stratum.scores) - amount
            if stratum.lumps is None:
                grown.append(tilt * tilt / 2 * _variance((stratum, amount)))
            else:
                grown.append(min(amount, others) * stratum.lumps.growth(tilt * (sign if amount <= others else -sign)))
        return math.fsum(grown)

    low, high = 0, len(_TILTS) - 1
    while low < high:
        middle = (low + high) // 2
        if tilted(_TILTS[middle + 1]) < tilted(_TILTS[middle]):
            low = middle + 1
        else:
            high = middle
    return tilted(_TILTS[low])


def _spread(scores: Sequence[float]) -> float:
    return math.fsum([score * score for score in scores]) / (len(scores) - 1)


def _scores(values: Sequence[float]) -> list[float]:
    """The normal quantiles of the ranks; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    plain = _quantiles(len(values))
    scores = [0.0] * len(values)
    if len(set(values)) == len(values):  # nearly always: each has its own
        for place, score in zip(order, plain, strict=True):
            scores[place] = score
        return scores
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or values[order[end]] != values[order[start]]:
            mean = math.fsum(plain[start:end]) / (end - start)
            for place in order[start:end]:
                scores[place] = mean
            start = end
    return scores


@lru_cache(maxsize=256)
def _quantiles(amount: int) -> tuple[float, ...]:
    return tuple(_NORMAL.inv_cdf((rank + 0.5) / amount) for rank in range(amount))
'''

SOURCES['axiom_weigh.statistics.replicates_needed'] = r'''"""How many further replicates are likely to be needed: so many with a chance of one half, so many with nine in ten.

The values so far say how large the effect is, drawn towards none by as much as one further value at none would; what
is left open is averaged over. A deterministic forecast, not a promise: it is made anew after each block. `least` is how
many replicates are wanted in all, whatever the numbers say.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from statistics import NormalDist, fmean, median

from axiom_weigh.statistics.mixture import reach
from axiom_weigh.statistics.shares_and_medians import MOST as LARGEST_LOG
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e, signs_needed

Needed = tuple[int | None, int | None]  # further replicates, for one half and for nine in ten; None: beyond MOST
Range = tuple[int | None, int | None, int | None]  # further replicates: seldom fewer, likely, seldom more
MOST = 1_000_000
_CHANCES = (0.5, 0.9)
_NORMAL = NormalDist()
# Four in five lie within this range, and half within a factor of 2 of what is likely (`scripts/campaign evidence`).
# Whoever is still undecided was unlucky, so what is likely comes sooner than in one case of two.
_RANGE = 0.07, 0.37, 0.82
_EFFECTS = tuple(_NORMAL.inv_cdf((place + 0.5) / 15) for place in range(15))  # as likely as each other, in errors
_LARGEST_EFFECT = 10.0
_AT_ONCE = 0.05  # how near the bar a walk begins that has not crossed it
EFFICIENCY = 0.76  # of signed ranks beside the t-mixture, where the law is normal; by simulation


def for_effect(values: Sequence[float], log_e: float, *, null: float = 0.0, least: int = 0) -> Needed:
    """Replicates until the e-value of signed ranks reaches `log_e`, by the t-mixture's, which grows as fast."""
    if len(values) < 2:
        return None, None
    n, effect, _ = _standardised(values, null)

    def chance(whole: int) -> float:
        mean, deviation = _forecast(n, whole, effect)
        return _chance_beyond(_bar(whole, log_e), mean, deviation)

    return _further(n, chance, least)


def _bar(whole: int, log_e: float, efficiency: float = EFFICIENCY) -> float:
    """How far from the null, in units of the spread, the mean of so many values must lie."""
    if whole < fewest_deciding(log_e):
        return math.inf
    telling = round(efficiency * whole)
    return reach(telling, alpha=math.exp(-log_e)) / math.sqrt(telling)


@lru_cache(maxsize=256)
def fewest_deciding(log_e: float) -> int:
    """How many values, all of them on one side, let the e-value of signed ranks reach `log_e`."""
    from axiom_weigh.statistics.signed_ranks import GROUP, either, log_es, stream  # which needs NumPy

    n, bar = 0, min(log_e, LARGEST_LOG - 1.0)
    while either(*log_es(stream([1.0] * n), 0.0)) < bar:
        n += GROUP
    return n


def until_whole(n: int, more: int) -> int:
    """How many more than n values there are when so many more have come and their group is whole."""
    from axiom_weigh.statistics.signed_ranks import GROUP

    return -(-(n + more) // GROUP) * GROUP - n


def if_effect(values: Sequence[float], smallest: float, log_e: float) -> Needed:
    """Replicates until the e-value of signed ranks reaches `log_e`, for an effect of this size and the spread seen."""
    if len(values) < 2:
        return None, None
    n, _, scale = _standardised(values, median(values))
    if not scale:
        return 0, 0

    def chance(whole: int) -> float:
        return _chance_beyond(_bar(whole, log_e), smallest / scale, 1.0 / math.sqrt(whole))

    return _further(n, chance, 0)


def of_size(effect: float, log_e: float, *, least: int) -> Needed:
    """Replicates until the e-value of signed ranks has once reached `log_e`, for an effect of so many spreads.

    Sums of values are a walk with a drift, and the bar is nearly a line about each place: a walk has crossed a line by
    then with a chance that is known (Siegmund 1985, section III.3).
    """

    def chance(whole: int) -> float:
        span = 1 + whole // 20
        if whole - span < 2 or math.isinf(_bar(whole - span, log_e)):
            return 0.0
        low, middle, high = (_bar(n, log_e) * n for n in (whole - span, whole, whole + span))
        rise = (high - low) / (2 * span)
        return _chance_crossed(middle - whole * rise, rise - effect, whole)

    return _further(0, chance, least)


def until_crossed(
    values: Sequence[float],
    log_now: float,
    log_e: float,
    *,
    null: float = 0.0,
    efficiency: float = EFFICIENCY,
    least: int = 0,
) -> Range | None:
    """A range of further replicates until an e-value that is `log_now` has once reached `log_e`; None of one value.

    Values go on as a walk, from as near to the bar as the e-value says, with a drift of which is known what they say.
    """
    if len(values) < 2:
        return None
    n, effect, _ = _standardised(values, null)
    effect = max(-_LARGEST_EFFECT, min(_LARGEST_EFFECT, effect))
    expected = effect * n / (n + 1.0)
    error = math.sqrt((1.0 + effect * effect / 2.0) / (n + 1.0))
    is_begun = log_now > 1e-9 - 0.5 * math.log1p(round(efficiency * n))  # an e-value is never less, of the t-mixture
    begins = _bar(n, log_now, efficiency) * n if is_begun else 0.0
    begins = math.copysign(begins if math.isfinite(begins) else 0.0, effect)

    @cache
    def chance(whole: int) -> float:
        if whole == n:
            return 0.0
        before, after = max(n, whole - 1 - whole // 20), whole + 1 + whole // 20
        low, middle, high = (_bar(place, log_e, efficiency) * place for place in (before, whole, after))
        if math.isinf(low):
            return 0.0
        rise = (high - low) / (after - before)
        line = middle - (whole - n) * rise
        return fmean(
            min(1.0, _passed(line - begins, rise - drift, whole - n) + _passed(line + begins, rise + drift, whole - n))
            for drift in (expected + error * deviate for deviate in _EFFECTS)
        )

    few, likely, many = (_least(n, chance, wanted) for wanted in _RANGE)
    floor = max(0, least - n)
    few, likely, many = (None if more is None else max(floor, more) for more in (few, likely, many))
    return few, likely, many


def _passed(start: float, drift: float, steps: int) -> float:
    return _chance_crossed(max(start, _AT_ONCE), drift, steps)


def _chance_crossed(start: float, drift: float, steps: int) -> float:
    """The chance that a walk has crossed a line by then, of which it is so far away and goes away by so much a step."""
    root = math.sqrt(steps)
    beyond = _chance_below(-(start + drift * steps) / root, 0.0, 1.0)
    returned = math.exp(min(700.0, -2.0 * start * drift)) * _chance_below((drift * steps - start) / root, 0.0, 1.0)
    return beyond + returned


def if_share(n: int, likely: float, null: float, log_e: float) -> Needed:
    """Replicates until the Bernoulli e-value against a chance of `null` reaches `log_e`, if it were so likely."""

    def chance(whole: int) -> float:
        fewest, most = _telling(whole, null, log_e)
        mean, deviation = whole * likely, math.sqrt(whole * likely * (1.0 - likely))
        return _chance_below(fewest + 0.5, mean, deviation) + 1.0 - _chance_below(most - 0.5, mean, deviation)

    return _further(n, chance, 0)


def for_share(successes: int, n: int, null: float, log_e: float, *, least: int = 0) -> Needed:
    """Replicates until the Bernoulli e-value against a chance of `null` reaches `log_e`.

    The signs about a median are such a share too, with a null of one half.
    """
    if n < 1:
        return None, None
    expected = (successes + 0.5) / (n + 1.0)

    def chance(whole: int) -> float:
        more = whole - n
        mean = successes + more * expected
        deviation = math.sqrt(more * expected * (1.0 - expected) * (1.0 + more / (n + 2.0)))
        fewest, most = _telling(whole, null, log_e)
        return _chance_below(fewest + 0.5, mean, deviation) + 1.0 - _chance_below(most - 0.5, mean, deviation)

    return _further(n, chance, least)


def for_absence(
    values: Sequence[float], null: float, smallest: float, *, by_signs: bool, alpha: float = 0.05, least: int = 0
) -> Needed:
    """Replicates until effects of `smallest` are refuted on either side: by signs, or by signed ranks.

    Signs bound a median, which varies more than a mean by the root of half of pi where the law is normal.
    """
    if len(values) < 2 or smallest <= 0:
        return None, None
    n, effect, scale = _standardised(values, null)
    room = smallest / scale if scale else math.inf

    def chance(whole: int) -> float:
        mean, deviation = _forecast(n, whole, effect)
        if by_signs:
            agreeing = signs_needed(whole, alpha)
            left = room - _NORMAL.inv_cdf(agreeing / whole) if agreeing < whole else 0.0
            deviation *= math.sqrt(math.pi / 2)
        else:  # each side is asked at half of the level, as the interval has it
            left = room - _bar(whole, -math.log(alpha))
        return max(0.0, 1.0 - _chance_beyond(left, mean, deviation)) if left > 0 else 0.0

    return _further(n, chance, least)


def _standardised(values: Sequence[float], null: float) -> tuple[int, float, float]:
    """How many there are, their mean in units of their spread, and the spread.

    Far ones are drawn in to three units, and the ratio by what few values overstate it (Hedges).
    """
    import numpy as np  # whoever imports this for its other forecasts goes without

    numbers = np.array(values)
    shift = math.frexp(max(float(np.abs(numbers).max()), abs(null)))[1]  # so that sums of the largest stay numbers
    scaled, null = np.ldexp(numbers, -shift), math.ldexp(null, -shift)
    centre = float(np.median(scaled))
    unit = 1.4826 * float(np.median(np.abs(scaled - centre)))
    if unit > 0:
        scaled = np.clip(scaled, centre - 3 * unit, centre + 3 * unit)
    mean, n = fmean(scaled.data), len(scaled)
    away, scale = mean - null, math.sqrt(math.fsum(((scaled - mean) ** 2).data) / (n - 1))
    if scale == 0 or abs(away) > 1e6 * scale:
        return n, math.copysign(1e6, away) if away else 0.0, _unscaled(scale, shift)
    return n, away / scale * (1.0 - 3.0 / (4.0 * n - 5.0)), _unscaled(scale, shift)


def _unscaled(number: float, shift: int) -> float:
    try:
        return math.ldexp(number, shift)
    except OverflowError:
        return math.inf


def _forecast(n: int, whole: int, effect: float) -> tuple[float, float]:
    """Where the standardised mean of all will lie, and how surely: an effect within about one unit was expected.

    Its uncertainty is that of the mean and of the spread in units of which it is told.
    """
    more = whole - n
    mean = (n * effect + more * effect * n / (n + 1.0)) / whole
    doubt = 1.0 / (n + 1.0) + effect * effect / (2.0 * (n - 1))
    return mean, math.sqrt(more * (more * doubt + 1.0)) / whole


def _chance_beyond(bar: float, mean: float, deviation: float) -> float:
    """The chance to lie further from 0 than the bar, on either side."""
    return _chance_below(-bar, mean, deviation) + 1.0 - _chance_below(bar, mean, deviation)


def _chance_below(bar: float, mean: float, deviation: float) -> float:
    if deviation == 0:
        return float(mean <= bar)
    return 0.5 * math.erfc((mean - bar) / (deviation * math.sqrt(2.0)))


@lru_cache(maxsize=4096)
def _telling(n: int, null: float, log_e: float) -> tuple[int, int]:
    """At most so many, or at least so many successes of n reach the e-value; -1 and n + 1 where none do."""
    peak = min(n, max(0, round(n * null)))
    low, high = -1, peak
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bernoulli_log_e(middle, n, null) >= log_e else (low, middle)
    fewest, (low, high) = low, (peak, n + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bernoulli_log_e(middle, n, null) >= log_e else (middle, high)
    return fewest, high


def _further(n: int, chance: Callable[[int], float], least: int) -> Needed:
    """Also as many as are missing to `least` in all."""
    half, most = (_least(n, chance, wanted) for wanted in _CHANCES)
    floor = max(0, least - n)
    return None if half is None else max(floor, half), None if most is None else max(floor, most)


def _least(n: int, chance: Callable[[int], float], wanted: float) -> int | None:
    """Doubling, then halving: the chance grows with the number of replicates, but for ripples."""
    if chance(n) >= wanted:
        return 0
    step = 1
    while chance(n + step) < wanted:
        step *= 2
        if step > MOST:
            return None
    low, high = step // 2, step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(n + middle) >= wanted else (middle, high)
    return high
'''

SOURCES['axiom_weigh.statistics.shares_and_medians'] = r'''"""What may be said after each further replicate: e-values and intervals that hold at every look at once.

An e-process starts at 1 and is, under the null, expected never to grow; so the chance that it ever reaches 20 is at
most one in twenty, however often anybody looks (Ville). All of them are given as natural logarithms.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache

MOST = 690.0  # e to this is the largest that is told: a little under 1e300


@lru_cache(maxsize=65_536)
def dealt_log_e(plus: int, unknown: int, n: int) -> float:
    """How strongly so many plus signs of n speak against a median of 0; a Beta(1/2, 1/2) mixture over their chance.

    A sign is unknown of a missing value and of one that is the median itself. It may have been either, so the unknown
    ones are dealt out to make plus and minus as equal as they can be. That is the least that any dealing gives, and one
    dealing is the fair coin's: the process holds for laws with a lump on the median, and whatever is missing.
    """
    return bernoulli_log_e(min(max(plus, n // 2), plus + unknown), n, 0.5)


def bernoulli_log_e(successes: int, n: int, p0: float) -> float:
    """How strongly so many successes of n speak against a chance of p0; a Beta(1/2, 1/2) mixture over the chance."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} cannot be: there must be 0 to {n}")
    if not 0.0 <= p0 <= 1.0:
        raise ValueError(f"a chance of {p0} cannot be: it must be between 0 and 1")
    failures = n - successes
    mixture = math.lgamma(successes + 0.5) + math.lgamma(failures + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)
    return capped(mixture - _log_power(p0, successes) - _log_power(1.0 - p0, failures))


def median_of(numbers: Sequence[float]) -> float:
    """The mean of the two in the middle is a number even where their sum is none."""
    middle = float(statistics.median(numbers))
    if math.isfinite(middle):
        return middle
    return statistics.median_low(numbers) / 2.0 + statistics.median_high(numbers) / 2.0


def median_sequence(
    values: Sequence[float], *, missing: int = 0, alpha: float = 0.05
) -> tuple[float | None, float | None]:
    """Return the interval of all medians that the signs do not speak against; it holds at every look at once.

    Its two ends are values themselves, so it needs nothing of the law. Values that never came count as minus infinity
    for the lower end and as plus infinity for the upper one. None is an end that is not bounded yet.

    A value is censored when only a limit is known that it lies beyond: a training that was stopped before it got there.
    It is given as that limit, which keeps its place among the others; an end that is the limit itself is to be read as
    "at least" it.
    """
    ordered = sorted(values)
    needed = signs_needed(len(ordered) + missing, alpha)
    if needed > len(ordered):
        return None, None
    return ordered[len(ordered) - needed], ordered[needed - 1]


def share_sequence(successes: int, n: int, *, missing: int = 0, alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of all chances that successes of n do not speak against; it holds at every look at once.

    What never came counts as a failure for the lower end and as a success for the upper one. What was stopped at the
    limit within which it had to happen did come: it is a failure.
    """
    whole, bar = n + missing, -math.log(alpha)
    most = successes + missing

    def too_low(chance: float) -> bool:
        return successes > chance * whole and bernoulli_log_e(successes, whole, chance) >= bar

    def high_enough(chance: float) -> bool:
        return most < chance * whole and bernoulli_log_e(most, whole, chance) >= bar

    return _first(lambda chance: not too_low(chance)), _first(high_enough)


@lru_cache(maxsize=4096)
def signs_needed(n: int, alpha: float) -> int:
    """How many of n signs must agree to speak against a median at level alpha; n + 1 when not even all would."""
    low, high = (n + 1) // 2, n + 1
    while low < high:
        middle = (low + high) // 2
        if bernoulli_log_e(middle, n, 0.5) >= -math.log(alpha):
            high = middle
        else:
            low = middle + 1
    return low


def capped(log_e: float) -> float:
    """Return what is told of a logarithm of any size."""
    return max(-MOST, min(MOST, log_e))


def _log_power(chance: float, times: int) -> float:
    if times == 0:
        return 0.0
    return times * math.log(chance) if chance > 0 else -math.inf


def _first(holds: Callable[[float], bool]) -> float:
    """The smallest chance for which it holds, when it holds for all above; 1 when for none."""
    low, high = 0.0, 1.0
    if holds(low):
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
'''

SOURCES['axiom_weigh.statistics.signed_ranks'] = r'''"""Sequential signed ranks: how strongly values speak against a typical value, and which typical values are left.

The typical value is the pseudo-median (Hodges and Lehmann 1963): half of all means of two values lie above it. Bets on
pairs ask about it. If the typical value is the number asked about, the mean of a pair lies above it as often as below,
whatever the law of the values. So nothing is gained on average by betting on its side.

Values come in groups of four. Four can be paired in three ways, and each way is two fair bets; the capital becomes the
mean of the three. So of each value its sign counts, and the rank of its distance among its four, however large it is.
This needs a quarter fewer values than one way would, and nothing of their law.

What a value wins never grows when the number grows. So the numbers that are not refuted are an interval, and it leaves
the null out exactly when the null is refuted.

A missing value loses its pair, whichever that is. So no reason for which values are missing can make anything surer.
In a group that is not whole yet a pair is lost while one of it has come, and is no bet before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from axiom_weigh.statistics.shares_and_medians import capped

Numbers = npt.NDArray[np.float64]
_of_any_size = np.errstate(over="ignore", invalid="ignore")  # two numbers may lie farther apart than any number

GROUP = 4  # values that are paired with each other
# How much of the capital is bet on a pair, with which share of it. Twelve values on one side decide: eight come more
# often than once in forty of some laws. Beside that, normal values decide soonest with about these (`scripts/campaign
# evidence seeds-needed`). The smallest bets tell of small effects in many values.
_BETS = np.array([0.98, 0.6, 0.25, 0.08, 0.025, 0.008])
_SHARES = np.log([0.58, 0.29, 0.08, 0.03, 0.01, 0.01])
_WAYS = np.array([[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])  # to pair four values
_ALL_MEANS = 200  # values, up to which the mean of each two is made
_PRECISE = 1e-9  # of the distance of quartiles, to which the middle of many values is found


def _grown() -> Numbers:
    """The logarithm of what a group makes of each bet, at 4 x the ways that win both pairs + those that win one."""
    both, single = np.divmod(np.arange(16.0)[:, None], 4)
    none = np.maximum(0.0, 3 - both - single)
    made: Numbers = (both * (1 + _BETS) ** 2 + single * (1 - _BETS**2) + none * (1 - _BETS) ** 2) / 3
    return np.log(made)


_GROWN = _grown()


@dataclass(frozen=True)
class Stream:
    """Values in the order in which they count, ready to be asked about many numbers."""

    means: Numbers  # of each pair, by whole groups and ways to pair them; no number where a value is missing
    last: tuple[Numbers, ...]  # the values of each group that is not whole
    ordered: Numbers  # those that are there, sorted

    @cached_property
    def middle(self) -> float:
        """The typical value of the sample; no number where there is none."""
        return _middle(self.ordered) if len(self.ordered) else math.nan


def stream(values: Sequence[float | None], designs: Sequence[str] = ()) -> Stream:
    """Read values, None for a missing one. Those of a group are of one design, where designs are named."""
    numbers = np.array(values, dtype=np.float64)  # None becomes what is no number
    places: dict[str, list[int]] = {}
    for place, design in enumerate(designs):
        places.setdefault(design, []).append(place)
    parts = [numbers[own] for own in places.values()] or [numbers]
    whole = [len(part) // GROUP * GROUP for part in parts]
    groups = np.concatenate([part[:end] for part, end in zip(parts, whole, strict=True)]).reshape(-1, GROUP)
    return Stream(
        means=(groups[:, _WAYS] / 2.0).sum(axis=3),
        last=tuple(part[end:] for part, end in zip(parts, whole, strict=True) if end < len(part)),
        ordered=np.sort(numbers[~np.isnan(numbers)]),
    )


@_of_any_size
def log_es(stream: Stream, null: float, *, with_last: bool = False) -> tuple[float, float]:
    """How strongly the values speak for lying above the null, and for lying below it, as two logarithms.

    Each is an e-process by itself: of whole groups as they end, and `with_last` of the values one by one. Whoever takes
    the larger of the two asks twice as much of it.
    """
    return log_e(stream, null, 1, with_last=with_last), log_e(stream, null, -1, with_last=with_last)


@_of_any_size
def log_e(stream: Stream, null: float, side: int, *, with_last: bool = False) -> float:
    """The first of `log_es` where the side is 1, and the second where it is -1; the null itself is on neither."""
    won = np.count_nonzero(side * stream.means > side * null, axis=2)
    kinds = 4 * np.count_nonzero(won == 2, axis=1) + np.count_nonzero(won == 1, axis=1)
    grown = np.bincount(kinds, minlength=len(_GROWN)) @ _GROWN + _SHARES
    if with_last:
        grown = grown + sum(_begun(last, null, side) for last in stream.last)
    most = grown.max()
    return capped(float(most + math.log(np.exp(grown - most).sum())))


def _begun(last: Numbers, null: float, side: int) -> Numbers:
    """The logarithm of what a group that is not whole has made of each bet."""
    group = np.append(last, np.full(GROUP - len(last), math.nan))[_WAYS] / 2.0
    won = np.where(side * group.sum(axis=2) > side * null, 1.0, -1.0)
    bets = np.where(_WAYS.min(axis=2) < len(last), won, 0.0)[..., None] * _BETS  # 0 where none of a pair has come
    made: Numbers = np.log(np.mean(np.prod(1.0 + bets, axis=1), axis=0))
    return made


def either(above: float, below: float) -> float:
    """One logarithm for both sides: the larger, with half of the capital; 0 at most where neither has won anything."""
    larger = max(above, below) - math.log(2.0)
    return larger if larger > 0 else min(0.0, float(np.logaddexp(above, below)) - math.log(2.0))


def interval(stream: Stream, *, alpha: float = 0.05) -> tuple[float | None, float | None]:
    """Return the ends of the numbers that are not refuted, at every look at once; None is an end without a bound."""
    means = np.unique(stream.means[~np.isnan(stream.means)])
    return _end(stream, means, 1, alpha), _end(stream, means[::-1], -1, alpha)


def _end(stream: Stream, means: Numbers, side: int, alpha: float) -> float | None:
    """The first of these means, seen from outside, that is not refuted; None where nothing outside of them is."""
    bar = math.log(2.0 / alpha)
    if log_e(stream, -side * math.inf, side) < bar:
        return None
    refuted, left = -1, len(means) - 1
    while left - refuted > 1:
        middle = (refuted + left) // 2
        refuted, left = (middle, left) if log_e(stream, float(means[middle]), side) >= bar else (refuted, middle)
    return float(means[left])


@_of_any_size
def pseudo_median(values: Sequence[float]) -> float:
    """Return the number below which half of the means of two values lie, each value with itself among them."""
    return _middle(np.sort(np.array(values, dtype=np.float64)))


@_of_any_size
def _middle(ordered: Numbers) -> float:
    n = len(ordered)
    if n <= _ALL_MEANS:
        first, second = np.triu_indices(n)
        return 2.0 * float(np.median(ordered[first] / 4.0 + ordered[second] / 4.0))  # sums of the largest are none
    half = n * (n + 1) / 4.0

    def is_below(number: float) -> bool:
        """Are fewer than half of the means at most this?"""
        twice = np.searchsorted(ordered, number + (number - ordered), "right").sum()
        return bool((twice + np.searchsorted(ordered, number, "right")) / 2.0 < half)

    low, high, reach = n // 2, n // 2, int(2.0 * math.sqrt(n))
    while low > 0 and not is_below(float(ordered[low])):
        low, reach = max(0, low - reach), 2 * reach
    while high < n - 1 and is_below(float(ordered[high])):
        high, reach = min(n - 1, high + reach), 2 * reach
    start, end = float(ordered[low]), float(ordered[high])
    if start < end and is_below(math.nextafter(end, -math.inf)):
        return end  # many values are this one, which halving reaches after a thousand steps
    precise = _PRECISE * float(ordered[3 * n // 4] / 2.0 - ordered[n // 4] / 2.0)
    while end - start > precise and start < (middle := start / 2.0 + end / 2.0) < end:
        start, end = (middle, end) if is_below(middle) else (start, middle)
    return end
'''

SOURCES['axiom_weigh.statistics.student'] = r'''"""Student's distribution, and the intervals of means that hold for one look, where values are about normal."""

import functools
import math
from collections.abc import Sequence

Ends = tuple[float | None, float | None]  # of an interval; None: beyond all numbers, or too few values to say

_HALVINGS = 60
_TERMS = 20_000  # of the continued fraction, of which a million degrees of freedom take about a thousand
_PRECISE = 1e-15


def mean_interval(values: Sequence[float], level: float = 0.95) -> Ends:
    """Where the mean of all seeds is, if the values are roughly normal or many."""
    if len(values) < 2:
        return None, None
    error = deviation_of(values) / math.sqrt(len(values))
    return _about(mean_of(values), t_quantile(len(values) - 1, level) * error)


def welch_interval(ours: Sequence[float], base: Sequence[float], level: float = 0.95) -> Ends:
    """Where the difference of two means is, of runs that are not paired and may vary differently (Welch 1947)."""
    if min(len(ours), len(base)) < 2:
        return None, None
    shares = [deviation_of(arm) / math.sqrt(len(arm)) for arm in (ours, base)]
    error = math.hypot(*shares)
    difference = mean_of(ours) - mean_of(base)
    if not error:
        return difference, difference
    parts = [(share / error) ** 4 / (len(arm) - 1) for share, arm in zip(shares, (ours, base), strict=True)]
    return _about(difference, t_quantile(1.0 / sum(parts), level) * error)


def mean_of(numbers: Sequence[float]) -> float:
    """The mean, which lies among the numbers: what is lost in its last digit leads nowhere beyond them.

    Else arms of unequal size that all measured the same would differ. Numbers near the largest are divided before the
    sum, so that it is one.
    """
    try:
        mean = math.fsum(numbers) / len(numbers)
    except OverflowError:
        mean = 2.0 * math.fsum(number / len(numbers) / 2.0 for number in numbers)
    return max(float(min(numbers)), min(float(max(numbers)), mean))


def deviation_of(values: Sequence[float]) -> float:
    """The standard deviation of two values or more."""
    mean = mean_of(values)
    return math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)


@functools.lru_cache(maxsize=4096)
def t_quantile(freedom: float, level: float = 0.95) -> float:
    """How many standard errors on each side of the mean Student's distribution wants for this level."""
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _beyond(middle, freedom) < 1.0 - level else (middle, high)
    return math.sqrt(freedom) * math.tan(low)


def _about(middle: float, half: float) -> Ends:
    low, high = middle - half, middle + half
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


def _beyond(angle: float, freedom: float) -> float:
    """The share of Student's distribution beyond √freedom · tan(angle), which is an incomplete beta function."""
    a, b, x = freedom / 2, 0.5, math.cos(angle) ** 2
    other = math.sin(angle) ** 2
    if not x or not other:
        return float(not other)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(other)
    if x < (a + 1) / (a + b + 2):
        return math.exp(front) * _fraction(a, b, x) / a
    return 1.0 - math.exp(front) * _fraction(b, a, other) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Lentz; Abramowitz and Stegun 26.5.8)."""
    over, under = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1))
    whole = under
    for m in range(1, _TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            under = 1.0 / (1.0 + term * under)
            over = 1.0 + term / over
            whole *= over * under
        if abs(over * under - 1.0) < _PRECISE:
            break
    return whole
'''

SOURCES['axiom_weigh.values'] = r'''"""What evidence is made of, and what is concluded from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is computed of the values of a seed, as it is registered."""

    CONTRAST = "contrast"
    SLOPE = "slope"
    RANK_CORRELATION = "rank_correlation"
    EXPONENT = "exponent"
    BREAKPOINT = "breakpoint"
    PROPORTION = "proportion"
    LEVEL = "level"
    DIMENSION = "dimension"


class Outcome(StrEnum):
    """How the computation of a seed ended."""

    OK = "ok"
    LATE = "late"  # stopped at its time limit; an outcome, not a gap: it counts against the claim
    DIVERGED = "diverged"  # a measure left the real numbers
    FAILED = "failed"


class Cohort(StrEnum):
    """The purpose of a registration's replicates."""

    EXPLORATORY = "exploratory"  # shown beside a claim that was formed from them, and never weighed into it
    CONFIRMATORY = "confirmatory"  # issued after the claim was registered


class Verdict(StrEnum):
    """The conclusion from the evidence. The sign is that of the number, not of the claim."""

    POSITIVE = "effect +"
    NEGATIVE = "effect −"
    ABSENT = "absent"  # shown to be nearer to nothing than the smallest effect that matters
    MIXED = "mixed"  # designs disagree
    UNDECIDED = "undecided"

    @property
    def is_decided(self) -> bool:
        """Does it say how the number lies, for all designs together?"""
        return self not in (Verdict.MIXED, Verdict.UNDECIDED)


class Grade(StrEnum):
    """How far the evidence carries. It follows the last closed block, so it can fall."""

    AWAITING = "Awaiting"
    MODERATE = "Moderate"
    STRONG = "Strong"
    DEFINITIVE = "Definitive"


OUTVOTED = "two others computed it otherwise, and alike"  # why a value is missing that has come back
NOT_WAITING = "it had happened before the time from which on it is asked"  # why there is no value, and none is missing
_CENTRES = {"bernoulli": "share", "betting": "mean", "signed ranks": "typical value"}  # by how it is weighed
EVERY_NUMBER = "every number"  # begins what a replicate repeats where a whole cell is that of another seed
COARSE = "coarse"  # begins the fingerprint of measures that have few values to choose from: seeds may agree in all


def centre_of(e_kind: str) -> str:
    """What is estimated of values that are weighed so, in a word."""
    return _CENTRES.get(e_kind, "median")


# Not frozen: it is made a million times, and that would take three times as long.
@dataclass(kw_only=True, slots=True, unsafe_hash=True)
class Observation:
    """The estimand's value in one replicate, and who computed it; None when a cell is missing, late or failed.

    A value to which several hosts contributed is gone without any of them.
    """

    replicate: int
    value: float | None
    hosts: tuple[int, ...] = ()  # that computed its cells: several when it was ordered in parts
    why_missing: str = ""
    outcome: Outcome | None = Outcome.OK  # the worst of its cells; None where one never came back
    registration: int = 0  # to which its number was issued
    design: str = ""
    cohort: Cohort = Cohort.CONFIRMATORY  # exploratory: older than the claim, so shown and never counted
    fingerprint: str = ""  # of everything measured: of two seeds with the same one, one was not used. Empty: unknown
    repeats: str = ""  # which of its cells has the very numbers of another seed, though the whole has not
    gpus: tuple[tuple[int, str], ...] = ()  # those of its hosts whose GPU computed some of it, with the GPU's kind

    @property
    def is_asked(self) -> bool:
        """Is it one of those that the claim is about? What had happened before says nothing of what happens later."""
        return self.why_missing != NOT_WAITING

    def platforms(self, homes: Mapping[int, "Home"]) -> dict[int, str]:
        """What each of its hosts that is known computed it on."""
        gpus = dict(self.gpus)
        return {host: homes[host].with_gpu(gpus.get(host, "")) for host in self.hosts if host in homes}


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """The host, volunteer and platform that a result comes from."""

    host_id: int
    volunteer_id: int
    platform: str
    is_ours: bool | None = None  # the laboratory's own; None in files that somebody weighs

    def with_gpu(self, kind: str) -> str:
        """The platform of what its GPU of this kind computes, as `Platform.with_gpu` says it; without one its own."""
        return f"{self.platform.rpartition('-')[0]}-{kind.lower()}" if kind else self.platform


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Consecutive replicates that enter evidence together, once each is back, failed or late."""

    number: int
    replicates: tuple[int, ...]
    closed: bool
    reason: str
    is_whole: bool = True  # all of its replicates are ordered
    registration: int = 0  # to which its replicates were issued


class Force(StrEnum):
    """The effect of an alarm."""

    TELLS = "tells"  # it is shown
    HOLDS_BACK = "holds back"  # no grade above Moderate until it is explained
    SUSPENDS = "suspends"  # nothing more is ordered until somebody has looked


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A sign that the values are not what they are said to be."""

    kind: str  # clones, constant, repeats, steady, hosts, platforms, duplicates, missing or bounds
    force: Force
    text: str  # a sentence without its full stop
    hosts: tuple[int, ...] = ()  # whom it names


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreements:
    """How many seeds that were computed on these two platforms agreed. Twice the same platform: two hosts of it."""

    platforms: tuple[str, str]  # in alphabetical order
    exact: int = 0  # bit for bit
    close: int = 0  # within what the experiment tolerates
    divergent: int = 0
    disputed: int = 0  # of the divergent, those whose first values differ: hosts disagree; in the others it is chaos

    @property
    def agreed(self) -> int:
        """Seeds of which the two hosts say the same, if only at first: the end of a chaotic training may differ."""
        return self.exact + self.close + self.divergent - self.disputed


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Facts that a grade needs besides the finding's own numbers: repeated seeds, its place among all claims."""

    agreements: tuple[Agreements, ...] = ()
    false_share: float | None = None  # the finding is in the e-BH set at this q, 0.01 or 0.05; None: in neither
    is_registered: bool = True  # before its first seed; false for a file that somebody weighs


METHOD = 4  # the rules by which evidence is weighed; one more whenever the same observations may say something else


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One line of a finding's history: estimate, interval, e-value, verdict and grade from its closed blocks.

    A line is written for each closed block, and whenever something else changed the conclusion.
    """

    blocks: int  # closed, from the first on without a gap
    seeds: int  # replicates with a value
    missing: int  # replicates without one; each counts against the claim
    estimate: float | None  # `centre` says of what
    low: float | None  # of the confidence sequence about it: holds at every look at once; None is unbounded
    high: float | None
    e_value: float  # against "no effect", capped at 1e300; above 1 speaks for an effect
    e_kind: str  # signed ranks, sign, bernoulli or betting: registered with the estimand's kind
    verdict: Verdict
    grade: Grade
    hosts: int
    volunteers: int
    platforms: int
    needs: tuple[str, ...]  # what is missing for the next grade, in words
    flags: tuple[str, ...]
    reasons: tuple[str, ...]  # every step of the weighing, in order
    line: int = 0  # its place in the finding's history, from 1 on; 0 before it has one
    designs: int = 1  # that have a value
    clones: int = 0  # values that another seed had given before; they count against the claim, too
    e_absent: float = 1.0  # against an effect as large as the smallest that matters
    alarms: tuple[Alarm, ...] = ()
    agreements: tuple[Agreements, ...] = ()
    false_share: float | None = None  # in the e-BH set of the whole laboratory at this q, 0.01 or 0.05
    more: tuple[int | None, int | None] | None = None  # replicates to the next grade: one chance in two, nine in ten
    method: int = METHOD

    @property
    def centre(self) -> str:
        """What the estimate is of the values, in a word."""
        return centre_of(self.e_kind)

    @property
    def suspends(self) -> bool:
        """Should nothing more be ordered until somebody has looked?"""
        return any(alarm.force is Force.SUSPENDS for alarm in self.alarms)
'''


class Carried(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the modules of this file, and only these, by the names that they have in Axiom."""

    def find_spec(self, name, path=None, target=None):
        if name in SOURCES or self.is_package(name):
            return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))
        return None

    def is_package(self, name):
        return any(each.startswith(name + ".") for each in SOURCES)

    def get_source(self, name):
        return SOURCES.get(name, "")


if __name__ == "__main__":
    missing = [name for name in ['numpy'] if importlib.util.find_spec(name) is None]
    if missing:
        sys.stderr.write(f"This needs {' and '.join(missing)}: python -m pip install {' '.join(missing)}\n")
        sys.exit(2)
    sys.meta_path.insert(0, Carried())
    from axiom.web.export.recompute import main

    sys.exit(main(sys.argv[1:], __file__))
