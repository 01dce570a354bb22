"""Whatever is sent instead of a request is refused in one way; whatever is read holds nothing absurd."""

import dataclasses
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.boinc.read_request import read_host_info, read_preferences, read_request
from axiom.errors import MalformedRequest

RECORDED = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "recorded").glob("*.xml"))}


def scheduler_request(inside: bytes) -> bytes:
    return b"<scheduler_request>" + inside + b"</scheduler_request>"


REFUSED = {
    "nothing": b"",
    "no request": b"<a></a>",
    "a lone leaf": b"<scheduler_request>1</scheduler_request>",
    "two requests": scheduler_request(b"<x>1</x>") * 2,
    "a sea of blanks": scheduler_request(b" " * 5_000_000 + b"<x>1</x>"),
    "half a request": RECORDED["first_contact"][:3000],
    "another word for it": b"<data_server_request><x>1</x></data_server_request>",
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "&b;&b;">]>' + scheduler_request(b"<x>&a;</x>"),
    "an external entity": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + scheduler_request(b"<x>&f;</x>"),
    "a parameter entity": b"<!DOCTYPE x [%p;]>" + scheduler_request(b"<x>1</x>"),
    "a style sheet": b'<?xml-stylesheet href="x"?>' + scheduler_request(b"<x>1</x>"),
    "UTF-16": RECORDED["first_contact"].decode().encode("utf-16"),
    "UTF-7": scheduler_request(b"+ADw-x+AD4-1+ADw-/x+AD4-"),
    "depth": scheduler_request(b"<a>" * 100_000 + b"</a>" * 100_000),
    "a million fields": scheduler_request(b"<a>1</a>" * 1_000_000),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused(body):
    with pytest.raises(MalformedRequest):
        read_request(body)


def numbers(value):
    if dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from numbers(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, int | float):
        yield value


def read_or_refuse(body: bytes) -> None:
    try:
        request = read_request(body)
    except MalformedRequest:
        return
    assert all(math.isfinite(number) for number in numbers(request))
    assert all(math.isfinite(number) for number in numbers(read_host_info(request.host_info)))
    assert all(math.isfinite(number) for number in numbers(read_preferences(request.working_preferences)))


bodies = st.sampled_from(list(RECORDED.values()))
ODD = [
    b"<",
    b">",
    b"&",
    b"\0",
    b"\xff",
    b"]]>",
    b"<![CDATA[",
    b"</result>",
    b"<result>",
    b"nan",
    b"-1e999",
    b"<!--",
    b"<a b='",
]


@given(body=bodies, data=st.data())
@settings(max_examples=400)
def test_an_altered_request_is_read_or_refused(body, data):
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(at, min(len(body), at + 300)))
        match data.draw(st.sampled_from(["flip", "cut", "end", "double", "insert", "move"])):
            case "flip":
                body = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
            case "cut":
                body = body[:at] + body[end:]
            case "end":
                body = body[:at]
            case "double":
                body = body[:end] + body[at:]
            case "insert":
                body = body[:at] + data.draw(st.sampled_from(ODD)) + body[at:]
            case "move":
                body = body[end:] + body[:at] + body[at:end]
    read_or_refuse(body)


@given(
    body=bodies,
    value=st.sampled_from([b"nan", b"inf", b"-inf", b"1e999", b"-5", b"", b"9" * 500, b"x", b"\xff", b"&lt;"]),
)
def test_no_number_of_a_request_is_trusted(body, value):
    read_or_refuse(re.sub(rb">-?[0-9.]+<", b">" + value + b"<", body))


TAGS = [
    b"result",
    b"name",
    b"stderr_out",
    b"host_info",
    b"global_preferences",
    b"msg_from_host",
    b"coprocs",
    b"x",
    b"time",
]
nested = st.recursive(
    st.binary(max_size=8), lambda inside: st.tuples(st.sampled_from(TAGS), st.lists(inside, max_size=4)), max_leaves=20
)


def written(piece) -> bytes:
    if isinstance(piece, bytes):
        return piece
    tag, inside = piece
    return b"<" + tag + b">" + b"".join(map(written, inside)) + b"</" + tag + b">"


@given(st.lists(nested, max_size=6).map(lambda made: scheduler_request(b"".join(map(written, made)))) | st.binary())
def test_any_nesting_and_any_bytes_are_read_or_refused(body):
    read_or_refuse(body)
