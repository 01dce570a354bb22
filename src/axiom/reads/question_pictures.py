"""The picture of a question: what its answer rests on, or what its address chooses of it: a line, and a place on that.

What is chosen is measured and no more: medians with their intervals, which no verdict speaks of.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from axiom.domain.experiments import Figure
from axiom.domain.headlines.answers import level_in_words, name_in_words
from axiom.domain.headlines.numbers import begin_sentence
from axiom.laboratory.figures.rules.question_picture import compose_sweep, place_points
from axiom.reads import experiments, findings
from axiom.reads.base.query_errors import not_a_choice
from axiom.reads.base.request import Answer, Reading
from axiom.signed.manifests import Manifest
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import evidence
from axiom_weigh.amounts import counted
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.picture_data import PointMark, SweepPoint
from axiom_weigh.figures.scales import digits

WORDS = "line at"  # of an address, which choose


def describe_picture(reading: Reading, stored: StoredExperiment, manifest: Manifest, name: str) -> Answer:
    """The picture of this name and its numbers, with what can be chosen where it has a course."""
    noun, number, kind = name.split("/")
    if noun == "finding":
        observed = evidence.read_observations(reading.db, int(number))
        shown = findings.plot_repetitions(reading, int(number), observed)
    else:
        shown = experiments.plot_pictures(reading, stored, manifest)[kind]
    if kind == "sweep" and manifest.figure and shown["rows"]:
        shown |= _choose(reading, stored, manifest, manifest.figure)
    chosen = {word: text for word in WORDS.split() if (text := reading.query.get(word)) and not shown.get("misread")}
    return shown | {"embed": _address(f"{stored.name}/picture", chosen)}


def _choose(reading: Reading, stored: StoredExperiment, manifest: Manifest, figure: Figure) -> Answer:
    values = reading.tally.values(reading.db, stored.id, figure.y).by_config
    points, by = place_points(manifest, values)
    lines = list(dict.fromkeys(point.series for point in points.values()))
    levels = list(dict.fromkeys(point.x for point in points.values()))
    query = {word: reading.query.get(word, "") for word in WORDS.split()}
    if len(lines) == 1 and query["at"]:
        query["line"] = "1"
    misread = [
        *not_a_choice(query, "line", [str(number + 1) for number in range(len(lines))]),
        *not_a_choice(query, "at", [str(number + 1) for number in range(len(levels))]),
    ]
    line = None if misread or not query["line"] else int(query["line"])
    at = None if line is None or not query["at"] else int(query["at"])
    choices = {
        "misread": misread,
        "by": by,
        "lines": [
            {"words": digits(name), "href": _address(stored.name, {"line": number}), "is_here": number == line}
            for number, name in enumerate(lines, 1)
        ],
        "whole": _address(stored.name, {}),
        "line": line,
        "at": at,
        "x": name_in_words(manifest.words, figure.x),
        "levels": [digits(level) for level in levels],
    }
    if line is None:
        return choices
    own = [point for point in points.values() if point.series == lines[line - 1] and point.median is not None]
    here = next((point for point in own if at and point.x == levels[at - 1]), None)
    if not own:
        return choices | {"told": ["Nothing of this line is back yet."]}
    marks = [
        PointMark(point=point, words=_place(manifest, figure, point), more=(digits(point.median), _interval(point)))
        for point in ([here] if here else [])
    ]
    sweep = compose_sweep(stored.id, manifest, own, marks)
    told = list(_tell(manifest, figure, own, here, digits(lines[line - 1]) if by else ""))
    if at and here is None:
        told.append("Nothing is back yet of the place that was chosen.")
    told.append("This line was chosen to look at: the answer rests on the tests that its page names, and on no other.")
    return choices | {"drawn": svg_of(sweep) if sweep else None, "svg": None, "png": None, "told": told}


def _tell(
    manifest: Manifest, figure: Figure, own: Sequence[SweepPoint], here: SweepPoint | None, line: str
) -> Iterator[str]:
    """What was measured, the ends of it, and the place that was chosen."""
    ordered = sorted(own, key=lambda point: point.median or 0.0)
    seeds = sorted({point.seeds for point in own})
    each = f"{counted(seeds[0], 'repetition')}{' or more' if seeds[1:] else ''} at each"
    subject = f"{f'with {line}, ' if line else ''}{name_in_words(manifest.words, figure.y)}"
    yield begin_sentence(f"{subject} was measured at {counted(len(own), 'place')}, with {each}.")
    if here:
        yield f"With {_place(manifest, figure, here)} the median is {_median(here)}."
    highest, lowest = (
        f"{_median(point)} with {_place(manifest, figure, point)}" for point in (ordered[-1], ordered[0])
    )
    yield f"The highest median is {highest}; the lowest is {lowest}."


def _place(manifest: Manifest, figure: Figure, point: SweepPoint) -> str:
    return point.x if isinstance(point.x, str) else level_in_words(manifest.words, figure.x, point.x)


def _median(point: SweepPoint) -> str:
    return f"{digits(point.median)} ({_interval(point)})"


def _interval(point: SweepPoint) -> str:
    if point.low is None or point.high is None:
        return "not bounded yet"
    return f"95 % sure: {digits(point.low)} to {digits(point.high)}"


def _address(name: str, words: Mapping[str, object]) -> str:
    return f"/questions/{name}?{urlencode(words)}" if words else f"/questions/{name}"
