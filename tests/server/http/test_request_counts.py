"""Requests are counted once each, by class and status, however they end."""

import asyncio

import pytest

from axiom.server.http.request_counts import BOUNDS, CountedApp, RequestCounts


def test_a_request_is_in_the_bucket_that_ends_at_its_time():
    counts = RequestCounts()
    for seconds in (0.0, BOUNDS[0], 0.006, 3.0, 11.0):
        counts.answered("page", 200, seconds)
    took, together = counts.durations()["page"]
    assert took == [2, 1, 0, 0, 0, 1, 1]
    assert together == pytest.approx(14.011)
    counts.refused(408)
    assert counts.answers() == {("page", 200): 5, ("refused", 408): 1}


async def answers(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def raises(_scope, _receive, _send):
    raise ValueError("a fault")


async def leaves(_scope, _receive, _send):
    """Whoever asked is gone."""


@pytest.mark.parametrize(("app", "status"), [(answers, 404), (raises, 500), (leaves, 499)])
def test_each_end_of_a_request_has_a_status(app, status):
    async def nothing(_message=None):
        return {"type": "http.disconnect"}

    counts = RequestCounts()
    counted = CountedApp(app, counts, class_of=lambda path: path[1:])
    try:
        asyncio.run(counted({"type": "http", "path": "/page"}, nothing, nothing))
    except ValueError:
        assert status == 500
    assert counts.answers() == {("page", status): 1}
