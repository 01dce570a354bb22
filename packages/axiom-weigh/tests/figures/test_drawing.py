"""What every picture is: well-formed, described, small, coloured by role, and nothing that a page's policy refuses."""

import gzip
import re
import struct
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures import drawing
from axiom_weigh.figures.drawing import pdf_of, png_of, svg_of
from axiom_weigh.figures.palette import LIGHT, WIDTHS, make_standalone_svg
from axiom_weigh.figures.picture_data import Forest, PointMark, SweepPoint, tell_picture

ELEMENTS = {"svg", "title", "desc", "g", "path", "text"}
SAFE = re.compile(
    r"class|role|aria-labelledby|id|viewBox|width|height|transform|d|x|y|fill|fill-opacity|data-s|data-frame"
    r"|stroke|stroke-(width|linecap|dasharray|linejoin)|text-anchor|font-(family|size|weight)"
)


def pictures(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(f"<both>{svg}</both>"))


def test_a_picture_is_small_described_coloured_by_role_and_holds_only_what_draws(request_of_each_kind):
    request, both = request_of_each_kind, svg_of(request_of_each_kind)
    drawings = pictures(both)
    elements = [element for picture in drawings for element in picture.iter()]
    assert {element.tag for element in elements} <= ELEMENTS
    assert [name for element in elements for name in element.attrib if not SAFE.fullmatch(name)] == []
    assert not re.search(r"url\(|http", both)
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', both))
    assert {"var(--ink)"} <= colours <= {"none"} | {f"var(--{role})" for role in LIGHT}
    sizes = [(picture.get("class"), int(picture.get("width"))) for picture in drawings]
    assert sizes == [(f"fig {kind}", width) for kind, width in WIDTHS.items()]
    for picture in drawings:
        title, desc = picture[0], picture[1]
        assert (title.text, desc.text) == (request.title, tell_picture(request))
        assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert picture.get("viewBox") == f"0 0 {picture.get('width')} {picture.get('height')}"
        if isinstance(request, Forest):
            assert picture.get("data-frame") is None
            continue
        left, top, width, height, low, high, *log = picture.get("data-frame").split(" ")
        assert 0 <= float(left) < float(left) + float(width) <= float(picture.get("width"))
        assert 0 <= float(top) < float(top) + float(height) <= float(picture.get("height"))
        assert float(low) < float(high)
        assert log == (["log"] if "x" in getattr(request, "log", ()) else [])
    assert len({element.get("id") for element in elements if element.get("id")}) == 4
    for svg in re.findall(r"<svg.*?</svg>", both, re.DOTALL):
        assert len(gzip.compress(svg.encode())) <= 4_096


def test_a_picture_is_also_a_png_of_twice_the_size_and_a_file_of_its_own(request_of_each_kind):
    both = svg_of(request_of_each_kind)
    drawing = pictures(both)[0]
    signature, width, height = struct.unpack(">8s8xII", png_of(both)[:24])
    assert signature == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == (2 * int(drawing.get("width")), 2 * int(drawing.get("height")))
    text = make_standalone_svg(both)
    root = ET.fromstring(text)
    assert (root.tag, root.get("width")) == ("{http://www.w3.org/2000/svg}svg", "660")
    assert "var(" not in text
    assert text.count("<style>") == 1


def words(picture: ET.Element) -> list[str]:
    return [element.text for element in picture.iter("text")]


