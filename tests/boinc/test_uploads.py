"""What passes between a host and the data server, as the stock client writes it and as nobody should."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axiom.boinc.uploads import (
    SizeQuery,
    Upload,
    check_token,
    read_head,
    read_name,
    size_reply,
    upload_done_reply,
    upload_refused_reply,
    upload_retry_reply,
    write_name,
    write_token,
)
from axiom.errors import MalformedRequest
from axiom.limits import server as limits

KEY, OTHER = b"k" * 32, b"o" * 32
NAME = "rank_dynamics-3-w812-t99_out.jsonl"
TOKEN = write_token(KEY, name=NAME, max_nbytes=1_000_000)
VERSIONS = (
    "<data_server_request>\n    <core_client_major_version>7</core_client_major_version>\n"
    "    <core_client_minor_version>20</core_client_minor_version>\n"
    "    <core_client_release>5</core_client_release>\n"
)
SIZE_QUERY = f"{VERSIONS}<get_file_size>{NAME}</get_file_size>\n</data_server_request>\n".encode()


def upload(data: bytes = b"", **changes: object) -> bytes:
    """An upload as client 7.20.5 writes it; what is None is left out."""
    says = {
        "name": NAME,
        "xml_signature": f"\n{TOKEN}",  # the closing tag is on the line of the data
        "max_nbytes": 1_000_000,
        "nbytes": 195,
        "md5_cksum": "f9c8d93c2e25b65901d9c0781078c750",
        "offset": 0,
    } | changes
    line = {tag: "" if value is None else f"<{tag}>{value}</{tag}>\n" for tag, value in says.items()}
    return (
        f"{VERSIONS}<file_upload>\n<file_info>\n{line['name']}{line['xml_signature']}{line['max_nbytes']}</file_info>\n"
        f"{line['nbytes']}{line['md5_cksum']}{line['offset']}<data>\n"
    ).encode() + data


def read_upload(body: bytes) -> Upload:
    head = read_head(body)
    assert isinstance(head, Upload)
    return head


def test_an_upload_and_a_size_query_are_read():
    body = upload(b"the data, <offset>7</offset> and <data>\n all")
    head = read_upload(body)
    assert head == Upload(
        name=NAME,
        token=TOKEN,
        max_nbytes=1_000_000,
        nbytes=195,
        md5="f9c8d93c2e25b65901d9c0781078c750",
        offset=0,
        data_starts_at=len(upload()),
    )
    assert body[head.data_starts_at :].startswith(b"the data")
    assert check_token(KEY, head) is None
    later = upload(b"x" * 95, offset=100)
    assert read_upload(later).body_length == len(later)
    whole = read_upload(upload(nbytes=1_000_000, offset=1_000_000))  # every byte that was agreed, and all here already
    assert (whole.body_length, check_token(KEY, whole)) == (whole.data_starts_at, None)
    assert read_upload(upload(max_nbytes="1000000.000000", nbytes="195.0")).max_nbytes == 1_000_000
    assert read_head(SIZE_QUERY) == SizeQuery(name=NAME)


@pytest.mark.parametrize("body", [upload(b"data"), SIZE_QUERY])
def test_a_head_that_arrives_byte_by_byte_is_read_once_it_is_whole(body):
    answers = [read_head(body[:end]) for end in range(len(body) + 1)]
    first = next(place for place, answer in enumerate(answers) if answer is not None)
    assert set(answers[:first]) == {None}
    assert set(answers[first:]) == {read_head(body)}
    with pytest.raises(MalformedRequest):
        read_head(body[: first - 1], ended=True)


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (upload(nbytes=None), "nbytes"),
        (upload(xml_signature=None), "xml_signature"),
        (upload().replace(b"<data>", b"<get_file_size>a</get_file_size><data>"), "get_file_size"),
        (upload().replace(b"<data>", b"<offset>1</offset><data>"), None),
        (upload(offset=196), "byte 196 of a file of 195 bytes"),
        (upload(offset=-1), "offset"),
        (upload(nbytes="1.5"), "nbytes"),
        (upload(nbytes="9" * 16), "nbytes"),
        (upload(nbytes="١"), "nbytes"),
        (upload(md5_cksum="F9C8D93C2E25B65901D9C0781078C750"), "32"),
        (upload(md5_cksum="f9c8d93c2e25b65901d9c0781078c7500"), "32"),
        (SIZE_QUERY.replace(b"get_file_size", b"get_file_date"), None),
        (b"GET / HTTP/1.1", None),
        (VERSIONS.encode() + b"x" * limits.UPLOAD_HEAD_BYTES, f"{limits.UPLOAD_HEAD_BYTES}"),
        (b" " * limits.UPLOAD_HEAD_BYTES, f"{limits.UPLOAD_HEAD_BYTES}"),
    ],
)
def test_what_is_no_request_is_refused_with_what_is_wrong(body, fact):
    with pytest.raises(MalformedRequest, match=fact):
        read_head(body)


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "a\\b", "a..b", ".hidden", "-rf", "a" * 201, "a b", "a%2e", "ä", "a\0"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    for body in (upload(name=name), SIZE_QUERY.replace(NAME.encode(), name.encode())):
        with pytest.raises(MalformedRequest):
            read_head(body)


@given(body=st.one_of(st.binary(), st.binary().map(lambda tail: VERSIONS.encode() + tail)), ended=st.booleans())
@example(body=b"", ended=True)
def test_any_bytes_are_a_request_or_malformed(body, ended):
    try:
        head = read_head(body, ended=ended)
    except MalformedRequest:
        return
    assert head is not None or not ended


@given(data=st.data())
def test_a_damaged_upload_is_malformed_lacks_a_valid_token_or_differs_where_unbound(data):
    body = bytearray(upload())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = read_head(body)
    except MalformedRequest:
        return
    if isinstance(head, Upload) and check_token(KEY, head) is None:
        assert (head.name, head.max_nbytes) == (NAME, 1_000_000)
        assert head.nbytes <= head.max_nbytes


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (OTHER, {}),
        (KEY, {"name": "rank_dynamics-3-w812-t98_out.jsonl"}),
        (KEY, {"max_nbytes": 2_000_000}),
        (KEY, {"xml_signature": TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1")}),
        (KEY, {"xml_signature": ""}),
        (KEY, {"xml_signature": TOKEN.upper()}),
        (KEY, {"xml_signature": TOKEN + "0"}),
        (KEY, {"xml_signature": "2" + TOKEN[1:]}),
        (KEY, {"xml_signature": "é" * 66}),
        (KEY, {"nbytes": 1_000_001}),
    ],
)
def test_a_token_is_of_this_laboratory_for_this_file_and_this_size(key, changes):
    assert check_token(key, read_upload(upload(**changes)))


@given(first=st.tuples(st.text(), st.integers(0)), second=st.tuples(st.text(), st.integers(0)))
@example(first=("a1", 1), second=("a", 11))
def test_two_files_have_two_tokens(first, second):
    tokens = {write_token(KEY, name=name, max_nbytes=size) for name, size in (first, second)}
    assert len(tokens) == len({first, second})


@given(guess=st.one_of(st.text(), st.from_regex(r"rank_dynamics-3-w812-t99-[0-9a-f]{32}", fullmatch=True)))
@example(guess="-" + "0" * 32)
@example(guess="rank_dynamics-3-w812-t99")
def test_an_output_s_name_tells_its_task_to_the_laboratory_alone(guess):
    name = write_name(KEY, "rank_dynamics-3-w812-t99")
    assert name.startswith("rank_dynamics-3-w812-t99-")
    assert read_name(KEY, name) == "rank_dynamics-3-w812-t99"
    assert read_name(OTHER, name) is None
    assert read_head(SIZE_QUERY.replace(NAME.encode(), name.encode())) == SizeQuery(name=name)
    assert read_name(KEY, guess) is None


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (size_reply(65_536), {"status": "0", "file_size": "65536"}),
        (upload_done_reply(), {"status": "0"}),
        (upload_retry_reply("the disk\nis <full>"), {"status": "1", "message": "the disk is <full>"}),
        (upload_refused_reply("zu groß" + "x" * 999), {"status": "-1", "message": "zu groß" + "x" * 493}),
        (upload_refused_reply("a\0b\x1b"), {"status": "-1", "message": "ab"}),
    ],
)
def test_a_reply_is_xml_that_says_this(reply, told):
    root = ET.fromstring(reply)
    assert root.tag == "data_server_reply"
    assert {element.tag: element.text for element in root} == told
    assert reply.isascii()
