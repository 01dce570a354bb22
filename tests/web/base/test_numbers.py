"""What pages are made of: numbers with enough digits, cells without markup, a memo, citations, words of a file."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from axiom.domain.headlines import numbers
from axiom.errors import WrongUse
from axiom.limits import server as limits
from axiom.reads.base.bibtex import finding_bibtex
from axiom.reads.base.cited_authors import CitedAuthor, authors_of
from axiom.reads.base.docstring import read_docstring_words
from axiom.reads.base.memo import Memo
from axiom.reads.base.page_cells import format_cell, measures_in_words, number_columns, row_cells
from axiom.reads.base.request import parse_number
from axiom.settings import read_settings
from axiom_weigh.evidence.rounding import round_e_value

FINITE = st.floats(-1e9, 1e9)
HOSTILE, HARMLESS = '<b>"Ada" & co</b>', "&lt;b&gt;&quot;Ada&quot; &amp; co&lt;/b&gt;"


@pytest.mark.parametrize(
    ("e_value", "told"),
    [
        (20.9, "20.9"),
        (43_001.0, "43,001"),
        (999_999.0, "999,999"),
        (4.08e6, "4 million"),
        (2.99e9, "2.9 billion"),
        (1.5e12, "1.5 trillion"),
        (1e15, "a million billion"),
        (float("inf"), "a million billion"),
    ],
)
def test_what_chance_is_at_most_is_told_in_words_that_people_use(e_value, told):
    assert numbers.tell_odds(e_value) == told


def test_a_number_has_at_most_three_digits_and_an_interval_as_many_as_count():
    for value, written in (
        *((1234, "1,234"), (-3, "−3"), (0.0614, "0.0614"), (-0.5, "−0.5"), (2.0, "2"), (0.3333, "0.333")),
        *((1234.5678, "1,235"), (1e-9, "1.00e−09"), (True, "True"), ("relu", "relu"), (float("inf"), "∞")),
        *((2**53 + 1, "9,007,199,254,740,993"), (-0.0, "0"), (9.996, "10.0"), (0.09996, "0.100")),
    ):
        assert numbers.format_number(value) == written
    for estimate, low, high, written in (
        *((0.0612, 0.0501, 0.0722, ("+0.061", "+0.050", "+0.072")), (2.81, 2.5, 3.12, ("+2.81", "+2.50", "+3.12"))),
        *((-51.6, -54.4, -48.9, ("−51.6", "−54.4", "−48.9")), (0.1, None, 0.3, ("+0.10", "−∞", "+0.30"))),
        *((0.1, None, None, ("+0.1", "−∞", "∞")), (1.0, 1.0, 1.0, ("+1", "+1", "+1"))),
        *((None, None, None, ("–", "−∞", "∞")), (0.001, -0.2, 0.2, ("+0.0010", "−0.20", "+0.20"))),
        *((0.5, 0.004, 0.996, ("+0.50", "+0.0040", "+1.00")), (-0.5, -1.2, -0.04, ("−0.50", "−1.2", "−0.040"))),
        *((0.002, 0.001, 0.9, ("+0.0020", "+0.0010", "+0.90")), (0.569, -50.0, 50.0, ("+0.57", "−50", "+50"))),
        (0.51234, 0.51231, 0.51238, ("+0.512340", "+0.512310", "+0.512380")),
        (0.93, 0.93, 0.93 + 2e-15, ("+0.93", "+0.93", "+0.930")),
        (1.6e-6, 1.2e-6, 1.9e-6, ("+1.60e−06", "+1.20e−06", "+1.90e−06")),
        (1.0, 1e-15, 2.0, ("+1.0", "+1.00e−15", "+2.0")),
    ):
        assert numbers.round_interval(estimate, low, high) == written


@given(st.tuples(*[st.floats(-10, 10)] * 3).map(sorted), st.floats(-10, 10))
def test_an_end_beside_a_bar_is_not_written_on_it(values, bar):
    low, estimate, high = values
    texts = numbers.round_interval(estimate, low, high, bars=(bar,))
    assume(high - low >= 1e-4)  # others may be written as any number is
    read = [float(text.replace("−", "-").replace(",", "")) for text in texts]
    for place, value in enumerate((estimate, low, high)):
        if place or low > bar or high < bar:
            sides = (read[place] > bar, read[place] < bar), (value > bar, value < bar)
            assert sides[0] == sides[1] or abs(value - bar) < 1e-9


def read_number(text):
    return float(text.replace("−", "-").replace(",", ""))


@given(st.tuples(FINITE, FINITE, FINITE).map(sorted))
def test_what_is_written_is_near_what_is_and_in_its_order(values):
    low, estimate, high = values
    texts = numbers.round_interval(estimate, low, high)
    read = {value: read_number(text) for text, value in zip(texts, (estimate, low, high), strict=True)}
    for value in values:
        assert abs(read[value] - value) <= min(0.051 * abs(value), max(0.006 * abs(value), 0.06 * (high - low)))
    assert read[low] <= read[estimate] <= read[high]


@given(
    st.tuples(*[st.floats(-6, 6)] * 3).map(sorted),
    st.sampled_from(["{times2} times", "{times_e} times", "{percent} percentage points", "{value} bits"]),
    st.sampled_from([0.0, 0.7, -1.0]),
)
def test_an_interval_reads_on_the_scale_of_its_words_as_its_numbers_lie(values, words, null):
    """A ratio's lower end is not told as 0, what reaches below 1 not as 1, and what holds the null not as beside it."""
    low, estimate, high = values
    estimand = {"in_words": words, "kind": "contrast", "null": null, "smallest": 0.25}
    assume(high - low >= 1e-4)
    span = numbers.span_in_words(estimand, estimate, low, high)
    read = [read_number(text) for text in span.split(" to ")]
    for end, told in zip((low, high), read, strict=True):
        scaled = numbers.rescale_number(estimand, end)
        assert abs(told - scaled) <= 0.051 * abs(scaled)
        for bar in (0.0, null):
            scaled = numbers.rescale_number(estimand, bar)
            assert abs(end - bar) < 1e-9 or (told > scaled, told < scaled) == (end > bar, end < bar)