def test_pictures_are_marked_named_and_coloured_as_there_is_room(requests):
    wide, narrow = (words(picture) for picture in pictures(svg_of(requests["narrowing"])))
    assert {"Moderate", "Strong", "+0.05", "0"} <= set(wide)
    assert "Strong" in narrow
    assert "Moderate" not in narrow  # little room: the last grade alone
    for name, marks in (("narrowing", 4), ("first-look", 0)):  # a bar, two caps and its words: what was predicted
        picture = ET.tostring(pictures(svg_of(requests[name]))[0], encoding="unicode")
        assert len(re.findall(r'"var\(--margin\)"', picture)) == marks
    wide, narrow = (words(picture) for picture in pictures(svg_of(requests["sweep"])))
    assert [word for word in wide if word in {str(2**n) for n in range(3, 10)}] == [str(2**n) for n in range(3, 10)]
    assert {"8", "32", "128", "512"} <= set(narrow)
    assert "16" not in narrow
    wide = words(pictures(svg_of(requests["series"]))[0])
    assert wide.count("lr") == 2  # rim and words
    assert [series for series in ("0.01", "0.03", "0.1", "0.3", "10") if series not in wide] == ["0.3"]
    for picture in pictures(svg_of(requests["curve"])):
        groups = [group for group in picture.iter("g") if group.get("data-s")]
        assert {group.get("data-s") for group in groups} == {series.name for series in requests["curve"].series}
        assert len({text.text for group in groups for text in group.iter("text")}) == len(requests["curve"].series)


def test_the_names_of_series_and_their_factors_end_within_the_picture(requests):
    of_three = replace(
        requests["series"],
        by="decay, dropout, readout",
        points=tuple(
            SweepPoint(x=depth, series=f"{decay}, 0", estimate=decay + depth, seeds=8)
            for decay in (1, 2)
            for depth in (1, 6 if decay == 1 else 3)
        ),
    )
    for picture, width in zip(pictures(svg_of(of_three)), (660, 326), strict=True):
        named = [text for text in picture.iter("text") if text.text.startswith(("decay", "1, 0", "2, 0"))]
        within = float(re.match(r"translate\(([-\d.]+),", picture.find("g").get("transform"))[1])
        assert len({text.text for text in named}) == 3
        assert max(within + float(text.get("x")) + 6.0 * len(text.text) for text in named) <= width


@pytest.mark.parametrize(
    ("by", "series", "heading", "names"),
    [
        (
            "goal, loss, task, width",
            ["0.3, ce, clusters, 16", "0.3, ce, clusters, 64", "0.3, ce, teacher, 16", "0.6, mse, clusters, 16"],
            "loss, task, width",
            ["ce, clusters, 16", "ce, clusters, 64", "ce, teacher, 16", "mse, clusters, 16"],
        ),
        ("start, steps, task", ["near, 20,000, mixed", "near, 20,000, teacher"], "task", ["mixed", "teacher"]),
        ("kind, loss", ["places, cross_entropy", "all, squared_error"], "kind", ["places", "all"]),
    ],
)
def test_series_are_named_by_what_tells_them_apart(requests, by, series, heading, names):
    points = tuple(
        SweepPoint(x=depth, series=name, estimate=number + depth, seeds=8)
        for number, name in enumerate(series)
        for depth in (1, 2)
    )
    for picture in pictures(svg_of(replace(requests["series"], by=by, points=points))):
        texts = words(picture)
        assert any(heading.startswith(text.removesuffix("…")) for text in texts if len(text) >= min(16, len(heading)))
        assert [name for name in names if name not in texts] == []


@pytest.mark.parametrize(("percent", "mark", "told"), [("%", "80 %", "80 %"), ("percentage points", "80", "80 perc")])
def test_heights_in_hundredths_are_marked_and_described_so(requests, percent, mark, told):
    points = tuple(SweepPoint(x=depth, estimate=depth / 10, seeds=8) for depth in (2, 8))
    request = replace(requests["series"], by="", points=points, percent=percent)
    for picture in pictures(svg_of(request)):
        written = [text.replace("\N{NO-BREAK SPACE}", " ") for text in words(picture)]
        assert mark in written
        assert "0.8" not in written
        assert any(percent in text for text in written)
    assert told in tell_picture(request).replace("\N{NO-BREAK SPACE}", " ")


