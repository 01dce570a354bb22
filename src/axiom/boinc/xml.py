"""Bytes of a BOINC client in, a small tree out, in one pass and in time that grows with the bytes.

Clients write XML by hand, so no XML parser takes all of it: a program's standard error stands in CDATA with whatever
bytes it printed, `]]>` among them. So the sections that hold foreign bytes are cut out first, by their tags, and the
rest is strict: every tag is closed where it should be, no text stands between elements, and nothing is ever expanded,
because declarations, comments and unknown entities are refused. Preferences that hold any of these are left out: some
other project's site wrote them or a person did, and what the client says of its tasks is none the worse for it.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape

from axiom.errors import MalformedRequest
from axiom.limits import server as limits

LONGEST_PLAIN = 4 * 2**20  # without the sections; a thousand tasks take a third of it
LONGEST_SECTION = 64 * 2**10  # of preferences or a host's description; real ones have 3 KB
LONGEST_TRICKLE = 256 * 2**10
MOST_SECTIONS = 2_500  # a client brings a thousand results and less
LONGEST_TAG = 4096  # with its attributes
MOST_TAGS = 120_000
MOST_OF = {  # elements of which each costs more to read than its bytes tell
    b"<result>": 2_000,
    b"<other_result>": 5_000,
    b"<ip_result>": 5_000,
    b"<file_info>": 5_000,
    b"<app_version>": 1_000,
    b"<alt_platform>": 100,
    b"<coproc>": 100,
}
DEEPEST = 32

_DECLARATION = re.compile(rb"\s*<\?xml\s[^<>?]{0,200}\?>")
_SECTION = re.compile(rb"<(stderr_out|msg_from_host|host_info|working_global_preferences|global_preferences)>")
_COPIED = (b"client_opaque", b"time_stats_log", b"job_log")  # from a client's files, which few have: looked for apart
_WITH_COPIED = re.compile(_SECTION.pattern[:-2] + b"|" + b"|".join(_COPIED) + b")>")
_PRINTED = {b"stderr_out", *_COPIED}  # any bytes, whose length the body bounds
_PREFERENCES = {b"working_global_preferences", b"global_preferences"}
# A leaf with its closing tag, or an opening tag with the text after it; a closing tag; any other tag; text elsewhere.
_TOKEN = re.compile(rb"<(?:([\w.:-]{1,100})>([^<]*)(?:<(/)\1>)?|/([\w.:-]{1,100})>|([^<]*))\s*|([^<]+)")
_LEAF = re.compile(rb"<(\w+)>([^<]*)</\1>")
_EMPTY = re.compile(rb"([\w.:-]+)\s*/>\s*")
_WITH_ATTRIBUTES = re.compile(rb'([\w.:-]+)(?:\s+[\w.:-]+="[^"<>]{0,1000}")+\s*(/?)>([^<]*)')
_ENTITY = re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6}));")
_UNKNOWN_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w{0,31};")
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_CONTROLS = bytes({*range(32), 127})
_CONTROLS_BUT_LINES = bytes({*range(32), 127} - {9, 10})
_LATE_CONTROLS = dict.fromkeys(range(0x80, 0xA0))
# Every byte of ASCII but these stands for itself. To take them out of a long text, and see that it is as long as
# before, takes half the time of asking whether each sign of it is printable.
_SPECIAL = bytes({*range(32), 127, *b"&<>"})
# XML 1.0 has no place for these, not even as references.
_NO_PLACE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Facts = Mapping[str, str | int | float | None]  # by BOINC's tags; what is None is left out


def malformed_request(why: str) -> MalformedRequest:
    return MalformedRequest(
        f"This is not a request of a BOINC client: {why}. Nothing of it was recorded; send it whole."
    )


class Element:
    __slots__ = ("children", "leaves", "tag")

    def __init__(self, tag: bytes, leaves: dict[bytes, bytes] | None = None) -> None:
        self.tag = tag
        self.leaves: dict[bytes, bytes] = {} if leaves is None else leaves
        self.children: list[Element] = []

    def children_named(self, tag: bytes) -> Iterator["Element"]:
        return (child for child in self.children if child.tag == tag)

    def child(self, tag: bytes) -> "Element":
        return next((child for child in reversed(self.children) if child.tag == tag), EMPTY)

    def text(self, tag: bytes, longest: int = 255) -> str:
        raw = self.leaves.get(tag)
        return one_line(raw, longest) if raw else ""

    def whole(self, tag: bytes, default: int = 0, low: int = 0, high: int = 2**53) -> int:
        """A leaf as a whole number, moved into a range; the default where there is none or it is no number."""
        raw = self.leaves.get(tag)
        if raw is None or len(raw) > 400:
            return default
        try:
            value = int(raw)
        except ValueError:
            return int(self.number(tag, default, low, high))
        return low if value < low else min(value, high)

    def number(self, tag: bytes, default: float = 0.0, low: float = 0.0, high: float = 1e18) -> float:
        raw = self.leaves.get(tag)
        if raw is None or len(raw) > 400:
            return default
        try:
            value = float(raw)
        except ValueError:
            return default
        if low <= value <= high:
            return value
        if value != value:  # not a number
            return default
        return low if value < low else high

    def flag(self, tag: bytes) -> bool:
        """Whether a leaf says 1, or stands there empty."""
        raw = self.leaves.get(tag)
        return raw is not None and (not raw or self.whole(tag) != 0)


EMPTY = Element(b"")


def one_line(raw: bytes, longest: int) -> str:
    if b"&" not in raw and len(raw) <= longest and raw.isascii():
        text = raw.decode().strip()  # nearly always
        if text.isprintable():
            return text
    raw = raw[: 10 * longest]  # no character is written longer than that
    if b"&" in raw:
        raw = _ENTITY.sub(_character, raw)
    text = raw.translate(None, _CONTROLS).decode("utf-8", "replace")
    if not text.isascii():
        text = "".join(filter(str.isprintable, text))
    return text.strip()[:longest]


def decode_lines(raw: bytes) -> str:
    text = raw.translate(None, _CONTROLS_BUT_LINES).decode("utf-8", "replace")
    return text.strip("\n") if text.isascii() else text.translate(_LATE_CONTROLS).strip("\n")


def unescape_xml(raw: bytes) -> bytes:
    return _ENTITY.sub(_character, raw) if b"&" in raw else raw


def _character(entity: re.Match[bytes]) -> bytes:
    """Clients escape each byte of a character by itself, so a number below 256 is a byte."""
    name, decimal, hexadecimal = entity.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if code < 256:
        return bytes([code])
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return "\ufffd".encode()
    return chr(code).encode()


def cut_sections(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A body whose sections of foreign bytes are replaced by their places in the list that comes with it.

    Each entry of the list is a section's tag and what stood in it.
    """
    if len(body) > limits.REQUEST_BYTES:
        raise malformed_request(f"it has {len(body)} bytes, and {limits.REQUEST_BYTES} is the most")
    body = body.rstrip(b"\0 \t\r\n")
    declaration = _DECLARATION.match(body)
    at = declaration.end() if declaration else 0
    copied = [tag for tag in _COPIED if tag in body]
    if any(body.count(b"</" + tag + b">") > MOST_SECTIONS for tag in (b"stderr_out", *copied)):
        raise malformed_request("it has too many ends of what programs print")
    section_of = (_WITH_COPIED if copied else _SECTION).search
    pieces: list[bytes] = []
    sections: list[tuple[bytes, bytes]] = []
    while match := section_of(body, at):
        tag, start = match[1], match.end()
        end = _end_of_printed(body, tag, start) if tag in _PRINTED else body.find(b"</" + tag + b">", start)
        if end < 0:
            raise malformed_request(f"its <{tag.decode()}> has no end")
        pieces += (body[at:start], str(len(sections)).encode())
        sections.append((tag, _checked(tag, body[start:end])))
        if len(sections) > MOST_SECTIONS:
            raise malformed_request(f"it has more than {MOST_SECTIONS} sections")
        at = end
    pieces.append(body[at:])
    return b"".join(pieces), sections