def test_a_size_that_nothing_bounds_is_not_told_as_known_and_a_point_once():
    share = {"kind": "contrast", "null": 0.0, "smallest": 0.1, "in_words": "{percent} points"}
    known = numbers.interval_in_words(share, 0.07, -0.2, 0.3)
    for bounds, low, high in ((None, None, None), ((-1.0, 1.0), -1.0, 1.0), ((-1.0, 1.0), None, 1.0)):
        told = numbers.interval_in_words({**share, "bounds": bounds}, 0.07, low, high)
        assert "nothing bounds it" in told
        assert "sure" in known
        assert "sure" not in told
    assert numbers.interval_in_words({**share, "bounds": (-1.0, 1.0)}, 1.0, 0.5, 1.0) == (
        "+100 points (95 % sure: at least +50)"
    )
    assert numbers.interval_in_words(share, 1.0, 1.0, 1.0) == "+100 points (95 % sure: no other typical value)"
    raw = {**share, "in_words": "", "bounds": (-1.0, 1.0)}
    assert numbers.format_interval(raw, 0.25, -1.0, 0.5) == ("+0.25", "open", "+0.50")
    assert numbers.format_interval(raw, 0.25, None, None)[1:] == ("open", "open")
    bare = {"kind": "proportion", "null": 0.5, "smallest": 0.1, "bounds": (0.0, 1.0)}
    assert numbers.certainty_with_unit(bare, 0.75, 0.6, 0.9) == "95 % sure: 60 to 90 %"
    assert "sure" not in numbers.certainty_with_unit(bare, 0.75, 0.0, 1.0)
    assert not numbers.certainty_with_unit(bare, 0.75, 0.75, 0.75).endswith(" %")
    assert [numbers.estimate_with_unit(share, value, None, None) for value in (0.01, -0.01)] == ["+1 point", "−1 point"]


@given(st.floats(1e-3, 1e9))
def test_an_e_value_has_the_same_digits_everywhere_and_is_never_more(e_value):
    read = float(numbers.format_e_value(e_value).replace(",", "").replace("−", "-"))
    assert read == round_e_value(e_value) == pytest.approx(e_value, rel=0.01)
    assert read <= e_value * (1.0 + 1e-11)


