"""The site on raw sockets: what is too long, too slow or too much is refused, and everybody else is served."""

import asyncio
import resource
import socket
import threading
from contextlib import closing, nullcontext

import pytest
from lane_client import Line
from listening import while_listening
from patience import PATIENCE, until

from axiom.limits import server as server_limits
from axiom.server.http import senders
from axiom.server.http.connection import Connection
from axiom.server.http.request_counts import BOUNDS, CountedApp, RequestCounts
from axiom.server.http.serving import ServedSocket, StopSignal, serve

GET = b"GET /page HTTP/1.1\r\nhost: lab\r\n\r\n"


class Echo:
    """An application that says how much it was sent, and counts its requests."""

    def __init__(self) -> None:
        self.requests = 0

    async def __call__(self, scope, receive, send) -> None:
        self.requests += 1
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size, more = size + len(message["body"]), message["more_body"]
        body = b"%s %d" % (scope["raw_path"], size)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def curt(_scope, _receive, send) -> None:
    """An application that refuses a body before it is read."""
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Elsewhere(Line):
    """A connection from another address of this computer."""

    def __init__(self, address, source: str) -> None:
        super().__init__(address)
        self.socket.close()
        self.socket = socket.create_connection(address, timeout=PATIENCE, source_address=(source, 0))