def _end_of_printed(body: bytes, tag: bytes, start: int) -> int:
    """Where such a section ends: behind its CDATA, even if the program printed the closing tag itself."""
    opening, closing = b"<" + tag + b">", b"</" + tag + b">"
    first = body.find(closing, start)
    if body.find(b"<![CDATA[", start, first) < 0:
        return first
    end = first
    while end >= 0 and not body[max(start, end - 8) : end].rstrip().endswith(b"]]>"):
        after = body.find(closing, end + 1)
        if body.find(opening, end, after if after >= 0 else None) >= 0:
            return first  # the next task's begins: this one's CDATA was cut short
        end = after
    return end if end >= 0 else first


def _checked(tag: bytes, section: bytes) -> bytes:
    try:
        _check_section(tag, section)
    except MalformedRequest:
        if tag in _PREFERENCES:
            return b""
        raise
    return section


def _check_section(tag: bytes, section: bytes) -> None:
    if tag in _PRINTED:
        return
    longest = LONGEST_TRICKLE if tag == b"msg_from_host" else LONGEST_SECTION
    if len(section) > longest:
        raise malformed_request(f"its <{tag.decode()}> has {len(section)} bytes, and {longest} is the most")
    if tag == b"msg_from_host":
        return
    if b"<!" in section or b"<?" in section:
        raise malformed_request(f"its <{tag.decode()}> holds a declaration")
    _check_entities(section)


