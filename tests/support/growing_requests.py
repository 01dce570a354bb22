"""Requests whose strange part grows: for eight times the bytes a site may take eight times as long, and no more."""

import math
from collections.abc import Callable, Iterator

from processes import cpu_seconds
from strangers import Site

from axiom.limits import server as limits

APART = 8  # times the smaller size: a quadratic reader takes 64 times as long
MOST = 3 * APART  # times as long that a linear one may seem to take on a computer that is shared
TIMES = 5  # that a request is sent which seems to take more; the least time counts
_SPARE = 1_000  # bytes of a request beside its strange part

_SIGNS = ('\\"', '"', ";", "a=;", ",", "a,", "a;q=1,", 'W/"a",', "0-0,", " ", "%", "%25", "+", "a", "a.", "1")
_MARKUP = ("&", "a=a&", "<", "<a>", "</a>", "<a/>", '<a b="">', "&amp;", "<![CDATA[", "]]>", "[", '{"a":', '"\\u0000')
_TAGS = ("<stderr_out>", "</stderr_out>", "<host_info>", "<global_preferences>", "<name>", "\r\n", "\0", "--a\r\n")
_HEADERS = (
    *("Cookie: lang=", 'Cookie: lang="', 'Cookie: axiom="', "Accept-Language: ", "Accept-Encoding: ", "Accept: "),
    *("If-None-Match: ", "If-Range: ", "Range: bytes=", "Content-Type: multipart/form-data; boundary=", "Host: "),
    *("Origin: http://", "Referer: http://a/", "X-Forwarded-For: ", "Forwarded: ", "Authorization: Bearer "),
    *("Authorization: Basic ", "Idempotency-Key: ", "Connection: ", "Transfer-Encoding: "),
)
_ADDRESSES = (
    *("/", "/?", "/findings?q=", "/experiments?q=", "/results?experiment=", "/download/", "/maps/", "/hosts/"),
    *("/account/confirm?token=", "/lookup_account.php?", "/team_lookup.php?team_name=", "/language/de?back=/"),
)
_BODIES = (  # how each begins, and how long it may be
    *(
        ("/scheduler", "<scheduler_request>", limits.BODY_BYTES),
        ("/file_upload_handler", "<data_server_request>\n", limits.BODY_BYTES),
    ),
    *(("/create_account.php", "user_name=", limits.FORM_BYTES), ("/account/sign-in", "email=", limits.FORM_BYTES)),
    *(("/account/register", "", limits.FORM_BYTES), ("/api/commands/x", '{"a": ', limits.FORM_BYTES)),
)

Sized = Callable[[int], bytes]


def requests() -> Iterator[tuple[str, int, Sized]]:
    """Each request: what is strange in it, how much of that the site reads, and the request with so much."""
    most, rest = limits.HEADER_BYTES - _SPARE, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for header in _HEADERS:
        for sign in _SIGNS:
            yield f"{header}{sign}…", most, _grown(f"GET /join{rest}{header}", sign, "\r\n\r\n")
    for address in _ADDRESSES:
        for sign in _SIGNS:
            if " " not in sign:
                yield f"{address}{sign}…", most, _grown(f"GET {address}", sign, f"{rest}\r\n")
    for path, opening, longest in _BODIES:
        for sign in (*_SIGNS, *_MARKUP, *_TAGS):
            yield f"{path} {opening}{sign}…", longest - _SPARE, _posted(path, opening, sign)


def growth(site: Site, process: int, most: int, sized: Sized) -> float:
    """How many times as much of a processor this process takes for `APART` times as many strange bytes."""
    small = large = math.inf
    for _ in range(TIMES):
        small = min(small, _seconds(site, process, sized(most // APART)))
        large = min(large, _seconds(site, process, sized(most)))
        if large <= MOST * small:
            break
    return large / small


def _grown(before: str, sign: str, after: str) -> Sized:
    return lambda size: (before + (sign * size)[:size] + after).encode("latin-1")


def _posted(path: str, opening: str, sign: str) -> Sized:
    def sized(size: int) -> bytes:
        body = opening + (sign * size)[:size]
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        return (head + body).encode("latin-1")

    return sized


def _seconds(site: Site, process: int, request: bytes) -> float:
    """Of a process that was still at work when it was asked, the kernel may not have counted anything yet."""
    before = cpu_seconds(process)
    site.answer([request])
    return cpu_seconds(process) - before or math.inf
