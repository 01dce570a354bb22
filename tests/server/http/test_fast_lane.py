"""The fast lane on raw sockets: whatever way a message comes, it is answered once, or refused and nothing is done."""

import itertools
import socket
import threading
import time
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lane_client import LIMIT, OK, Answers, Line, post, served

from axiom.server.http import hardening
from axiom.server.http.fast_lane import BodyRoom, whole


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


def test_a_connection_is_kept_for_lanes_and_pages_in_any_order(line):
    for request, said in (
        (post(b"/now", b"1234"), b"now 4"),
        (post(b"/soon?x=1", b"12"), b"soon 2"),
        (b"GET /now HTTP/1.1\r\nhost: lab\r\n\r\n", b"page /now 0"),
        (post(b"/other", b"123"), b"page /other 3"),
        (post(b"/soon", b""), b"soon 0"),
    ):
        line.say(request)
        assert line.answer() == (OK, said)


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_requests_in_whatever_pieces_are_answered_in_their_order(place, cuts):
    requests = post(b"/soon", b"a" * 100) + post(b"/now", b"b" * 5) + post(b"/page", b"c") + post(b"/soon", b"d" * 7)
    bounds = [0, *sorted(cuts), len(requests)]
    line = Line(place[1])
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.say(*(requests[start:end] for start, end in itertools.pairwise(bounds)))
    said = [line.answer()[1] for _ in range(4)]
    line.socket.close()
    assert said == [b"soon 100", b"now 5", b"page /page 1", b"soon 7"]


def test_a_lane_hears_which_languages_a_client_accepts(line):
    for header, said in (
        (b"", b""),
        (b"Accept-Language: de_DE\r\n", b"de_DE"),
        (b"accept-language: fr, en\r\n", b"fr, en"),
    ):
        line.say(b"POST /accepted HTTP/1.1\r\nhost: lab\r\n" + header + b"content-length: 1\r\n\r\nx")
        assert line.answer() == (OK, said)


def test_what_is_piped_behind_a_request_waits_for_its_answer(place, line):
    answers, _ = place
    line.say(post(b"/later", b"123") + post(b"/now", b"1") + b"GET /p HTTP/1.1\r\nhost: lab\r\n\r\n")
    while not answers.held:
        time.sleep(0.01)
    assert answers.asked[-1] == b"123"  # the second is not even asked
    answers.let_go()
    assert [line.answer()[1] for _ in range(3)] == [b"later 3", b"now 1", b"page /p 0"]


def test_an_old_client_is_answered_and_its_connection_closed(line):
    line.say(post(b"/soon", b"123", version=b"1.0"))
    assert line.answer() == (OK, b"soon 3")
    assert line.is_closed()


def test_a_client_that_asks_to_close_is_obeyed(line):
    line.say(post(b"/soon", b"123", b"connection: close"))
    assert line.answer() == (OK, b"soon 3")
    assert line.is_closed()


def test_a_client_that_waits_for_a_word_before_its_body_gets_it(line):
    line.say(b"POST /soon HTTP/1.1\r\nhost: lab\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n")
    assert line.answer() == (b"HTTP/1.1 100 Continue", b"")
    line.say(b"12345")
    assert line.answer() == (OK, b"soon 5")


