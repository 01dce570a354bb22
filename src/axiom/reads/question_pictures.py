"""The picture of a question: what its answer rests on, or what its address chooses of it: a line, and a place on that.

What is chosen is measured and no more: medians, or shares, with their intervals, which no verdict speaks of.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import urlencode

from axiom.domain.experiments import Figure
from axiom.domain.headlines.names_in_words import level_in_words, name_in_words
from axiom.domain.headlines.numbers import begin_sentence
from axiom.laboratory.figures.rules.question_picture import find_answering_series, list_pictured_estimands
from axiom.laboratory.figures.rules.sweeps_and_strips import compose_sweep, draws_shares, find_percent
from axiom.reads import findings
from axiom.reads.base.query_errors import not_a_choice
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import experiments
from axiom.reads.finding_lists import read_estimands
from axiom.signed.manifests import Manifest
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import evidence
from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.picture_data import (
    BETWEEN,
    Level,
    PointMark,
    Sweep,
    SweepPoint,
    can_be_marked,
    choose_series,
    count_range,
    find_usual_levels,
    stands_on_numbers,
    write_amount,
)
from axiom_weigh.figures.scales import format_value
from axiom_weigh.grouping import group_pairs

WORDS = "line at"  # of an address, which choose


def describe_picture(
    reading: Reading, stored: StoredExperiment, manifest: Manifest, name: str, rests_on: Collection[str]
) -> Answer:
    """The picture of this name and its numbers, with what can be chosen where it has a course.

    `rests_on` names the estimands on which the answer rests: of many lines those are drawn which show them.
    """
    noun, number, kind = name.split("/")
    if noun == "finding":
        observed = evidence.read_observations(reading.db, int(number))
        shown = findings.plot_repetitions(reading, int(number), read_estimands(reading)[int(number)], observed)
    else:
        shown = experiments.plot_picture(reading, stored, manifest, kind) or {}
    chosen = {word: text for word in WORDS.split() if (text := reading.query.get(word))}
    if manifest.figure and "title" in shown and shown["rows"]:
        shown |= _choose(reading, stored, manifest, manifest.figure, rests_on, is_recorded=kind == "recorded", **chosen)
    return shown | {"embed": _address(f"{stored.name}/picture", {} if shown.get("misread") else chosen)}


def _choose(
    reading: Reading,
    stored: StoredExperiment,
    manifest: Manifest,
    figure: Figure,
    rests_on: Collection[str],
    *,
    is_recorded: bool,
    line: str = "",
    at: str = "",
) -> Answer:
    if is_recorded:
        points, by = experiments.place_makers_points(reading, stored, manifest)
        version: object = "recorded"
    else:
        read = reading.tally.values(reading.db, stored.id, figure.y)
        points, by = experiments.read_points(reading, stored, manifest, read)
        version = read.results, read.after
    lines = list(dict.fromkeys(point.series for point in points.values()))
    levels = list(dict.fromkeys(point.x for point in points.values()))
    if stands_on_numbers(points.values()):
        levels.sort(key=float)
    misread = [
        *not_a_choice({"line": line}, "line", [str(number + 1) for number in range(len(lines))]),
        *not_a_choice({"at": at}, "at", [str(number + 1) for number in range(len(levels))]),
    ]
    chosen = int(line or 0) if not misread else 0
    spoken_of = find_answering_series(manifest, rests_on, points)
    drawn = [lines[chosen - 1]] if chosen else choose_series(points.values(), spoken_of)
    shown = {place: point for place, point in points.items() if point.series in drawn}
    choices = {
        "misread": misread,
        "lines": [
            {"words": format_value(name), "href": _address(stored.name, {"line": number}), "is_here": number == chosen}
            for number, name in enumerate(lines, 1)
        ],
        "is_placed": can_be_marked(list(shown.values()), drawn),
        "has_gaps": len({point.seeds for point in shown.values()}) > 1,
        "valueless": _name_valueless_levels(figure, shown.values()),
        "pictured": list_pictured_estimands(manifest, shown) if is_recorded else [],
        "drawn_lines": len(drawn),
        "shared": _name_shared_levels(drawn, lines),
        "usual": _name_usual_levels(drawn),
        "whole": _address(stored.name, {}),
        "line": chosen,
        "at": int(at) if chosen and at else 0,
        "x": figure.along or name_in_words(manifest.words, figure.x),
        "levels": [figure.levels.get(str(level), format_value(level)) for level in levels],
    }
    if not chosen:
        return choices
    own = [point for point in shown.values() if point.estimate is not None]
    here = [point for point in own if at and point.x == levels[int(at) - 1]]
    marks = [
        PointMark(point=point, words=_place(manifest, figure, point), more=_write_estimate(manifest, point))
        for point in here
    ]
    sweep = compose_sweep(manifest, own, name=f"experiment-{stored.id}-sweep", marks=marks)
    return choices | {
        "drawn": reading.memo.get_or_create(("chosen", stored.id, line, at), lambda: _draw(sweep), version=version),
        "svg": None,
        "png": None,
        "told": [
            *_tell(manifest, figure, own, here, f"With {format_value(lines[chosen - 1])}, " if by else "", is_recorded),
            *(["Nothing was measured at the chosen place of this line."] if at and not here else []),
        ],
    }


def _name_valueless_levels(figure: Figure, shown: Collection[SweepPoint]) -> list[str]:
    """Where something is back and nothing has a value: no mark of the picture stands there."""
    valued = {point.x for point in shown if point.estimate is not None}
    empty = dict.fromkeys(point.x for point in shown if point.x not in valued)
    return [figure.levels.get(str(level), format_value(level)) for level in empty] if valued else []


def _split_levels(series: Sequence[Level | None]) -> list[list[str]]:
    """The levels of each line, of which there are as many in each; else its whole name."""
    names = [format_value(name) for name in series]
    return [name.split(BETWEEN) for name in names] if find_usual_levels(names) else [[name] for name in names]


def _name_shared_levels(drawn: Sequence[Level | None], lines: Sequence[Level | None]) -> list[str]:
    """What all the drawn lines have, and not all that there are."""
    every = _split_levels(lines)
    own = [levels for levels, name in zip(every, lines, strict=True) if name in drawn]
    of_place = zip(map(set, zip(*own, strict=True)), map(set, zip(*every, strict=True)), strict=False)
    return [level for levels, others in of_place if len(levels) == 1 < len(others) for level in levels]


def _name_usual_levels(series: Sequence[Level | None]) -> list[str]:
    """What lines have of which their names say nothing, since most have it; nothing that all of them have."""
    usual = find_usual_levels([format_value(name) for name in series])
    columns = map(set, zip(*_split_levels(series), strict=True))
    varying = [level for level, levels in zip(usual, columns, strict=False) if len(levels) > 1]
    return varying if len(varying) > 1 else []


def _draw(sweep: Sweep | None) -> str | None:
    """Both widths of it; None where a value is no number that can be drawn, which the sentences tell all the same."""
    try:
        return svg_of(sweep) if sweep else None
    except FigureNotDrawn:
        return None


def _tell(
    manifest: Manifest,
    figure: Figure,
    own: Sequence[SweepPoint],
    here: Sequence[SweepPoint],
    condition: str,
    is_recorded: bool,
) -> Iterator[str]:
    """What was measured, the place that was chosen, and the ends of it."""
    if not own:
        yield "There is no value of this line: nothing of it is back yet, or what is back has none."
        return
    seeds = count_range([point.seeds for point in own], "repetition")
    subject = begin_sentence(f"{condition}{name_in_words(manifest.words, figure.y)}")
    by_whom = " by Axiom’s makers" if is_recorded else ""
    verb, middle = ("counted", "share") if draws_shares(manifest) else ("measured", "median")
    where = " at each" if len(own) > 1 else ""
    yield f"{subject} was {verb}{by_whom} at {tell_amount(len(own), 'place')}, with {seeds}{where}."
    for point in here:
        yield _tell_height(manifest, figure, middle, [point])
    by_height: dict[float, list[SweepPoint]] = group_pairs((point.estimate or 0.0, point) for point in own)
    if len(by_height) > 1:
        yield _tell_height(manifest, figure, f"highest {middle}", by_height[max(by_height)])
        yield _tell_height(manifest, figure, f"lowest {middle}", by_height[min(by_height)])
    elif not here:
        yield _tell_height(manifest, figure, middle, own)
    yield "This line was chosen to look at: the answer rests on the tests that its page names, and on no other."


def _tell_height(manifest: Manifest, figure: Figure, of: str, points: Sequence[SweepPoint]) -> str:
    """How high these points lie, all of which are as high."""
    amount, interval = _write_estimate(manifest, points[0])
    if len(points) > 1:
        return f"The {of} is {amount}, at {len(points)} places."
    return f"The {of} is {amount} ({interval}), with {_place(manifest, figure, points[0])}."


def _place(manifest: Manifest, figure: Figure, point: SweepPoint) -> str:
    level = figure.levels.get(str(point.x), point.x)
    return level if isinstance(level, str) else level_in_words(manifest.words, figure.x, level)


def _write_estimate(manifest: Manifest, point: SweepPoint) -> tuple[str, str]:
    """A point's height and its interval."""
    percent = find_percent(manifest)
    low, middle, high = (write_amount(end, percent) for end in (point.low, point.estimate, point.high))
    is_bounded = point.low is not None and point.high is not None
    return middle, f"95 % sure: {low} to {high}" if is_bounded else "not bounded yet"


def _address(name: str, words: Mapping[str, object]) -> str:
    return f"/questions/{name}?{urlencode(words)}" if words else f"/questions/{name}"