def test_chances_times_and_sentences_are_never_written_as_more_than_they_are():
    e_values = {19.97: "19.9", 20.0: "20", 999.7: "999", 1094.8: "1,094", 1_926_999.0: "1.92e+06", None: "–"}
    assert {value: numbers.format_e_value(value) for value in e_values} == e_values
    ratio = {"in_words": "{times_e} times", "kind": "contrast", "null": 0.0}
    sizes = {0.0833: ("a factor of 1.09", "a factor of 1.09"), 0.081: ("a factor of 1.08", "a factor of 1.09")}
    for amount, told in sizes.items():
        assert (numbers.amount_with_unit(ratio, amount), numbers.amount_with_unit(ratio, amount, is_most=True)) == told
    assert numbers.write_minus("-0.5 [-1e-05, .3], 2-4, a-1") == "−0.5 [−1e-05, .3], 2-4, a-1"
    spans = {
        0: "0 seconds",
        1e-9: "0.001 seconds",
        0.34: "0.3 seconds",
        0.96: "1 second",
        1: "1 second",
        59: "1 minute",
        90: "2 minutes",
        7200: "2 hours",
        1e6: "12 days",
    }
    assert {seconds: numbers.format_duration(seconds).replace("\xa0", " ") for seconds in spans} == spans
    assert numbers.format_moment("2026-03-02T14:05:09+00:00") == "2 March 2026, 14:05 UTC"
    assert numbers.format_moment(None) == "–"
    assert [numbers.format_number(value, aligned=True) for value in (0.78, 0.808, 3)] == ["0.780", "0.808", "3"]
    assert [parse_number(text) for text in ("0", "07", "9" * 15)] == [0, 7, 10**15 - 1]
    assert [parse_number(text) for text in ("", "-1", "1.0", "\N{SUPERSCRIPT TWO}", "9" * 16)] == [None] * 5
    for words, known, said in (
        ("", (-1.56, -1.91, -1.09), ""),
        ("{times2} times the steps", (None, None, None), ""),
        ("{times2} times the steps", (-1.56, -1.91, -1.09), "0.34 times the steps (95 % sure: 0.27 to 0.47)"),
        ("{times10} times the steps", (1.0, None, 1.1), "10.0 times the steps (95 % sure: at most 12.6)"),
        ("{times_e} times the risk", (0.0, 0.0, 0.0), "the same risk (95 % sure: no other typical value)"),
        ("{percent} points", (-0.07, -0.0934, -0.0432), "−7.0 points (95 % sure: −9.3 to −4.3)"),
        ("a threshold of {value}", (2.5, 2.0, 3.0), "a threshold of 2.5 (95 % sure: 2.0 to 3.0)"),
    ):
        estimand = {"in_words": words, "kind": "level", "null": -9.0, "smallest": 0.1}
        assert numbers.interval_in_words(estimand, *known) == said


def test_an_exponent_is_told_as_what_a_doubling_does_where_there_was_one():
    """2 to the power of −0.152 is 0.9, of 0.1375 is 1.1, of −1 a half, of 1.585 three."""
    for span, null, known, said in (
        (
            [2, 64],
            0.0,
            (-0.152, -0.234, -0.074),
            "10.0 % lower with each doubling on average (95 % sure: 5.0 to 15.0 % lower)",
        ),
        (
            [2, 64],
            0.0,
            (0.1375, 0.07, 0.2),
            "10.0 % higher with each doubling on average (95 % sure: 5.0 to 14.9 % higher)",
        ),
        (
            [2, 4],
            0.0,
            (0.0, -0.152, 0.1375),
            "no change with each doubling on average (95 % sure: 10.0 % lower to 10.0 % higher)",
        ),
        (
            [2, 64],
            0.0,
            (-0.152, None, -0.074),
            "10.0 % lower with each doubling on average (95 % sure: at least 5.0 % lower)",
        ),
        ([2, 64], 0.0, (1.585, 1.0, 2.0), "3.0 times with each doubling on average (95 % sure: 2.0 to 4.0)"),
        ([2, 64], -0.5, (-1.0, -2.0, -0.6), "0.50 times with each doubling on average (95 % sure: 0.25 to 0.66)"),
        ([2, 3], 0.0, (-0.152, -0.234, -0.074), ""),
        ([], 0.0, (-0.152, -0.234, -0.074), ""),
        ([0, 64], 0.0, (-0.152, -0.234, -0.074), ""),
    ):
        estimand = {"in_words": "", "kind": "slope", "null": null, "smallest": 0.01, "span": span}
        assert numbers.interval_in_words(estimand, *known) == said
        assert numbers.estimate_with_unit(estimand, *known).startswith("−0.15") is (not said)