def test_long_titles_and_names_take_further_lines_rather_than_lose_words(requests):
    title = "the number of parameters at which the error is largest, over the number of examples"
    named = "many hidden neurons that stay as they began"
    points = tuple(
        SweepPoint(x=depth, series=name, estimate=depth, seeds=8) for name in (named, "few") for depth in (1, 2)
    )
    for request in (
        replace(requests["series"], x=title, y=title, by="", points=points),
        replace(requests["strip"], axis=title),
    ):
        for picture in pictures(svg_of(request)):
            written = " ".join(dict.fromkeys(words(picture)))  # a name is drawn twice, once as its rim
            assert "…" not in written
            assert title in written
            assert (named in written) is (request.name != requests["strip"].name)


def box(text: ET.Element) -> tuple[float, float, float, float]:
    """Where words stand, about: left, right, upper and lower."""
    wide = 6.0 * len(text.text)
    left = float(text.get("x")) - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
    return left, left + wide, float(text.get("y")) - 10, float(text.get("y")) + 2


def test_compared_points_are_numbered_from_the_left(requests):
    points = tuple(
        SweepPoint(x=depth, series=name, estimate=100 + (depth * 7 + number * 30) % 50, seeds=8)
        for number, name in enumerate(("plain", "momentum", "of one layer", "adaptive"))
        for depth in range(90, 10, -10)
    )
    more = ("twice as much, and perhaps thrice,", "compared with what stands far on the other side")
    marks = tuple(PointMark(point=point, words="so much of it", more=more) for point in (points[1], points[6]))
    placed = []
    for picture in pictures(svg_of(replace(requests["series"], by="", points=points, marks=marks))):
        numbers = [text for text in picture.iter("text") if text.text in ("1", "2")]
        lowest_first = sorted(numbers, key=lambda text: -box(text)[2])  # below the picture they stand again
        placed += [{text.text: box(text)[0] for text in lowest_first}]
    assert any(placed)
    assert all(where["1"] < where["2"] for where in placed if where)


def test_words_beside_a_compared_point_hide_no_name_of_a_series(requests):
    points = tuple(
        SweepPoint(x=depth, series=name, estimate=0.5 + depth / 10 + number / 1000, seeds=8)
        for number, name in enumerate(("plain", "momentum", "of one layer", "adaptive"))
        for depth in (1, 2, 3)
    )
    marks = (PointMark(point=points[2], words="plain, at 3", more=("twice as much",)),)
    for picture in pictures(svg_of(replace(requests["series"], by="", points=points, marks=marks))):
        named = {text.text: box(text) for text in picture.iter("text")}
        for words_beside in ("plain, at 3", "twice as much"):
            left, right, upper, lower = named[words_beside]
            for name in ("plain", "momentum", "of one layer", "adaptive"):
                other = named[name]
                assert right <= other[0] or other[1] <= left or lower <= other[2] or other[3] <= upper, name


