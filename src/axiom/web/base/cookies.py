"""The cookies of a browser. The standard library reads them, too, but some versions of it in quadratic time."""

from collections.abc import Iterable


def read_cookie(headers: Iterable[tuple[bytes, bytes]], name: str) -> str:
    """The value of a cookie as this site sets it, without quotes; empty where the browser has none of that name."""
    wanted = name.encode("latin-1") + b"="
    for header, line in headers:
        if header == b"cookie":
            for pair in line.split(b";"):
                if pair.strip().startswith(wanted):
                    return pair.strip().removeprefix(wanted).decode("latin-1")
    return ""
