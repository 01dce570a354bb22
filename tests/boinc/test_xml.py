"""Any bytes become a tree or a declared refusal, in time that grows with the bytes and no faster."""

import contextlib
import math
import tracemalloc
from xml.etree import ElementTree as ET

import pytest
from cpu_growth import APART, MOST, seconds
from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc.xml import (
    DEEPEST,
    LONGEST_PLAIN,
    LONGEST_SECTION,
    MOST_OF,
    MOST_SECTIONS,
    MOST_TAGS,
    Element,
    cut_sections,
    decode_lines,
    one_line,
    parse_element_tree,
    parse_leaves,
    unescape_xml,
)
from axiom.errors import MalformedRequest
from axiom.limits import server as limits

REFUSED = {
    "a document type": b"<!DOCTYPE a><a></a>",
    "an entity": b'<!ENTITY x "y"><a></a>',
    "a comment": b"<a><!-- b --></a>",
    "CDATA outside of standard error": b"<a><![CDATA[b]]></a>",
    "a processing instruction": b"<a><?php ?></a>",
    "an element without end": b"<a><b>",
    "an end too many": b"<a></a></a>",
    "crossed elements": b"<a><b></a></b>",
    "an element closed by another's end": b"<a><b>1</c></a>",
    "text beside an element": b"<a>text<b>1</b></a>",
    "text behind an element": b"<a><b>1</b>text</a>",
    "text after everything": b"<a></a>text",
    "a tag that does not end": b"<a><b",
    "a bracket in a text": b"<a><b>1 < 2</b></a>",
    "an attribute without quotes": b"<a b=c></a>",
    "an endless attribute": b'<a b="' + b"x" * 5000 + b'"></a>',
    "a tag with a blank": b"<a ></a>",
    "an unknown entity": b"<a>&nbsp;</a>",
}


@pytest.mark.parametrize("plain", REFUSED.values(), ids=REFUSED)
def test_what_is_not_strict_is_refused(plain):
    with pytest.raises(MalformedRequest):
        parse_element_tree(plain)


def test_leaves_children_empty_tags_and_attributes_are_read():
    top = parse_element_tree(
        b'  <a>\n<b>1</b>\n<c><d>2</d><e/><f />\n</c><c><d>3</d></c><v n="x">\n<d>4</d></v><w n="y"/></a>\n'
    )
    (a,) = top.children
    assert (a.tag, a.leaves) == (b"a", {b"b": b"1"})
    assert [child.leaves.get(b"d") for child in a.children_named(b"c")] == [b"2", b"3"]
    assert a.child(b"c").leaves == {b"d": b"3"}
    flags = a.children[0].flag(b"e"), a.children[0].flag(b"f"), a.flag(b"b"), a.flag(b"no")
    assert flags == (True, True, True, False)
    assert a.child(b"v").leaves == {b"d": b"4"}
    assert a.child(b"missing").text(b"d") == ""
    leaves = parse_leaves(b"<a>1</a> <b><c>2</c></b> <d> <e>x < y</e> <f>3</f>").leaves  # wherever they stand
    assert leaves == {b"a": b"1", b"c": b"2", b"f": b"3"}


def test_nesting_has_an_end_and_a_refusal_quotes_no_more_than_a_line():
    deep = b"<a>" * DEEPEST + b"<a>1</a>" + b"</a>" * DEEPEST
    assert parse_element_tree(deep).children
    with pytest.raises(MalformedRequest):
        parse_element_tree(b"<a>" + deep + b"</a>")
    with pytest.raises(MalformedRequest) as refusal:
        parse_element_tree(b"<a>\n\x1b[31m" + b"x" * 10_000 + b"<b></b></a>")
    assert len(str(refusal.value)) < 300
    assert str(refusal.value).isprintable()


WHOLE = [  # as it stands, as a whole number between -10 and 1000 with default 7
    (b" 12\n", 12),
    (b"-3", -3),
    (b"12.000000", 12),
    (b"5000", 1000),
    (b"-5000", -10),
    (b"9" * 399, 1000),
    (b"9" * 5000, 7),
    (b"-inf", -10),
    (b"nan", 7),
    (b"", 7),
    (b"twelve", 7),
    (b"\xff", 7),
]


@pytest.mark.parametrize(("raw", "value"), WHOLE)
def test_whole_numbers_stay_in_their_range(raw, value):
    assert Element(b"a", {b"n": raw}).whole(b"n", default=7, low=-10, high=1000) == value


