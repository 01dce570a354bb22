"""On raw sockets: what is too long, too slow, too much or not for this laboratory is refused."""

import asyncio
import json
import signal
import socket
import threading
from contextlib import closing, nullcontext

import pytest
import uvicorn
from lane_client import Line
from listening import while_listening
from patience import PATIENCE, until

from axiom.limits import server as server_limits
from axiom.server.http.fast_lane import Lanes, whole
from axiom.server.http.origins import PublicAddress
from axiom.server.http.request_counts import BOUNDS, CountedApp, RequestCounts
from axiom.server.http.serving import ServedSocket, StopSignal, serve_sockets

GET = b"GET /page HTTP/1.1\r\nhost: lab\r\n\r\n"
LAB = PublicAddress(names=frozenset({"lab"}), origin="https://lab")


class Echo:
    """An application that says how much it was sent, and keeps whom it was asked by."""

    def __init__(self) -> None:
        self.asked_by: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        self.asked_by.append(scope["client"][0])
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


def served(talk, app=None, lanes=None):
    """What `talk` returns while the site is up."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()

    def talking():
        line = Line(address)
        with closing(line.socket):
            return talk(line)

    return while_listening([ServedSocket(app=app or Echo(), socket=listening, lanes=lanes, address=LAB)], talking)


def asked(*requests: bytes, app=None) -> list[tuple[bytes, bytes]]:
    """What is answered to requests on one connection, each said once the one before is answered."""

    def talk(line):
        answers = []
        for request in requests:
            line.say(request)
            answers.append(line.answer())
        return answers

    return served(talk, app)


def status_of(request: bytes, app=None) -> int:
    """The status of the only answer; a refusal closes the connection, and nothing comes behind it."""

    def talk(line):
        line.say(request)
        status, _ = line.answer()
        assert status.startswith(b"HTTP/1.1 200") or line.is_closed()
        return int(status[9:12] or 0)

    return served(talk, app)


def request(*lines: bytes, method: bytes = b"GET", host: bytes = b"lab", body: bytes = b"") -> bytes:
    lines = (b"%s /page HTTP/1.1" % method, b"host: " + host, *lines)
    length = (b"content-length: %d" % len(body),) if body else ()
    return b"\r\n".join((*lines, *length)) + b"\r\n\r\n" + body


def post(size: int) -> bytes:
    return b"POST /page HTTP/1.1\r\nhost: lab\r\ncontent-length: %d\r\n\r\n" % size


def header(size: int) -> bytes:
    return request(b"x: " + b"a" * size)


def ok(size: int) -> tuple[bytes, bytes]:
    return b"HTTP/1.1 200 OK", b"/page %d" % size


def test_a_connection_is_kept_for_many_requests_up_to_the_largest():
    largest = post(server_limits.BODY_BYTES) + b"x" * server_limits.BODY_BYTES
    answers = asked(GET, post(7) + b"1234567", header(server_limits.HEADER_BYTES - 100), largest, GET)
    assert answers == [ok(size) for size in (0, 7, 0, server_limits.BODY_BYTES, 0)]


def test_a_stop_may_come_before_the_start_and_after_the_end():
    stopping = StopSignal()
    stopping.now()
    assert serve_sockets([ServedSocket(app=Echo(), socket=socket.create_server(("127.0.0.1", 0)))], stopping) is None
    stopping.now()


def test_no_server_of_two_keeps_the_signals_when_all_is_over():
    two = [ServedSocket(app=Echo(), socket=socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while_listening(two, lambda: None)
        assert not isinstance(getattr(signal.getsignal(signal.SIGTERM), "__self__", None), uvicorn.Server)
    finally:
        signal.signal(signal.SIGTERM, before)


REFUSED = {
    "a long header": (431, header(server_limits.HEADER_BYTES + 1)),
    "many headers": (431, request(*[b"a:b"] * 4_000)),
    "a long address": (431, GET.replace(b"/page", b"/" + b"p" * server_limits.HEADER_BYTES)),
    "a large body": (413, post(server_limits.BODY_BYTES + 1)),
    "chunks": (411, request(b"transfer-encoding: chunked", method=b"POST") + b"1\r\na\r\n0\r\nhost: x\r\n\r\n" + GET),
    "packed chunks": (411, request(b"transfer-encoding: gzip, chunked", method=b"POST") + b"0\r\n\r\n" + GET),
    "an upgrade with a body": (400, request(b"connection: upgrade", b"upgrade: h2c", body=GET) + GET),
    "two lengths": (400, request(b"content-length: 1", b"content-length: 2") + b"a" + GET),
    "length and chunks": (400, request(b"content-length: 1", b"transfer-encoding: chunked") + b"0\r\n\r\n" + GET),
    "two hosts": (400, request(b"host: lab")),
    "no host": (400, GET.replace(b"host: lab\r\n", b"")),
    "another version": (505, GET.replace(b"1.1", b"2.0")),
    "a greeting of TLS": (400, b"\x16\x03\x01\r\n\r\n"),
    "a name that was led here": (421, request(host=b"rebound.example")),
    "a name that begins as ours": (421, request(host=b"lab.example:80")),
    "no name": (421, request(host=b"")),
    "a name with a path": (421, request(host=b"lab/../x")),
    "a form of another site": (403, request(b"sec-fetch-site: cross-site", method=b"POST", body=b"a")),
    "a form of a neighbour": (403, request(b"sec-fetch-site: same-site", method=b"POST", body=b"a")),
    "another origin": (403, request(b"origin: http://evil.example", method=b"POST", body=b"a")),
    "another port": (403, request(b"origin: http://lab:3000", method=b"DELETE")),
    "a hidden origin": (403, request(b"origin: null", method=b"POST", body=b"a")),
}


@pytest.mark.parametrize(("status", "what"), REFUSED.values(), ids=REFUSED)
def test_a_request_is_refused_before_anything_of_it_is_done(caplog, status, what):
    app = Echo()
    assert status_of(what, app) in {status, 0}  # a reset may overtake the words
    assert app.asked_by == []
    assert not caplog.records  # of what strangers send amiss


SERVED = {
    "a port and capitals": request(host=b"LAB:8080"),
    "a dot behind": request(host=b"lab."),
    "this computer": request(host=b"localhost:80"),
    "a number": request(host=b"[2001:db8::1]:80"),
    "an old proxy": b"GET /page HTTP/1.0\r\n\r\n",
    "a link on another site": request(b"sec-fetch-site: cross-site"),
    "our form": request(b"sec-fetch-site: same-origin", method=b"POST", body=b"a"),
    "our form over http": request(b"origin: http://lab", method=b"POST", body=b"a"),
    "our form behind a proxy": request(b"origin: https://lab", method=b"POST", host=b"127.0.0.1", body=b"a"),
    "a program": request(method=b"POST", body=b"a"),
    "an offer to upgrade": request(b"connection: upgrade, http2-settings", b"upgrade: h2c"),
    "an absolute address": GET.replace(b"/page", b"http://lab/page"),
}


@pytest.mark.parametrize("what", SERVED.values(), ids=SERVED)
def test_a_request_is_served_that_is_meant_for_this_laboratory(caplog, what):
    assert status_of(what) == 200
    assert not caplog.records


def test_what_stands_behind_an_offer_to_upgrade_is_no_request():
    app = Echo()

    def talk(line):
        line.say(request(b"connection: upgrade", b"upgrade: h2c"), GET)
        return line.answer(), line.is_closed()

    assert served(talk, app) == (ok(0), True)
    assert len(app.asked_by) == 1


def test_a_program_is_told_in_a_problem_document():
    ((status, problem),) = asked(post(server_limits.BODY_BYTES + 1).replace(b"/page", b"/api/page"))
    assert json.loads(problem)["status"] == int(status[9:12]) == 413


@pytest.mark.parametrize("begin", [post(4) + b"12", GET + post(4)])
def test_a_body_that_is_too_slow_is_refused(clock, begin):
    def talk(line):
        line.say(begin)
        answers = [line.answer()] if begin.startswith(GET) else []
        assert answered(line)
        clock.turn(server_limits.BODY_SECONDS + 1)
        assert answered(line)
        return [*answers, line.answer()], line.is_closed()

    answers, is_closed = served(talk)
    assert (answers[-1][0], is_closed) == (b"HTTP/1.1 408 Request Timeout", True)
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
            clock.turn(server_limits.BODY_SECONDS + 1)
            await asyncio.sleep(0.2)  # by the clock, while which is looked
            await super().__call__(scope, receive, send)

    assert asked(post(4) + b"1234", app=Slow()) == [ok(4)]


class Waiting(Echo):
    """Answers nobody before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] == "/waits":
            self.asked_by.append(scope["client"][0])
            await asyncio.to_thread(self.may_go_on.wait, PATIENCE)
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize("brings", [b"", b"content-length: 5\r\n"])
def test_a_visitor_behind_a_proxy_has_so_many_requests_at_once_and_others_are_served(monkeypatch, brings):
    """With a body that does not come, it never reaches the application."""
    monkeypatch.setattr(server_limits, "REQUESTS_OF_ONE_VISITOR", 3)
    app = Waiting()

    def say(address, visitor: bytes, path: bytes, brings: bytes = b"") -> Line:
        line = Line(address)
        line.say(b"POST %s HTTP/1.1\r\nhost: lab\r\nx-forwarded-for: %s\r\n%s\r\n" % (path, visitor, brings))
        return line

    def status(address, visitor: bytes) -> bytes:
        line = say(address, visitor, b"/page")
        with closing(line.socket):
            return line.answer()[0][9:12]

    def talk(line):
        address = line.socket.getpeername()
        lines = [say(address, b"203.0.113.9", b"/waits", brings) for _ in range(3)]
        assert until(lambda: status(address, b"203.0.113.9") == b"503")
        others = [status(address, visitor) for visitor in (b"203.0.113.10", b"127.0.0.1")]
        app.may_go_on.set()
        for kept in lines:
            kept.socket.close()
        assert until(lambda: status(address, b"203.0.113.9") == b"200")
        return others

    assert served(talk, app) == [b"200", b"200"]
    assert "203.0.113.10" in app.asked_by


