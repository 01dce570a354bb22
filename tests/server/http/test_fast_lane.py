"""The fast lane on raw sockets: whatever way a message comes, it is answered once, or refused and nothing is done."""

import itertools
import shutil
import socket
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_client import LIMIT, OK, Answers, Line, ManualStop, Page, post, served
from listening import while_listening
from patience import PATIENCE, until
from scheduler_calls import Client
from upload_lab import LARGE, NAME, SMALL, Place, head, size_query
from work_sources import lanes as pilot_lanes
from work_sources import pilot_server

from axiom.limits import server as limits
from axiom.server.http.bodies import BodyRoom
from axiom.server.http.fast_lane import Lanes, RequestHead, whole, whole_in
from axiom.server.http.serving import ServedSocket, serve_sockets
from axiom.signed.program_tokens import CLUSTER_PREFIX
from axiom.store import connections


@pytest.fixture(scope="module")
def place():
    answers = Answers()
    with served(answers) as address:
        yield answers, address


@pytest.fixture
def line(place):
    made = Line(place[1])
    yield made
    made.socket.close()


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_requests_in_whatever_pieces_are_answered_in_their_order(place, cuts):
    requests = post(b"/soon", b"a" * 100) + post(b"/now", b"b" * 5) + post(b"/page", b"c") + post(b"/soon", b"d" * 7)
    bounds = [0, *sorted(cuts), len(requests)]
    line = Line(place[1])
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.say(*(requests[start:end] for start, end in itertools.pairwise(bounds)))
    answers = [line.answer()[1] for _ in range(4)]
    line.socket.close()
    assert answers == [b"soon 100", b"now 5", b"page /page 1", b"soon 7"]


def test_a_piped_request_waits_for_the_answer_before_and_who_leaves_harms_nobody(place, line):
    answers, address = place
    line.say(post(b"/later", b"123") + post(b"/now", b"1") + b"GET /p HTTP/1.1\r\nhost: lab\r\n\r\n")
    assert until(lambda: answers.held)
    assert answers.asked[-1] == b"123"  # the second is not even asked
    answers.let_go()
    assert [line.answer()[1] for _ in range(3)] == [b"later 3", b"now 1", b"page /p 0"]
    gone = Line(address)
    gone.say(post(b"/later", b"12345"))
    half = Line(address)
    half.say(b"POST /now HTTP/1.1\r\nhost: lab\r\ncontent-length: 100\r\n\r\n12")
    assert until(lambda: answers.held)
    gone.socket.close()
    half.socket.close()
    answers.let_go()
    line.say(post(b"/soon", b"12"))
    assert line.answer() == (OK, b"soon 2")


def test_a_body_for_which_a_client_waits_is_taken_and_who_asks_to_close_is_left(place, line):
    line.say(b"POST /soon HTTP/1.1\r\nhost: lab\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n")
    assert line.answer() == (b"HTTP/1.1 100 Continue", b"")
    line.say(b"12345")
    assert line.answer() == (OK, b"soon 5")
    for header, heard in (  # which languages a client accepts
        (b"", b""),
        (b"Accept-Language: de_DE\r\n", b"de_DE"),
        (b"accept-language: fr, en\r\n", b"fr, en"),
    ):
        line.say(b"POST /accepted HTTP/1.1\r\nhost: lab\r\n" + header + b"content-length: 1\r\n\r\nx")
        assert line.answer() == (OK, heard)
    for request in (post(b"/soon", b"123", version=b"1.0"), post(b"/soon", b"123", b"connection: close")):
        last = Line(place[1])
        last.say(request)
        assert last.answer() == (OK, b"soon 3")
        assert last.is_closed()
        last.socket.close()


HUGE_LENGTH = b"POST /now HTTP/1.1\r\nhost: lab\r\ncontent-length: 10000000000\r\n\r\n"
LARGE_STATUS, PACKED_STATUS = b"HTTP/1.1 413 Request Entity Too Large", b"HTTP/1.1 415 Unsupported Media Type"