@given(st.binary(max_size=200) | st.floats().map(lambda value: repr(value).encode()), st.integers(0, 50))
def test_any_bytes_are_text_and_numbers_that_are_finite_and_in_their_range(raw, longest):
    element = Element(b"a", {b"n": raw})
    number = element.number(b"n", 0.5, low=-1.0, high=1e6)
    assert math.isfinite(number)
    assert -1.0 <= number <= 1e6
    assert -1 <= element.whole(b"n", low=-1, high=10) <= 10
    text = one_line(raw, longest)
    assert len(text) <= longest
    assert text.isprintable()
    assert all(sign.isprintable() or sign in "\n\t\u2028\u2029" or not sign.isascii() for sign in decode_lines(raw))
    assert isinstance(unescape_xml(raw), bytes)


LINES = [
    (b" plain ", "plain"),
    (b"a &lt;b&gt; &amp;amp; &quot;&apos;", "a <b> &amp; \"'"),
    (b"caf&#195;&#169;", "café"),  # clients escape each byte by itself
    ("café".encode(), "café"),
    (b"caf\xe9", "caf\ufffd"),
    (b"&#8364;&#x20AC;", "€€"),
    (b"a\x00\x01\x1b[31m\nb", "a[31mb"),
    (b"a&#0;&#27;b", "ab"),
    (b"&#55296;&#9999999;", "\ufffd\ufffd"),
    ("\u202eabc\u009b".encode(), "abc"),
    (b"fish & chips & &c", "fish & chips & &c"),
    (b"x" * 300, "x" * 255),
]


@pytest.mark.parametrize(("raw", "text"), LINES)
def test_text_is_one_printable_line(raw, text):
    assert one_line(raw, 255) == text


def test_sections_of_foreign_bytes_are_cut_out():
    body = b"<?xml version='1.0'?>\n<r><host_info><p>1</p></host_info><msg_from_host><!bad></msg_from_host></r>\n\0"
    plain, sections = cut_sections(body)
    assert plain == b"\n<r><host_info>0</host_info><msg_from_host>1</msg_from_host></r>"
    assert sections == [(b"host_info", b"<p>1</p>"), (b"msg_from_host", b"<!bad>")]


STDERR = {  # what stands between the tags, and after them: is the first part found whole?
    "plain CDATA": b"\n<![CDATA[\nabc\n]]>\n",
    "closed CDATA inside": b"\n<![CDATA[\na ]]> b\n]]>\n",
    "the closing tag inside": b"\n<![CDATA[\na </stderr_out> b\n]]>\n",
    "many closing tags inside": b"<![CDATA[" + b"</stderr_out>" * 50 + b"]]>",
    "CDATA cut short": b"\n<![CDATA[\nabc\n",
    "no CDATA": b"abc &lt;",
    "a request inside": b"<![CDATA[<scheduler_request><result><host_info></result>]]>",
    "control bytes": b"<![CDATA[" + bytes(set(range(256)) - {60}) + b"]]>",
    "nothing": b"",
}


@pytest.mark.parametrize("inside", STDERR.values(), ids=STDERR)
def test_standard_error_is_found_whole_and_apart(inside):
    second = b"<![CDATA[second]]>"
    body = b"<r><stderr_out>" + inside + b"</stderr_out></r><r><stderr_out>" + second + b"</stderr_out></r>"
    assert cut_sections(body) == (
        b"<r><stderr_out>0</stderr_out></r><r><stderr_out>1</stderr_out></r>",
        [(b"stderr_out", inside), (b"stderr_out", second)],
    )


NOT_A_CLIENT_S = {
    "body": b"x" * (limits.REQUEST_BYTES + 1),
    "section": b"<host_info>" + b" " * (LONGEST_SECTION + 1) + b"</host_info>",
    "declaration": b"<host_info><!DOCTYPE a></host_info>",
    "instruction": b"<host_info><?php ?></host_info>",
    "entity": b"<host_info>&bomb;</host_info>",
    "reports": b"<stderr_out></stderr_out>" * (MOST_SECTIONS + 1),
    "log": b"<job_log><![CDATA[" + b"</job_log>" * (MOST_SECTIONS + 1),
    "standard error": b"<stderr_out><![CDATA[abc",
    "open": b"<host_info>",
}


@pytest.mark.parametrize("body", NOT_A_CLIENT_S.values(), ids=NOT_A_CLIENT_S)
def test_sections_that_are_not_a_client_s_are_refused(body):
    with pytest.raises(MalformedRequest):
        cut_sections(body)


@pytest.mark.parametrize("tag", [b"global_preferences", b"working_global_preferences"])
def test_preferences_that_cannot_be_read_are_left_out_of_a_request_that_can(tag):
    for inside in (b"<!-- home -->", b"<?xml version='1.0'?>", b"<x>&bomb;</x>", b" " * (LONGEST_SECTION + 1)):
        body = b"<r><" + tag + b">" + inside + b"</" + tag + b"></r>"
        assert cut_sections(body) == (b"<r><" + tag + b">0</" + tag + b"></r>", [(tag, b"")])