def test_cells_hold_numbers_as_pages_write_them_and_no_markup():
    row = [None, "", 0, -12345, 0.5, "confirmatory", HOSTILE]
    assert row_cells(row).replace("</td>", "").split("<td")[1:] == [
        *(">–", ">–", ' class="num">0', ' class="num">−12,345', ' class="num">0.500', ">confirmatory", f">{HARMLESS}")
    ]
    assert row_cells([]) == ""
    values = {"a": None, "b": 3, "c": [1.0, 2.0], "d": (), "e": HOSTILE}
    texts = number_columns(values, [*values, "missing"]).replace("</td>", "").split('<td class="num">')[1:]
    assert texts == ["–", "3", "2 values", "0 values", HARMLESS, "–"]
    assert measures_in_words({"gap": 0.25, "curve": [1, 2, 3], "name": "x"}) == "gap 0.250, curve (3 values), name x"
    assert measures_in_words({"pixels": "0a" * 32}) == "pixels a picture"
    assert (measures_in_words({}), format_cell(True)) == ("", "True")


ADA = "Ada Example (0000-0002-1825-0097)"


def test_a_memo_makes_each_value_once_for_a_version_and_forgets_what_nobody_asks_for(monkeypatch):
    monkeypatch.setattr(limits, "VALUES_REMEMBERED", 2)
    made, kept = [], Memo()
    for name in ("asked again", "once", "asked again", "new", "asked again", "once"):
        assert kept.get_or_create(name, lambda name=name: made.append(name) or name.upper()) == name.upper()
    assert made == ["asked again", "once", "new", "once"]
    values = [kept.get_or_create("graph", object, version=[stamp]) for stamp in "1122"]
    assert values[0] is values[1]
    assert values[1] is not values[2]
    assert values[2] is values[3]
    with pytest.raises(ZeroDivisionError):
        kept.get_or_create("broken", lambda: 1 / 0)
    assert kept.get_or_create("broken", lambda: "mended") == "mended"


def test_authors_are_cited_escaped_and_a_file_tells_why_it_matters_and_its_source(tmp_path):
    ada, bo = authors_of(f"{ADA}; Bo Example")
    assert ada == CitedAuthor(name="Ada Example", orcid="0000-0002-1825-0097")
    assert bo == CitedAuthor(name="Bo Example")
    assert ada.address == "https://orcid.org/0000-0002-1825-0097"
    assert authors_of("") == []
    for text in (ADA, "", "Bo Example;Cy Example"):
        assert read_settings(tmp_path / "none", {}, {"authors": text})[0].authors == text
    for text in ("Ada (1234)", "Ada (0000-0002-1825-0097", ";"):
        with pytest.raises(WrongUse):
            read_settings(tmp_path / "none", {}, {"authors": text})
    words = {"number": 7, "answer": "ReLU & {tanh} differ by 5 % ~ 2^-4", "date": "2026-03-02T10:00:00", "line": 3}
    entry = finding_bibtex(**words, laboratory="Small & Sons", authors=ADA, address="https://lab.example/findings/7")
    assert entry.startswith("@misc{axiom-finding-7,\n")
    assert r"author = {{Ada Example} and {Small \& Sons}}," in entry
    assert r"{Finding 7: ReLU \& \{tanh\} differ by 5 \% \textasciitilde{} 2\textasciicircum{}-4}" in entry
    assert [
        part for part in ("year = {2026}", "month = {3}", "https://lab.example/findings/7}") if part not in entry
    ] == []
    assert entry.count("{") - entry.count(r"\{") == entry.count("}") - entry.count(r"\}")
    assert not any(
        (*read_docstring_words('"""Only a question?"""\n').values(), *read_docstring_words("x = 1\n").values())
    )
    assert read_docstring_words('"""A question?\n\nWhat `it_is`\nabout.\n\nHistory: 1.\n"""\n') == {
        "what it is about": "What it is about.",
        "why it matters": "",
    }
    assert read_docstring_words('"""Q?\n\nWhy it matters: people\nwait.\n"""')["why it matters"] == "People wait."
