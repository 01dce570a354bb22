"""Which part of a file a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.server.http.byte_ranges import Span, read_range


@pytest.mark.parametrize(
    ("header", "size", "status", "start", "stop"),
    [
        ("bytes=95000-", 300_000, 206, 95_000, 300_000),  # what the stock client asks after a cut download
        ("bytes=0-499", 1_000, 206, 0, 500),
        ("bytes=500-500", 1_000, 206, 500, 501),
        ("bytes=500-5000", 1_000, 206, 500, 1_000),
        ("bytes=-300", 1_000, 206, 700, 1_000),
        ("bytes=-3000", 1_000, 206, 0, 1_000),
        (" bytes=0- ", 1_000, 206, 0, 1_000),
        ("bytes=1000-", 1_000, 416, 0, 0),
        ("bytes=0-", 0, 416, 0, 0),
        ("bytes=-0", 1_000, 416, 0, 0),
        ("bytes=-5", 0, 200, 0, 0),
        (None, 1_000, 200, 0, 1_000),
        ("", 1_000, 200, 0, 1_000),
        ("bytes=5-4", 1_000, 200, 0, 1_000),
        ("bytes=-", 1_000, 200, 0, 1_000),
        ("bytes=0-1,5-6", 1_000, 200, 0, 1_000),
        ("lines=0-1", 1_000, 200, 0, 1_000),
        ("bytes=" + "9" * 5_000 + "-", 1_000, 200, 0, 1_000),
    ],
)
def test_a_range_is_a_part_the_whole_or_beyond(header, size, status, start, stop):
    span = read_range(header, size)
    assert span == Span(status=status, start=start, stop=stop, size=size)
    assert span.content_range == {206: f"bytes {start}-{stop - 1}/{size}", 416: f"bytes */{size}", 200: None}[status]


@given(
    header=st.one_of(st.text(), st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True)),
    size=st.integers(0, 2_000),
)
def test_whatever_is_asked_the_part_lies_in_the_file(header, size):
    span = read_range(header, size)
    assert 0 <= span.start <= span.stop <= size
    assert span.status != 206 or span.start < span.stop
    assert span.status != 200 or (span.start, span.stop) == (0, size)
