"""Which part of a file does a Range header ask for (RFC 9110)? The whole where it is not one plain range of bytes."""

import re

from axiom.domain.value import value_class

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@value_class
class Span:
    status: int  # 200 whole, 206 a part, 416 there is no such part
    start: int
    stop: int
    size: int

    @property
    def content_range(self) -> str | None:
        if self.status == 206:
            return f"bytes {self.start}-{self.stop - 1}/{self.size}"
        return f"bytes */{self.size}" if self.status == 416 else None


def read_range(header: str | None, size: int) -> Span:
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not (match[1] or match[2]):
        return _whole(size)
    if not match[1]:
        return _last(int(match[2]), size)
    start = int(match[1])
    stop = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return _whole(size)
    return _part(start, stop, size)


def _last(length: int, size: int) -> Span:
    if length and not size:
        return _whole(size)
    return _part(max(size - length, 0), size, size)


def _part(start: int, stop: int, size: int) -> Span:
    if start >= size:
        return Span(status=416, start=0, stop=0, size=size)
    return Span(status=206, start=start, stop=stop, size=size)


def _whole(size: int) -> Span:
    return Span(status=200, start=0, stop=size, size=size)