@pytest.mark.parametrize("apart", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("is_upper_first", [True, False])
def test_words_of_two_points_above_each_other_stand_in_the_same_order(requests, apart, is_upper_first):
    points = tuple(
        SweepPoint(x=rate, series=name, estimate=0.5 + rate / 10 + higher, seeds=8)
        for name, higher in (("upper", apart), ("lower", 0.0))
        for rate in (1, 2, 3)
    )
    marks = [
        PointMark(point=points[1], words="above", more=("less by a little,", "compared with below")),
        PointMark(point=points[4], words="below", is_reference=True),
    ]
    ordered = marks if is_upper_first else marks[::-1]
    for picture in pictures(svg_of(replace(requests["series"], by="", points=points, marks=tuple(ordered)))):
        named = {text.text: box(text) for text in picture.iter("text")}
        assert named["compared with below"][3] < named["below"][2]


def test_a_strip_has_a_dot_or_a_count_for_each_value_and_another_sign_for_older_ones(requests):
    strip, older = requests["strip"], requests["older-strip"]
    wide = pictures(svg_of(requests["strip"]))[0]
    dots = max(path.get("d").count("h0") for path in wide.iter("path") if "h0" in path.get("d", ""))
    assert dots == 480 - strip.missing
    assert f"+ no value: {strip.missing}" in words(wide)
    for picture in pictures(svg_of(replace(strip, centre="share"))):
        assert {"median", "share"}.intersection(words(picture)) == {"share"}
    paths = list(pictures(svg_of(requests["older-strip"]))[0].iter("path"))
    crosses = [path for path in paths if path.get("fill") == "var(--edge)"]
    dots = sum(path.get("d").count("h0") for path in paths if path.get("stroke") == "var(--ink)")
    numbers = [number for number, value in enumerate(older.values) if value is not None]
    assert len(crosses) == len(set(numbers) & set(older.older))
    assert dots == len(numbers) - len(crosses)


def test_a_forest_has_a_row_for_each_part_with_its_seeds_and_for_a_further_design(requests):
    wide, narrow = pictures(svg_of(requests["forest"]))
    for part in requests["forest"].parts:
        shown = [text for text in words(wide) if text.startswith(part.name[:20])]
        assert shown, part.name
        assert shown[0].endswith(f"n\N{NO-BREAK SPACE}{part.seeds}")
    for picture in (wide, narrow):
        assert {"Platform", "Host", "Design", "A further design"} <= set(words(picture))
    assert "A further design" not in words(pictures(svg_of(requests["one-part"]))[0])
    # Host 3's interval reaches far beyond the axis; the words of a wide picture stand left of every interval.
    strokes = [(line, re.fullmatch(r"M([\d.]+),([\d.]+)L([\d.]+),\2", line.get("d"))) for line in wide.iter("path")]
    flat = [(line, flat) for line, flat in strokes if flat and line.get("stroke")]
    lines = [at for line, at in flat if line.get("stroke") == "var(--ink)" or line.get("stroke-dasharray")]
    assert len(lines) == sum(part.estimate is not None for part in requests["forest"].parts)
    assert min(float(at[1]) for at in lines) > 5 * max(len(text) for text in words(wide))
    assert max(float(at[3]) for at in lines) <= 660


def test_long_levels_slant_within_the_picture_and_what_no_xml_may_hold_is_replaced(requests):
    levels = [f"a long level \x00 of number {number}" for number in range(8)]
    points = tuple(SweepPoint(x=level, estimate=1.0) for level in levels)
    for picture in pictures(svg_of(replace(requests["words"], points=points))):
        frame = [float(number) for number in picture.get("data-frame").split(" ")[:4]]
        slanted = [text for text in picture.iter("text") if "rotate" in text.get("transform", "")]
        assert [text.text for text in slanted] == [level.replace("\x00", "?") for level in levels]
        for text in slanted:
            x, y = map(float, re.match(r"translate\(([-\d.]+),([-\d.]+)\)", text.get("transform")).groups())
            assert frame[0] + x >= 0.8 * 5.5 * len(text.text)
            assert frame[1] + y + 0.57 * 5.5 * len(text.text) <= float(picture.get("height")) - 20


def test_a_picture_that_cannot_be_drawn_says_why(requests, monkeypatch):
    for changes, fact in (
        ({"name": "Two words"}, "address"),
        ({"points": (SweepPoint(x=1, estimate=float("nan")),)}, "float"),
    ):
        with pytest.raises(FigureNotDrawn, match=fact):
            svg_of(replace(requests["one"], **changes))
    assert pdf_of(svg_of(requests["one"])).startswith(b"%PDF")
    drawing._renderer.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(FigureNotDrawn, match=r"axiom-weigh\[pictures\]"):
        png_of(svg_of(requests["one"]))
    drawing._renderer.cache_clear()


def test_no_word_hides_the_mark_of_a_repetition(requests):
    values = tuple(0.5 for _ in requests["strip"].values)
    wide = svg_of(replace(requests["strip"], centre="median", values=values)).split("</svg>")[0]
    assert 0 < wide.rindex(">median<") < wide.index("h0M"), "a mark is a stroke without length"