def served(talk, app=None):
    """What `talk` returns while the site is up."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()

    def talking():
        line = Line(address)
        with closing(line.socket):
            return talk(line)

    return while_listening([ServedSocket(app=app or Echo(), socket=listening)], talking)


def header(size: int) -> bytes:
    return b"GET /page HTTP/1.1\r\nhost: lab\r\nx: " + b"a" * size + b"\r\n\r\n"


def post(size: int) -> bytes:
    return b"POST /page HTTP/1.1\r\nhost: lab\r\ncontent-length: %d\r\n\r\n" % size


def ok(size: int) -> tuple[bytes, bytes]:
    return b"HTTP/1.1 200 OK", b"/page %d" % size


TOO_LONG = {(b"HTTP/1.1 431 Request Header Fields Too Large", b""), (b"", b"")}  # a reset may overtake the words


def asked(*requests: bytes, app=None) -> list[tuple[bytes, bytes]]:
    """What is answered to requests on one connection, each said once the one before is answered."""

    def talk(line):
        answers = []
        for request in requests:
            line.say(request)
            answers.append(line.answer())
        return answers

    return served(talk, app)


def test_a_connection_is_kept_for_many_requests_up_to_the_largest_and_a_stop_may_come_before_the_start():
    largest = post(server_limits.BODY_BYTES) + b"x" * server_limits.BODY_BYTES
    answers = asked(GET, post(7) + b"1234567", header(server_limits.HEADER_BYTES - 100), largest, GET)
    assert answers == [ok(size) for size in (0, 7, 0, server_limits.BODY_BYTES, 0)]
    stopping = StopSignal()
    stopping.now()
    assert serve([ServedSocket(app=Echo(), socket=socket.create_server(("127.0.0.1", 0)))], stopping) is None


LONG = {
    "a little": header(server_limits.HEADER_BYTES + 1),
    "more than a body": header(server_limits.HEADER_BYTES + server_limits.BODY_BYTES + 1),
    "in sum": b"GET /page HTTP/1.1\r\nhost: lab\r\n" + b"a:b\r\n" * 12_000 + b"x:" + b"c" * 8_000 + b"\r\n\r\n",
    "without end": b"GET /page HTTP/1.1\r\nx: " + b"a" * 98_304,
}


@pytest.mark.parametrize("request_", LONG.values(), ids=LONG)
@pytest.mark.parametrize("before", [0, 1])
def test_headers_that_are_too_long_are_refused_and_what_follows_is_not_done(request_, before):
    app = Echo()
    answers = asked(*[GET] * before, request_ + GET, app=app)
    assert answers[:before] == [ok(0)] * before
    assert answers[before] in TOO_LONG
    assert app.requests == before


@pytest.mark.parametrize(
    "begin", [b"", b"GET /pa", GET + b"GET /again HTTP/1.1\r\nhost:", post(4) + b"12", GET + post(4)]
)
def test_headers_and_bodies_that_are_too_slow_are_refused(clock, begin):
    def talk(line):
        line.say(begin)
        answers = [line.answer()] if begin.startswith(GET) else []
        assert answered(line)
        clock.turn(server_limits.BODY_SECONDS)
        return [*answers, line.answer()], line.is_closed()

    answers, is_closed = served(talk)
    assert (answers[-1], is_closed) == ((b"HTTP/1.1 408 Request Timeout", b""), True)
    assert answers[:-1] in ([], [ok(0)])


def answered(line) -> bool:
    """What was said before was read, once another connection is answered."""
    other = Line(line.socket.getpeername())
    other.say(GET)
    answer = other.answer()
    other.socket.close()
    return answer == ok(0)


def test_an_answer_may_take_longer_than_a_request(clock):
    class Slow(Echo):
        async def __call__(self, scope, receive, send) -> None:
            clock.turn(server_limits.BODY_SECONDS)
            await asyncio.sleep(0.2)  # by the clock, while which is looked
            await super().__call__(scope, receive, send)

    assert asked(post(4) + b"1234", app=Slow()) == [ok(4)]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_by_a_single_status_line_and_not_asked_for(chunked):
    body = b"x" * (server_limits.BODY_BYTES + 1)
    whole = post(len(body)) + body
    length = b"content-length: %d" % (2 * server_limits.BODY_BYTES)
    if chunked:
        length = b"transfer-encoding: chunked"
        whole = (
            b"POST /page HTTP/1.1\r\nhost: lab\r\n" + length + b"\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        )
    assert asked(whole)[0] in {(b"HTTP/1.1 413 Content Too Large", b""), (b"", b"")}
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if chunked else b"x" * 65_536

    def talk(line):
        line.say(b"POST /page HTTP/1.1\r\nhost: lab\r\nexpect: 100-continue\r\n" + length + b"\r\n\r\n")
        status, _ = line.answer()
        line.say(*[chunk] * 32)
        return status, line.answer()

    status, further = served(talk, curt)
    assert (status[:12], further) == (b"HTTP/1.1 413", (b"", b""))


@pytest.mark.parametrize("address", [b"http://lab", b"http://lab?q=1", b"http://lab/page", b"*"])
def test_an_address_in_absolute_form_is_answered_and_leaves_no_line_in_the_log(caplog, address):
    (answer,) = asked(GET.replace(b"/page", address))
    assert answer[0].startswith(b"HTTP/1.1 200")
    assert not caplog.records


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\r\n\r\n", GET[:-2] + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n"])
def test_requests_that_are_none_leave_no_line_in_the_log(caplog, noise):
    (answer,) = asked(noise)
    assert answer[0].startswith(b"HTTP/1.1 400" if noise.startswith(b"\x16") else b"HTTP/1.1 ")
    assert not caplog.records


def test_a_program_is_told_how_much_a_request_may_bring():
    ((_, problem),) = asked(post(server_limits.BODY_BYTES + 1).replace(b"/page", b"/api/page"))
    assert b"at most 1,048,576 bytes" in problem


def test_one_connection_too_many_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(server_limits, "CONNECTIONS_OF_ONE_SENDER", 0)

    def talk(line):
        other = Elsewhere(line.socket.getpeername(), "127.0.0.2")
        with closing(other.socket):
            return other.socket.recv(1_000)

    assert b"\r\nretry-after: 60\r\n" in served(talk)


def test_a_sender_has_only_so_many_connections_and_a_proxy_as_many_as_it_needs(monkeypatch):
    monkeypatch.setattr(server_limits, "CONNECTIONS_OF_ONE_SENDER", 3)

    def talk(line):
        address, statuses = line.socket.getpeername(), {}
        for what, source, amount in (("many", "127.0.0.2", 5), ("a proxy", "127.0.0.1", 5), ("again", "127.0.0.2", 1)):
            assert until(lambda: "127.0.0.2" not in Connection.by_sender)
            lines = [Elsewhere(address, source) for _ in range(amount)]
            for connection in lines:
                connection.say(GET)
            statuses[what] = [connection.answer()[0][9:12] for connection in lines]
            for connection in lines:
                connection.socket.close()
        return statuses

    assert served(talk) == {"many": [b"200"] * 3 + [b"503"] * 2, "a proxy": [b"200"] * 5, "again": [b"200"]}


@pytest.mark.parametrize(
    ("address", "proxies", "who"),
    [
        ("127.0.0.1", "10.0.0.5", ""),
        ("::1", "", ""),
        ("", "", ""),
        ("203.0.113.9", "127.0.0.1,::1", "203.0.113.9"),
        ("203.0.113.9", "10.0.0.5, 203.0.113.9", ""),
        ("203.0.113.9", "203.0.113.0/24", ""),
        ("203.0.113.9", "*", ""),
        ("2001:db8:1:2:ffff::1", "no address", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_a_sender_is_an_address_or_a_household_and_a_proxy_is_none(address, proxies, who):
    assert senders.sender(address, proxies) == who


@pytest.mark.parametrize(
    ("lines", "proxies", "whence"),
    [
        ({}, "127.0.0.1", ("http", ("127.0.0.1", 7))),
        ({"proto": "https", "for": "203.0.113.9"}, "127.0.0.1", ("https", ("203.0.113.9", 0))),
        ({"proto": "gopher", "for": "8.8.8.8, 203.0.113.9, 10.0.0.2"}, "10.0.0.0/8", ("http", ("203.0.113.9", 0))),
        ({"for": "8.8.8.8, [2001:db8::1]:443"}, "127.0.0.1", ("http", ("2001:db8::1", 0))),
        ({"for": "8.8.8.8:80, 9.9.9.9"}, "*", ("http", ("8.8.8.8", 0))),
        ({"for": " "}, "127.0.0.1", ("http", ("127.0.0.1", 7))),
    ],
)
def test_a_proxy_says_whence_a_request_came_and_what_stands_before_its_word_is_not_believed(lines, proxies, whence):
    headers = [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in lines.items()]
    assert senders.forwarded(headers, ("127.0.0.1", 7), proxies) == whence


def raw(request: bytes, status: int, headers: list[tuple[bytes, bytes]], *pieces: bytes) -> bytes:
    """All that is sent when an application answers so."""

    async def answers(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": piece is not pieces[-1]})

    def talk(line):
        line.say(request)
        while not line.is_closed():
            continue
        return line._heard

    return served(talk, answers)


LAST = b"%s /page HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "status", "headers", "pieces", "body"),
    [
        (b"GET", 200, [], (b"ab", b"", b"c"), b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        (b"GET", 200, [(b"Content-Length", b"3")], (b"ab", b"c"), b"abc"),
        (b"HEAD", 200, [(b"content-length", b"3")], (b"abc",), b""),
        (b"HEAD", 200, [], (b"abc",), b""),
        (b"GET", 304, [(b"etag", b"x")], (b"",), b""),
        (b"GET", 200, [(b"content-length", b"9")], (b"abc",), b""),
        (b"GET", 200, [(b"content-length", b"2")], (b"abc",), b""),
    ],
)
def test_an_answer_has_a_date_and_a_length_or_chunks_and_is_cut_where_it_is_not_as_long_as_it_says(
    method, status, headers, pieces, body
):
    head, _, rest = raw(LAST % method, status, headers, *pieces).lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 %d " % status)
    assert (head.count(b"\r\ndate: "), head.count(b"\r\nconnection: close"), rest) == (1, 1, body)
    assert (b"transfer-encoding" in head) == body.startswith(b"2\r\n")


@pytest.mark.parametrize("app", ["raises", "leaves", "splits"])
def test_an_application_that_fails_before_its_answer_is_told_as_a_fault_of_ours(app):
    async def splits(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})

    apps = {"raises": raises, "leaves": leaves, "splits": splits}
    status, text = asked(GET, app=apps[app])[0]
    assert (status, text) == (b"HTTP/1.1 500 Internal Server Error", b"A fault of ours.")


NO_END = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("allowed", "most", "refuses", "asked_for", "connections"),
    [
        (20_000, 20_000, False, None, 4_000),
        (1_024, NO_END, False, 8_200, 4_000),
        (1_024, NO_END, True, 8_200, 412),
        (1_024, 4_096, False, 4_096, 1_948),
        (1_024, 1_024, False, 1_024, 412),
        (100, 100, False, 100, 1),
    ],
)
def test_every_connection_may_have_a_file_open_besides(monkeypatch, allowed, most, refuses, asked_for, connections):
    limits, asked = [(allowed, most)], []

    def ask(_, wanted) -> None:
        asked.append(wanted[0])
        if refuses:
            raise ValueError("not so many")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", ask)
    assert senders.most_connections.__wrapped__() == connections
    assert asked == ([] if asked_for is None else [asked_for])


@pytest.mark.parametrize("empty", [b"\r\n", b"\n\n"])
def test_whoever_sends_an_empty_line_and_no_request_is_sent_away(monkeypatch, empty):
    """No message begins with an empty line."""
    monkeypatch.setattr(server_limits, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(server_limits, "IDLE_SECONDS", 0.2)

    def talk(line):
        line.say(GET)
        answers = [line.answer()]
        line.say(empty + GET)  # together with a request it is nothing
        answers.append(line.answer())
        line.say(empty)
        return answers, line.is_closed()

    assert served(talk) == ([ok(0)] * 2, True)


def test_whoever_leaves_while_a_request_is_answered_and_others_wait_is_no_fault(caplog):
    begun, may_go_on = [], threading.Event()

    async def page(_, __, send) -> None:
        begun.append(1)
        if len(begun) > 1:
            await asyncio.to_thread(may_go_on.wait, PATIENCE)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def talk(line):
        line.say(GET * 4)
        line.socket.close()
        assert until(lambda: len(begun) > 1)  # the second is begun before anybody sees that the connection is lost
        assert until(lambda: not Connection.by_sender)
        may_go_on.set()

    served(talk, page)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def raises(_scope, _receive, _send):
    raise ValueError("a fault")


async def leaves(_scope, _receive, _send):
    """Whoever asked is gone."""


def test_a_request_is_in_the_bucket_that_ends_at_its_time_and_each_end_has_a_status():
    counts = RequestCounts()
    for seconds in (0.0, BOUNDS[0], 0.006, 3.0, 11.0):
        counts.answered("page", 200, seconds)
    took, together = counts.durations()["page"]
    assert took == [2, 1, 0, 0, 0, 1, 1]
    assert together == pytest.approx(14.011)
    counts.refused(408)
    assert counts.answers() == {("page", 200): 5, ("refused", 408): 1}

    async def nothing(_message=None):
        return {"type": "http.disconnect"}

    for app, status in ((curt, 413), (raises, 500), (leaves, 499)):
        counts = RequestCounts()
        counted = CountedApp(app, counts, class_of=lambda path: path[1:])
        with pytest.raises(ValueError, match="a fault") if app is raises else nullcontext():
            asyncio.run(counted({"type": "http", "path": "/page"}, nothing, nothing))
        assert counts.answers() == {("page", status): 1}
