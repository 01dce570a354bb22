"""/mcp at the site: what one token may take of sessions, requests and threads, counted with /api."""

import threading
import time
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_lab import ERAS
from patience import PATIENCE

from axiom.errors import NotAllowed
from axiom.limits import programs as limits
from axiom.service.mcp_on_site import mount_mcp
from axiom.signed.program_tokens import PREFIX
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.app import Api, ApiMiddleware, ApiServices
from axiom.web.api.problems import RequestRefused

ADDRESS = "http://lab.example"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a test", "version": "1"}},
}
PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}


@pytest.fixture
def site(mcp_lab):
    """Makes the site with /mcp and /api for a clock; whoever has a token is the program that it names."""
    programs = {name: mcp_lab.desk(name).program for name in ("ada", "bob")}

    def admit(token):
        if token.removeprefix(PREFIX) not in programs:
            raise NotAllowed("Nobody.")
        return programs[token.removeprefix(PREFIX)]

    def made(clock=time.monotonic):
        admission = ProgramAdmission(admit=admit, clock=clock)
        services = ApiServices(gate=mcp_lab.gate, pages=mcp_lab.pages, admission=admission, people=mcp_lab.people)
        front = ApiMiddleware(mcp_lab.pages, Api(services))
        return mount_mcp(front, mcp_lab.pages, mcp_lab.people, admission)

    return made


@asynccontextmanager
async def http(site, name="ada", **more):
    headers = {"Authorization": f"Bearer {PREFIX}{name}", "Accept": "application/json, text/event-stream", **more}
    transport = httpx.ASGITransport(app=site)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers, timeout=PATIENCE) as client:
        yield client


async def begun(client):
    reply = await client.post("/mcp", json=HELLO)
    assert reply.status_code == 200
    return {"mcp-session-id": reply.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}


async def lives(client, session):
    return (await client.post("/mcp", json=PING, headers=session)).status_code == 200


def test_a_program_holds_ten_sessions_and_the_one_unused_for_longest_goes(site):
    clock = iter(range(1_000))

    async def run():
        app = site(lambda: float(next(clock)))
        async with http(app) as ada, http(app, "bob") as bob:
            of_bob, sessions = await begun(bob), [await begun(ada) for _ in range(10)]
            assert await lives(ada, sessions[0])
            ended = await begun(ada)
            assert (await ada.delete("/mcp", headers=ended)).status_code == 200
            sessions.append(await begun(ada))
            assert [await lives(ada, session) for session in sessions] == [True, False] + [True] * 9
            assert await lives(bob, of_bob)

    anyio.run(run)


def test_requests_of_a_program_are_counted_once_for_both_doors(site):
    async def run():
        app = site(lambda: 0.0)
        async with http(app) as ada, http(app, "bob") as bob:
            half = int(limits.REQUESTS_AT_ONCE) // 2
            for _ in range(half):
                assert (await ada.post("/mcp", json=PING)).status_code != 429
                assert (await ada.get("/api/caller")).status_code == 200
            assert {(await ada.post("/mcp", json=PING)).status_code, (await ada.get("/api/caller")).status_code} == {
                429
            }
            assert (await bob.get("/api/caller")).status_code == 200

    anyio.run(run)


@pytest.mark.parametrize("mode", ERAS)
def test_what_a_program_asks_takes_four_threads_at_once_and_the_rest_waits(site, mcp_lab, mode, monkeypatch):
    under_way, most, reached, go = set(), [], threading.Event(), threading.Event()
    read = type(mcp_lab.pages).read

    def slow_read(self, request):
        under_way.add(threading.get_ident())
        most.append(len(under_way))
        if len(under_way) == 4:
            reached.set()
        assert go.wait(PATIENCE)
        under_way.discard(threading.get_ident())
        return read(self, request)

    monkeypatch.setattr(type(mcp_lab.pages), "read", slow_read)

    async def run():
        app = site(lambda: 0.0)
        answers, looked = [], []
        async with http(app) as ada, http(app, "bob") as bob:
            door = streamable_http_client(f"{ADDRESS}/mcp", http_client=ada)
            async with Client(door, mode=mode) as client, anyio.create_task_group() as calls:
                for _ in range(12):
                    calls.start_soon(_ask, client, answers)
                assert await anyio.to_thread.run_sync(reached.wait, PATIENCE)
                calls.start_soon(_look, ada, looked)
                assert (await bob.get("/api/caller")).status_code == 200
                assert looked == []
                go.set()
        assert looked == [200]
        return answers

    answers = anyio.run(run)
    assert [answer.is_error for answer in answers] == [False] * 12
    assert max(most) == 4


async def _ask(client, answers):
    answers.append(await client.call_tool("finding_show", {"number": 1}))


async def _look(client, looked):
    looked.append((await client.get("/api/caller")).status_code)


def test_so_many_wait_for_a_turn_and_no_more(mcp_lab):
    ada, bob = (mcp_lab.desk(name).program for name in ("ada", "bob"))
    admission = ProgramAdmission(admit=lambda _: ada)

    async def hold(caller):
        async with admission.turn(caller):
            await anyio.sleep_forever()

    async def run():
        async with anyio.create_task_group() as turns:
            for _ in range(44):
                turns.start_soon(hold, ada)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(RequestRefused) as refused, anyio.fail_after(PATIENCE):
                await hold(ada)
            assert refused.value.status == 429
            async with admission.turn(bob):
                turns.cancel_scope.cancel()

    anyio.run(run)
