"""Files to take away: made one at a time, in pieces, and refused politely where too many ask."""

import asyncio
import csv
import gzip
import io
import threading
from types import SimpleNamespace

import pytest
from patience import PATIENCE
from starlette.requests import Request

from axiom.limits import results as result_limits
from axiom.limits import server as server_limits
from axiom.store.views import results as stored_results
from axiom.web.base import slow_files
from axiom.web.base.slow_files import Exports, SlowFile


class Slow:
    """A file that is made once it may be, and how many are made at once."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.made = self.now = self.most = 0
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, _request, breathe) -> SlowFile:
        self.now += 1
        self.made += 1
        self.most = max(self.most, self.now)
        assert self.may_end.wait(PATIENCE)
        breathe()
        self.now -= 1
        return SlowFile(body=b"x" * self.size, kind="text/csv")


async def ask(endpoint, *, is_gone=False, take=None, begun=None, **headers):
    """One request; its status, its headers and the pieces of its body. It says when they come, and takes them then."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/file", "query_string": b"", "headers": named}
    messages = []

    async def receive():
        return {"type": "http.disconnect"} if is_gone else {"type": "http.request", "body": b""}

    async def send(message):
        messages.append(message)
        if take is not None:
            begun.release()
            await take.wait()

    response = await endpoint(Request(scope, receive))
    await response(scope, receive, send)
    sent = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], sent, [message.get("body", b"") for message in messages[1:]]


def test_files_are_made_one_at_a_time_for_nobody_who_has_gone_and_leave_in_pieces():
    slow = Slow()

    async def crowd():
        endpoint = Exports().endpoint(slow, "text/csv")
        await ask(endpoint, is_gone=True)
        return await asyncio.gather(*(ask(endpoint) for _ in range(8)))

    assert [status for status, _, _ in asyncio.run(crowd())] == [200] * 8
    assert (slow.made, slow.most) == (8, 1)
    endpoint = Exports().endpoint(Slow(size=200_000), "text/csv")
    _, headers, body = asyncio.run(ask(endpoint))
    assert max(map(len, body)) <= 65_536
    assert (len(b"".join(body)), headers["content-length"]) == (200_000, "200000")
    _, headers, packed = asyncio.run(ask(Exports().endpoint(Slow(size=200_000), "text/csv"), accept_encoding="gzip"))
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(b"".join(packed)) == b"x" * 200_000


@pytest.mark.parametrize("way", ["too long", "too many"])
def test_whoever_would_wait_too_long_is_told_when_to_come_again(monkeypatch, way):
    slow = Slow()
    slow.may_end.clear()

    async def crowd():
        endpoint = Exports(patience=0.01 if way == "too long" else PATIENCE).endpoint(slow, "text/csv")
        first = asyncio.create_task(ask(endpoint))
        while not slow.made:
            await asyncio.sleep(0.001)
        if way == "too many":
            monkeypatch.setattr(server_limits, "FILES_WAITING", 0)
        others = await asyncio.gather(*(ask(endpoint) for _ in range(3)))
        slow.may_end.set()
        return await first, others

    first, others = asyncio.run(crowd())
    assert (first[0], slow.made) == (200, 1)
    for status, headers, _ in others:
        assert (status, headers["cache-control"]) == (503, "no-store")
        assert headers["retry-after"] == ("0" if way == "too long" else "400")


def test_no_more_than_a_few_lie_in_memory_until_they_are_fetched(monkeypatch):
    monkeypatch.setattr(server_limits, "FILES_FETCHED", 2)

    async def crowd():
        endpoint, take, begun = Exports().endpoint(Slow(), "text/csv"), asyncio.Event(), asyncio.Semaphore(0)
        slowly = [asyncio.create_task(ask(endpoint, take=take, begun=begun)) for _ in range(2)]
        for _ in slowly:
            await begun.acquire()
        refused = await ask(endpoint)
        take.set()
        return refused, [await task for task in slowly], await ask(endpoint)

    refused, fetched, after = asyncio.run(crowd())
    assert refused[0] == 503
    assert [reply[0] for reply in fetched] == [200, 200]
    assert after[0] == 200


def test_a_rest_is_as_long_as_the_work_before_it(monkeypatch):
    rests, clock = [], iter((0.0, 5.0, 5.0, 12.0, 12.0))
    monkeypatch.setattr(slow_files, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=rests.append))
    make = lambda _, breathe: breathe() or breathe() or SlowFile(body=b"x", kind="text/csv")  # noqa: E731
    assert asyncio.run(ask(Exports().endpoint(make, "text/csv")))[2] == [b"x", b""]
    assert rests == [5.0, 7.0]


def test_the_results_are_read_in_pieces_and_a_file_says_what_it_is_before_it_is_made(site_of, monkeypatch):
    whole, amounts, rows = site_of.get("/results.csv").text, [], stored_results.read_results
    monkeypatch.setattr(result_limits, "RESULT_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(stored_results, "read_results", lambda db, ids: amounts.append(len(ids)) or rows(db, ids))
    assert site_of.get("/results.csv").text == whole
    assert len(list(csv.DictReader(io.StringIO(whole)))) == sum(amounts)
    assert len(amounts) > 1
    assert max(amounts) == 3
    for address, kind in (
        ("/results.csv", "text/csv"),
        ("/findings/1.zip", "application/zip"),
    ):
        monkeypatch.setattr(slow_files, "_make", lambda *_, **__: pytest.fail("made"))
        head = site_of.get(address, method="HEAD")
        assert head.status == 200
        assert head.raw == b""
        assert "content-length" not in head.headers
        assert head.headers["content-type"].partition(";")[0] == kind
