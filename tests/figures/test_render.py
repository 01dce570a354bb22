"""What every picture is: well-formed, described, small, coloured by role, and nothing that a page's policy refuses."""

import gzip
import re
import struct
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from axiom.figures.drawing import Draughtsman
from axiom.figures.palette import LIGHT, WIDTHS, standalone
from axiom.figures.requests import Forest, SweepPoint, described

ELEMENTS = {"svg", "title", "desc", "g", "path", "line", "rect", "text"}
SAFE = {
    *(
        "class",
        "role",
        "aria-labelledby",
        "id",
        "viewBox",
        "font-family",
        "width",
        "height",
        "transform",
        "d",
        "x",
        "y",
    ),
    *("x2", "y2", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-dasharray"),
    *("data-s", "data-frame"),
    *("stroke-linejoin", "text-anchor", "font-size", "font-weight"),
}


def pictures(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(f"<both>{svg}</both>"))


def test_a_picture_holds_only_what_draws(drawn, request_of_each_kind):
    svg = drawn(request_of_each_kind.name).svg
    elements = [element for picture in pictures(svg) for element in picture.iter()]
    assert {element.tag for element in elements} <= ELEMENTS
    assert {name for element in elements for name in element.attrib} <= SAFE
    assert "url(" not in svg
    assert "http" not in svg


def test_the_parts_of_a_series_are_named_as_its_rows_in_the_table_are(drawn, requests):
    for picture in pictures(drawn("curve").svg):
        named = [group.get("data-s") for group in picture.iter("g") if group.get("data-s")]
        assert set(named) == {each.name for each in requests["curve"].series}
        written = {text.text for group in picture.iter("g") if group.get("data-s") for text in group.iter("text")}
        assert len(written) == len(requests["curve"].series)


def test_a_picture_says_where_its_x_axis_lies(drawn, request_of_each_kind):
    for picture in pictures(drawn(request_of_each_kind.name).svg):
        if isinstance(request_of_each_kind, Forest):
            assert picture.get("data-frame") is None
            continue
        left, top, width, height, low, high, *log = picture.get("data-frame").split(" ")
        assert 0 <= float(left) < float(left) + float(width) <= float(picture.get("width"))
        assert 0 <= float(top) < float(top) + float(height) <= float(picture.get("height"))
        assert float(low) < float(high)
        assert log == (["log"] if "x" in getattr(request_of_each_kind, "log", ()) else [])


def test_a_picture_is_coloured_by_role_alone(drawn, request_of_each_kind):
    svg = drawn(request_of_each_kind.name).svg
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg))
    assert colours <= {"none"} | {f"var(--{role})" for role in LIGHT}
    assert "var(--ink)" in colours


def test_a_picture_comes_at_two_widths_each_with_its_words(drawn, request_of_each_kind):
    found = pictures(drawn(request_of_each_kind.name).svg)
    assert [(each.get("class"), int(each.get("width"))) for each in found] == [
        (f"fig {kind}", width) for kind, width in WIDTHS.items()
    ]
    for each in found:
        title, desc = each[0], each[1]
        assert (title.text, desc.text) == (request_of_each_kind.title, described(request_of_each_kind))
        assert each.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert each.get("viewBox") == f"0 0 {each.get('width')} {each.get('height')}"
    idents = [element.get("id") for each in found for element in each.iter() if element.get("id")]
    assert len(set(idents)) == 4


def test_a_picture_takes_at_most_four_kilobytes_of_a_page(drawn, request_of_each_kind):
    for svg in re.findall(r"<svg.*?</svg>", drawn(request_of_each_kind.name).svg, re.DOTALL):
        assert len(gzip.compress(svg.encode())) <= 4_096


def test_the_png_is_the_wide_picture_twice_as_fine(drawn, request_of_each_kind):
    both = drawn(request_of_each_kind.name)
    signature, width, height = struct.unpack(">8s8xII", both.png[:24])
    wide = pictures(both.svg)[0]
    assert signature == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == (2 * int(wide.get("width")), 2 * int(wide.get("height")))


def test_the_same_request_gives_the_same_bytes_in_every_process(draughtsman, requests):
    chosen = [requests[name] for name in ("series", "narrowing", "strip")]
    first = [draughtsman.draw(each) for each in chosen]
    with Draughtsman() as another:
        again = [another.draw(each) for each in reversed(chosen)]
    assert first == list(reversed(again))


def test_a_file_for_itself_is_whole(drawn, request_of_each_kind):
    text = standalone(drawn(request_of_each_kind.name).svg)
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in text
    assert text.count("<style>") == 1
    assert root.get("width") == "660"


def marks(svg: str, role: str) -> int:
    return len(re.findall(rf'"var\(--{role}\)"', svg))


def test_what_was_predicted_is_red_and_nothing_else_is(drawn):
    with_it, without = (pictures(drawn(name).svg)[0] for name in ("narrowing", "first-look"))
    assert marks(ET.tostring(with_it, encoding="unicode"), "margin") == 4  # a bar, two caps and its words
    assert marks(ET.tostring(without, encoding="unicode"), "margin") == 0


def words(picture: ET.Element) -> list[str]:
    return [element.text for element in picture.iter("text")]


def test_the_words_of_a_narrowing_stand_in_it(drawn):
    wide, narrow = (words(each) for each in pictures(drawn("narrowing").svg))
    assert {"predicted, 80\N{NO-BREAK SPACE}%", "too small to matter", "Moderate", "Strong", "+0.05", "0"} <= set(wide)
    assert "Strong" in narrow
    assert "Moderate" not in narrow  # little room: the last grade alone