def test_a_body_too_large_or_packed_is_refused_and_a_failed_answer_told_as_such(place):
    answers, address = place
    before = len(answers.asked)
    for request, status in (
        (post(b"/now", b"x" * (LIMIT + 1)), LARGE_STATUS),
        (HUGE_LENGTH, LARGE_STATUS),
        (post(b"/now", b"\x1f\x8b", b"content-encoding: gzip"), PACKED_STATUS),
    ):
        line = Line(address)
        line.say(request)
        assert line.answer()[0] in {status, b""}  # a reset may overtake the words
        assert line.is_closed()
        line.socket.close()
    assert len(answers.asked) == before
    for path in (b"/broken", b"/unwritable"):
        line = Line(address)
        line.say(post(path, b"1"))
        assert line.answer()[0] == b"HTTP/1.1 503 Service Unavailable"
        line.socket.close()


def answered(address) -> bool:
    """What was said before on other connections was read, once one more is answered."""
    last = Line(address)
    last.say(post(b"/now", b"1"))
    answer = last.answer()
    last.socket.close()
    return answer == (OK, b"now 1")


@pytest.mark.parametrize(("piece", "pieces"), [(31_000, 3), (30_000, 1)])
def test_a_body_is_taken_that_keeps_coming_and_refused_that_comes_too_slowly(clock, piece, pieces):
    with served(Answers()) as address:
        line = Line(address)
        line.say(post(b"/now", bytes(3 * piece))[: -3 * piece])
        for _ in range(pieces):
            line.say(bytes(piece))
            assert answered(address)
            clock.turn(limits.BODY_SECONDS - (pieces > 1))
            assert answered(address)
        assert line.answer()[0] == (OK if pieces == 3 else b"HTTP/1.1 408 Request Timeout")
        assert pieces == 3 or line.is_closed()
        line.socket.close()


def test_half_bodies_of_all_connections_together_have_only_so_much_room():
    room, asked, answer = BodyRoom(left=1_000), [], Future()
    opened = whole(lambda body: asked.append(body) or answer, LIMIT, room)
    first, second, third = (opened(RequestHead(length=0)) for _ in range(3))
    assert first.take(b"x" * 600) is None
    assert second.take(b"x" * 600) == 503
    second.lose()
    assert third.take(b"x" * 300) is None
    third.finish()
    first.lose()
    assert room.left == 700  # a request is in memory until it is answered
    answer.set_result(b"")
    assert (room.left, asked) == (1_000, [b"x" * 300])

    def fault(_):
        raise RuntimeError("a fault")

    unasked = whole(fault, LIMIT, room)(RequestHead(length=0))
    unasked.take(b"x" * 600)
    with pytest.raises(RuntimeError):
        unasked.finish()
    assert room.left == 1_000


def test_half_bodies_of_one_visitor_leave_room_for_everybody_else():
    opened = whole(lambda _: Future(), LIMIT, BodyRoom(left=1_000, share=400))
    greedy = [opened(RequestHead(length=90, visitor="203.0.113.9")) for _ in range(9)]
    refused = [one.take(b"x" * 90) for one in greedy]
    assert refused == [None] * 4 + [503] * 5
    for one in greedy[4:]:
        one.lose()  # as those are that were refused
    assert opened(RequestHead(length=90, visitor="203.0.113.10")).take(b"x" * 90) is None
    greedy[0].lose()
    assert opened(RequestHead(length=90, visitor="203.0.113.9")).take(b"x" * 90) is None


def test_a_stop_lets_those_be_answered_who_were_heard():
    answers = Answers()
    with served(answers) as address:
        line = Line(address)
        line.say(post(b"/later", b"123"))
        assert until(lambda: answers.held)
        threading.Timer(0.1, answers.let_go).start()  # after the stop was asked for
    assert line.answer() == (OK, b"later 3")
    assert line.is_closed()
    line.socket.close()


def test_whole_requests_that_are_never_asked_give_their_room_back(place):
    answers, address = place
    line, before = Line(address), answers.room.left
    line.say(post(b"/later", b"a" * 50_000) + post(b"/later", b"b" * 50_000) + b"\x16\x03 what is this\r\n\r\n")
    assert until(lambda: answers.held)
    assert line.answer()[0].startswith(b"HTTP/1.1 400")
    assert until(lambda: answers.room.left == before - 50_000)  # the first is with whoever answers it
    answers.let_go()
    assert until(lambda: answers.room.left == before)
    assert b"b" * 50_000 not in answers.asked
    line.socket.close()


