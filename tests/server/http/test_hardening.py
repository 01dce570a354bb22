"""The site on raw sockets: what is too long, too slow or too much is refused, and everybody else is served."""

import asyncio
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from patience import PATIENCE

from axiom.server.http import hardening
from axiom.server.http.hardening import BODY_BYTES, HEADER_BYTES, ServedSocket, StopSignal, serve

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


class Curt:
    """An application that refuses a body before it is read."""

    async def __call__(self, scope, receive, send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


class Line:
    """One connection, spoken to in bytes."""

    def __init__(self, address, source: str = "127.0.0.1") -> None:
        self.address = address
        self._socket = socket.create_connection(address, timeout=PATIENCE, source_address=(source, 0))

    def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            try:
                self._socket.sendall(piece)
            except OSError:
                return  # refused while we were still speaking
            time.sleep(pause)

    def answer(self) -> bytes:
        """One whole answer, or what came before the connection was closed."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            if not (piece := self.hear()):
                return heard
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(body) < length and (piece := self.hear()):
            body += piece
        return head.split(b"\r\n")[0] + b"|" + body

    def is_closed(self) -> bool:
        return self.hear() == b""

    def hear(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self._socket.close()


def served(talk, app=None):
    """What `talk` returns while the site is up. The loop needs the main thread, so the talking gets another."""
    listening = socket.create_server(("127.0.0.1", 0))
    address, stopping = listening.getsockname(), StopSignal()

    def talking():
        line = Line(address)
        try:
            return talk(line)
        finally:
            line.close()
            stopping.now()

    with ThreadPoolExecutor(1) as pool:
        talked = pool.submit(talking)
        assert serve([ServedSocket(app=app or Echo(), socket=listening)], stopping) is None
        return talked.result(timeout=PATIENCE)


def header(size: int) -> bytes:
    return b"GET /page HTTP/1.1\r\nhost: lab\r\nx: " + b"a" * size + b"\r\n\r\n"


def pieces(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def post(size: int) -> bytes:
    return b"POST /page HTTP/1.1\r\nhost: lab\r\ncontent-length: %d\r\n\r\n" % size


def test_one_connection_is_kept_for_many_requests():
    def talk(line):
        answers = []
        for request in (GET, post(7) + b"1234567", GET, header(HEADER_BYTES - 100), GET):
            line.say(request)
            answers.append(line.answer())
        return answers

    ok = b"HTTP/1.1 200 OK|/page %d"
    assert served(talk) == [ok % 0, ok % 7, ok % 0, ok % 0, ok % 0]


def test_requests_that_come_together_are_answered_in_turn():
    def talk(line):
        line.say(post(3) + b"abc" + GET)
        heard = line.answer()
        while heard.count(b"/page") < 2:
            heard += line.answer()
        return heard

    assert served(talk).count(b"200 OK") == 2


@pytest.mark.parametrize("size", [HEADER_BYTES + 1, 3 * HEADER_BYTES, HEADER_BYTES + BODY_BYTES + 1])
@pytest.mark.parametrize("piece", [4_096, 2**22])
@pytest.mark.parametrize("before", [0, 1])
def test_headers_that_are_too_long_are_refused(size, piece, before):
    app = Echo()

    def talk(line):
        for _ in range(before):
            line.say(GET)
            assert line.answer().startswith(b"HTTP/1.1 200")
        line.say(*pieces(header(size), piece))
        return line.answer(), line.is_closed()

    answer, closed = served(talk, app)
    assert answer in {b"HTTP/1.1 431 Request Header Fields Too Large|", b""}  # a reset may overtake the words
    assert closed
    assert app.requests == before


def test_many_headers_are_bounded_in_sum():
    app = Echo()

    def talk(line):
        line.say(b"GET /page HTTP/1.1\r\nhost: lab\r\n" + b"a:b\r\n" * 12_000 + b"x:" + b"c" * 8_000 + b"\r\n\r\n")
        return line.answer()

    assert served(talk, app) in {b"HTTP/1.1 431 Request Header Fields Too Large|", b""}
    assert app.requests == 0


def test_headers_that_never_end_are_refused_before_they_fill_the_memory():
    def talk(line):
        line.say(b"GET /page HTTP/1.1\r\nx: ", *[b"a" * 16_384] * 6)
        return line.answer()

    assert served(talk) in {b"HTTP/1.1 431 Request Header Fields Too Large|", b""}


@pytest.mark.parametrize("begin", [b"", b"GET /pa", GET + b"GET /again HTTP/1.1\r\nhost:"])
def test_headers_that_are_too_slow_are_refused(monkeypatch, begin):
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 0.2)

    def talk(line):
        line.say(begin)
        heard = line.answer()
        if begin.startswith(GET):
            assert heard == b"HTTP/1.1 200 OK|/page 0"
            heard = line.answer()
        return heard, line.is_closed()

    assert served(talk) == (b"HTTP/1.1 408 Request Timeout|", True)


def test_a_request_that_trickles_in_within_its_time_is_served(monkeypatch):
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 5.0)

    def talk(line):
        line.say(*pieces(GET, 8), pause=0.005)
        return line.answer()

    assert served(talk) == b"HTTP/1.1 200 OK|/page 0"


def test_an_answer_that_takes_longer_than_the_headers_may_is_given(monkeypatch):
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 0.1)

    def talk(line):
        line.say(post(4) + b"12")
        time.sleep(0.3)
        line.say(b"34")
        return line.answer()

    assert served(talk) == b"HTTP/1.1 200 OK|/page 4"


@pytest.mark.parametrize("begin", [b"", GET])
def test_a_body_that_is_too_slow_is_refused(monkeypatch, begin):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)

    def talk(line):
        line.say(begin + post(4) + b"12")
        heard = line.answer()
        if begin:
            heard = line.answer()
        return heard, line.is_closed()

    assert served(talk) == (b"HTTP/1.1 408 Request Timeout|", True)


def test_an_answer_may_take_longer_than_a_body(monkeypatch):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.1)

    class Slow(Echo):
        async def __call__(self, scope, receive, send) -> None:
            await asyncio.sleep(0.3)
            await super().__call__(scope, receive, send)

    def talk(line):
        line.say(post(4) + b"1234")
        return line.answer()

    assert served(talk, Slow()) == b"HTTP/1.1 200 OK|/page 4"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(chunked):
    body = b"x" * (BODY_BYTES + 1)
    whole = post(len(body)) + body
    if chunked:
        head = b"POST /page HTTP/1.1\r\nhost: lab\r\ntransfer-encoding: chunked\r\n\r\n"
        whole = head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"

    def talk(line):
        line.say(*pieces(whole, 65_536))
        return line.answer()

    assert served(talk) in {b"HTTP/1.1 413 Content Too Large|", b""}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_gets_one_status_line_and_is_not_asked_for(chunked):
    length = b"transfer-encoding: chunked" if chunked else b"content-length: %d" % (2 * BODY_BYTES)
    head = b"POST /page HTTP/1.1\r\nhost: lab\r\nexpect: 100-continue\r\n" + length + b"\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if chunked else b"x" * 65_536

    def talk(line):
        line.say(head)
        said = line.hear()
        line.say(*[chunk] * 32, pause=0.005)
        while piece := line.hear():
            said += piece
        return said

    said = served(talk, Curt())
    assert said.count(b"HTTP/1.1 ") == said.count(b"HTTP/1.1 413") == 1


def test_a_body_of_the_largest_size_is_taken():
    def talk(line):
        line.say(post(BODY_BYTES), b"x" * BODY_BYTES)
        return line.answer()

    assert served(talk) == b"HTTP/1.1 200 OK|/page %d" % BODY_BYTES


def test_what_follows_a_refused_request_is_not_done():
    app = Echo()

    def talk(line):
        line.say(header(HEADER_BYTES + 1) + GET)
        return line.answer()

    served(talk, app)
    assert app.requests == 0


def test_what_is_not_http_is_refused_and_others_are_served():
    def talk(line):
        line.say(b"\x16\x03\x01 what is this\r\n\r\n")
        return line.answer()

    assert served(talk).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\r\n\r\n", GET[:-2] + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n"])
def test_requests_that_are_none_leave_no_line_in_the_log(caplog, noise):
    assert b"HTTP/1.1 " in served(lambda line: (line.say(noise), line.answer())[1])
    assert not caplog.records


def test_one_sender_has_only_so_many_connections_and_a_proxy_as_many_as_it_needs(monkeypatch):
    monkeypatch.setattr(hardening, "FROM_ONE_SENDER", 3)

    def talk(line):
        address, heard = line.address, {}
        for source in ("127.0.0.2", "127.0.0.1"):
            lines = [Line(address, source) for _ in range(5)]
            for each in lines:
                each.say(GET)
            heard[source] = [each.answer().split(b"|")[0][9:12] for each in lines]
            for each in lines:
                each.close()
        time.sleep(0.1)
        again = Line(address, "127.0.0.2")
        again.say(GET)
        heard["again"] = again.answer().split(b"|")[0][9:12]
        again.close()
        return heard

    heard = served(talk)
    assert heard == {"127.0.0.2": [b"200"] * 3 + [b"503"] * 2, "127.0.0.1": [b"200"] * 5, "again": b"200"}


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
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "no address", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_a_sender_is_an_address_or_a_household_and_a_proxy_is_none(address, proxies, who):
    assert hardening.sender(address, proxies) == who


NO_END = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("allowed", "most", "refuses", "asked_for", "connections"),
    [
        (NO_END, NO_END, False, None, 4_000),
        (20_000, 20_000, False, None, 4_000),
        (1_024, 524_288, False, 8_200, 4_000),
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
    assert hardening.most_connections.__wrapped__() == connections
    assert asked == ([] if asked_for is None else [asked_for])


def test_stopping_may_be_asked_for_before_the_start():
    stopping = StopSignal()
    stopping.now()
    assert serve([ServedSocket(app=Echo(), socket=socket.create_server(("127.0.0.1", 0)))], stopping) is None


@pytest.mark.parametrize("empty", [b"\r\n", b"\n\n"])
def test_whoever_sends_an_empty_line_and_no_request_is_sent_away(monkeypatch, empty):
    """uvicorn waits for the next request until anything comes; no message begins with an empty line."""
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(hardening, "ANSWER_SECONDS", 0.2)

    def talk(line):
        line.say(GET)
        heard = line.answer()
        line.say(empty)
        return heard, line.is_closed()

    assert served(talk) == (b"HTTP/1.1 200 OK|/page 0", True)


def test_an_empty_line_before_a_request_that_comes_in_time_is_nothing(monkeypatch):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 5.0)

    def talk(line):
        line.say(GET)
        heard = [line.answer()]
        line.say(b"\r\n", GET, pause=0.05)
        return [*heard, line.answer()]

    assert served(talk) == [b"HTTP/1.1 200 OK|/page 0"] * 2


def test_whoever_leaves_while_one_of_their_requests_is_answered_and_others_wait_is_no_fault(caplog):
    begun = []

    async def page(_, __, send) -> None:
        begun.append(1)
        await asyncio.sleep(0.1)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def talk(line):
        line.say(GET * 4)
        line.close()
        while len(begun) < 2:  # the second is begun before anybody sees that the connection is lost
            time.sleep(0.01)
        time.sleep(0.3)

    served(talk, page)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