def test_the_levels_of_a_sweep_are_its_ticks(drawn):
    wide, narrow = (words(each) for each in pictures(drawn("sweep").svg))
    assert [each for each in wide if each in {"8", "16", "32", "64", "128", "256", "512"}] == wide[:7]
    assert {"8", "32", "128", "512"} <= set(narrow)
    assert "16" not in narrow


def test_a_series_is_named_where_it_ends_and_of_seven_six_are_drawn(drawn):
    wide = words(pictures(drawn("series").svg)[0])
    assert [each for each in wide if each in {"lr", "0.01", "0.03", "0.1", "0.3"}].count("lr") == 2  # rim and words
    assert [series for series in ("0.01", "0.03", "0.1", "0.3", "10") if series not in wide] == ["0.3"]


def test_the_names_of_series_and_their_factors_end_within_the_picture(draughtsman, requests):
    of_three = replace(
        requests["series"],
        by="decay, dropout, readout",
        points=tuple(
            SweepPoint(x=depth, series=f"{decay}, 0", median=decay + depth, seeds=8)
            for decay in (1, 2)
            for depth in (1, 6 if decay == 1 else 3)
        ),
    )
    for picture, width in zip(pictures(draughtsman.draw(of_three).svg), (660, 326), strict=True):
        named = [each for each in picture.iter("text") if each.text.startswith(("decay", "1, 0", "2, 0"))]
        within, *_ = (_right_of(each) for each in picture.iter("g") if each.get("transform"))
        assert len({each.text for each in named}) == 3
        assert max(within + _right_of(each) + 6.0 * len(each.text) for each in named) <= width


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
        ("a, b", ["1, 1", "2, 2"], "b", ["1", "2"]),
        ("kind, loss", ["places, cross_entropy", "all, squared_error"], "kind", ["places", "all"]),
    ],
)
def test_series_are_named_by_what_tells_them_apart(draughtsman, requests, by, series, heading, names):
    points = tuple(
        SweepPoint(x=depth, series=name, median=number + depth, seeds=8)
        for number, name in enumerate(series)
        for depth in (1, 2)
    )
    for picture in pictures(draughtsman.draw(replace(requests["series"], by=by, points=points)).svg):
        said = words(picture)
        assert any(heading.startswith(each.removesuffix("…")) for each in said if len(each) >= min(16, len(heading)))
        assert [name for name in names if name not in said] == []


def _right_of(element: ET.Element) -> float:
    """How far an element is moved to the right, in the group that holds it."""
    return float(re.match(r"translate\(([-\d.]+),", element.get("transform"))[1])


def test_every_value_is_a_dot_and_every_missing_one_is_counted(drawn, requests):
    wide = pictures(drawn("strip").svg)[0]
    dots = max((each.get("d").count("h0") for each in wide.iter("path") if "h0" in each.get("d", "")), default=0)
    missing = requests["strip"].missing
    assert dots == 480 - missing
    assert f"+ no value: {missing}" in words(wide)


@pytest.mark.parametrize("centre", ["median", "share"])
def test_the_line_of_the_estimate_is_called_what_it_is(draughtsman, requests, centre):
    wide, narrow = (words(each) for each in pictures(draughtsman.draw(replace(requests["strip"], centre=centre)).svg))
    assert [{"median", "share"}.intersection(found) for found in (wide, narrow)] == [{centre}] * 2


def test_what_is_older_than_the_claim_has_another_sign_than_what_counts(drawn, requests):
    wide = pictures(drawn("older-strip").svg)[0]
    strip = requests["older-strip"]
    crosses = [each for each in wide.iter("path") if each.get("fill") == "var(--edge)"]
    dots = sum(each.get("d").count("h0") for each in wide.iter("path") if each.get("stroke") == "var(--ink)")
    older = [value for number, value in enumerate(strip.values) if value is not None and number in strip.older]
    assert len(crosses) == len(older)
    assert dots == sum(value is not None for value in strip.values) - len(older)


def test_a_forest_has_a_row_for_each_part_with_its_seeds_and_one_for_a_further_design(drawn, requests):
    wide, narrow = (words(each) for each in pictures(drawn("forest").svg))
    for part in requests["forest"].parts:
        shown = [text for text in wide if text.startswith(part.name[:20])]
        assert shown, part.name
        assert shown[0].endswith(f"n\N{NO-BREAK SPACE}{part.seeds}")
    for found in (wide, narrow):
        assert {"Platform", "Host", "Design", "A further design"} <= set(found)
    assert "A further design" not in words(pictures(drawn("one-part").svg)[0])


def test_an_interval_of_a_forest_ends_at_the_edge_and_never_among_the_words(drawn, requests):
    """Host 3's interval reaches far beyond the axis; the words of a wide picture stand left of every interval."""
    wide = pictures(drawn("forest").svg)[0]
    flat = [each for each in wide.iter("line") if each.get("y2", "0") == "0"]
    lines = [each for each in flat if each.get("stroke") == "var(--ink)" or each.get("stroke-dasharray")]
    starts = [_right_of(each) for each in lines]
    ends = [start + float(each.get("x2")) for start, each in zip(starts, lines, strict=True)]
    assert len(lines) == sum(part.estimate is not None for part in requests["forest"].parts)
    longest = max(len(text) for text in words(wide))
    assert min(starts) > 5 * longest
    assert max(ends) <= 660