def test_whoever_asks_on_without_fetching_the_answers_is_cut_off(place, line):
    answers, address = place
    before = len(answers.asked)
    deaf = Line(address)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    for _ in range(400):  # answers of 40 MB
        deaf.say(post(b"/large", b"1"))
    assert until(lambda: len(answers.asked) > before)
    line.say(post(b"/now", b"1"))  # whose turn comes behind
    assert line.answer()[1] == b"now 1"
    assert len(answers.asked) - before < 150
    deaf.socket.close()


def test_a_large_upload_that_is_never_asked_leaves_no_open_file(working_lab):
    place = Place(working_lab)
    place.cut(head(LARGE), after=500_000)
    rest = head(LARGE, offset=490_000)  # all of it in one piece with what is before and behind it
    lanes = Lanes({b"/later": whole(Answers().later, LIMIT), b"/upload": place.transfers.admit})
    listening, stop = socket.create_server(("127.0.0.1", 0)), ManualStop()
    thread = threading.Thread(
        target=serve_sockets, args=([ServedSocket(app=Page(), socket=listening, lanes=lanes)], stop)
    )
    thread.start()
    assert stop.serves.wait(PATIENCE)
    line = Line(listening.getsockname())
    line.say(post(b"/later", b"1") + post(b"/upload", rest) + b"\x16\x03 what is this\r\n\r\n")
    while line.answer()[0]:
        pass
    stop.over.set()
    thread.join(PATIENCE)
    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [path for path in opened if str(path).startswith(str(place.folder.uploads))]
    assert not place.transfers.is_coming(NAME)
    assert len(list(place.folder.uploads.iterdir())) == 1  # it can go on from there
    line.socket.close()
    place.close()


class SlowDisk:
    """It answers once somebody else was answered."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()

    def under(self, look):
        def wait_and_look(*given):
            assert self.goes_on.wait(PATIENCE)
            return look(*given)

        return wait_and_look

    def stalls_only(self, opener, message: bytes) -> bytes:
        """The head of the answer to whoever waits for the disk; somebody else asks behind them and hears first."""

        def talk() -> bytes:
            line, other = Line(listening.getsockname()), Line(listening.getsockname())
            line.say(post(b"/asked", message))
            other.say(post(b"/now", b"1"))
            assert other.answer() == (OK, b"now 1")
            self.goes_on.set()
            status = line.answer()[0]
            line.socket.close()
            other.socket.close()
            return status

        lanes = Lanes({b"/now": whole(Answers().at_once, LIMIT), b"/asked": opener})
        listening = socket.create_server(("127.0.0.1", 0))
        return while_listening([ServedSocket(app=Page(), socket=listening, lanes=lanes)], talk)


LOOKS = [(head(LARGE), "why_not"), (size_query(), "size"), (head(SMALL), "room")]


@pytest.mark.parametrize(
    ("message", "look"), LOOKS, ids=["a large output", "a question for its size", "a small output"]
)
def test_a_slow_disk_under_an_upload_stalls_nobody_else(working_lab, monkeypatch, message, look):
    place, disk = Place(working_lab), SlowDisk()
    if look == "room":
        monkeypatch.setattr(shutil, "disk_usage", disk.under(shutil.disk_usage))
    else:
        on = place.transfers if look == "why_not" else place.transfers.begun
        monkeypatch.setattr(on, look, disk.under(getattr(on, look)))
    assert disk.stalls_only(place.transfers.admit, message) == OK
    place.close()


def test_a_slow_disk_under_a_long_request_or_a_pilot_stalls_nobody_else(exchange, monkeypatch):
    disk = SlowDisk()
    monkeypatch.setattr(connections, "connect_reader", disk.under(connections.connect_reader))
    long = Client("0" * 32).words(inside="<result><name>a_task_0</name></result>" * 2_000)
    assert disk.stalls_only(whole_in(exchange.scheduler.answer_request), long) == OK
    disk.goes_on.clear()
    key = f"{CLUSTER_PREFIX}{'0' * 32}"

    def ask(given):
        return opener(replace(given, authorization=f"Bearer {key}".encode()))

    with pilot_lanes(pilot_server(exchange.lab), exchange.writer) as lanes:
        opener = lanes.openers[b"/pilots/ask"]
        assert disk.stalls_only(ask, b"{}") == b"HTTP/1.1 401 Unauthorized"
