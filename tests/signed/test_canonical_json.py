"""JSON in its one form, and sources that are parsed one at a time, whoever asks."""

import gc
import math
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import axiom
from axiom import shipped
from axiom.signed import canonical_json
from axiom.signed.sources import parse_source

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé☃\n"\\'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(data=st.dictionaries(st.text("abc", max_size=3), plain))
def test_what_is_written_canonically_is_read_back(data):
    assert canonical_json.parse_canonical(canonical_json.canonical_bytes(data), limit=100_000) == data


@pytest.mark.parametrize(
    ("raw", "fact"),
    [
        (b"", "not JSON from line 1, character 1 on$"),
        (b'{"a":1,\n]', "not JSON from line 2, character 1 on$"),
        (b"\xff{}", "UTF-8"),
        (b"[]", "an object"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a": 1}', "canonical"),
        (b'{"b":1,"a":1}', "canonical"),
        (b'{"a":1e5}', "canonical"),
        (b'{"a":1e999}', "a number beyond"),
        (b'{"a":"\\u00e9"}', "canonical"),
        (b'{"a":"\\ud800"}', "half a character"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeply"),
        (b'{"a":' + b"1" * 5_000 + b"}", "5,000 digits"),
        (b'{"a":"' + b"x" * 249_993 + b'"}', "250001"),
    ],
)
def test_anything_else_is_refused_with_the_reason(raw, fact):
    assert canonical_json.parse_canonical(b'{"a":"' + b"x" * 249_992 + b'"}', limit=250_000)
    with pytest.raises(ValueError, match=fact):
        canonical_json.parse_canonical(raw, limit=250_000)


HUGE = 10**400  # larger than any float


@pytest.mark.parametrize(
    ("value", "read", "fact"),
    [
        (1, lambda f: f.text("x"), "a text"),
        ("abc", lambda f: f.text("x", "[0-9]+"), "'abc'"),
        (True, lambda f: f.whole("x"), "whole number"),
        (1.0, lambda f: f.whole("x"), "whole number"),
        (-1, lambda f: f.whole("x"), "at least 0"),
        (0, lambda f: f.whole("x", least=1), "at least 1"),
        (2**63, lambda f: f.whole("x"), "63 bits"),
        ("1", lambda f: f.real("x"), "a finite number$"),
        (True, lambda f: f.real("x"), "a finite number"),
        (HUGE, lambda f: f.real("x"), "a finite number"),
        (math.nan, lambda f: f.real("x"), "a finite number"),
        (-1, lambda f: f.real("x", least=0), "at least 0"),
        (1, lambda f: f.flag("x"), "true or false"),
        (1, lambda f: f.moment("x"), "is not a time"),
        ("yesterday", lambda f: f.moment("x"), "'yesterday'"),
        ("2026-03-02T10:00:00+01:00", lambda f: f.moment("x"), "UTC"),
        ("2026-03-02T10:00:00Z", lambda f: f.moment("x"), "UTC"),
        ("0001-01-01T00:00:00+23:00", lambda f: f.moment("x"), "is not a time"),
        ([], lambda f: f.part("x"), "an object"),
        ({}, lambda f: f.array("x", canonical_json.check_whole), "a list"),
        ([1, "2"], lambda f: f.array("x", canonical_json.check_whole), r"x\[1\]"),
        ([1], lambda f: f.array("x", canonical_json.check_text), r"x\[0\]"),
        ([1], lambda f: f.either("x", canonical_json.check_pair), "a pair"),
        ([1, math.inf], lambda f: f.either("x", canonical_json.check_pair), "finite"),
        ([], lambda f: f.either("x", canonical_json.check_config), "plain"),
        ({"a": None}, lambda f: f.either("x", canonical_json.check_config), "plain"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(value, read, fact):
    with pytest.raises(ValueError, match=fact):
        read(canonical_json.Fields({"x": value}, "the order", ("x",)))


def test_fields_of_the_right_type_are_returned_and_unknown_ones_named():
    moment = datetime(2026, 3, 2, 10, 0, 0, 123, tzinfo=UTC)
    data = {"a": "text", "b": 0, "c": 2, "d": False, "e": canonical_json.utc_text(moment), "f": {"x": 1}}
    data |= {"g": [1, 2], "h": None}
    fields = canonical_json.Fields(data, "the order", data)
    assert fields.text("a") == "text"
    assert fields.whole("b") == 0
    assert fields.real("c") == 2.0
    assert fields.flag("d") is False
    assert (fields.moment("e"), fields.part("f")) == (moment, {"x": 1})
    assert fields.array("g", canonical_json.check_real) == fields.either("g", canonical_json.check_pair) == (1.0, 2.0)
    assert fields.either("h", canonical_json.check_text) is None
    assert (fields.real("b", least=0), fields.whole("c", least=2)) == (0.0, 2)
    assert canonical_json.check_whole(2**63 - 1, "it") == canonical_json.LARGEST
    with pytest.raises(ValueError, match="range"):
        canonical_json.canonical_bytes({"a": math.nan})
    with pytest.raises(ValueError, match="UTC"):
        canonical_json.utc_text(datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=1))))
    canonical_json.check_distinct([{"a": 1}, {"a": 2}], "the sweep")
    for values, fact in (([], "empty"), ([{"a": 1}, {"a": 1}], "twice")):
        with pytest.raises(ValueError, match=f"the sweep .*{fact}"):
            canonical_json.check_distinct(values, "the sweep")
    for data, words in (
        ([], "the order is not an object"),
        ({"seeds": 1, "hots": 1}, "'hots' \\(did you mean host\\?\\)"),
        ({"seeds": 1, "host": 1, "xyz": 1}, "'xyz'$"),
        ({"seeds": 1}, "'host'"),
    ):
        with pytest.raises(ValueError, match=words):
            canonical_json.Fields(data, "the order", ("host", "seeds"))


PACKAGE = Path(axiom.__file__).parent


def test_threads_that_parse_at_once_all_get_their_trees():
    """With the plain function, about one in a hundred fails here: a collection lets another thread begin half-way."""
    sources = [file.read_text() for file in sorted(shipped.catalogue_folder().glob("*.py"))[:5]]
    trees: list[object] = []

    def parse_all() -> None:
        trees.extend(parse_source(source) for source in sources)

    def listener(_phase: str, _info: object) -> None:
        sum(range(20))

    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    gc.callbacks.append(listener)
    try:
        threads = [threading.Thread(target=parse_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(listener)
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
    assert len(trees) == 8 * len(sources)
