"""What to draw, as plain data: seven kinds of picture, with the words and the table that belong to each.

Standard library only: whoever asks for a picture never loads what draws it.
"""

import operator
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from axiom_weigh.amounts import tell_amount
from axiom_weigh.figures import limits
from axiom_weigh.figures.palette import SERIES
from axiom_weigh.figures.scales import digits_in_unit, format_value, pick_evenly
from axiom_weigh.values import Evidence, Grade, Observation, Verdict

Level = float | int | str | bool

_MOST_LEVELS = 5  # that are told one by one
BETWEEN = ", "  # factors of a series, and their levels


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredConfig:
    """One config and what its seeds say: a measure's median, or the share with an event, and the interval about it."""

    config: Mapping[str, Level]
    seeds: int
    estimate: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepPoint:
    """One place of a sweep's picture."""

    x: Level
    estimate: float | None
    low: float | None = None
    high: float | None = None
    seeds: int = 1
    series: Level | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PointMark:
    """A point of a sweep that a sentence speaks of, with what stands beside it."""

    point: SweepPoint
    words: str
    more: tuple[str, ...] = ()  # lines below
    is_reference: bool = False  # what the other mark is compared with


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """One measure over one factor; a further factor that varies makes a series of each of its levels."""

    name: str
    title: str
    x: str
    y: str
    points: tuple[SweepPoint, ...]
    log: tuple[str, ...] = ()
    by: str = ""
    confidence: float = 0.95
    marks: tuple[PointMark, ...] = ()
    own: tuple[SweepPoint, ...] = ()  # the points of one part, marked among those of all, which then are grey
    spoken_of: tuple[Level | None, ...] = ()  # series of which an answer speaks
    levels: Mapping[str, str] = field(default_factory=dict)  # how places along the x axis are told, as in {"3": "51 %"}
    is_share: bool = False  # `y` happens in a run or not, and a point is the share of runs in which it did
    percent: str = ""  # in what `y` is told where one of it is a hundred: "%", "percentage points", "% of the start"

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(any(point.estimate is not None for point in self.points), self.name, "no config has an estimate")

    def name_level(self, level: Level) -> str:
        """A place along the x axis, as it is told."""
        is_number = isinstance(level, int | float) and not isinstance(level, bool)
        return self.levels.get(f"{level:g}" if is_number else str(level), format_value(level))

    @property
    def quantity(self) -> str:
        """What a point is."""
        if self.is_share:
            return f"share of runs with {_plain(self.y)}"
        return f"median {'of ' if self.y.startswith(('the ', 'how ')) else ''}{_plain(self.y)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CurveSeries:
    """The curve of one config: at each place of the measured lists the median over the repetitions that reach it."""

    name: str
    repetitions: int
    places: tuple[int, ...]
    medians: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A measure that is a list, such as an accuracy by epoch, for as many configs as can be told apart."""

    name: str
    title: str
    x: str
    y: str
    series: tuple[CurveSeries, ...]
    by: str = ""
    configs: int = 1  # that have a curve, drawn or not

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(any(curve.places for curve in self.series), self.name, "no config has a curve")


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a finding's evidence said after so many seeds."""

    seeds: int
    estimate: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    grade: Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """A finding's interval after each closed block, with what was predicted and what is too small to matter."""

    name: str
    title: str
    y: str
    looks: tuple[Look, ...]
    null: float
    smallest: float
    predicted: tuple[float, float] | None = None
    confidence: float = 0.95
    axis: str = ""  # what stands along the y axis; else what `y` is called
    unit: str = ""  # in what its marks are: percent, times2, times10 or times_e; else in numbers as they are

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(any(look.estimate is not None for look in self.looks), self.name, "no block gave an estimate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """The value of an estimand in every replicate, in order; None where there is none."""

    name: str
    title: str
    y: str
    replicates: tuple[int, ...]
    values: tuple[float | None, ...]
    look: Look
    null: float
    smallest: float
    confidence: float = 0.95
    older: tuple[int, ...] = ()  # replicates from before the claim: shown, never counted
    own: tuple[int, ...] = ()  # replicates of one part, marked among all
    centre: str = "median"  # or share, or mean: what the look's estimate is of the values that count
    axis: str = ""  # what stands along the y axis; else what `y` is called
    unit: str = ""  # in what its marks are: percent, times2, times10 or times_e; else in numbers as they are

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(any(value is not None for value in self.values), self.name, "no replicate has a value")
        _require(len(self.values) == len(self.replicates), self.name, "values and replicates differ in number")

    @property
    def missing(self) -> int:
        """How many replicates have no value."""
        return sum(value is None for value in self.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForestPart:
    """What the replicates of one platform, host or design say alone."""

    group: str
    name: str
    seeds: int
    estimate: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forest:
    """The parts of a finding, group by group, beside the whole, with where a further design is expected to lie."""

    name: str
    title: str
    y: str
    parts: tuple[ForestPart, ...]
    look: Look
    null: float
    smallest: float
    expected: tuple[float, float] | None = None
    confidence: float = 0.95
    axis: str = ""  # what stands along the x axis; else what `y` is called
    unit: str = ""  # in what its marks are, as of the other pictures of a finding

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(any(part.estimate is not None for part in self.parts), self.name, "no part has an estimate")


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How much there was by the end of each day, from the first to the last; a day without a change is left out."""

    name: str
    title: str
    y: str
    days: tuple[int, ...]  # since 1970
    dates: tuple[str, ...]
    totals: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(len(self.days) > 1, self.name, "one day is no history")


_Estimated = Sweep | Narrowing | Strip | Forest
Charted = _Estimated | History | Curve


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedCard:
    """What is shown where somebody shares the page of a finding or a question: the answer, never the bare claim."""

    name: str
    title: str  # the answer
    laboratory: str
    above: str  # which finding it is
    number: str  # with its interval
    stands: str  # verdict and grade
    verdict: Verdict
    picture: Charted | None = None  # beside the answer, in place of the verdict's sign

    def __post_init__(self) -> None:
        """Refuse a picture of nothing."""
        _require(bool(self.title.strip()), self.name, "there is no answer")


Request = Charted | SharedCard


def write_amount(amount: float | None, percent: str) -> str:
    """The height of a sweep's point, for people. Of what it is so many percent, the axis says."""
    if amount is None or not percent:
        return format_value(amount)
    return f"{format_value(100 * amount)}\N{NO-BREAK SPACE}{'%' if percent.startswith('%') else percent}"


def points_of(x: str, measured: Sequence[MeasuredConfig]) -> tuple[tuple[SweepPoint, ...], str]:
    """Return the points of a sweep over the factor `x`, and the further factors that vary, which make its series."""
    factors = list(measured[0].config) if measured else []
    further = [
        name for name in factors if name != x and len({repr(measurement.config[name]) for measurement in measured}) > 1
    ]
    points = tuple(
        SweepPoint(
            x=measurement.config[x],
            estimate=measurement.estimate,
            low=measurement.low,
            high=measurement.high,
            seeds=measurement.seeds,
            series=series_of([measurement.config[name] for name in further]),
        )
        for measurement in measured
    )
    return points, BETWEEN.join(further)


def look_of(evidence: Evidence) -> Look:
    """Return what a picture shows of evidence."""
    return Look(
        seeds=evidence.seeds,
        estimate=evidence.estimate,
        low=evidence.low,
        high=evidence.high,
        verdict=evidence.verdict,
        grade=evidence.grade,
    )


def shared_card(
    number: int,
    answer: str,
    verdict: Verdict,
    reads: str,
    look: Look,
    *,
    is_signed: bool,
    laboratory: str,
    scale: str = "",
) -> SharedCard:
    """Return the card of a finding as its newest evidence has it; `scale` says in what its number is."""
    value, low, high = (
        none if end is None else f"{'+' if is_signed and end > 0 else ''}{format_value(end)}"
        for end, none in ((look.estimate, "–"), (look.low, "open"), (look.high, "open"))
    )
    of = f" in {scale}" if scale else ""
    sure = verdict.value if verdict.value == reads else f"{verdict}, {reads}"
    return SharedCard(
        name=f"finding-{number}-card",
        title=answer,
        laboratory=laboratory,
        above=f"Finding {number}",
        number=f"{value} [{low}, {high}]{of}, {tell_amount(look.seeds, 'repetition')}",
        stands=f"{sure} · grade {look.grade}",
        verdict=verdict,
    )


def values_of(observations: Sequence[Observation]) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """Return replicates and values as a strip wants them, in order."""
    ordered = sorted(observations, key=lambda observation: observation.replicate)
    return tuple(observation.replicate for observation in ordered), tuple(observation.value for observation in ordered)


def tell_picture(request: Request) -> str:
    """Say in words what a picture shows: its result, not what kind of chart it is."""
    if isinstance(request, Sweep):
        return _sweep_in_words(request)
    if isinstance(request, Forest):
        return _forest_in_words(request)
    if isinstance(request, History):
        first, last = (f"{format_value(request.totals[end])} by {request.dates[end]}" for end in (0, -1))
        return f"The {request.y} grew from {first} to {last}."
    if isinstance(request, Curve):
        return _curve_in_words(request)
    if isinstance(request, SharedCard):
        return f"{request.number}. {request.stands}. {request.above}, {request.laboratory}."
    return _narrowing_in_words(request) if isinstance(request, Narrowing) else _strip_in_words(request)


def _require(holds: bool, name: str, why: str) -> None:
    if not holds:
        raise ValueError(f"the figure {name} cannot be drawn: {why}")


def series_of(levels: Sequence[Level]) -> Level | None:
    """Return what a series is called whose further factors have these levels."""
    if len(levels) < 2:
        return levels[0] if levels else None
    return BETWEEN.join(format_value(level) for level in levels)


def choose_series(points: Iterable[SweepPoint], spoken_of: Collection[Level | None] = ()) -> list[Level | None]:
    """Return all, or of more than can be told apart those of which an answer speaks; of which none does, any."""
    every = list(dict.fromkeys(point.series for point in points if point.estimate is not None))
    if len(every) <= len(SERIES):
        return every
    return pick_evenly([name for name in every if name in spoken_of] or every, len(SERIES))


def stands_on_numbers(points: Collection[SweepPoint]) -> bool:
    """Is the x axis of these one of numbers, along which lines are drawn? Lines at one place stand side by side."""
    levels = {point.x for point in points}
    is_one_place = len(levels) == 1 and len({point.series for point in points}) > 1
    return not is_one_place and all(isinstance(x, int | float) and not isinstance(x, bool) for x in levels)


def can_be_marked(points: Sequence[SweepPoint], drawn: Collection[Level | None]) -> bool:
    """Can a point be ringed? Those of several lines at one name stand side by side, and none where its name does."""
    return stands_on_numbers(points) or len(drawn) == 1


def find_usual_levels(names: Sequence[str]) -> list[str]:
    """Return by place in the names of series the level that most of them have; nothing where they differ in length."""
    levels = [name.split(BETWEEN) for name in names]
    if len({len(level) for level in levels}) != 1:
        return []
    return [Counter(column).most_common(1)[0][0] for column in zip(*levels, strict=True)]


def _sweep_in_words(request: Sweep) -> str:
    shown = [point for point in request.points if point.estimate is not None]
    series, drawn = {point.series for point in shown}, choose_series(shown, request.spoken_of)
    sentences = [_course(request, [point for point in shown if point.series == name]) for name in drawn]
    if request.own:
        sentences.append(f"Marked: {tell_amount(len(request.own), 'point')} of one part.")
    if len(series) > len(drawn):
        more = len(series) - len(drawn)
        sentences.append(f"{tell_amount(more, 'more line')} {'is' if more == 1 else 'are'} in the table.")
    has_intervals = any(point.low is not None or point.high is not None for point in shown)
    with_them = f"with {_percent(request)} intervals" if has_intervals else "without intervals"
    seeds = count_range([point.seeds for point in shown], "repetition")
    of = f"{'Shares' if request.is_share else 'Medians'} of {seeds} at each place"
    return " ".join([*sentences, f"{of}, {with_them}."])


def _curve_in_words(request: Curve) -> str:
    drawn = [curve for curve in request.series if curve.places]
    sentences = [_curve_course(request, curve) for curve in drawn]
    if request.configs > len(drawn):
        sentences.append(f"{len(drawn)} of {request.configs:,} configs are drawn.")
    return " ".join([*sentences, f"Medians of {repetitions_of(request)} at each place."])


def _curve_course(request: Curve, curve: CurveSeries) -> str:
    whose = f"With {request.by} = {curve.name} the" if curve.name else "The"
    start = f"{whose} median {_plain(request.y)} begins at {format_value(curve.medians[0])}"
    return f"{start}." if len(curve.medians) == 1 else f"{start} and ends at {format_value(curve.medians[-1])}."


def repetitions_of(request: Curve) -> str:
    """Say of how many repetitions the medians of a curve are."""
    return count_range([curve.repetitions for curve in request.series if curve.places], "repetition")


def count_range(counts: Sequence[int], noun: str) -> str:
    """Say how many there are, or from how few to how many."""
    fewest, most = min(counts), max(counts)
    return tell_amount(most, noun) if fewest == most else f"{fewest:,} to {most:,} {noun}s"


def _percent(request: _Estimated) -> str:
    return f"{100 * request.confidence:g}\N{NO-BREAK SPACE}%"


def _course(request: Sweep, points: Sequence[SweepPoint]) -> str:
    ordered = sorted(points, key=operator.attrgetter("x")) if stands_on_numbers(points) else points
    is_short = isinstance(points[0].x, str) and len(points) <= _MOST_LEVELS
    by_height = sorted(ordered, key=lambda point: point.estimate or 0.0)
    ends = (ordered[0], ordered[-1], by_height[0], by_height[-1])
    spoken_of = ordered if is_short else [point for point in ordered if point in ends]
    of = f"{request.by} = {format_value(points[0].series)}" if request.by else format_value(points[0].series)
    whose = f"With {of} the" if points[0].series is not None else "The"
    amounts = [write_amount(_clear_of_dust(request, point), request.percent) for point in spoken_of]
    *others, last = [
        f"{amount} {_place(request, point, number)}"
        for number, (amount, point) in enumerate(zip(amounts, spoken_of, strict=True))
    ]
    return f"{whose} {request.quantity} is {', '.join(others)}{' and ' if others else ''}{last}."


def _place(request: Sweep, point: SweepPoint, number: int) -> str:
    """Where a point stands: a level that is words needs no other, and a number its axis once."""
    level = request.name_level(point.x)
    return f"with {level}" if isinstance(point.x, str) else f"at {'' if number else f'{_plain(request.x)} '}{level}"


def _clear_of_dust(request: Sweep, point: SweepPoint) -> float:
    """A height, which on a linear axis is nothing where nobody could tell it from that."""
    highest, height = max(abs(other.estimate or 0.0) for other in request.points), point.estimate or 0.0
    return 0.0 if "y" not in request.log and abs(height) < highest / 1_000 else height


def _narrowing_in_words(request: Narrowing) -> str:
    look, y = request.looks[-1], request.axis or _plain(request.y)
    middle = _amount(request, look.estimate)
    sentences = [f"After {tell_amount(look.seeds, 'seed')} {y} is {middle}, {_interval(request, look)}."]
    if request.predicted:
        low, high = (_amount(request, end) for end in request.predicted)
        sentences.append(f"Predicted, with probability 80\N{NO-BREAK SPACE}%: {low} to {high}.")
    sentences.append(f"{_against(request, look)} Verdict: {look.verdict}; grade: {look.grade}.")
    return " ".join(sentences)


def _strip_in_words(request: Strip) -> str:
    older, pairs = frozenset(request.older), zip(request.replicates, request.values, strict=True)
    values = [value for number, value in pairs if value is not None and number not in older]
    above = sum(value > request.null for value in values)
    reach = f"; they reach from {_amount(request, min(values))} to {_amount(request, max(values))}" if values else ""
    sentences = [
        f"It is so in {sum(value > 0.5 for value in values):,} of {len(values):,} repetitions."
        if request.centre == "share"
        else f"{above:,} of {len(values):,} values lie above {_amount(request, request.null)}{reach}.",
        f"The {request.centre} is {_amount(request, request.look.estimate)}, {_interval(request, request.look)}.",
    ]
    if request.axis:
        sentences.insert(0, f"Along the axis: {request.axis}.")
    if request.missing:
        sentences.append(f"{request.missing:,} of {len(request.values):,} repetitions have no value.")
    if request.older:
        sentences.append(f"{len(request.older):,} are from before the claim and are not counted.")
    if len(request.values) > limits.VALUES_DRAWN:
        sentences.append(f"Of every {choose_spacing(request)} repetitions one is drawn; the table has all.")
    return " ".join(sentences)


def _forest_in_words(request: Forest) -> str:
    sentences = []
    for group in dict.fromkeys(part.group for part in request.parts):
        shown = [part for part in request.parts if part.group == group and part.estimate is not None]
        if shown:
            estimates = [part.estimate for part in shown if part.estimate is not None]
            ends = [_amount(request, end) for end in (min(estimates), max(estimates))]
            course = f"from {ends[0]} to {ends[1]}" if len(shown) > 1 else ends[0]
            sentences.append(
                f"{group}, {len(shown)} of {sum(part.group == group for part in request.parts)}: {course}."
            )
    sentences.append(f"All together {_amount(request, request.look.estimate)}, {_interval(request, request.look)}.")
    if request.expected:
        low, high = (_amount(request, end) for end in request.expected)
        sentences.append(f"A further design is expected, with probability 95\N{NO-BREAK SPACE}%, from {low} to {high}.")
    return " ".join(sentences)


def choose_spacing(request: Strip) -> int:
    """Of how many replicates one is drawn."""
    return -(-len(request.values) // limits.VALUES_DRAWN)


def _amount(request: Narrowing | Strip | Forest, value: float | None) -> str:
    return digits_in_unit(value, request.unit)


def _interval(request: Narrowing | Strip | Forest, look: Look) -> str:
    sure = f"{_percent(request)} sure"
    if look.low is None and look.high is None:
        return "and nothing bounds it yet"
    if look.low is None or look.high is None:
        side, end, beyond = ("most", look.high, "below") if look.low is None else ("least", look.low, "above")
        return f"and it is at {side} {_amount(request, end)} ({sure}); how far it may lie {beyond} is open"
    return f"with a {_percent(request)} interval from {_amount(request, look.low)} to {_amount(request, look.high)}"


def _against(request: Narrowing, look: Look) -> str:
    low, high = request.null - request.smallest, request.null + request.smallest
    kind = "what is about the same" if request.null else "effects too small to matter"
    band = f"the band of {kind}, {_amount(request, low)} to {_amount(request, high)}"
    if not request.smallest:
        band = f"{_amount(request, request.null)}, which is no effect"
    if look.low is not None and look.low > high:
        return f"The interval lies above {band}."
    if look.high is not None and look.high < low:
        return f"The interval lies below {band}."
    if look.low is not None and look.high is not None and low < look.low and look.high < high:
        return f"The interval lies inside {band}."
    return f"The interval overlaps {band}."


def _plain(name: str) -> str:
    return name.replace("_", " ")
