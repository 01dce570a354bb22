"""Files to take away: made one at a time, in pieces, and refused politely where too many ask."""

import asyncio
import csv
import gzip
import io
import threading
import time

import pytest
from starlette.requests import Request

from axiom.store.views import results as stored_results
from axiom.web.base import slow_files
from axiom.web.base.slow_files import Exports, SlowFile
from axiom.web.site import routes
from axiom.web.views import results


class Slow:
    """A file that takes a while, and how many are made at once."""

    def __init__(self, size: int = 10, seconds: float = 0.02) -> None:
        self.size, self.seconds = size, seconds
        self.made = self.now = self.most = 0
        self._door = threading.Lock()

    def __call__(self, _request, breathe) -> SlowFile:
        with self._door:
            self.now += 1
            self.made += 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        breathe()
        with self._door:
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
    said = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], said, [each.get("body", b"") for each in messages[1:]]


def test_files_are_made_one_at_a_time():
    slow = Slow()

    async def crowd():
        endpoint = Exports().endpoint(slow, "text/csv")
        return await asyncio.gather(*(ask(endpoint) for _ in range(8)))

    assert [status for status, _, _ in asyncio.run(crowd())] == [200] * 8
    assert (slow.made, slow.most) == (8, 1)


def test_whoever_would_wait_too_long_is_told_when_to_come_again():
    slow = Slow(seconds=0.3)

    async def crowd():
        endpoint = Exports(patience=0.1).endpoint(slow, "text/csv")
        return await asyncio.gather(*(ask(endpoint) for _ in range(4)))

    first, *others = asyncio.run(crowd())
    assert (first[0], slow.made) == (200, 1)
    for status, headers, body in others:
        assert (status, headers["cache-control"]) == (503, "no-store")
        assert headers["retry-after"] == "0"
        assert b"one after the other" in b"".join(body)


def test_no_more_than_a_few_wait(monkeypatch):
    monkeypatch.setattr(slow_files, "_MOST_WAITING", 2)

    async def crowd():
        endpoint = Exports().endpoint(Slow(), "text/csv")
        return await asyncio.gather(*(ask(endpoint) for _ in range(6)))

    assert sorted(status for status, _, _ in asyncio.run(crowd())) == [200, 200, 200, 503, 503, 503]


def test_no_more_than_a_few_lie_in_memory_until_they_are_fetched(monkeypatch):
    monkeypatch.setattr(slow_files, "_MOST_FETCHED", 2)

    async def crowd():
        endpoint, take, begun = Exports().endpoint(Slow(), "text/csv"), asyncio.Event(), asyncio.Semaphore(0)
        slowly = [asyncio.create_task(ask(endpoint, take=take, begun=begun)) for _ in range(2)]
        for _ in slowly:
            await begun.acquire()
        refused = await ask(endpoint)
        take.set()
        fetched = [await each for each in slowly]
        return refused, fetched, await ask(endpoint)

    refused, fetched, after = asyncio.run(crowd())
    assert (refused[0], [each[0] for each in fetched], after[0]) == (503, [200, 200], 200)


def test_nothing_is_made_for_somebody_who_has_gone():
    slow = Slow()

    async def some():
        endpoint = Exports().endpoint(slow, "text/csv")
        await ask(endpoint, is_gone=True)
        return await ask(endpoint)

    assert (asyncio.run(some())[0], slow.made) == (200, 1)


def test_a_large_file_leaves_in_pieces():
    _, headers, body = asyncio.run(ask(Exports().endpoint(Slow(size=200_000), "text/csv")))
    assert max(map(len, body)) <= 65_536
    assert (len(b"".join(body)), headers["content-length"]) == (200_000, "200000")
    _, headers, packed = asyncio.run(ask(Exports().endpoint(Slow(size=200_000), "text/csv"), accept_encoding="gzip"))
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(b"".join(packed)) == b"x" * 200_000


def test_a_rest_is_as_long_as_the_work_before_it():
    breathe = slow_files._Breath()
    time.sleep(0.05)
    before = time.monotonic()
    breathe()
    assert time.monotonic() - before >= 0.05


def test_the_results_are_read_in_pieces(site_of, monkeypatch):
    whole = site_of.get("/results.csv").text
    asked = []
    rows = stored_results.rows
    monkeypatch.setattr(results, "_PIECE", 3)
    monkeypatch.setattr(stored_results, "rows", lambda db, ids: asked.append(len(ids)) or rows(db, ids))
    assert site_of.get("/results.csv").text == whole
    assert len(list(csv.DictReader(io.StringIO(whole)))) == sum(asked)
    assert (len(asked) > 1, max(asked)) == (True, 3)


@pytest.mark.parametrize("address", ["/results.csv", "/findings/1.zip"])
def test_a_file_says_what_it_is_before_it_is_made(site_of, monkeypatch, address):
    monkeypatch.setattr(slow_files, "_make", lambda *_, **__: pytest.fail("made"))
    head = site_of.get(address, method="HEAD")
    assert (head.status, head.raw, "content-length" in head.headers) == (200, b"", False)
    assert head.headers["content-type"].partition(";")[0] in {routes._CSV, routes._ZIP}
