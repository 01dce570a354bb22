"""The pictures that are shipped can be read: no words lie over a line, over an interval or over other words."""

import itertools
import json
import re
import xml.etree.ElementTree as ET
from importlib import resources
from types import SimpleNamespace

import pytest

from axiom.domain.headlines.levels_to_tell import with_words
from axiom.laboratory.figures.redraw_figures import recorded_picture
from axiom.laboratory.figures.rules.sweeps_and_strips import compose_strip, name_axis
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import read_manifest
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.picture_data import Sweep, tell_picture
from axiom_weigh.values import Observation

LISTED = json.loads((resources.files("axiom_catalogue") / "declared.json").read_text(encoding="utf-8"))["experiments"]
MANIFESTS = [read_manifest(canonical_bytes(declared["manifest"])) for declared in LISTED.values()]
PICTURES = {
    manifest.name: picture
    for manifest in MANIFESTS
    for picture in [recorded_picture(SimpleNamespace(name=manifest.name, version=manifest.version, id=1), manifest)]
    if isinstance(picture, Sweep)
}
Box = tuple[float, float, float, float]


def box(text: ET.Element) -> Box:
    """Where words stand, about, a little within their letters: left, upper, right, lower."""
    wide, x, y = 5.6 * len(text.text), float(text.get("x")), float(text.get("y"))
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
    return left + 1, y - 8, left + wide - 1, y


def words_of(picture: ET.Element) -> dict[str, Box]:
    """All words but those that are slanted below an axis; a rim of paper is none."""
    return {
        f"{text.text} at {text.get('x')}, {text.get('y')}": box(text)
        for text in picture.iter("text")
        if text.get("fill") != "var(--paper)" and not text.get("transform")
    }


def strokes_of(picture: ET.Element) -> list[tuple[float, float, float, float]]:
    """All pieces of lines and all intervals; no line of the grid, none that leads from words to a point."""
    pieces = []
    for path in picture.iter("path"):
        if path.get("stroke", "var(--rule)") in ("var(--rule)", "var(--edge)", "var(--ink2)") or path.get("transform"):
            continue
        places = [tuple(map(float, place)) for place in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", path.get("d"))]
        pieces += [(*start, *end) for start, end in itertools.pairwise(places)]
    return pieces


def crosses(piece: tuple[float, float, float, float], within: Box) -> bool:
    """Does a straight line pass through a box? It is cut to what lies within each pair of its sides."""
    x, y, x2, y2 = piece
    first, last = 0.0, 1.0
    for start, way, low, high in ((x, x2 - x, within[0], within[2]), (y, y2 - y, within[1], within[3])):
        if not way:
            if not low <= start <= high:
                return False
            continue
        ends = sorted(((low - start) / way, (high - start) / way))
        first, last = max(first, ends[0]), min(last, ends[1])
    return first < last


def lie_on_each_other(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_the_lottery_ticket_is_drawn_over_what_is_left_of_the_weights():
    """A fifth goes in each of 3, 11, 15 and 19 rounds."""
    picture = PICTURES["lottery_ticket"]
    written = [text.text for text in ET.fromstring(svg_of(picture).split("</svg>")[0] + "</svg>").iter("text")]
    assert [text for text in written if text.endswith(" %")] == ["51 %", "8.6 %", "3.5 %", "1.4 %"]
    assert "share of the weights left" in written
    assert "at share of the weights left 51 % and " in tell_picture(picture)


@pytest.mark.parametrize("name", PICTURES)
def test_no_words_of_a_shipped_picture_lie_over_a_line_or_over_others(name):
    for svg in svg_of(PICTURES[name]).split("</svg>")[:2]:
        picture = ET.fromstring(f"{svg}</svg>")
        words, strokes = words_of(picture), strokes_of(picture)
        assert strokes
        assert words
        hidden = [text for text, place in words.items() if any(crosses(piece, place) for piece in strokes)]
        hidden += [pair for pair in itertools.combinations(words, 2) if lie_on_each_other(*map(words.get, pair))]
        assert not hidden, f"{picture.get('width')} pixels wide"
        right = float(picture.get("width")) - float(
            re.match(r"translate\(([\d.]+)", picture.find("g").get("transform"))[1]
        )
        assert max(place[2] for place in words.values()) <= right


def test_two_points_lie_as_many_times_apart_as_is_written_beside_them():
    """A measure that is a logarithm is drawn as what it is the logarithm of. Medians of pairs are near, not equal."""
    told = {
        name: (float(times[1]), picture.marks[0].point.estimate / picture.marks[1].point.estimate)
        for name, picture in PICTURES.items()
        if picture.marks and (times := re.match(r"([\d.]+) times,", " ".join(picture.marks[0].more)))
    }
    assert {"label_scars", "scars_or_size"} <= told.keys()
    assert {name: pair for name, pair in told.items() if not 0.5 < pair[0] / pair[1] < 2.0} == {}


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-1.0, 1.0, "nothing bounds it"),
        (-1.0, 0.5, "at most 50"),
        (-0.5, 1.0, "at least −50"),
        (-0.5, 0.5, "−50 to 50"),
    ],
)
def test_a_declared_bound_is_never_told_as_the_end_of_what_is_known(low, high, told):
    asked = {
        "name": "gain",
        "kind": "contrast",
        "measure": "accuracy",
        "between": [{"width": 2}, {"width": 1}],
        "across": "",
        "null": 0.0,
        "smallest": 0.1,
        "expects": "+",
        "bounds": [-1.0, 1.0],
        "in_words": "{percent} percentage points",
    }
    values = [Observation(replicate=number, value=0.25, fingerprint=f"{number}") for number in range(8)]
    line = SimpleNamespace(
        seeds=8, estimate=0.25, low=low, high=high, verdict="undecided", grade="Awaiting", centre="typical value"
    )
    words = tell_picture(compose_strip(1, asked, line, values))
    assert told in words
    assert "100" not in words
    assert name_axis(asked).startswith("difference in accuracy")


def test_an_axis_says_what_its_numbers_are_of():
    for manifest in MANIFESTS:
        for asked in manifest.estimands:
            axis = name_axis(with_words(asked, manifest, manifest.configs))
            is_of_two = len(asked["between"]) > 1 and not asked["null"]
            assert ("difference in" in axis or "ratio of" in axis) is (is_of_two or asked["kind"] == "contrast"), axis
            assert ("share of repetitions" in axis) is (asked["kind"] == "proportion"), axis
            assert "the th " not in axis
