"""An experiment: a question, a sweep, a pure function and its cost.

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


_PERCENT = ("", "%", "percentage points")
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
    along: str = ""  # what the x axis says it is, where the words of the factor are none of an axis
    levels: Mapping[str, str] = field(default_factory=dict)  # of it, told in another number, as in {"3": "51 %"}
    percent: str = ""  # what a hundredth of y is, where y is told in that: "%" or "percentage points"

    def __post_init__(self) -> None:
        """Refuse words in place of numbers, and numbers that nobody knows what they are of."""
        if (self.levels and not self.along) or not all(map(_LEVEL.fullmatch, self.levels.values())):
            raise ValueError("the levels of a figure are numbers, with % or without, and along says of what")
        if self.percent not in _PERCENT:
            raise ValueError(f"percent of a figure is one of {', '.join(map(repr, _PERCENT))}, not {self.percent!r}")

    def shows(self, config: Mapping[str, object]) -> bool:
        """Is this one of the cells that the picture shows?"""
        return self.where.items() <= config.items()

    def as_data(self) -> dict[str, Any]:
        """Return it as a manifest holds it, which leaves out what older ones did not have and this does not say."""
        data = asdict(self) | {"log": list(self.log), "where": dict(self.where)}
        return {name: part for name, part in data.items() if part or name not in ("along", "levels", "percent")}


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