def _check_entities(plain: bytes) -> None:
    if b"&" in plain and (unknown := _UNKNOWN_ENTITY.search(plain)):
        raise malformed_request(f"it holds the unknown entity {unknown[0].decode()}")


def _check_plain(plain: bytes) -> None:
    if len(plain) > LONGEST_PLAIN:
        raise malformed_request(
            f"it has {len(plain)} bytes without what programs printed, and {LONGEST_PLAIN} is the most"
        )
    tags = plain.count(b"<")
    if tags > MOST_TAGS:
        raise malformed_request(f"it has more than {MOST_TAGS} tags")
    for tag, most in MOST_OF.items():
        if tags > most and plain.count(tag) > most:
            raise malformed_request(f"it has more than {most} {tag.decode()}")
    _check_entities(plain)


def parse_element_tree(plain: bytes) -> Element:
    _check_plain(plain)
    here = top = Element(b"")
    leaves = top.leaves
    above: list[Element] = []
    for tag, text, closed, closing, other, stray in _TOKEN.findall(plain.lstrip()):
        if closed:
            leaves[tag] = text
            continue
        if closing:
            if closing != here.tag:
                raise malformed_request(f"</{_excerpt(closing)}> closes <{_excerpt(here.tag)}>")
            here = above.pop()
        elif tag and not text.strip():
            here = _open_element(tag, here, above)
        else:
            here = _other_tag(tag or stray, other, here, above)
        leaves = here.leaves
    if above:
        raise malformed_request(f"its <{_excerpt(here.tag)}> has no end")
    return top


def _open_element(tag: bytes, here: Element, above: list[Element]) -> Element:
    if len(above) >= DEEPEST:
        raise malformed_request(f"its elements are nested deeper than {DEEPEST}")
    child = Element(tag)
    here.children.append(child)
    above.append(here)
    return child


def _other_tag(loose: bytes, rest: bytes, here: Element, above: list[Element]) -> Element:
    """A tag that is neither <a> nor </a>: an empty one, or one with attributes. Text has no place beside elements."""
    if loose:
        raise malformed_request(f"text and elements are mixed at {_excerpt(loose)}")
    if empty := _EMPTY.fullmatch(rest):
        here.leaves[empty[1]] = b""
        return here
    match = _WITH_ATTRIBUTES.fullmatch(rest) if len(rest) < LONGEST_TAG else None
    if match:
        return here if match[2] else _open_element(match[1], here, above)
    raise malformed_request(f"<{_excerpt(rest)} is no tag")


def _excerpt(raw: bytes) -> str:
    return one_line(raw, 40)


def parse_leaves(section: bytes) -> Element:
    return Element(b"", dict(_LEAF.findall(section)))


def escape_xml(text: str) -> str:
    if text.isascii() and len(text.encode().translate(None, _SPECIAL)) == len(text):
        return text  # nearly always
    return escape(_NO_PLACE.sub("", text), quote=False)


def write_elements(facts: Facts, indent: str = "") -> str:
    """An element on a line of its own for each of them."""
    return "".join(f"{indent}<{tag}>{_text(value)}</{tag}>\n" for tag, value in facts.items() if value is not None)


def _text(value: str | int | float) -> str:
    return escape_xml(value) if isinstance(value, str) else f"{value:.6f}" if isinstance(value, float) else str(value)


def in_ascii(body: str) -> bytes:
    """Return a body whose bytes mean the same in every encoding that a reader may assume."""
    return body.encode("ascii", "xmlcharrefreplace")