def test_a_body_in_chunks_is_taken(line):
    head = b"POST /now HTTP/1.1\r\nhost: lab\r\ntransfer-encoding: chunked\r\n\r\n"
    line.say(head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", pause=0.01)
    assert line.answer() == (OK, b"now 5")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_and_nothing_is_asked(place, line, chunked):
    answers, _ = place
    before = len(answers.asked)
    body = b"x" * (LIMIT + 1)
    request = post(b"/now", body)
    if chunked:
        head = b"POST /now HTTP/1.1\r\nhost: lab\r\ntransfer-encoding: chunked\r\n\r\n"
        request = head + b"".join(b"400\r\n" + b"x" * 1024 + b"\r\n" for _ in range(LIMIT // 1024 + 1)) + b"0\r\n\r\n"
    line.say(request)
    assert line.answer()[0] in {b"HTTP/1.1 413 Content Too Large", b""}  # a reset may overtake the words
    assert line.is_closed()
    assert len(answers.asked) == before


def test_a_body_that_says_it_is_ten_gigabytes_is_refused_at_its_first_piece(line):
    line.say(b"POST /now HTTP/1.1\r\nhost: lab\r\ncontent-length: 10000000000\r\n\r\n")
    assert line.answer() == (b"HTTP/1.1 413 Content Too Large", b"")
    assert line.is_closed()


def test_a_packed_body_is_refused(place, line):
    answers, _ = place
    before = len(answers.asked)
    line.say(post(b"/now", b"\x1f\x8b", b"content-encoding: gzip"))
    assert line.answer() == (b"HTTP/1.1 415 Unsupported Media Type", b"")
    assert len(answers.asked) == before


@pytest.mark.parametrize("path", [b"/broken", b"/unwritable"])
def test_an_answer_that_could_not_be_made_is_told_as_such(line, path):
    line.say(post(path, b"1"))
    assert line.answer() == (b"HTTP/1.1 503 Service Unavailable", b"")


def test_a_body_that_stops_coming_is_refused(monkeypatch, line):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)
    line.say(b"POST /now HTTP/1.1\r\nhost: lab\r\ncontent-length: 100\r\n\r\n12")
    assert line.answer() == (b"HTTP/1.1 408 Request Timeout", b"")
    assert line.is_closed()


def test_a_slow_body_that_keeps_coming_is_taken(monkeypatch, line):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)
    body = b"x" * 20_000
    head = post(b"/now", body)[: -len(body)]
    line.say(head, *[b"x" * 1_000] * 20, pause=0.03)
    assert line.answer() == (OK, b"now 20000")


@pytest.mark.parametrize("begin", [b"", b"POST /no", b"POST /now HTTP/1.1\r\nhost: "])
def test_headers_that_never_end_are_refused(monkeypatch, place, begin):
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 0.2)
    line = Line(place[1])
    line.say(begin)
    assert line.answer() == (b"HTTP/1.1 408 Request Timeout", b"")
    line.socket.close()


def test_whoever_leaves_before_the_answer_harms_nobody(place, line):
    answers, address = place
    gone = Line(address)
    gone.say(post(b"/later", b"12345"))
    half = Line(address)
    half.say(b"POST /now HTTP/1.1\r\nhost: lab\r\ncontent-length: 100\r\n\r\n12")
    while not answers.held:
        time.sleep(0.01)
    gone.socket.close()
    half.socket.close()
    time.sleep(0.05)
    answers.let_go()
    line.say(post(b"/soon", b"12"))
    assert line.answer() == (OK, b"soon 2")


def test_many_connections_at_once_are_all_answered(place):
    lines = [Line(place[1]) for _ in range(150)]
    for number, each in enumerate(lines):
        each.say(post(b"/soon", b"x" * number))
    assert [each.answer()[1] for each in lines] == [b"soon %d" % number for number in range(150)]
    for each in lines:
        each.socket.close()


def test_half_bodies_of_all_connections_together_have_only_so_much_room():
    room, asked, answer = BodyRoom(left=1_000), [], Future()
    opened = whole(lambda body: asked.append(body) or answer, LIMIT, room)
    first, second, third = (opened(None) for _ in range(3))
    assert first.take(b"x" * 600) is None
    assert second.take(b"x" * 600) == b"503 Service Unavailable"
    second.lose()
    assert third.take(b"x" * 300) is None
    third.finish()
    first.lose()
    assert room.left == 700  # a request is in memory until it is answered
    answer.set_result(b"")
    assert room.left == 1_000
    assert asked == [b"x" * 300]


def test_a_request_that_cannot_even_be_asked_takes_no_room():
    def fault(_):
        raise RuntimeError("a fault")

    room = BodyRoom(left=1_000)
    opened = whole(fault, LIMIT, room)(None)
    opened.take(b"x" * 600)
    with pytest.raises(RuntimeError):
        opened.finish()
    assert room.left == 1_000


def test_a_stop_lets_those_be_answered_who_were_heard():
    answers = Answers()
    with served(answers) as address:
        line = Line(address)
        line.say(post(b"/later", b"123"))
        while not answers.held:
            time.sleep(0.01)
        threading.Timer(0.3, answers.let_go).start()  # after the stop was asked for
    assert line.answer() == (OK, b"later 3")
    assert line.is_closed()
    line.socket.close()


def test_more_connections_than_allowed_are_sent_away(monkeypatch):
    monkeypatch.setattr(hardening, "most_connections", lambda: 3)
    with served(Answers()) as address:
        lines = [Line(address) for _ in range(3)]
        for each in lines:
            each.say(post(b"/now", b"1"))
            assert each.answer() == (OK, b"now 1")
        late = Line(address)
        assert late.answer() == (b"HTTP/1.1 503 Service Unavailable", b"")
        lines.pop().socket.close()
        time.sleep(0.05)
        again = Line(address)
        again.say(post(b"/now", b"1"))
        assert again.answer() == (OK, b"now 1")
        for each in (*lines, late, again):
            each.socket.close()