@pytest.mark.parametrize("visitor", [b"127.0.0.1", b"garbage" * 1_000])
def test_who_asks_is_who_the_nearest_proxy_names(visitor):
    app = Echo()
    served(lambda line: (line.say(request(b"x-forwarded-for: %s, 203.0.113.9" % visitor)), line.answer()), app)
    assert app.asked_by == ["203.0.113.9"]


def test_what_one_visitor_promises_to_bring_takes_no_room_from_others(monkeypatch):
    monkeypatch.setattr(server_limits, "REQUESTS_OF_ONE_VISITOR", 300)

    def talk(line):
        heads = [Line(line.socket.getpeername()) for _ in range(260)]
        for head in heads:  # 260 MB of them
            head.say(request(b"x-forwarded-for: 203.0.113.9", method=b"POST", body=b"x" * 1_000_000)[:150])
        line.say(request(b"x-forwarded-for: 203.0.113.10", method=b"POST", body=b"a"))
        status = line.answer()[0]
        for head in heads:
            head.socket.close()
        return status

    assert served(talk) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("how", ["never fetches it", "leaves"])
def test_an_answer_that_nobody_fetches_is_given_up_and_leaves_no_line_in_the_log(monkeypatch, caplog, how):
    monkeypatch.setattr(server_limits, "ANSWER_SECONDS", 0.2)
    ended = threading.Event()

    async def endless(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
                await asyncio.sleep(0)
        finally:
            ended.set()

    def talk(line):
        line.say(GET * 5)
        if how == "leaves":
            line.socket.recv(1)
            line.socket.close()
        return ended.wait(PATIENCE)

    if how == "leaves":  # what is sent then is sent to nobody, without an end
        monkeypatch.setattr(server_limits, "ANSWER_SECONDS", 0.0)
    assert served(talk, endless)
    assert not caplog.records


def test_a_lane_is_asked_by_nobody_elses_page():
    lanes = Lanes({b"/page": whole(lambda _: pytest.fail("it was asked"))})
    strange = request(b"sec-fetch-site: cross-site", method=b"POST", body=b"a")
    assert served(lambda line: (line.say(strange), line.answer())[1][0], lanes=lanes) == b"HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize("app", ["raises", "leaves", "splits"])
def test_an_application_that_fails_before_its_answer_is_told_as_a_fault_of_ours(app):
    async def splits(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})

    apps = {"raises": raises, "leaves": leaves, "splits": splits}
    assert asked(GET, app=apps[app])[0][0] in {b"HTTP/1.1 500 Internal Server Error", b""}


def test_whoever_leaves_while_a_request_is_answered_and_others_wait_is_no_fault(caplog):
    app = Waiting()

    def talk(line):
        line.say(GET.replace(b"/page", b"/waits") * 4)
        assert until(lambda: app.asked_by)
        line.socket.close()
        app.may_go_on.set()

    served(talk, app)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def curt(_scope, _receive, send) -> None:
    """An application that refuses a body before it is read."""
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


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
