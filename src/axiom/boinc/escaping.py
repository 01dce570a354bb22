"""Text as it may stand between two tags."""

import re
from html import escape

# Every byte of ASCII but these stands for itself. To take them out of a long text, and see that it is as long as
# before, takes half the time of asking whether each sign of it is printable.
_SPECIAL = bytes({*range(32), 127, *b"&<>"})
# XML 1.0 has no place for these, not even as references.
_NO_PLACE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escaped(text: str) -> str:
    if text.isascii() and len(text.encode().translate(None, _SPECIAL)) == len(text):
        return text  # nearly always
    return escape(_NO_PLACE.sub("", text), quote=False)


def in_ascii(body: str) -> bytes:
    """Return a body whose bytes mean the same in every encoding that a reader may assume."""
    return body.encode("ascii", "xmlcharrefreplace")