@pytest.mark.parametrize("tag", [b"client_opaque", b"time_stats_log", b"job_log"])
def test_what_a_client_copies_from_its_files_may_be_any_bytes(tag):
    inside = b"\n<![CDATA[\nsite 7 <a> & \xff <!-- </" + tag + b"> -->\n]]>\n"
    body = b"<r><" + tag + b">" + inside + b"</" + tag + b"><b>1</b></r>"
    assert cut_sections(body) == (b"<r><" + tag + b">0</" + tag + b"><b>1</b></r>", [(tag, inside)])


@pytest.mark.parametrize("tag", MOST_OF)
def test_more_elements_of_a_kind_than_a_client_has_are_refused_before_they_are_read(tag):
    element = tag + b"</" + tag[1:]
    assert parse_element_tree(b"<a>" + element * MOST_OF[tag] + b"</a>").children
    with pytest.raises(MalformedRequest):
        parse_element_tree(b"<a>" + element * (MOST_OF[tag] + 1))


names = st.sampled_from(["name", "value", "flag", "p_model", "other-one"])
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)
trees = st.recursive(st.dictionaries(names, texts, max_size=4), lambda inner: st.dictionaries(names, inner, max_size=4))


@given(trees)
def test_strict_xml_is_read_as_another_parser_reads_it(made):
    def build(parent, what):
        for name, inside in what.items():
            child = ET.SubElement(parent, name)
            if isinstance(inside, dict):
                build(child, inside)
            else:
                child.text = inside

    def same(ours, theirs):
        leaves = {child.tag: child.text or "" for child in theirs if not len(child)}
        assert {tag.decode(): one_line(raw, 255) for tag, raw in ours.leaves.items()} == {
            tag: "".join(filter(str.isprintable, text)).strip() for tag, text in leaves.items()
        }
        deeper = [child for child in theirs if len(child)]
        assert [child.tag.decode() for child in ours.children] == [child.tag for child in deeper]
        for child, other in zip(ours.children, deeper, strict=True):
            same(child, other)

    root = ET.Element("top")
    build(root, {"root": {"always": {"a": "1"}} | made})
    body = ET.tostring(root.find("root"), encoding="utf-8", xml_declaration=False)
    same(parse_element_tree(body), ET.fromstring(b"<top>" + body + b"</top>"))


PIECES = b"""<a> </a> <b>1</b> <c/> </d> < > &lt; &x; text <!
<stderr_out> </stderr_out> <![CDATA[ ]]> <host_info> </host_info> <?xml ?>""".split()
pieces = st.sampled_from([*PIECES, b'<d e="f">', b" ", b"\0", b"\xff"])


@given(st.lists(pieces, max_size=40).map(b"".join) | st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_refused(body):
    try:
        plain, sections = cut_sections(body)
        top = parse_element_tree(plain)
    except MalformedRequest:
        return
    assert top.tag == b""
    assert sum(map(len, (section for _, section in sections))) <= len(body)


BODIES = {
    "leaves": lambda n: b"<a>" + b"<b>1</b>" * (n // 8) + b"</a>",
    "open tags": lambda n: b"<a>" * min(n // 3, MOST_TAGS),
    "brackets": lambda n: b"<" * min(n, MOST_TAGS),
    "one long tag": lambda n: b"<" + b"a" * n,
    "one long text": lambda n: b"<a>" + b"x" * n,
    "one long blank": lambda n: b"<a>" + b" " * n + b"x</a>",
    "attributes": lambda n: b"<a" + b' b="c"' * (n // 6) + b"></a>",
    "ampersands": lambda n: b"<a>" + b"&a" * (n // 2) + b"</a>",
    "sections": lambda n: b"<host_info></host_info>" * (n // 24),
    "sections in each other": lambda n: b"<host_info>" * (n // 11),
    "standard error": lambda n: b"<stderr_out><![CDATA[ ]]></stderr_out>" * (n // 38),
    "standard error cut short": lambda n: b"<stderr_out><![CDATA[</stderr_out>" * (n // 34),
    "ends of standard error": lambda n: b"<stderr_out><![CDATA[" + b"</stderr_out>" * (n // 13),
    "starts of standard error": lambda n: b"<stderr_out><![CDATA[" * (n // 21),
    "CDATA": lambda n: b"<![CDATA[" * (n // 9),
    "declarations": lambda n: b"<?xml " * (n // 6),
    "garbage": lambda n: bytes(range(256)) * (n // 256),
}


def read(body: bytes) -> None:
    with contextlib.suppress(MalformedRequest):
        parse_element_tree(cut_sections(body)[0])


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_the_largest_bodies_take_little_room_and_time_in_proportion(make):
    few, many = make(44_000), make(44_000 * APART)
    assert seconds(lambda: read(many), times=3) <= MOST * seconds(lambda: read(few), times=3) + 0.005
    body = make(LONGEST_PLAIN - 200)
    tracemalloc.start()
    read(body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most <= 50 * 2**20
