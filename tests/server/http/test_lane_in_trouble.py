"""Whoever sends much, fetches nothing or breaks off takes neither memory nor files from everybody else."""

import socket
import threading
import time
from pathlib import Path

import pytest
from lane_client import HUGE, LIMIT, Answers, Line, Page, Told, post, served, until
from upload_lab import LARGE, NAME, Place, head

from axiom.server.http import hardening
from axiom.server.http.fast_lane import Lanes, whole
from axiom.server.http.hardening import ServedSocket, serve


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


@pytest.mark.parametrize("request_", [post(b"/later", b"1"), b"GET /later HTTP/1.1\r\nhost: lab\r\n\r\n"])
def test_only_so_many_requests_wait_on_one_connection(place, line, request_):
    answers, _ = place
    before = len(answers.asked)
    line.say(post(b"/later", b"1"))
    assert until(lambda: answers.held)
    line.say(request_ * (hardening.MOST_WAITING + 1))
    assert line.is_closed()
    answers.let_go()
    assert len(answers.asked) == before + 1


@pytest.mark.parametrize("path", [b"/now", b"/page"])
@pytest.mark.parametrize("more", [b"x: y\r\n" * 10_000, b"x" * 60_000], ids=["many", "one without end"])
def test_headers_behind_a_body_that_never_end_are_refused(monkeypatch, line, path, more):
    monkeypatch.setattr(hardening, "BODY_SECONDS", 5.0)
    line.say(b"POST %s HTTP/1.1\r\nhost: lab\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n" % path)
    line.say(*[more] * 12, pause=0.05)
    assert line.answer()[0] in {b"HTTP/1.1 431 Request Header Fields Too Large", b""}  # a reset may overtake the words


def test_headers_behind_a_body_are_let_pass_and_say_nothing(line):
    for path in (b"/now", b"/page"):
        head = b"POST %s HTTP/1.1\r\nhost: lab\r\ntransfer-encoding: chunked\r\n\r\n" % path
        line.say(head + b"3\r\nabc\r\n0\r\ncontent-encoding: gzip\r\nexpect: 100-continue\r\n\r\n")
        assert line.answer()[0] == b"HTTP/1.1 200 OK"


def test_a_body_may_come_together_with_the_headers_behind_it(line):
    for path in (b"/now", b"/page"):
        line.say(post(path, b"a" * 90_000)[:-90_000])
        line.say(b"a" * 90_000 + post(path, b"b" * 9)[:-9], b"b" * 9, pause=0.1)
        assert [line.answer()[1].split()[-1] for _ in range(2)] == [b"90000", b"9"]


def test_whoever_asks_on_without_fetching_the_answers_is_cut_off(place):
    answers, address = place
    before = len(answers.asked)
    deaf = Line(address)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.socket.settimeout(1)
    for _ in range(400):  # answers of 40 MB
        deaf.say(post(b"/large", b"1"))
    assert until(lambda: len(answers.asked) > before)
    time.sleep(0.5)
    assert len(answers.asked) - before < 150
    deaf.socket.close()


@pytest.mark.parametrize("path", [b"/large", b"/huge"])
def test_an_answer_that_nobody_fetches_is_given_up(monkeypatch, path):
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(hardening, "ANSWER_SECONDS", 0.3)
    answers = Answers()
    with served(answers) as address:
        deaf = Line(address)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.say(post(path, b"1", b"connection: close") if path == b"/huge" else post(path, b"1") * 60)
        assert until(lambda: hardening.Hardened.senders[""] == 1)
        time.sleep(0.1)
        assert until(lambda: not hardening.Hardened.senders)
        deaf.socket.close()


def test_an_answer_that_is_fetched_slowly_is_given_to_its_end(monkeypatch):
    monkeypatch.setattr(hardening, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(hardening, "HEADER_SECONDS", 0.3)
    with served(Answers()) as address:
        slow = Line(address)
        slow.say(post(b"/huge", b"1"))
        heard = 0
        while heard < HUGE:
            heard += len(slow.socket.recv(400_000))
            time.sleep(0.02)
        slow.socket.close()


def test_a_large_upload_that_is_never_asked_leaves_no_open_file(working_lab):
    place = Place(working_lab)
    place.cut(head(LARGE), after=500_000)
    rest = head(LARGE, offset=490_000)  # all of it in one piece with what is before and behind it
    lanes = Lanes({b"/later": whole(Answers().later, LIMIT), b"/upload": place.transfers.arrive})
    listening, told = socket.create_server(("127.0.0.1", 0)), Told()
    thread = threading.Thread(
        target=serve, args=([ServedSocket(app=Page(), socket=listening, protocol=lanes.protocol)], told)
    )
    thread.start()
    assert told.serves.wait(10)
    line = Line(listening.getsockname())
    line.say(post(b"/later", b"1") + post(b"/upload", rest) + b"\x16\x03 what is this\r\n\r\n")
    while line.answer()[0]:
        pass
    told.over.set()
    thread.join(20)
    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [path for path in opened if str(path).startswith(str(place.folder.uploads))]
    assert not place.transfers.is_coming(NAME)
    assert len(list(place.folder.uploads.iterdir())) == 1  # it can go on from there
    line.socket.close()
    place.close()
