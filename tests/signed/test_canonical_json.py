import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.signed import canonical_json

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé☃\n"\\'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(data=st.dictionaries(st.text("abc", max_size=3), plain))
def test_what_is_written_canonically_is_read_back(data):
    assert canonical_json.parse(canonical_json.canonical(data), limit=100_000) == data


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff{}", "not UTF-8"),
        (b"[]", "not an object"),
        (b'{"a":1,"a":1}', "same key twice"),
        (b'{"a":NaN}', "NaN, which is no number"),
        (b'{"a":-Infinity}', "-Infinity, which is no number"),
        (b'{"a": 1}', "canonical"),
        (b'{"b":1,"a":1}', "canonical"),
        (b'{"a":1e5}', "canonical"),
        (b'{"a":1e999}', "Out of range"),
        (b'{"a":"\\u00e9"}', "canonical"),
        (b'{"a":"\\ud800"}', "not UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' + b"1" * 5_000 + b"}", "digits"),
        (b'{"a":"' + b"x" * 300_000 + b'"}', "300008 bytes"),
    ],
)
def test_anything_else_is_refused_with_the_reason(raw, words):
    with pytest.raises(ValueError, match=words):
        canonical_json.parse(raw, limit=250_000)


def test_a_number_that_is_none_cannot_be_written():
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json.canonical({"a": math.nan})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "the order is not an object"),
        ({"seeds": 1, "hots": 1}, "unknown field 'hots' \\(did you mean host\\?\\)"),
        ({"seeds": 1, "host": 1, "xyz": 1}, "unknown field 'xyz'$"),
        ({"seeds": 1}, "lacks the field 'host'"),
    ],
)
def test_unknown_and_missing_fields_are_named_with_the_nearest(data, words):
    with pytest.raises(ValueError, match=words):
        canonical_json.Fields(data, "the order", ("host", "seeds"))


@pytest.mark.parametrize(
    ("value", "read", "words"),
    [
        (1, lambda f: f.text("x"), "is not a text"),
        ("abc", lambda f: f.text("x", "[0-9]+"), "'abc' has not the form"),
        (True, lambda f: f.whole("x"), "is not a whole number of at least 0"),
        (1.0, lambda f: f.whole("x"), "is not a whole number"),
        (0, lambda f: f.whole("x", least=1), "at least 1"),
        ("1", lambda f: f.real("x"), "is not a finite number$"),
        (True, lambda f: f.real("x"), "is not a finite number"),
        (-1, lambda f: f.real("x", least=0), "at least 0"),
        (1, lambda f: f.flag("x"), "is not true or false"),
        (1, lambda f: f.moment("x"), "is not a time"),
        ("yesterday", lambda f: f.moment("x"), "'yesterday' is not a time"),
        ("2026-03-02T10:00:00+01:00", lambda f: f.moment("x"), "not a time in UTC"),
        ("2026-03-02T10:00:00Z", lambda f: f.moment("x"), "not a time in UTC"),
        ("0001-01-01T00:00:00+23:00", lambda f: f.moment("x"), "is not a time"),
        ([], lambda f: f.part("x"), "is not an object"),
        ({}, lambda f: f.each("x", canonical_json.whole), "is not a list"),
        ([1, "2"], lambda f: f.each("x", canonical_json.whole), r"x\[1\] is not a whole number"),
        ([1], lambda f: f.each("x", canonical_json.text), r"x\[0\] is not a text"),
        ([1], lambda f: f.either("x", canonical_json.pair), "is not a pair"),
        ([1, math.inf], lambda f: f.either("x", canonical_json.pair), "finite"),
        ([], lambda f: f.either("x", canonical_json.config), "object of plain values"),
        ({"a": None}, lambda f: f.either("x", canonical_json.config), "object of plain values"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(value, read, words):
    with pytest.raises(ValueError, match=words):
        read(canonical_json.Fields({"x": value}, "the order", ("x",)))


def test_fields_of_the_right_type_are_returned():
    moment = datetime(2026, 3, 2, 10, 0, 0, 123, tzinfo=UTC)
    data = {
        "a": "text",
        "b": 3,
        "c": 2,
        "d": False,
        "e": canonical_json.utc(moment),
        "f": {"x": 1},
        "g": [1, 2],
        "h": None,
    }
    fields = canonical_json.Fields(data, "the order", data)
    assert (fields.text("a"), fields.whole("b"), fields.real("c"), fields.flag("d")) == ("text", 3, 2.0, False)
    assert (fields.moment("e"), fields.part("f"), fields.each("g", canonical_json.real)) == (
        moment,
        {"x": 1},
        (1.0, 2.0),
    )
    assert fields.either("h", canonical_json.text) is None
    assert fields.either("g", canonical_json.pair) == (1.0, 2.0)


def test_only_utc_is_written():
    with pytest.raises(ValueError, match="not in UTC"):
        canonical_json.utc(datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=1))))


def test_an_empty_list_and_a_repeated_item_are_refused():
    canonical_json.distinct([{"a": 1}, {"a": 2}], "the sweep")
    with pytest.raises(ValueError, match="the sweep is empty"):
        canonical_json.distinct([], "the sweep")
    with pytest.raises(ValueError, match="the sweep names the same thing twice"):
        canonical_json.distinct([{"a": 1}, {"a": 1}], "the sweep")


HUGE = 10**400  # larger than any float


@pytest.mark.parametrize("value", [HUGE, -HUGE, True, "1", None, math.nan])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="is not a finite number"):
        canonical_json.real(value, "it")


@pytest.mark.parametrize("value", [2**63, HUGE])
def test_a_whole_number_has_63_bits(value):
    assert canonical_json.whole(2**63 - 1, "it") == canonical_json.LARGEST
    with pytest.raises(ValueError, match="63 bits"):
        canonical_json.whole(value, "it")
